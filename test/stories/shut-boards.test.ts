// A board that nobody can read any more: finished by the advice that was given, and held against its record for what it can still show.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { SealedRecord } from '../../main/model/record.ts';
import { bootRuleOf } from '../../main/station/boot-rule.ts';
import { type DeviceReport, proveSealedBoard } from '../../main/station/verify-device.ts';
import { faultsOf, noToken, recipeNamed, recipes, type Stage, setStage } from './stage.ts';
import { objects, run, runHere, testFolder } from './terminal.ts';

describe('shut boards, held against their record', { skip: noToken, timeout: 240_000 }, () => {
  const loaded = recipeNamed('esp32c3-production');
  const c3 = (name: string, more = '') => `virtual:esp32c3?pacing=none&name=${name}${more}`;
  const [plain, speaking] = [c3('plain'), c3('speaking', '&prints-mac=yes')];
  let stage: Stage;
  before(async () => {
    if (noToken) return;
    stage = await setStage();
    const { counts } = await stage.provision(loaded, [plain, speaking]);
    assert.equal(counts.passed, 2, faultsOf(stage));
  });
  after(() => stage?.close());

  async function verify(address: string, record: SealedRecord): Promise<DeviceReport> {
    const { ledger, clock, random } = stage.station.parts;
    return proveSealedBoard(() => stage.bench.open(address, { baudRate: 115200 }), {
      ...{ clock, random, record },
      find: (id) => ledger.sealedDevice(id),
      ruleOf: (hash) => bootRuleOf(ledger, hash),
    });
  }
  const recordOf = async (address: string) =>
    (await stage.station.parts.ledger.sealedDevice(stage.chip(address).identity.mac))!;
  const failed = ({ checks }: DeviceReport) => checks.filter(({ ok }) => !ok).map(({ what }) => what);

  it('one that is as it was made: what it cannot prove is said', async () => {
    const silent = await verify(plain, await recordOf(plain));
    assert.deepEqual(failed(silent), []);
    assert.ok(silent.checks.some(({ what }) => what === 'Secure Boot'));
    assert.ok(
      silent.unproven.some((what) => what.startsWith('which board it is')),
      silent.unproven.join('\n'),
    );
    const told = await verify(speaking, await recordOf(speaking));
    assert.deepEqual(failed(told), []);
    assert.ok(told.checks.some(({ what }) => what === 'MAC on the console'));
    assert.ok(!told.unproven.some((what) => what.startsWith('which board it is')));
    const crossed = await verify(speaking, await recordOf(plain));
    assert.ok(failed(crossed).includes('MAC on the console'), 'it prints the MAC of another board');
  });

  it('one that was never provisioned, its door shut by somebody: it starts alike, and is found out', async () => {
    const address = c3('stranger');
    await (await stage.bench.open(address, { baudRate: 115200 })).close();
    const chip = stage.chip(address);
    const release = await stage.station.prepareRelease(loaded);
    for (const { offset, plain: bytes } of release.parts) chip.flash.program(offset, bytes);
    chip.efuse.burnField('DIS_DOWNLOAD_MODE', 1);
    chip.reset();
    const report = await verify(address, await recordOf(plain));
    assert.deepEqual(failed(report), ['Secure Boot'], JSON.stringify(report.checks));
  });

  it('one whose bootloader is gone: no line of its ROM passes for a start', async () => {
    const record = await recordOf(plain);
    const chip = stage.chip(plain);
    chip.flash.erase(0, 0x8000);
    chip.reset();
    const report = await verify(plain, record);
    assert.deepEqual(failed(report), ['boot']);
  });
});

describe('the supply goes between door and seal', { skip: noToken, timeout: 240_000 }, () => {
  it('the advice of the second insertion can be followed, word for word', async (t) => {
    const folder = testFolder(t);
    const state = encodeURIComponent(join(folder, 'chip'));
    const mac = '34:85:18:00:00:09';
    const c3 = (fault: string) => `virtual:esp32c3?pacing=none&state=${state}&mac=${mac}${fault}`;
    const provision = (port: string, ...more: string[]) =>
      runHere([
        ...['provision', '--recipe', join(recipes, 'esp32c3-production.yaml'), '--port', port],
        ...['--operator', 'anna', '--data', join(folder, 'data'), ...more],
      ]);
    const cut = await provision(c3('&fault=power-cut-after-burn:8'));
    assert.equal(cut.status, 1, cut.err);
    assert.match(cut.err, /\[burn\.lost-contact\]/);
    const again = await provision(c3(''));
    assert.equal(again.status, 1, again.err);
    assert.match(again.err, /\[admission\.which-shut-board\]/);
    assert.doesNotMatch(again.err, /not changed|is sealed\./);
    const [option] = /--device/.exec(again.err)!;
    const [named] = /34:85:18:00:00:09/.exec(again.err)!;
    const done = await provision(c3(''), option, named);
    assert.equal(done.status, 0, done.err);
    const [device] = objects(await runHere(['audit', 'list', '--json', '--data', join(folder, 'data')]));
    assert.equal(device!.outcome, 'passed');
    const shown = await run(['audit', 'show', mac, '--data', join(folder, 'data')]);
    assert.match(shown.out, /finished later by +operator \(a person named it/);
    assert.match(shown.out, /known by operator: a person named it/);
  });
});
