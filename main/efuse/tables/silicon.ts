// What the eFuse controllers of all "new style" chips have in common, and how a table is put together from its text.
// Sources: FACTS 2.1 to 2.5 (esptool's espefuse definitions, esp-idf components/efuse and components/hal).

import type { ChipKind, Revision } from '../../model/chip.ts';
import { readDisableBitsOf } from '../parts.ts';
import type {
  BitRun,
  EfuseBlock,
  EfuseField,
  EfuseRegisters,
  EfuseTable,
  KeyBlock,
  KeyPurpose,
  KeyPurposeRule,
  TimingWrite,
} from '../types.ts';
import { meaningOf } from './meanings.ts';

/** Register offsets of P4, C3, C6 and H2 (FACTS 2.1). */
export const commonRegisters: EfuseRegisters = {
  pgmData0: 0x000,
  checkValue0: 0x020,
  repeatErrors: [0x17c, 0x180, 0x184, 0x188, 0x18c],
  rsErr0: 0x1c0,
  rsErr1: 0x1c4,
  clk: 0x1c8,
  conf: 0x1cc,
  status: 0x1d0,
  cmd: 0x1d4,
  dacConf: 0x1e8,
  wrTimConf1: 0x1f0,
  wrTimConf2: 0x1f4,
  date: 0x1fc,
};

/** Programming times of the chips that need them set: DAC_NUM 0xFF, DAC_CLK_DIV 0x28, PWR_ON_NUM 0x3000, PWR_OFF_NUM 0x190 (FACTS 2.2). */
export function programmingTimes(registers: EfuseRegisters): readonly TimingWrite[] {
  return [
    { offset: registers.dacConf, mask: 0x1feff, value: (0xff << 9) | 0x28 },
    { offset: registers.wrTimConf1, mask: 0xffff00, value: 0x3000 << 8 },
    { offset: registers.wrTimConf2, mask: 0xffff, value: 0x190 },
  ];
}

/** BLOCK0 to BLOCK10 (FACTS 2.3), of all chips but ESP32-C2 and ESP32. */
const blocks: readonly EfuseBlock[] = [
  block(0, 'BLOCK0', 0x02c, 6, null),
  block(1, 'MAC_SPI_8M_0', 0x044, 6, 20),
  block(2, 'BLOCK_SYS_DATA', 0x05c, 8, 21),
  block(3, 'BLOCK_USR_DATA', 0x07c, 8, 22),
  ...[0, 1, 2, 3, 4, 5].map((slot) => block(4 + slot, `BLOCK_KEY${slot}`, 0x09c + 0x20 * slot, 8, 23 + slot, [slot])),
  block(10, 'BLOCK_SYS_DATA2', 0x15c, 8, 29, [6]),
];

/** BLOCK_KEY0 to BLOCK_KEY5, each with its purpose. */
const keyBlocks: readonly KeyBlock[] = [0, 1, 2, 3, 4, 5].map((slot) => ({
  block: 4 + slot,
  purposeField: `KEY_PURPOSE_${slot}`,
}));

/** A block of a controller with Reed-Solomon blocks. */
export function block(
  number: number,
  name: string,
  readOffset: number,
  words: number,
  writeDisableBit: number | null,
  readDisableBits: readonly number[] = [],
): EfuseBlock {
  const coding = number === 0 ? 'repeat' : 'reed-solomon';
  return { number, name, readOffset, words, writeDisableBit, readDisableBits, coding };
}

/** Number, byte order on burning and read protection of every purpose; which chip has which stands with the chip (FACTS 2.5). */
const purposes: Readonly<
  Record<KeyPurpose, readonly [number | null, 'as-is' | 'reversed', KeyPurposeRule['readProtect']]>
