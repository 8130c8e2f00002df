import type { StoredEvent } from '../../model/event.ts';
import { MisshapenFact, readEvent, writtenEvent } from '../../model/evidence/rows.ts';
import type { BookedEvent } from '../entry.ts';
import { misuse, unreadableRow } from './faults.ts';

/** An event as it is to stand in a row of `run`. ProgramFault `ledger.misuse` for what no reader could read again. */
export function formOf(event: Parameters<typeof writtenEvent>[0], run: string): BookedEvent {
  try {
    return writtenEvent(event);
  } catch (error) {
    if (!(error instanceof MisshapenFact)) throw error;
    throw misuse(`An event was about to be written that nobody could read again: ${error.message}.`, { run });
  }
}

/** The event of a row, of the present version. LedgerFault `ledger.row`. */
export function eventOf(booked: unknown, row: number): StoredEvent['event'] {
  try {
    return readEvent(withoutMark(booked));
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
