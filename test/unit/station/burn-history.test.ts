// What the book tells the next run of a board, wherever the run before was cut off. The events are those of real runs.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { DeviceHistory } from '../../../main/ledger/ledger.ts';
import type { StoredEvent } from '../../../main/model/event.ts';
import { burnHistoryOf, recordedBefore } from '../../../main/station/burn-history.ts';
import { recipeNamed } from '../../stories/stage.ts';
import { Rig, siliconOf } from './parts.ts';

const loaded = recipeNamed('esp32c3-production');

let whole: DeviceHistory;
let events: readonly StoredEvent[] = [];

/** The book after the first `count` events of the run. */
const after = (count: number): DeviceHistory => ({
  ...whole,
  runs: [{ ...whole.runs[0]!, events: events.slice(0, count) }],
});

/** Place of the n-th event of a type, from 0. */
function placeOf(type: StoredEvent['event']['type'], nth = 0): number {
  return events.flatMap(({ event }, at) => (event.type === type ? [at] : []))[nth]!;
}

before(async () => {
  const rig = new Rig(loaded);
  // before the seal: with it the wrapped keys go
  let kept: DeviceHistory | null = null;
  rig.book.beforeSeal = async ({ chip }) => {
    kept = await rig.book.history(chip.mac);
  };
  assert.equal((await rig.run(siliconOf(loaded))).outcome, 'passed');
  whole = kept!;
  events = whole.runs[0]!.events;
});

test('a run that meant to burn nothing leaves a board untouched, and its keys are nobody’s', () => {
  const { run, slots, keys, givenUp, encryptedIn } = burnHistoryOf(after(placeOf('intend')));
  assert.deepEqual([run, slots, [...keys], givenUp, encryptedIn], [null, [], [], [], null]);
});

test('an intent alone counts: the slot may hold the key, nobody has seen it', () => {
  const { run, slots, keys } = burnHistoryOf(after(placeOf('intend') + 1));
  assert.equal(run, 'R-1');
  assert.equal(slots.length, 1);
  assert.deepEqual([slots[0]!.proven, slots[0]!.keyAtHand], [false, true]);
  assert.deepEqual([...keys.keys()], [slots[0]!.role]);
  assert.equal(keys.get(slots[0]!.role)?.fingerprint, slots[0]!.fingerprint);
});

test('that it was burned proves nothing; that it was read back and found right does', () => {
  assert.deepEqual(
    burnHistoryOf(after(placeOf('burned') + 1)).slots.map(({ proven }) => proven),
    [false],
  );
  const at = events.findIndex(({ event }, i) => i > placeOf('burned') && event.type === 'verified');
  assert.deepEqual(
    burnHistoryOf(after(at + 1)).slots.map(({ proven }) => proven),
    [true],
  );
});

test('of a whole run every secret is known by slot, and digests are not: they are known by what they are', () => {
  const { slots, keys } = burnHistoryOf(whole);
  assert.deepEqual(slots.map(({ role }) => role).sort(), ['flash-encryption', 'hmac-up']);
  assert.ok(slots.every(({ proven, part, keyAtHand }) => proven && part === 'whole' && keyAtHand));
  assert.equal(keys.size, 2);
});

test('a key whose wrapped form is gone, or is another one’s, is not at hand', () => {
  const gone = burnHistoryOf({ ...whole, openKeys: [] });
  assert.ok(gone.slots.every(({ keyAtHand }) => keyAtHand === false));
  assert.equal(gone.keys.size, 0);
  const others = whole.openKeys.map((key) => ({ ...key, fingerprint: '00'.repeat(32) }));
  assert.equal(burnHistoryOf({ ...whole, openKeys: others }).keys.size, 0);
});

test('a later run proves what an earlier one meant, and does not unprove what it proved', async () => {
  const intent = events.slice(0, placeOf('intend') + 1);
  const proof = events.slice(
    0,
    events.findIndex(({ event }, i) => i > placeOf('burned') && event.type === 'verified') + 1,
  );
  const second = { ...whole.runs[0]!, run: { ...whole.runs[0]!.run, id: 'R-2' } };
  const both = (first: readonly StoredEvent[], then: readonly StoredEvent[]) =>
    burnHistoryOf({
      ...whole,
      runs: [
        { ...whole.runs[0]!, events: first },
        { ...second, events: then },
      ],
    });
  for (const history of [both(intent, proof), both(proof, intent)]) {
    assert.equal(history.run, 'R-2');
    assert.deepEqual(
      history.slots.map(({ proven }) => proven),
      [true],
    );
  }
});

test('a run that takes a key up again knows it by what it unwrapped; a block that was given up stays so', async () => {
  const rig = new Rig(loaded);
  // the second key does not take; the third program is the digest
  const chip = siliconOf(loaded, {
    faults: [
      { kind: 'dead-bit', after: 2 },
      { kind: 'power-cut-after-burn', after: 7 },
    ],
  });
  assert.equal((await rig.run(chip)).fault?.code, 'burn.coding-error');
  const first = burnHistoryOf(await rig.book.history(chip.identity.mac));
  assert.equal(first.givenUp.length, 1);
  assert.equal((await rig.run(chip)).fault?.code, 'burn.lost-contact');
  const then = burnHistoryOf(await rig.book.history(chip.identity.mac));
  assert.equal(then.run, 'R-2');
  assert.deepEqual(then.givenUp, first.givenUp);
  const ofFlash = (history: typeof first) => history.slots.filter(({ role }) => role === 'flash-encryption');
  assert.deepEqual(ofFlash(then), ofFlash(first), 'the same key in the same slot');
  chip.powerOn();
  assert.equal((await rig.run(chip)).outcome, 'passed');
});

test('events of the run that wrote the flash belong to the record only where the device has encrypted it since', () => {
  const history = { ...burnHistoryOf(whole), encryptedIn: { run: 'R-0', events } };
  assert.deepEqual(recordedBefore(history, true), []);
  assert.deepEqual(recordedBefore(history, false), events);
  assert.deepEqual(recordedBefore(burnHistoryOf(whole), false), []);
});
