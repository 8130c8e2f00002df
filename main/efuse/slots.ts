// Key blocks are the scarce thing (six on most chips, one on ESP32-C2): what stands in each, whose it is, and which wish may have it.

import { bytesOfWords, equalBytes, fromHex, isFilledWith, wordsOf } from '../base/bytes.ts';
import { onlyParts, overlap, partOf, readDisableBitsOf } from './parts.ts';
import type { BurnPlan, EfusePast, EfuseRefusal, PastSlot, SlotAssignment, WantedKey } from './plan-types.ts';
import { blockHealth, isFrozen, isHidden, readNumber } from './snapshot.ts';
import { efuseTableNamed, keyBlockOf, keySlotsOf, purposeFieldOf } from './tables.ts';
import type { BlockHealth, BlockPart, EfuseSnapshot, EfuseTable, KeyPurposeRule } from './types.ts';

/** One key slot as found. */
export interface SlotState {
  readonly slot: number;
  readonly block: number;
  /** All its bytes (32), byte 0 first; zeros where it is hidden. */
  readonly content: Uint8Array;
  /** No bit of data, purpose, parity or read protection: nobody used it. */
  readonly blank: boolean;
  /** Value of its KEY_PURPOSE_n; null on chips without. */
  readonly purpose: number | null;
  /** Bits of RD_DIS that are burned and hide it or a part of it. */
  readonly hiddenBy: readonly number[];
  readonly blockFrozen: boolean;
  readonly purposeFrozen: boolean;
  readonly health: BlockHealth;
}

export function slotState(snapshot: EfuseSnapshot, slot: number): SlotState {
  const block = keyBlockOf(snapshot.table, slot);
  const content = bytesOfWords(snapshot.blocks[block.number]!);
  const field = purposeFieldOf(snapshot.table, slot);
  const purpose = field === null ? null : readNumber(snapshot, field.name);
  const hiddenBy = block.readDisableBits.filter((bit) => isHidden(snapshot, bit));
  const health = blockHealth(snapshot).find((entry) => entry.block === block.number)!;
  return {
    slot,
    block: block.number,
    content,
    blank: isFilledWith(content, 0) && !purpose && hiddenBy.length === 0 && sound(health),
    purpose,
    hiddenBy,
    blockFrozen: isFrozen(snapshot, block.writeDisableBit),
    purposeFrozen: field !== null && isFrozen(snapshot, field.writeDisableBit),
    health,
  };
}

/** How people call the block of a slot. */
export function blockName(table: EfuseTable, slot: number): string {
  return keyBlockOf(table, slot).name;
}

/** Whether software sees nothing of a part of the slot's block: all that could hide any of it does. */
export function isPartHidden(table: EfuseTable, state: SlotState, part: BlockPart): boolean {
  const bits = readDisableBitsOf(table.blocks[state.block]!, part);
  return bits.length > 0 && bits.every((bit) => state.hiddenBy.includes(bit));
}

/** The first bytes of a digest, as many as its part of the block has. */
export function digestBytes(sha256: string, { length }: BlockPart): Uint8Array {
  return fromHex(sha256).subarray(0, length / 8);
}

export function sound(health: BlockHealth): boolean {
  return !health.failed && health.correctedBytes === 0;
}

/** How people call some wanted keys; one that takes two blocks once. */
export function keyNames(keys: readonly WantedKey[]): string[] {
  const names = keys.map((key) => {
    const { material } = key;
    const both = material.kind === 'secret' && keys.filter((other) => isSameSecret(other, material.role)).length > 1;
    return both ? `the ${material.role} key (two blocks)` : keyName(key);
  });
  return [...new Set(names)];
}

