// A ledger of the program whose rows said no version: it opens, verifies and is understood to the last row.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from '../../../main/base/json.ts';
import { eventText } from '../../../main/model/evidence/event-text.ts';
import { burnHistoryOf } from '../../../main/station/burn-history.ts';
import { sealedRecordOf } from '../../../main/station/sealed-record.ts';
import { book, folder, keyMade, run } from './book.ts';
import { keptBoard, keptStation, layKeptLedger } from './kept.ts';

const head = { row: 818, hash: 'e8265abec1b2fbeb3e349ad509ec94ff0cb4a489808caef68d9dfa772e03bd97' };

test('the kept ledger opens unchanged, holds its chain, and goes on with rows of today', async (t) => {
  const { ledger } = await book(t, { file: layKeptLedger(folder(t)), station: keptStation });
  assert.deepEqual(ledger.opening.head, head);
  assert.equal(ledger.opening.rebuilt, false);
  const report = await ledger.verify({ remembered: [head] });
  assert.deepEqual([report.rows, report.head, report.broken], [head.row, head.hash, null]);
  assert.equal(report.edited, null, 'the tables that its program made are those of today');
  assert.equal(report.signed, null);
  await ledger.openRun(run('today', { mac: keptBoard('08') }));
  await ledger.append('today', 'prepare', keyMade('f-today'));
  const after = await ledger.verify({ remembered: [head] });
  assert.deepEqual([after.rows, after.broken], [head.row + 2, null]);
});

test('every event of it is known, in the form of today, and has its line', async (t) => {
  const { ledger } = await book(t, { file: layKeptLedger(folder(t)), station: keptStation });
  const kinds = new Map<string, number>();
  for (const { id } of await ledger.runs({ limit: 100 }))
    for (const { event } of await ledger.events(id)) {
      assert.notEqual(event.type, 'unknown', JSON.stringify(event));
      assert.doesNotMatch(eventText(event), /undefined|\[object|NaN/);
      const kind = 'what' in event ? `${event.type} ${event.what}` : event.type;
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
  assert.deepEqual(Object.fromEntries([...kinds].sort()), {
    'burned bits': 52,
    'burned device-encryption': 1,
    'burned key-block': 44,
    'escrowed proof-of-possession': 1,
    identified: 13,
    'intend bits': 53,
    'intend device-encryption': 1,
    'intend key-block': 45,
    'key-made': 30,
    'keys-destroyed': 8,
    'observed certificate': 11,
    'observed certificate-request': 1,
    'observed efuses-before-door': 10,
    'observed finishes-run': 1,
    'observed firmware': 13,
    'observed flash': 13,
    'observed image': 64,
    'observed key-block-given-up': 1,
    'observed key-unwrapped': 4,
    'observed provisioning': 1,
    'observed rsa-key-destroyed': 1,
    'observed storage': 1,
    planned: 13,
    'run-ended': 7,
    'run-started': 15,
    'step-passed': 75,
    'step-started': 81,
    'verified bits': 51,
    'verified boot': 8,
    'verified device-encryption': 1,
    'verified flash': 64,
    'verified key-block': 43,
    'verified sealed-boot': 8,
    waived: 1,
  });
});

test('the records that were sealed from it follow from its events as they are read today', async (t) => {
  const { ledger } = await book(t, { file: layKeptLedger(folder(t)), station: keptStation });
  for (const board of ['01', '02', '03', '04', '06', '0b', '0c']) {
    const { sealed, runs } = await ledger.history(keptBoard(board));
    const { run, events } = runs.at(-1)!;
    assert.ok(sealed, board);
    const { station, sealedAt, software } = sealed;
    assert.equal(canonicalJson(sealedRecordOf(run, events, { station, sealedAt, software })), canonicalJson(sealed));
  }
  // Of this one the run that shut its door says what it is, and the run that found it that it is the one.
  const { sealed, runs } = await ledger.history(keptBoard('07'));
  const [stopped, found] = runs;
  const { station, sealedAt, software } = sealed!;
  const facts = { station, sealedAt, software };
  const again = sealedRecordOf({ ...stopped!.run, id: found!.run.id }, [...stopped!.events, ...found!.events], facts);
  assert.equal(canonicalJson(again), canonicalJson(sealed));
});

test('what was burned into its boards is known: keys in their blocks, blocks given up, a device that encrypted itself', async (t) => {
  const { ledger } = await book(t, { file: layKeptLedger(folder(t)), station: keptStation });
  const past = async (board: string) => burnHistoryOf(await ledger.history(keptBoard(board)));
  const cut = await past('08');
  assert.equal(cut.run, (await ledger.history(keptBoard('08'))).runs[0]!.run.id);
  assert.deepEqual(
    cut.slots.map(({ slot, role, part, proven, keyAtHand }) => [slot, role, part, proven, keyAtHand]),
    [
      [0, 'flash-encryption', 'low', true, true],
      [1, 'flash-encryption', 'high', true, true],
      [2, 'ecdsa-identity', 'whole', false, true],
    ],
  );
  assert.deepEqual((await past('04')).givenUp, [1]);
  assert.deepEqual((await past('06')).encryptedIn?.run, (await ledger.history(keptBoard('06'))).runs[0]!.run.id);
  assert.equal((await past('0d')).run, null, 'a board that was refused comes untouched');
});
