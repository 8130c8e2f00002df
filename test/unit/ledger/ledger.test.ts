import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { SecretBytes } from '../../../main/base/secret.ts';
import { openSqliteLedgerForReading } from '../../../main/ledger/sqlite/open.ts';
import { isFault } from '../../../main/model/fault.ts';
import { book, keyMade, mac, note, recipe, record, run, sealBoard } from './book.ts';

test('one board from the first run to the seal can be asked for in every way', async (t) => {
  const { ledger } = await book(t);
  await ledger.openBatch({
    id: 'B-1',
    order: 'PO 4711',
    recipe,
    count: 10,
    openedAt: '2026-11-22T09:00:00.000Z',
    closedAt: null,
  });
  await ledger.putRecipe(recipe, '{"name":"sensor"}');
  await ledger.putRecipe(recipe, '{"name":"sensor"}');
  await ledger.openRun(run('r1', { batch: 'B-1' }));
  await ledger.append('r1', null, { type: 'run-started', fixture: 'nest-1', operator: 'op-7' });
  await ledger.bindRun('r1', { mac: mac(1), serial: 'SN-1', chip: 'esp32p4' });
  const stored = await ledger.append('r1', 'prepare', keyMade('key-1', Uint8Array.of(1, 2, 3, 4)));
  assert.equal(stored.seq, 1);
  assert.deepEqual(stored.event, { ...keyMade('key-1'), wrapped: null });
  await ledger.endRun('r1', {
    at: '2026-11-22T10:00:30.000Z',
    outcome: 'errored',
    fault: { class: 'token', code: 'token.gone', what: 'Gone.', next: 'Back.', safety: 'resumable', details: {} },
  });

  const between = await ledger.history(mac(1));
  assert.equal(between.sealed, null);
  assert.equal(between.runs.length, 1);
  assert.equal(between.runs[0]?.run.fault?.code, 'token.gone');
  assert.deepEqual(
    between.runs[0]?.events.map(({ seq, step, event }) => [seq, step, event.type]),
    [
      [0, null, 'run-started'],
      [1, 'prepare', 'key-made'],
    ],
  );
  assert.deepEqual(between.openKeys, [
    {
      run: 'r1',
      role: 'flash-encryption',
      fingerprint: 'key-1',
      wrapped: { wrappingKeyId: '01', mechanism: 'AES_KEY_WRAP_PAD', data: 'AQIDBA==' },
    },
  ]);

  await ledger.openRun(run('r2', { batch: 'B-1', startedAt: '2026-11-22T10:01:00.000Z' }));
  await ledger.bindRun('r2', { mac: mac(1), serial: 'SN-1', chip: 'esp32p4' });
  const seal = await ledger.seal(record('r2', 1, { batch: 'B-1' }));
  assert.match(seal.hash, /^[0-9a-f]{64}$/);
  const report = await ledger.verify({ remembered: [seal] });
  assert.deepEqual(
    { rows: report.rows, head: report.head, broken: report.broken },
    { rows: seal.row, head: seal.hash, broken: null },
  );

  const after = await ledger.history(mac(1));
  assert.equal(after.sealed?.run, 'r2');
  assert.deepEqual(after.openKeys, []);
  assert.equal(after.runs[1]?.run.outcome, 'passed');
  assert.equal((await ledger.sealedDevice('SN-1'))?.chip.mac, mac(1));
  assert.equal((await ledger.sealedDevice(mac(1)))?.serial, 'SN-1');
  assert.equal(await ledger.sealedDevice('SN-2'), null);
  assert.equal(await ledger.claimedBy('serial', 'SN-1'), mac(1));
  assert.equal(await ledger.claimedBy('fingerprint', 'key-1'), mac(1));
  assert.equal(await ledger.claimedBy('certificate', 'C0FFEE1'), mac(1));
  assert.equal(await ledger.claimedBy('public-key', '041'), mac(1));
  assert.equal(await ledger.claimedBy('fingerprint', 'ef'.repeat(32)), null, 'a product digest is no claim');
  assert.deepEqual(await ledger.counts('B-1'), { passed: 1, failed: 0, refused: 0, errored: 1, aborted: 0 });
  assert.deepEqual(
    (await ledger.runs({ batch: 'B-1' })).map(({ id }) => id),
    ['r2', 'r1'],
  );
  const [device] = await ledger.devices({ text: 'sn-' });
  assert.deepEqual(device, {
    mac: mac(1),
    serial: 'SN-1',
    chip: 'esp32p4',
    recipe,
    batch: 'B-1',
    outcome: 'passed',
    sealedAt: '2026-11-22T10:00:45.000Z',
    lastRun: 'r2',
    lastAt: '2026-11-22T10:00:45.000Z',
    attempts: 2,
    condemned: false,
  });
  await ledger.closeBatch('B-1', '2026-11-22T18:00:00.000Z');
  assert.equal((await ledger.batches())[0]?.closedAt, '2026-11-22T18:00:00.000Z');
  assert.deepEqual(await ledger.recipe(recipe.hash), { ref: recipe, text: '{"name":"sensor"}' });
});

