// An application of a release build shuts the download door by itself at every start (ESP-IDF's default with flash encryption in release
// mode or Secure Boot): at the boot proof before the door, and at a start that nobody asked for.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { noToken, setStage } from '../stories/stage.ts';
import { insert, recipeVariant } from './boards.ts';

const secure = { 'download_mode: disabled': 'download_mode: secure' };

describe('an application that shuts the door by itself', { skip: noToken, timeout: 120_000 }, () => {
  it('is proven before the door and after it, and its board is sealed in one visit', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const loaded = recipeVariant(t, 'esp32c3-production', 'esp32c3', secure);
    const address = 'virtual:esp32c3?rev=v0.4&pacing=none&shuts-doors=yes&name=release&seed=91';
    const verdict = (await insert(stage, loaded, [address])).get(address)!;
    assert.equal(verdict.outcome, 'passed', `${verdict.fault?.code} ${verdict.fault?.what}`);
    const record = await stage.station.parts.ledger.sealedDevice(stage.chip(address).identity.mac);
    assert.equal(record?.efusesAfter.readOut.SPI_BOOT_CRYPT_CNT?.value, 7);
    assert.equal(record?.efusesAfter.burnedAfterwards.ENABLE_SECURITY_DOWNLOAD, 1);
    assert.ok(record?.bootProof.beforeDoor && record.bootProof.afterDoor);
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
});
