// The ledger of the data folder, for commands that need no station.
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import type { LedgerReader, RestoreReport } from '../ledger/ledger.ts';
import { openSqliteLedgerForReading, restoreSqliteLedger } from '../ledger/sqlite/open.ts';
import { dataFolderOf, type Places } from './settings.ts';

export function ledgerFile(places: Places): string {
  return join(dataFolderOf(places), 'ledger.sqlite');
}

/** Puts a backup in the place of the station's ledger, and writes into it that this was done, by whom, and what is missing. */
export async function restoreLedgerOf(places: Places, from: string, by: readonly string[]): Promise<RestoreReport> {
  return await restoreSqliteLedger({ file: ledgerFile(places), from, by, clock: systemClock });
}

/** Opens the ledger for questions, also while a station writes it. */
export function openLedgerOf(places: Places): Promise<LedgerReader> {
  return openSqliteLedgerForReading(ledgerFile(places));
}
