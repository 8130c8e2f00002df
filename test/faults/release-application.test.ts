// An application of a release build shuts the download door by itself at every start (ESP-IDF's default with flash encryption in release
// mode or Secure Boot): at the boot proof before the door, and at a start that nobody asked for.

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { noToken, recipes, setStage } from '../stories/stage.ts';
import { insert, recipeVariant } from './boards.ts';

const secure = { 'download_mode: disabled': 'download_mode: secure' };

describe('an application that shuts the door by itself', { skip: noToken, timeout: 120_000 }, () => {
  it('is proven before the door and after it, and its board is sealed in one visit', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const loaded = recipeVariant(t, 'esp32c3-production', 'esp32c3', secure);
    const address = 'virtual:esp32c3?rev=v0.4&pacing=none&shuts-doors=yes&prints-mac=yes&name=release&seed=91';
    const verdict = (await insert(stage, loaded, [address])).get(address)!;
    assert.equal(verdict.outcome, 'passed', `${verdict.fault?.code} ${verdict.fault?.what}`);
    const record = await stage.station.parts.ledger.sealedDevice(stage.chip(address).identity.mac);
    assert.equal(record?.efusesAfter.readOut.SPI_BOOT_CRYPT_CNT?.value, 7);
    assert.equal(record?.efusesAfter.burnedAfterwards.ENABLE_SECURITY_DOWNLOAD, 1);
    assert.ok(record?.bootProof.beforeDoor && record.bootProof.afterDoor);
  });

  it('is not believed to be the board that was made, where neither its build nor the board says so: a person names it', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const loaded = recipeVariant(t, 'esp32c3-production', 'esp32c3', secure);
    const address = 'virtual:esp32c3?rev=v0.4&pacing=none&shuts-doors=yes&name=silent&seed=90';
    const { fault } = (await insert(stage, loaded, [address])).get(address)!;
    assert.deepEqual([fault?.code, fault?.safety], ['boot-proof.unknown-board', 'shut']);
    const { mac } = stage.chip(address).identity;
    assert.equal(await stage.station.parts.ledger.sealedDevice(mac), null);
    const again = (await insert(stage, loaded, [address])).get(address)!;
    assert.equal(again.fault?.code, 'admission.which-shut-board');
  });

  it('shuts it while the supply comes and goes, and the board is finished on insertion', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const loaded = recipeVariant(t, 'esp32c3-production', 'esp32c3', secure);
    const address = 'virtual:esp32c3?rev=v0.4&pacing=none&shuts-doors=yes&prints-mac=yes&name=alone&seed=92';
    let cut = true;
    stage.station.listen((event) => {
      if (event.type !== 'run' || event.step !== 'boot-proof' || event.event.type !== 'intend' || !cut) return;
      cut = false;
      stage.chip(address).powerOff();
    });
    const verdict = (await insert(stage, loaded, [address])).get(address)!;
    assert.notEqual(verdict.outcome, 'passed');
    const chip = stage.chip(address);
    assert.equal(chip.efuse.field('ENABLE_SECURITY_DOWNLOAD'), 0);
    chip.powerOn();
    for (let waited = 0; chip.efuse.field('ENABLE_SECURITY_DOWNLOAD') === 0 && waited < 5000; waited += 20)
      await sleep(20);
    assert.equal(chip.efuse.field('ENABLE_SECURITY_DOWNLOAD'), 1, 'its own firmware has shut it');
    const again = (await insert(stage, loaded, [address])).get(address)!;
    assert.equal(again.outcome, 'passed', `${again.fault?.code} ${again.fault?.what}`);
    const record = await stage.station.parts.ledger.sealedDevice(chip.identity.mac);
    assert.equal(record?.finishedLater?.identifiedBy, 'console-mac');
  });

  it('shuts it right behind the burns that let it start, and the board is finished: nothing else was left to burn', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const loaded = releaseBuild(t, { 'download_mode: disabled': 'download_mode: secure\n  rom_print: silent' });
    const address = 'virtual:esp32c3?rev=v0.4&pacing=none&shuts-doors=yes&prints-mac=yes&name=enabled&seed=94';
    let cut = true;
    stage.station.listen((event) => {
      if (event.type !== 'run' || event.step !== 'protect' || !cut) return;
      const { event: said } = event;
      if (said.type !== 'verified' || said.what !== 'bits' || said.detail.stage !== 'enable') return;
      cut = false;
      stage.chip(address).powerOff();
    });
    assert.notEqual((await insert(stage, loaded, [address])).get(address)!.outcome, 'passed');
    const { efuse, identity } = stage.chip(address);
    stage.chip(address).powerOn();
    for (let waited = 0; efuse.field('ENABLE_SECURITY_DOWNLOAD') === 0 && waited < 5000; waited += 20) await sleep(20);
    assert.equal(efuse.field('ENABLE_SECURITY_DOWNLOAD'), 1, 'its own firmware has shut it');
    const verdict = (await insert(stage, loaded, [address])).get(address)!;
    assert.equal(verdict.outcome, 'passed', `${verdict.fault?.code} ${verdict.fault?.what}`);
    const record = await stage.station.parts.ledger.sealedDevice(identity.mac);
    const { readOut, burnedAfterwards } = record!.efusesAfter;
    assert.equal(readOut.UART_PRINT_CONTROL?.value, 3);
    assert.equal(readOut.SPI_BOOT_CRYPT_CNT?.value, 0, 'the last read-out was before');
    for (const [field, value] of Object.entries(burnedAfterwards)) assert.equal(efuse.field(field), value, field);
    assert.deepEqual(
      [burnedAfterwards.SPI_BOOT_CRYPT_CNT, burnedAfterwards.SECURE_BOOT_EN, burnedAfterwards.ENABLE_SECURITY_DOWNLOAD],
      [7, 1, 1],
    );
  });
});

/** The shipped C3 build with an sdkconfig that says that its application makes download mode secure. */
function releaseBuild(t: TestContext, changes: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-release-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(recipes, '..', 'firmware', 'esp32c3'), folder, { recursive: true });
  const options = [
    'SECURE_BOOT',
    'SECURE_BOOT_V2_ENABLED',
    'SECURE_SIGNED_APPS_RSA_SCHEME',
    'SECURE_FLASH_ENC_ENABLED',
    'SECURE_FLASH_ENCRYPTION_MODE_RELEASE',
    'SECURE_ENABLE_SECURE_ROM_DL_MODE',
  ];
  writeFileSync(join(folder, 'sdkconfig'), options.map((name) => `CONFIG_${name}=y\n`).join(''));
  return recipeVariant(t, 'esp32c3-production', folder, changes);
}
