import { z } from 'zod';
import { define, type FactOf } from './define.ts';

const count = z.number().exactOptional();

/** How well a board was in contact in one visit, and why its chip had been reset. Counts that are 0 are left out. */
const contactFact = z.object({
  /** Reset cause as the ROM numbers it; null: not told. */
  start: z.object({ cause: z.number(), by: z.enum(['console', 'register']) }).nullable(),
  /** Commands sent again. */
  retries: count,
  /** How often the loader had to be found again. */
  resyncs: count,
  /** Resets into the loader that found nobody. */
  contactRetries: count,
  /** Rates that did not carry. */
  slowerRates: count,
  /** Codewords that had to be burned again. */
  codingErrors: count,
  /** Resets by a bad supply. */
  brownOuts: count,
  /** Why the fixture should be looked at, where it should. */
  wear: z.string().exactOptional(),
});
export type ContactFact = FactOf<typeof contactFact>;

const names = {
  retries: 'commands sent again',
  resyncs: 'times the loader was lost',
  contactRetries: 'resets without an answer',
  slowerRates: 'rates that did not carry',
  codingErrors: 'burns repeated',
  brownOuts: 'brown-outs',
} as const;
export type ContactCount = keyof typeof names;
export const contactCounts = Object.keys(names) as ContactCount[];

export const contact = define({
  version: 1,
  schema: contactFact,
  text: (fact) => {
    const counts = contactCounts.flatMap((name) => (fact[name] ? [`${fact[name]} ${names[name]}`] : []));
    const start =
      fact.start === null
        ? 'its reset cause was not told'
        : `started by reset cause ${fact.start.cause} (${fact.start.by})`;
    const contact = counts.length === 0 ? 'contact without trouble' : counts.join(', ');
    return `${start}; ${contact}${fact.wear === undefined ? '' : `; ${fact.wear}`}`;
  },
});
