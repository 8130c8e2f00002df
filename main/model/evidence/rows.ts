// Events as rows of the ledger, and back. A row says the version of its fact; what was written is never written anew, so each older
// version is brought up to the present one here, once, and whoever asks the ledger meets only the present ones.

import { z } from 'zod';
import type { Definition, OldFact } from './define.ts';
import { burns, observations, proofs, type RunFact, runFacts, type StepFact, stepFacts } from './index.ts';

/**
 * What this program does not know: a fact of a newer program, or of one that knew others. It is shown and kept, and nothing is concluded
 * from it but that somebody said it.
 */
export interface UnknownFact {
  readonly type: 'unknown';
  /** Its type as the row says it, with what it is of: `observed moon-phase`. */
  readonly kind: string;
  readonly version: number;
  /** The whole event as it stands in the row. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** An event as the ledger gives it back. */
export type RecordedFact = StepFact | RunFact | UnknownFact;

/** A row says that it is of a version that is known, and does not have its form. */
export class MisshapenFact extends Error {
  /** As `UnknownFact` names it. */
  readonly kind: string;
  /** What is amiss, by the members' names; no value of the row. */
  readonly problems: string;

  constructor(kind: string, problems: string) {
    super(`${kind}: ${problems}`);
    this.name = 'MisshapenFact';
    this.kind = kind;
    this.problems = problems;
  }
}

/** Where an event's fact stands: of what kind it is, in which member of the event, and how it is defined. */
interface Place {
  readonly kind: string;
  readonly definition: Definition | null;
  /** Null: the event's own members. */
  readonly member: 'value' | 'detail' | null;
}

const acts: Readonly<Record<string, { table: Readonly<Record<string, Definition>>; member: 'value' | 'detail' }>> = {
  observed: { table: observations, member: 'value' },
  intend: { table: burns, member: 'detail' },
  burned: { table: burns, member: 'detail' },
  verified: { table: proofs, member: 'detail' },
};
const others: Readonly<Record<string, Definition>> = { ...stepFacts, ...runFacts };

function placeOf(type: string, what: unknown): Place {
  const act = own(acts, type);
  if (act === null) return { kind: type, definition: own(others, type), member: null };
  const { table, member } = act;
  return { kind: `${type} ${String(what)}`, definition: own(table, String(what)), member };
}

function own<Value>(table: Readonly<Record<string, Value>>, name: string): Value | null {
  return Object.hasOwn(table, name) ? (table[name] ?? null) : null;
}

/** How an event stands in a row: `v` is the version of its fact. */
export type WrittenEvent = Readonly<Record<string, unknown>> & { readonly type: string; readonly v: number };

/** The event with its version. MisshapenFact for what no reader could read again: types may have been got around. */
export function writtenEvent(event: StepFact | RunFact): WrittenEvent {
  const { kind, definition, member } = placeOf(event.type, 'what' in event ? event.what : null);
  if (definition === null) throw new MisshapenFact(kind, 'nothing is defined under this name');
  const { type, ...rest } = event;
  checked(kind, definition, member === null ? rest : membersOf(event)[member]);
  return { ...event, type, v: definition.version };
}

const rowForm = z.looseObject({ type: z.string(), v: z.int().min(1).optional() });

/** The event of a row, as JSON has it. MisshapenFact where a version that is known does not have its form. */
export function readEvent(stored: unknown): RecordedFact {
  const row = rowForm.safeParse(stored);
  if (!row.success) throw new MisshapenFact('event', problemsOf(row.error));
  const { v = 0, ...event } = renamed(row.data);
  const { kind, definition, member } = placeOf(event.type, event.what);
  if (definition === null || v > definition.version)
    return { type: 'unknown', kind, version: v, raw: membersOf(stored) };
  const { type, ...rest } = event;
  let fact = member === null ? rest : event[member];
  for (let version = v; version < definition.version; version++) {
    const upgrade = definition.upgrades?.[version];
    // what is no object has no members that could have changed, and is told below
    if (upgrade !== undefined && isObject(fact)) fact = upgrade(fact);
  }
  const present = checked(kind, definition, fact);
  // The one place where the compiler has to be told: the tables that checked the fact are those of which its type is made.
  return (member === null
    ? { type, ...membersOf(present) }
    : { type, what: event.what, [member]: present }) as unknown as StepFact | RunFact;
}

function checked(kind: string, { schema }: Definition, fact: unknown): unknown {
  const result = schema.safeParse(fact);
  if (!result.success) throw new MisshapenFact(kind, problemsOf(result.error));
  return result.data;
}

/** Until there were versions the block stood in the name of its bits: `block0`. */
function renamed(event: z.output<typeof rowForm>): z.output<typeof rowForm> {
  const block = event.v === undefined ? /^block(\d+)$/.exec(String(event.what)) : null;
  if (block === null || !isObject(event.detail)) return event;
  return { ...event, what: 'bits', detail: { block: Number(block[1]), ...event.detail } };
}

function isObject(value: unknown): value is OldFact {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function membersOf(value: unknown): OldFact {
  return isObject(value) ? value : {};
}

/** What is amiss in a form, by the members' names: no value of it. */
export function problemsOf(
  { issues }: { readonly issues: readonly z.core.$ZodIssue[] },
  within: PropertyKey[] = [],
): string {
  return issues
    .map((issue) => {
      const path = [...within, ...issue.path];
      const [first] = issue.code === 'invalid_union' ? issue.errors : [];
      if (first !== undefined) return problemsOf({ issues: first }, path);
      return `${path.length === 0 ? '' : `${path.map(String).join('.')}: `}${issue.message}`;
    })
    .join('; ');
}
