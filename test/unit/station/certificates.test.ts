// Certificates of devices and batches, from rows of a real ledger, judged by the page that is given to auditors (docs/verifier.html).
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { systemClock } from '../../../main/base/clock.ts';
import { silentLog } from '../../../main/base/log.ts';
import { hashOfParts } from '../../../main/ledger/chain.ts';
import { openSqliteLedger, restoreSqliteLedger } from '../../../main/ledger/sqlite/open.ts';
import { isFault } from '../../../main/model/fault.ts';
import type { Signer, SignScheme } from '../../../main/signing/signer.ts';
import { batchCertificate, birthCertificate } from '../../../main/station/certificates.ts';
import { Checkpoints } from '../../../main/station/checkpoints.ts';
import { batchSheet, deviceSheet } from '../../../main/station/desk/reports/certificate-page.ts';
import { drawPdfApart } from '../../../main/station/desk/reports/pdf-drawing.ts';
import { judgedByPage, verifierPage } from '../../interop/certificate-judges.ts';
import { damaged, drawOf, forged, otherForms } from '../../interop/damage.ts';
import { book, keyBlock, mac, recipe, record, run, sealBoard } from '../ledger/book.ts';
import { ScriptedSigner } from './scripted-signer.ts';

const page = verifierPage();

/** A line of one order for five: two sealed, one refused, one burned, one condemned; a sixth try that met no chip. */
async function line(t: TestContext) {
  const { ledger, file } = await book(t);
  const { signer } = new ScriptedSigner();
  const checkpoints = new Checkpoints({ ledger, signer, clock: systemClock, log: silentLog, embeddedToken: true });
  t.after(() => checkpoints.close());
  await ledger.putRecipe(recipe, '{}');
  const times = { openedAt: '2026-11-22T09:00:00.000Z', closedAt: null };
  await ledger.openBatch({ id: 'B-1', order: 'PO 4711 \u2014 \u5e83\u5cf6', recipe, count: 5, ...times });
  await ledger.openBatch({ id: 'B-2', order: null, recipe, count: null, ...times });
  await sealBoard(ledger, 'r1', 1, 'B-1');
  await sealBoard(ledger, 'r2', 2, 'B-1');
  const tried = async (id: string, n: number | null, batch: string, burns = false) => {
    await ledger.openRun(run(id, { batch, mac: n === null ? null : mac(n) }));
    if (burns) await ledger.append(id, 'doors', { type: 'intend', what: 'key-block', detail: keyBlock });
    await ledger.endRun(id, { at: '2026-11-22T11:00:00.000Z', outcome: burns ? 'errored' : 'refused', fault: null });
  };
  await tried('r3', 3, 'B-1');
  await tried('r4', 4, 'B-1', true);
  await tried('r5', 5, 'B-1', true);
  await ledger.condemn(mac(5), 'r5', 'torn off');
  await tried('r6', null, 'B-1');
  await sealBoard(ledger, 'r7', 7, 'B-2');
  await ledger.closeBatch('B-1', '2026-11-22T12:00:00.000Z');
  await checkpoints.sign('the end of a batch');
  const parts = { ledger, signer, clock: systemClock };
  const sign = () => checkpoints.sign('a certificate');
  const spki = (await signer.findKey({ label: 'ledger-heads' })).spki!;
  const pem = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }).export({
    type: 'spki',
    format: 'pem',
  }) as string;
  return { ledger, file, parts, sign, pem };
}

test('a device certificate says what the sealed row says, under a signed head, and holds for who has the key', async (t) => {
  const { parts, sign, pem } = await line(t);
  const { bytes, size, digest } = await birthCertificate(parts, mac(1), 'qa-1', sign);
  assert.deepEqual(await judgedByPage(page, bytes, pem), { ok: true, says: `birth ${mac(1)} ${size}` });
  const found = await page.verify(bytes, pem);
  assert.equal(found.digest, digest);
  assert.deepEqual(found.record, JSON.parse(JSON.stringify(record('r1', 1, { batch: 'B-1' }))));
  assert.ok((found.assurance as unknown[]).length > 10);
  const acts = await parts.ledger.acts({ what: 'signed' });
  assert.deepEqual([acts[0]?.by, acts[0]?.about], [['qa-1'], 'ledger-heads'], 'the signature is booked');
});

test('a seal behind the newest head is covered by a new one; what is not sealed, or condemned, has no certificate', async (t) => {
  const { ledger, parts, sign, pem } = await line(t);
  await sealBoard(ledger, 'r8', 8, 'B-2');
  await assert.rejects(
    birthCertificate(parts, mac(8), null, async () => undefined),
    (error) => isFault(error, 'certificate.no-head'),
  );
  const { bytes } = await birthCertificate(parts, mac(8), null, sign);
  assert.equal((await judgedByPage(page, bytes, pem)).ok, true);
  await ledger.condemn(mac(8), null, 'came back burned');
  for (const [n, code] of [
    [3, 'certificate.not-sealed'],
    [99, 'certificate.not-sealed'],
    [5, 'certificate.condemned'],
    [8, 'certificate.condemned'],
  ] as const)
    await assert.rejects(birthCertificate(parts, mac(n), null, sign), (error) => isFault(error, code));
});

