// The product's own MAC address in eFuse: where it lies and in which form (FACTS 2.12).

import { wordsOf } from '../base/bytes.ts';
import type { BlockBurn, BurnPlan, EfuseRefusal } from './plan-types.ts';
import { bitsOfField, blockHealth, readNumber, readValue } from './snapshot.ts';
import { fieldOf, hasField } from './tables.ts';
import type { EfuseField, EfuseSnapshot, EfuseTable } from './types.ts';

/** The field, by the name that this silicon's table gives it. */
export function customMacField(table: EfuseTable): EfuseField {
  return fieldOf(table, 'CUSTOM_MAC');
}

/** Twelve hex digits of an address as people write it, small; null where it is none. */
export function macDigits(text: string): string | null {
  const digits = text.trim().replaceAll(/[:-]/g, '').toLowerCase();
  return /^[0-9a-f]{12}$/.test(digits) ? digits : null;
}

/** `aa:bb:...` of twelve digits. */
export function macOfDigits(digits: string): string {
  return digits.replace(/(..)(?=.)/g, '$1:');
}

/** The number that the field holds for an address: its first byte is the lowest. */
export function macNumber(mac: string): number {
  return macBytes(mac).reduceRight((sum, byte) => sum * 256 + byte, 0);
}

function macBytes(mac: string): Uint8Array {
  const digits = macDigits(mac)!;
  return Uint8Array.from({ length: 6 }, (_, at) => Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16));
}

/** Why no device may have this address for its own; null: it may. By RFC 7042 2.1; ESP-IDF refuses the first two as base MAC. */
export function unfitMac(digits: string): string | null {
  const first = Number.parseInt(digits.slice(0, 2), 16);
  if (/^0+$/.test(digits)) return 'is all zeros, which firmware takes for none';
  if ((first & 1) === 1) return /^f+$/.test(digits) ? 'is the broadcast address' : 'is a multicast address';
  return null;
}

/** CRC-8 with polynomial 0x31, least significant bit first, start 0 (esp_rom_efuse_mac_address_crc8). */
export function macCheckByte(mac: Uint8Array): number {
  let crc = 0;
  for (const byte of mac) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x8c : crc >>> 1;
  }
  return crc;
}

/** 32 bytes of the block, zeros but for the address: in the order in which it is written; of ESP32 with check byte and version. */
function contentOf(table: EfuseTable, mac: string): { readonly block: number; readonly bytes: Uint8Array } {
  const field = customMacField(table);
  const piece = field.pieces[0]!;
  const bytes = new Uint8Array(32);
  const put = (name: string, value: readonly number[]) => {
    const { bit } = fieldOf(table, name).pieces[0]!;
    bytes.set(value, bit / 8);
  };
  const address = macBytes(mac);
  put(field.name, [...address]);
  if (hasField(table, 'CUSTOM_MAC_CRC')) put('CUSTOM_MAC_CRC', [macCheckByte(address)]);
  if (hasField(table, 'MAC_VERSION')) put('MAC_VERSION', [1]);
  return { block: piece.block, bytes };
}

/** What is still to burn of this address, or why it cannot be had on this board. Its block takes one address, once. */
export function planCustomMac(
  snapshot: EfuseSnapshot,
  mac: string | undefined,
): {
  readonly burns: readonly BlockBurn[];
  readonly bits: BurnPlan['bits'];
  readonly refusals: readonly EfuseRefusal[];
} {
  const { table } = snapshot;
  const none = { burns: [], bits: [], refusals: [] };
  if (mac === undefined) return none;
  const field = customMacField(table);
  const { block, bytes } = contentOf(table, mac);
  const place = table.blocks[block]!;
  const wanted = wordsOf(bytes).slice(0, place.words);
  const mine = ownWords(table, block);
  const found = snapshot.blocks[block]!;
  const health = blockHealth(snapshot).find((one) => one.block === block);
  const isCoded = place.coding === 'reed-solomon';
  // A codeword that was begun may read as anything; burned again it becomes right, or the burn tells that it does not.
  const doubtful = isCoded && health !== undefined && (health.failed || health.correctedBytes > 0);
  const empty = found.every((word) => word === 0);
  const same = found.every((word, at) => word === wanted[at]);
  // What reads well in a block with a code is a whole content, and takes no bit more; in one without, each bit counts for itself.
  const foreign = isCoded
    ? !empty && !same && !health?.failed
    : found.some((word, at) => (word & mine[at]! & ~wanted[at]!) !== 0);
  if (foreign)
    return {
      ...none,
      refusals: [
        {
          code: 'efuse.custom-mac-foreign',
          what: `${place.name} of this board holds something else than the MAC address ${mac}, and takes no other any more.`,
          next: 'Set the board aside: it cannot become this product. Where it was given another address before, put that one back into the list.',
          condemns: true,
        },
      ],
    };
  const missing = wanted.map((word, at) => (word & ~found[at]!) >>> 0);
  if (missing.every((word) => word === 0) && !doubtful) return none;
  const bits = fieldsOf(table).flatMap((part) =>
    bitsOfField(part).flatMap(({ bit }) =>
      (missing[bit >>> 5]! >>> (bit & 31)) & 1 ? [{ block, bit, field: part.name }] : [],
    ),
  );
  return {
    burns: [{ kind: 'block', stage: 'keys', block, bytes: [...bytes], field: field.name, mac }],
    bits,
    refusals: [],
  };
}

/** The field of the address, and on ESP32 those that go with it. */
function fieldsOf(table: EfuseTable): EfuseField[] {
  const names = ['CUSTOM_MAC', 'CUSTOM_MAC_CRC', 'MAC_VERSION'];
  return names.filter((name) => hasField(table, name)).map((name) => fieldOf(table, name));
}

/** Bits of a block without code that belong to the address; what lies beside it is another's business. */
function ownWords(table: EfuseTable, block: number): number[] {
  const words = Array.from({ length: table.blocks[block]!.words }, () => 0);
  for (const part of fieldsOf(table))
    for (const { bit } of bitsOfField(part)) words[bit >>> 5] = (words[bit >>> 5]! | (1 << (bit & 31))) >>> 0;
  return words;
}

/** The address that stands in eFuse, and whether firmware would take it; null where none is burned. */
export function customMacIn(snapshot: EfuseSnapshot): { readonly mac: string; readonly trouble: string | null } | null {
  const { table } = snapshot;
  const digits = String(readValue(snapshot, customMacField(table).name)).padStart(12, '0');
  const version = hasField(table, 'MAC_VERSION') ? readNumber(snapshot, 'MAC_VERSION') : null;
  if (/^0+$/.test(digits) && (version ?? 0) === 0) return null;
  const mac = macOfDigits(digits);
  if (version !== null && version !== 1)
    return { mac, trouble: `MAC_VERSION is ${version}, so that firmware does not look at it` };
  if (version !== null) {
    if (macCheckByte(macBytes(mac)) !== readNumber(snapshot, 'CUSTOM_MAC_CRC'))
      return { mac, trouble: 'its check byte does not fit, so that firmware refuses it' };
  }
  const unfit = unfitMac(digits);
  return { mac, trouble: unfit === null ? null : `it ${unfit}` };
}
