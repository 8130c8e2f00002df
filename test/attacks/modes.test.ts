// Others on the same computer: what the station writes is its account's alone, whatever the umask, and what was open is closed and said.
import assert from 'node:assert/strict';
import { chmodSync, lstatSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { closeToOthers } from '../../main/start/owner-only.ts';
import { run, testFolder } from '../stories/terminal.ts';
import { withoutSoftHsm } from '../unit/signing/soft-token.ts';

const noModes = process.platform === 'win32' && 'no modes';
const mode = (path: string) => statSync(path).mode & 0o777;

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) =>
    join(entry.parentPath, entry.name),
  );
}

test('a station that was started with an open umask leaves nothing open, nor do its exports', {
  skip: noModes || withoutSoftHsm,
  timeout: 240_000,
}, async (t) => {
  const folder = testFolder(t);
  const data = join(folder, 'data');
  const open = (command: readonly string[]) => ['sh', '-c', 'umask 000; exec "$@"', 'sh', ...command];
  const recipe = 'station-config/recipes/esp32c3-production.yaml';
  const made = await run(['provision', '--recipe', recipe, '--port', 'virtual:esp32c3?pacing=none', '--data', data], {
    wrap: open,
  });
  assert.equal(made.status, 0, made.err);
  const out = join(folder, 'rows.jsonl');
  assert.equal((await run(['audit', 'export', '--out', out, '--data', data], { wrap: open })).status, 0);
  assert.equal(mode(out) & 0o077, 0);
  for (const file of [data, ...filesBelow(data)])
    assert.equal(mode(file) & 0o077, 0, `${file} is ${mode(file).toString(8)}`);
  // as an earlier version left it
  chmodSync(join(data, 'ledger.sqlite'), 0o644);
  const again = await run(['token', 'init', '--recipe', recipe, '--data', data]);
  assert.match(again.err, /ledger\.sqlite was open to others of this computer, and is not any more/);
  assert.equal(mode(join(data, 'ledger.sqlite')), 0o600);
});

test('what lies in the data folder and is none of ours is left alone, and so is where a link leads', {
  skip: noModes,
}, (t) => {
  const data = testFolder(t);
  const outside = join(testFolder(t), 'outside');
  writeFileSync(outside, '');
  for (const file of [outside, join(data, 'notes.txt'), join(data, 'desk.json')]) {
    writeFileSync(file, '');
    chmodSync(file, 0o644);
  }
  mkdirSync(join(data, 'recipes'));
  symlinkSync(outside, join(data, 'recipes', 'link.yaml'));
  chmodSync(data, 0o755);
  const found = closeToOthers(data);
  assert.ok(found.some(({ what, path }) => what === 'folder' && path === data));
  assert.deepEqual([mode(data), mode(outside), mode(join(data, 'notes.txt'))], [0o755, 0o644, 0o644]);
  assert.equal(mode(join(data, 'desk.json')), 0o600);
  assert.ok(lstatSync(join(data, 'recipes', 'link.yaml')).isSymbolicLink());
});
