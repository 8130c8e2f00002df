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
import { allStages, keyBytes, permitFor, production } from './rig.ts';

type Door = 'DIS_DOWNLOAD_MODE' | 'ENABLE_SECURITY_DOWNLOAD';

const wantedWith = (door: Door) => production('esp32c3', 4, door);

function chipInLoader(seed: number, mac: string): VirtualChip {
  const chip = new VirtualChip({ kind: 'esp32c3', revision: 4, seed, mac, flashSize: 1 << 20 }, () => ({
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
  way = 'no lines',
  request = -1,
  lost = false,
  event: at = -1,
  twin = false,
  shut = false,
  door = 'DIS_DOWNLOAD_MODE',
}: Swap = {}) {
  const first = chipInLoader(1, macs[0]);
  const second = chipInLoader(2, macs[twin ? 0 : 1]);
  if (shut) await burnAll(openVirtualPort(second, 'virtual:nest'), door);
  const before = burned(second);
  const nest = new Nest(first, second, { at: request, lost });
  const { port, end } = await portTo(nest, way);
  let [events, begun, fault]: [number, number, unknown] = [0, 0, null];
  try {
    const board = await openBoard(await connectLoader(port, { clock: fastClock }), { clock: fastClock });
    const plan = planBurn(await board.readEfuses(), wantedWith(door), { slots: [] });
    begun = nest.requests;
    for await (const _ of board.burn(plan, keyBytes, permitFor(plan), allStages)) if (events++ === at) nest.change();
  } catch (error) {
    fault = error;
  } finally {
    await port.close();
    await end();
    for (const chip of [first, second]) chip.powerOff();
  }
  const [sent, untouched, isShut] = [nest.requests, burned(second) === before, fieldOf(first, door) === 1];
  return { fault, begun, sent, events, untouched, isShut };
}

async function burnAll(port: Port, door: Door): Promise<void> {
  const board = await openBoard(await connectLoader(port, { clock: fastClock }), { clock: fastClock });
  const plan = planBurn(await board.readEfuses(), wantedWith(door), { slots: [] });
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
  const { fault, untouched } = await run(swap);
  const where = JSON.stringify(swap);
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