test('a board is sealed once, and what identifies it exists once', async (t) => {
  const { ledger } = await book(t);
  await sealBoard(ledger, 'r1', 1);
  const duplicateOf = (field: string, value: string, holder: string) => (error: unknown) => {
    assert.ok(isFault(error, 'ledger.duplicate'), String(error));
    assert.deepEqual(error.details, { field, value, run: holder, mac: mac(1) });
    return true;
  };
  await ledger.openRun(run('again', { mac: mac(1) }));
  await assert.rejects(ledger.seal(record('again', 1)), duplicateOf('mac', mac(1), 'r1'));
  await ledger.openRun(run('r2'));
  await assert.rejects(ledger.bindRun('r2', { mac: mac(2), serial: 'SN-1' }), duplicateOf('serial', 'SN-1', 'r1'));
  await ledger.bindRun('r2', { mac: mac(2), serial: 'SN-2' });
  await assert.rejects(ledger.append('r2', 'prepare', keyMade('key-1')), duplicateOf('fingerprint', 'key-1', 'r1'));
  const certificate = { key: 'ecdsa-p256', serial: 'C0FFEE1', publicKey: '042', pem: '-----', sha256: '00' } as const;
  for (const [change, field, value] of [
    [{}, 'certificate', 'C0FFEE1'],
    [{ serial: 'C0FFEE2', publicKey: '041' }, 'public-key', '041'],
  ] as const)
    await assert.rejects(
      ledger.append('r2', 'prepare', { type: 'observed', what: 'certificate', value: { ...certificate, ...change } }),
      duplicateOf(field, value, 'r1'),
      'before anything is burned',
    );
  const { identity, keys } = record('r2', 2);
  assert.ok(identity);
  await assert.rejects(ledger.seal(record('r2', 2, { serial: 'SN-1' })), duplicateOf('serial', 'SN-1', 'r1'));
  await assert.rejects(
    ledger.seal(record('r2', 2, { identity: { ...identity, publicKey: '041' } })),
    duplicateOf('public-key', '041', 'r1'),
  );
  await assert.rejects(
    ledger.seal(record('r2', 2, { identity: { ...identity, certificateSerial: 'C0FFEE1' } })),
    duplicateOf('certificate', 'C0FFEE1', 'r1'),
  );
  await assert.rejects(
    ledger.seal(record('r2', 2, { keys: [...keys, { role: 'hmac-up', blocks: [8], fingerprint: 'key-1' }] })),
    duplicateOf('fingerprint', 'key-1', 'r1'),
  );
  await ledger.seal(record('r2', 2));
  assert.equal((await ledger.verify()).broken, null);
});

test('a serial stays with its board: the same board may try again, another may not have it', async (t) => {
  const { ledger } = await book(t);
  await ledger.openRun(run('r1'));
  await ledger.bindRun('r1', { serial: 'SN-9' });
  assert.equal(await ledger.claimedBy('serial', 'SN-9'), null, 'nobody has it before a board is known');
  await ledger.bindRun('r1', { mac: mac(1) });
  assert.equal(await ledger.claimedBy('serial', 'SN-9'), mac(1));
  await ledger.endRun('r1', { at: '2026-11-22T10:00:09.000Z', outcome: 'failed', fault: null });
  await ledger.openRun(run('r2', { mac: mac(1), serial: 'SN-9' }));
  await assert.rejects(ledger.openRun(run('r3', { mac: mac(2), serial: 'SN-9' })), (error) =>
    isFault(error, 'ledger.duplicate'),
  );
});

