// One line for people of each thing that was said of a board: the same on the screen, in the terminal and on paper.

import type { BurnDefinition, Definition, EventMark } from './define.ts';
import { burns, observations, proofs, runFacts, stepFacts } from './index.ts';
import type { RecordedFact, UnknownFact } from './rows.ts';

const said = { ...stepFacts, ...runFacts };

/** The line, without time and step. */
export function eventText(event: RecordedFact): string {
  switch (event.type) {
    case 'observed':
      return textOf(observations[event.what], event.value);
    case 'intend':
      return `is about to burn ${textOf(burns[event.what], event.detail)}`;
    case 'burned':
      return `burned ${againOf(burns[event.what], event.detail)}`;
    case 'verified':
      return textOf(proofs[event.what], event.detail);
    case 'unknown':
      return unknownText(event);
    default:
      return textOf(said[event.type], event);
  }
}

/** The code of what was said, by which another language names it. */
export function eventKind(event: RecordedFact): string {
  return 'what' in event && ['observed', 'intend', 'burned', 'verified'].includes(event.type)
    ? `${event.type}.${event.what}`
    : event.type;
}

/** Every such code. */
export const eventKinds: readonly string[] = [
  ...Object.keys(observations).map((what) => `observed.${what}`),
  ...Object.keys(burns).flatMap((what) => [`intend.${what}`, `burned.${what}`]),
  ...Object.keys(proofs).map((what) => `verified.${what}`),
  ...Object.keys(said),
  'unknown',
];

/** What kind of line it is. */
export function eventMark(event: RecordedFact): EventMark {
  switch (event.type) {
    case 'observed':
    case 'unknown':
      return 'plain';
    case 'intend':
    case 'burned':
      return 'burn';
    case 'verified':
      return 'proof';
    default:
      return markOf(said[event.type], event);
  }
}

// The event's type and its table agree, which the compiler sees of each event and not of their union: hence facts of any kind here.

function textOf(definition: Definition, fact: unknown): string {
  return definition.text(fact);
}

function againOf(definition: BurnDefinition, fact: unknown): string {
  return definition.again?.(fact) ?? definition.text(fact);
}

function markOf(definition: Definition, fact: unknown): EventMark {
  return definition.mark?.(fact) ?? 'plain';
}

/** Longest content of an unknown entry that a line shows. */
const longest = 100;

function unknownText({ kind, version, raw }: UnknownFact): string {
  const { type: _, what: __, v: ___, ...rest } = raw;
  const text = JSON.stringify(rest);
  const shown = text.length > longest ? `${text.slice(0, longest - 3)}...` : text;
  return `${kind}${version > 0 ? `, version ${version}` : ''}, which this program does not know: ${shown}`;
}
