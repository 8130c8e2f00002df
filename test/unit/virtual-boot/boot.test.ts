import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { concat, isFilledWith, u32le } from '../../../main/base/bytes.ts';
import { bootFromFlash } from '../../../main/virtual/boot/boot.ts';
import { type TestBoard, testBoard } from './board.ts';
import {
  appImage,
  bootloaderImage,
  otaLayout,
  partition,
  place,
  type SigningKey,
  securePadded,
  signed,
  signingKey,
  tableImage,
} from './build.ts';

const p4 = { chipId: 18, minRevision: 300, maxRevision: 399 };
const key128 = Uint8Array.from({ length: 32 }, (_, i) => i);
const key256 = Uint8Array.from({ length: 64 }, (_, i) => 255 - i);

function p4Board(more = {}): TestBoard {
  return testBoard('esp32p4', 301, more);
}

const plainParts = (app = appImage(p4)): [number, Uint8Array][] => [
  [0x2000, bootloaderImage(p4)],
  [0x10000, tableImage()],
  [0x20000, app],
];

/** Lines without the time stamps of ESP-IDF's log. */
const words = (lines: readonly string[]) => lines.map((line) => line.replace(/^([IWE]) \(\d+\) /, '$1 '));

function includesInOrder(lines: readonly string[], wanted: readonly (string | RegExp)[]): void {
  let at = 0;
  for (const want of wanted) {
    const found = lines.findIndex((line, i) => i >= at && (typeof want === 'string' ? line === want : want.test(line)));
    assert.ok(found >= 0, `no line ${want} behind line ${at} of:\n${lines.join('\n')}`);
    at = found + 1;
  }
}

