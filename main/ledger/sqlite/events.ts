import type { StoredEvent } from '../../model/event.ts';
import { MisshapenFact, readEvent, writtenEvent } from '../../model/evidence/rows.ts';
import { checkedSealedRecord, readSealedRecord } from '../../model/evidence/sealed-record.ts';
import type { SealedRecord } from '../../model/record.ts';
import type { BookedEvent } from '../entry.ts';
import { misuse, unreadableRow } from './faults.ts';

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

/** What a row of kind `event` says, from its body. LedgerFault `ledger.row`. */
export function entryOf({ row, body }: { readonly row: number; readonly body: string }) {
  const { seq, step, event } = JSON.parse(body) as { seq: number; step: string | null; event: unknown };
  return { seq, step, event: eventOf(event, row) };
}
