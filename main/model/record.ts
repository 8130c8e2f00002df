import { identifiedWords } from './evidence/run.ts';
import type { FinishedLater, SealedRecord } from './evidence/sealed-record.ts';
import type { FaultRecord } from './fault.ts';
import type { Outcome } from './outcome.ts';
import type { RecipeRef } from './refs.ts';

export type { FinishedLater, SealedRecord };

/** A device's identity in a few words: its certificate, or the key that waits for one. */
export function identityWords({
  key = 'ecdsa-p256',
  certificateSerial,
}: NonNullable<SealedRecord['identity']>): string {
  return `${key}, ${certificateSerial === null ? 'a request for a certificate' : `certificate ${certificateSerial}`}`;
}

/** One board, one plan, one try. */
export interface RunRecord {
  readonly id: string;
  readonly batch: string | null;
  readonly fixture: string;
  readonly operator: string | null;
  readonly recipe: RecipeRef;
  /** MAC as `aa:bb:...`; null when the run ended before the chip was identified. */
  readonly mac: string | null;
  readonly serial: string | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly outcome: Outcome | null;
  readonly fault: FaultRecord | null;
}

/** The board of a run, also of one that was not let in and has told its MAC before. */
export function boardOfRun({ mac, fault }: Pick<RunRecord, 'mac' | 'fault'>): string | null {
  const told = fault?.details.mac;
  return mac ?? (typeof told === 'string' ? told : null);
}

/** How it came to be known which board it was, with run, place and person. */
export function finishedWords({ identifiedBy, madeIn, fixture, operator }: FinishedLater): string {
  const who = operator === null ? '' : `, operator ${operator}`;
  return `${identifiedBy} (${identifiedWords[identifiedBy]}); made in run ${madeIn}, finished in fixture ${fixture}${who}`;
}

/** An order: so many boards of one recipe. */
export interface BatchRecord {
  readonly id: string;
  readonly order: string | null;
  readonly recipe: RecipeRef;
  /** Boards ordered; null: open. */
  readonly count: number | null;
  readonly openedAt: string;
  readonly closedAt: string | null;
}