function isSameSecret({ material }: WantedKey, role: string): boolean {
  return material.kind === 'secret' && material.role === role;
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
  /** It holds (or was to hold) these wishes, indexes into the wanted keys. */
  | { readonly use: 'ours'; readonly keys: readonly number[] }
  | { readonly use: 'foreign' }
  | { readonly use: 'refused'; readonly refusal: EfuseRefusal };

/** Whose a slot is: by the ledger for secrets, by its content for digests. */
export function slotUse(state: SlotState, keys: readonly WantedKey[], table: EfuseTable, past: EfusePast): SlotUse {
  if (state.blank)
    return state.blockFrozen || state.purposeFrozen ? { use: 'none', leftBehind: false } : { use: 'free' };
  if (past.givenUp?.includes(state.slot)) return leftBehind(state, table, 'data');
  const held: number[] = [];
  for (const earlier of past.slots.filter((entry) => entry.slot === state.slot)) {
    const key = burnedKey(state, keys, table, earlier);
    if (key === null) return leftBehind(state, table, `${earlier.role} key`);
    held.push(key);
  }
  const parts = () => held.map((key) => ruleOf(table, keys[key]!)!.part);
  for (const [key, wanted] of keys.entries()) {
    const rule = ruleOf(table, wanted);
    const clear = rule !== undefined && !parts().some((part) => overlap(part, rule.part));
    if (clear && holdsDigest(state, wanted, rule, table)) held.push(key);
  }
  return held.length === 0 || hasMore(state, table, parts()) ? { use: 'foreign' } : { use: 'ours', keys: held };
}

function ruleOf(table: EfuseTable, { purpose }: WantedKey): KeyPurposeRule | undefined {
  return table.purposes.find((rule) => rule.purpose === purpose);
}

/** The wish that an earlier run burned here and that can still be finished; null where there is none. */
function burnedKey(state: SlotState, keys: readonly WantedKey[], table: EfuseTable, earlier: PastSlot): number | null {
  const key = keys.findIndex(
    ({ material }) => material.kind === 'secret' && material.role === earlier.role && material.part === earlier.part,
  );
  const rule = keys[key] && ruleOf(table, keys[key]!);
  const known = earlier.proven || (state.hiddenBy.length === 0 && earlier.keyAtHand !== false);
  return rule !== undefined && known && purposeFits(state, rule) ? key : null;
}

/** Whether the purpose that is burned can still become this one, or there is none. */
function purposeFits({ purpose }: SlotState, { number }: KeyPurposeRule): boolean {
  return purpose === null || (purpose & ~(number ?? 0)) === 0;
}

/** Whether something stands in the block outside of the parts that are ours. */
function hasMore(state: SlotState, table: EfuseTable, parts: readonly BlockPart[]): boolean {
  const block = table.blocks[state.block]!;
  const ours = parts.flatMap((part) => readDisableBitsOf(block, part));
  const shown = onlyParts(wordsOf(state.content), parts);
  return (
    state.hiddenBy.some((bit) => !ours.includes(bit)) || wordsOf(state.content).some((word, i) => word !== shown[i])
  );
}

function leftBehind(state: SlotState, table: EfuseTable, content: string): SlotUse {
  const name = blockName(table, state.slot);
  // A block without a purpose serves nobody: it may stay behind. With one, the chip would take it for the key.
  if (state.purpose === 0) return { use: 'none', leftBehind: true };
  const refused = (what: string): SlotUse => ({
    use: 'refused',
    refusal: {
      code: 'efuse.unproven-key',
      what,
      next: 'Condemn the board: this key cannot be proven and no other block can take its place.',
      condemns: true,
    },
  });
  return state.purpose === null
    ? refused(`${name} is burned, and nobody can say any more whether the right ${content} is in it.`)
    : refused(`${name} has its purpose already, but nobody can say any more whether the right ${content} is in it.`);
}

/** Whether the block holds this public digest, whole or begun. */
function holdsDigest(state: SlotState, { material }: WantedKey, rule: KeyPurposeRule, table: EfuseTable): boolean {
  if (material.kind !== 'digest' || !purposeFits(state, rule) || rule.forbiddenSlots.includes(state.slot)) return false;
  const named = state.purpose !== null && state.purpose === rule.number;
  const content = partOf(state.content, rule.part);
  // A preview that knows no digest takes the block of that purpose for it.
  if (material.sha256 === '') return named || (state.purpose === null && !isFilledWith(content, 0));
  if (isPartHidden(table, state, rule.part)) return named;
  const digest = digestBytes(material.sha256, rule.part);
  return content.every((byte, i) => (byte & ~digest[i]!) === 0);
}

/** Whether a digest is complete as it stands in its part of the block. */
export function digestComplete(state: SlotState, part: BlockPart, sha256: string): boolean {
  return sha256 === '' || (equalBytes(partOf(state.content, part), digestBytes(sha256, part)) && sound(state.health));
}

export type Assignment =
  | { readonly slots: readonly number[] }
  /**
   * Wishes (indexes) that compete for too few slots: every one that could be left out for the good of the others. `tooMany`: how many of
   * them have to be.
   */
  | { readonly colliding: readonly number[]; readonly tooMany: number };

/**
 * A slot for each wish: the first assignment in the order of wishes and slots, found by going back where needed, so that there is one
 * whenever one exists. `clash`: whether two wishes (indexes) cannot share a slot; absent: none can.
 */
export function assignSlots(
  domains: readonly (readonly number[])[],
  clash: (a: number, b: number) => boolean = () => true,
): Assignment {
  const all = domains.map((_, i) => i);
  const slots = place(all, domains, clash);
  if (slots !== null) return { slots };
  const most = mostPlaced(all, domains, clash);
  const without = (wish: number) => all.filter((other) => other !== wish);
  return {
    colliding: all.filter((wish) => mostPlaced(without(wish), domains, clash) === most),
    tooMany: all.length - most,
  };
}

type Clash = (a: number, b: number) => boolean;

/** A slot for every one of these wishes, or null. */
function place(wishes: readonly number[], domains: readonly (readonly number[])[], clash: Clash): number[] | null {
  const taken: number[] = [];
  const next = (at: number): boolean => {
    const wish = wishes[at];
    if (wish === undefined) return true;
    for (const slot of domains[wish]!)
      if (!taken.some((other, i) => other === slot && clash(wishes[i]!, wish))) {
        taken.push(slot);
        if (next(at + 1)) return true;
        taken.pop();
      }
    return false;
  };
  return next(0) ? taken : null;
}

/** How many of these wishes can have a slot at once. */
function mostPlaced(wishes: readonly number[], domains: readonly (readonly number[])[], clash: Clash): number {
  const known = new Map<number, number>();
  // Where nobody shares, it does not matter who holds a slot.
  const shares = wishes.some((a) => wishes.some((b) => a !== b && !clash(a, b)));
  const best = (at: number, held: readonly (readonly [slot: number, wish: number])[]): number => {
    const wish = wishes[at];
    if (wish === undefined) return 0;
    const state = held.reduce((bits, [slot]) => bits | (1 << slot), at << 8);
    const before = shares ? undefined : known.get(state);
    if (before !== undefined) return before;
    let found = best(at + 1, held);
    for (const slot of domains[wish]!)
      if (!held.some(([other, by]) => other === slot && clash(by, wish)))
        found = Math.max(found, 1 + best(at + 1, [...held, [slot, wish]]));
    known.set(state, found);
    return found;
  };
  return best(0, []);
}

/** Slots that a wish may have: the one that is its own, else the free ones that can hold its purpose. */
export function domainOf(
  index: number,
  key: WantedKey,
  rule: KeyPurposeRule,
  uses: readonly SlotUse[],
): readonly number[] {
  const slotsWhere = (fits: (use: SlotUse) => boolean) => uses.flatMap((use, slot) => (fits(use) ? [slot] : []));
  const own = slotsWhere((use) => use.use === 'ours' && use.keys.includes(index));
  const candidates = own.length > 0 ? own : slotsWhere(({ use }) => use === 'free');
  return candidates.filter((slot) => (key.slot ?? slot) === slot && !rule.forbiddenSlots.includes(slot));
}

/** The key blocks of the plan's chip by their names, and what the plan has in each: nothing, one thing, or two that share it. */
export function keyBlockMap(
  plan: BurnPlan,
): readonly { readonly slot: number; readonly name: string; readonly held: readonly SlotAssignment[] }[] {
  const table = efuseTableNamed(plan.table)!;
  return keySlotsOf(table).map((slot) => ({
    slot,
    name: blockName(table, slot),
    held: plan.slots.filter((entry) => entry.slot === slot),
  }));
}
