import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../../main/base/clock.ts';
import type { LogFacts } from '../../../main/base/log.ts';
import { SecretBytes } from '../../../main/base/secret.ts';
import { timedCalls } from '../../../main/base/timed-calls.ts';
import { currentLogFile, type FileLogOptions, openFileLog } from '../../../main/log/file-log.ts';
import { BoardFault } from '../../../main/model/fault.ts';

function logIn(t: TestContext, options: Partial<FileLogOptions> = {}) {
  const folder = join(mkdtempSync(join(tmpdir(), 'fuseline-log-')), 'log');
  t.after(() => rmSync(join(folder, '..'), { recursive: true, force: true }));
  const log = openFileLog({ folder, level: 'debug', ...options });
  const text = () => readFileSync(join(folder, currentLogFile), 'utf8');
  const entries = () =>
    text()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { folder, log, text, entries };
}

test('one line an event: time, level, name, facts; only for its owner', async (t) => {
  const { folder, log, entries } = logIn(t);
  log.info('station-opened', { version: '0.1.0', fixtures: 8 });
  log.with({ fixture: 'nest-1' }).warn('slow-call', { ms: 1200 });
  await log.close();
  const [opened, slow] = entries();
  assert.equal(entries().length, 2);
  assert.match(String(opened?.time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.deepEqual(
    { ...opened, time: '' },
    { level: 'info', time: '', version: '0.1.0', fixtures: 8, event: 'station-opened' },
  );
  assert.deepEqual({ ...slow, time: '' }, { level: 'warn', time: '', fixture: 'nest-1', ms: 1200, event: 'slow-call' });
  assert.equal(statSync(join(folder, currentLogFile)).mode & 0o777, 0o600);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
});

test('a fault keeps code, advice, stack and causes', async (t) => {
  const { log, entries } = logIn(t);
  const cause = new Error('EIO: i/o error');
  log.error('run-failed', {
    error: new BoardFault({
      code: 'burn.coding-error',
      what: 'It has errors.',
      next: 'Insert it again.',
      safety: 'resumable',
      cause,
    }),
  });
  await log.close();
  const { error } = entries()[0] as { error: Record<string, unknown> & { cause: { message: string } } };
  assert.equal(error.code, 'burn.coding-error');
  assert.equal(error.safety, 'resumable');
  assert.match(String(error.stack), /file-log\.test\.ts/);
  assert.equal(error.cause.message, 'EIO: i/o error');
});

test('secrets and bytes never get in, not even by a cast', async (t) => {
  const { log, text } = logIn(t);
  const secret = SecretBytes.adopt(new TextEncoder().encode('the flash encryption key itself!'));
  const bytes = secret.use((lent) => lent.slice());
  class Holder {
    readonly pin = '4711-pin';
  }
  const sly = {
    secret,
    bytes,
    buffer: Buffer.from(bytes),
    deep: [{ secret }],
    holder: new Holder(),
    call: () => bytes,
  };
  log.info('sly', sly as unknown as LogFacts);
  log.with(sly as unknown as LogFacts).error('sly-too', { error: Object.assign(new Error('sly'), { details: sly }) });
  await log.close();
  assert.doesNotMatch(text(), /the flash encryption key|746865|116,104,101|4711-pin/);
  assert.match(text(), /"secret":"\[secret\]","bytes":"\[32 bytes\]","buffer":"\[32 bytes\]"/);
  assert.match(text(), /"holder":"\[Holder\]","call":"\[function\]"/);
});

test('below its level nothing is written', async (t) => {
  const { log, text } = logIn(t, { level: 'warn' });
  log.debug('call');
  log.info('station-opened');
  log.warn('slow-call');
  await log.close();
  assert.equal(log.debugs, false);
  assert.deepEqual(text().match(/"event":"[a-z-]+"/g), ['"event":"slow-call"']);
});

test('files roll at their size and are few', async (t) => {
  const { folder, log } = logIn(t, { fileBytes: 10_000, keptFiles: 2 });
  for (let i = 0; i < 600; i++) {
    log.info('filler', { i, text: 'x'.repeat(100) });
    // the stream rolls between turns of the event loop
    if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await log.close();
  const files = readdirSync(folder).sort();
  assert.deepEqual(files, ['fuseline.1.log', 'fuseline.2.log', 'fuseline.log']);
  for (const file of files) assert.ok(statSync(join(folder, file)).size < 20_000, file);
});

test('a folder that cannot be had stops the log and nothing else', async (t) => {
  const parent = mkdtempSync(join(tmpdir(), 'fuseline-log-'));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  writeFileSync(join(parent, 'log'), 'a file in its place');
  const log = openFileLog({ folder: join(parent, 'log'), level: 'info' });
  log.info('station-opened');
  await log.close();
  log.info('after-the-end');
  assert.match(String(log.trouble), /EEXIST|ENOTDIR/);
});

test('calls are timed by name, never by what they carry', async (t) => {
  const { log, entries, text } = logIn(t);
  class Part {
    readonly #answer = 'the answer';
    get name() {
      return 'part';
    }
    quick(_: string): Promise<string> {
      return Promise.resolve(this.#answer);
    }
    failing(): Promise<never> {
      return Promise.reject(new Error('it is away'));
    }
    plain(): string {
      return this.#answer;
    }
  }
  const timed = timedCalls(new Part(), 'token', { log, clock: systemClock });
  assert.equal(await timed.quick('secret words'), 'the answer');
  assert.equal(timed.plain(), 'the answer');
  assert.equal(timed.name, 'part');
  assert.equal(timed.quick, timed.quick);
  await assert.rejects(timed.failing(), /it is away/);
  await log.close();
  assert.deepEqual(
    entries().map(({ level, event, part, call }) => [level, event, part, call]),
    [
      ['debug', 'call', 'token', 'quick'],
      ['info', 'call-failed', 'token', 'failing'],
    ],
  );
  assert.doesNotMatch(text(), /secret words|the answer/);
});
