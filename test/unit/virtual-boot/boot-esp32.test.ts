// The classic ESP32 boots: its own words, one digest in BLOCK2, flash decrypted with BLOCK1 and FLASH_CRYPT_CONFIG, no download mode.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { it } from 'node:test';
import { reversed } from '../../../main/base/bytes.ts';
import { seededRandom } from '../../../main/base/random.ts';
import { encryptFlashEsp32 } from '../../../main/image/flash-encryption-esp32.ts';
import { bootFromFlash } from '../../../main/virtual/boot/boot.ts';
import { VirtualChip } from '../../../main/virtual/chip.ts';
import { appImage, bootloaderImage, place, securePadded, signed, signingKey, tableImage } from './build.ts';

const esp32 = { chipId: 0, minRevision: 300, maxRevision: 399 };
const rsa = () => signingKey('rsa3072', generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey);
const [key, other] = [rsa(), rsa()];
const flashKey = seededRandom(4)(32);

const signedParts = (by = key): (readonly [number, Uint8Array])[] => [
  [0x1000, signed(bootloaderImage(esp32), [by])],
  [0x10000, tableImage()],
  [0x20000, signed(securePadded(appImage(esp32)), [by])],
];
const encrypted = (parts: readonly (readonly [number, Uint8Array])[], config = 15) =>
  parts.map(([at, data]) => [at, encryptFlashEsp32(data, at, flashKey, config)] as const);

/** What the chip prints and becomes after a start with these eFuses. */
function boot(
  parts: readonly (readonly [number, Uint8Array])[],
  fields: Readonly<Record<string, number>>,
  digest: Uint8Array | null = null,
) {
  const chip = new VirtualChip({ kind: 'esp32', seed: 1 }, bootFromFlash);
  if (digest !== null) chip.efuse.setFactoryBlock(2, digest);
  chip.efuse.setFactoryBlock(1, reversed(flashKey));
  for (const [name, value] of Object.entries(fields)) chip.efuse.burnField(name, value);
  place(chip.flash, parts);
  chip.powerOn();
  const [mode, lines] = [chip.mode, chip.console];
  chip.powerOff();
  return { mode, lines };
}

const sealed = { RD_DIS: 1, FLASH_CRYPT_CONFIG: 15, FLASH_CRYPT_CNT: 127, ABS_DONE_1: 1 };

it('boots what is signed and encrypted, and says so in its own words', () => {
  const { mode, lines } = boot(encrypted(signedParts()), sealed, key.digest);
  assert.equal(mode, 'running', lines.join('\n'));
  assert.equal(lines[0], 'ets Jul 29 2019 12:21:46');
  for (const words of [
    'rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)',
    'configsip: 0, SPIWP:0xee',
    'secure boot v2 enabled',
    'secure boot verification succeeded',
  ])
    assert.ok(lines.includes(words), words);
  assert.ok(lines.some((line) => /^load:0x[0-9a-f]{8} len:0x[0-9a-f]+$/.test(line)));
});

it('boots plain with nothing burned, whoever signed', () => {
  assert.equal(boot(signedParts(other), {}).mode, 'running');
});

it('halts at a foreign signature, and where the digest cannot be read', () => {
  for (const [parts, fields, digest] of [
    [signedParts(other), { ABS_DONE_1: 1 }, key.digest],
    [signedParts(), { ABS_DONE_1: 1, RD_DIS: 2 }, key.digest],
    [signedParts(), { ABS_DONE_1: 1 }, null],
  ] as const) {
    const { mode, lines } = boot(parts, fields, digest);
    assert.equal(mode, 'silent');
    assert.ok(lines.includes('secure boot verification failed'), lines.join('\n'));
  }
});

it('finds noise where flash is plain, or encrypted with other bits of the key tweaked', () => {
  for (const [parts, fields] of [
    [signedParts(), sealed],
    [encrypted(signedParts(), 5), sealed],
    [encrypted(signedParts()), { ...sealed, FLASH_CRYPT_CNT: 3 }],
  ] as const)
    assert.match(boot(parts, fields, key.digest).lines.join('\n'), /invalid header: 0x/);
  assert.equal(boot(encrypted(signedParts(), 5), { ...sealed, FLASH_CRYPT_CONFIG: 5 }, key.digest).mode, 'running');
});

it('does not start an application of a lower secure version than BLOCK3 says', () => {
  const { mode, lines } = boot(signedParts(), { SECURE_VERSION: 1 });
  assert.notEqual(mode, 'running');
  assert.ok(
    lines.some((line) => /secure_version 0, smaller than 1/.test(line)),
    lines.join('\n'),
  );
});

it('with UART_DOWNLOAD_DIS the download strap leads nowhere', () => {
  const chip = new VirtualChip({ kind: 'esp32', seed: 1 }, bootFromFlash);
  chip.efuse.burnField('UART_DOWNLOAD_DIS', 1);
  chip.setLines({ dtr: true, rts: false });
  chip.powerOn();
  assert.equal(chip.mode, 'silent');
  assert.equal(chip.console.at(-1), 'Download mode is disabled. Restart with GPIO0 high.');
  chip.powerOff();
});
