import type { ChipKind, Revision } from '../model/chip.ts';

/** A run of bits inside a block: bit 0 is bit 0 of the block's first read word. */
export interface BitRun {
  readonly block: number;
  readonly bit: number;
  readonly length: number;
}

/** One named field, the manual's own name. Pieces go from least to most significant. */
export interface EfuseField {
  readonly name: string;
  readonly pieces: readonly BitRun[];
  /** Bit of WR_DIS that freezes it; null where the sources know none. */
  readonly writeDisableBit: number | null;
  /** Bit of RD_DIS that hides it; null where it always reads. */
  readonly readDisableBit: number | null;
  /** Other names under which Espressif's tools and documents know it. */
  readonly aliases: readonly string[];
  readonly meaning: string;
}

export interface EfuseBlock {
  readonly number: number;
  /** `BLOCK0`, `BLOCK_KEY3`, ... */
  readonly name: string;
  /** Offset of its first read word from the controller's base. */
  readonly readOffset: number;
  /** Read words (u32). */
  readonly words: number;
  readonly writeDisableBit: number | null;
  readonly readDisableBit: number | null;
  /** 'repeat': four copies in hardware, burnable bit by bit. 'reed-solomon': burned once. */
  readonly coding: 'repeat' | 'reed-solomon';
}

/** Register offsets of the controller from its base (FACTS 2.1). */
export interface EfuseRegisters {
  readonly pgmData0: number;
  readonly checkValue0: number;
  /** Error words of BLOCK0's words 1 to 5, in their order. */
  readonly repeatErrors: readonly number[];
  readonly rsErr0: number;
  readonly rsErr1: number;
  readonly clk: number;
  readonly conf: number;
  readonly status: number;
  readonly cmd: number;
  readonly dacConf: number;
  readonly wrTimConf1: number;
  readonly wrTimConf2: number;
  readonly date: number;
}

/** A register write that the timing of a burn asks for: `value` into the bits of `mask` at base + offset. */
export interface TimingWrite {
  readonly offset: number;
  readonly mask: number;
  readonly value: number;
}

/** Names of eFuse key purposes (FACTS 2.5), as ESP-IDF writes them. */
export type KeyPurpose =
  | 'USER'
  | 'ECDSA_KEY'
  | 'XTS_AES_256_KEY_1'
  | 'XTS_AES_256_KEY_2'
  | 'XTS_AES_128_KEY'
  | 'HMAC_DOWN_ALL'
  | 'HMAC_DOWN_JTAG'
  | 'HMAC_DOWN_DIGITAL_SIGNATURE'
  | 'HMAC_UP'
  | 'SECURE_BOOT_DIGEST0'
  | 'SECURE_BOOT_DIGEST1'
  | 'SECURE_BOOT_DIGEST2'
  | 'KM_INIT_KEY'
  | 'XTS_AES_256_PSRAM_KEY_1'
  | 'XTS_AES_256_PSRAM_KEY_2'
  | 'XTS_AES_128_PSRAM_KEY'
  | 'ECDSA_KEY_P192'
  | 'ECDSA_KEY_P384_L'
  | 'ECDSA_KEY_P384_H';

export interface KeyPurposeRule {
  readonly purpose: KeyPurpose;
  readonly number: number;
  /** Whether the 32 bytes of a key file go into the block byte-reversed (FACTS 0.2). */
  readonly reversed: boolean;
  /** 'required': a secret. 'forbidden': a digest that the ROM must read. 'optional': user data. */
  readonly readProtect: 'required' | 'forbidden' | 'optional';
  /** Key slots (0..5) that cannot hold it (the BLOCK9 quirk). */
  readonly forbiddenSlots: readonly number[];
  /** Why it must not be burned on this silicon although the number exists; null where it may. */
  readonly refusal: string | null;
}

/** All that is known of one silicon line's eFuses. Data only. */
export interface EfuseTable {
  readonly chip: ChipKind;
  /** `esp32p4-v1`, `esp32p4-v3`, `esp32c3`, ... */
  readonly name: string;
  readonly revisions: { readonly min: Revision; readonly max: Revision };
  readonly source: string;
  readonly base: number;
  readonly registers: EfuseRegisters;
  readonly blocks: readonly EfuseBlock[];
  readonly fields: readonly EfuseField[];
  readonly purposes: readonly KeyPurposeRule[];
  /** Crystal frequency (MHz) the timing below is for; burns at another one are refused. */
  readonly crystalMHz: readonly number[];
  /** Writes before a burn, by crystal frequency. */
  readonly timing: Readonly<Record<number, readonly TimingWrite[]>>;
  /** C3: fail bits of RS blocks stand one nibble later than their counts (FACTS 2.4). */
  readonly rsFailBitShift: 0 | 1;
}

/** What was read of all blocks at one moment. Words as the bus shows them: read-protected blocks show zeros. */
export interface EfuseSnapshot {
  readonly table: EfuseTable;
  /** blocks[n] = read words of block n. */
  readonly blocks: readonly (readonly number[])[];
  /** BLOCK0's repeat error words, then the two RS error words. */
  readonly repeatErrors: readonly number[];
  readonly rsErrors: readonly [number, number];
}

/** Coding state of one Reed-Solomon block as its error nibble tells. */
export interface BlockHealth {
  readonly block: number;
  readonly correctedBytes: number;
  readonly failed: boolean;
}
