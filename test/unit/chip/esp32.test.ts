// The classic ESP32: met without security info, burned through a controller that has one command for all blocks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, wordsOf } from '../../../main/base/bytes.ts';
import { seededRandom } from '../../../main/base/random.ts';
import { profileOf } from '../../../main/chip/profiles.ts';
import { codewordOf, EfuseBus, type RegisterAccess } from '../../../main/chip/registers.ts';
import type { WantedEfuses } from '../../../main/efuse/plan-types.ts';
import { blankSnapshot, blockHealth } from '../../../main/efuse/snapshot.ts';
import { efuseTableFor } from '../../../main/efuse/tables.ts';
import { isFault } from '../../../main/model/fault.ts';
import { ClassicEfuseController } from '../../../main/virtual/efuse/classic-controller.ts';
import type { VirtualFault } from '../../../main/virtual/silicon.ts';
import { fastClock } from './clocks.ts';
import { Book, classicProduction, digest, meet, oneByOne, secretOf, virtualChip } from './rig.ts';

/** The board that lies there is the board. */
const sure = async () => undefined;

const table = efuseTableFor('esp32', 301);
const wanted = classicProduction;

test('who it is: revision by eFuses and the date register, MAC, package', async () => {
  for (const revision of [100, 300, 301]) {
    const chip = virtualChip('esp32', revision);
    const board = await meet(chip);
    assert.equal(board.identity.revision, revision);
    assert.equal(board.identity.mac, chip.identity.mac);
    assert.equal(board.identity.packageVersion, 1);
    assert.equal(board.identity.security.secureBoot, false);
    await board.close();
  }
});

test('with the ROM alone flash is written by the four-word FLASH_BEGIN, at the rate of the start', async () => {
  const chip = virtualChip('esp32', 301);
  const board = await meet(chip);
  const settled = await board.prepareFlashing({ baudRate: 921600, flashSize: 1 << 20, rom: true });
  assert.deepEqual(settled, { mode: 'rom', baudRate: 115200 });
  const data = seededRandom(8)(0x1234);
  for (const compression of ['none', 'always'] as const) {
    const offset = compression === 'none' ? 0x1000 : 0x8000;
    await board.writeFlash({ offset, data, compression });
    await board.verifyFlash(offset, data);
  }
  await board.close();
});

test('the whole set: reversed key, digest as it is, the door believed by its effect', async () => {
  const chip = virtualChip('esp32', 301);
  const board = await meet(chip);
  const book = new Book();
  const plan = await book.run(board, wanted);
  assert.deepEqual(
    plan.slots.map(({ slot, block }) => [slot, block]),
    [
      [0, 1],
      [1, 2],
    ],
  );
  const key = secretOf('flash-encryption', 'whole').reverse();
  assert.deepEqual(chip.efuse.hardwareBlock(1), wordsOf(key));
  assert.deepEqual(chip.efuse.hardwareBlock(2), wordsOf(fromHex(digest)));
  for (const wish of wanted.fields) assert.equal(chip.efuse.field(wish.field), wish.value, wish.field);
  assert.deepEqual(chip.efuse.hardwareBlock(3), [0, 0, 0, 0, 3, 0, 0, 0]);
  const booked = book.events
    .filter((event) => 'what' in event && event.what === 'bits' && event.detail.block === 3)
    .map(({ type }) => type);
  assert.deepEqual(booked, ['intend', 'burned', 'verified']);
  assert.equal(chip.efuse.field('RD_DIS'), 1);
  const last = book.events.at(-1)!;
  assert.ok(last.type === 'verified' && last.what === 'bits');
  assert.equal(last.detail.effect, 'download-disabled');
  await board.close();
});

for (const fault of ['weak-burn', 'dead-bit', 'power-cut-in-burn'] as const)
  test(`${fault} at each burn: repeated, given up or finished at the next visit`, async () => {
    for (const after of [1, 3, 6]) {
      const faults: readonly VirtualFault[] = [{ kind: fault, after }];
      const chip = virtualChip('esp32', 301, faults);
      const book = new Book();
      const codes: string[] = [];
      for (let visit = 0; visit < 3; visit++) {
        chip.powerOn();
        const board = await meet(chip).catch((error) => error);
        if (isFault(board)) break;
        const done = await book.run(board, wanted).then(
          () => 'done',
          (error) => (isFault(error) ? error.code : String(error.message)),
        );
        await board.close();
        codes.push(done);
        if (done !== 'burn.lost-contact') break;
      }
      const expected =
        fault === 'weak-burn'
          ? ['done']
          : fault === 'dead-bit'
            ? ['burn.readback-differs']
            : ['burn.lost-contact', 'done'];
      assert.deepEqual(codes, expected, `burn ${after}`);
    }
  });

