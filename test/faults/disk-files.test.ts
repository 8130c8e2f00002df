// Disks below the station's own files: full, not to be written, settings cut in half. Which file it is, that the rest is whole, what to do.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isFault } from '../../main/model/fault.ts';
import { openDesk } from '../../main/start/open-desk.ts';
import { DeskFile } from '../../main/station/desk/desk-file.ts';
import { diskFault, putFile } from '../../main/station/kept-file.ts';

const program = fileURLToPath(new URL('./disk-program.ts', import.meta.url));

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'fuseline-disk-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test('a full disk: the file is named, what was in it is whole, nobody is let in uncounted, and it goes on with room', (t) => {
  const at = join(folder(t), 'small');
  mkdirSync(at);
  const run = `'${process.execPath}' '${program}' '${at}'`;
  const mount = `mount -t tmpfs -o size=64k none '${at}'`;
  if (spawnSync('unshare', ['-rm', 'sh', '-c', mount]).status !== 0)
    return t.skip('this machine does not let a test mount a small file system');
  // the last bytes are taken as well, so that not even a small file fits
  const script = `${mount} && ${run} fill; cat /dev/zero > '${at}/rest' 2> /dev/null; ${run} more; rm '${at}/rest'; mount -o remount,size=4m '${at}' && ${run} more`;
  const { stdout, stderr } = spawnSync('unshare', ['-rm', 'sh', '-c', script], { encoding: 'utf8' });
  const [filled, kept, more] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(filled.refused, `disk.full ${join(at, 'desk.json')}`, stdout + stderr);
  assert.ok(filled.kept > 10);
  assert.equal(filled.read, filled.kept, 'the settings of before are there');
  assert.equal(kept.people, 1);
  assert.deepEqual(more, { login: 'al', refused: null }, stdout + stderr);
  // with not a byte left the count cannot be kept: the program said so and let nobody in
  assert.match(stderr, /disk\.full|lockout\.json/);
});

test('a place that cannot be written, and what is no matter of the disk', (t) => {
  const path = folder(t);
  writeFileSync(join(path, 'taken'), 'a file');
  assert.throws(
    () => putFile(join(path, 'taken', 'desk.json'), '{}'),
    (fault) => {
      assert.ok(isFault(fault, 'disk.read-only'));
      assert.match(fault.what, /desk\.json cannot be written/);
      return true;
    },
  );
  const told = (code: string) => {
    const fault = diskFault('/data/x', Object.assign(new Error('x'), { code }));
    return isFault(fault) ? fault.code : null;
  };
  assert.deepEqual(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE'].map(told), [
    'disk.full',
    'disk.full',
    'disk.read-only',
    'disk.failed',
    null,
  ]);
});

test('settings that a power cut left in half: the start says which file, and loses none', async (t) => {
  const data = folder(t);
  const file = join(data, 'desk.json');
  putFile(file, JSON.stringify({ version: 1, fixtures: [{ name: 'a', address: 'virtual:esp32c3' }], printer: null }));
  assert.equal(new DeskFile(file).fixtures?.length, 1);
  // a write that was cut short lies beside it, and changes nothing
  writeFileSync(`${file}.new`, '{"versi');
  assert.equal(new DeskFile(file).fixtures?.length, 1);
  const whole = readFileSync(file, 'utf8');
  writeFileSync(file, whole.slice(0, whole.length / 2));
  await assert.rejects(openDesk({ data }), (fault) => {
    assert.ok(isFault(fault, 'desk.damaged'));
    assert.ok(fault.what.includes(file));
    return true;
  });
  assert.equal(readFileSync(file, 'utf8'), whole.slice(0, whole.length / 2), 'it is left as it was found');
});
