import type { Messages } from './messages.ts';

/** What a plant found between two of its stations (`Conflict` of the model), as far as its sentence says it. */
interface Conflict {
  readonly kind: keyof Messages['page']['plant']['conflict'];
  readonly station: string;
  readonly row: number;
  readonly field: string;
  readonly value: string;
  readonly holder: string | null;
  readonly holderRow: number | null;
}

type Plant = Messages['page']['plant'];

/** One sentence on a conflict. Rows are numbered without marks between the thousands, as everywhere in the ledger. */
export function conflictIn(sentences: Plant['conflict'], fields: Plant['fields'], conflict: Conflict): string {
  const { kind, station, row, field, value, holder, holderRow } = conflict;
  return sentences[kind]({
    ...{ station, row: `${row}`, field: fieldIn(fields, field), value: kind === 'lease' ? value.slice(0, 16) : value },
    ...{ holder: holder ?? '–', holderRow: `${holderRow ?? '–'}` },
  });
}

/** By what two stations may have the same; one that has no name here, as it came. */
export const fieldIn = (fields: Plant['fields'], field: string): string =>
  Object.hasOwn(fields, field) ? fields[field as keyof Plant['fields']] : field;
