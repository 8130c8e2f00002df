// Six key blocks are the scarce thing: what stands in each, whose it is, and which wish may have it.

import { bytesOfWords, equalBytes, fromHex, isFilledWith } from '../base/bytes.ts';
import type { EfusePast, EfuseRefusal, PastSlot, WantedKey } from './plan-types.ts';
import { blockHealth, isFrozen, isHidden, readNumber } from './snapshot.ts';
import { keyBlockOf, purposeFieldOf } from './tables.ts';
import type { BlockHealth, EfuseSnapshot, EfuseTable, KeyPurposeRule } from './types.ts';

export const keySlots: readonly number[] = [0, 1, 2, 3, 4, 5];

/** One key slot as found. */
export interface SlotState {
  readonly slot: number;
  readonly block: number;
  /** 32 bytes, byte 0 first; zeros where it is hidden. */
  readonly content: Uint8Array;
  /** No bit of data, purpose, parity or read protection: nobody used it. */
  readonly blank: boolean;
  readonly purpose: number;
  readonly hidden: boolean;
  readonly blockFrozen: boolean;
  readonly purposeFrozen: boolean;
  readonly health: BlockHealth;
}

export function slotState(snapshot: EfuseSnapshot, slot: number): SlotState {
  const block = keyBlockOf(snapshot.table, slot);
  const content = bytesOfWords(snapshot.blocks[block.number]!);
  const purpose = readNumber(snapshot, `KEY_PURPOSE_${slot}`);
  const hidden = isHidden(snapshot, block.readDisableBit);
  const health = blockHealth(snapshot).find((entry) => entry.block === block.number)!;
  return {
    slot,
    block: block.number,
    content,
    blank: isFilledWith(content, 0) && purpose === 0 && !hidden && sound(health),
    purpose,
    hidden,
    blockFrozen: isFrozen(snapshot, block.writeDisableBit),
    purposeFrozen: isFrozen(snapshot, purposeFieldOf(snapshot.table, slot).writeDisableBit),
    health,
  };
}

export function sound(health: BlockHealth): boolean {
  return !health.failed && health.correctedBytes === 0;
}

/** How people call a wanted key. */
export function keyName({ material }: WantedKey): string {
  if (material.kind === 'digest') return `Secure Boot digest ${material.index}`;
  return material.part === 'whole'
    ? `the ${material.role} key`
    : `the ${material.part} half of the ${material.role} key`;
}

/** What a slot is to the plan. */
export type SlotUse =
  | { readonly use: 'free' }
  /** It can be used by nobody, and harms nobody: blank but frozen, or burned by us and left behind. */
  | { readonly use: 'none'; readonly leftBehind: boolean }
  /** It holds (or was to hold) this wish, index into the wanted keys. */
  | { readonly use: 'ours'; readonly key: number }
  | { readonly use: 'foreign' }
  | { readonly use: 'refused'; readonly refusal: EfuseRefusal };

/** Whose a slot is: by the ledger for secrets, by its content for digests. */
export function slotUse(state: SlotState, keys: readonly WantedKey[], table: EfuseTable, past: EfusePast): SlotUse {
  if (state.blank)
    return state.blockFrozen || state.purposeFrozen ? { use: 'none', leftBehind: false } : { use: 'free' };
  if (past.givenUp?.includes(state.slot)) return leftBehind(state, 'data');
  const earlier = past.slots.find((entry) => entry.slot === state.slot);
  if (earlier !== undefined) return burnedUse(state, keys, table, earlier);
  const key = keys.findIndex((wanted) => holdsDigest(state, wanted, table));
  return key < 0 ? { use: 'foreign' } : { use: 'ours', key };
}

function burnedUse(state: SlotState, keys: readonly WantedKey[], table: EfuseTable, earlier: PastSlot): SlotUse {
  const key = keys.findIndex(
    ({ material }) => material.kind === 'secret' && material.role === earlier.role && material.part === earlier.part,
  );
  const rule = keys[key] && table.purposes.find(({ purpose }) => purpose === keys[key]!.purpose);
  const known = earlier.proven || (!state.hidden && earlier.keyAtHand !== false);
  const usable = rule !== undefined && known && (state.purpose & ~rule.number) === 0;
  return usable ? { use: 'ours', key } : leftBehind(state, `${earlier.role} key`);
}

function leftBehind(state: SlotState, content: string): SlotUse {
  // A block without a purpose serves nobody: it may stay behind. With one, the chip would take it for the key.
  if (state.purpose === 0) return { use: 'none', leftBehind: true };
  return {
    use: 'refused',
    refusal: {
      code: 'efuse.unproven-key',
      what: `BLOCK_KEY${state.slot} has its purpose already, but nobody can say any more whether the right ${content} is in it.`,
      next: 'Condemn the board: this key cannot be proven and its purpose cannot be given to another block.',
      condemns: true,
    },
  };
}

/** Whether the block holds this public digest, whole or begun. */
function holdsDigest(state: SlotState, { material, purpose }: WantedKey, table: EfuseTable): boolean {
  if (material.kind !== 'digest') return false;
  const number = table.purposes.find((rule) => rule.purpose === purpose)?.number ?? 0;
  if ((state.purpose & ~number) !== 0) return false;
  // A preview that knows no digest takes the block of that purpose for it.
  if (material.sha256 === '') return state.purpose === number;
  if (state.hidden) return state.purpose === number;
  const digest = fromHex(material.sha256);
  return state.content.every((byte, i) => (byte & ~digest[i]!) === 0);
}

/** Whether a digest's block is complete as it stands. */
export function digestComplete(state: SlotState, sha256: string): boolean {
  return sha256 === '' || (equalBytes(state.content, fromHex(sha256)) && sound(state.health));
}

export type Assignment =
  | { readonly slots: readonly number[] }
  /** Wishes (indexes) that cannot stand together; leaving out any one of them would do. */
  | { readonly colliding: readonly number[] };

/**
 * A slot for each wish: the first assignment in the order of wishes and slots, found by going back where needed, so that there is one
 * whenever one exists.
 */
export function assignSlots(domains: readonly (readonly number[])[]): Assignment {
  const place = (wishes: readonly number[]): number[] | null => {
    const taken: number[] = [];
    const next = (at: number): boolean => {
      if (at === wishes.length) return true;
      for (const slot of domains[wishes[at]!]!)
        if (!taken.includes(slot)) {
          taken.push(slot);
          if (next(at + 1)) return true;
          taken.pop();
        }
      return false;
    };
    return next(0) ? taken : null;
  };
  const all = domains.map((_, i) => i);
  const slots = place(all);
  if (slots !== null) return { slots };
  const colliding = all.reduce<readonly number[]>((left, wish) => {
    const without = left.filter((other) => other !== wish);
    return place(without) === null ? without : left;
  }, all);
  return { colliding };
}

/** Slots that a wish may have: the one that is its own, else the free ones that can hold its purpose. */
export function domainOf(
  index: number,
  key: WantedKey,
  rule: KeyPurposeRule,
  uses: readonly SlotUse[],
): readonly number[] {
  const own = keySlots.filter((slot) => {
    const use = uses[slot]!;
    return use.use === 'ours' && use.key === index;
  });
  const candidates = own.length > 0 ? own : keySlots.filter((slot) => uses[slot]!.use === 'free');
  return candidates.filter((slot) => (key.slot ?? slot) === slot && !rule.forbiddenSlots.includes(slot));
}
