// A hand changes the board in the middle of a run, at every exchange of it and between any two, on every kind of port: nothing is burned
// into the second board, and the first is not given up.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openBoard } from '../../../main/chip/live-board.ts';
import { planBurn } from '../../../main/efuse/plan.ts';
import { isFault } from '../../../main/model/fault.ts';
import { connectLoader } from '../../../main/protocol/loader-session.ts';
import { openPort } from '../../../main/transport/open.ts';
import type { Port } from '../../../main/transport/port.ts';
import { openVirtualPort } from '../../../main/virtual/bench/port.ts';
import { VirtualChip } from '../../../main/virtual/chip.ts';
import { listenTcp } from '../../../main/virtual/listen/tcp.ts';
import { atOnce } from '../../soak/tally.ts';
import { fastClock } from './clocks.ts';
import { Nest } from './nest.ts';
import { allStages, classicProduction, keyBytes, permitFor, production } from './rig.ts';

type Door = 'DIS_DOWNLOAD_MODE' | 'ENABLE_SECURITY_DOWNLOAD';

/** One with a number of its own, and the one that has none. */
type Kind = 'esp32c3' | 'esp32';
const wantedOf = (kind: Kind, door: Door) => (kind === 'esp32' ? classicProduction : production('esp32c3', 4, door));

function chipInLoader(kind: Kind, seed: number, mac: string): VirtualChip {
  const revision = kind === 'esp32' ? 300 : 4;
  const chip = new VirtualChip({ kind, revision, seed, mac, flashSize: 1 << 20 }, () => ({
    lines: [],
    state: 'halted',
    firmware: null,
  }));
  chip.powerOn();
  chip.setLines({ dtr: true, rts: false });
  chip.reset();
  return chip;
}

type Way = 'no lines' | 'bench' | 'tcp' | 'rfc2217';

async function portTo(nest: Nest, way: Way): Promise<{ port: Port; end(): Promise<void> }> {
  const end = async () => undefined;
  if (way === 'bench') return { port: openVirtualPort(nest.chip, 'virtual:nest'), end };
  if (way === 'no lines') {
    const port = openVirtualPort(nest.chip, 'virtual:nest');
    return { port: Object.defineProperty(port, 'hasControlLines', { value: false }), end };
  }
  const listener = await listenTcp(nest.chip, way, '127.0.0.1', 0);
  const scheme = way === 'tcp' ? 'socket' : 'rfc2217';
  const port = await openPort(`${scheme}://127.0.0.1:${listener.port}`, { baudRate: 115200 });
  return { port, end: () => listener.close() };
}

const burned = (chip: VirtualChip) => Buffer.concat(chip.efuse.burned()).toString('hex');

interface Swap {
  readonly kind?: Kind;
  readonly way?: Way;
  /** At the request of this number, which is lost or reaches the second board. */
  readonly request?: number;
  readonly lost?: boolean;
  /** While the event of this number is written, and nothing is sent. */
  readonly event?: number;
  /** The second board has the MAC of the first. */
  readonly twin?: boolean;
  /** The second board is made already, and its door is shut. */
  readonly shut?: boolean;
  /** The fuse that shuts it. */
  readonly door?: Door;
}

const macs = ['02:00:00:00:00:01', '02:00:00:00:00:02'] as const;

/** A run in which the second board takes the place of the first; what it ended with, and how many requests and events there were. */
async function run({
  kind = 'esp32c3',
  way = 'no lines',
  request = -1,
  lost = false,
  event: at = -1,
  twin = false,
  shut = false,
  door = 'DIS_DOWNLOAD_MODE',
}: Swap = {}) {
  const first = chipInLoader(kind, 1, macs[0]);
  const second = chipInLoader(kind, 2, macs[twin ? 0 : 1]);
  if (shut) await burnAll(openVirtualPort(second, 'virtual:nest'), door);
  const before = [burned(first), burned(second)];
  const nest = new Nest(first, second, { at: request, lost });
  const { port, end } = await portTo(nest, way);
  let [events, begun, fault]: [number, number, unknown] = [0, 0, null];
  try {
    const board = await openBoard(await connectLoader(port, { clock: fastClock }), { clock: fastClock });
    const plan = planBurn(await board.readEfuses(), wantedOf(kind, door), { slots: [] });
    begun = nest.requests;
    for await (const _ of board.burn(plan, keyBytes, permitFor(plan), allStages)) if (events++ === at) nest.change();
  } catch (error) {
    fault = error;
  } finally {
    await port.close();
    await end();
    for (const chip of [first, second]) chip.powerOff();
  }
  const [isFirstBurned, untouched] = [burned(first) !== before[0], burned(second) === before[1]];
  const isShut = kind !== 'esp32' && fieldOf(first, door) === 1;
  return { fault, begun, sent: nest.requests, events, untouched, isFirstBurned, isShut };
}

