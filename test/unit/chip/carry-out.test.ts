// Burning, with a hand on the bus: what is read back is believed only where it fits, a door only by the effect that was wanted, and no
// array keeps a key.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SecretBytes } from '../../../main/base/secret.ts';
import { type BoardWatch, carryOut } from '../../../main/chip/burn.ts';
import { profileOf } from '../../../main/chip/profiles.ts';
import { type Codeword, codewordOf, EfuseBus, type RegisterAccess } from '../../../main/chip/registers.ts';
import { bitsOfValue } from '../../../main/efuse/bits.ts';
import { planBurn } from '../../../main/efuse/plan.ts';
import { fieldOf, readDisablePlace } from '../../../main/efuse/tables.ts';
import type { StepEvent } from '../../../main/model/event.ts';
import { type Fault, isFault } from '../../../main/model/fault.ts';
import type { DoorState, RegisterWrite } from '../../../main/protocol/loader.ts';
import { connectLoader } from '../../../main/protocol/loader-session.ts';
import { openVirtualPort } from '../../../main/virtual/bench/port.ts';
import { fastClock } from './clocks.ts';
import { allStages, keyBytes, oneByOne, production, secretOf, virtualChip } from './rig.ts';

/** The board that lies there is the board. */
const sure = async () => undefined;

/** The real bus, which keeps what it was given and may read what a test says. */
class HeldBus extends EfuseBus {
  readonly codewords: Codeword[] = [];
  /** How often each block was programmed. */
  readonly programs: number[] = [];
  /** Whether the silicon hears of a program at all. */
  takes: (codeword: Codeword) => boolean = () => true;
  see: (block: number, index: number, word: number) => number = (_block, _index, word) => word;

  override async program(codeword: Codeword, beforeCommit: () => Promise<void>, answered?: () => void) {
    this.codewords.push(codeword);
    this.programs.push(codeword.block);
    if (this.takes(codeword)) return await super.program(codeword, beforeCommit, answered);
    await beforeCommit();
    answered?.();
    return 'done';
  }

  /** Bits of a word of BLOCK0 whose copies disagree. */
  copies: (word: number) => number = () => 0;

  override async repeatError(word: number): Promise<number> {
    return this.copies(word) || super.repeatError(word);
  }

  override async readChecked(indexes: readonly number[]) {
    const read = await super.readChecked(indexes);
    return new Map(
      [...read].map(([index, { word, error }]) => [
        index,
        { word: this.see(0, index, word) >>> 0, error: this.copies(index) || error },
      ]),
    );
  }

  override async readWords(block: number, indexes: readonly number[]): Promise<Map<number, number>> {
    const words = await super.readWords(block, indexes);
    return new Map([...words].map(([index, word]) => [index, this.see(block, index, word) >>> 0]));
  }
}

/** A door that, after the burn, is as `state` says; a reset by the lines finds `found`. */
const doorThatIs = (
  state: DoorState,
  found: Awaited<ReturnType<BoardWatch['tryDoor']>>,
  secure = false,
): BoardWatch => ({
  writeToDoor: async () => state,
  secureDownload: async () => secure,
  tryDoor: async () => found,
  assertSupply: () => undefined,
  repeated: () => undefined,
  same: {
    assertSame: async () => undefined,
    assertUnchanged: async () => undefined,
    assertWhole: async () => [],
    note: () => undefined,
    forget: () => undefined,
    noteKey: () => undefined,
    isTold: true,
  },
});
const noDoor = doorThatIs('open', null);

/** A C3 and the plan of its production, and what carrying it out says. */
async function hold(door: 'ENABLE_SECURITY_DOWNLOAD' | 'DIS_DOWNLOAD_MODE' | null = null) {
  const chip = virtualChip('esp32c3', 4);
  const loader = await connectLoader(openVirtualPort(chip, 'virtual:test'), { clock: fastClock });
  const { table } = chip.efuse;
  const bus = new HeldBus(loader, table, fastClock, profileOf('esp32c3').uartDateRegister);
  const plan = planBurn(await bus.snapshot(), production('esp32c3', 4, door), { slots: [] });
  assert.deepEqual(plan.refusals, []);
  await bus.prepare();
  const known = { words: [...(await bus.snapshot()).blocks[0]!], weak: Array(6).fill(0), blank: new Set<number>() };
  const events: StepEvent[] = [];
  const burn = async (watch: BoardWatch = noDoor, keys = keyBytes): Promise<Fault | null> => {
    try {
      for await (const event of carryOut(bus, table, plan, keys, allStages, known, watch)) events.push(event);
      return null;
    } catch (error) {
      assert.ok(isFault(error), String(error));
      return error;
    } finally {
      await loader.close();
    }
  };
  return { chip, table, bus, plan, events, burn, loader, known };
}