describe('boot from flash, nothing protected', () => {
  it('prints ROM, second stage and application in order and runs', () => {
    const { context, flash } = p4Board();
    place(flash, plainParts());
    const boot = bootFromFlash(context);
    assert.equal(boot.state, 'running');
    includesInOrder(words(boot.lines), [
      'ESP-ROM:esp32p4-eco5-20250430',
      /^Build:/,
      'rst:0x1 (POWERON),boot:0x30f (SPI_FAST_FLASH_BOOT)',
      'SPI mode:DIO, clock div:1',
      'load:0x4ff33ce0,len:0x3d4',
      'load:0x4ff2abd0,len:0xbb8',
      'entry 0x4ff2abda',
      'I boot: ESP-IDF v5.5 2nd stage bootloader',
      'I boot: chip revision: v3.1',
      'I boot: Partition Table:',
      'I boot:  1 otadata          OTA data         01 00 00017000 00002000',
      'I boot: End of partition table',
      'I boot: No factory image, trying OTA 0',
      'I boot: Loaded app from partition at offset 0x20000',
      'I app_init: Project name:     demo',
      'I app_init: App version:      1.2.3',
      'I app_init: ELF file SHA256:  ababababa...',
      'I app_init: ESP-IDF:          v5.5',
      'I efuse_init: Min chip rev:     v3.0',
      'I efuse_init: Max chip rev:     v3.99',
      'I efuse_init: Chip rev:         v3.1',
      'I main_task: Calling app_main()',
    ]);
  });

  it('prints the lines seen on a real C3 (FACTS 17)', () => {
    const { context, flash } = testBoard('esp32c3', 4);
    const c3 = { chipId: 5 };
    place(flash, [
      [0, bootloaderImage(c3)],
      [0x8000, tableImage([partition('factory', 0, 0, 0x10000, 0x10000)])],
      [0x10000, appImage(c3)],
    ]);
    const boot = bootFromFlash(context);
    assert.deepEqual(boot.lines.slice(0, 5), [
      'ESP-ROM:esp32c3-api1-20210207',
      'Build:Feb  7 2021',
      'rst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)',
      'SPIWP:0xee',
      'mode:DIO, clock div:1',
    ]);
    assert.match(boot.lines.join('\n'), /I \(\d+\) boot: Loaded app from partition at offset 0x10000/);
    assert.equal(boot.state, 'running');
  });

  it('prints the same twice', () => {
    const { context, flash } = p4Board();
    place(flash, plainParts());
    bootFromFlash(context);
    assert.deepEqual(bootFromFlash(context).lines, bootFromFlash(context).lines);
  });

  it('repeats invalid header on erased flash', () => {
    const { context } = p4Board();
    const boot = bootFromFlash(context);
    assert.equal(boot.state, 'resetting');
    assert.deepEqual(boot.lines.slice(3), [...Array<string>(3).fill('invalid header: 0xffffffff'), 'ets_main.c 372 ']);
  });

  it('is silent in ROM with UART_PRINT_CONTROL 3, not in the second stage', () => {
    const { context, flash, burn } = p4Board();
    place(flash, plainParts());
    burn('UART_PRINT_CONTROL', 3);
    const { lines } = bootFromFlash(context);
    assert.match(lines[0] ?? '', /2nd stage bootloader$/);
  });

  it('halts on a bootloader whose checksum is wrong', () => {
    const { context, flash } = p4Board();
    const bootloader = bootloaderImage(p4);
    bootloader[200] = (bootloader[200] ?? 0) ^ 4;
    place(flash, [[0x2000, bootloader]]);
    const boot = bootFromFlash(context);
    assert.equal(boot.state, 'halted');
    includesInOrder(boot.lines, [/^Checksum failure\. Calculated 0x[0-9a-f]+ stored 0x[0-9a-f]+$/]);
  });

  it('says nothing behind entry for a build of the other P4', () => {
    const { context, flash } = testBoard('esp32p4', 103);
    place(flash, plainParts());
    const boot = bootFromFlash(context);
    assert.equal(boot.state, 'resetting');
    assert.match(boot.lines.at(-1) ?? '', /^entry /);
  });

  it('refuses an application of another chip and of another revision', () => {
    const { context, flash } = p4Board();
    place(flash, plainParts(appImage({ chipId: 9 })));
    includesInOrder(words(bootFromFlash(context).lines), [
      'E boot_comm: mismatch chip ID, expected 18, found 9',
      'E boot: OTA app partition slot 0 is not bootable',
      'E boot: No bootable app partitions in the partition table',
    ]);
    place(flash, plainParts(appImage({ ...p4, minRevision: 302 })));
    const boot = bootFromFlash(context);
    assert.equal(boot.state, 'resetting');
    includesInOrder(words(boot.lines), ['E boot_comm: chip revision check failed. Required >= v3.2, found v3.1.']);
    place(flash, plainParts(appImage({ ...p4, blocks: { minBlockRevision: 103 } })));
    const old = bootFromFlash(context);
    assert.equal(old.state, 'resetting');
    includesInOrder(words(old.lines), ['E boot_comm: Image requires efuse blk rev >= v1.3, but chip is v0.0']);
  });

  it('refuses an application with a flipped bit', () => {
    const { context, flash } = p4Board();
    const app = appImage(p4);
    // two flips that the XOR checksum does not see, so that the hash has to
    app[0x400] = (app[0x400] ?? 0) ^ 1;
    app[0x401] = (app[0x401] ?? 0) ^ 1;
    place(flash, plainParts(app));
    includesInOrder(words(bootFromFlash(context).lines), ['E esp_image: Image hash failed - image is corrupt']);
  });

  it('stops without a partition table', () => {
    const { context, flash } = p4Board();
    place(flash, [[0x2000, bootloaderImage(p4)]]);
    const boot = bootFromFlash(context);
    assert.equal(boot.state, 'resetting');
    includesInOrder(words(boot.lines), ['E boot: load partition table error!']);
  });
});

/** esp_ota_select_entry_t with the CRC of FACTS 0.10. */
function otaEntry(sequence: number, state = 0xffffffff): Uint8Array {
  return concat(
    u32le(sequence),
    new Uint8Array(20).fill(0xff),
    u32le(state),
    u32le(crc32(u32le(sequence), 0xffffffff)),
  );
}

