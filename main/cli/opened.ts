import type { LedgerReader } from '../ledger/ledger.ts';
import type { Station } from '../station/station.ts';
import type { CliContext, OpenOptions } from './context.ts';

/** The ledger for reading, closed again whatever comes of the work. */
export async function withLedger<Answer>(
  options: OpenOptions,
  context: CliContext,
  work: (ledger: LedgerReader) => Promise<Answer>,
): Promise<Answer> {
  const ledger = await context.openLedger(options);
  try {
    return await work(ledger);
  } finally {
    await ledger.close();
  }
}

/** The station, closed again whatever comes of the work. */
export async function withStation<Answer>(
  options: OpenOptions,
  context: CliContext,
  work: (station: Station) => Promise<Answer>,
): Promise<Answer> {
  const station = await context.openStation(options);
  try {
    return await work(station);
  } finally {
    await station.close();
  }
}
