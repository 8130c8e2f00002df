// eFuse tokens at the terminal: one is made of a board, a virtual chip is born with it and gives it back; what is no token is one sentence.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chipProcess, run, start } from './terminal.ts';

describe('an eFuse token', { concurrency: true }, () => {
  it('goes from a board to a virtual chip and back', async (t) => {
    const board = await chipProcess(t, 'esp32s31?seed=3', 'rfc2217:0');
    const said = await run(['device', 'inspect', '--port', board.address, '--token']);
    const token = said.out.trim();
    assert.match(token, /^EFSR:esp32s31:000:[\w:-]+$/, said.err);

    const copy = start(['virtual-chip', '--efuses', token, '--listen', 'rfc2217:0', '--json']);
    t.after(async () => {
      copy.child.kill('SIGINT');
      await copy.ended;
    });
    const { address } = JSON.parse(await copy.line((line) => line.startsWith('{')));
    const again = await run(['device', 'inspect', '--port', address, '--token', '--json']);
    assert.deepEqual(JSON.parse(again.out), { token });
  });

  for (const [what, words, expected] of [
    ['cut short', ['--efuses', 'EFSR:esp32c3:000::::'], /cannot be read/],
    ['of another chip', ['--chip', 'esp32s3', '--efuses', 'EFSR:esp32c3:000:::::::::::::eLh3fw'], /esp32c3/],
    ['not given, and no chip either', [], /Nothing says which chip/],
  ] as const)
    it(what, async () => {
      const said = await run(['virtual-chip', '--listen', 'rfc2217:0', ...words]);
      assert.notEqual(said.status, 0);
      assert.match(said.err, expected);
    });
});
