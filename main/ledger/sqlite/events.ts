import type { StoredEvent } from '../../model/event.ts';
import { MisshapenFact, readEvent, writtenEvent } from '../../model/evidence/rows.ts';
import { checkedSealedRecord, readSealedRecord } from '../../model/evidence/sealed-record.ts';
import type { SealedRecord } from '../../model/record.ts';
import type { BookedEvent } from '../entry.ts';
import type { Bodies } from './bodies.ts';
import { misuse, unreadableRow } from './faults.ts';
import { timeOf } from './rows.ts';

/** An event as it is to stand in a row of `run`. ProgramFault `ledger.misuse` for what no reader could read again. */
export function formOf(event: Parameters<typeof writtenEvent>[0], run: string): BookedEvent {
  return fitToWrite('An event', run, () => writtenEvent(event));
}

/** A sealed record as it is to stand in a row of `run`. ProgramFault `ledger.misuse` for what no reader could read again. */
export function formOfSeal(record: SealedRecord, run: string): SealedRecord {
  return fitToWrite('A sealed record', run, () => checkedSealedRecord(record));
}

function fitToWrite<Form>(what: string, run: string, form: () => Form): Form {
  try {
    return form();
  } catch (error) {
    if (!(error instanceof MisshapenFact)) throw error;
    throw misuse(`${what} was about to be written that nobody could read again: ${error.message}.`, { run });
  }
}

/** The event of a row, of the present version. LedgerFault `ledger.row`. */
export function eventOf(booked: unknown, row: number): StoredEvent['event'] {
  return readable(row, () => readEvent(withoutMark(booked)));
}

/** The sealed record of a row, in the form of today. LedgerFault `ledger.row`. */
export function sealedRecordOfRow(booked: unknown, row: number): SealedRecord {
  return readable(row, () => readSealedRecord(booked));
}

function readable<Read>(row: number, read: () => Read): Read {
  try {
    return read();
  } catch (error) {
    throw error instanceof MisshapenFact ? unreadableRow(row, error) : error;
  }
}

/** The row has the mark of a wrapped key, and not the key. */
function withoutMark(booked: unknown): unknown {
  const holdsMark = typeof booked === 'object' && booked !== null && 'wrapped' in booked;
  return holdsMark ? { ...booked, wrapped: null } : booked;
}

/** The rows of a run's events, in order, by the run's number. */
export const eventRows = `SELECT v.row, coalesce(e.at, o.at) AS at, coalesce(e.body, o.body) AS body FROM events v
  LEFT JOIN entries e ON e.row = v.row LEFT JOIN older_entries o ON o.row = v.row WHERE v.run = ? ORDER BY v.seq`;

/** A row as it lies in the file. */
export interface StoredRow {
  readonly row: number;
  readonly at: unknown;
  readonly body: unknown;
}

/** Rows with their time and text. LedgerFault `ledger.row`. */
export function storedRows(
  rows: readonly StoredRow[],
  bodies: Bodies,
): { readonly row: number; readonly at: string; readonly body: string }[] {
  return rows.map(({ row, at, body }) => {
    const text = bodies.text(body);
    if (text === null) throw unreadableRow(row, new MisshapenFact('packed body', 'it cannot be unpacked'));
    return { row, at: timeOf(at), body: text };
  });
}

/** A body as plain JSON. LedgerFault `ledger.row`. */
export function jsonOf(row: number, body: string): unknown {
  return readable(row, () => {
    try {
      return JSON.parse(body);
    } catch {
      throw new MisshapenFact('body', 'it is no JSON');
    }
  });
}

/** What a row of kind `event` says, from its body. LedgerFault `ledger.row`. */
export function entryOf({ row, body }: { readonly row: number; readonly body: string }) {
  const { seq, step, event } = jsonOf(row, body) as { seq: number; step: string | null; event: unknown };
  return { seq, step, event: eventOf(event, row) };
}
