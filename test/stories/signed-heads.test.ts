// Heads and certificates that the station's own token signs, judged by the terminal, by somebody else's libraries (Go's sumdb/tlog and note,
// go-cose) and by the page for auditors.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { utf8 } from '../../main/base/bytes.ts';
import { witnessText } from '../../main/ledger/cosignature.ts';
import { openSqliteLedger } from '../../main/ledger/sqlite/open.ts';
import { ownWitness, takeCosignature, witnessHead } from '../../main/station/witnessing.ts';
import { buildGoJudge, judgedByGo, judgedByPage, verifierPage } from '../interop/certificate-judges.ts';
import { damaged, drawOf, otherForms } from '../interop/damage.ts';
import { faultsOf, noToken, recipeNamed, type Stage, setStage } from './stage.ts';

let stage: Stage;
let folder: string;
before(async () => {
  if (noToken !== false) return;
  stage = await setStage();
  folder = mkdtempSync(join(tmpdir(), 'fuseline-heads-'));
  for (const n of [0, 1])
    await stage.provision(recipeNamed('esp32c3-production'), [`virtual:esp32c3?pacing=none&mac=30:ed:a0:00:30:0${n}`]);
});
after(async () => {
  await stage?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

test('every batch ends with a head by one key of the token, over all rows before it', { skip: noToken }, async () => {
  assert.equal(faultsOf(stage), '');
  const { ledger, signer } = stage.station.parts;
  const { rows, broken, edited, signed } = await ledger.verify();
  assert.deepEqual([broken, edited], [null, null]);
  assert.deepEqual([signed?.heads, signed?.size, signed?.unsigned], [2, rows - 1, 1]);
  const key = await signer.findKey({ label: 'ledger-heads' });
  assert.equal(signed?.key, key.publicKeySha256);
  assert.deepEqual([key.use, key.extractable], ['ledger', false]);
});

const noGo = (() => {
  if (noToken !== false) return noToken;
  const ran = spawnSync('go', ['version'], { encoding: 'utf8' });
  return ran.status === 0 ? false : 'no Go on this machine';
})();

test("Go's tlog, note and COSE libraries, and the auditor's page, find what the token signed, and what was changed", {
  skip: noGo,
}, async (t) => {
  const built = buildGoJudge(folder);
  if ('cannot' in built) return t.skip(`Go cannot build its judge here: ${built.cannot}`);
  const { station } = stage;
  const { ledger } = station.parts;
  const [batch] = await ledger.batches();
  const certificates = [
    await station.certifyDevice('30:ed:a0:00:30:00', null),
    await station.certifyDevice('30:ed:a0:00:30:01', null),
    await station.certifyBatch(batch!.id, null),
  ].map(({ bytes }) => bytes);
  let lines = '';
  for await (const part of ledger.exportLines()) lines += part.lines;
  const { signedBefore } = await ledger.treeHead();
  const files = [utf8(lines), ...certificates];
  const draw = drawOf(7);
  const wrong = [
    utf8(lines.replace('"esp32c3"', '"esp32c6"')),
    utf8(lines.slice(0, lines.indexOf('\n') + 1).repeat(2) + lines),
    ...Array.from({ length: 20 }, () => damaged(utf8(lines), draw)),
    ...certificates.flatMap((file) => [...otherForms(file), ...Array.from({ length: 50 }, () => damaged(file, draw))]),
  ];
  const byGo = judgedByGo(built.program, [...files, ...wrong], signedBefore!.publicKey);
  const page = verifierPage();
  for (const [at, file] of files.entries())
    assert.deepEqual(byGo[at], await judgedByPage(page, file, signedBefore!.publicKey), `file ${at}`);
  assert.match(byGo[0]!.says, new RegExp(`^${lines.split('\n').length - 1} rows, 3 heads, the newest over `));
  assert.ok(byGo.slice(0, files.length).every(({ ok }) => ok));
  for (const [at, file] of wrong.entries()) {
    const seen = [byGo[files.length + at]!.ok, (await judgedByPage(page, file, signedBefore!.publicKey)).ok];
    assert.deepEqual(seen, [false, false], `damage ${at}`);
  }
});

test("a head that another station's token cosigned is opened by Go's note library with both keys", {
  skip: noGo,
}, async (t) => {
  const built = buildGoJudge(folder);
  if ('cannot' in built) return t.skip(`Go cannot build its judge here: ${built.cannot}`);
  const { station } = stage;
  const { ledger, clock } = station.parts;
  const other = await openSqliteLedger({ file: join(folder, 'other.sqlite'), station: 'line 2', clock });
  t.after(() => other.close());
  // the same token: it is the ledgers that differ
  const witness = { ...station.parts, ledger: other, embeddedToken: true };
  const { signedBefore } = await ledger.treeHead();
  const request = await station.askWitness({});
  const note = await witnessHead(witness, { request, key: signedBefore!.publicKey }, null);
  const vkey = witnessText(await ownWitness(witness));
  const file = join(folder, 'cosigned.head');
  const judge = (text: string) => {
    writeFileSync(file, text);
    return spawnSync(built.program, ['cosigned', file, vkey, signedBefore!.publicKey], { encoding: 'utf8' });
  };
  assert.equal(judge(note).stdout, 'cosigned by fuseline/line%202/witness\n');
  assert.notEqual(judge(note.replace('system-clock', 'system_clock')).status, 0);
  assert.notEqual(judge(note.slice(0, note.lastIndexOf('\u2014'))).status, 0);
  const { size } = await takeCosignature(station.parts, { answer: note, witness: vkey }, null);
  const { broken, signed } = await ledger.verify({ cosigners: [vkey] });
  assert.deepEqual([broken, signed?.witnessed?.[0]?.size], [null, size]);
});
