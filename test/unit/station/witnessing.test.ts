// Stations that see each other's heads, over real ledgers: what a witness cosigns, what it refuses, and what an audit makes of it.
import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { copyFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { p256 } from '@noble/curves/nist.js';
import { fromHex } from '../../../main/base/bytes.ts';
import { systemClock } from '../../../main/base/clock.ts';
import { headLine, parseCheckpoint } from '../../../main/ledger/checkpoint.ts';
import { witnessText } from '../../../main/ledger/cosignature.ts';
import type { Ledger } from '../../../main/ledger/ledger.ts';
import { isFault } from '../../../main/model/fault.ts';
import { batchCertificate, birthCertificate } from '../../../main/station/certificates.ts';
import { batchSheet, deviceSheet } from '../../../main/station/desk/reports/certificate-page.ts';
import {
  askWitness,
  cosignedHere,
  ownWitness,
  takeCosignature,
  witnessHead,
} from '../../../main/station/witnessing.ts';
import { judgedByPage, verifierPage } from '../../interop/certificate-judges.ts';
import { book, headPair, mac, recipe, run, sealBoard, signHead } from '../ledger/book.ts';
import { ScriptedSigner } from './scripted-signer.ts';

const nothing = async () => undefined;
const key = headPair.publicKey.export({ type: 'spki', format: 'pem' }) as string;
const partsOf = (ledger: Ledger) => ({ ledger, signer: new ScriptedSigner().signer, clock: systemClock });
const code = (expected: string) => (error: unknown) => isFault(error, expected);

/** A station with a board and a head, and one that is to see it. */
async function two(t: TestContext) {
  const { ledger, file } = await book(t);
  const { ledger: other } = await book(t, { station: 'line-2' });
  await sealBoard(ledger, 'r1', 1);
  await signHead(ledger);
  const [station, witness] = [partsOf(ledger), partsOf(other)];
  const witnessKey = witnessText(await ownWitness(witness));
  const round = async () => {
    const request = await askWitness(station, {}, nothing);
    const answer = await witnessHead(witness, { request, key }, 'qa-2');
    return await takeCosignature(station, { answer, witness: witnessKey }, 'qa-1');
  };
  return { ledger, file, other, station, witness, witnessKey, round };
}

test('a head goes to a witness and back, and an audit says who saw which rows', async (t) => {
  const { ledger, other, witnessKey, round } = await two(t);
  const seen = await round();
  assert.deepEqual([seen.name, seen.size], ['fuseline/line-2/witness', 7]);
  await sealBoard(ledger, 'r2', 2);
  await signHead(ledger);
  const again = await round();
  assert.ok(again.size > seen.size);
  const { broken, signed } = await ledger.verify();
  assert.equal(broken, null);
  assert.deepEqual(signed?.witnessed, [{ ...again, key: witnessKey, by: 'own word' }]);
  const given = await ledger.verify({ cosigners: [witnessKey], key });
  assert.deepEqual([given.broken, given.signed?.witnessed?.[0]?.by], [null, 'given key']);
  const [act] = await other.acts({ what: 'head-witnessed' });
  assert.deepEqual([act?.by, act?.detail.size], [['qa-2'], again.size]);
  const [kept] = await cosignedHere(other);
  assert.deepEqual([kept?.size, (await ledger.verify({ witnesses: [kept!.note] })).broken], [again.size, null]);
});

test('the line is what c2sp.org/tlog-cosignature says, by a reader of our own hand', async (t) => {
  const { station, witness, witnessKey } = await two(t);
  const request = await askWitness(station, {}, nothing);
  assert.match(request, /^old 0\n\nfuseline\/line-1\/\S+\n7\n[\w+/]{43}=\n/);
  const note = await witnessHead(witness, { request, key }, null);
  const [name, id, base64] = vkeyOf(witnessKey);
  const raw = Buffer.from(base64!, 'base64');
  assert.equal(raw[0], 4);
  assert.equal(createHash('sha256').update(`${name}\n`).update(raw).digest('hex').slice(0, 8), id);
  const line = note.trimEnd().split('\n').at(-1)!;
  const bytes = Buffer.from(line.slice(`\u2014 ${name} `.length), 'base64');
  assert.deepEqual([bytes.length, bytes.toString('hex', 0, 4)], [76, id]);
  const message = `cosignature/v1\ntime ${bytes.readBigUInt64BE(4)}\n${parseCheckpoint(note)!.text}`;
  const x = raw.subarray(1).toString('base64url');
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  assert.ok(verify(null, Buffer.from(message), publicKey, bytes.subarray(12)));
});

/** Base64 may have plus signs itself. */
function vkeyOf(text: string): string[] {
  const [name, id, ...rest] = text.split('+');
  return [name!, id!, rest.join('+')];
}

test('a witness refuses a rollback and a fork, says so in a row, and has cosigned nothing', async (t) => {
  const { ledger, file, other, station, witness, round } = await two(t);
  const copy = `${file}-old`;
  copyFileSync(file, copy);
  copyFileSync(`${file}-wal`, `${copy}-wal`);
  await sealBoard(ledger, 'r2', 2);
  await signHead(ledger);
  await round();
  // the older copy in the place of the ledger, and the people there still have its key
  const { ledger: older } = await book(t, { file: copy });
  const rolled = await askWitness(partsOf(older), {}, nothing);
  await assert.rejects(witnessHead(witness, { request: rolled }, 'qa-2'), code('witness.rollback'));
  // it grows on beyond what was seen, with other boards
  for (const n of [3, 4, 5]) await sealBoard(older, `r${n}`, n);
  await signHead(older);
  const last = (await other.acts({ what: 'head-witnessed' }))[0]!.detail;
  const forked = await askWitness(partsOf(older), { old: Number(last.size) }, nothing);
  await assert.rejects(witnessHead(witness, { request: forked }, null), code('witness.fork'));
  await assert.rejects(
    witnessHead(witness, { request: await askWitness(partsOf(older), {}, nothing) }, null),
    code('witness.old'),
  );
  const refused = await other.acts({ what: 'head-refused' });
  assert.deepEqual(
    refused.map(({ detail }) => detail.reason),
    ['witness.fork', 'witness.rollback'],
  );
  assert.ok(parseCheckpoint(String(refused[0]!.detail.note)) !== null, 'the signed head is kept: it proves the fork');
  assert.equal((await other.acts({ what: 'head-witnessed' })).length, 1);
  // the true one goes on
  await sealBoard(ledger, 'r9', 9);
  await signHead(ledger);
  await witnessHead(witness, { request: await askWitness(station, {}, nothing) }, null);
});

test('what is no request, of nobody known, of another key or of the witness itself is refused with a sentence', async (t) => {
  const { ledger, station, witness, witnessKey, round } = await two(t);
  const request = await askWitness(station, {}, nothing);
  await assert.rejects(witnessHead(witness, { request: 'hello' }, null), code('witness.request'));
  await assert.rejects(
    witnessHead(witness, { request: request.replace('old 0', 'old 99') }, null),
    code('witness.request'),
  );
  await assert.rejects(witnessHead(witness, { request }, null), code('witness.unknown'));
  await assert.rejects(witnessHead(witness, { request, key: 'hello' }, null), code('audit.key'));
  const changed = request.replace('for a test', 'for b test');
  await assert.rejects(witnessHead(witness, { request: changed, key }, null), code('witness.signature'));
  await assert.rejects(witnessHead(station, { request, key }, null), code('witness.own'));
  const answer = await witnessHead(witness, { request, key }, null);
  const taking = (text: string, of = witnessKey, asked?: string) =>
    takeCosignature(station, { answer: text, witness: of, ...(asked === undefined ? {} : { request: asked }) }, null);
  await assert.rejects(taking(answer, 'hello'), code('audit.witness-key'));
  await assert.rejects(taking('hello'), code('witness.answer'));
  await assert.rejects(taking(parseCheckpoint(answer)!.text), code('witness.answer'));
  const { note } = (await ledger.proveGrowth(0))!.head;
  await assert.rejects(taking(note), code('witness.not-cosigned'));
  await assert.rejects(takeCosignature(witness, { answer, witness: witnessKey }, null), code('witness.not-ours'));
  await assert.rejects(askWitness(station, { old: 1000 }, nothing), code('witness.old'));
  // a witness elsewhere gives its line alone
  const line = answer.slice(answer.lastIndexOf('\u2014'));
  assert.equal((await taking(line, witnessKey, request)).size, 7);
  await round();
  assert.equal((await ledger.acts({ what: 'head-cosigned' })).length, 1, 'said once');
  await ledger.noteAct({ what: 'head-cosigned', by: [], about: 'w2', detail: { size: 3 } });
  await assert.rejects(askWitness(station, {}, nothing), code('witness.which'));
  assert.match((await ledger.verify()).broken?.reason ?? '', /somebody else cosigned a head, and nobody did/);
});

test('a key of another kind cosigns nothing, and a ledger without a head has nothing to show', async (t) => {
  const { witness } = await two(t);
  const { signer } = new ScriptedSigner();
  const wrong = { ...witness, signer: { ...signer, findKey: () => signer.findKey({ label: 'p256' }) } };
  await assert.rejects(ownWitness(wrong as never), code('witness.key'));
  const { ledger } = await book(t);
  await assert.rejects(askWitness(partsOf(ledger), {}, nothing), code('certificate.no-head'));
});

test('who knows the witness finds that its word is missing, and a certificate leads to the head that it saw', async (t) => {
  const { ledger, station, witnessKey, round } = await two(t);
  const missing = await ledger.verify({ cosigners: [witnessKey] });
  assert.match(missing.broken?.reason ?? '', /no head of this book is cosigned by fuseline\/line-2\/witness/);
  await assert.rejects(ledger.verify({ cosigners: ['hello'] }), code('audit.witness-key'));
  const { size } = await round();
  await signHead(ledger);
  const { note } = (await ledger.proveSeals([mac(1)]))[0]!.head!;
  assert.equal(parseCheckpoint(note)!.size, size);
  assert.equal(parseCheckpoint(note)!.signatures.length, 2);
  const spki = fromHex((await ledger.treeHead()).signedBefore!.publicKey);
  const found = { ...(await station.signer.findKey({ label: 'heads' })), spki };
  const signer = {
    findKey: async () => found,
    sign: async (_: unknown, _how: unknown, digest: Uint8Array) => signRaw(digest),
  };
  const parts = { ...station, signer: signer as never };
  const certificate = await birthCertificate(parts, mac(1), null, nothing);
  const { bytes, seen } = certificate;
  assert.deepEqual([seen.length, seen[0]?.name], [1, 'fuseline/line-2/witness']);
  assert.ok(deviceSheet(certificate).footer.some((line) => line.includes('also seen by fuseline/line-2/witness')));
  const page = verifierPage();
  assert.deepEqual(await judgedByPage(page, bytes, key), { ok: true, says: `birth ${mac(1)} ${size}` });
  const told = async (witnesses: readonly string[]) =>
    ((await page.verify(bytes, key, [], witnesses)).head as { seen: { isChecked: boolean }[] }).seen[0]!.isChecked;
  assert.deepEqual(
    [await told([]), await told([witnessKey]), await told(['other+00000000+AAAA'])],
    [false, true, false],
  );
  // of a batch as well, until something of it comes behind what was seen
  const begin = async (id: string, n: number, batch: string) => {
    await ledger.openRun(run(id, { batch, mac: mac(n) }));
    await ledger.endRun(id, { at: '2026-11-22T10:01:00.000Z', outcome: 'failed', fault: null });
  };
  const openedAt = '2026-11-22T09:00:00.000Z';
  await ledger.openBatch({ id: 'B-1', order: null, recipe, count: 2, openedAt, closedAt: null });
  await begin('b1', 5, 'B-1');
  const batch = async () => await batchCertificate(parts, 'B-1', null, async () => void (await signHead(ledger)));
  const before = await batch();
  assert.deepEqual([before.seen.length, before.counts.boards], [0, 1]);
  assert.ok(batchSheet(before).footer.some((line) => line.includes('nobody else has seen this head')));
  const { size: wide } = await round();
  const same = await batch();
  assert.deepEqual([same.seen.map(({ name }) => name), same.size], [['fuseline/line-2/witness'], wide]);
  assert.deepEqual(await judgedByPage(page, same.bytes, key), { ok: true, says: `batch B-1 ${wide}` });
  await begin('x1', 6, 'B-2');
  assert.equal((await batch()).size, wide, 'rows of others');
  await begin('b2', 7, 'B-1');
  const grown = await batch();
  assert.deepEqual([grown.seen.length, grown.counts.boards, grown.size > wide], [0, 2, true]);
  // a row that says so without a cosignature that holds counts for nothing
  const unseen = note.replace(/[A-Za-z0-9+/]{8}(=*)\n$/, 'AAAAAAAA$1\n');
  await ledger.noteAct({ what: 'head-cosigned', by: [], about: 'w', detail: { note: unseen, witness: witnessKey } });
  const [proof] = await ledger.proveSeals([mac(1)]);
  assert.deepEqual([proof!.head!.seen?.length, parseCheckpoint(proof!.head!.note)!.signatures.length], [1, 2]);
});

/** As a token signs a digest with the key of these books' heads. */
function signRaw(digest: Uint8Array): Uint8Array {
  return p256.sign(digest, Buffer.from(headPair.privateKey.export({ format: 'jwk' }).d!, 'base64url'), {
    prehash: false,
  });
}

test('a head on paper finds a ledger that was cut or is another one, without any key', async (t) => {
  const { ledger, file } = await two(t);
  const copy = `${file}-old`;
  copyFileSync(file, copy);
  copyFileSync(`${file}-wal`, `${copy}-wal`);
  await sealBoard(ledger, 'r2', 2);
  await signHead(ledger);
  const line = headLine(parseCheckpoint((await ledger.newestCheckpoint())!)!);
  assert.equal((await ledger.verify({ kept: [line] })).broken, null);
  const { ledger: older } = await book(t, { file: copy });
  assert.match(
    (await older.verify({ kept: [line] })).broken?.reason ?? '',
    /the kept head is over 14 rows, and the book ends/,
  );
  const { ledger: other } = await book(t);
  assert.match((await other.verify({ kept: [line] })).broken?.reason ?? '', /the kept head is of another book/);
  const root = line.replace(/.{6}=$/, 'AAAAAA=');
  assert.match((await ledger.verify({ kept: [root] })).broken?.reason ?? '', /the kept head does not fit rows 1 to/);
  await assert.rejects(ledger.verify({ kept: ['head'] }), code('audit.head'));
});
