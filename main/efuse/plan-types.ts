import type { KeyRole } from '../model/event.ts';
import type { EfuseField, KeyPurpose } from './types.ts';

/** A key (or digest) that the product wants in eFuse. The bytes come later and from elsewhere; here is only what it is. */
export interface WantedKey {
  /** Our name of the bytes: a per-device key's role with the part of it, or a digest. */
  readonly material: KeyMaterial;
  readonly purpose: KeyPurpose;
  /** Key slot, or null: the planner chooses. */
  readonly slot: number | null;
}

export type KeyMaterial =
  | { readonly kind: 'secret'; readonly role: KeyRole; readonly part: 'whole' | 'low' | 'high' }
  /** A public digest, 32 bytes, hex: known when the plan is made. A part of a block that is shorter holds its first bytes. */
  | { readonly kind: 'digest'; readonly index: 0 | 1 | 2; readonly sha256: string };

/** Fields that must hold these values at the end. Only bits that are 1 in the value are burned. */
export interface WantedField {
  readonly field: string;
  readonly value: number;
  /** When it is burned (ORDER 5 and 6): with the protections, with the switch-on of boot security, or last of all. */
  readonly stage: 'protection' | 'enable' | 'door';
  /** Why, in words for the preview. */
  readonly reason: string;
  /** Burned by the device's own bootloader: wanted, but no burn of the station. */
  readonly by?: 'device';
  /** Belongs to the door, and is burned before it: after its first start the device takes no more burns. */
  readonly early?: true;
}

export interface WantedEfuses {
  readonly keys: readonly WantedKey[];
  readonly fields: readonly WantedField[];
  /** WR_DIS bits beyond those that keys imply, by the name of the field or block they freeze, e.g. `RD_DIS`. */
  readonly writeProtect: readonly { readonly field: string; readonly reason: string; readonly by?: 'device' }[];
  /** The product's own MAC address, `aa:bb:...`, that is to stand in its block. */
  readonly customMac?: string;
  /** Keys that the device makes itself and burns into the first blocks that are free: room is kept for them. */
  readonly deviceKeys?: readonly KeyPurpose[];
}

/** What the ledger knows of a key slot of this board from earlier runs. Empty for a board that was never here. */
export interface PastSlot {
  readonly slot: number;
  readonly role: KeyRole;
  readonly part: 'whole' | 'low' | 'high';
  readonly fingerprint: string;
  /** Whether its content was read back and found right, and that is on disk. */
  readonly proven: boolean;
  /** Whether the key can still be had (its wrapped form exists); absent: yes. */
  readonly keyAtHand?: boolean;
}

export interface EfusePast {
  readonly slots: readonly PastSlot[];
  /** Slots whose block kept coding errors however often it was burned (event `key-block-given-up`): they are not tried again. */
  readonly givenUp?: readonly number[];
  /** Whether the board was once started to make its own keys: a block that it began and left is not another's. */
  readonly madeOwnKeys?: boolean;
}

/** Where each wanted key goes. */
export interface SlotAssignment {
  readonly slot: number;
  readonly block: number;
  readonly purpose: KeyPurpose;
  readonly material: KeyMaterial;
  /**
   * What is still to do for it on this board. `content`: the block is to be burned or, where an earlier run began it, compared with the
   * key and burned again with the identical codeword if it is not whole.
   */
  readonly todo: {
    readonly content: boolean;
    readonly purpose: boolean;
    readonly readProtect: boolean;
    readonly writeProtect: boolean;
  };
}

/** One programming of one block. */
export type Burn =
  | {
      readonly kind: 'key';
      readonly stage: 'keys';
      readonly block: number;
      /** All that lies in the block, which is burned in one go: one on most chips, up to two where keys share a block. */
      readonly assignments: readonly SlotAssignment[];
    }
  | BlockBurn
  | {
      readonly kind: 'bits';
      /**
       * keys: purposes (and what else tells how a block is read), after every key block was read back. read-protect: RD_DIS of
       * secrets, with the write protection of key blocks and their purposes. Never both in one program: a supply that fails in the middle must not freeze a purpose that is not yet in.
       */
      readonly stage: 'keys' | 'read-protect' | 'protection' | 'enable' | 'door';
      readonly block: number;
      /** Words to program: only bits that are not yet 1. */
      readonly words: readonly number[];
      /** What these bits are, field by field, for preview and ledger. */
      readonly fields: readonly {
        readonly field: string;
        readonly from: number;
        readonly to: number;
        readonly reason: string;
      }[];
    };

/** Public content of a block that is burned as a whole, after the keys and before anything is frozen. */
export interface BlockBurn {
  readonly kind: 'block';
  readonly stage: 'keys';
  readonly block: number;
  /** 32 bytes, byte 0 first; of a block without code only the ones are burned. */
  readonly bytes: readonly number[];
  readonly field: string;
  readonly mac: string;
}

/** A reason why the wish cannot be had on this chip; the plan is not to be carried out. */
export interface EfuseRefusal {
  /** `efuse.no-free-slot`, `efuse.rd-dis-locked`, `efuse.foreign-bits`, ... */
  readonly code: string;
  readonly what: string;
  readonly next: string;
  /** Whether this board can never become the product (against: the recipe is wrong). */
  readonly condemns: boolean;
}

/** Wanted minus present, in burning order, with refusals. Pure; prints as JSON; holds no secret. */
export interface BurnPlan {
  readonly table: string;
  readonly slots: readonly SlotAssignment[];
  readonly burns: readonly Burn[];
  readonly refusals: readonly EfuseRefusal[];
  /** Every bit that will have become 1 for ever, as `BLOCKn.bit`, with its field. */
  readonly bits: readonly { readonly block: number; readonly bit: number; readonly field: string }[];
}

/** A wish that may be burned: its field and the bits it still needs. */
export interface CheckedField {
  readonly wanted: WantedField;
  readonly field: EfuseField;
  readonly present: number;
}