describe('otadata', () => {
  const twoApps = (): TestBoard => {
    const board = p4Board();
    place(board.flash, [...plainParts(), [0x80000, appImage({ ...p4, version: 'two' })]]);
    return board;
  };

  it('writes the first sequence where there is no factory application', () => {
    const { context, flash } = twoApps();
    const boot = bootFromFlash(context);
    includesInOrder(words(boot.lines), [
      'I boot: No factory image, trying OTA 0',
      'I boot: Set actual ota_seq=1 in otadata[0]',
    ]);
    assert.deepEqual(flash.read(0x17000, 32), otaEntry(1, 2));
    assert.doesNotMatch(bootFromFlash(context).lines.join('\n'), /trying OTA 0|Set actual/);
  });

  it('takes the valid entry of the higher sequence', () => {
    const { context, flash } = twoApps();
    place(flash, [
      [0x17000, otaEntry(1)],
      [0x18000, otaEntry(2)],
    ]);
    includesInOrder(words(bootFromFlash(context).lines), ['I app_init: App version:      two']);
  });

  it('passes over an entry with a wrong CRC or the state aborted', () => {
    const wrong = otaEntry(2);
    wrong[28] = (wrong[28] ?? 0) ^ 1;
    for (const second of [wrong, otaEntry(2, 4)]) {
      const { context, flash } = twoApps();
      place(flash, [
        [0x17000, otaEntry(1)],
        [0x18000, second],
      ]);
      includesInOrder(words(bootFromFlash(context).lines), ['I app_init: App version:      1.2.3']);
    }
  });

  it('falls back to the other slot', () => {
    const { context, flash } = twoApps();
    place(flash, [[0x17000, otaEntry(2)]]);
    flash.erase(0x80000, 0x10000);
    includesInOrder(words(bootFromFlash(context).lines), [
      'E esp_image: image at 0x80000 has invalid magic byte (nothing flashed here?)',
      'E boot: OTA app partition slot 1 is not bootable',
      'I boot: Loaded app from partition at offset 0x20000',
    ]);
  });

  it('prefers the factory application when otadata is erased', () => {
    const { context, flash } = p4Board();
    const layout = [...otaLayout, partition('factory', 0, 0, 0xe0000, 0x60000)];
    place(flash, [...plainParts(), [0x10000, tableImage(layout)], [0xe0000, appImage({ ...p4, version: 'factory' })]]);
    includesInOrder(words(bootFromFlash(context).lines), [
      'I boot: Defaulting to factory image',
      'I app_init: App version:      factory',
    ]);
    assert.ok(isFilledWith(flash.read(0x17000, 32), 0xff));
  });
});

describe('anti-rollback', () => {
  it('refuses an application below the count of ones and takes the next slot', () => {
    const { context, flash, burn } = p4Board();
    place(flash, [
      ...plainParts(appImage({ ...p4, secureVersion: 1 })),
      [0x80000, appImage({ ...p4, secureVersion: 2 })],
    ]);
    burn('SECURE_VERSION', 0b11);
    includesInOrder(words(bootFromFlash(context).lines), [
      /secure_version 1, smaller than 2/,
      'E boot: OTA app partition slot 0 is not bootable',
      'I boot: Loaded app from partition at offset 0x80000',
    ]);
    burn('SECURE_VERSION', 0b111);
    assert.equal(bootFromFlash(context).state, 'resetting');
  });
});

