import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { systemClock } from '../../main/base/clock.ts';
import { connectBoard } from '../../main/chip/connect.ts';
import { isFault } from '../../main/model/fault.ts';
import { type LoadedRecipe, loadRecipe } from '../../main/recipe/load.ts';
import { flashView } from '../../main/virtual/boot/flash-view.ts';
import { checkSecureBoot } from '../../main/virtual/boot/secure-boot.ts';
import { flashHoldsFirmware, leftOpen } from './judge.ts';
import { faultsOf, noToken, recipeNamed, recipes, setStage } from './stage.ts';

/** What the silicon of each chip must hold in the end, by the names of its own manual. */
const chips = [
  {
    recipe: 'esp32s2-production',
    address: 'virtual:esp32s2?pacing=none&name=s2',
    fields: {
      HARD_DIS_JTAG: 1,
      SOFT_DIS_JTAG: 1,
      DIS_LEGACY_SPI_BOOT: 1,
      DIS_BOOT_REMAP: 1,
      DIS_DOWNLOAD_ICACHE: 1,
      DIS_DOWNLOAD_DCACHE: 1,
      DIS_DOWNLOAD_MANUAL_ENCRYPT: 1,
    },
    purposes: [2, 3, 8, 9],
    bootloader: 0x1000,
  },
  {
    recipe: 'esp32c61-production',
    address: 'virtual:esp32c61?pacing=none&name=c61',
    fields: {
      DIS_PAD_JTAG: 1,
      DIS_USB_JTAG: 1,
      DIS_DIRECT_BOOT: 1,
      SPI_DOWNLOAD_MSPI_DIS: 1,
      XTS_DPA_PSEUDO_LEVEL: 1,
      DIS_DOWNLOAD_MANUAL_ENCRYPT: 1,
    },
    purposes: [1, 4, 9],
    bootloader: 0,
  },
  {
    recipe: 'esp32c5-production',
    address: 'virtual:esp32c5?rev=1.0&pacing=none&name=c5',
    fields: {
      DIS_PAD_JTAG: 1,
      DIS_USB_JTAG: 1,
      SOFT_DIS_JTAG: 7,
      DIS_DIRECT_BOOT: 1,
      SPI_DOWNLOAD_MSPI_DIS: 1,
      XTS_DPA_PSEUDO_LEVEL: 1,
      ECC_FORCE_CONST_TIME: 1,
      DIS_DOWNLOAD_MANUAL_ENCRYPT: 1,
    },
    // P-384 takes two blocks.
    purposes: [4, 8, 9, 17, 18],
    bootloader: 0x2000,
  },
  {
    recipe: 'esp32c6-production',
    address: 'virtual:esp32c6?pacing=none&name=c6',
    fields: {
      DIS_PAD_JTAG: 1,
      DIS_USB_JTAG: 1,
      SOFT_DIS_JTAG: 7,
      DIS_DIRECT_BOOT: 1,
      DIS_DOWNLOAD_ICACHE: 1,
      DIS_DOWNLOAD_MANUAL_ENCRYPT: 1,
    },
    // The RSA key lies in flash under the key of purpose 7.
    purposes: [4, 7, 8, 9],
    bootloader: 0,
  },
  {
    recipe: 'esp32h2-production',
    address: 'virtual:esp32h2?rev=1.2&pacing=none&name=h2',
    fields: {
      DIS_PAD_JTAG: 1,
      DIS_USB_JTAG: 1,
      SOFT_DIS_JTAG: 7,
      DIS_DIRECT_BOOT: 1,
      XTS_DPA_PSEUDO_LEVEL: 1,
      ECC_FORCE_CONST_TIME: 1,
      DIS_DOWNLOAD_MANUAL_ENCRYPT: 1,
    },
    purposes: [1, 4, 8, 9],
    bootloader: 0,
  },
  {
    recipe: 'esp32c2-production',
    address: 'virtual:esp32c2?pacing=none&name=c2',
    fields: {
      DIS_PAD_JTAG: 1,
      DIS_DIRECT_BOOT: 1,
      DIS_DOWNLOAD_ICACHE: 1,
      DIS_DOWNLOAD_MANUAL_ENCRYPT: 1,
      // The low half of its key block is the flash key, the high half half a digest.
      XTS_KEY_LENGTH_256: 0,
      RD_DIS: 1,
      // RD_DIS, the count with what says how the key block is read, and the block itself.
      WR_DIS: 0x85,
    },
    purposes: [],
    bootloader: 0,
  },
  {
    recipe: 'esp32-production',
    address: 'virtual:esp32?pacing=none&name=esp32',
    fields: {
      JTAG_DISABLE: 1,
      CONSOLE_DEBUG_DISABLE: 1,
      DISABLE_DL_ENCRYPT: 1,
      DISABLE_DL_DECRYPT: 1,
      DISABLE_DL_CACHE: 1,
      // Its counter of flash encryption has seven bits.
      SPI_BOOT_CRYPT_CNT: 127,
      FLASH_CRYPT_CONFIG: 15,
      ABS_DONE_0: 0,
      // BLOCK1 is the flash key, hidden; BLOCK2 the digest. Both are frozen, and RD_DIS and DIS_CACHE with them.
      RD_DIS: 1,
      WR_DIS: 0x189,
    },
    purposes: [],
    bootloader: 0x1000,
  },
  {
    recipe: 'esp32s31-production',
    address: 'virtual:esp32s31?pacing=none&name=s31',
    fields: {
      DIS_PAD_JTAG: 1,
      DIS_USB_JTAG: 1,
      SOFT_DIS_JTAG: 7,
      DIS_DIRECT_BOOT: 1,
      SPI_DOWNLOAD_MSPI_DIS: 1,
      XTS_DPA_PSEUDO_LEVEL: 1,
      DIS_DOWNLOAD_MANUAL_ENCRYPT: 1,
      // Nothing else of it has a scrambler or a way back in.
      ENA_SPI_BOOT_CRYPT_SCRAMBLER: 0,
      RMA_ENA: 0,
    },
    // All five of its key blocks.
    purposes: [1, 2, 3, 8, 9],
    bootloader: 0x2000,
  },
  {
    recipe: 'esp32h21-production',
    address: 'virtual:esp32h21?pacing=none&name=h21',
    fields: {
      DIS_PAD_JTAG: 1,
      DIS_USB_JTAG: 1,
      SOFT_DIS_JTAG: 7,
      DIS_DIRECT_BOOT: 1,
      XTS_DPA_PSEUDO_LEVEL: 1,
      DIS_DOWNLOAD_MANUAL_ENCRYPT: 1,
    },
    purposes: [1, 4, 8, 9],
    bootloader: 0,
  },
  {
    recipe: 'esp32h4-production',
    address: 'virtual:esp32h4?pacing=none&name=h4',
    fields: {
      // ESP-IDF has no Secure Boot for it.
      SECURE_BOOT_EN: 0,
      DIS_PAD_JTAG: 1,
      DIS_USB_JTAG: 1,
      DIS_DIRECT_BOOT: 1,
      SPI_DOWNLOAD_MSPI_DIS: 1,
      XTS_DPA_PSEUDO_LEVEL: 1,
      DIS_DOWNLOAD_MANUAL_ENCRYPT: 1,
    },
    purposes: [2, 3, 8, 17, 18],
    bootloader: 0x2000,
  },
] as const;