test('no secret gets into the book', async (t) => {
  const { ledger } = await book(t);
  await ledger.openRun(run('r1', { mac: mac(1) }));
  const { head } = await ledger.verify();
  const secret = SecretBytes.adopt(new Uint8Array(32).fill(7));
  for (const value of [secret, { deep: [secret] }, new Uint8Array(4), 5n, Number.NaN])
    await assert.rejects(ledger.append('r1', 'prepare', note(value as unknown as string)), (error) =>
      isFault(error, 'ledger.misuse'),
    );
  const pem = '-----BEGIN EC PRIVATE KEY-----\nMHcC';
  await assert.rejects(ledger.append('r1', null, note(pem)), (error) => isFault(error, 'ledger.misuse'));
  await assert.rejects(ledger.append('r1', null, { type: 'progress', done: 1, total: 2, unit: 'bytes' }), (error) =>
    isFault(error, 'ledger.misuse'),
  );
  assert.equal((await ledger.verify()).head, head);
});

test('what no caller should ask is refused and leaves no row', async (t) => {
  const { ledger } = await book(t);
  await ledger.openRun(run('r1', { mac: mac(1) }));
  const { head } = await ledger.verify();
  const refused = (work: Promise<unknown>) => assert.rejects(work, (error) => isFault(error, 'ledger.misuse'));
  await refused(ledger.append('nobody', null, note('x')));
  await refused(ledger.openRun(run('r1')));
  await refused(ledger.bindRun('r1', { mac: mac(2) }));
  await refused(ledger.bindRun('nobody', { mac: mac(2) }));
  await refused(ledger.openRun(run('r2', { mac: 'AABBCC' })));
  await refused(ledger.seal(record('r1', 2)));
  await refused(ledger.closeBatch('none', '2026-11-22T10:00:00.000Z'));
  await refused(ledger.condemn(mac(5), null, 'never seen'));
  assert.equal((await ledger.verify()).head, head);
  await ledger.endRun('r1', { at: '2026-11-22T10:00:00.000Z', outcome: 'failed', fault: null });
  await refused(ledger.endRun('r1', { at: '2026-11-22T10:00:00.000Z', outcome: 'passed', fault: null }));
  await refused(ledger.seal(record('r1', 1)));
});

test('a condemned board says why, loses its wrapped keys, and cannot be sealed', async (t) => {
  const { ledger } = await book(t);
  await ledger.openRun(run('r1', { mac: mac(1) }));
  await ledger.append('r1', 'prepare', keyMade('key-1', Uint8Array.of(9, 9)));
  await ledger.condemn(mac(1), 'r1', 'BLOCK_KEY2 cannot be read back');
  const history = await ledger.history(mac(1));
  assert.deepEqual(history.openKeys, []);
  assert.equal(history.condemned?.reason, 'BLOCK_KEY2 cannot be read back');
  assert.equal((await ledger.devices({}))[0]?.condemned, true);
  assert.deepEqual(await ledger.devices({ outcome: 'open' }), []);
  await assert.rejects(ledger.seal(record('r1', 1)), (error) => isFault(error, 'ledger.misuse'));
});

test('keys of a board that comes back can be dropped without a verdict', async (t) => {
  const { ledger } = await book(t);
  await ledger.openRun(run('r1', { mac: mac(1) }));
  await ledger.append('r1', 'prepare', keyMade('key-1', Uint8Array.of(9, 9)));
  await ledger.dropKeys(mac(1), 're-keyed into BLOCK_KEY3');
  await ledger.dropKeys(mac(1), 'nothing left to drop');
  const history = await ledger.history(mac(1));
  assert.deepEqual([history.openKeys, history.condemned], [[], null]);
  const kinds: unknown[] = [];
  for await (const row of ledger.exportRows()) kinds.push(row.kind);
  assert.deepEqual(kinds, ['genesis', 'run-opened', 'event', 'keys-dropped']);
});

test('a closed book refuses and says so', async (t) => {
  const { ledger } = await book(t);
  await ledger.openRun(run('r1'));
  await ledger.close();
  await ledger.close();
  await assert.rejects(ledger.openRun(run('r2')), (error) => isFault(error, 'ledger.closed'));
  await assert.rejects(ledger.devices({}), (error) => isFault(error, 'ledger.closed'));
});