test('after a ceremony certificates are by the accepted key, under a head that it signs first; without one by no other', async (t) => {
  const { ledger, parts, pem } = await line(t);
  const other = new ScriptedSigner();
  const signer = new Proxy(other, {
    get: (target, name) =>
      name === 'findKey'
        ? () => target.findKey({ label: 'other-heads' })
        : name === 'sign'
          ? (_: unknown, ...asked: [SignScheme, Uint8Array]) => target.sign({ label: 'other-heads' }, ...asked)
          : Reflect.get(target, name),
  }) as unknown as Signer;
  const warned: string[] = [];
  const log = { ...silentLog, warn: (event: string) => void warned.push(event) };
  const checkpoints = new Checkpoints({ ledger, signer, clock: systemClock, log });
  t.after(() => checkpoints.close());
  const later = { ...parts, signer };
  const sign = () => checkpoints.sign('a certificate');
  await ledger.openRun(run('r20', { mac: mac(20) }));
  await assert.rejects(birthCertificate(later, mac(1), null, sign), (error) => isFault(error, 'token.head-key'));
  assert.deepEqual(warned, ['ledger-head-not-signed'], 'nobody accepted it');
  const detail = {
    label: 'b',
    serial: '2',
    keys: [],
    reason: 'the old one burned',
    kept: [],
    others: ['ledger-heads'],
  };
  await ledger.noteAct({ what: 'token-known', by: ['q1', 'e2'], about: 'own', detail: { ...detail, lost: [] } });
  const { bytes } = await birthCertificate(later, mac(1), null, sign);
  const spki = Buffer.from((await signer.findKey({ label: 'ledger-heads' })).spki!);
  const newPem = createPublicKey({ key: spki, format: 'der', type: 'spki' }).export({ type: 'spki', format: 'pem' });
  assert.equal((await judgedByPage(page, bytes, newPem as string)).ok, true);
  assert.equal((await judgedByPage(page, bytes, pem)).ok, false, 'the key before did not sign it');
  const batch = await batchCertificate(later, 'B-1', null, sign);
  assert.equal((await judgedByPage(page, batch.bytes, newPem as string)).ok, true);
  const { broken, signed } = await ledger.verify();
  assert.deepEqual([broken, signed?.changes?.length], [null, 1]);
});

test('a certificate from before an older copy was put back holds still; of what the copy lacks none is given', async (t) => {
  const { ledger, file, parts, sign, pem } = await line(t);
  const copy = `${file}.copy`;
  await ledger.backup(copy);
  await sealBoard(ledger, 'r8', 8, 'B-2');
  const before = await birthCertificate(parts, mac(8), null, sign);
  await ledger.close();
  await restoreSqliteLedger({ file, from: copy, by: ['q1', 'e2'], clock: systemClock });
  const restored = await openSqliteLedger({ file, station: 'line-1', clock: systemClock });
  t.after(() => restored.close());
  const checkpoints = new Checkpoints({ ledger: restored, signer: parts.signer, clock: systemClock, log: silentLog });
  t.after(() => checkpoints.close());
  const now = { ...parts, ledger: restored };
  const signNow = () => checkpoints.sign('a certificate');
  assert.equal((await judgedByPage(page, before.bytes, pem)).ok, true);
  await assert.rejects(birthCertificate(now, mac(8), null, signNow), (error) => {
    assert.ok(isFault(error, 'certificate.not-sealed'));
    return /older copy/.test(error.next);
  });
  const kept = await birthCertificate(now, mac(1), null, signNow);
  assert.equal((await judgedByPage(page, kept.bytes, pem)).ok, true);
});

test('a batch certificate counts every board that was begun, to the last chip', async (t) => {
  const { ledger, parts, sign, pem } = await line(t);
  const { bytes, counts, size } = await batchCertificate(parts, 'B-1', null, sign);
  const states = { sealed: 2, refused: 1, 'burned, not sealed': 1, condemned: 1 };
  assert.deepEqual(
    { ...counts, states: { ...counts.states } },
    { ordered: 5, boards: 5, states, unidentified: 1, left: 3 },
  );
  assert.deepEqual(await judgedByPage(page, bytes, pem), { ok: true, says: `batch B-1 ${size}` });
  const open = await batchCertificate(parts, 'B-2', null, sign);
  assert.deepEqual([open.batch.closedAt, open.counts.left, open.counts.boards], [null, null, 1]);
  assert.equal((await judgedByPage(page, open.bytes, pem)).ok, true);
  // the burned one is finished in another batch
  await sealBoard(ledger, 'r9', 4, 'B-2');
  const later = await batchCertificate(parts, 'B-1', null, sign);
  assert.equal(later.counts.states['sealed in another batch'], 1);
  assert.equal((await judgedByPage(page, later.bytes, pem)).ok, true);
  await assert.rejects(batchCertificate(parts, 'B-9', null, sign), (error) => isFault(error, 'certificate.no-batch'));
});