describe('flash encryption', () => {
  it('boots ciphertext with the key of the eFuse, 128 and 256 bits', () => {
    for (const key of [key128, key256]) {
      const { context, flash, burn, burnKey } = p4Board();
      if (key.length === 32) burnKey(2, 'XTS_AES_128_KEY', key);
      else {
        burnKey(4, 'XTS_AES_256_KEY_1', key.subarray(0, 32));
        burnKey(1, 'XTS_AES_256_KEY_2', key.subarray(32));
      }
      burn('SPI_BOOT_CRYPT_CNT', 7);
      place(flash, [...plainParts(), [0x17000, new Uint8Array(0x2000).fill(0xff)]], key);
      const boot = bootFromFlash(context);
      assert.equal(boot.state, 'running');
      includesInOrder(words(boot.lines), [
        'I boot: Loaded app from partition at offset 0x20000',
        'W flash_encrypt: Flash encryption mode is DEVELOPMENT (not secure)',
      ]);
      // the first otadata entry goes into flash encrypted: what lies there differs, what the CPU reads is the same
      assert.notDeepEqual(flash.read(0x17000, 32), otaEntry(1, 2));
      assert.doesNotMatch(bootFromFlash(context).lines.join('\n'), /trying OTA 0/);
      burn('DIS_DOWNLOAD_MANUAL_ENCRYPT', 1);
      burn('SPI_DOWNLOAD_MSPI_DIS', 1);
      includesInOrder(words(bootFromFlash(context).lines), ['I flash_encrypt: Flash encryption mode is RELEASE']);
    }
  });

  it('reads erased otadata as noise and tries all slots', () => {
    const { context, flash, burn, burnKey } = p4Board();
    burnKey(0, 'XTS_AES_128_KEY', key128);
    burn('SPI_BOOT_CRYPT_CNT', 1);
    place(flash, plainParts(), key128);
    const boot = bootFromFlash(context);
    assert.equal(boot.state, 'running');
    includesInOrder(words(boot.lines), ['E boot: ota data partition invalid and no factory, will try all partitions']);
  });

  it('repeats invalid header for plaintext, for a wrong key, and for ciphertext with encryption off', () => {
    const plain = p4Board();
    plain.burnKey(0, 'XTS_AES_128_KEY', key128);
    plain.burn('SPI_BOOT_CRYPT_CNT', 7);
    place(plain.flash, plainParts());
    const wrong = p4Board();
    wrong.burnKey(0, 'XTS_AES_128_KEY', key128);
    wrong.burn('SPI_BOOT_CRYPT_CNT', 7);
    place(wrong.flash, plainParts(), key256.slice(0, 32));
    const off = p4Board();
    off.burnKey(0, 'XTS_AES_128_KEY', key128);
    off.burn('SPI_BOOT_CRYPT_CNT', 3);
    place(off.flash, plainParts(), key128);
    for (const { context } of [plain, wrong, off]) {
      const boot = bootFromFlash(context);
      assert.equal(boot.state, 'resetting');
      assert.ok(boot.lines.length > 4);
      for (const line of boot.lines.slice(3))
        assert.match(line, /^(use legacy efuse key|invalid header: 0x[0-9a-f]{8}|ets_main\.c 372 )$/);
    }
  });

  it('does not use a key in the slot that cannot hold one (C3, KEY5)', () => {
    const c3 = { chipId: 5 };
    for (const [slot, state] of [
      [4, 'running'],
      [5, 'resetting'],
    ] as const) {
      const { context, flash, burn, burnKey } = testBoard('esp32c3', 4);
      burnKey(slot, 'XTS_AES_128_KEY', key128);
      burn('SPI_BOOT_CRYPT_CNT', 7);
      const table = tableImage([partition('factory', 0, 0, 0x10000, 0x10000)]);
      place(
        flash,
        [
          [0, bootloaderImage(c3)],
          [0x8000, table],
          [0x10000, appImage(c3)],
        ],
        key128,
      );
      assert.equal(bootFromFlash(context).state, state);
    }
  });
});