const lastOf = (events: readonly StepEvent[]) => events.at(-1)?.type;

test('a bit of BLOCK0 that nobody burned: condemned at once, nothing more is burned', async () => {
  const { bus, burn, events, table } = await hold();
  const [foreign] = bitsOfValue(fieldOf(table, 'DIS_USB_SERIAL_JTAG_DOWNLOAD_MODE'), 1);
  let at = 0;
  bus.see = (block, index, word) => {
    if (block !== 0 || index !== foreign! >>> 5 || !bus.programs.includes(0)) return word;
    at ||= bus.programs.length;
    return word | (1 << (foreign! & 31));
  };
  const fault = await burn();
  assert.deepEqual([fault?.code, fault?.safety], ['burn.readback-differs', 'condemned']);
  assert.match(fault!.what, /bits changed that were not burned/);
  assert.equal(bus.programs.length, at, 'it was the last burn');
  assert.equal(lastOf(events), 'intend');
});

test('a bit of BLOCK0 that was in and is gone: condemned as well', async () => {
  const { bus, burn } = await hold();
  const ofWrDis = () => bus.codewords.filter(({ block, data }) => block === 0 && data[0] !== 0);
  bus.see = (block, index, word) =>
    block === 0 && index === 0 && ofWrDis().length > 1 ? word & ofWrDis().at(-1)!.data[0]! : word;
  const fault = await burn();
  assert.deepEqual([fault?.code, fault?.safety], ['burn.readback-differs', 'condemned']);
  assert.match(fault!.what, /bits changed/);
  assert.equal(ofWrDis().length, 2);
});

test('an answer that was damaged once is asked for again, and believed then', async () => {
  const { bus, burn } = await hold();
  let damaged = 0;
  bus.see = (block, _index, word) => (block === 0 && bus.programs.at(-1) === 0 && damaged++ === 0 ? word ^ 0x80 : word);
  assert.equal(await burn(), null);
  assert.ok(damaged > 0);
});

test('bits of BLOCK0 whose copies disagree are burned again; where that does not help the board is condemned', async () => {
  for (const helps of [true, false]) {
    const { bus, burn, plan } = await hold();
    const bits = plan.burns.filter((one) => one.kind === 'bits').map(({ words }) => words);
    const word = bits[0]!.findIndex((one, index) => index > 0 && one !== 0);
    const tried = () => bus.codewords.filter(({ block, data }) => block === 0 && data[word] !== 0).length;
    const weak = bits[0]![word]! & -bits[0]![word]!;
    bus.copies = (index) => (index === word && (tried() === 1 || !helps) ? weak : 0);
    const fault = await burn();
    if (helps) assert.equal(fault, null);
    else assert.deepEqual([fault?.code, fault?.safety], ['burn.coding-error', 'condemned']);
    const again = bus.codewords.filter(({ block, data }) => block === 0 && data[word] !== 0)[1];
    assert.equal(again!.data[word]! >>> 0, weak >>> 0, 'that bit alone');
    assert.equal(tried() >= 3, !helps || bits.filter((words) => words[word] !== 0).length > 1);
  }
});

test('a key block with foreign bits: not believed, given up in the book', async () => {
  const { bus, burn, events } = await hold();
  const key = 4;
  bus.see = (block, index, word) => (block === key && index === 7 && bus.programs.includes(key) ? word ^ 0x100 : word);
  const fault = await burn();
  assert.equal(fault?.code, 'burn.readback-differs');
  assert.ok(!events.some(({ type }) => type === 'verified'));
});

test('every codeword that was programmed is zeros afterwards, also where its burn failed', async () => {
  for (const spoil of [false, true]) {
    const { bus, burn } = await hold();
    if (spoil)
      bus.see = (block, index, word) => (block === 4 && index === 7 && bus.programs.includes(4) ? word ^ 0x100 : word);
    assert.equal((await burn())?.code, spoil ? 'burn.readback-differs' : undefined);
    const keys = bus.codewords.filter(({ block }) => block !== 0);
    assert.ok(keys.length > 0);
    for (const { data, check } of keys) assert.ok([...data, ...check].every((word) => word === 0));
  }
});

test('copies of a key that were made for its block are zeros afterwards', async () => {
  const copies: Uint8Array[] = [];
  class Watched extends Uint8Array {
    override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
      const copy = new Uint8Array(super.slice(start, end));
      copies.push(copy);
      return copy;
    }
  }
  const { burn } = await hold();
  assert.equal(await burn(noDoor, (role, part) => SecretBytes.adopt(new Watched(secretOf(role, part)))), null);
  assert.ok(copies.length > 0);
  for (const copy of copies) assert.ok(copy.every((byte) => byte === 0));
});