test('a certificate goes on one sheet of paper, in any script, with the file itself inside', async (t) => {
  const { parts, sign } = await line(t);
  const device = await birthCertificate(parts, mac(1), null, sign);
  const batch = await batchCertificate(parts, 'B-1', null, sign);
  for (const [certificate, sheet] of [
    [device, deviceSheet(device)],
    [batch, batchSheet(batch)],
  ] as const) {
    const pdf = Buffer.from(await drawPdfApart(sheet)).toString('latin1');
    assert.equal(pdf.match(/\/Type \/Page\n/g)?.length, 1);
    assert.ok(pdf.includes(sheet.attached.name), 'the certificate is inside');
    assert.equal(sheet.code, `sha256:${certificate.digest}`);
  }
  assert.equal(batchSheet(batch).verdict, '5 ordered, 2 sealed, 3 left; 5 boards begun');
});

test('nothing is certified of rows or tables that somebody changed', async (t) => {
  const { file, parts, sign } = await line(t);
  const db = new Database(file);
  t.after(() => db.close());
  const sealed = db.prepare('SELECT sealed_row FROM devices WHERE mac = ?').pluck();
  const [one, two] = [sealed.get(mac(1)), sealed.get(mac(2))] as [number, number];
  db.prepare('UPDATE devices SET sealed_row = ? WHERE mac = ?').run(two, mac(1));
  await assert.rejects(birthCertificate(parts, mac(1), null, sign), (error) => isFault(error, 'ledger.seal-changed'));
  await assert.rejects(parts.ledger.proveSeals([mac(1)]), (error) => isFault(error, 'ledger.table-edited'));
  db.prepare('UPDATE devices SET sealed_row = ? WHERE mac = ?').run(one, mac(1));
  // the row says another serial number and gives its hash, but is not the one that was signed
  const [row] = (await (async () => {
    const rows: Record<string, unknown>[] = [];
    for await (const exported of parts.ledger.exportRows()) if (exported.row === two) rows.push(exported);
    return rows;
  })()) as [{ at: string; kind: string; run: string; prev: string; body: unknown }];
  const body = JSON.stringify(row.body).replace('SN-2', 'SN-9');
  db.prepare('UPDATE entries SET body = ? WHERE row = ?').run(body, two);
  await assert.rejects(birthCertificate(parts, mac(2), null, sign), (error) => isFault(error, 'ledger.seal-changed'));
  await assert.rejects(parts.ledger.proveSeals([mac(2)]), (error) => isFault(error, 'ledger.chain-broken'));
  const hash = hashOfParts({ ...row, row: two }, body);
  db.prepare('UPDATE entries SET hash = ? WHERE row = ?').run(Buffer.from(hash, 'hex'), two);
  for (const certificate of [
    () => birthCertificate(parts, mac(1), null, sign),
    () => batchCertificate(parts, 'B-1', null, sign),
  ])
    await assert.rejects(certificate, (error) => isFault(error, 'ledger.chain-broken'));
});

test('no damage, no other form and no forgery goes unseen', async (t) => {
  const { parts, sign, pem } = await line(t);
  const birth = await birthCertificate(parts, mac(1), null, sign);
  const batch = await batchCertificate(parts, 'B-1', null, sign);
  const draw = drawOf(11);
  const [proof] = await parts.ledger.proveSeals([mac(1)]);
  const wrong = [birth.bytes, batch.bytes].flatMap((file) => [
    ...Array.from({ length: 100 }, () => damaged(file, draw)),
    ...otherForms(file),
  ]);
  const sealed = { row: proof!.row, path: proof!.path! };
  for (let n = 0; n < 12; n++) wrong.push(forged(birth.record, sealed, proof!.head!, birth.bytes, draw));
  const unseen = await Promise.all(wrong.map(async (file, n) => ((await judgedByPage(page, file, pem)).ok ? [n] : [])));
  assert.deepEqual(unseen.flat(), []);
  // without a key from elsewhere an own key passes, and the page says so
  const byOwnKey = await Promise.all(wrong.slice(-12).map((file) => judgedByPage(page, file, null)));
  assert.ok(
    byOwnKey.some(({ ok }) => ok),
    'a forgery that is right in all but its key',
  );
});
