import type { Mutex } from '../base/mutex.ts';
import type { StationConfig } from '../config/station-file.ts';
import { BoardFault, RecipeFault } from '../model/fault.ts';
import { bareMac } from '../model/mac.ts';
import { isInRanges } from '../model/mac-range.ts';
import type { Recipe } from '../recipe/types.ts';
import { type Order, orderOf } from './orders.ts';
import { type OrderedJob, type SealedOrderParts, sealedOrderOf } from './sealed-orders.ts';

/**
 * What a factory asks of boards beside the recipe, since a computer can say that it is any board: it narrows who can get an identity here,
 * on every port, also one of a virtual board.
 */
export type BoardRules = StationConfig['boards'];

/** A board that may be begun, as far as these rules ask. */
export interface BoardAllowance {
  /** Why this board may not; null: it may. */
  refuse(mac: string): BoardFault | null;
  /** Why no board may have this serial number; null: one may. */
  refuseSerial(serial: string | null): BoardFault | null;
  /**
   * Counts the board to its order while `bind` writes it down, one board at a time. BoardFault `admission.order-full` where the order has had all its
   * boards; one that was begun for it already is no further one.
   */
  count<T>(mac: string, bind: () => Promise<T>): Promise<T>;
}

/**
 * Whether a job may begin by these rules, and what each board is then asked. RecipeFault `work.no-challenge`, `order.recipe`, and those of
 * `orderOf` and `sealedOrderOf`.
 */
export async function allowanceOf(
  job: OrderedJob,
  rules: BoardRules,
  parts: SealedOrderParts,
  turn: Mutex,
): Promise<BoardAllowance> {
  const { recipe } = job.loaded;
  if (rules.challenge && recipe.identity !== null) refuseUnproven(recipe);
  const order = rules.orders === null ? null : orderOf(rules.orders, job.order);
  if (order !== null && order.recipe !== null && order.recipe !== recipe.name)
    throw new RecipeFault({
      code: 'order.recipe',
      what: `The order ${order.name} is for the recipe ${order.recipe}, not for ${recipe.name}.`,
      next: 'Take the recipe of the order, or the order of this recipe.',
      safety: 'untouched',
    });
  const sealed = rules.sealedOrders === null ? null : await sealedOrderOf(job, rules.sealedOrders, parts);
  return {
    refuse: (mac) => refuseMac(mac, rules.macs) ?? refuseChip(mac, order) ?? sealed?.refuse(mac) ?? null,
    refuseSerial: (serial) => sealed?.refuseSerial(serial) ?? null,
    async count(mac, bind) {
      const name = order?.name ?? sealed?.order.order;
      if (name === undefined) return await bind();
      return await turn.run(async () => {
        const { boards, isOne } = await parts.ledger.boardsOfOrder(name, mac);
        if (!isOne && order !== null && boards >= order.boards) throw orderFull(order, boards);
        if (!isOne) await sealed?.requirePlace(boards);
        return await bind();
      });
    },
  };
}

function refuseUnproven({ name, bootProof }: Recipe): void {
  if (bootProof.challenge === 'required' && bootProof.when !== 'none') return;
  throw new RecipeFault({
    code: 'work.no-challenge',
    what: `This station seals a device with a key of its own only when it has signed a challenge, and the recipe ${name} does not ask for that.`,
    next: 'Set boot_proof.challenge to required, with a firmware that answers it (docs/engineers.md#firmware-that-proves-itself).',
    safety: 'untouched',
  });
}

/** These say nothing of the board's safety: the run knows whether it was begun. */
function refuseMac(mac: string, macs: BoardRules['macs']): BoardFault | null {
  if (macs === null || isInRanges(mac, macs)) return null;
  return new BoardFault({
    code: 'admission.foreign-mac',
    what: `The board says that its MAC is ${mac}, which is in none of the ranges that this station takes.`,
    next: 'Set the board aside and find out where it comes from. New chips may have a new range: boards.macs of the station file.',
    details: { mac },
  });
}

function refuseChip(mac: string, order: Order | null): BoardFault | null {
  if (order === null || order.chips === null || order.chips.has(bareMac(mac))) return null;
  return new BoardFault({
    code: 'admission.unlisted-chip',
    what: `The board ${mac} is not in the list of chips that were bought for the order ${order.name}.`,
    next: 'Set the board aside and find out where it comes from, or have the delivery entered in the list.',
    details: { mac, order: order.name },
  });
}

function orderFull(order: Order, boards: number): BoardFault {
  return new BoardFault({
    code: 'admission.order-full',
    what: `The order ${order.name} is for ${order.boards} boards, and ${boards} have been begun for it.`,
    next: 'Take the board out and count what is left. Boards that replace scrap have to be added to the order in the list.',
    details: { order: order.name, boards },
  });
}
