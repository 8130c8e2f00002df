import { z } from 'zod';
import { secondsText } from '../../base/number-text.ts';
import type { FaultRecord } from '../fault.ts';
import type { Outcome } from '../outcome.ts';
import { define, type FactOf, type OldFact } from './define.ts';

/** A fault as rows and records hold it. */
export const faultRecord: z.ZodType<FaultRecord> = z.object({
  class: z.enum(['board', 'fixture', 'token', 'ledger', 'recipe', 'program']),
  code: z.string(),
  what: z.string(),
  next: z.string(),
  safety: z.enum(['untouched', 'resumable', 'condemned', 'shut', 'sealed', 'no-board']),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).nullable()),
});

const outcome: z.ZodType<Outcome> = z.enum(['passed', 'failed', 'refused', 'errored', 'aborted']);

export const runStarted = define({
  version: 1,
  schema: z.object({ fixture: z.string(), operator: z.string().nullable() }),
  mark: () => 'step',
  text: ({ fixture, operator }) =>
    `run started in fixture ${fixture}${operator === null ? '' : `, ${operator} at the station`}`,
});

export const runEnded = define({
  version: 1,
  schema: z.object({ outcome, fault: faultRecord.nullable(), ms: z.number() }),
  mark: ({ outcome }) => (outcome === 'passed' ? 'proof' : 'fault'),
  text: ({ outcome, fault, ms }) =>
    `run ended after ${secondsText(ms)}: ${outcome}${fault === null ? '' : `, ${fault.code}: ${fault.what}`}`,
});

export const stepStarted = define({
  version: 1,
  schema: z.object({ step: z.string(), irreversible: z.boolean() }),
  mark: () => 'step',
  text: ({ irreversible }) => `begins${irreversible ? ' (cannot be undone)' : ''}`,
});

export const stepPassed = define({
  version: 1,
  schema: z.object({ step: z.string(), ms: z.number() }),
  text: ({ ms }) => `done in ${secondsText(ms)}`,
});

/** The token went away: the run waits where the board is safe. */
export const parked = define({
  version: 1,
  schema: z.object({ fault: faultRecord }),
  mark: () => 'fault',
  text: ({ fault }) => `waits where the board is safe: ${fault.what}`,
});

/** What the factory's own system said before the board was touched. */
export const route = define({
  version: 1,
  schema: z.object({
    answer: z.enum(['go', 'refused', 'went-on']),
    words: z.string().nullable(),
    silentMs: z.number().nullable(),
  }),
  text: ({ answer, words, silentMs }) => {
    const said = words === null ? '' : `: ${JSON.stringify(words)}`;
    if (answer === 'go') return `the factory's system lets it start${said}`;
    if (answer === 'refused') return `the factory's system does not let it start${said}`;
    return `starts without the factory's system, which was last heard ${secondsText(silentMs ?? 0)} before`;
  },
});

/** The token came back. */
export const resumed = define({
  version: 1,
  schema: z.object({ waitedMs: z.number() }),
  text: ({ waitedMs }) => `goes on after ${secondsText(waitedMs)}`,
});

export const identifiedBy = z.enum(['signature', 'console-mac', 'operator']);

/**
 * By what a later run knew which board lay before it, when its door was shut and nothing of it could be read. signature: it signed a fresh
 * challenge with its device key. console-mac: its application printed its MAC. operator: a person named it, and nothing contradicted.
 */
export type IdentifiedBy = FactOf<typeof identifiedBy>;

/** How sure it is that the board which was finished later is the one of its record. */
export const identifiedWords: Readonly<Record<IdentifiedBy, string>> = {
  signature: 'its device key signed a fresh challenge: no other board can',
  'console-mac': 'its application printed this MAC on the console: as sure as the application that was installed',
  operator: 'a person named it: nothing in the board itself says that it is this one',
};

/** Before it was kept where and by whom, a row said only in words how the board was known: a person had named its serial number. */
function withIdentifiedBy(old: OldFact): OldFact {
  if (old.by === 'signature of the device key') return { ...old, identifiedBy: 'signature' };
  return old.by === 'serial number' ? { ...old, identifiedBy: 'operator' } : old;
}

/** This run found a board locked that an earlier one had all but sealed. */
export const finishesRun = define({
  version: 1,
  schema: z.object({
    /** The run that made it. */
    run: z.string(),
    identifiedBy,
    /** Where it lay, and who worked there; left out in the oldest rows. */
    fixture: z.string().exactOptional(),
    operator: z.string().nullable().exactOptional(),
  }),
  upgrades: { 0: withIdentifiedBy },
  text: ({ run, identifiedBy }) =>
    `is the board of run ${run}, known by ${identifiedBy}: ${identifiedWords[identifiedBy]}`,
});

/** A person has to reset the board, which stays in its loader (or refuses to be in it) until then. */
export const awaitsReset = define({
  version: 1,
  schema: z.object({ boot: z.literal('flash'), timeoutSeconds: z.number() }),
  text: () => 'waits for a person to reset the board with its boot pin released',
});

/** A label was scanned back for this sealed board, by whom, and whether it was its own. */
export const labelScanned = define({
  version: 1,
  schema: z.object({ text: z.string(), fits: z.boolean(), operator: z.string().nullable() }),
  mark: ({ fits }) => (fits ? 'proof' : 'fault'),
  text: ({ text, fits, operator }) =>
    `${fits ? 'its label was scanned back' : 'another label was scanned for it'}: ${text}${operator === null ? '' : `, by ${operator}`}`,
});
