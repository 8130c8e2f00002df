// The browser's window onto the desk: builds the page where it is stale, opens the station, serves both on this computer.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { systemRandom } from '../base/random.ts';
import { BoardsInHand } from '../cli/boards-in-hand.ts';
import type { CliContext } from '../cli/context.ts';
import { type Loopback, startLoopback } from '../ipc/loopback.ts';
import { Seats } from '../ipc/seats.ts';
import { isFault, ProgramFault } from '../model/fault.ts';
import { buildPage, isPageStale } from './build.ts';
import { openDesk } from './open-desk.ts';
import { closeToOthers } from './owner-only.ts';
import { pageFolder } from './program-folder.ts';
import type { Host } from './real-signer.ts';
import { dataFolderOf } from './settings.ts';

/** CliContext.serveDesk; `host` says how the terminal that this was started from asks for a PIN. */
export async function serveDesk(
  host: Host,
  ...[options, onNextLink, { say, words }]: Parameters<CliContext['serveDesk']>
): ReturnType<CliContext['serveDesk']> {
  if (isPageStale()) {
    say(words.terminal.desk.building);
    await buildPage().catch((cause: unknown) => {
      throw noPage(cause);
    });
  }
  if (!existsSync(join(pageFolder, 'index.html'))) throw noPage(undefined);
  for (const { what, path } of closeToOthers(dataFolderOf(options))) say(words.terminal.owner[what]({ path }));
  const opened = await openDesk(options, { host });
  const inHand = new BoardsInHand();
  opened.station.listen((event) => inHand.hear(event));
  try {
    const seats = new Seats(join(opened.dataFolder, 'seats.json'), { clock: systemClock, random: systemRandom });
    const sayTaken = (port: number) => say(words.terminal.desk.otherProgram({ port }));
    const loopback = await atUsualPort(options.port ?? null, seats, sayTaken, (port) =>
      startLoopback({
        desk: opened.desk,
        clock: systemClock,
        random: systemRandom,
        page: pageFolder,
        port,
        seats,
        onLinkUsed: onNextLink,
      }),
    );
    return {
      link: loopback.link(),
      demonstration: opened.demonstration,
      boards: (said) => inHand.lines(said),
      async close() {
        // Pages see the last boards end; then the door is shut.
        await opened.desk.close();
        await loopback.close();
        await opened.close();
      },
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** Where browsers look for it after a restart: the port of the last time, unless another was named or somebody else sits there. */
async function atUsualPort(
  named: number | null,
  seats: Seats,
  sayTaken: (port: number) => void,
  start: (port: number) => Promise<Loopback>,
): Promise<Loopback> {
  const usual = named ?? seats.port ?? 0;
  const loopback = await start(usual).catch((error: unknown) => {
    if (named !== null || usual === 0 || !isFault(error, 'loopback.port')) throw error;
    sayTaken(usual);
    return start(0);
  });
  seats.keepPort(Number(new URL(loopback.origin).port));
  return loopback;
}

function noPage(cause: unknown): ProgramFault {
  return new ProgramFault({
    code: 'desk.no-page',
    what: `The page of the station could not be built${cause instanceof Error ? `: ${cause.message}` : ''}.`,
    next: 'Install the packages anew (npm ci), or use the terminal: npm start -- --terminal.',
    ...(cause === undefined ? {} : { cause }),
  });
}