async function burnAll(port: Port, door: Door): Promise<void> {
  const board = await openBoard(await connectLoader(port, { clock: fastClock }), { clock: fastClock });
  const plan = planBurn(await board.readEfuses(), wantedOf('esp32c3', door), { slots: [] });
  for await (const _ of board.burn(plan, keyBytes, permitFor(plan), allStages));
  await port.close();
}

/** As the silicon has it, whatever its registers show. */
function fieldOf(chip: VirtualChip, name: string): number {
  chip.efuse.powerOn();
  return chip.efuse.field(name);
}

/** The burn that shuts the door, and what comes after it, tell no MAC any more. */
const afterDoor = 24;

async function holds(swap: Swap): Promise<string> {
  const { fault, untouched, isFirstBurned } = await run(swap);
  const where = JSON.stringify(swap);
  // It came in while the first was still read out, was read whole, and is the board that was made.
  if (swap.twin && fault === null && !isFirstBurned) return 'read again';
  assert.ok(untouched, `${where}: nothing is burned into the second board (${fault})`);
  assert.ok(isFault(fault), `${where}: ${fault}`);
  assert.notEqual(fault.safety, 'condemned', `${where}: ${fault.what}`);
  assert.notEqual(fault.safety, 'untouched', `${where}: something may be burned into the first`);
  return fault.code;
}

for (const [name, how, stride] of [
  ['the request is lost', { lost: true }, 5],
  ['the request reaches the second board', { lost: false }, 2],
  ['the same, and both boards have one MAC', { lost: false, twin: true }, 3],
] as const)
  test(`at any request of the burns: ${name}`, { timeout: 120_000 }, async () => {
    const { begun, sent, fault } = await run();
    assert.equal(fault, null);
    const codes: string[] = [];
    for (let request = begun; request < sent - afterDoor; request += stride)
      codes.push(await holds({ request, ...how }));
    const seen = codes.filter((code) => code === 'chip.other-board').length;
    assert.ok(seen > 0.9 * codes.length, `${seen} of ${codes.length}: ${codes.join(' ')}`);
  });

for (const way of ['bench', 'tcp', 'rfc2217'] as const)
  test(`on a port of the kind ${way}`, { timeout: 120_000 }, async () => {
    const { begun, sent, fault } = await run({ way });
    assert.equal(fault, null);
    for (let request = begun; request < sent - afterDoor; request += 25)
      await holds({ way, request, lost: request % 2 === 0, twin: request % 3 < 2 });
  });

test('also while an event is written and nobody speaks to the board', { timeout: 120_000 }, async () => {
  const { events } = await run();
  for (const twin of [false, true])
    for (let event = 0; event < events - 2; event++) assert.equal(await holds({ event, twin }), 'chip.other-board');
});

for (const [way, door] of [
  ['bench', 'DIS_DOWNLOAD_MODE'],
  ['no lines', 'DIS_DOWNLOAD_MODE'],
  ['bench', 'ENABLE_SECURITY_DOWNLOAD'],
] as const)
  test(`for a board whose door is shut: what it shows is no effect of the burn (${way}, ${door})`, {
    timeout: 120_000,
  }, async () => {
    const whole = await run({ way, door });
    const last = Array.from({ length: 24 }, (_, at) => whole.sent - 24 + at);
    const swaps: Swap[] = [
      ...last.flatMap((request) => [true, false].map((lost) => ({ request, lost }))),
      ...Array.from({ length: whole.events }, (_, event) => ({ event })),
    ];
    let caught = 0;
    await atOnce(12, swaps.length, async (n) => {
      const swap = swaps[n]!;
      const { fault, untouched, isShut } = await run({ ...swap, way, door, shut: true });
      const where = `${JSON.stringify(swap)}: ${fault}`;
      assert.ok(untouched, where);
      if (fault === null) assert.ok(isShut, `${where}: what is told as shut is open`);
      else assert.ok(isFault(fault) && fault.safety !== 'condemned', where);
      if (!isShut) caught++;
    });
    assert.ok(caught > 8 && caught < swaps.length, `${caught} of ${swaps.length}`);
  });

