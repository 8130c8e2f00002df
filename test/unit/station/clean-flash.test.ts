// The erasing that goes on beside the making of keys: what ends it, and what it does not believe.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Board } from '../../../main/chip/board.ts';
import { Run } from '../../../main/station/run.ts';
import type { VirtualChip } from '../../../main/virtual/chip.ts';
import { recipeNamed } from '../../stories/stage.ts';
import { burnedInto, meet, Rig, siliconOf, takesAll } from './parts.ts';

const loaded = recipeNamed('esp32c3-production');
const mebi = 1024 * 1024;

/** The board with some of its methods changed. */
function changed(board: Board, other: Partial<Board>): Board {
  return new Proxy(board, {
    get(target, name) {
      const value = name in other ? Reflect.get(other, name) : Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** One run on a board that is not quite the one of the chip. */
async function runOn(
  chip: VirtualChip,
  other: (board: Board) => Partial<Board>,
  signal = new AbortController().signal,
) {
  const rig = new Rig(loaded);
  const board = await meet(chip);
  const record = {
    id: 'R-1',
    batch: 'B-1',
    fixture: 'nest',
    operator: null,
    recipe: loaded.ref,
    mac: null,
    serial: null,
    startedAt: '2026-11-22T10:00:00.000Z',
    endedAt: null,
    outcome: null,
    fault: null,
  };
  try {
    await rig.book.openRun(record);
    const release = await rig.station.prepareRelease(loaded);
    const job = {
      loaded,
      allowance: takesAll,
      release,
      resetBy: 'lines' as const,
      canReset: true,
      serial: null,
      signal,
    };
    const end = await new Run(rig.parts, job, record).perform(changed(board, other(board)));
    return { end, said: rig.book.said('R-1') };
  } finally {
    await board.close();
  }
}

test('a loader that sees the beginning of a large flash again behind 16 MiB is found out before anything is burned', async () => {
  const chip = siliconOf(loaded, { flashSize: 32 * mebi });
  const before = burnedInto(chip);
  const near = (offset: number) => offset % (16 * mebi);
  const { end } = await runOn(chip, (board) => ({
    flashDigest: (offset, length) => board.flashDigest(near(offset), length),
    clearFlash: async (offset, length, options) =>
      offset >= 16 * mebi ? { erased: 0 } : board.clearFlash(offset, length, options),
  }));
  assert.equal(end.fault?.code, 'flash.wraps');
  assert.equal(burnedInto(chip), before);
});

test('the erasing is over when the run ends, also where a person ends it while the keys are made', async () => {
  const chip = siliconOf(loaded);
  const stop = new AbortController();
  let pieces = 0;
  let ended = false;
  const { end } = await runOn(
    chip,
    (board) => ({
      clearFlash: async (offset, length, options) => {
        pieces++;
        stop.abort(new Error('a person'));
        assert.equal(ended, false);
        return board.clearFlash(offset, length, options);
      },
    }),
    stop.signal,
  );
  ended = true;
  assert.equal(end.outcome, 'aborted');
  assert.equal(pieces, 1);
});