> = {
  USER: [0, 'as-is', 'optional'],
  ECDSA_KEY: [1, 'reversed', 'required'],
  XTS_AES_256_KEY_1: [2, 'reversed', 'required'],
  XTS_AES_256_KEY_2: [3, 'reversed', 'required'],
  XTS_AES_128_KEY: [4, 'reversed', 'required'],
  XTS_AES_128_KEY_DERIVED_FROM_128_EFUSE_BITS: [null, 'reversed', 'required'],
  FLASH_ENCRYPTION: [null, 'reversed', 'required'],
  HMAC_DOWN_ALL: [5, 'as-is', 'required'],
  HMAC_DOWN_JTAG: [6, 'as-is', 'required'],
  HMAC_DOWN_DIGITAL_SIGNATURE: [7, 'as-is', 'required'],
  HMAC_UP: [8, 'as-is', 'required'],
  SECURE_BOOT_DIGEST0: [9, 'as-is', 'forbidden'],
  SECURE_BOOT_DIGEST1: [10, 'as-is', 'forbidden'],
  SECURE_BOOT_DIGEST2: [11, 'as-is', 'forbidden'],
  KM_INIT_KEY: [12, 'as-is', 'required'],
  XTS_AES_256_PSRAM_KEY_1: [13, 'reversed', 'required'],
  XTS_AES_256_PSRAM_KEY_2: [14, 'reversed', 'required'],
  XTS_AES_128_PSRAM_KEY: [15, 'reversed', 'required'],
  ECDSA_KEY_P192: [16, 'reversed', 'required'],
  ECDSA_KEY_P384_L: [17, 'reversed', 'required'],
  ECDSA_KEY_P384_H: [18, 'reversed', 'required'],
};

/** Purposes that every chip here knows. */
export const basicPurposes: readonly KeyPurpose[] = [
  'USER',
  'XTS_AES_128_KEY',
  'SECURE_BOOT_DIGEST0',
  'SECURE_BOOT_DIGEST1',
  'SECURE_BOOT_DIGEST2',
];

/** Purposes of the chips with an HMAC peripheral. */
export const hmacPurposes: readonly KeyPurpose[] = [
  'HMAC_DOWN_ALL',
  'HMAC_DOWN_JTAG',
  'HMAC_DOWN_DIGITAL_SIGNATURE',
  'HMAC_UP',
];

/** What P4 from v3.0 has beside these; S31 and H4 have the same. */
export const p4Purposes: readonly KeyPurpose[] = [
  'XTS_AES_256_KEY_1',
  'XTS_AES_256_KEY_2',
  'ECDSA_KEY',
  'KM_INIT_KEY',
  'XTS_AES_256_PSRAM_KEY_1',
  'XTS_AES_256_PSRAM_KEY_2',
  'XTS_AES_128_PSRAM_KEY',
  'ECDSA_KEY_P192',
  'ECDSA_KEY_P384_L',
  'ECDSA_KEY_P384_H',
];

const refusals: Partial<Record<KeyPurpose, string>> = {
  KM_INIT_KEY: 'it serves the Key Manager alone, to which this station deploys no keys',
  XTS_AES_256_PSRAM_KEY_1: 'the byte order of PSRAM keys is not settled by any source',
  XTS_AES_256_PSRAM_KEY_2: 'the byte order of PSRAM keys is not settled by any source',
  XTS_AES_128_PSRAM_KEY: 'the byte order of PSRAM keys is not settled by any source',
};

