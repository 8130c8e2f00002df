// A printer that is a file: labels hold proofs of possession, and the file must be nowhere else and nobody else's.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parsePrinter, printLabel } from '../../main/station/desk/labels/printer.ts';

test('no path leads out of the folder of printed labels', () => {
  for (const address of [
    'file:///etc/cron.d/x',
    'file:///../x',
    'file:///..',
    'file:///.bashrc',
    'file:///a/b',
    'file:///a%2Fb',
    'file:///%2e%2e%2fx',
    'file:///a\\b',
    'file:///x\0y',
    'file:x',
    'file://host/x',
    'file:////x',
  ])
    assert.throws(() => parsePrinter(address), { code: 'printer.address' }, address);
});

test('the file is its owner’s alone, whatever the umask and whoever made it; no link, no FIFO', {
  skip: process.platform === 'win32' && 'no modes',
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-printed-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const printed = join(folder, 'printed');
  const umask = process.umask(0);
  t.after(() => process.umask(umask));
  await printLabel('file:///labels.zpl', '^XA^XZ', printed);
  assert.equal(statSync(join(printed, 'labels.zpl')).mode & 0o777, 0o600);
  assert.equal(statSync(printed).mode & 0o777, 0o700);
  writeFileSync(join(printed, 'old.zpl'), '');
  chmodSync(join(printed, 'old.zpl'), 0o644);
  await printLabel('file:///old.zpl', '^XA^XZ', printed);
  assert.equal(statSync(join(printed, 'old.zpl')).mode & 0o777, 0o600);
  const elsewhere = join(folder, 'elsewhere');
  symlinkSync(elsewhere, join(printed, 'link.zpl'));
  execFileSync('mkfifo', [join(printed, 'fifo.zpl')]);
  mkdirSync(join(printed, 'folder.zpl'));
  for (const name of ['link', 'fifo', 'folder'])
    await assert.rejects(printLabel(`file:///${name}.zpl`, '^XA^XZ', printed), { code: 'printer.unreachable' }, name);
  assert.equal(existsSync(elsewhere), false);
});

test('whatever else listens at a printer’s address gets one line, and no command of its own', async (t) => {
  const got: string[] = [];
  const server = createServer((socket) => socket.on('data', (data) => got.push(String(data)))).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await printLabel(`tcp://127.0.0.1:${port}`, '^XA^FX\r\nFLUSHALL\r\nDATA\n^FS^XZ\n', tmpdir());
  assert.equal(got.join(''), '~JX^XA^FXFLUSHALLDATA^FS^XZ');
});
