import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { builtEntry, builtFolder } from '../../../main/boot/built.mjs';
import { stampFile } from '../../../main/boot/stamp.mjs';
import { buildProgram } from '../../../main/start/program-bundle.ts';
import { programFolder, programVersion } from '../../../main/start/program-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'fuseline-built-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const made = new Date('2026-11-20T10:00:00Z');

/** A project of one source, built. */
function project(name: string): { readonly root: string; readonly source: string } {
  const root = join(folder, name);
  const source = join(root, 'main', 'start', 'terminal.ts');
  mkdirSync(join(root, 'main', 'start'), { recursive: true });
  mkdirSync(join(root, 'node_modules'));
  writeFileSync(source, 'export {};');
  utimesSync(source, made, made);
  writeFileSync(stampFile(root), 'packages');
  mkdirSync(builtFolder(root), { recursive: true });
  writeFileSync(join(builtFolder(root), 'terminal.mjs'), '');
  return { root, source };
}

test('what was built is used for as long as nothing is another one than it was made from', () => {
  const { root, source } = project('kept');
  const built = join(builtFolder(root), 'terminal.mjs');
  assert.equal(builtEntry(root, 'terminal'), built);
  assert.equal(builtEntry(root, 'desktop'), null, 'an entry that was not built');
  process.env.FUSELINE_SOURCES = '1';
  assert.equal(builtEntry(root, 'terminal'), null, 'the sources are asked for');
  delete process.env.FUSELINE_SOURCES;

  utimesSync(source, made, new Date('2026-11-20T09:00:00Z'));
  assert.equal(builtEntry(root, 'terminal'), null, 'a source of another time, also of an older one');
  utimesSync(source, made, made);
  assert.equal(builtEntry(root, 'terminal'), built);

  const more = join(root, 'main', 'more.json');
  writeFileSync(more, '{}');
  assert.equal(builtEntry(root, 'terminal'), null, 'a source more');
  rmSync(more);
  writeFileSync(stampFile(root), 'other packages');
  assert.equal(builtEntry(root, 'terminal'), null, 'other packages');
});

test('a project that was moved or copied is built anew: what is built names its place', () => {
  const { root } = project('moved');
  const copy = join(folder, 'copy');
  cpSync(root, copy, { recursive: true, preserveTimestamps: true });
  assert.equal(builtEntry(copy, 'terminal'), null);
  renameSync(root, join(folder, 'elsewhere'));
  assert.equal(builtEntry(join(folder, 'elsewhere'), 'terminal'), null);
});

test('the program is built whole, with each file that it starts as a thread or a process', async () => {
  if (builtEntry(programFolder, 'terminal') === null) await buildProgram();
  for (const name of ['thread', 'segment-thread', 'token-process', 'forwarder-thread', 'pdf-thread', 'label-thread'])
    assert.ok(builtEntry(programFolder, name), name);
  const said = execFileSync(process.execPath, [builtEntry(programFolder, 'terminal')!, '--version'], {
    encoding: 'utf8',
  });
  assert.equal(said.trim(), programVersion());
});