/** What the recipe check finds in a shipped recipe after one change. */
function findingsOf(recipe: string, chip: string, from: string, to: string) {
  const original = readFileSync(join(recipes, `${recipe}.yaml`), 'utf8');
  assert.ok(original.includes(from));
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-recipe-'));
  try {
    const changed = join(folder, 'changed.yaml');
    writeFileSync(changed, original.replace(from, to));
    const firmwareFolder = join(recipes, '..', 'firmware', chip);
    return loadRecipe(changed, { firmwareFolder }).findings.filter(({ waived }) => waived === null);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('what the ESP32 lacks', () => {
  const key = '    - label: secure-boot-1\n';
  for (const [what, from, to, check, reason] of [
    ['Secure Boot V2 below v3.0', 'min: v3.0', 'min: v1.0', 'secure-boot-silicon', /needs silicon v3\.0 or later/],
    ['a fuse for its download mode there', 'min: v3.0', 'min: v1.0', 'download-mode', /from silicon v3\.0 on/],
    ['secure download mode', 'download_mode: disabled', 'download_mode: secure', 'download-mode', /no secure download/],
    ['other ciphers', 'key: aes-256', 'key: xts-aes-128', 'flash-encryption-key', /cannot encrypt/],
    ['HMAC', 'doors:', 'hmac_up: true\ndoors:', 'hmac', /no HMAC peripheral/],
    ['ECDSA Secure Boot', 'scheme: rsa3072', 'scheme: ecdsa-p256', 'secure-boot-scheme', /no Secure Boot V2 with/],
    ['room for a second digest', key, key + key.replace('1', '2'), 'efuse.purpose-unsupported', /SECURE_BOOT_DIGEST1/],
  ] as const) {
    it(what, () => {
      const found = findingsOf('esp32-production', 'esp32', from, to).find((finding) => finding.check === check);
      assert.match(found?.what ?? '', reason);
    });
  }
});

describe('what preview chips lack', () => {
  for (const [chip, from, to, check, reason] of [
    [
      'esp32h4',
      'flash_encryption:',
      'secure_boot:\n  scheme: rsa3072\n  keys:\n    - label: k\nflash_encryption:',
      'secure-boot-refused',
      /no Secure Boot for it yet/,
    ],
    ['esp32h4', "jtag: 'off'", 'jtag: soft', 'soft-jtag', /does not shut its JTAG softly/],
    ['esp32h4', 'key: ecdsa-p384', 'key: rsa-2048', 'identity-key', /no Digital Signature peripheral/],
    ['esp32s31', "jtag: 'off'", 'jtag: soft', 'soft-jtag', /RE_ENABLE_JTAG_SOURCE/],
    ['esp32s31', 'scheme: rsa3072', 'scheme: ecdsa-p256', 'secure-boot-scheme', /no Secure Boot V2 with ecdsa-p256/],
    ['esp32s31', 'doors:', 'efuses:\n  ENA_SPI_BOOT_CRYPT_SCRAMBLER: 1\ndoors:', 'efuse.unshown', /nobody has shown/],
    ['esp32h21', 'key: xts-aes-128', 'key: xts-aes-256', 'flash-encryption-key', /cannot encrypt/],
    ['esp32h21', '  - check: preview-chip', '  - check: jtag-open', 'preview-chip', /preview target/],
  ] as const) {
    it(`${chip}: ${check}`, () => {
      const found = findingsOf(`${chip}-production`, chip, from, to).find((finding) => finding.check === check);
      assert.match(found?.what ?? '', reason);
    });
  }
});

describe('what the ESP32-C61 lacks', () => {
  const original = readFileSync(join(recipes, 'esp32c61-production.yaml'), 'utf8');
  const waiver = original.slice(original.indexOf('waivers:'));

  for (const [what, from, to, check, reason] of [
    ['RSA', 'scheme: ecdsa-p256', 'scheme: rsa3072', 'secure-boot-scheme', /no Secure Boot V2 with rsa3072/],
    ['HMAC', 'doors:', 'hmac_up: true\ndoors:', 'hmac', /no HMAC peripheral/],
    ['256-bit flash keys', 'key: xts-aes-128', 'key: xts-aes-256', 'flash-encryption-key', /cannot encrypt/],
    ['a good name for its Secure Boot', waiver, '', 'secure-boot-ecdsa', /calls ECDSA Secure Boot/],
  ] as const) {
    it(what, () => {
      const found = findingsOf('esp32c61-production', 'esp32c61', from, to).find((finding) => finding.check === check);
      assert.match(found?.what ?? '', reason);
      assert.ok(!found?.remedy.includes('Use rsa3072, or'), found?.remedy);
    });
  }
});

describe('chips beside the first ones, from bare to sealed', { concurrency: 1 }, () => {
  for (const { recipe, address, fields, purposes, bootloader } of chips) {
    it(recipe, { skip: noToken }, async () => {
      const loaded = recipeNamed(recipe);
      const stage = await setStage();
      try {
        const result = await stage.provision(loaded, [address]);
        assert.equal(result.counts.passed, 1, faultsOf(stage));
        const chip = stage.chip(address);
        const record = await stage.station.parts.ledger.sealedDevice(chip.identity.mac);
        assert.ok(record);
        flashHoldsFirmware(chip, record, loaded);
        assert.equal(record.images.find(({ name }) => name === 'bootloader')?.offset, bootloader);

        const { efuse } = chip;
        const everywhere = { SECURE_BOOT_EN: 1, SPI_BOOT_CRYPT_CNT: 7, DIS_DOWNLOAD_MODE: 1 };
        for (const [name, value] of Object.entries({ ...everywhere, ...fields }))
          assert.equal(efuse.field(name), value, name);
        const purposeFields = efuse.table.keyBlocks.flatMap(({ purposeField }) => purposeField ?? []);
        const burned = purposeFields.map((name) => efuse.field(name)).filter((n) => n !== 0);
        assert.deepEqual(
          burned.sort((a, b) => a - b),
          purposes,
        );
        const secureBoot = loaded.recipe.secureBoot !== null;
        if (secureBoot) assert.equal(efuse.field('WR_DIS') & 1, 1, 'no digest can be hidden any more');

        assert.deepEqual(leftOpen(record, loaded), []);

        if (secureBoot) {
          const { trusted, passed } = checkSecureBoot(
            { kind: chip.identity.kind, revision: chip.identity.revision, efuse },
            flashView(efuse, chip.flash),
            bootloader,
            bootloaderLength(loaded),
          );
          assert.deepEqual([passed, trusted], [true, [0]]);
        }

        const port = await stage.bench.open(address, { baudRate: 115200 });
        await assert.rejects(
          () => connectBoard(port, { clock: systemClock }),
          (error) => isFault(error, 'protocol.download-disabled'),
        );
        assert.equal((await stage.station.parts.ledger.verify()).broken, null);
      } finally {
        await stage.close();
      }
    });
  }
});

function bootloaderLength({ firmware }: LoadedRecipe): number {
  return firmware.parts.find(({ kind }) => kind === 'bootloader')!.data.length;
}
