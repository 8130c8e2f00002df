import { digestOf } from '../base/json.ts';
import type { BurnPlan } from '../efuse/plan-types.ts';

/**
 * A value without which burning cannot be called: it names the run whose plan was admitted and written to the ledger, and the one burn
 * plan in it. Only the station makes one, after the plan's digest is durable; the brand keeps a literal from passing for it.
 */
export interface BurnPermit {
  readonly run: string;
  /** Of the whole plan, as the ledger has it. */
  readonly planDigest: string;
  /** Of the burn plan that lies in it: Board.burn carries out no other. */
  readonly burnDigest: string;
  readonly [brand]: true;
}

declare const brand: unique symbol;

/** Permits `burn`, the burn plan inside the plan of that digest. */
export function grantBurnPermit(run: string, planDigest: string, burn: BurnPlan): BurnPermit {
  return Object.freeze({ run, planDigest, burnDigest: digestOf(burn) }) as BurnPermit;
}
