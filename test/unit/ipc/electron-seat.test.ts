// The program that specs start in Electron, without Electron's own: it opens the boards that a test chose and leaves the station for it.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { withoutSoftHsm } from '../signing/soft-token.ts';
import { app, FakeWindow, toldOf } from './fake-electron.ts';

test('the seat in Electron is the program itself, on boards of its own', {
  skip: withoutSoftHsm,
  timeout: 60_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-seat-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  process.argv.push(`--bench=${JSON.stringify({ folder, demonstration: { fixtures: 3, pacing: 'none' } })}`);
  await import('../../e2e/electron-main.ts');
  app.isReady();
  const { desk, dataFolder } = await globalThis.fuselineBench;
  assert.deepEqual(toldOf('errorBox'), []);
  assert.equal(dataFolder, folder);
  assert.equal((await desk.answers['line.snapshot']({}, 'test')).fixtures.length, 3);
  assert.equal(FakeWindow.last?.loaded, 'app://fuseline/index.html');
  const closed = new Promise<void>((resolve) => {
    app.on('will-quit', () => {
      if (toldOf('quit').length > 1) resolve();
    });
  });
  app.quit();
  await closed;
});
