// What is counted of a batch, and what a person is told to do first with a board that did not pass.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BatchTally } from '../../../main/station/desk/line/batch-tally.ts';
import { actOf, Troubles } from '../../../main/station/desk/line/verdict-act.ts';

test('boards are counted, not tries', () => {
  const tally = new BatchTally('2026-11-22T10:00:00.000Z');
  assert.equal(tally.counts.firstPassYield, null);
  tally.add('refused', 'wrong-chip');
  tally.add('refused', 'wrong-chip');
  assert.deepEqual([tally.counts.refused, tally.counts.retries, tally.counts.firstPassYield], [1, 1, null]);
  tally.add('passed', 'a');
  tally.add('failed', 'b');
  tally.add('passed', 'b');
  tally.add('aborted', 'c');
  tally.add('passed', 'c');
  tally.add('refused', 'a'); // sealed already, inserted once more
  tally.add('errored', 'd');
  tally.add('failed', null);
  tally.add('failed', null);
  assert.deepEqual(tally.counts, {
    done: 11,
    passed: 3,
    failed: 2,
    refused: 1,
    unfinished: 1,
    retries: 4,
    // a and c at once, b and d not, two that told no MAC not: refusals and stops are none
    firstPassYield: 2 / 6,
  });
});

test('what to do first with a board', () => {
  const fault = (
    outcome: 'failed' | 'refused' | 'errored',
    faultClass: 'board' | 'fixture' | 'token' | 'recipe',
    safety: 'untouched' | 'resumable' | 'condemned' | 'shut' | 'sealed',
    code = 'some.thing',
  ) => ({ outcome, fault: { class: faultClass, safety, code } }) as const;
  assert.equal(actOf({ outcome: 'passed', fault: null }, 0, 0), 'take-out');
  assert.equal(actOf({ outcome: 'aborted', fault: null }, 0, 0), 'insert-again');
  assert.equal(actOf(fault('failed', 'board', 'resumable'), 1, 1), 'insert-again');
  assert.equal(actOf(fault('failed', 'board', 'resumable'), 2, 1), 'put-aside');
  assert.equal(actOf(fault('failed', 'board', 'condemned'), 1, 1), 'put-aside');
  assert.equal(actOf(fault('refused', 'board', 'sealed', 'admission.already-sealed'), 1, 1), 'take-out');
  assert.equal(actOf(fault('refused', 'board', 'untouched', 'admission.wrong-chip'), 1, 1), 'put-aside');
  assert.equal(actOf(fault('refused', 'recipe', 'untouched', 'admission.cannot-reset'), 1, 1), 'call-engineer');
  assert.equal(actOf(fault('errored', 'fixture', 'resumable'), 1, 1), 'insert-again');
  assert.equal(actOf(fault('errored', 'fixture', 'resumable'), 2, 1), 'call-engineer');
  assert.equal(actOf(fault('errored', 'token', 'resumable'), 1, 1), 'call-engineer');
  assert.equal(actOf(fault('failed', 'board', 'shut'), 1, 1), 'call-engineer');
  // sealed boards that still lie there when the next batch starts
  assert.equal(actOf(fault('failed', 'board', 'shut', 'protocol.download-disabled'), 1, 8), 'take-out');

  const troubles = new Troubles();
  const judge = (mac: string, fixture = 'F1') =>
    troubles.judge(fault('failed', 'board', 'untouched'), { mac, fixture });
  assert.deepEqual([judge('a'), judge('a', 'F2')], ['insert-again', 'put-aside'], 'known by its MAC, wherever it lies');
  assert.deepEqual(
    [judge('b'), judge('c')],
    ['insert-again', 'call-engineer'],
    'three boards in a row: not the boards',
  );
  troubles.judge({ outcome: 'passed', fault: null }, { mac: 'd', fixture: 'F1' });
  assert.equal(judge('e'), 'insert-again', 'one that passed ends the row');
});
