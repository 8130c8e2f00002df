// Keys that a device makes itself: room that is kept for them, and blocks in which they stand.

import type { WantedBit } from './block0-programs.ts';
import type { EfusePast, WantedEfuses, WantedKey } from './plan-types.ts';
import type { SlotState, SlotUse } from './slots.ts';
import { keyBlockOf, purposeFieldOf, readDisablePlace } from './tables.ts';
import type { EfuseSnapshot, EfuseTable, KeyPurpose } from './types.ts';

/** A key of the device as a wish, for names and room; it is never burned by a plan. */
export function deviceKey(purpose: KeyPurpose): WantedKey {
  const part = purpose === 'XTS_AES_256_KEY_1' ? 'low' : purpose === 'XTS_AES_256_KEY_2' ? 'high' : 'whole';
  return { material: { kind: 'secret', role: 'flash-encryption', part }, purpose, slot: null };
}

/** The keys that the device has still to make. */
export function roomFor(
  deviceKeys: readonly KeyPurpose[],
  table: EfuseTable,
  states: readonly SlotState[],
): readonly WantedKey[] {
  return deviceKeys
    .filter((purpose) => !states.some((state) => isFor(state, purpose, table)))
    .filter((purpose) => table.purposes.some((rule) => rule.purpose === purpose))
    .map(deviceKey);
}

/** What a block is to the plan that the device used for itself: its key, or what it began and left. Null: not one of these. */
export function deviceKeyUse(
  state: SlotState,
  { deviceKeys = [] }: WantedEfuses,
  table: EfuseTable,
  past: EfusePast,
): SlotUse | null {
  if (deviceKeys.length === 0 || past.madeOwnKeys !== true || state.blank) return null;
  if (past.slots.some(({ slot }) => slot === state.slot)) return null;
  if (deviceKeys.some((purpose) => isFor(state, purpose, table))) return { use: 'none', leftBehind: false };
  // The station gives its own blocks their purposes before the device is started.
  return state.purpose === 0 ? { use: 'none', leftBehind: true } : null;
}

/** Protection of the device's own keys that it did not get to burn, BLOCK0 being programmed last by it. */
export function deviceKeyBits(
  { table }: EfuseSnapshot,
  { deviceKeys = [] }: WantedEfuses,
  states: readonly SlotState[],
): WantedBit[] {
  return states.flatMap((state) => {
    const purpose = deviceKeys.find((candidate) => isFor(state, candidate, table));
    if (purpose === undefined) return [];
    const { name, writeDisableBit, readDisableBits } = keyBlockOf(table, state.slot);
    const bits = [
      writeDisableBit,
      purposeFieldOf(table, state.slot)?.writeDisableBit ?? null,
      ...readDisableBits.map((bit) => readDisablePlace(table, bit)),
    ];
    return bits
      .filter((bit) => bit !== null)
      .map((bit) => ({
        bit,
        stage: 'read-protect' as const,
        last: false,
        reason: `${name} holds the device's own ${purpose}`,
      }));
  });
}

function isFor({ purpose: number }: SlotState, purpose: KeyPurpose, table: EfuseTable): boolean {
  return (
    number !== null && number !== 0 && table.purposes.some((rule) => rule.purpose === purpose && rule.number === number)
  );
}
