// The token of the station file, for commands that need no station.
import { existsSync } from 'node:fs';
import { systemRandom } from '../base/random.ts';
import type { LedgerReader } from '../ledger/ledger.ts';
import type { LaunchThread } from '../ledger/sqlite/link.ts';
import { openSqliteLedgerForReading } from '../ledger/sqlite/open.ts';
import type { Fault } from '../model/fault.ts';
import { lateToken } from '../signing/late-token.ts';
import { KnownToken } from '../station/known-token.ts';
import { lookAt, type TokenLook } from '../station/spare-token.ts';
import { ledgerFile } from './real-ledger.ts';
import { type OpenedTokens, openTokens, type TokenHost, type TokenPlaces } from './real-tokens.ts';
import { dataFolderOf, type Places, settingsOf } from './settings.ts';

/** What a shell with means of its own has; left out: what every Node.js program has. */
export interface Host extends TokenHost {
  readonly launchLedger?: LaunchThread;
}

interface TokenJudge {
  /** Why the station would do nothing with this token; null: nothing stands against it. */
  refusal(): Promise<Fault | null>;
  /** How the token is that would take over; null: the station file names none. */
  lookAtSpare(): Promise<TokenLook | null>;
}

/**
 * The station's token for commands that need no station, and how to open those that its file lists. It is held to what the ledger knows
 * of it, and nothing is written there.
 */
export async function openSignerOf(places: Places, host: Host = {}): Promise<OpenedTokens & TokenJudge> {
  const tokenPlaces = tokenPlacesOf(places, host);
  const opened = await openTokens(tokenPlaces, host);
  const ask: LedgerReader['acts'] = async (query) => {
    const ledger = await tokenPlaces.openBook();
    if (ledger === null) return [];
    try {
      return await ledger.acts(query);
    } finally {
      await ledger.close();
    }
  };
  const ledger = { acts: ask, noteAct: async () => undefined };
  const signer = new KnownToken(opened.signer, { ledger, role: 'own', random: systemRandom });
  const lookAtSpare = async () => {
    if (opened.openSpare === null) return null;
    const standing = lateToken(opened.openSpare, async () => undefined);
    const known = new KnownToken(standing, { ledger, role: 'own', random: systemRandom, isSpare: true });
    try {
      return await lookAt(known);
    } finally {
      await known.close();
    }
  };
  return { ...opened, signer, refusal: () => signer.refusal(), lookAtSpare };
}

/** What `openTokens` is told by a station file. */
export function tokenPlacesOf(places: Places, { launchLedger }: Host): TokenPlaces {
  const file = ledgerFile(places);
  const openBook = async () => (existsSync(file) ? openSqliteLedgerForReading(file, launchLedger) : null);
  return { settings: settingsOf(places), dataFolder: dataFolderOf(places), openBook };
}