describe('Secure Boot V2', () => {
  let own: SigningKey;
  let spare: SigningKey;
  let foreign: SigningKey;
  before(() => {
    const rsa = () => signingKey('rsa3072', generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey);
    [own, spare, foreign] = [rsa(), rsa(), rsa()];
  });

  const board = (loaderKeys: SigningKey[], appKeys = loaderKeys, spoil = false) => {
    const made = p4Board();
    const app = signed(securePadded(appImage(p4)), appKeys, false);
    place(made.flash, [
      [0x2000, signed(bootloaderImage(p4), loaderKeys, spoil)],
      [0x10000, tableImage()],
      [0x20000, app],
    ]);
    made.burnKey(0, 'SECURE_BOOT_DIGEST0', own.digest);
    made.burn('SECURE_BOOT_EN', 1);
    return made;
  };

  it('boots what the burned key signed', () => {
    const boot = bootFromFlash(board([own]).context);
    assert.equal(boot.state, 'running');
    includesInOrder(words(boot.lines), [
      'SPI mode:DIO, clock div:1',
      'Valid secure boot key blocks: 0',
      'RSA-PSS secure boot verification succeeded',
      /^load:/,
      'I secure_boot_v2: Signature verified successfully!',
      'I boot: Loaded app from partition at offset 0x20000',
    ]);
  });

  it('halts on a foreign signature with the lines of FACTS 17', () => {
    const { context, burned, burn } = board([foreign]);
    burn('SECURE_BOOT_AGGRESSIVE_REVOKE', 1);
    const boot = bootFromFlash(context);
    assert.equal(boot.state, 'halted');
    assert.deepEqual(boot.lines.slice(-4), [
      'Valid secure boot key blocks: 0',
      'Sig block 0 signed with untrusted key',
      'RSA-PSS secure boot verification failed',
      'ets_main.c 372 ',
    ]);
    assert.deepEqual(burned, [], 'a foreign key revokes nothing');
  });

  it('takes any one good block', () => {
    const { context } = board([foreign, own]);
    const boot = bootFromFlash(context);
    assert.equal(boot.state, 'running');
    includesInOrder(boot.lines, [
      'Sig block 0 signed with untrusted key',
      'RSA-PSS secure boot verification succeeded',
    ]);
  });

  it('halts on an unsigned bootloader', () => {
    const { context, flash } = board([own]);
    place(flash, [[0x2000, bootloaderImage(p4)]]);
    flash.erase(0x3000, 0x2000);
    const boot = bootFromFlash(context);
    assert.equal(boot.state, 'halted');
    includesInOrder(boot.lines, ['RSA-PSS secure boot verification failed']);
  });

  it('does not trust a revoked, a read-protected or an empty digest', () => {
    const revoked = board([own]);
    revoked.burn('SECURE_BOOT_KEY_REVOKE0', 1);
    const hidden = board([own]);
    hidden.burn('RD_DIS', 1);
    const empty = p4Board();
    empty.burnKey(0, 'SECURE_BOOT_DIGEST0', new Uint8Array(32));
    empty.burn('SECURE_BOOT_EN', 1);
    place(empty.flash, [[0x2000, signed(bootloaderImage(p4), [own])]]);
    for (const { context } of [revoked, hidden, empty]) {
      const boot = bootFromFlash(context);
      assert.equal(boot.state, 'halted');
      includesInOrder(boot.lines, ['RSA-PSS secure boot verification failed', 'ets_main.c 372 ']);
      assert.ok(!boot.lines.some((line) => line.includes('key blocks')), 'none is valid');
    }
  });

  it('goes on with the second key after the first was revoked', () => {
    const { context, burn, burnKey } = board([own, spare]);
    burnKey(3, 'SECURE_BOOT_DIGEST1', spare.digest);
    includesInOrder(bootFromFlash(context).lines, ['Valid secure boot key blocks: 0 1']);
    burn('SECURE_BOOT_KEY_REVOKE0', 1);
    const boot = bootFromFlash(context);
    assert.equal(boot.state, 'running');
    includesInOrder(boot.lines, ['Valid secure boot key blocks: 1']);
  });

  it('revokes aggressively on a bad signature only', () => {
    const mild = board([own], [own], true);
    assert.equal(bootFromFlash(mild.context).state, 'halted');
    assert.deepEqual(mild.burned, []);
    const harsh = board([own], [own], true);
    harsh.burn('SECURE_BOOT_AGGRESSIVE_REVOKE', 1);
    assert.equal(bootFromFlash(harsh.context).state, 'halted');
    assert.deepEqual(harsh.burned, [['SECURE_BOOT_KEY_REVOKE0', 1]]);
    const changed = board([own]);
    changed.burn('SECURE_BOOT_AGGRESSIVE_REVOKE', 1);
    // a byte of the signed image: its digest no longer equals the one in the block
    changed.flash.program(0x2100, Uint8Array.of(0));
    assert.equal(bootFromFlash(changed.context).state, 'halted');
    assert.deepEqual(changed.burned, []);
  });

  it('refuses an application that another key signed', () => {
    const boot = bootFromFlash(board([own], [foreign]).context);
    assert.equal(boot.state, 'resetting');
    includesInOrder(words(boot.lines), [
      'RSA-PSS secure boot verification succeeded',
      'E esp_image: Secure boot signature verification failed',
      'E boot: No bootable app partitions in the partition table',
    ]);
  });

  it('boots signed and encrypted', () => {
    const { context, flash, burn, burnKey } = board([own]);
    place(
      flash,
      [
        [0x2000, signed(bootloaderImage(p4), [own])],
        [0x10000, tableImage()],
        [0x20000, signed(securePadded(appImage(p4)), [own])],
      ],
      key256,
    );
    burnKey(1, 'XTS_AES_256_KEY_1', key256.subarray(0, 32));
    burnKey(2, 'XTS_AES_256_KEY_2', key256.subarray(32));
    burn('SPI_BOOT_CRYPT_CNT', 7);
    assert.equal(bootFromFlash(context).state, 'running');
  });

  it('knows ECDSA where the chip does (C6 and C61 yes, S3 no)', () => {
    const ec = signingKey('ecdsa-p256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    for (const [kind, chipId, revision, state] of [
      ['esp32c6', 13, 1, 'running'],
      ['esp32c61', 20, 100, 'running'],
      ['esp32s3', 9, 2, 'halted'],
    ] as const) {
      const { context, flash, burn, burnKey } = testBoard(kind, revision);
      burnKey(0, 'SECURE_BOOT_DIGEST0', ec.digest);
      burn('SECURE_BOOT_EN', 1);
      place(flash, [
        [0, signed(bootloaderImage({ chipId }), [ec])],
        [0x10000, tableImage()],
        [0x20000, signed(securePadded(appImage({ chipId })), [ec])],
      ]);
      assert.equal(bootFromFlash(context).state, state);
    }
  });
});

