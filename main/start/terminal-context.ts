// The real parts for the commands of the terminal. Each is loaded by the command that opens it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { systemRandom } from '../base/random.ts';
import type { CliContext } from '../cli/context.ts';
import { closeToOthers } from './owner-only.ts';
import { programVersion, stationConfigFolder } from './program-folder.ts';
import type { Host } from './real-signer.ts';
import { dataFolderOf, peopleOf, settingsOf } from './settings.ts';

/** What the process around the commands has of its own. */
type Face = Pick<CliContext, 'streams' | 'openPort' | 'askSecret' | 'openInBrowser' | 'onInterrupt' | 'leave'> & {
  readonly host: Host;
};

export function terminalContext({ host, ...face }: Face): CliContext {
  return {
    ...face,
    version: programVersion(),
    clock: systemClock,
    random: systemRandom,
    stationConfig: stationConfigFolder,
    async openStation(options) {
      const loose = closeToOthers(dataFolderOf(options));
      if (loose.length > 0) {
        const { owner } = (await import('../cli/words.ts')).wordsOf(face).terminal;
        for (const { what, path } of loose) face.streams.say(owner[what]({ path }));
      }
      return await (await import('./real-parts.ts')).openStationOf(options, face.openPort, host);
    },
    openLedger: async (options) => await (await import('./real-ledger.ts')).openLedgerOf(options),
    restoreLedger: async (...asked) => await (await import('./real-ledger.ts')).restoreLedgerOf(...asked),
    openSigner: async (options) => await (await import('./real-signer.ts')).openSignerOf(options, host),
    hasEmbeddedToken: (options) => settingsOf(options).token.kind === 'softhsm',
    dataFolder: dataFolderOf,
    settings: settingsOf,
    people: peopleOf,
    serveDesk: async (...asked) => await (await import('./browser-desk.ts')).serveDesk(host, ...asked),
    fixtures: (options) => settingsOf(options).fixtures.map(({ name, port }) => ({ name, address: port })),
    temporaryFolder() {
      const folder = mkdtempSync(join(tmpdir(), 'fuseline-rehearsal-'));
      return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
    },
  };
}
