// Which refusal of a plan condemns a board, by what the book knows of it; and which recipe may go on with it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EfuseRefusal } from '../../../main/efuse/plan-types.ts';
import { blankSnapshot, decodeSnapshot } from '../../../main/efuse/snapshot.ts';
import { efuseTableNamed } from '../../../main/efuse/tables.ts';
import type { EfuseSnapshot } from '../../../main/efuse/types.ts';
import type { DeviceHistory } from '../../../main/ledger/ledger.ts';
import type { StoredEvent } from '../../../main/model/event.ts';
import { burnHistoryOf } from '../../../main/station/burn-history.ts';
import { refusedPlan, refuseOtherRecipe } from '../../../main/station/condemning.ts';
import { mac, recipe, run } from '../ledger/book.ts';

const blank = blankSnapshot(efuseTableNamed('esp32c3')!);
const identified = { kind: 'esp32c3', chipId: 5, revision: 4, mac: mac(1), packageVersion: 0, securityFlags: 0 };

const facts = (more: readonly StoredEvent['event'][]): StoredEvent['event'][] => [
  { type: 'identified', identity: identified, efuses: decodeSnapshot(blank) },
  {
    type: 'intend',
    what: 'bits',
    detail: { block: 0, stage: 'protection', fields: [{ field: 'DIS_PAD_JTAG', from: 0, to: 1 }] },
  },
  ...more,
];

function historyOf(events: readonly StoredEvent['event'][], more: Partial<DeviceHistory> = {}): DeviceHistory {
  const stored = events.map((event, seq) => ({ run: 'r1', seq, at: '2026-11-22T10:00:00.000Z', step: null, event }));
  const runs = [{ run: run('r1', { mac: mac(1) }), events: stored }];
  return { mac: mac(1), sealed: null, runs, openKeys: [], condemned: null, ...more };
}

const givenUp = {
  type: 'observed',
  what: 'key-block-given-up',
  value: { slot: 0, block: 4, name: 'BLOCK_KEY0', state: 'doubtful' },
} as const;

const refusal = (code: string, condemns = true): EfuseRefusal => ({
  code,
  what: 'It cannot be.',
  next: 'Go.',
  condemns,
});

function told(history: DeviceHistory, refusals: readonly EfuseRefusal[], ref = recipe) {
  const { code, safety, faultClass } = refusedPlan(refusals, {
    ...{ mac: mac(1), ref, history },
    past: burnHistoryOf(history),
  });
  return `${faultClass} ${code} ${safety}`;
}

test('errors of the silicon condemn under the recipe that began the board, and no other', () => {
  const begun = historyOf(facts([]));
  for (const code of ['efuse.block-unreadable', 'efuse.key-unreadable']) {
    assert.equal(told(begun, [refusal(code)]), `board ${code} condemned`);
    assert.equal(told(begun, [refusal('efuse.foreign-bits'), refusal(code)]), `board ${code} condemned`);
    assert.equal(told(begun, [refusal(code)], { ...recipe, hash: 'cd'.repeat(32) }), `recipe ${code} resumable`);
    assert.equal(told(historyOf([]), [refusal(code)]), `board ${code} untouched`);
    assert.equal(told(begun, [refusal(code, false)]), `recipe ${code} resumable`);
  }
});

test('too little room condemns only where blocks were given up for their errors', () => {
  for (const code of ['efuse.no-free-slot', 'efuse.unproven-key']) {
    assert.equal(told(historyOf(facts([givenUp])), [refusal(code)]), `board ${code} condemned`);
    assert.equal(told(historyOf(facts([])), [refusal(code)]), `recipe ${code} resumable`);
    // a key that the book has lost is no proof of the board
    const lost = historyOf(
      facts([
        { type: 'key-made', role: 'hmac-up', fingerprint: 'f', wrapped: null },
        {
          type: 'intend',
          what: 'key-block',
          detail: { slot: 1, block: 5, name: 'BLOCK_KEY1', purpose: 'HMAC_UP', role: 'hmac-up', part: 'whole' },
        },
        givenUp,
      ]),
    );
    assert.equal(told(lost, [refusal(code)]), `recipe ${code} resumable`);
  }
});

test('what a recipe wants and a board has not condemns nothing', () => {
  const begun = historyOf(facts([givenUp]));
  for (const code of [
    ...['efuse.foreign-bits', 'efuse.foreign-key', 'efuse.write-protected', 'efuse.block0-errors'],
    ...['efuse.rd-dis-locked', 'efuse.purpose-locked', 'plan.key-lost', 'plan.encrypted-elsewhere'],
  ])
    assert.equal(told(begun, [refusal(code)]), `recipe ${code} resumable`);
});

test('a board that was begun goes on under its own recipe, until two people release it', () => {
  const other = { ...recipe, name: 'another', hash: 'cd'.repeat(32) };
  const burned: EfuseSnapshot = {
    ...blank,
    blocks: blank.blocks.map((words, block) => (block === 0 ? words.map(() => 1) : words)),
  };
  const refused = (history: DeviceHistory, ref = other, snapshot = burned) =>
    refuseOtherRecipe(ref, history, burnHistoryOf(history), snapshot)?.code ?? null;
  const begun = historyOf(facts([]));
  assert.equal(refused(begun), 'admission.other-recipe');
  assert.equal(refused(begun, { ...recipe, revision: 4, hash: 'cd'.repeat(32) }), null, 'a revision of its own');
  assert.equal(refused(historyOf([])), null, 'nothing was begun here');
  assert.equal(refused(begun, other, blank), null, 'nothing is burned in it');
  const released = { at: '2026-11-22T11:00:00.000Z', by: ['al', 'bo'], reason: 'for another product', after: 'r1' };
  assert.equal(refused({ ...begun, released }), null);
  const again = { ...begun.runs[0]!, run: { ...begun.runs[0]!.run, id: 'r2' } };
  assert.equal(refused({ ...begun, released, runs: [...begun.runs, again] }), 'admission.other-recipe', 'begun anew');
});
