import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { concat, u16le, u32le, viewOf } from '../base/bytes.ts';
import { formatFault, hexOf } from '../formats/format-fault.ts';

// The esp_secure_cert partition as a list of TLVs (FACTS 10.1):
//   magic u32 · flags u8 · 3 zeros · type u8 · subtype u8 · length u16 | data | zeros to 16 | CRC u32
// so every TLV begins on a 16-byte line, and the list ends at the first wrong magic.

/** Type numbers of esp_secure_cert_tlv_config.h. */
export const tlvTypes = {
  caCertificate: 0,
  deviceCertificate: 1,
  privateKey: 2,
  dsData: 3,
  dsContext: 4,
  ecdsaKeySalt: 5,
  securityConfig: 6,
  signature: 8,
  integrity: 9,
  userData1: 51,
} as const;

/** Bits 5:3 of the flags: the key lies in an eFuse block, for the ECDSA peripheral. */
export const ecdsaPeripheralFlag = 0x08;

const names: Readonly<Record<number, string>> = {
  [tlvTypes.caCertificate]: 'CA certificate',
  [tlvTypes.deviceCertificate]: 'device certificate',
  [tlvTypes.privateKey]: 'private key',
  [tlvTypes.dsData]: 'DS parameters',
  [tlvTypes.dsContext]: 'DS context',
  [tlvTypes.ecdsaKeySalt]: 'ECDSA key salt',
  [tlvTypes.securityConfig]: 'security configuration',
  [tlvTypes.signature]: 'signature',
  [tlvTypes.integrity]: 'integrity',
};

export interface SecureCertTlv {
  readonly type: number;
  /** Instance, 0 to 16. */
  readonly subtype: number;
  readonly flags: number;
  readonly data: Uint8Array;
}

export type SecureCertEntry =
  /** DER or PEM; PEM gets the NUL that readers of the partition expect. */
  | { readonly type: 'device-certificate' | 'ca-certificate'; readonly data: Uint8Array }
  /** The key is in this eFuse block (its number, key id + 4) with purpose ECDSA_KEY; no key bytes are written. */
  | { readonly type: 'ecdsa-peripheral-key'; readonly efuseBlock: number }
  /** esp_ds_data_t and its context, made elsewhere (FACTS 7). */
  | { readonly type: 'ds-data' | 'ds-context'; readonly data: Uint8Array }
  | { readonly type: 'tlv'; readonly tlv: SecureCertTlv };

const magic = 0xba5eba11;
const headerSize = 12;
const lineSize = 16;
/** Data of a security configuration: the block number and 39 zeros. */
const securityConfigSize = 40;
const maxSubtype = 16;
const firstKeyBlock = 4;
const lastKeyBlock = 9;

/** Key material first, as Espressif's tool writes it; certificates after it; then the rest in the order given. */
const order: readonly number[] = [
  tlvTypes.dsData,
  tlvTypes.dsContext,
  tlvTypes.securityConfig,
  tlvTypes.privateKey,
  tlvTypes.deviceCertificate,
  tlvTypes.caCertificate,
];

/**
 * The bytes of the partition from its start, a multiple of 16 long; what follows in flash must not be another TLV (erased flash is
 * not). With `size` the rest is filled with 0xFF.
 *
 * Throws RangeError for a block number that holds no key, data beyond 65535 bytes or an instance beyond 16, and RecipeFault
 * `image.cert-twice` for two entries of one type and instance, `image.cert-room` where `size` is too small.
 */
export function buildSecureCert(entries: readonly SecureCertEntry[], size?: number): Uint8Array {
  const tlvs = entries.flatMap(tlvsOf).sort((a, b) => rank(a) - rank(b));
  const seen = new Set<string>();
  for (const { type, subtype } of tlvs) {
    if (seen.has(`${type}.${subtype}`))
      throw formatFault(
        'cert-twice',
        `The certificate partition would hold two entries of type ${type}, instance ${subtype}.`,
        'Leave one of them out, or give it another instance number.',
        { type, subtype },
      );
    seen.add(`${type}.${subtype}`);
  }
  return sized(concat(...tlvs.map(tlvBytes)), size);
}

/**
 * A list from `buildSecureCert` with the entry behind it by which a device can tell that the list is whole: SHA-256 of all bytes
 * before. `size` as there, and RecipeFault `image.cert-room`.
 */
export function withIntegrity(list: Uint8Array, size?: number): Uint8Array {
  const digest = new Uint8Array(createHash('sha256').update(list).digest());
  return sized(concat(list, tlvBytes({ type: tlvTypes.integrity, subtype: 0, flags: 0, data: digest })), size);
}

/** What people call a TLV of this type. */
export function tlvNameOf(type: number): string {
  return names[type] ?? (type >= tlvTypes.userData1 && type < tlvTypes.userData1 + 5 ? 'user data' : 'unknown');
}

