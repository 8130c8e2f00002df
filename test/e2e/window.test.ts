// What only Electron has: the sandbox, the page's own scheme, the preload, the lock of a second instance, processes beside it, and what
// becomes of boards when a part of it dies or a person wants to leave.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { SecretBytes } from '../../main/base/secret.ts';
import { openSqliteLedgerForReading } from '../../main/ledger/sqlite/open.ts';
import { programFolder } from '../../main/start/program-folder.ts';
import { family } from '../tools/family.ts';
import { waitMs } from './bench.ts';
import { type ElectronBench, type ElectronProgram, inMain, noElectron, openElectronBench } from './electron-seat.ts';
import { goTo, signIn } from './seat.ts';

const recipe = 'esp32p4-production';

async function until<T>(what: () => Promise<T | null | false | undefined>): Promise<T> {
  for (const end = Date.now() + waitMs; Date.now() < end; ) {
    const value = await what();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited ${waitMs / 1000} s in vain for ${what}`);
}

/** Whether a process runs: one that has ended and whom nobody has asked for its status is no more than a line of a list. */
function isThere(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** What the main process shows, as its own page would run it; `page` of Playwright does not outlive a crash. */
const inPage = (app: ElectronProgram, code: string): Promise<unknown> =>
  inMain(app, ({ BrowserWindow }, text) => BrowserWindow.getAllWindows()[0]!.webContents.executeJavaScript(text), code);

const utilities = (app: ElectronProgram): Promise<{ pid: number; name: string }[]> =>
  inMain(app, ({ app: program }) =>
    program
      .getAppMetrics()
      .filter(({ type }) => type === 'Utility')
      .map(({ pid, name, serviceName }) => ({ pid, name: name ?? serviceName ?? '' })),
  );

describe('the window', { skip: noElectron }, () => {
  let bench: ElectronBench;
  let app: ElectronProgram;
  let page: Page;
  before(async () => {
    bench = await openElectronBench({ fixtures: 2, pacing: 'none', changerTimes: { leavesMs: 300, emptyMs: 100 } });
    app = bench.app;
    ({ page } = await bench.window());
  });
  after(() => bench.close());

  it('shows the page of its own scheme, whose process the system holds in its sandbox', {
    skip: process.platform !== 'linux',
  }, async () => {
    assert.equal(await page.title(), 'Fuseline');
    assert.match(page.url(), /^app:\/\/fuseline\/index\.html(#|$)/);
    const pid = await inMain(app, ({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]!.webContents.getOSProcessId(),
    );
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    assert.match(status, /^Seccomp:\t2$/m, 'its calls to the system are filtered');
    assert.match(status, /^NoNewPrivs:\t1$/m);
    assert.doesNotMatch(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), /no-sandbox/);
  });

  it('gives the page two functions of its own, and nothing of Node.js or Electron', async () => {
    const seen = (await page.evaluate(`({
      own: Object.getOwnPropertyNames(globalThis).filter((name) => /^(fuseline|require|process|module|exports|Buffer|global|setImmediate|__.*|.*ipc.*|.*electron.*)$/i.test(name)),
      pane: Object.entries(Object.getOwnPropertyDescriptors(fuseline)).map(([name, { value, writable, configurable }]) => [name, typeof value, writable, configurable]),
      place: (({ writable, configurable }) => [writable, configurable])(Object.getOwnPropertyDescriptor(globalThis, 'fuseline')),
      constructed: (() => { try { return fuseline.call.constructor('return typeof process + typeof require')(); } catch (error) { return error.name; } })(),
    })`)) as { own: string[]; pane: unknown[]; place: unknown[]; constructed: string };
    assert.deepEqual(seen.own, ['fuseline']);
    assert.deepEqual(seen.pane, [
      ['call', 'function', false, false],
      ['on', 'function', false, false],
    ]);
    assert.deepEqual(seen.place, [false, false]);
    assert.ok(['EvalError', 'undefinedundefined'].includes(seen.constructed), seen.constructed);
    const answer = (await page.evaluate(`fuseline.call('no.such', {})`)) as { fault: { code: string } };
    assert.equal(answer.fault.code, 'call.unknown');
    assert.deepEqual(await inMain(app, ({ ipcMain }) => ipcMain.eventNames()), [
      'error', // Electron's own
      'fuseline:taken',
    ]);
  });

  it('has every cipher that the station names: its cryptography is not that of Node.js', async () => {
    const sources = globSync('main/**/*.ts', { cwd: programFolder }).map((file) =>
      readFileSync(join(programFolder, file), 'utf8'),
    );
    const names = [...new Set(sources.flatMap((text) => text.match(/(?<=')aes-[a-z0-9-]+(?=')/g) ?? []))]
      .filter((name) => /^aes-\d+-\w+$/.test(name))
      .sort();
    assert.ok(names.includes('aes-256-ecb') && names.includes('aes-256-gcm'), names.join());
    const missing = await inMain(
      app,
      (_, asked) => {
        const { createCipheriv } = process.getBuiltinModule('crypto');
        return asked.filter((name) => {
          const [, bits, mode] = name.split('-');
          const iv = mode === 'ecb' ? null : new Uint8Array(mode === 'gcm' ? 12 : 16);
          try {
            createCipheriv(name, new Uint8Array(Number(bits) / (mode === 'xts' ? 4 : 8)), iv);
            return false;
          } catch {
            return true;
          }
        });
      },
      names,
    );
    assert.deepEqual(missing, []);
  });

  it('gives a secret out of escrow in a box of its own: to two custodians, never to the page, into no file', async () => {
    const other = { id: 'cus-4', name: 'Custodian 4', roles: ['custodian'] as const, pin: '444400', badge: null };
    await bench.answers['operators.save']({ ...other, roles: [...other.roles] }, 'test');
    await bench.answers['line.start']({ recipe: 'esp32p4-provisioning', order: 'PO-0', count: 1 }, 'op-1');
    await until(async () => (await bench.answers['line.snapshot']({}, 'op-1')).batch?.endedAt);
    const [kept] = (await bench.answers['escrow.list']({ device: null }, 'cus-3')).kept;
    assert.equal(kept?.what, 'proof-of-possession');

    // all that the page is told from here on, and the box, which no test can shut
    await inMain(app, ({ BrowserWindow, dialog, ipcMain }) => {
      const seen = { told: [] as string[], boxes: [] as { message: string; detail?: string }[] };
      const { webContents } = BrowserWindow.getAllWindows()[0]!;
      const send = webContents.send.bind(webContents);
      webContents.send = (...words) => {
        seen.told.push(JSON.stringify(words));
        send(...words);
      };
      type Handler = (...words: unknown[]) => Promise<unknown>;
      const handlers = (ipcMain as unknown as { _invokeHandlers: Map<string, Handler> })._invokeHandlers;
      const answer = handlers.get('fuseline:call')!;
      handlers.set('fuseline:call', async (...words) => {
        const answered = await answer(...words);
        seen.told.push(JSON.stringify(answered));
        return answered;
      });
      const show = dialog.showMessageBox;
      dialog.showMessageBox = (async (_: unknown, box: { message: string }) => {
        seen.boxes.push(box);
        return { response: 0, checkboxChecked: false };
      }) as typeof dialog.showMessageBox;
      const undo = () => {
        webContents.send = send;
        handlers.set('fuseline:call', answer);
        dialog.showMessageBox = show;
      };
      Object.assign(globalThis, { seen, undo });
    });
    type Seen = { told: string[]; boxes: { message: string; detail?: string }[] };
    const seen = () => inMain(app, () => (globalThis as unknown as { seen: Seen }).seen);
    try {
      await signIn(page, 'cus-3');
      await goTo(page, 'station');
      await page.getByRole('tab', { name: 'Escrow' }).click();
      await page.getByRole('button', { name: /^Give out/ }).click();
      const ask = page.getByRole('dialog');
      const fill = async (second: string, pin: string) => {
        await ask.getByLabel('Why it has to come out').fill('came back from the field');
        await ask.getByLabel('Your own PIN').fill('333300');
        await ask.getByLabel('Second custodian, id').fill(second);
        await ask.getByLabel('PIN of the second custodian').fill(pin);
        await ask.getByRole('button', { name: 'Give out' }).click();
      };
      for (const [second, pin, said] of [
        ['cus-4', '111111', /PIN/],
        ['cus-3', '333300', /two different custodians/],
        ['eng-2', '222200', /no custodian/],
      ] as const) {
        await fill(second, pin);
        await page.locator('.notice', { hasText: said }).first().waitFor();
      }
      const refused = await seen();
      assert.deepEqual(refused.boxes, [], 'nobody who was refused sees a box');
      assert.deepEqual((await bench.answers['escrow.list']({ device: null }, 'cus-3')).released, []);
      await fill(other.id, other.pin);
      await ask.waitFor({ state: 'detached' });

      const { boxes, told } = await seen();
      assert.equal(boxes.length, 1);
      const { message, detail } = boxes[0]!;
      const secret = SecretBytes.take(Buffer.from(message, 'latin1'));
      assert.equal(secret.fingerprint(), kept.fingerprint, 'the box shows what was put away');
      assert.match(String(detail), new RegExp(kept.mac));
      assert.ok(told.length > 10 && told.some((one) => one.includes('cus-4')), 'the answers to the page were heard');
      assert.ok(!told.some((one) => one.includes(message)), 'the page was not told');
      assert.ok(!(await page.content()).includes(message));
      for (const file of readdirSync(bench.folder, { recursive: true, withFileTypes: true }))
        if (file.isFile()) {
          const path = join(file.parentPath, file.name);
          assert.ok(!readFileSync(path).includes(message), path);
        }
      await page.getByRole('cell', { name: 'came back from the field' }).waitFor();
    } finally {
      await inMain(app, () => (globalThis as unknown as { undo: () => void }).undo());
    }
    await page.getByRole('button', { name: 'Sign out' }).click();
    await goTo(page, 'line');
  });

  it('runs no script and loads nothing that is not its own', async () => {
    const policy = await page.evaluate(
      `fetch('app://fuseline/index.html').then(() => 'fetched', (error) => error.name)`,
    );
    assert.equal(policy, 'TypeError', 'connect-src is none');
    const broken = (await page.evaluate(`(async () => {
      const broken = [];
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => broken.push(effectiveDirective));
      const add = (tag, what) => document.body.append(Object.assign(document.createElement(tag), what));
      add('script', { textContent: 'globalThis.inline = true' });
      add('script', { src: 'https://example.com/x.js' });
      add('img', { src: 'https://example.com/x.png' });
      add('iframe', { src: 'https://example.com/' });
      add('iframe', { src: 'app://fuseline/index.html' });
      add('object', { data: 'https://example.com/' });
      setTimeout('globalThis.inline = true');
      await new Promise((resolve) => setTimeout(resolve, 200));
      for (const one of document.querySelectorAll('body > :is(script, img, iframe, object)')) one.remove();
      return [String(globalThis.inline), ...new Set(broken)].sort();
    })()`)) as string[];
    assert.deepEqual(broken, ['frame-src', 'img-src', 'object-src', 'script-src', 'script-src-elem', 'undefined']);
    const [status, header] = await inMain(app, async ({ net }) => {
      const response = await net.fetch('app://fuseline/../../package.json');
      return [response.status, response.headers.get('content-security-policy') ?? ''] as const;
    });
    assert.equal(status, 404);
    assert.match(header, /^default-src 'none'/);
  });

  it('goes nowhere else and opens no second window', async () => {
    const before = page.url();
    for (const address of [
      'https://example.com/',
      'file:///etc/passwd',
      'app://other/',
      'http://127.0.0.1:9/',
      'data:text/html,x',
    ]) {
      await page.evaluate(`location.href = ${JSON.stringify(address)}`).catch(() => undefined);
      const opened = await page.evaluate(`String(window.open(${JSON.stringify(address)}))`);
      assert.equal(opened, 'null', address);
    }
    await page.evaluate(`(() => {
      const link = Object.assign(document.createElement('a'), { href: 'app://fuseline/index.html', target: '_blank' });
      document.body.append(link);
      link.click();
      link.remove();
      const form = Object.assign(document.createElement('form'), { action: 'https://example.com/', method: 'post' });
      document.body.append(form);
      form.submit();
      form.remove();
    })()`);
    await page.waitForTimeout(300);
    assert.deepEqual([page.url(), await page.evaluate('document.title')], [before, 'Fuseline']);
    assert.equal(await inMain(app, ({ webContents }) => webContents.getAllWebContents().length), 1);
  });

  it('grants nothing that asks for leave', async () => {
    const seen = (await page.evaluate(`(async () => {
      const name = (error) => error.name ?? error.code;
      const asked = (promise) => promise.then((value) => String(value), name);
      return {
        notification: await Notification.requestPermission(),
        camera: await asked(navigator.mediaDevices.getUserMedia({ video: true, audio: true })),
        place: await new Promise((resolve) => navigator.geolocation.getCurrentPosition(() => resolve('given'), ({ code }) => resolve(code))),
        clipboard: await asked(navigator.clipboard.readText()),
        midi: await asked(navigator.requestMIDIAccess({ sysex: true })),
        serial: await asked(navigator.serial.requestPort()),
        usb: await asked(navigator.usb.requestDevice({ filters: [] })),
        hid: await asked(navigator.hid.requestDevice({ filters: [] })),
        cameras: (await navigator.mediaDevices.enumerateDevices()).length,
      };
    })()`)) as Record<string, unknown> & { cameras: number };
    const { cameras, ...answers } = seen;
    assert.deepEqual(answers, {
      notification: 'denied',
      camera: cameras === 0 ? 'NotFoundError' : 'NotAllowedError',
      place: 1,
      clipboard: 'NotAllowedError',
      midi: 'NotAllowedError',
      serial: 'SecurityError',
      usb: 'SecurityError',
      hid: 'SecurityError',
    });
  });

  it('comes to the front for a second start of the same account, which leaves at once', async () => {
    await inMain(app, ({ app: program }) => {
      program.once('second-instance', () => {
        (globalThis as { wasCalled?: boolean }).wasCalled = true;
      });
    });
    const { program, words, env } = bench.started;
    // (rejects when its exit status is not 0)
    await promisify(execFile)(program, words as string[], { env, timeout: 30_000 });
    assert.equal(await inMain(app, () => (globalThis as { wasCalled?: boolean }).wasCalled), true);
    assert.equal(await inMain(app, ({ BrowserWindow }) => BrowserWindow.getAllWindows().length), 1);
  });

  it('has its token in a process of its own, which is started anew when it dies', async () => {
    const token = async () => (await utilities(app)).find(({ name }) => name === 'Fuseline token')?.pid;
    const first = await until(token);
    await bench.answers['token.makeKeys']({ recipe }, 'cus-3');
    process.kill(first, 'SIGKILL');
    await until(async () => !isThere(first));
    // a call that goes out before its end is noticed is told as failed, and may be made again
    const call = async () => bench.answers['token.makeKeys']({ recipe }, 'cus-3');
    const { keys } = await call().catch((error: unknown) => {
      assert.match(String(error), /The process that talks to the token ended/);
      return call();
    });
    assert.ok(keys.length > 0);
    assert.notEqual(await until(token), first);
  });

  it('reads the PIN from its file where the desktop has no store, and seals it where it has one', async () => {
    const seen = await inMain(
      app,
      async ({ safeStorage }, sealed) => {
        const { keptPin, SecretBytes } = globalThis.fuselineParts;
        const { existsSync, statSync, writeFileSync } = process.getBuiltinModule('node:fs');
        let reads = 0;
        const file = {
          kind: 'file' as const,
          read: async () => {
            reads += 1;
            return SecretBytes.take(new TextEncoder().encode('27182818'));
          },
        };
        const read = async () => {
          const pin = await keptPin(sealed, file).read();
          const text = pin.use((bytes) => new TextDecoder().decode(bytes));
          pin.destroy();
          return `${text}, ${reads} reads, ${existsSync(sealed) ? `sealed ${(statSync(sealed).mode & 0o777).toString(8)}` : 'open'}`;
        };
        const told = [
          safeStorage.isEncryptionAvailable() ? safeStorage.getSelectedStorageBackend() : 'none',
          await read(),
        ];
        // the key that everybody knows is no store either
        safeStorage.setUsePlainTextEncryption(true);
        told.push(safeStorage.getSelectedStorageBackend(), await read());
        // as with a keyring: the calls are Chromium's own, the name of the keyring is not
        safeStorage.getSelectedStorageBackend = () => 'gnome_libsecret';
        told.push(await read(), await read());
        writeFileSync(sealed, 'of another account');
        told.push(await read().catch((fault: { code: string }) => fault.code));
        return told;
      },
      join(bench.folder, 'home', 'pin.sealed'),
    );
    assert.deepEqual(seen, [
      seen[0] === 'basic_text' ? 'basic_text' : 'none',
      '27182818, 1 reads, open',
      'basic_text',
      '27182818, 2 reads, open',
      '27182818, 3 reads, sealed 600',
      '27182818, 3 reads, sealed 600',
      'token.pin-file',
    ]);
  });

  it('keeps the computer awake while a batch runs, through the crash of its page and of the graphics process', async () => {
    const awake = () =>
      inMain(app, ({ powerSaveBlocker }) => [...Array(8).keys()].filter((id) => powerSaveBlocker.isStarted(id)).length);
    const passed = async () => (await bench.answers['line.snapshot']({}, 'op-1')).batch?.done ?? 0;
    assert.equal(await awake(), 0);
    await bench.answers['line.start']({ recipe, order: 'PO-1', count: null }, 'op-1');
    await until(async () => (await awake()) === 1);

    await inMain(app, ({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.webContents.forcefullyCrashRenderer());
    const done = await passed();
    await until(async () => (await passed()) > done);
    await until(() => inPage(app, `document.title === 'Fuseline' && document.querySelectorAll('.tile').length === 2`));
    await until(() => inPage(app, `document.body.textContent.includes('PO-1')`));

    const graphics = await inMain(app, ({ app: program }) => {
      program.on('child-process-gone', (_, { type }) => {
        if (type === 'GPU') (globalThis as { gpuGone?: boolean }).gpuGone = true;
      });
      return program.getAppMetrics().find(({ type }) => type === 'GPU')?.pid ?? null;
    });
    assert.notEqual(graphics, null);
    process.kill(graphics!, 'SIGKILL');
    await until(() => inMain(app, () => (globalThis as { gpuGone?: boolean }).gpuGone));
    const then = await passed();
    await until(async () => (await passed()) > then);
    assert.equal(await inPage(app, `document.querySelectorAll('.tile').length`), 2);

    await bench.answers['line.stop']({}, 'op-1');
    await until(async () => (await awake()) === 0);
    await until(async () => (await bench.answers['line.snapshot']({}, 'op-1')).batch?.endedAt);
  });

  it('asks before it closes over boards that are worked on, and leaves when they are safe: book shut, no process left', async () => {
    const all = family(app.process.pid!);
    await bench.answers['line.start']({ recipe, order: 'PO-2', count: null }, 'op-1');
    await inMain(app, ({ dialog }) => {
      const asked: string[] = [];
      Object.assign(globalThis, { asked, answer: 0 });
      dialog.showMessageBox = (async (_: unknown, { message }: { message: string }) => {
        asked.push(message);
        return { response: (globalThis as unknown as { answer: number }).answer, checkboxChecked: false };
      }) as typeof dialog.showMessageBox;
    });
    const close = () => inMain(app, ({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
    const isAtWork = () => inMain(app, async () => (await globalThis.fuselineBench).desk.hasBoardUnderWay);
    const asked = () => inMain(app, () => (globalThis as unknown as { asked: string[] }).asked);
    await until(async () => {
      if (await isAtWork()) await close();
      return (await asked()).length > 0;
    });
    assert.deepEqual(await asked(), ['Boards are being worked on. The window stays open until they are safe.']);
    assert.equal(await inMain(app, ({ BrowserWindow }) => BrowserWindow.getAllWindows().length), 1);
    const gone = new Promise((resolve) => app.process.once('exit', (status) => resolve(status)));
    await inMain(app, () => void Object.assign(globalThis, { answer: 1 }));
    // (a question on its way when the program ends is never answered)
    const askedAgain = until(async () => {
      if (await isAtWork()) await close();
      return (await asked()).length > 1;
    });
    await Promise.race([gone, askedAgain]);
    assert.equal(await gone, 0);
    await until(async () => !all.some(isThere));

    const book = join(bench.folder, 'ledger.sqlite');
    for (const trace of ['-wal', '.holder']) assert.equal(existsSync(`${book}${trace}`), false, trace);
    const ledger = await openSqliteLedgerForReading(book);
    try {
      const runs = await ledger.runs({});
      assert.ok(runs.length > 0);
      for (const { id, endedAt, outcome } of runs)
        assert.ok(endedAt !== null && outcome !== null, `run ${id} has its end`);
      assert.equal((await ledger.verify()).broken, null);
    } finally {
      await ledger.close();
    }
  });
});
