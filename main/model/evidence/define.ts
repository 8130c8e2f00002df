import type { z } from 'zod';

/** What the eye should find in a long history: changes for ever, proofs, faults, borders of steps. */
export type EventMark = 'step' | 'burn' | 'proof' | 'fault' | 'plain';

/** Values as the ledger gives them back: nobody changes what was said. */
export type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Name in keyof T]: Frozen<T[Name]> }
    : T;

/** What a fact of this schema holds. */
export type FactOf<Schema extends z.ZodType> = Frozen<z.output<Schema>>;

/** A fact of an older version, on its way to the present one. */
export type OldFact = Readonly<Record<string, unknown>>;

/**
 * A fact, defined once: its shape, the version of that shape, its line for people. To change the shape of a fact whose rows exist, raise
 * `version` and give the step that makes a row of the version before into one of the new: rows are read for ever, never written anew. A
 * new word in an enum is such a change too: a program that does not know it must show the row, not believe it.
 */
export interface Definition<Schema extends z.ZodType = z.ZodType> {
  /** Version of the shape. Rows say it as `v`; those from before there were versions say none, which is 0. */
  readonly version: number;
  readonly schema: Schema;
  /** By the version it begins at: what makes a fact of it one of the next; left out where the shape did not change. */
  readonly upgrades?: Readonly<Record<number, (old: OldFact) => OldFact>>;
  /** `plain` where left out. */
  mark?(fact: FactOf<Schema>): EventMark;
  /** One line, without the bulk that the row holds. */
  text(fact: FactOf<Schema>): string;
}

/** A fact of the silicon that is about to be changed for ever, or was: `text` names what is burned. */
export interface BurnDefinition<Schema extends z.ZodType = z.ZodType> extends Definition<Schema> {
  /** The same where it was told a line above. */
  again?(fact: FactOf<Schema>): string;
}

export function define<Schema extends z.ZodType>(definition: Definition<Schema>): Definition<Schema> {
  return definition;
}

export function defineBurn<Schema extends z.ZodType>(definition: BurnDefinition<Schema>): BurnDefinition<Schema> {
  return definition;
}
