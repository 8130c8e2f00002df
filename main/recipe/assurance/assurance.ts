import type { ChipProfile } from '../../chip/board.ts';
import { onesIn } from '../../efuse/snapshot.ts';
import type { SealedRecord } from '../../model/record.ts';
import type { waivableChecks } from '../check.ts';

/** How a device stands to one recommendation of the security guide. */
export interface Assurance {
  /** Section of the ESP-IDF security overview. */
  readonly section: string;
  readonly recommendation: string;
  readonly verdict: 'met' | 'not met' | 'waived' | 'not applicable';
  /** What shows it: eFuse values as read before the door, proofs, digests. */
  readonly evidence: string;
}

/**
 * Each recommendation of Espressif's guide for production that a sealed record can show, met or not, with the evidence: from the last
 * read-out of the eFuses, what was burned afterwards, and the proofs. It contains what ESP-IDF itself asks of release mode
 * (esp_flash_encryption_cfg_verify_release_mode, esp_secure_boot_cfg_verify_release_mode; FACTS 3.6 and 4.6). Pure.
 */
export function assuranceOf(record: SealedRecord, profile: ChipProfile): Assurance[] {
  const device = new DeviceView(record);
  return [
    ...secureBoot(device, profile),
    ...flashEncryption(device, profile),
    ...identity(device, profile),
    ...doors(device, profile),
    ...lifecycle(device),
  ].map((line) => ({ ...line, ...waiverOf(line, record) }));
}

/** A sealed record as a question of fields. */
class DeviceView {
  readonly record: SealedRecord;
  readonly #fields: Readonly<
    Record<string, { readonly value: number | string | null; readonly writeProtected: boolean }>
  >;
  readonly #burned: Readonly<Record<string, number>>;

  constructor(record: SealedRecord) {
    const after = record.efusesAfter as unknown as {
      readOut: Readonly<Record<string, { readonly value: number | string | null; readonly writeProtected: boolean }>>;
      burnedAfterwards: Readonly<Record<string, number>>;
    };
    this.record = record;
    this.#fields = after.readOut;
    this.#burned = after.burnedAfterwards;
  }

  has(field: string): boolean {
    return field in this.#fields;
  }

