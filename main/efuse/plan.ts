// Burn plan: wanted minus present, in the order in which each thing is still possible (FACTS 4.6, 13.2).
//
//   keys         every key block, each read back before the next   reversed or not, as the purpose says
//   keys         the product's own MAC address, where there is one
//   keys         BLOCK0: purposes, or what marks them on chips without purpose fields
//   read-protect BLOCK0: RD_DIS of secrets, write protection of key blocks and purposes
//   protection   BLOCK0: fields of doors and revocation, then write protection of groups; RD_DIS's own (bit 0) is among these
//   enable       BLOCK0: SPI_BOOT_CRYPT_CNT with SECURE_BOOT_EN, then write protection of their groups
//   door         BLOCK0: what the ROM prints, download over USB; then ENABLE_SECURITY_DOWNLOAD or DIS_DOWNLOAD_MODE, the last burn of all
//
// A board that was left half-way is planned again from its snapshot: no case of its own.

import { bitName, bitsOfValue } from './bits.ts';
import { burnsOfBlock0 } from './block0-programs.ts';
import { planCustomMac } from './custom-mac.ts';
import { deviceKeyBits, deviceKeyUse } from './device-keys.ts';
import { shutsDownload } from './door-fields.ts';
import { checkFields, switchRefusals } from './field-checks.ts';
import { assignKeySlots, keyBits, leftBehindBits } from './key-slot-assignment.ts';
import type { Burn, BurnPlan, EfusePast, EfuseRefusal, SlotAssignment, WantedEfuses } from './plan-types.ts';
import { checkProtections } from './protection-checks.ts';
import { slotState, slotUse } from './slots.ts';
import { blockHealth } from './snapshot.ts';
import { keySlotsOf, slotOfBlock } from './tables.ts';
import type { EfuseSnapshot } from './types.ts';
import { burnsOfUncodedBlocks } from './uncoded-blocks.ts';

/**
 * The plan for a board as found. Pure. With refusals the plan must not be carried out; its burns are then those of the wishes that can
 * be had, for the preview. `past` is what the ledger knows of this board's key slots.
 */
export function planBurn(snapshot: EfuseSnapshot, wanted: WantedEfuses, past: EfusePast): BurnPlan {
  const { table } = snapshot;
  const states = keySlotsOf(table).map((slot) => slotState(snapshot, slot));
  const uses = states.map(
    (state) => deviceKeyUse(state, wanted, table, past) ?? slotUse(state, wanted.keys, table, past),
  );
  const keys = assignKeySlots(snapshot, wanted, states, uses, past);
  const fields = checkFields(snapshot, wanted);
  const protections = checkProtections(snapshot, wanted, fields.wishes);
  const bits = [
    ...keyBits(table, keys.slots),
    ...leftBehindBits(snapshot, states, uses),
    ...deviceKeyBits(snapshot, wanted, states),
    ...fields.wishes.flatMap(({ field, wanted: { value, stage, reason, by } }) =>
      (by === 'device' || field.pieces[0]!.block !== 0 ? [] : bitsOfValue(field, value)).map((bit) => ({
        bit,
        stage,
        last: stage === 'door' && shutsDownload(field.name),
        reason,
      })),
    ),
    ...protections.bits,
  ];
  const block0 = burnsOfBlock0(snapshot, bits);
  const free = burnsOfUncodedBlocks(snapshot, fields.wishes);
  const mac = planCustomMac(snapshot, wanted.customMac);
  return {
    table: table.name,
    slots: keys.slots,
    burns: [...contentBurns(keys.slots), ...mac.burns, ...free.burns, ...block0.burns],
    refusals: [
      ...boardRefusals(
        snapshot,
        block0.unwantedErrors,
        mac.burns.map(({ block }) => block),
      ),
      ...keys.refusals,
      ...fields.refusals,
      ...switchRefusals(wanted, fields.wishes),
      ...protections.refusals,
      ...mac.refusals,
    ],
    bits: [...mac.bits, ...free.bits, ...block0.bits],
  };
}

/** A burn for each block that lacks something of what is to lie in it, in the order of the assignments. */
function contentBurns(slots: readonly SlotAssignment[]): Burn[] {
  const blocks = new Set(slots.filter(({ todo }) => todo.content).map(({ block }) => block));
  return [...blocks].map((block) => ({
    kind: 'key',
    stage: 'keys',
    block,
    assignments: slots.filter((assignment) => assignment.block === block),
  }));
}

/** What is wrong with the silicon itself. */
function boardRefusals(
  snapshot: EfuseSnapshot,
  unwantedErrors: readonly number[],
  /** Blocks that are burned once more with what was begun in them. */
  begun: readonly number[],
): EfuseRefusal[] {
  const refusals: EfuseRefusal[] = blockHealth(snapshot)
    .filter(({ block, failed }) => failed && !begun.includes(block) && slotOfBlock(snapshot.table, block) === null)
    .map(({ block }) => ({
      code: 'efuse.block-unreadable',
      what: `BLOCK${block} has more wrong bytes than its code can set right.`,
      next: 'Set the board aside: the chip is damaged.',
      condemns: true,
    }));
  if (unwantedErrors.length > 0) {
    refusals.push({
      code: 'efuse.block0-errors',
      what: `The copies of ${unwantedErrors.map((bit) => bitName(snapshot.table, bit)).join(', ')} in BLOCK0 disagree, and this product does not burn them.`,
      next: 'Set the board aside: the chip is damaged, or somebody began to burn it.',
      condemns: true,
    });
  }
  return refusals;
}