test('a condemned board keeps its first reason and day; its keys go when people say so', async (t) => {
  const { ledger } = await book(t);
  await ledger.openRun(run('r1', { mac: mac(1) }));
  await ledger.append('r1', 'prepare', keyMade('key-1', Uint8Array.of(9, 9)));
  await ledger.condemn(mac(1), 'r1', 'the first reason', { keepKeys: true });
  const first = (await ledger.history(mac(1))).condemned;
  await ledger.condemn(mac(1), 'r1', 'another reason', { keepKeys: true });
  const again = await ledger.history(mac(1));
  assert.deepEqual([again.condemned, again.openKeys.length], [first, 1]);
  await ledger.condemn(mac(1), null, 'nobody needs it', { by: ['al', 'bo'] });
  const after = await ledger.history(mac(1));
  assert.deepEqual([after.condemned, after.openKeys.length], [first, 0]);
  const kinds: unknown[] = [];
  for await (const row of ledger.exportRows()) kinds.push(row.kind);
  assert.deepEqual(kinds, ['genesis', 'run-opened', 'event', 'condemned', 'condemned']);
});

test('a released board is open again, without its keys; a sealed one is not released', async (t) => {
  const { ledger, file } = await book(t);
  await ledger.openRun(run('r1', { mac: mac(1) }));
  await ledger.append('r1', 'prepare', keyMade('key-1', Uint8Array.of(9, 9)));
  await ledger.condemn(mac(1), 'r1', 'the first reason', { keepKeys: true });
  await ledger.release(mac(1), ['al', 'bo'], 'for another product');
  const { condemned, released, openKeys } = await ledger.history(mac(1));
  assert.deepEqual([condemned, openKeys], [null, []]);
  assert.deepEqual([released?.by, released?.reason, released?.after], [['al', 'bo'], 'for another product', 'r1']);
  assert.equal((await ledger.devices({ outcome: 'open' })).length, 1);
  await assert.rejects(ledger.release(mac(7), ['al', 'bo'], 'never seen'), (error) => isFault(error, 'ledger.misuse'));
  await ledger.openRun(run('r2', { mac: mac(1) }));
  await ledger.seal(record('r2', 1));
  await assert.rejects(ledger.release(mac(1), ['al', 'bo'], 'sealed'), (error) => isFault(error, 'ledger.misuse'));
  await ledger.close();
  const reader = await openSqliteLedgerForReading(file);
  t.after(() => reader.close());
  assert.deepEqual((await reader.history(mac(1))).released, released);
});

test('threads serve one book after the other, and nothing of one reaches the next', async (t) => {
  const started: Worker[] = [];
  const count = (worker: Worker) => void started.push(worker);
  process.on('worker', count);
  t.after(() => process.off('worker', count));
  const first = await book(t);
  await first.ledger.openRun(run('r1'));
  await first.ledger.close();
  started.length = 0;
  const second = await book(t);
  assert.equal(started.length, 0, 'the threads of the first book serve the second one');
  assert.equal(await second.ledger.run('r1'), null);
  assert.equal((await second.ledger.head()).row, 1);
  await assert.rejects(first.ledger.run('r1'), { code: 'ledger.closed' });
  await second.ledger.openRun(run('r2'));

  // what began and was refused rests as well; what ended by surprise does not
  await second.ledger.close();
  await assert.rejects(openSqliteLedgerForReading(`${second.file}.none`), { code: 'ledger.none' });
  const again = await openSqliteLedgerForReading(second.file);
  assert.equal((await again.run('r2'))?.id, 'r2');
  assert.equal(started.length, 0);
  await again.close();
});

test('a thread that ended by surprise is told, and serves nobody afterwards', { timeout: 30_000 }, async (t) => {
  const started: Worker[] = [];
  const count = (worker: Worker) => void started.push(worker);
  process.on('worker', count);
  t.after(() => process.off('worker', count));
  // more than rest: at least one is new
  const books = await Promise.all([1, 2, 3].map(() => book(t)));
  assert.ok(started.length > 0);
  await Promise.all(started.map((worker) => worker.terminate()));
  const answers = await Promise.allSettled(books.flatMap(({ ledger }) => [ledger.head(), ledger.openRun(run('r'))]));
  assert.ok(answers.some(({ status }) => status === 'rejected'));
  for (const answer of answers) if (answer.status === 'rejected') assert.equal(answer.reason.code, 'ledger.closed');
  await Promise.allSettled(books.map(({ ledger }) => ledger.close()));
  const { ledger } = await book(t);
  await ledger.openRun(run('r'));
  assert.equal((await ledger.run('r'))?.id, 'r');
});
