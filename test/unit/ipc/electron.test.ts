// A process of its own: it stands in for Electron's module by a hook of the loader.
// The desktop program's front door without Electron's program: a stand-in for its module hears what it is told. Station, token (in a
// process with a port to its parent) and ledger are real.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SecretBytes } from '../../../main/base/secret.ts';
import type { LineChange, Role } from '../../../main/contract/contract.ts';
import { saying } from '../../../main/words/saying.ts';
import { withoutSoftHsm } from '../signing/soft-token.ts';
import {
  answers,
  app,
  FakeContents,
  FakeWindow,
  handlers,
  heard,
  protocols,
  sessionGuards,
  told,
  toldOf,
} from './fake-electron.ts';

async function until(what: () => unknown): Promise<void> {
  for (const end = Date.now() + 30_000; !what(); await new Promise((resolve) => setTimeout(resolve, 10)))
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
}

test('the desktop program', { skip: withoutSoftHsm, timeout: 120_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-window-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  process.argv = ['electron', '.', '--data', folder];
  await import('../../../main/start/desktop.ts');

  await t.test('before it is ready: one instance, every page in the sandbox, a scheme of its own', () => {
    assert.equal(toldOf('enableSandbox').length, 1);
    assert.deepEqual(toldOf('schemes')[0], [[{ scheme: 'app', privileges: { standard: true, secure: true } }]]);
    assert.equal(FakeWindow.last, null);
  });

  app.isReady();
  await until(() => FakeWindow.last !== null || toldOf('errorBox').length > 0);
  assert.deepEqual(toldOf('errorBox'), []);
  const window = FakeWindow.last!;

  await t.test('the window has nothing of Node.js in its page', () => {
    const { webPreferences } = window.options;
    const wanted = {
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
    };
    for (const [name, value] of Object.entries(wanted)) assert.equal(webPreferences[name], value, name);
    assert.match(String(webPreferences.preload), /dist.preload\.cjs$/);
    assert.equal(window.loaded, 'app://fuseline/index.html');
  });

  await t.test('no page goes elsewhere, opens windows, holds others, or gets a leave', () => {
    const contents = new FakeContents();
    app.emit('web-contents-created', {}, contents);
    assert.deepEqual(contents.openHandler?.({ url: 'https://example.com' }), { action: 'deny' });
    const isStopped = (name: string, url: string) => {
      let stopped = false;
      contents.emit(name, { url, preventDefault: () => (stopped = true) });
      return stopped;
    };
    for (const url of [
      'https://example.com/',
      'file:///etc/passwd',
      'app://fuseline.example/',
      'app://other/',
      'nonsense',
    ])
      assert.equal(isStopped('will-navigate', url), true, url);
    assert.equal(isStopped('will-navigate', 'app://fuseline/index.html#/line'), false);
    assert.equal(isStopped('will-redirect', 'app://fuseline/'), true);
    assert.equal(isStopped('will-attach-webview', ''), true);

    const answered: unknown[] = [];
    sessionGuards.request?.(...([null, 'media', (given: boolean) => answered.push(given)] as never[]));
    assert.deepEqual([...answered, sessionGuards.check?.(), sessionGuards.device?.()], [false, false, false]);
    const isCancelled = (url: string) => {
      let cancelled: boolean | null = null;
      sessionGuards.before?.(...([{ url }, (answer: { cancel: boolean }) => (cancelled = answer.cancel)] as never[]));
      return cancelled;
    };
    assert.equal(isCancelled('https://example.com/x.js'), true);
    assert.equal(isCancelled('http://127.0.0.1:80/'), true);
    assert.equal(isCancelled('file:///etc/passwd'), true);
    assert.equal(isCancelled('app://fuseline/assets/app.js'), false);
  });

  await t.test('pages come from the list of built files, with the strict policy', async () => {
    const response = await protocols.get('app')!(new Request('app://fuseline/../../package.json'));
    assert.equal(response.status, 404);
    const policy = response.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'.*connect-src 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
  });

  const call = handlers.get('fuseline:call')!;
  const frame = { url: 'app://fuseline/index.html', parent: null };
  const ours = { sender: window.webContents, senderFrame: frame };

  await t.test('calls are heard from the top frame of our own page alone, and judged as in a browser', async () => {
    const answer = (await call(ours, 'line.snapshot', {})) as {
      answer: { demonstration: boolean; fixtures: unknown[] };
    };
    assert.deepEqual([answer.answer.demonstration, answer.answer.fixtures.length], [true, 8]);
    const refusedFrom = async (event: unknown) =>
      ((await call(event, 'line.snapshot', {})) as { fault?: { code: string } }).fault?.code;
    assert.equal(
      await refusedFrom({ ...ours, senderFrame: { ...frame, url: 'https://example.com/' } }),
      'call.stranger',
    );
    assert.equal(await refusedFrom({ ...ours, senderFrame: { ...frame, parent: frame } }), 'call.stranger');
    assert.equal(await refusedFrom({ ...ours, senderFrame: null }), 'call.stranger');
    assert.equal(await refusedFrom({ ...ours, sender: new FakeContents() }), 'call.stranger');
    const { fault } = (await call(ours, 'no.such', {})) as { fault: { code: string } };
    assert.equal(fault.code, 'call.unknown');
  });

  await t.test('a page that crashed is loaded again, but not for ever', () => {
    for (let crash = 0; crash < 5; crash++) window.webContents.emit('render-process-gone', {}, { reason: 'crashed' });
    assert.equal(window.reloads, 3);
    window.webContents.emit('render-process-gone', {}, { reason: 'clean-exit' });
    assert.equal(window.reloads, 3);
  });

  await t.test('a second start brings the window to the front', () => {
    app.emit('second-instance');
    assert.ok(toldOf('restore').length === 1 && toldOf('focus').length === 1);
  });

  await t.test('token and ledger run in utility processes, told nothing by their command lines', () => {
    const started = toldOf('utility') as readonly [string, string[], { stdio: string; serviceName: string }][];
    const names = started.map(([module, words, { stdio, serviceName }]) => {
      assert.deepEqual([words, stdio], [[], 'ignore']);
      return `${serviceName}: ${/[^/\\]+$/.exec(module)?.[0].replace(/\.(ts|js)$/, '')}`;
    });
    const ledger = 'Fuseline ledger: thread';
    assert.deepEqual(names.slice(0, 3), [ledger, ledger, ledger], 'writer, reader, keeper');
    assert.ok(names.includes('Fuseline token: token-process'));
  });

  await t.test('while boards run the computer stays awake and the window open; then it closes when asked', async () => {
    let held = 0;
    const close = () => window.emit('close', { preventDefault: () => held++ });
    close();
    assert.equal(held, 0);
    const recipe = 'esp32p4-production';
    const started = (await call(ours, 'line.start', { recipe, order: null, count: null })) as { fault?: unknown };
    assert.equal(started.fault, undefined);
    await until(() => toldOf('stay awake').length > 0);

    // A page that takes nothing is sent no more than a second's worth; when it takes again it gets the whole line.
    const { sent } = window.webContents;
    await until(() => sent.length > 20);
    const before = sent.length;
    await new Promise((resolve) => setTimeout(resolve, 600));
    assert.equal(sent.length, before);
    heard.emit('fuseline:taken', { sender: new FakeContents(), senderFrame: frame }, sent.at(-1)?.[3]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(sent.length, before, 'another page does not speak for ours');
    heard.emit('fuseline:taken', ours, sent.at(-1)?.[3]);
    await until(() => sent.length > before);
    const [, name, whole] = sent[before] as [string, string, LineChange];
    assert.deepEqual([name, whole.fixtures.length, whole.names.length], ['line.change', 8, 8]);
    const last = sent[before - 1] as [string, string, LineChange];
    assert.ok(whole.seq > last[2].seq + 1, 'changes were left out');

    close();
    assert.equal(held, 1);
    assert.equal(toldOf('messageBox').length, 1);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(toldOf('quit').length, 0);
    answers.messageBox = 1;
    close();
    await until(() => toldOf('quit').length >= 2);
    // The first quit found the station closed or closed it; the second one went through.
    assert.ok(
      told.findLastIndex((one) => one.what === 'quit put off') < told.findLastIndex((one) => one.what === 'quit'),
    );
    assert.equal(existsSync(join(folder, 'ledger.sqlite-wal')), false);
    assert.equal(handlers.size, 0);
  });
});

test('the PIN is sealed in the store of the desktop at its first use, and its file is not needed any more', async (t) => {
  const { keptPin } = await import('../../../main/ipc/electron/pin-keeper.ts');
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-pin-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const sealed = join(folder, 'token-pin.sealed');
  let reads = 0;
  const file = {
    kind: 'file' as const,
    read: async () => {
      reads++;
      return SecretBytes.take(new TextEncoder().encode('27182818'));
    },
  };
  for (let start = 0; start < 2; start++) {
    using pin = await keptPin(sealed, file).read();
    assert.equal(
      pin.use((bytes) => new TextDecoder().decode(bytes)),
      '27182818',
    );
  }
  assert.equal(reads, 1);
  assert.ok(!readFileSync(sealed, 'utf8').includes('27182818'));
  assert.equal(statSync(sealed).mode & 0o777, 0o600);
  writeFileSync(sealed, 'of another account');
  await assert.rejects(keptPin(sealed, file).read(), { code: 'token.pin-file' });
});

test('a secret out of escrow is shown over the window, in the language of whoever sits there, and goes nowhere else', async () => {
  const { showSecret } = await import('../../../main/ipc/electron/secret-box.ts');
  const window = new FakeWindow({ webPreferences: {} });
  const before = told.length;
  const typed = SecretBytes.adopt(new TextEncoder().encode('00ff00ff'));
  const shown = { mac: 'aa:bb:cc:00:00:01', what: 'jtag-token' as const, typed };
  showSecret(window as never, shown, saying(() => 'es-MX').window);
  const [box, ...more] = told.slice(before);
  assert.deepEqual([box?.what, more, window.webContents.sent], ['messageBox', [], []]);
  const [over, said] = box!.values as [unknown, { title: string; message: string; detail: string }];
  assert.equal(over, window);
  assert.deepEqual([said.title, said.message], ['Token JTAG', '00ff00ff']);
  assert.match(said.detail, /aa:bb:cc:00:00:01/);
});

test('words that no desktop program needs end it before anything is opened', async () => {
  const start = async (words: string[], how: string) => {
    const before = told.length;
    process.argv = ['electron', '.', ...words];
    await import(`../../../main/start/desktop.ts?${how}`);
    return told.slice(before);
  };
  const [box, end, ...more] = await start(['--remote-debugging-port=9222'], 'debugged');
  assert.deepEqual([box?.what, end, more], ['errorBox', { what: 'exit', values: [3] }, []]);
  assert.match(String(box?.values[1]), /does not take "--remote-debugging-port=9222".*\[desktop\.word\]$/s);
  app.switches.add('no-sandbox'); // by a wrapper, or by the environment: it is no word then
  const [without] = await start([], 'open');
  app.switches.clear();
  assert.match(String(without?.values[1]), /without the sandbox.*\[desktop\.no-sandbox\]$/s);
});

test('a kiosk has no menu, comes back over the screen, and closes for an engineer or a custodian alone', async () => {
  const { holdKiosk } = await import('../../../main/ipc/electron/kiosk.ts');
  const window = new FakeWindow({ webPreferences: {} });
  let roles: Role[] = [];
  holdKiosk(window as never, () => roles, saying(() => 'es-MX').window);
  assert.deepEqual(toldOf('menu'), [[null]]);
  const asked = toldOf('messageBox').length;
  const isHeld = () => {
    let held = false;
    window.emit('close', { preventDefault: () => (held = true) });
    return held;
  };
  assert.equal(isHeld(), true, 'with nobody there');
  assert.match(JSON.stringify(toldOf('messageBox').at(-1)), /Esta ventana se queda/);
  assert.equal(isHeld(), true);
  assert.equal(toldOf('messageBox').length, asked + 1, 'it is said once at a time');
  for (const [role, held] of [
    ['operator', true],
    ['qa', true],
    ['engineer', false],
    ['custodian', false],
  ] as const) {
    roles = [role];
    assert.equal(isHeld(), held, role);
  }
  window.emit('leave-full-screen');
  window.emit('minimize');
  assert.deepEqual([toldOf('kiosk'), toldOf('restore').length], [[[true]], 2]);
});

test('a second instance leaves without opening anything', async () => {
  app.hasLock = false;
  process.argv = ['electron', '.'];
  await new Promise((resolve) => setImmediate(resolve)); // the quit of the program before is through
  const before = told.length;
  const quit = once(app, 'will-quit');
  await import(`../../../main/start/desktop.ts?second=${before}`);
  await quit;
  assert.deepEqual(
    told.slice(before).map((one) => one.what),
    ['quit'],
  );
});