describe('what a build says of its chip and flash', () => {
  const c3 = { chipId: 5, minRevision: 3 };
  const parts = (bootloader: Uint8Array, app: Uint8Array, layout = otaLayout): [number, Uint8Array][] => [
    [0, bootloader],
    [0x8000, tableImage(layout)],
    [0x20000, app],
  ];
  /** Header byte 3: flash size in its high nibble. */
  const sized = (image: Uint8Array, nibble: number) => {
    const bytes = image.slice();
    bytes[3] = (bytes[3]! & 0x0f) | (nibble << 4);
    return bytes;
  };
  const bootOf = (flashSize: number, ...given: Parameters<typeof parts>) => {
    const { context, flash } = testBoard('esp32c3', 4, { flashSize });
    place(flash, parts(...given));
    return bootFromFlash(context);
  };

  it('takes 0 and 65535 for no last revision, and of a bootloader looks at none', () => {
    for (const maxRevision of [0, 65535, 99])
      assert.equal(
        bootOf(1 << 22, bootloaderImage({ ...c3, maxRevision: 1 }), appImage({ ...c3, maxRevision })).state,
        'running',
      );
    const late = bootOf(1 << 22, bootloaderImage(c3), appImage({ ...c3, maxRevision: 3 }));
    assert.ok(late.lines.some((line) => line.includes('Required <= v0.3, found v0.4.')));
    assert.notEqual(late.state, 'running');
  });

  it("refuses a table beyond the bootloader's word for the flash", () => {
    const layout = [...otaLayout, partition('more', 1, 0x82, 0x1f0000, 0x20000)];
    const boot = bootOf(1 << 22, sized(bootloaderImage(c3), 1), appImage(c3), layout);
    assert.equal(boot.state, 'resetting');
    assert.ok(
      boot.lines.some((line) => line.includes('offset 0x1f0000 size 0x20000 exceeds flash chip size 0x200000')),
    );
    assert.equal(bootOf(1 << 22, sized(bootloaderImage(c3), 2), appImage(c3), layout).state, 'running');
  });

  it('ends in the application where the flash is smaller than that word', () => {
    const boot = bootOf(1 << 22, sized(bootloaderImage(c3), 4), appImage(c3));
    assert.equal(boot.state, 'resetting');
    assert.ok(
      boot.lines.some((line) =>
        line.includes('Detected size(4096k) smaller than the size in the binary image header(16384k). Probe failed.'),
      ),
    );
  });
});