test('words that were staged are zeros when they have been sent, also where the line failed', async () => {
  const { table, loader } = await hold();
  await loader.close();
  for (const fails of [false, true]) {
    const sent: RegisterWrite[] = [];
    const line: RegisterAccess = {
      baudRate: 115200,
      readRegister: async () => 0,
      readRegisters: oneByOne(async () => 0),
      writeRegisters: async (writes) => {
        sent.push(...writes);
        if (fails) throw new Error('the line is gone');
      },
    };
    const bus = new EfuseBus(line, table, fastClock, 0x60000000);
    const done = bus.program(codewordOf(4, new Uint8Array(32).fill(0xa5)), sure);
    if (fails) await assert.rejects(done, /the line is gone/);
    else assert.equal(await done, 'done');
    const { conf, cmd } = table.registers;
    const staged = sent.filter(({ address }) => ![conf, cmd].includes(address - table.base));
    assert.ok(staged.length >= 11);
    assert.ok(staged.every(({ value }) => value === 0));
  }
});

/** The door's burn of a plan, whose bits show themselves as burned from then on. */
async function holdDoor(name: 'ENABLE_SECURITY_DOWNLOAD' | 'DIS_DOWNLOAD_MODE') {
  const held = await hold(name);
  const door = held.plan.burns.at(-1);
  assert.ok(door?.kind === 'bits' && door.stage === 'door');
  held.bus.see = (block, index, word) =>
    block === 0 && held.bus.programs.length === held.plan.burns.length ? word | door.words[index]! : word;
  return held;
}

for (const [name, wanted, other] of [
  ['DIS_DOWNLOAD_MODE', 'disabled', 'secure'],
  ['ENABLE_SECURITY_DOWNLOAD', 'secure', 'disabled'],
] as const) {
  test(`${name}: a door that is shut as it was to be is believed, by what was seen of it`, async () => {
    for (const door of [doorThatIs(wanted, null), doorThatIs('open', wanted), doorThatIs('silent', wanted)]) {
      const { burn, events } = await holdDoor(name);
      assert.equal(await burn(door), null);
      assert.equal(lastOf(events), 'verified');
    }
  });

  test(`${name}: a door that is shut the other way, or is open still, is not believed`, async () => {
    for (const door of [doorThatIs(other, other), doorThatIs('open', 'open'), doorThatIs('silent', other)]) {
      const { burn, events } = await holdDoor(name);
      assert.equal((await burn(door))?.code, 'burn.door-not-shut');
      assert.equal(lastOf(events), 'burned');
    }
  });
}

test('a board without a word, and no lines to reset it: nobody says that its door is shut', async () => {
  const { burn, events } = await holdDoor('DIS_DOWNLOAD_MODE');
  const fault = await burn(doorThatIs('silent', null));
  assert.deepEqual([fault?.code, fault?.details.cause], ['burn.lost-contact', 'burn.door-silent']);
  assert.equal(lastOf(events), 'burned');
});

test('a door whose bit does not come in is burned three times and not believed', async () => {
  const { burn, bus, plan, events } = await hold('DIS_DOWNLOAD_MODE');
  bus.takes = () => bus.programs.length < plan.burns.length;
  const fault = await burn(doorThatIs('open', 'disabled'));
  assert.deepEqual([fault?.code, fault?.safety], ['burn.readback-differs', 'condemned']);
  assert.equal(bus.programs.length, plan.burns.length + 2);
  assert.equal(lastOf(events), 'burned');
});

test('a plan that was made before its block was hidden is not carried out', async () => {
  const { bus, burn, events, known, table } = await hold();
  const [bit] = table.blocks[4]!.readDisableBits;
  const place = readDisablePlace(table, bit!);
  known.words[place >>> 5]! |= 1 << (place & 31);
  const fault = await burn();
  assert.deepEqual([fault?.code, fault?.safety], ['burn.stale-plan', 'resumable']);
  assert.deepEqual([bus.programs, events], [[], []]);
});

test('a secret of another length than its place is never burned', async () => {
  const { burn, bus, events } = await hold();
  const fault = await burn(noDoor, () => SecretBytes.adopt(new Uint8Array(16)));
  assert.deepEqual([fault?.code, fault?.safety], ['burn.wrong-length', 'resumable']);
  assert.deepEqual([bus.programs, events], [[], []]);
});
