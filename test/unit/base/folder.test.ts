import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder } from '../../../main/base/folder.ts';

test('makes a folder with all above it, and is content with one that is there', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'fuseline-folder-'));
  t.after(() => rmSync(root, { recursive: true }));
  makeFolder(join(root, 'a', 'b', 'c'));
  makeFolder(join(root, 'a', 'b', 'c'));
  assert.ok(existsSync(join(root, 'a', 'b', 'c')));
});

test('a place where no folder can be made is an error at once', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'fuseline-folder-'));
  t.after(() => rmSync(root, { recursive: true }));
  writeFileSync(join(root, 'file'), '');
  assert.throws(() => makeFolder(join(root, 'file', 'below')), /ENOTDIR/);
  // Node's own recursive mkdir does not come back from here.
  if (process.platform === 'linux') assert.throws(() => makeFolder('/proc/fuseline/below'), /ENOENT/);
});
