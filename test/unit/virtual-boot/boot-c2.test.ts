// ESP32-C2: its key block read as BLOCK0 says, a half digest, one scheme.

import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { it } from 'node:test';
import { concat, reversed } from '../../../main/base/bytes.ts';
import { rsEncode } from '../../../main/efuse/reed-solomon.ts';
import { bootFromFlash } from '../../../main/virtual/boot/boot.ts';
import { trustedDigests } from '../../../main/virtual/boot/keys.ts';
import { EfuseController } from '../../../main/virtual/efuse/controller.ts';
import { type TestBoard, testBoard } from './board.ts';
import { appImage, bootloaderImage, partition, place, securePadded, signed, signingKey, tableImage } from './build.ts';

const c2 = { chipId: 12 };
const secret = Uint8Array.from({ length: 16 }, (_, i) => 0x30 + i);
const long = Uint8Array.from({ length: 32 }, (_, i) => i);
const p256 = () => signingKey('ecdsa-p256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
const [key, other] = [p256(), p256()];
const table = tableImage([partition('factory', 0, 0, 0x10000, 0x40000)]);

const plainParts = (version = 0): [number, Uint8Array][] => [
  [0, bootloaderImage(c2)],
  [0x8000, table],
  [0x10000, appImage({ ...c2, secureVersion: version })],
];
const signedParts = (): [number, Uint8Array][] => [
  [0, signed(bootloaderImage(c2), [key])],
  [0x8000, table],
  [0x10000, signed(securePadded(appImage(c2)), [key])],
];

function board(block: Uint8Array, fields: Readonly<Record<string, number>>): TestBoard {
  const made = testBoard('esp32c2', 102);
  const { efuse } = made.context;
  assert.ok(efuse instanceof EfuseController);
  efuse.setFactoryBlock(3, concat(block, rsEncode(block)));
  for (const [name, value] of Object.entries(fields)) made.burn(name, value);
  return made;
}

const half = key.digest.slice(0, 16);
const sealed = { RD_DIS: 1, SPI_BOOT_CRYPT_CNT: 7, SECURE_BOOT_EN: 1 };

it('boots what is signed and encrypted, by half a block each', () => {
  const { context, flash } = board(concat(reversed(secret), half), sealed);
  // the 16 bytes of the file extended by SHA-256 (FACTS 2.9), made here and not by the cipher
  place(flash, signedParts(), new Uint8Array(createHash('sha256').update(secret).digest()));
  const boot = bootFromFlash(context);
  assert.equal(boot.state, 'running');
  assert.ok(boot.lines.includes('ECDSA secure boot verification succeeded'), boot.lines.join('\n'));
  assert.deepEqual(trustedDigests(context.efuse)[0]!.digest, half);
});

it('halts where the half digest is another key’s, hidden, or not looked for', () => {
  const strange = concat(reversed(secret), other.digest.slice(0, 16));
  const own = concat(reversed(secret), half);
  for (const [block, fields] of [
    [strange, sealed],
    // the second half of the digest is not the first
    [concat(reversed(secret), key.digest.slice(16)), sealed],
    [own, { ...sealed, RD_DIS: 3 }],
  ] as const) {
    const { context, flash } = board(block, fields);
    place(flash, signedParts(), secret);
    assert.equal(bootFromFlash(context).state, 'halted');
  }
  const { context } = board(own, { ...sealed, XTS_KEY_LENGTH_256: 1 });
  assert.deepEqual(trustedDigests(context.efuse), [], 'a block that is one flash key holds no digest');
});

it('boots by a flash key of 256 bits where XTS_KEY_LENGTH_256 says so', () => {
  const fields = { RD_DIS: 3, SPI_BOOT_CRYPT_CNT: 7 };
  const right = board(reversed(long), { ...fields, XTS_KEY_LENGTH_256: 1 });
  place(right.flash, plainParts(), long);
  assert.equal(bootFromFlash(right.context).state, 'running');
  const unmarked = board(reversed(long), fields);
  place(unmarked.flash, plainParts(), long);
  assert.equal(bootFromFlash(unmarked.context).state, 'resetting');
});

it('knows no RSA', () => {
  const rsa = signingKey('rsa3072', generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey);
  const { context, flash } = board(concat(new Uint8Array(16), rsa.digest.slice(0, 16)), { SECURE_BOOT_EN: 1 });
  place(flash, [[0, signed(bootloaderImage(c2), [rsa])], ...plainParts().slice(1)]);
  assert.equal(bootFromFlash(context).state, 'halted');
});

it('counts four bits of SECURE_VERSION', () => {
  const { context, flash } = board(new Uint8Array(32), { SECURE_VERSION: 0b1111 });
  place(flash, plainParts(4));
  assert.equal(bootFromFlash(context).state, 'running');
  place(flash, plainParts(3));
  assert.equal(bootFromFlash(context).state, 'resetting');
});
