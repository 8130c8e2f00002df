/**
 * A value without which burning cannot be called: it names the run whose plan was admitted and written to the ledger. Only the station
 * makes one, after the plan's digest is durable; the brand keeps a literal from passing for it.
 */
export interface BurnPermit {
  readonly run: string;
  readonly planDigest: string;
  readonly [brand]: true;
}

declare const brand: unique symbol;

export function grantBurnPermit(run: string, planDigest: string): BurnPermit {
  return Object.freeze({ run, planDigest }) as BurnPermit;
}
