import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { textOf, utf8 } from '../../../main/base/bytes.ts';
import { askPin, askPinOnce, type Terminal } from '../../../main/cli/pin-prompt.ts';
import { isFault } from '../../../main/model/fault.ts';

/** A keyboard whose keys are pressed by the test, and what the person sees. */
function keyboard() {
  const stream = new PassThrough();
  const seen: string[] = [];
  const raw: boolean[] = [];
  const input = Object.assign(stream, { setRawMode: (on: boolean) => raw.push(on) });
  const terminal: Terminal = { input, show: (text) => void seen.push(text) };
  return { terminal, seen, raw, press: (keys: string) => stream.write(utf8(keys)), stream };
}

test('a PIN is typed unseen, with mistakes taken back', async () => {
  const { terminal, seen, raw, press } = keyboard();
  const answer = askPin(terminal, 'PIN: ');
  press('wrong\u0015');
  press('12ä\u007f3');
  press('x\u00084\r');
  assert.equal((await answer).use(textOf), '1234');
  assert.deepEqual(seen, ['PIN: ', '\n'], 'nothing of it is shown');
  assert.deepEqual(raw, [true, false], 'the terminal echoes again');
});

test('what was typed is not left in the chunks of the keyboard', async () => {
  const { terminal, stream } = keyboard();
  const chunk = Buffer.from('1234\n');
  const answer = askPin(terminal, 'PIN: ');
  stream.write(chunk);
  await answer;
  assert.ok(chunk.every((byte) => byte === 0));
});

for (const [name, keys] of [
  ['Ctrl-C', '12\u0003'],
  ['Ctrl-D', '12\u0004'],
  ['an empty line', '\r'],
] as const)
  test(`${name} is no PIN`, async () => {
    const { terminal, press, raw } = keyboard();
    const answer = askPin(terminal, 'PIN: ');
    press(keys);
    await assert.rejects(answer, (error) => isFault(error, 'token.no-pin'));
    assert.deepEqual(raw, [true, false]);
  });

const line = { label: 'line-1', serial: '1' };

test('a person is asked once, whoever destroys the PIN meanwhile', async () => {
  const { terminal, press, seen } = keyboard();
  const ask = askPinOnce(terminal, async ({ label }) => `PIN of ${label}: `);
  const first = ask(line);
  press('1234\r');
  (await first).destroy();
  assert.equal((await ask(line)).use(textOf), '1234');
  assert.equal(seen.length, 2);
});

test('each token has a PIN of its own', async () => {
  const { terminal, press, seen } = keyboard();
  const ask = askPinOnce(terminal, async ({ label }) => `PIN of ${label}: `);
  const first = ask(line);
  press('1234\r');
  assert.equal((await first).use(textOf), '1234');
  const second = ask({ label: 'vault', serial: '2' });
  press('5678\r');
  assert.equal((await second).use(textOf), '5678');
  assert.match(seen.join(''), /line-1.*vault/s);
  assert.equal((await ask(line)).use(textOf), '1234');
});
