// The record as a fold over the events of a real run: what is not said is not in it, and what every record must say is not made up.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { StoredEvent } from '../../../main/model/event.ts';
import { isFault } from '../../../main/model/fault.ts';
import type { RunRecord, SealedRecord } from '../../../main/model/record.ts';
import { identityIn, sealedRecordOf } from '../../../main/station/sealed-record.ts';
import { recipeNamed } from '../../stories/stage.ts';
import { Rig, siliconOf } from './parts.ts';

const facts = {
  station: 'line-1',
  sealedAt: '2026-11-22T11:00:00.000Z',
  software: { name: 'fuseline', version: '0.0.0' } as const,
};

let run: RunRecord;
let events: readonly StoredEvent[] = [];
let record: SealedRecord;

before(async () => {
  // an identity, a challenge, keys of two blocks: all that a record may say of a plain board
  const loaded = recipeNamed('esp32p4-production');
  const rig = new Rig(loaded);
  const end = await rig.run(siliconOf(loaded, { revision: 301 }));
  assert.equal(end.outcome, 'passed', end.fault?.what);
  [run] = rig.book.runRecords as [RunRecord];
  events = rig.book.stored.get(run.id)!;
  record = sealedRecordOf(run, events, facts);
});

const without = (...dropped: StoredEvent['event'][]) => events.filter(({ event }) => !dropped.includes(event));
const first = (fits: (event: StoredEvent['event']) => boolean) => events.find(({ event }) => fits(event))!.event;
const isIncomplete = (what: RegExp) => (error: unknown) =>
  isFault(error, 'seal.incomplete') && what.test(error.what) && error.safety === 'resumable';

test('it says of the board what the run saw and did', () => {
  assert.deepEqual(record.chip, { kind: 'esp32p4', revision: 301, mac: run.mac, packageVersion: 0 });
  assert.equal(record.images.length, 5);
  assert.ok(record.images.some(({ encrypted, plainSha256, flashSha256 }) => encrypted && plainSha256 !== flashSha256));
  assert.deepEqual(record.keys.map(({ role, blocks }) => `${role} ${blocks.length}`).sort(), [
    'ecdsa-identity 1',
    'flash-encryption 2',
    'hmac-up 1',
    'secure-boot-digest-0 1',
  ]);
  assert.ok(record.identity?.certificatePem?.includes('BEGIN CERTIFICATE'));
  const { beforeDoor, afterDoor } = record.bootProof as Record<string, Record<string, unknown>>;
  assert.ok(beforeDoor?.challenge && afterDoor?.challenge && beforeDoor.challenge !== afterDoor.challenge);
  assert.equal(record.sealedAt, facts.sealedAt);
  assert.ok(record.keysDestroyedAt);
});

test('without the identity, the plan or the last read-out there is no record', () => {
  for (const type of ['identified', 'planned'] as const)
    assert.throws(
      () => sealedRecordOf(run, without(first((event) => event.type === type)), facts),
      isIncomplete(/identity and plan/),
    );
  // one before a start that may shut the door, one before the station does
  const isReadOut = ({ event }: StoredEvent) => event.type === 'observed' && event.what === 'efuses-before-door';
  assert.ok(events.some(isReadOut));
  assert.throws(
    () =>
      sealedRecordOf(
        run,
        events.filter((event) => !isReadOut(event)),
        facts,
      ),
    isIncomplete(/read-out before the door/),
  );
});

test('a key whose fingerprint no event says makes no record', () => {
  for (const role of ['flash-encryption', 'ecdsa-identity', 'hmac-up'])
    assert.throws(
      () => sealedRecordOf(run, without(first((event) => event.type === 'key-made' && event.role === role)), facts),
      isIncomplete(new RegExp(`fingerprint of the ${role} key`)),
    );
});

test('what is said again counts as it was said last', () => {
  const made = first((event) => event.type === 'key-made' && event.role === 'hmac-up');
  assert.ok(made.type === 'key-made');
  const again = { ...events[0]!, event: { ...made, fingerprint: 'ee'.repeat(32) } };
  const { keys } = sealedRecordOf(run, [...events, again], facts);
  assert.equal(keys.find(({ role }) => role === 'hmac-up')?.fingerprint, 'ee'.repeat(32));
  const twice = sealedRecordOf(run, [...events, ...events], facts);
  assert.deepEqual(twice, record, 'nothing stands twice in it');
});

test('without a boot proof, a certificate or a destruction it says that there was none', () => {
  const proofs = events.filter(({ step }) => step === 'final-boot-proof').map(({ event }) => event);
  assert.equal(
    (sealedRecordOf(run, without(...proofs), facts).bootProof as { afterDoor?: unknown }).afterDoor,
    undefined,
  );
  const keyless = sealedRecordOf(run, without(first(({ type }) => type === 'keys-destroyed')), facts);
  assert.equal(keyless.keysDestroyedAt, null);
  const before = events.slice(
    0,
    events.findIndex(({ event }) => event.type === 'key-made'),
  );
  assert.equal(identityIn(before), null);
  assert.deepEqual(identityIn(events), record.identity);
});