/** The controller behind two register commands, on a line that damages one write. */
function damagedLine(efuse: ClassicEfuseController, damage: (address: number, value: number) => number) {
  const access: RegisterAccess & { looks: number } = {
    baudRate: 115200,
    looks: 0,
    readRegister: async (address) => {
      access.looks++;
      return efuse.readRegister(address - table.base);
    },
    readRegisters: oneByOne((address) => access.readRegister(address)),
    writeRegisters: async (writes) => {
      for (const { address, value, mask = 0xffffffff, delayUs = 0 } of writes) {
        const offset = address - table.base;
        if (offset >= 0 && offset < 0x200) {
          const kept = mask === 0xffffffff ? 0 : efuse.readRegister(offset) & ~mask;
          efuse.writeRegister(offset, damage(offset, ((value & mask) | kept) >>> 0));
        }
        efuse.advance(delayUs);
      }
      efuse.advance(Number.POSITIVE_INFINITY);
    },
  };
  return access;
}

test('a damaged zero for another block is seen before anything is burned', async () => {
  const efuse = new ClassicEfuseController(table, seededRandom(1), { faultOf: () => null, cutPower: () => {} });
  efuse.powerOn();
  const block3 = table.blocks[3]!.writeOffset!;
  let damaged = 0;
  const line = damagedLine(efuse, (offset, value) => {
    if (offset !== block3 || damaged === 2) return value;
    damaged++;
    return value | 0x100;
  });
  const bus = new EfuseBus(line, table, fastClock, profileOf('esp32').uartDateRegister);
  await bus.prepare();
  const key = seededRandom(2)(32);
  const codeword = codewordOf(1, key, 'bits');
  assert.equal(await bus.program(codeword, sure), 'done');
  await bus.refresh(codeword);
  assert.equal(damaged, 2);
  assert.deepEqual(await bus.readBlock(1), key);
  assert.deepEqual(efuse.burned()[3], new Uint8Array(32), 'no stray fuse');
  for (let word = 0; word < 8; word++) assert.equal(efuse.readRegister(table.blocks[1]!.writeOffset! + 4 * word), 0);
  assert.deepEqual([await bus.repeatError(3), await bus.rsErrors(1)], [0, [0, 0]]);
});

test('a line that damages every word burns nothing', async () => {
  const efuse = new ClassicEfuseController(table, seededRandom(1), { faultOf: () => null, cutPower: () => {} });
  efuse.powerOn();
  const line = damagedLine(efuse, (offset, value) => (offset === table.blocks[2]!.writeOffset ? value | 1 : value));
  const bus = new EfuseBus(line, table, fastClock, profileOf('esp32').uartDateRegister);
  await bus.prepare();
  await assert.rejects(
    () => bus.program(codewordOf(1, new Uint8Array(32).fill(1), 'bits'), sure),
    (error) => isFault(error, 'chip.staging-differs'),
  );
  assert.ok(efuse.burned().every((bytes) => bytes.every((byte) => byte === 0)));
});

test('what the decoder says of blocks without code is not believed', () => {
  const said = { ...blankSnapshot(table), rsErrors: [0xfff, 0] as const };
  assert.ok(blockHealth(said).every(({ failed, correctedBytes }) => !failed && correctedBytes === 0));
  const coded = blankSnapshot(table).blocks.map((words, block) =>
    words.map((word, i) => (block === 0 && i === 6 ? 1 : word)),
  );
  assert.ok(blockHealth({ ...said, blocks: coded }).every(({ failed }) => failed));
});

test('SECURE_VERSION rises bit by bit; a version that is burned already is not burned again, a higher one refused', async () => {
  const chip = virtualChip('esp32', 301);
  const board = await meet(chip);
  const wish = (value: number): WantedEfuses => ({
    keys: [],
    fields: [{ field: 'SECURE_VERSION', value, stage: 'protection', reason: 'production' }],
    writeProtect: [],
  });
  const first = await new Book().run(board, wish(1));
  assert.deepEqual(first.bits, [{ block: 3, bit: 128, field: 'SECURE_VERSION' }]);
  const second = await new Book().run(board, wish(7));
  assert.deepEqual(
    second.bits.map(({ bit }) => bit),
    [129, 130],
  );
  assert.equal(chip.efuse.field('SECURE_VERSION'), 7);
  assert.deepEqual((await new Book().run(board, wish(7))).burns, []);
  await assert.rejects(() => new Book().run(board, wish(3)), /SECURE_VERSION is 7 already/);
  await board.close();
});
