import { concat, toHex } from '../../base/bytes.ts';
import { rsEncode } from '../../efuse/reed-solomon.ts';
import { fieldOf, hasField } from '../../efuse/tables.ts';
import type { EfuseTable } from '../../efuse/types.ts';
import { RecipeFault } from '../../model/fault.ts';
import type { EfuseSilicon, VirtualEfuse } from '../silicon.ts';
import { burnClassicFactoryValues } from './classic-factory.ts';
import type { FactoryValues } from './factory-values.ts';

/** Burns what Espressif burns before a chip is sold: MAC, revision, package and layout version, and the unique id where there is one. */
export function burnFactoryValues(efuse: EfuseSilicon, values: FactoryValues): void {
  if (efuse.table.revisionFields === 'chip-version') {
    burnClassicFactoryValues(efuse, values);
    return;
  }
  const { table } = efuse;
  const blocks = new Map<number, Uint8Array>();
  const minor = values.revision % 100;
  const major = Math.trunc(values.revision / 100);
  const numbers: readonly (readonly [string, number])[] = [
    ...split(table, 'WAFER_VERSION_MINOR', minor),
    ...split(table, 'WAFER_VERSION_MAJOR', major),
    ['PKG_VERSION', values.packageVersion],
    ['BLK_VERSION_MAJOR', Math.trunc(values.blockVersion / 100)],
    ['BLK_VERSION_MINOR', values.blockVersion % 100],
    ...Object.entries(values.others),
  ];
  for (const [name, value] of numbers)
    put(
      table,
      blocks,
      name,
      Array.from({ length: 16 }, (_, i) => (value >>> i) & 1),
    );
  put(table, blocks, 'MAC', bitsOf(values.mac));
  // ff:fe between its halves makes an EUI-64 of it: above the MAC in BLOCK1, the first byte on top (esptool: targets/esp32c6.py)
  if (hasField(table, 'MAC_EXT')) blocks.get(1)?.set([0xfe, 0xff], 6);
  if (hasField(table, 'OPTIONAL_UNIQUE_ID')) put(table, blocks, 'OPTIONAL_UNIQUE_ID', bitsOf(values.uniqueId));
  for (const [number, data] of blocks) efuse.setFactoryBlock(number, concat(data, rsEncode(data)));
}

/** A version field that some chips keep in one piece and others as NAME_LO and NAME_HI. */
function split(table: EfuseTable, name: string, value: number): (readonly [string, number])[] {
  if (hasField(table, name)) return [[name, value]];
  const low = fieldOf(table, `${name}_LO`).pieces.reduce((bits, { length }) => bits + length, 0);
  return [
    [`${name}_LO`, value & ((1 << low) - 1)],
    [`${name}_HI`, value >>> low],
  ];
}

function bitsOf(bytes: Uint8Array): number[] {
  return [...bytes].flatMap((byte) => Array.from({ length: 8 }, (_, i) => (byte >>> i) & 1));
}

/** Sets the bits of a field (least significant first) in the 32 data bytes of its block. */
function put(table: EfuseTable, blocks: Map<number, Uint8Array>, name: string, bits: readonly number[]): void {
  let at = 0;
  for (const { block, bit, length } of fieldOf(table, name).pieces) {
    const data = blocks.get(block) ?? new Uint8Array(32);
    blocks.set(block, data);
    for (let i = bit; i < bit + length; i++) if (bits[at++] === 1) data[i >>> 3] = data[i >>> 3]! | (1 << (i & 7));
  }
}

/** Six bytes of `aa:bb:cc:dd:ee:ff`. RecipeFault `virtual.mac` for anything else. */
export function macBytes(text: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text))
    throw new RecipeFault({
      code: 'virtual.mac',
      what: `${text} is no MAC address.`,
      next: 'Write six bytes like 30:ed:a0:12:34:56.',
    });
  return Uint8Array.from(text.split(':'), (byte) => Number.parseInt(byte, 16));
}

/** The MAC in BLOCK1 as text: the field's least significant byte is printed first. */
export function burnedMac(efuse: VirtualEfuse): string {
  const number = efuse.field('MAC');
  const bytes = Uint8Array.from({ length: 6 }, (_, i) => Math.floor(number / 256 ** i) % 256);
  return toHex(bytes).replace(/..(?=.)/g, '$&:');
}
