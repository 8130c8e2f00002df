// A hand changes the board in the middle of a run, on a port that has no lines to reset it with: nothing is burned into the second board,
// and the first is not given up.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openBoard } from '../../../main/chip/live-board.ts';
import { planBurn } from '../../../main/efuse/plan.ts';
import { isFault } from '../../../main/model/fault.ts';
import { connectLoader } from '../../../main/protocol/loader-session.ts';
import type { Port } from '../../../main/transport/port.ts';
import { openVirtualPort } from '../../../main/virtual/bench/port.ts';
import { VirtualChip } from '../../../main/virtual/chip.ts';
import { fastClock } from './clocks.ts';
import { allStages, keyBytes, permitFor, production } from './rig.ts';

const wanted = production('esp32c3', 4, 'DIS_DOWNLOAD_MODE');

function chipInLoader(seed: number): VirtualChip {
  const chip = new VirtualChip({ kind: 'esp32c3', revision: 4, seed, flashSize: 1 << 20 }, () => ({
    lines: [],
    state: 'halted',
    firmware: null,
  }));
  chip.powerOn();
  chip.setLines({ dtr: true, rts: false });
  chip.reset();
  return chip;
}

/** One port, and whichever of two boards lies at it. While a hand changes them what is sent reaches neither. */
function changing(first: VirtualChip, second: VirtualChip, after: number) {
  let [current, sent] = [openVirtualPort(first, 'virtual:first'), 0];
  let onData: Parameters<Port['onData']>[0] = null;
  const change = () => {
    current.onData(null);
    first.powerOff();
    current = openVirtualPort(second, 'virtual:second');
    current.onData(onData);
  };
  const port: Port = {
    address: 'virtual:nest',
    hasControlLines: false,
    hasBaudRate: true,
    usb: null,
    get baudRate() {
      return current.baudRate;
    },
    async write(bytes) {
      if (sent++ === after) change();
      else await current.write(bytes);
    },
    drain: () => current.drain(),
    onData(listener) {
      onData = listener;
      current.onData(listener);
    },
    onGone: (listener) => current.onGone(listener),
    setLines: () => Promise.reject(new Error('this port has no lines')),
    setBaudRate: (rate) => current.setBaudRate(rate),
    discardInput: () => current.discardInput(),
    close: () => current.close(),
  };
  return { port, change, requests: () => sent };
}

const burned = (chip: VirtualChip) => Buffer.concat(chip.efuse.burned()).toString('hex');

interface Swap {
  /** At the request of this number, which is lost. */
  readonly request?: number;
  /** While the event of this number is written, and nothing is sent. */
  readonly event?: number;
}

/** A run in which the second board takes the place of the first; what it ended with, and how many requests and events there were. */
async function run({ request = Number.POSITIVE_INFINITY, event: at = -1 }: Swap = {}) {
  const first = chipInLoader(1);
  const second = chipInLoader(2);
  const before = burned(second);
  const { port, change, requests } = changing(first, second, request);
  const loader = await connectLoader(port, { clock: fastClock });
  const begun = requests();
  let [events, fault]: [number, unknown] = [0, null];
  try {
    const board = await openBoard(loader, { clock: fastClock });
    const plan = planBurn(await board.readEfuses(), wanted, { slots: [] });
    for await (const _ of board.burn(plan, keyBytes, permitFor(plan), allStages)) if (events++ === at) change();
  } catch (error) {
    fault = error;
  } finally {
    await loader.close();
  }
  return { fault, begun, sent: requests(), events, untouched: burned(second) === before };
}

/** The burn that shuts the door, and what comes after it, tell no MAC any more. */
const afterDoor = 24;

async function holds(swap: Swap): Promise<string> {
  const { fault, untouched } = await run(swap);
  const where = JSON.stringify(swap);
  assert.ok(untouched, `${where}: nothing is burned into the second board`);
  assert.ok(isFault(fault), `${where}: ${fault}`);
  assert.notEqual(fault.safety, 'condemned', `${where}: ${fault.what}`);
  assert.notEqual(fault.safety, 'untouched', `${where}: something may be burned into the first`);
  return fault.code;
}

test('at any request of the run the second board stays as it was', { timeout: 120_000 }, async () => {
  const { begun, sent, fault } = await run();
  assert.equal(fault, null);
  const codes: string[] = [];
  const read = begun + 90;
  for (let request = read; request < sent - afterDoor; request += 4) codes.push(await holds({ request }));
  assert.ok(codes.filter((code) => code === 'chip.other-board').length > codes.length / 2, codes.join(' '));
});

test('also while an event is written and nobody speaks to the board', { timeout: 120_000 }, async () => {
  const { events } = await run();
  for (let event = 0; event < events - 2; event++) assert.equal(await holds({ event }), 'chip.other-board');
});