test('for a second chip of one MAC, where chips have no number of their own: not both are burned', {
  timeout: 120_000,
}, async () => {
  const whole = await run({ kind: 'esp32' });
  assert.equal(whole.fault, null);
  const requests = Array.from({ length: whole.sent - afterDoor - whole.begun }, (_, at) => whole.begun + at);
  const swaps: Swap[] = [
    ...requests.filter((at) => at % 5 === 0).flatMap((request) => [true, false].map((lost) => ({ request, lost }))),
    ...Array.from({ length: whole.events - 2 }, (_, event) => ({ event })),
  ];
  const codes = new Set<string>();
  await atOnce(12, swaps.length, async (n) => {
    const swap = swaps[n]!;
    const { fault, untouched, isFirstBurned } = await run({ ...swap, kind: 'esp32', twin: true });
    const where = `${JSON.stringify(swap)}: ${fault}`;
    assert.ok(untouched || !isFirstBurned, where);
    assert.ok(fault === null ? !isFirstBurned : isFault(fault) && fault.safety !== 'condemned', where);
    if (isFault(fault)) codes.add(fault.code);
  });
  assert.ok(codes.has('burn.not-seen') && codes.has('chip.other-board'), [...codes].join(' '));
});

// Of two blank ESP32 with one MAC nothing differs at all.
for (const [kind, twin] of [
  ['esp32c3', false],
  ['esp32c3', true],
  ['esp32', false],
] as const)
  test(`while it is read out: what is read is one board's (${kind}${twin ? ', both of one MAC' : ''})`, async () => {
    const made = () => [1, 2].map((n) => chipInLoader(kind, n, macs[twin ? 0 : n - 1]!)) as [VirtualChip, VirtualChip];
    const read = async (at: number, lost = false) => {
      const chips = made();
      const nest = new Nest(...chips, { at, lost });
      const { port } = await portTo(nest, 'no lines');
      let found: { mac: string | null; words: string } | null = null;
      try {
        const board = await openBoard(await connectLoader(port, { clock: fastClock }), { clock: fastClock });
        const { blocks } = await board.readEfuses();
        found = { mac: board.identity.mac, words: JSON.stringify(blocks) };
      } catch (error) {
        assert.ok(isFault(error) && error.safety !== 'condemned', String(error));
      } finally {
        await port.close();
        for (const chip of chips) chip.powerOff();
      }
      return { found, requests: nest.requests };
    };
    const [first, second] = [await read(-1), await read(0)];
    const whole = [first, second].map(({ found }) => JSON.stringify(found));
    assert.notEqual(whole[0], whole[1]);
    let [refused, taken] = [0, 0];
    for (let at = 1; at < first.requests; at += 2) {
      const { found } = await read(at, at % 5 === 0);
      if (found !== null) assert.ok(whole.includes(JSON.stringify(found)), `at request ${at}`);
      if (found === null) refused++;
      else taken++;
    }
    // a second chip of one MAC is read whole, and taken as what it is
    assert.ok((twin || refused > 0) && taken > 0, `${refused} refused, ${taken} taken`);
  });

test('and there and back again: a digest of flash is believed of this board alone', async () => {
  const chips = [1, 2].map((n) => chipInLoader('esp32c3', n, macs[n - 1]!)) as [VirtualChip, VirtualChip];
  const nest = new Nest(...chips);
  const { port } = await portTo(nest, 'no lines');
  const strap = () => {
    nest.current.powerOn();
    nest.current.setLines({ dtr: true, rts: false });
    nest.current.reset();
  };
  try {
    const board = await openBoard(await connectLoader(port, { clock: fastClock }), { clock: fastClock });
    await board.readEfuses();
    const prepare = () => board.prepareFlashing({ baudRate: 115200, flashSize: 1 << 20, rom: true });
    await prepare();
    const data = new Uint8Array(0x1000).fill(7);
    nest.change();
    strap();
    await prepare();
    await board.writeFlash({ offset: 0x10000, data, compression: 'none' });
    await assert.rejects(board.verifyFlash(0x10000, data), (error) => isFault(error, 'chip.other-board'));
    nest.change();
    strap();
    await prepare();
    await assert.rejects(board.verifyFlash(0x10000, data), (error) => isFault(error, 'chip.flash-differs'));
  } finally {
    await port.close();
    for (const chip of chips) chip.powerOff();
  }
});
