import type { ChipProfile } from '../../chip/board.ts';
import { readDisableBitsOf } from '../../efuse/parts.ts';
import { efuseTableOfLine, marksFit, widthOf } from '../../efuse/tables.ts';
import type { EfuseTable, KeyPurpose } from '../../efuse/types.ts';
import type { FirmwareFacts } from '../../model/assurance.ts';
import type { ChipKind } from '../../model/chip.ts';
import type { EscrowedSecret } from '../../model/event.ts';
import type { BootFact } from '../../model/evidence/boot.ts';
import type { EfuseFields } from '../../model/evidence/efuses.ts';
import type { SealedRecord } from '../../model/record.ts';

/** What is judged of a sealed device: these parts of its record. A recipe gives the same, as it will be. */
export type Shown = Pick<
  SealedRecord,
  | 'chip'
  | 'keys'
  | 'images'
  | 'secureBoot'
  | 'identity'
  | 'secureVersion'
  | 'efusesAfter'
  | 'waivers'
  | 'firmware'
  | 'storage'
  | 'provisioning'
  | 'escrows'
  | 'keysDestroyedAt'
  | 'finishedLater'
> & {
  /** The device encrypted its flash itself, under a key that it made. */
  readonly flashEncryptedBy?: 'device';
  readonly bootProof: Readonly<Partial<Record<keyof SealedRecord['bootProof'], Pick<BootFact, 'signature'>>>>;
};

type Key = Shown['keys'][number];

/** What a block that holds a flash key says of itself (FACTS 2.5). */
const flashPurposes: readonly KeyPurpose[] = ['XTS_AES_128_KEY', 'XTS_AES_256_KEY_1', 'XTS_AES_256_KEY_2'];

/** A device, or what a recipe makes, as a question of fields. */
export class Product {
  readonly shown: Shown;
  readonly profile: ChipProfile;
  /** 'recipe': nothing is there yet, and evidence names the recipe's key. */
  readonly of: 'device' | 'recipe';
  readonly table: EfuseTable;
  readonly #fields: EfuseFields;
  readonly #burned: Readonly<Record<string, number>>;

  constructor(shown: Shown, profile: ChipProfile, of: 'device' | 'recipe') {
    this.shown = shown;
    this.profile = profile;
    this.of = of;
    this.table = efuseTableOfLine(shown.chip.kind as ChipKind, shown.chip.revision);
    this.#fields = shown.efusesAfter.readOut;
    this.#burned = shown.efusesAfter.burnedAfterwards;
  }

  get firmware(): FirmwareFacts | null {
    return this.shown.firmware ?? null;
  }

  has(field: string): boolean {
    return field in this.#fields;
  }

  /** Those of these fields that the chip has; chips name one thing differently. */
  those(...fields: readonly string[]): string[] {
    return fields.filter((field) => this.has(field));
  }

  value(field: string): number {
    return (Number(this.#fields[field]?.value ?? 0) | (this.#burned[field] ?? 0)) >>> 0;
  }

  /** Whether all bits of the field are 1. */
  isFull(field: string): boolean {
    const known = this.table.fields.find(({ name }) => name === field);
    return known !== undefined && this.value(field) === 2 ** widthOf(known) - 1;
  }

  frozen(field: string): boolean {
    return this.#fields[field]?.writeProtected === true;
  }

  keys(isOf: (role: string) => boolean): Key[] {
    return this.shown.keys.filter((key) => isOf(key.role));
  }

  /** The station's key for the flash, or where the device made one itself the blocks that say they hold it. */
  flashKeys(): Key[] {
    const ours = this.keys((role) => role === 'flash-encryption');
    if (ours.length > 0 || this.shown.flashEncryptedBy !== 'device') return ours;
    const numbers = this.table.purposes
      .filter(({ purpose }) => flashPurposes.includes(purpose))
      .map(({ number }) => number);
    const blocks = this.table.keyBlocks
      .filter(({ purposeField }) => purposeField !== null && numbers.includes(this.value(purposeField)))
      .map(({ block }) => block);
    return blocks.length === 0 ? [] : [{ role: 'flash-encryption', blocks, fingerprint: 'of the device' }];
  }

  isInEscrow(what: EscrowedSecret): boolean {
    return (this.shown.escrows ?? []).some((escrow) => escrow.what === what);
  }

  /** Whether software can read nothing of the key. */
  hidden(key: Key): boolean {
    return key.blocks.every((block) => this.#hidingBits(key, block).every((bit) => this.#readDisabled(bit)));
  }

  /** Whether the hardware (and software) can read all of it, as a digest must be. */
  readable(key: Key): boolean {
    return key.blocks.every((block) => this.#hidingBits(key, block).every((bit) => !this.#readDisabled(bit)));
  }

  /** Whether its blocks, and what says that they hold it, can be changed no more. */
  locked(key: Key): boolean {
    return key.blocks.every((number) => {
      const bit = this.table.blocks[number]?.writeDisableBit;
      const purpose = this.table.keyBlocks.find(({ block }) => block === number)?.purposeField ?? null;
      const isFrozen = bit !== undefined && bit !== null && ((this.value('WR_DIS') >>> bit) & 1) === 1;
      return isFrozen && (purpose === null || this.frozen(purpose));
    });
  }

  #hidingBits(key: Key, number: number): readonly number[] {
    const block = this.table.blocks[number]!;
    // A block that keys can share has a bit for each part (ESP32-C2): which part it is the purpose tells, and BLOCK0 which purpose.
    if (block.readDisableBits.length < 2) return block.readDisableBits;
    const isDigest = key.role.startsWith('secure-boot-digest');
    const rule = this.table.purposes.find(
      (one) =>
        (one.readProtect === 'forbidden') === isDigest && marksFit(this.table, one, (field) => this.value(field)),
    );
    return rule === undefined ? block.readDisableBits : readDisableBitsOf(block, rule.part);
  }

  #readDisabled(bit: number): boolean {
    return ((this.value('RD_DIS') >>> bit) & 1) === 1;
  }

  /** `NAME=value` of each field that the chip has, for evidence. */
  show(fields: readonly string[]): string {
    const told = this.those(...fields).map(
      (field) => `${field}=${this.value(field)}${this.frozen(field) ? ' (frozen)' : ''}`,
    );
    return told.join(', ') || `the chip has no ${fields.join(' or ') || 'eFuse for it'}`;
  }
}

/** The first 16 digits of a fingerprint; words that stand in its place where no device is there yet. */
export function shortFingerprint(fingerprint: string): string {
  return /^[0-9a-f]+$/.test(fingerprint) ? fingerprint.slice(0, 16) : fingerprint;
}
