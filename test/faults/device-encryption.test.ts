// The device encrypts its flash itself: its key is made in it, and a supply that goes in the middle leaves no board of which nobody
// knows what it is.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isFilledWith } from '../../main/base/bytes.ts';
import { bootCipher } from '../../main/virtual/boot/cipher.ts';
import { keyFileBytes, slotOfPurpose } from '../../main/virtual/boot/keys.ts';
import type { VirtualChip } from '../../main/virtual/chip.ts';
import { noToken, setStage } from '../stories/stage.ts';
import { insert, recipeVariant, type Verdict } from './boards.ts';

const keys = ['XTS_AES_256_KEY_1', 'XTS_AES_256_KEY_2'] as const;

const flashKey = (chip: VirtualChip) =>
  keys.map((purpose) =>
    Buffer.from(keyFileBytes(chip.efuse, slotOfPurpose(chip.efuse, purpose)!, purpose)).toString('hex'),
  );

describe('flash encrypted by the device', { skip: noToken, timeout: 240_000 }, () => {
  it('a whole start, an application that shuts the door itself, and power cuts in the middle', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const { ledger } = stage.station.parts;
    const changes = {
      'mode: release': 'mode: release\n  by: device\n  timeout_seconds: 8',
      'download_mode: disabled': 'download_mode: secure',
    };
    const loaded = recipeVariant(t, 'esp32p4-production', 'esp32p4-v3', changes);
    const written = loaded.firmware.parts.reduce((sum, part) => sum + part.data.length, 0);
    const board = (name: string, more: string) =>
      `virtual:esp32p4?rev=v3.1&pacing=none&encrypts=yes&name=${name}&seed=9${name.length}${more}`;
    // The station writes a little more than the build: the cuts lie in its encryption, at its first sector and further on.
    const cuts = [1, 20_000, 60_000].map((more, at) =>
      board(`cut${'x'.repeat(at)}`, `&fault=power-cut-in-flash:${written + 0x6000 + more}`),
    );
    const addresses = [board('whole-start', ''), board('release-application', '&shuts-doors=yes'), ...cuts];
    const said = new Map<string, Verdict[]>(addresses.map((address) => [address, []]));
    // This one is encrypted and then fails its proof with the door still open: nothing can be written to it any more.
    const found = board('found-encrypted', '');
    addresses.push(found);
    said.set(found, []);
    const failing = recipeVariant(t, 'esp32p4-production', 'esp32p4-v3', {
      ...changes,
      "'app_init: Project name:'": "'no line of its'",
      'timeout_seconds: 10': 'timeout_seconds: 2',
    });
    const [[, verdict]] = (await insert(stage, failing, [found])) as unknown as [[string, Verdict]];
    assert.equal(verdict.fault?.code, 'boot-proof.failed');
    const before = stage.chip(found).efuse.field('SPI_BOOT_CRYPT_CNT');
    assert.equal(before, 7);
    // Then it is finished, but for its seal: the door is shut, and a person stops the run.
    const stop = new AbortController();
    stage.station.listen((event) => {
      if (event.type === 'run' && event.event.type === 'step-started' && event.event.step === 'final-boot-proof')
        stop.abort(new Error('stopped by a person'));
    });
    const stopped = (await insert(stage, loaded, [found], () => ({ signal: stop.signal }))).get(found)!;
    assert.equal(stopped.outcome, 'aborted');
    assert.equal(stage.chip(found).efuse.field('ENABLE_SECURITY_DOWNLOAD'), 1);
    let open = [...addresses];
    for (let insertion = 1; open.length > 0 && insertion <= 3; insertion++) {
      for (const address of open) if (insertion > 1) stage.chip(address).powerOn();
      for (const [address, verdict] of await insert(stage, loaded, open)) said.get(address)!.push(verdict);
      open = open.filter((address) => said.get(address)!.at(-1)!.outcome !== 'passed');
    }
    const words = [...said].map(
      ([address, verdicts]) =>
        `${address}: ${verdicts.map(({ fault }) => (fault ? `${fault.code} ${fault.what}` : 'passed')).join(' | ')}`,
    );
    assert.deepEqual(open, [], words.join('\n'));
    for (const line of words) t.diagnostic(line);
    assert.deepEqual(
      addresses.slice(0, 2).map((address) => said.get(address)!.length),
      [1, 1],
      words.join('\n'),
    );
    assert.ok(
      cuts.some((address) => said.get(address)!.length === 2),
      'a cut was felt',
    );

    const seen = new Set<string>();
    for (const address of addresses) {
      const chip = stage.chip(address);
      const record = (await ledger.sealedDevice(chip.identity.mac))!;
      assert.equal(record.flashEncryptedBy, 'device');
      // Also of a board whose last run wrote nothing, and found its door shut.
      assert.ok(record.identity?.certificatePem?.includes('BEGIN CERTIFICATE'), address);
      assert.deepEqual(
        record.images.map(({ name }) => name),
        ['bootloader', 'partition-table', 'otadata', 'esp_secure_cert', 'ota_0'],
      );
      assert.ok(!record.keys.some(({ role }) => role === 'flash-encryption'), 'the station knows nothing of that key');
      assert.equal(chip.efuse.field('SPI_BOOT_CRYPT_CNT'), 7);
      assert.equal(chip.efuse.field('ENABLE_SECURITY_DOWNLOAD'), 1);
      assert.equal(chip.efuse.field('WR_DIS') & 1, 1, 'RD_DIS is locked');
      for (const key of flashKey(chip)) {
        assert.ok(!isFilledWith(Buffer.from(key, 'hex'), 0));
        assert.ok(!seen.has(key), 'each device has a key of its own');
        seen.add(key);
      }
      // What the record says was written is what the device reads through its engine; in flash lies something else.
      const cipher = bootCipher(chip.efuse)!;
      for (const image of record.images.filter(({ name }) => /bootloader|fuseline_demo|ota_0/.test(name))) {
        const raw = chip.flash.read(image.offset, image.length);
        const part = loaded.firmware.parts.find(({ offset }) => offset === image.offset)!;
        assert.notDeepEqual(raw.subarray(0, 64), part.data.subarray(0, 64));
        assert.deepEqual(cipher.decrypt(raw, image.offset).subarray(0, 64), part.data.subarray(0, 64));
      }
    }
    assert.equal((await ledger.verify()).broken, null);
  });

  it('a supply that comes back starts nothing before the station has booked the first start', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const { ledger } = stage.station.parts;
    const loaded = recipeVariant(t, 'esp32c3-production', 'esp32c3', {
      'mode: release': 'mode: release\n  by: device\n  timeout_seconds: 8',
      'download_mode: disabled': 'download_mode: secure',
    });
    // Keys, purposes, their locks, protections with Secure Boot: after each of them, and in two of them.
    const cuts = [
      'after-burn:1',
      'after-burn:2',
      'after-burn:3',
      'after-burn:4',
      'in-burn:1',
      'in-burn:5',
      'after-burn:5',
    ];
    const addresses = cuts.map(
      (cut, at) =>
        `virtual:esp32c3?rev=v0.4&pacing=none&encrypts=yes&name=back${at}&seed=77${at}&fault=power-cut-${cut}`,
    );
    const first = await insert(stage, loaded, addresses);
    for (const address of addresses) assert.equal(first.get(address)?.fault?.safety, 'resumable', address);
    for (const address of addresses) {
      const chip = stage.chip(address);
      assert.equal(chip.efuse.field('SPI_BOOT_CRYPT_CNT'), 0);
      chip.powerOn();
      for (let waited = 0; chip.console.length < 4 && waited < 2000; waited += 20) await sleep(20);
      assert.match(chip.console.join('\n'), /invalid header: 0xffffffff/, `${address} starts nothing by itself`);
    }
    const second = await insert(stage, loaded, addresses);
    for (const address of addresses) {
      const verdict = second.get(address)!;
      assert.equal(verdict.outcome, 'passed', `${address}: ${verdict.fault?.code} ${verdict.fault?.what}`);
      const { efuse, identity } = stage.chip(address);
      assert.equal(efuse.field('SPI_BOOT_CRYPT_CNT'), 7);
      assert.equal((await ledger.sealedDevice(identity.mac))?.flashEncryptedBy, 'device');
    }
  });

  it('a first start that nobody waited for, once it is booked, is finished on insertion', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const loaded = recipeVariant(t, 'esp32c3-production', 'esp32c3', {
      'mode: release': 'mode: release\n  by: device\n  timeout_seconds: 8',
      'download_mode: disabled': 'download_mode: secure',
    });
    const address =
      'virtual:esp32c3?rev=v0.4&pacing=none&encrypts=yes&shuts-doors=yes&prints-mac=yes&name=alone&seed=781';
    // A person stops the run with the bootloader just written: the board then starts by itself, and its firmware shuts the door.
    let powered = true;
    stage.station.listen((event) => {
      if (event.type !== 'run' || event.event.type !== 'verified' || !powered) return;
      if (event.step !== 'device-encryption' || event.event.what !== 'flash') return;
      powered = false;
      stage.chip(address).powerOff();
    });
    const verdict = (await insert(stage, loaded, [address])).get(address)!;
    assert.equal(verdict.fault?.safety, 'resumable');
    const chip = stage.chip(address);
    chip.powerOn();
    for (let waited = 0; chip.efuse.field('ENABLE_SECURITY_DOWNLOAD') === 0 && waited < 5000; waited += 20)
      await sleep(20);
    assert.equal(chip.efuse.field('SPI_BOOT_CRYPT_CNT'), 7);
    const again = (await insert(stage, loaded, [address])).get(address)!;
    assert.equal(again.outcome, 'passed', `${again.fault?.code} ${again.fault?.what}`);
  });
});
