// Whoever ends the program without waiting is told of each board what is known of it, and no more.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoardsInHand } from '../../../main/cli/boards-in-hand.ts';
import type { RunEvent, StepEvent } from '../../../main/model/event.ts';
import { english } from '../../../main/words/told.ts';

const mac = '02:00:00:00:00:01';
const bits = { block: 0, stage: 'enable', fields: [{ field: 'SECURE_BOOT_EN', from: 0, to: 1 }] };
const events: Readonly<Record<string, unknown>> = {
  begun: { type: 'run-started', fixture: 'F1', operator: null },
  identified: { type: 'identified', identity: { mac }, efuses: {} },
  step: { type: 'step-started', step: 'protect', irreversible: true },
  intend: { type: 'intend', what: 'bits', detail: bits },
  burned: { type: 'burned', what: 'bits', detail: bits },
  verified: { type: 'verified', what: 'bits', detail: bits },
  shut: { type: 'verified', what: 'bits', detail: { ...bits, effect: 'secure-download' } },
  ended: { type: 'run-ended', outcome: 'passed', fault: null, ms: 1 },
};

function saidAfter(...names: readonly string[]): string {
  const boards = new BoardsInHand();
  for (const name of names)
    boards.hear({ type: 'run', fixture: 'F1', run: 'R-1', step: null, event: events[name] as RunEvent | StepEvent });
  return boards.lines(english).join('\n');
}

test('a board is told as it is: untouched, in the middle of a burn, burned in part, shut', () => {
  assert.match(saidAfter('begun'), /^F1 {2}a board not yet identified: left before its first step; nothing was burned/);
  assert.match(
    saidAfter('begun', 'identified', 'step'),
    new RegExp(`^F1 {2}${mac}: left in the step Burn protections; nothing was burned`),
  );
  for (const burn of [['intend'], ['intend', 'burned'], ['intend', 'verified', 'intend']])
    assert.match(
      saidAfter('begun', 'identified', 'step', ...burn),
      /while a burn was under way; how much of it took nobody has read/,
    );
  assert.match(saidAfter('begun', 'identified', 'step', 'intend', 'verified'), /what was burned was read back/);
  assert.match(saidAfter('begun', 'identified', 'step', 'intend', 'shut'), /its door is shut, and it is not sealed/);
  assert.equal(saidAfter('begun', 'identified', 'ended'), '');
});
