// Only what the board itself proves condemns it. A wrong recipe, another token, a book that has forgotten: refused, and nothing is given up.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { LoadedRecipe } from '../../main/recipe/load.ts';
import { makeMissingKeys } from '../../main/recipe/making/token-keys.ts';
import { block0Bits } from '../stories/judge.ts';
import { noToken, recipeNamed, type Stage, setStage } from '../stories/stage.ts';
import { openSoftToken } from '../unit/signing/soft-token.ts';
import { bringToEnd, insert, provisionAt, recipeVariant, type Verdict, withPart } from './boards.ts';

const p4 = (name: string, fault = '') => `virtual:esp32p4?rev=v3.1&pacing=none&name=${name}${fault}`;

describe('what condemns a board', { skip: noToken, concurrency: true, timeout: 240_000 }, () => {
  const production = recipeNamed('esp32p4-production');

  async function halfDone(
    t: TestContext,
    fault: string,
    loaded: LoadedRecipe = production,
    address = p4('half', fault),
  ) {
    const stage = await setStage();
    t.after(() => stage.close());
    const first = (await insert(stage, loaded, [address])).get(address)!;
    assert.equal(first.fault?.code, 'burn.lost-contact');
    stage.chip(address).powerOn();
    return { stage, address, chip: stage.chip(address) };
  }

  const history = ({ station }: Stage, { mac }: { readonly mac: string }) => station.parts.ledger.history(mac);

  /** It is as it was, its keys are there, nobody condemned it, and the words say so; its own recipe then finishes it. */
  async function isKept(
    { stage, address, chip }: Awaited<ReturnType<typeof halfDone>>,
    loaded: LoadedRecipe,
    code: string,
    refuse: () => Promise<Verdict>,
  ): Promise<void> {
    const before = [...block0Bits(chip)];
    const keys = (await history(stage, chip.identity)).openKeys.map(({ fingerprint }) => fingerprint);
    assert.ok(keys.length > 0);
    for (let again = 0; again < 2; again++) {
      const { outcome, fault } = await refuse();
      assert.deepEqual([outcome, fault?.code, fault?.safety], ['refused', code, 'resumable'], fault?.what);
      assert.match(fault!.what, /keys (of \S+ )?are kept/);
      assert.match(fault!.next, /board release/);
      assert.deepEqual([...block0Bits(chip)], before);
      const after = await history(stage, chip.identity);
      assert.deepEqual([after.condemned, after.openKeys.map(({ fingerprint }) => fingerprint)], [null, keys]);
    }
    const [end] = await bringToEnd(stage, loaded, [address]);
    assert.deepEqual([end!.end, end!.verdicts.length], ['sealed', 1]);
  }

  for (const at of [1, 6, 9])
    it(`not the recipe of another product, cut after burn ${at}`, async (t) => {
      const half = await halfDone(t, `&fault=power-cut-after-burn:${at}`);
      const other = recipeNamed('esp32p4-development');
      await isKept(half, production, 'admission.other-recipe', async () => {
        const verdict = (await insert(half.stage, other, [half.address])).get(half.address)!;
        assert.match(verdict.fault!.what, /esp32p4-production revision \d+ \([0-9a-f]{8}\)/);
        return verdict;
      });
    });

  it('nor another revision of its own recipe that cannot be had on it', async (t) => {
    const half = await halfDone(t, '&fault=power-cut-after-burn:6');
    const other = recipeVariant(t, 'esp32p4-production', 'esp32p4-v3', { 'key: xts-aes-256': 'key: xts-aes-128' });
    await isKept(
      half,
      production,
      'efuse.unproven-key',
      async () => (await insert(half.stage, other, [half.address])).get(half.address)!,
    );
  });

  it('nor a bit that an older program froze too early: the wish and the board do not fit, which of the two is wrong nobody proves', async (t) => {
    const c5 = recipeNamed('esp32c5-production');
    const address = 'virtual:esp32c5?pacing=none&name=older&fault=power-cut-after-burn:5';
    const { stage, chip } = await halfDone(t, '', c5, address);
    chip.efuse.burnField('WR_DIS', 1 << 14);
    const keys = (await history(stage, chip.identity)).openKeys.length;
    const { outcome, fault } = (await insert(stage, c5, [address])).get(address)!;
    assert.deepEqual([outcome, fault?.code, fault?.safety], ['refused', 'efuse.write-protected', 'resumable']);
    const after = await history(stage, chip.identity);
    assert.deepEqual([after.condemned, after.openKeys.length], [null, keys]);
  });

  it('nor a book that has forgotten its keys, or another token', async (t) => {
    const half = await halfDone(t, '&fault=power-cut-after-burn:6');
    const { parts } = half.stage.station;
    const forgetful = withPart(parts.ledger, 'history', async (mac) => ({
      ...(await parts.ledger.history(mac)),
      openKeys: [],
    }));
    await isKept(half, production, 'plan.key-lost', async () => {
      const { verdicts } = await provisionAt({ ...parts, ledger: forgetful }, production, [half.address]);
      return verdicts[0]!;
    });
  });

  it('nor another token: whatever it says, the board goes on with its own', async (t) => {
    const half = await halfDone(t, '&fault=power-cut-after-burn:3');
    const folder = mkdtempSync(join(tmpdir(), 'fuseline-other-token-'));
    const signer = await openSoftToken(join(folder, 'token'));
    t.after(async () => {
      await signer.close();
      rmSync(folder, { recursive: true, force: true });
    });
    await makeMissingKeys(production.recipe, signer);
    const { parts } = half.stage.station;
    const before = [...block0Bits(half.chip)];
    const { verdicts, fault } = await provisionAt({ ...parts, signer }, production, [half.address]);
    const told = fault?.toJSON() ?? verdicts[0]!.fault!;
    assert.notEqual(told.safety, 'condemned', told.what);
    assert.ok(verdicts.every(({ outcome }) => outcome !== 'passed'));
    assert.deepEqual([...block0Bits(half.chip)], before);
    const { condemned, openKeys } = await history(half.stage, half.chip.identity);
    assert.deepEqual([condemned, openKeys.length > 0], [null, true]);
    const [end] = await bringToEnd(half.stage, production, [half.address]);
    assert.equal(end!.end, 'sealed');
  });

  it('a board that is as it came is nobody’s: another recipe may have it', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const address = p4('blank');
    const { parts } = stage.station;
    const full = withPart(parts.ledger, 'append', async (run, step, event) => {
      const stored = await parts.ledger.append(run, step, event);
      if (event.type === 'intend') stage.chip(address).powerOff();
      return stored;
    });
    await stage.provision(production, [p4('first')]);
    await provisionAt({ ...parts, ledger: full }, production, [address]);
    const { runs } = await history(stage, stage.chip(address).identity);
    assert.ok(runs.some(({ events }) => events.some(({ event }) => event.type === 'intend')));
    stage.chip(address).powerOn();
    const { counts } = await stage.provision(recipeNamed('esp32p4-development'), [address]);
    assert.equal(counts.passed, 1);
  });

  it('what its silicon proves does, once: the first reason and its day stay, and its keys too', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const address = p4('dead', '&fault=dead-bit:7');
    const first = (await insert(stage, production, [address])).get(address)!;
    assert.deepEqual([first.fault?.code, first.fault?.safety], ['burn.readback-differs', 'condemned']);
    const { identity } = stage.chip(address);
    const { condemned, openKeys } = await history(stage, identity);
    assert.ok(openKeys.length > 0, 'only people let keys go');
    for (const loaded of [production, recipeNamed('esp32p4-development'), production]) {
      const { outcome, fault } = (await insert(stage, loaded, [address])).get(address)!;
      assert.deepEqual([outcome, fault?.code], ['refused', 'admission.condemned']);
      const after = await history(stage, identity);
      assert.deepEqual([after.condemned, after.openKeys.length], [condemned, openKeys.length]);
    }
    let rows = 0;
    for await (const row of stage.station.parts.ledger.exportRows()) if (row.kind === 'condemned') rows++;
    assert.equal(rows, 1);
  });
});
