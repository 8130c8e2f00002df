import { fillPlaceholders } from '../plan/placeholders.ts';
import type { StepContext } from '../steps/step.ts';

/** What the run made for one partition of this board. */
export interface MadePart {
  /** Name of the partition. */
  readonly partition: string;
  /** In clear; written from the partition's beginning on. Zeroed after use where `secret`. */
  readonly bytes: Uint8Array;
  /** Whether it holds secrets: then no digest over its plain form is told to anybody. */
  readonly secret: boolean;
}

/** The recipe's text with `{serial}`, `{mac}`, `{chip}` and `{batch}` of this board. */
export function fillIn(text: string, { plan, batch }: Pick<StepContext, 'plan' | 'batch'>): string {
  const values = { serial: plan.serial ?? '', mac: plan.chip.mac, chip: plan.chip.kind, batch: batch ?? '' };
  return fillPlaceholders(text, values);
}