/** One TLV with padding and CRC. */
export function tlvBytes({ type, subtype, flags, data }: SecureCertTlv): Uint8Array {
  if (data.length > 0xffff) throw new RangeError(`${data.length} bytes do not fit a TLV`);
  if (subtype > maxSubtype) throw new RangeError(`instance ${subtype} is beyond ${maxSubtype}`);
  const header = concat(u32le(magic), Uint8Array.of(flags, 0, 0, 0), Uint8Array.of(type, subtype), u16le(data.length));
  const body = concat(header, data, new Uint8Array(paddingOf(data.length)));
  return concat(body, u32le(tlvCrc(body)));
}

/**
 * Reads the list up to the first wrong magic. Throws RecipeFault `image.cert-crc` for a wrong CRC and `image.cert-truncated` for a
 * TLV that runs beyond the bytes: the reader on the device would take neither.
 */
export function parseSecureCert(bytes: Uint8Array): SecureCertTlv[] {
  const view = viewOf(bytes);
  const tlvs: SecureCertTlv[] = [];
  let at = 0;
  while (at + headerSize <= bytes.length && view.getUint32(at, true) === magic) {
    const length = view.getUint16(at + 10, true);
    const crcAt = at + headerSize + length + paddingOf(length);
    if (crcAt + 4 > bytes.length)
      throw formatFault(
        'cert-truncated',
        `The entry at ${hexOf(at)} of the certificate partition runs beyond its end.`,
        'Write the partition again.',
        { offset: at },
      );
    if (view.getUint32(crcAt, true) !== tlvCrc(bytes.subarray(at, crcAt)))
      throw formatFault(
        'cert-crc',
        `The CRC of the entry at ${hexOf(at)} of the certificate partition does not fit.`,
        'Write the partition again.',
        { offset: at },
      );
    tlvs.push({
      type: view.getUint8(at + 8),
      subtype: view.getUint8(at + 9),
      flags: view.getUint8(at + 4),
      data: bytes.slice(at + headerSize, at + headerSize + length),
    });
    at = crcAt + 4;
  }
  return tlvs;
}

/** The eFuse block that a list's security configuration names; null without one. */
export function ecdsaKeyBlockOf(tlvs: readonly SecureCertTlv[]): number | null {
  return tlvs.find(({ type }) => type === tlvTypes.securityConfig)?.data[0] ?? null;
}

function sized(list: Uint8Array, size: number | undefined): Uint8Array {
  if (size === undefined) return list;
  if (list.length > size)
    throw formatFault(
      'cert-room',
      `The certificates and their key entries need ${list.length} bytes, but the partition has ${size}.`,
      'Enlarge the esp_secure_cert partition in partitions.csv, or use DER instead of PEM.',
      { needed: list.length, size },
    );
  const partition = new Uint8Array(size).fill(0xff);
  partition.set(list);
  return partition;
}

function tlvsOf(entry: SecureCertEntry): SecureCertTlv[] {
  const one = (type: number, data: Uint8Array, flags = 0): SecureCertTlv => ({ type, subtype: 0, flags, data });
  switch (entry.type) {
    case 'device-certificate':
      return [one(tlvTypes.deviceCertificate, certificateBytes(entry.data))];
    case 'ca-certificate':
      return [one(tlvTypes.caCertificate, certificateBytes(entry.data))];
    case 'ds-data':
      return [one(tlvTypes.dsData, entry.data)];
    case 'ds-context':
      return [one(tlvTypes.dsContext, entry.data)];
    case 'ecdsa-peripheral-key': {
      const block = entry.efuseBlock;
      if (!Number.isInteger(block) || block < firstKeyBlock || block > lastKeyBlock)
        throw new RangeError(`eFuse block ${block} holds no key`);
      const config = new Uint8Array(securityConfigSize);
      config[0] = block;
      // The marker is empty on purpose: Espressif's tool would put the private key itself here (FACTS 10.1, Danger).
      return [one(tlvTypes.securityConfig, config), one(tlvTypes.privateKey, new Uint8Array(0), ecdsaPeripheralFlag)];
    }
    case 'tlv':
      return [entry.tlv];
  }
}

function certificateBytes(data: Uint8Array): Uint8Array {
  const isPem = data[0] === 0x2d;
  return isPem && data.at(-1) !== 0 ? concat(data, Uint8Array.of(0)) : data;
}

function rank({ type }: SecureCertTlv): number {
  const place = order.indexOf(type);
  return place < 0 ? order.length : place;
}

function paddingOf(length: number): number {
  return (lineSize - (length % lineSize)) % lineSize;
}

/** The flavour of NVS: the register starts at 0 instead of all ones (FACTS 0, trap 10). */
function tlvCrc(bytes: Uint8Array): number {
  return crc32(bytes, 0xffffffff);
}
