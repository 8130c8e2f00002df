// The cuts of power-cut-p4.test.ts, fewer, on the other silicon that the recipes know; and a program that dies instead of the board.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openSqliteLedgerForReading } from '../../main/ledger/sqlite/open.ts';
import { openBenchChip } from '../../main/virtual/bench/bench.ts';
import { flashHoldsFirmware } from '../stories/judge.ts';
import { noToken, recipeNamed, recipes, setStage } from '../stories/stage.ts';
import { chipProcess, developmentData, run, start, testFolder } from '../stories/terminal.ts';
import { bringToEnd } from './boards.ts';

/** Program commands in which the supply fails; the last of most chips' plans is the eighth or ninth. Every one of every chip: `npm run soak`. */
const usual = [1, 4, 8];

const chips: readonly { recipe: string; chip: string; rev: string; at?: readonly number[] }[] = [
  { recipe: 'esp32c3-production', chip: 'esp32c3', rev: 'v0.4', at: [1, 2, 3, 4, 6, 8, 9] },
  { recipe: 'esp32s3-production', chip: 'esp32s3', rev: 'v0.2' },
  { recipe: 'esp32s2-production', chip: 'esp32s2', rev: 'v1.0' },
  { recipe: 'esp32p4-v1-production', chip: 'esp32p4', rev: 'v1.3' },
  // Six programs, the door the last of them.
  { recipe: 'esp32-production', chip: 'esp32', rev: 'v3.1', at: [1, 2, 3, 4, 5, 6] },
  { recipe: 'esp32c2-production', chip: 'esp32c2', rev: 'v1.2', at: [1, 2, 4] },
  // BLOCK0 of nine words, and all five key blocks taken.
  { recipe: 'esp32s31-production', chip: 'esp32s31', rev: 'v0.0' },
];

/** MAC of the n-th board, by which its shut door is opened to the seal: these chips burn no device key that could sign. */
const mac = (n: number) => `02:00:00:00:00:${n.toString(16).padStart(2, '0')}`;

describe('power cuts on other silicon', { skip: noToken, concurrency: true, timeout: 240_000 }, () => {
  for (const { recipe, chip, rev, at: programs = usual } of chips) {
    it(recipe, async (t) => {
      const stage = await setStage();
      t.after(() => stage.close());
      const cuts = programs.flatMap((n) => (n % 2 ? [`in-burn:${n}`] : [`in-burn:${n}`, `after-burn:${n}`]));
      const serials = new Map<string, string>();
      for (const [at, cut] of cuts.entries()) {
        const address = `virtual:${chip}?rev=${rev}&pacing=none&mac=${mac(at)}&name=${at}&seed=${at}&fault=power-cut-${cut}`;
        serials.set(address, mac(at).replaceAll(':', ''));
      }
      const ends = await bringToEnd(stage, recipeNamed(recipe), [...serials.keys()], (addresses) => ({
        serials: addresses.map((address) => serials.get(address)!),
      }));
      for (const { address, verdicts, end } of ends) {
        const codes = verdicts.map(({ fault }) => fault?.code ?? 'passed');
        assert.equal(end, 'sealed', `${address}: ${codes.join(', ')}`);
        t.diagnostic(`${address.split('fault=')[1]}: ${codes.join(', ')}`);
      }
      assert.ok(ends.filter(({ verdicts }) => verdicts.length === 2).length >= cuts.length - 1, 'the cuts were felt');
    });
  }
});

describe('the program dies, not the board', { skip: noToken, concurrency: true, timeout: 240_000 }, () => {
  const recipe = join(recipes, 'esp32p4-production.yaml');

  for (const [step, event] of [
    ['write-flash', 'step-started'],
    ['burn-keys', 'burned'],
    ['shut-doors', 'intend'],
  ] as const) {
    it(`killed at '${event}' of ${step}: a new process finishes the board`, async (t) => {
      const folder = testFolder(t);
      const data = developmentData(folder);
      const state = join(folder, 'chip');
      const chip = await chipProcess(t, 'esp32p4?rev=v3.1', 'rfc2217:0', state);
      const order = ['provision', '--json', '--recipe', recipe, '--port', chip.address, '--data', data];
      const first = start(order);
      await first.line((line) => line.includes(`"step":"${step}"`) && line.includes(`"type":"${event}"`));
      first.child.kill('SIGKILL');
      assert.equal((await first.ended).signal, 'SIGKILL');
      const second = await run(order);
      assert.equal(second.status, 0, second.out + second.err);
      assert.equal((await chip.stop()).status, 0);
      const silicon = openBenchChip(`virtual:esp32p4?state=${encodeURIComponent(state)}`);
      const ledger = await openSqliteLedgerForReading(join(data, 'ledger.sqlite'));
      const record = await ledger.sealedDevice(silicon.identity.mac);
      assert.ok(record);
      flashHoldsFirmware(silicon, record, recipeNamed('esp32p4-production'));
      assert.equal((await ledger.verify()).broken, null);
      await ledger.close();
    });
  }
});