  value(field: string): number {
    return (Number(this.#fields[field]?.value ?? 0) | (this.#burned[field] ?? 0)) >>> 0;
  }

  frozen(field: string): boolean {
    return this.#fields[field]?.writeProtected === true;
  }

  /** Whether the key block (4 to 9) is hidden from software. */
  hidden(block: number): boolean {
    return ((this.value('RD_DIS') >>> (block - firstKeyBlock)) & 1) === 1;
  }

  /** Whether block and purpose can be changed no more. */
  locked(block: number): boolean {
    const slot = block - firstKeyBlock;
    return ((this.value('WR_DIS') >>> (firstKeyBlockFreeze + slot)) & 1) === 1 && this.frozen(`KEY_PURPOSE_${slot}`);
  }

  blocksOf(role: (role: string) => boolean): number[] {
    return this.record.keys.filter((key) => role(key.role)).flatMap((key) => key.blocks);
  }

  /** `NAME=value` of each field, for evidence. */
  show(fields: readonly string[]): string {
    return fields.map((field) => `${field}=${this.value(field)}${this.frozen(field) ? ' (frozen)' : ''}`).join(', ');
  }
}

/** BLOCK_KEY0 is BLOCK4; its write protection is WR_DIS bit 23 (FACTS 2.3). */
const firstKeyBlock = 4;
const firstKeyBlockFreeze = 23;

function line(section: string, recommendation: string, met: boolean, evidence: string): Assurance {
  return { section, recommendation, verdict: met ? 'met' : 'not met', evidence };
}

function lacks(section: string, recommendation: string, evidence: string): Assurance {
  return { section, recommendation, verdict: 'not applicable', evidence };
}

function secureBoot(device: DeviceView, profile: ChipProfile): Assurance[] {
  const section = 'Secure Boot V2';
  const { record } = device;
  const on = device.value('SECURE_BOOT_EN') === 1;
  const blocks = device.blocksOf((role) => role.startsWith('secure-boot-digest'));
  const slots = [0, 1, 2].map((slot) => ({
    used: record.keys.some((key) => key.role === `secure-boot-digest-${slot}`),
    revoked: device.value(`SECURE_BOOT_KEY_REVOKE${slot}`) === 1,
  }));
  const scheme = record.secureBoot?.scheme ?? 'none';
  return [
    line(
      section,
      'Only signed firmware starts',
      on && blocks.length > 0,
      `${device.show(['SECURE_BOOT_EN'])}, ${blocks.length} digests`,
    ),
    line(
      section,
      'Digests are readable by the ROM and cannot be changed',
      on && blocks.every((block) => !device.hidden(block) && device.locked(block)),
      `blocks ${blocks.join(', ') || 'none'}`,
    ),
    line(section, 'No key can be hidden from the ROM any more', on && device.frozen('RD_DIS'), device.show(['RD_DIS'])),
    line(
      section,
      'Unused digest slots are revoked',
      on && slots.every((slot) => slot.used || slot.revoked),
      device.show([0, 1, 2].map((slot) => `SECURE_BOOT_KEY_REVOKE${slot}`)),
    ),
    line(
      section,
      'A scheme that ESP-IDF recommends on this chip',
      on && (scheme === 'rsa3072' || !profile.ecdsaSecureBootInsecure),
      scheme,
    ),
  ];
}

function flashEncryption(device: DeviceView, profile: ChipProfile): Assurance[] {
  const section = 'Flash encryption';
  const { record } = device;
  const blocks = device.blocksOf((role) => role === 'flash-encryption');
  const count = device.value('SPI_BOOT_CRYPT_CNT');
  const on = onesIn(count) % 2 === 1;
  const release = profile.production.flashEncryptionRelease.filter(
    (bit) => record.chip.revision >= (bit.minRevision ?? 0),
  );
  const plain = record.images.filter((image) => !image.encrypted).map((image) => image.name);
  const key = record.keys.find((candidate) => candidate.role === 'flash-encryption');
  return [
    line(
      section,
      'Flash is encrypted, for ever',
      on && (count === 7 || device.frozen('SPI_BOOT_CRYPT_CNT')),
      device.show(['SPI_BOOT_CRYPT_CNT']),
    ),
    line(
      section,
      'A key of its own that no software can read',
      on && blocks.length > 0 && blocks.every((block) => device.hidden(block) && device.locked(block)),
      key ? `blocks ${blocks.join(', ')}, fingerprint ${key.fingerprint.slice(0, 16)}` : 'none',
    ),
    line(
      section,
      'Release mode: the download helpers are off',
      on && release.every((bit) => device.value(bit.field) >= bit.value),
      device.show(release.map((bit) => bit.field)),
    ),
    line(
      section,
      'Bootloader, table, applications and flagged partitions are encrypted',
      on && plain.length === 0,
      plain.length === 0 ? `${record.images.length} images` : `in clear: ${plain.join(', ')}`,
    ),
    line(
      section,
      'The station keeps no copy of the key',
      on && record.keysDestroyedAt !== null,
      record.keysDestroyedAt ?? 'not destroyed',
    ),
  ];
}

function identity(device: DeviceView, profile: ChipProfile): Assurance[] {
  const section = 'Device identity';
  const { record } = device;
  const what = 'A private key in eFuse that no software can read, and a certificate over it';
  const refusal = profile.ecdsaRefusal(record.chip.revision);
  if (refusal !== null) return [lacks(section, what, refusal)];
  const blocks = device.blocksOf((role) => role === 'ecdsa-identity');
  const hidden = blocks.length > 0 && blocks.every((block) => device.hidden(block) && device.locked(block));
  const proofs = Object.values(record.bootProof as Readonly<Record<string, { readonly signature?: string }>>);
  return [
    line(
      section,
      what,
      hidden && record.identity !== null,
      record.identity ? `certificate ${record.identity.certificateSerial}` : 'none',
    ),
    line(
      section,
      'The device proved that it holds the key',
      proofs.some((proof) => proof.signature !== undefined),
      `${proofs.filter((proof) => proof.signature).length} signed challenges`,
    ),
  ];
}

function doors(device: DeviceView, profile: ChipProfile): Assurance[] {
  const jtag = profile.production.jtag;
  const doorFields = ['DIS_DOWNLOAD_MODE', 'ENABLE_SECURITY_DOWNLOAD'];
  return [
    line(
      'Debug interfaces',
      'JTAG is off',
      jtag.every((bit) => device.value(bit.field) >= bit.value),
      device.show(jtag.map((bit) => bit.field)),
    ),
    line(
      'UART download mode',
      'Download mode is disabled or secure',
      doorFields.some((field) => device.value(field) === 1),
      device.show(doorFields),
    ),
    line(
      'UART download mode',
      'No boot past the second stage',
      profile.production.directBoot.every((field) => device.value(field) === 1),
      device.show(profile.production.directBoot),
    ),
  ];
}

function lifecycle(device: DeviceView): Assurance[] {
  const { record } = device;
  const version = onesIn(device.value('SECURE_VERSION'));
  const booted = 'afterDoor' in (record.bootProof as object) || 'beforeDoor' in (record.bootProof as object);
  return [
    record.secureVersion === 0
      ? lacks('Anti-rollback', 'Old firmware with known holes cannot come back', 'the recipe sets no floor')
      : line(
          'Anti-rollback',
          'Old firmware with known holes cannot come back',
          version >= record.secureVersion,
          `floor ${version}`,
        ),
    line(
      'Boot proof',
      'The finished device was seen to start',
      booted,
      Object.keys(record.bootProof as object).join(', ') || 'none',
    ),
  ];
}

/** Which waivable check lets which recommendation go. */
const waiverFor: Readonly<Record<string, keyof typeof waivableChecks>> = {
  'Only signed firmware starts': 'no-secure-boot',
  'Digests are readable by the ROM and cannot be changed': 'no-secure-boot',
  'No key can be hidden from the ROM any more': 'no-secure-boot',
  'Unused digest slots are revoked': 'unused-digests',
  'A scheme that ESP-IDF recommends on this chip': 'secure-boot-ecdsa',
  'Flash is encrypted, for ever': 'no-flash-encryption',
  'A key of its own that no software can read': 'no-flash-encryption',
  'JTAG is off': 'jtag-open',
  'Download mode is disabled or secure': 'download-open',
  'No boot past the second stage': 'direct-boot-open',
  'The finished device was seen to start': 'boot-proof',
};

function waiverOf(assurance: Assurance, record: SealedRecord): Partial<Assurance> {
  if (assurance.verdict !== 'not met') return {};
  const waiver = record.waivers.find((candidate) => candidate.check === waiverFor[assurance.recommendation]);
  return waiver ? { verdict: 'waived', evidence: `${assurance.evidence}; waived: ${waiver.reason}` } : {};
}
