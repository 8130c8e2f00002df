import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { textOf, utf8 } from '../../../main/base/bytes.ts';
import { SecretBytes } from '../../../main/base/secret.ts';
import { isFault } from '../../../main/model/fault.ts';
import { filePin, memoryPin } from '../../../main/signing/pin.ts';
import { temporaryFolder } from './soft-token.ts';

const posix = process.platform === 'win32' ? 'Windows keeps file rights elsewhere' : false;

test('a PIN file gives its first line without the line end', async (t) => {
  const folder = temporaryFolder();
  t.after(folder.remove);
  const path = join(folder.path, 'pin');
  for (const text of ['12 34', '12 34\n', '12 34\r\n', '12 34\nnot this']) {
    writeFileSync(path, text, { mode: 0o600 });
    assert.equal((await filePin(path).read()).use(textOf), '12 34');
  }
});

test('a PIN file that others may reach is refused, with the command that mends it', { skip: posix }, async (t) => {
  const folder = temporaryFolder();
  t.after(folder.remove);
  const path = join(folder.path, 'pin');
  writeFileSync(path, '1234');
  for (const mode of [0o640, 0o604, 0o620, 0o644]) {
    chmodSync(path, mode);
    await assert.rejects(filePin(path).read(), (fault) => {
      assert.ok(isFault(fault, 'token.pin-file'));
      assert.match(fault.next, /chmod 600 .*pin/);
      assert.equal(JSON.stringify(fault).includes('1234'), false);
      return true;
    });
  }
  chmodSync(path, 0o400);
  assert.equal((await filePin(path).read()).use(textOf), '1234');
});

test('a PIN file that is missing or empty is a fault of its own', async (t) => {
  const folder = temporaryFolder();
  t.after(folder.remove);
  const path = join(folder.path, 'pin');
  await assert.rejects(filePin(path).read(), (fault) => isFault(fault, 'token.pin-file'));
  writeFileSync(path, '\n', { mode: 0o600 });
  await assert.rejects(filePin(path).read(), (fault) => isFault(fault, 'token.pin-file'));
});

test('a PIN in memory outlives what was lent of it', async () => {
  const kept = SecretBytes.adopt(utf8('1234'));
  const source = memoryPin(kept);
  (await source.read()).destroy();
  assert.equal((await source.read()).use(textOf), '1234');
});