interface TableText {
  readonly chip: ChipKind;
  readonly name: string;
  readonly revisions: { readonly min: Revision; readonly max: Revision };
  readonly source: string;
  readonly base: number;
  /** What differs from `commonRegisters`. */
  readonly registers?: Partial<EfuseRegisters>;
  /** Blocks and key blocks; absent: BLOCK0 to BLOCK10 with six key blocks. */
  readonly blocks?: readonly EfuseBlock[];
  readonly keyBlocks?: readonly KeyBlock[];
  readonly fields: string;
  readonly purposes: readonly KeyPurpose[];
  /** Slots that cannot hold a purpose. */
  readonly forbidden?: Partial<Record<KeyPurpose, readonly number[]>>;
  /** Why a purpose must not be burned on this silicon although its number exists. */
  readonly refusals?: Partial<Record<KeyPurpose, string>>;
  readonly crystalMHz: readonly number[];
  /** Where a purpose's bytes lie and what is burned with it, where that differs from a whole block without marks. */
  readonly layout?: Partial<Record<KeyPurpose, Partial<Pick<KeyPurposeRule, 'part' | 'marks' | 'publicWhen'>>>>;
  /** Programming times that must be set before a burn: those of `programmingTimes`, ones of its own, or none; by crystal where they differ. */
  readonly times: 'common' | readonly TimingWrite[] | ((crystalMHz: number) => readonly TimingWrite[]);
  readonly rsFailBitShift?: 0 | 1;
  readonly revisionFields?: EfuseTable['revisionFields'];
  readonly firstBlockVersion?: EfuseTable['firstBlockVersion'];
  readonly neverTogether?: EfuseTable['neverTogether'];
}

/** Puts a table together and checks its text: a slip in it is a defect that stops the program at once. */
export function tableOf(text: TableText): EfuseTable {
  const registers = { ...commonRegisters, ...text.registers };
  const { times } = text;
  const timesOf = (frequency: number) =>
    typeof times === 'function' ? times(frequency) : times === 'common' ? programmingTimes(registers) : times;
  const ownBlocks = text.blocks ?? blocks;
  const ownKeyBlocks = text.keyBlocks ?? keyBlocks;
  const numbered = ownKeyBlocks.some(({ purposeField }) => purposeField !== null);
  return {
    chip: text.chip,
    name: text.name,
    revisions: text.revisions,
    source: text.source,
    base: text.base,
    registers,
    blocks: ownBlocks,
    keyBlocks: ownKeyBlocks,
    fields: fieldsOf(text.fields, ownBlocks),
    purposes: text.purposes.map((purpose) => {
      const [number, order, readProtect] = purposes[purpose];
      return {
        purpose,
        number: numbered ? number : null,
        part: { bit: 0, length: 256 },
        reversed: order === 'reversed',
        readProtect,
        forbiddenSlots: text.forbidden?.[purpose] ?? [],
        marks: [],
        publicWhen: [],
        ...text.layout?.[purpose],
        refusal: text.refusals?.[purpose] ?? refusals[purpose] ?? null,
      };
    }),
    crystalMHz: text.crystalMHz,
    timing: Object.fromEntries(text.crystalMHz.map((frequency) => [frequency, timesOf(frequency)])),
    rsFailBitShift: text.rsFailBitShift ?? 0,
    revisionFields: text.revisionFields ?? 'wafer',
    firstBlockVersion: text.firstBlockVersion ?? null,
    neverTogether: text.neverTogether ?? [],
  };
}

/** Fields of a table text: a line is `NAME block.bit+length ... /write-disable-bit ALIAS ...`, pieces from least to most significant. */
export function fieldsOf(text: string, blocks: readonly EfuseBlock[]): readonly EfuseField[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const words = line.split(/\s+/);
      const lock = words.findIndex((word) => word.startsWith('/'));
      const [name, ...runs] = words.slice(0, lock);
      const pieces = runs.map(runOf);
      const meaning = name === undefined ? null : meaningOf(name);
      if (name === undefined || pieces.length === 0 || lock < 0 || meaning === null)
        throw new SyntaxError(`eFuse table line: ${line}`);
      const bit = words[lock]!.slice(1);
      return {
        name,
        pieces,
        writeDisableBit: bit === '-' ? null : Number(bit),
        readDisableBits: readDisableBitsOf(blocks[pieces[0]!.block]!, pieces[0]!),
        aliases: words.slice(lock + 1),
        meaning,
      };
    });
}

function runOf(text: string): BitRun {
  const match = /^(\d+)\.(\d+)\+(\d+)$/.exec(text);
  if (match === null) throw new SyntaxError(`eFuse table piece: ${text}`);
  return { block: Number(match[1]), bit: Number(match[2]), length: Number(match[3]) };
}
