// Chips that stop answering, or send what nobody asked for: every wait has an end, and ends at once where a person stops it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock } from '../../../main/base/clock.ts';
import { openBoard } from '../../../main/chip/live-board.ts';
import { planBurn } from '../../../main/efuse/plan.ts';
import { isFault } from '../../../main/model/fault.ts';
import { connectLoader } from '../../../main/protocol/loader-session.ts';
import { openVirtualPort } from '../../../main/virtual/bench/port.ts';
import { VirtualChip } from '../../../main/virtual/chip.ts';
import type { VirtualFault } from '../../../main/virtual/silicon.ts';
import { allStages, keyBytes, permitFor, production } from '../chip/rig.ts';

const kinds = ['mute-from', 'chatter-from', 'half-from', 'endless-from', 'babble-from'] as const;
/** The waits of the protocol add up to some 15 s: a command and its tries, each with the search for the loader; on a busy computer to more. */
const longestMs = 120_000;
/** How soon after a person's word a wait has ended. */
const promptMs = 1500;

function chipWith(fault: VirtualFault): VirtualChip {
  return new VirtualChip({ kind: 'esp32c3', revision: 4, seed: 7, faults: [fault], flashSize: 1 << 20 }, () => ({
    lines: ['hello'],
    state: 'halted',
    firmware: null,
  }));
}

/** Everything that a station does with a board before it boots. */
async function wholeConversation(chip: VirtualChip, signal: AbortSignal | null): Promise<unknown> {
  const port = openVirtualPort(chip, 'virtual:test');
  try {
    const loader = await connectLoader(port, { clock: systemClock, ...(signal ? { signal } : {}) });
    const board = await openBoard(loader, { clock: systemClock });
    const snapshot = await board.readEfuses();
    await board.detectFlashSize();
    await board.prepareFlashing({ baudRate: 921600, flashSize: 1 << 20 });
    await board.writeFlash({ offset: 0x10000, data: new Uint8Array(0x8000).fill(0x5a) });
    await board.verifyFlash(0x10000, new Uint8Array(0x8000).fill(0x5a));
    await board.clearFlash(0x20000, 0x10000);
    await board.returnToRom();
    const plan = planBurn(snapshot, production('esp32c3', 4), { slots: [] });
    for await (const _ of board.burn(plan, keyBytes, permitFor(plan), allStages));
    return null;
  } catch (error) {
    return error;
  } finally {
    await port.close();
    chip.powerOff();
  }
}

/** Answers of a conversation that nothing disturbs, SYNC's and the stub's too. */
const occasions = [1, 2, 3, 5, 11, 60, 108, 114, 121, 130, 150, 240];

// Most of it is waiting; three kinds at once are quick enough for a person's word to be heard in time.
describe('a hostile chip', { concurrency: 3 }, () => {
  for (const kind of kinds)
    describe(`a chip that is '${kind}' some answer on`, { concurrency: true, timeout: 240_000 }, () => {
      for (const after of occasions)
        test(`the ${after}.: a fault, in time`, async () => {
          const from = performance.now();
          const error = await wholeConversation(chipWith({ kind, after }), null);
          assert.ok(isFault(error), String(error));
          assert.notEqual(error.safety, 'condemned', error.what);
          assert.ok(performance.now() - from < longestMs, `${error.code} after ${performance.now() - from} ms`);
        });

      for (const after of occasions)
        test(`the ${after}., and a person stops it: at once`, async () => {
          const stop = new AbortController();
          const reason = new Error('stopped by a person');
          const end = wholeConversation(chipWith({ kind, after }), stop.signal);
          // By then it waits for what does not come.
          await Promise.race([end, systemClock.sleep(1200)]);
          const from = performance.now();
          stop.abort(reason);
          const error = await end;
          assert.ok(error === reason || isFault(error), String(error));
          assert.ok(performance.now() - from < promptMs, `${performance.now() - from} ms`);
        });
    });
});
