// The form of what is known of a chip's eFuses. Nothing outside the tables knows how many key blocks there are, or which block is one:
//
//   keyBlocks   the blocks that can hold keys; a key slot is an index into this list, and the number that recipes and ledgers state.
//               Its purposeField is KEY_PURPOSE_n, or null on chips without such fields (ESP32-C2, ESP32): there the block itself and
//               the `marks` of a purpose tell the hardware what lies in it
//   purposes    what keys can be: for each the part of a block in which its bytes lie (`part`: bit and length; all 256 on most chips),
//               slots that cannot hold it, and fields of BLOCK0 that are burned with it (`marks`)
//   blocks      for each the bit of WR_DIS that freezes it and the bits of RD_DIS that hide it: none, one for the whole, or one for each
//               equal share, from the lowest bit up. Where RD_DIS lies in BLOCK0 its own field says
//
// Two keys may stand in one block where their parts do not overlap. The plan then burns both in one go, as a Reed-Solomon block asks.

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
  /** Bits of RD_DIS that hide it or a part of it; empty where it always reads. */
  readonly readDisableBits: readonly number[];
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
  /** Bits of RD_DIS that hide it, each an equal share of it from the lowest bit up; empty where it always reads. */
  readonly readDisableBits: readonly number[];
  /**
   * 'repeat': four copies in hardware, burnable bit by bit. 'reed-solomon': burned once. 'bits': single fuses without any code, burnable
   * bit by bit (ESP32).
   */
  readonly coding: 'repeat' | 'reed-solomon' | 'bits';
  /**
   * Offset of the block's own write registers, on ESP32, whose controller burns all that is staged for any block with one command
   * (FACTS 2.10). Absent: the block is staged in PGM_DATA and named in the command.
   */
  readonly writeOffset?: number;
}

/** A stretch of a block's bits. */
export interface BlockPart {
  readonly bit: number;
  readonly length: number;
}

/** A block that can hold keys. Its key slot is its index in EfuseTable.keyBlocks. */
export interface KeyBlock {
  /** Number of the block. */
  readonly block: number;
  /** `KEY_PURPOSE_3`; null where no field says what lies in it. */
  readonly purposeField: string | null;
}

/** Register offsets of the controller from its base (FACTS 2.1). */
export interface EfuseRegisters {
  readonly pgmData0: number;
  readonly checkValue0: number;
  /** Error words of BLOCK0's words 1 to 5, in their order. */
  readonly repeatErrors: readonly number[];
  readonly rsErr0: number;
  /** null where there is one word only. */
  readonly rsErr1: number | null;
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
  | 'XTS_AES_128_KEY_DERIVED_FROM_128_EFUSE_BITS'
  | 'FLASH_ENCRYPTION'
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
  /** Value of KEY_PURPOSE_n; null on chips without those fields. */
  readonly number: number | null;
  /** Where in the block its bytes lie; a digest that is longer gives its first bytes. */
  readonly part: BlockPart;
  /** Whether the bytes of a key file go into that part byte-reversed (FACTS 0.2). */
  readonly reversed: boolean;
  /** 'required': a secret. 'forbidden': a digest that the ROM must read. 'optional': user data. */
  readonly readProtect: 'required' | 'forbidden' | 'optional';
  /** Key slots that cannot hold it (the BLOCK9 quirk). */
  readonly forbiddenSlots: readonly number[];
  /** Fields of BLOCK0 that are burned with it, beside KEY_PURPOSE_n: they tell the hardware how to read the block. */
  readonly marks: readonly { readonly field: string; readonly value: number }[];
  /**
   * On chips without KEY_PURPOSE_n: what BLOCK0 must hold before a readable content of this purpose may be shown to anybody, since until
   * then the same bits may be part of a secret. Of no meaning elsewhere, and for secrets.
   */
  readonly publicWhen: readonly { readonly field: string; readonly value: number }[];
  /** Why it must not be burned on this silicon although the number exists; null where it may. */
  readonly refusal: string | null;
}

/** All that is known of one silicon line's eFuses. Data only. */
export interface EfuseTable {
  readonly chip: ChipKind;
  /** `esp32p4-v1`, `esp32p4-v3`, `esp32c3`, ... */
  readonly name: string;
  /**
   * From the first revision of this line to the newest that the sources name: what lies beyond may have other bits, and is refused. Newest
   * ones from source: ESP-IDF COMPATIBILITY.md and components/esp_hw_support/port/CHIP/Kconfig.hw_support at 102122904ad (July 2026); P4
   * v3.0 to v3.2 by that Kconfig and esptool 5.6 targets/esp32p4.py.
   */
  readonly revisions: { readonly min: Revision; readonly max: Revision };
  readonly source: string;
  readonly base: number;
  readonly registers: EfuseRegisters;
  readonly blocks: readonly EfuseBlock[];
  /** By key slot. */
  readonly keyBlocks: readonly KeyBlock[];
  readonly fields: readonly EfuseField[];
  readonly purposes: readonly KeyPurposeRule[];
  /** Crystal frequency (MHz) the timing below is for; burns at another one are refused. */
  readonly crystalMHz: readonly number[];
  /** Writes before a burn, by crystal frequency. */
  readonly timing: Readonly<Record<number, readonly TimingWrite[]>>;
  /** C3: fail bits of RS blocks stand one nibble later than their counts (FACTS 2.4). */
  readonly rsFailBitShift: 0 | 1;
  /**
   * The fields that tell a chip's revision and package: 'wafer' of all but the first ESP32, which has its own and keeps one bit outside of
   * eFuse ('chip-version').
   */
  readonly revisionFields: 'wafer' | 'chip-version';
  /**
   * S3: silicon of v0.0 whose blocks have this version keeps other things in the bits of its revision; null where no silicon does
   * (esptool targets/esp32s3.py).
   */
  readonly firstBlockVersion: { readonly major: number; readonly minor: number } | null;
  /** Fields that must never be burned together, with what the silicon then does and what to leave out. */
  readonly neverTogether: readonly {
    /** Of the fault. */
    readonly code: string;
    readonly fields: readonly string[];
    readonly effect: string;
    readonly leaveOut: string;
  }[];
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
