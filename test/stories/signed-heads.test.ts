// Heads that the station's own token signs, checked by the terminal and by somebody else's libraries (Go's sumdb/tlog and note).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
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

const judge = fileURLToPath(new URL('../interop/heads', import.meta.url));
const noGo = (() => {
  if (noToken !== false) return noToken;
  const ran = spawnSync('go', ['version'], { encoding: 'utf8' });
  return ran.status === 0 ? false : 'no Go on this machine';
})();

test("Go's tlog and note libraries find the same root under the same signature, and a changed row", {
  skip: noGo,
}, async (t) => {
  const { ledger } = stage.station.parts;
  const work = join(folder, 'go');
  cpSync(judge, work, { recursive: true });
  const built = spawnSync('go', ['build', '-o', join(folder, 'heads'), '.'], {
    cwd: work,
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (built.status !== 0) return t.skip(`Go cannot build its judge here: ${built.stderr.slice(0, 200)}`);
  let lines = '';
  for await (const part of ledger.exportLines()) lines += part.lines;
  const { signedBefore } = await ledger.treeHead();
  const file = join(folder, 'export.jsonl');
  const judged = (text: string) => {
    writeFileSync(file, text);
    return spawnSync(join(folder, 'heads'), [file, signedBefore!.publicKey], { encoding: 'utf8' });
  };
  const whole = judged(lines);
  const rows = lines.split('\n').length - 1;
  assert.equal(whole.stdout, `${rows} rows, 2 heads, the newest over ${rows - 1}\n`, whole.stderr);
  for (const changed of [
    lines.replace('"esp32c3"', '"esp32c6"'),
    lines.slice(0, lines.indexOf('\n') + 1).repeat(2) + lines,
  ]) {
    const found = judged(changed);
    assert.notEqual(found.status, 0, found.stdout);
  }
  assert.ok(readFileSync(file).length > 0);
});
