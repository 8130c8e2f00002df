// The real parts, opened as the station file and the command line say. Every front door (terminal, desktop) opens them here.
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../base/clock.ts';
import type { Log, OpenLog } from '../base/log.ts';
import { type RandomSource, systemRandom } from '../base/random.ts';
import { timedCalls } from '../base/timed-calls.ts';
import { readStationFile, type StationConfig } from '../config/station-file.ts';
import type { Ledger, LedgerReader, RestoreReport } from '../ledger/ledger.ts';
import type { LaunchThread } from '../ledger/sqlite/link.ts';
import { openSqliteLedger, openSqliteLedgerForReading, restoreSqliteLedger } from '../ledger/sqlite/open.ts';
import { openFileLog } from '../log/file-log.ts';
import type { FactorySystem } from '../model/factory.ts';
import { type Fault, RecipeFault } from '../model/fault.ts';
import type { PlantOfStation } from '../model/plant.ts';
import { lateToken } from '../signing/late-token.ts';
import { anyBoard } from '../station/board-rules.ts';
import { Operators } from '../station/desk/access/operators.ts';
import { putFile } from '../station/kept-file.ts';
import { KnownToken } from '../station/known-token.ts';
import { lookAt, type TokenLook } from '../station/spare-token.ts';
import type { Station } from '../station/station.ts';
import { openPort } from '../transport/open.ts';
import type { OpenPort } from '../transport/port.ts';
import { createVirtualBench, type VirtualBench } from '../virtual/bench/bench.ts';
import { createStation } from './compose.ts';
import { closeToOthers, keepToOwner } from './owner-only.ts';
import { heldTokens, type OpenedTokens, openTokens, type TokenHost, type TokenPlaces } from './real-tokens.ts';
import { trialPlant } from './trial-place.ts';

/** What a shell with means of its own has; left out: what every Node.js program has. */
export interface Host extends TokenHost {
  readonly launchLedger?: LaunchThread;
}

const here = dirname(fileURLToPath(import.meta.url));

/** The program's own folder: where its configuration lies, one above main/, or further above where main/ was built elsewhere. */
export const programFolder = folderWith('station-config', here);

/** Folder of the example configuration that comes with the program. */
export const stationConfigFolder = join(programFolder, 'station-config');

/** Where the built page lies, or will. */
export const pageFolder = join(programFolder, 'dist', 'renderer');

export function programVersion(): string {
  return (JSON.parse(readFileSync(join(programFolder, 'package.json'), 'utf8')) as { version: string }).version;
}

function folderWith(name: string, from: string): string {
  return existsSync(join(from, name)) || dirname(from) === from ? from : folderWith(name, dirname(from));
}

/** What the command line says about where things are. */
export interface Places {
  /** Folder of ledger, token store and work files; takes the place of the station file's. */
  readonly data?: string;
  /** Station file. */
  readonly station?: string;
}

/** Name of a station that nobody has configured. */
const unnamedStation = 'fuseline';

/**
 * The station's settings: the named station file; else station.yaml in the data folder; else those of a station nobody has configured: a
 * private SoftHSM, no fixtures.
 */
export function settingsOf(places: Places): StationConfig {
  const beside = join(places.data ?? defaultDataFolder(), 'station.yaml');
  const file = places.station ?? (existsSync(beside) ? beside : null);
  if (file !== null) {
    const settings = ownDevelopment(readStationFile(file), file, places);
    return { ...settings, plant: settings.plant ?? trialPlant(settings.name, folderOf(places, settings)) };
  }
  return {
    name: unnamedStation,
    dataFolder: null,
    token: { kind: 'softhsm' },
    spare: null,
    sessions: 4,
    tokens: [],
    fixtures: [],
    language: 'en',
    development: false,
    shifts: null,
    boards: anyBoard,
    log: { level: 'info' },
    plant: trialPlant(unnamedStation, folderOf(places)),
    mes: null,
    light: null,
  };
}

/**
 * A station that knows people is one for development by the file in its own folder alone: otherwise whoever types could name a file of
 * their own, and be asked nothing. RecipeFault `station.development`.
 */
function ownDevelopment(settings: StationConfig, file: string, places: Places): StationConfig {
  if (!settings.development) return settings;
  const folder = folderOf(places, settings);
  if (resolve(file) === join(folder, 'station.yaml') || !existsSync(join(folder, 'operators.json'))) return settings;
  throw new RecipeFault({
    code: 'station.development',
    what: `${file} says development: true, and the station in ${folder} has people, who would be asked nothing any more.`,
    next: `Give a data folder of its own to development (--data), or write it into ${join(folder, 'station.yaml')}.`,
  });
}

/** Where programs of this system keep a user's data. */
function defaultDataFolder(): string {
  if (process.platform === 'win32')
    return join(process.env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'Fuseline');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Fuseline');
  return join(process.env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'fuseline');
}

export function dataFolderOf(places: Places): string {
  return folderOf(places, settingsOf(places));
}

function folderOf(places: Places, settings?: Pick<StationConfig, 'dataFolder'>): string {
  return resolve(places.data ?? settings?.dataFolder ?? defaultDataFolder());
}

function ledgerFile(places: Places): string {
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

function tokenPlacesOf(places: Places, { launchLedger }: Host): TokenPlaces {
  const file = ledgerFile(places);
  const openBook = async () => (existsSync(file) ? openSqliteLedgerForReading(file, launchLedger) : null);
  return { settings: settingsOf(places), dataFolder: dataFolderOf(places), openBook };
}

/** Folder of the program log. */
export function logFolderOf(places: Places): string {
  return join(dataFolderOf(places), 'log');
}

/** Opens the program log; what ends this process by surprise is written to it before. */
function openLogOf(places: Places, { log: { level } }: StationConfig): OpenLog {
  const log = openFileLog({ folder: logFolderOf(places), level });
  const tell = (error: unknown, origin: string) =>
    log.lastWords('program-ends', { origin, error: error instanceof Error ? error : String(error) });
  process.on('uncaughtExceptionMonitor', tell);
  return {
    ...log,
    async close() {
      process.off('uncaughtExceptionMonitor', tell);
      await log.close();
    },
  };
}

/** The people of the station. ProgramFault `operators.damaged`. */
export function peopleOf(places: Places): Operators {
  const file = join(dataFolderOf(places), 'operators.json');
  return new Operators({ file, clock: systemClock, random: systemRandom });
}

/** Sends the ledger's rows to the plant that the station file names. The driver is loaded only by who has one. */
async function openPlantOf(places: Places, settings: StationConfig, log: Log): Promise<PlantOfStation | null> {
  if (settings.plant === null) return null;
  const { startForwarding } = await import('../plant/forwarding.ts');
  const plant = startForwarding({ file: ledgerFile(places), station: settings.name, plant: settings.plant });
  let before = '';
  plant.listen(({ state, reason, sent, newest, faults }) => {
    const now = [state, ...faults.map(({ code }) => code)].join(' ');
    // at work it goes to and fro between these with every row
    if (now.replace('sending', 'level') === before) return;
    before = now.replace('sending', 'level');
    const facts = { state, reason, sent, newest, faults: faults.map(({ code, what }) => `${code}: ${what}`) };
    if (reason === null && faults.length === 0) log.info('plant', facts);
    else log.warn('plant', facts);
  });
  return plant;
}

/** Asks and tells the factory's own system, where the station file names one. */
async function openFactoryOf(
  places: Places,
  { name, mes }: StationConfig,
  { ledger, log }: { readonly ledger: Ledger; readonly log: Log },
): Promise<FactorySystem | null> {
  if (mes === null) return null;
  const [{ startMes, usualMesLimits }, { mesDoor }] = await Promise.all([
    import('../factory/mes.ts'),
    import('../factory/door.ts'),
  ]);
  const file = join(dataFolderOf(places), 'mes.json');
  return startMes({
    ...{ ledger, log, clock: systemClock, station: name, door: () => mesDoor(mes) },
    limits: { ...usualMesLimits, deadlineMs: mes.timeoutSeconds * 1000, goOnMs: mes.goOnMinutes * 60_000 },
    kept: existsSync(file) ? readFileSync(file, 'utf8') : null,
    keep: (text) => putFile(file, text),
  });
}

/** The station with its real parts. What was opened is closed again when a later part fails. */
export async function openStationOf(
  places: Places,
  open: OpenPort,
  host: Host = {},
  people: Operators = peopleOf(places),
): Promise<Station> {
  const settings = settingsOf(places);
  keepToOwner();
  const loose = closeToOthers(dataFolderOf(places));
  const log = openLogOf(places, settings);
  const timing = { log, clock: systemClock };
  const software = { name: 'fuseline', version: programVersion() } as const;
  const { node: nodeVersion } = process.versions;
  log.info('station-opens', {
    station: settings.name,
    ...software,
    nodeVersion,
    platform: process.platform,
    pid: process.pid,
  });
  for (const said of loose) log.warn('open-to-others', { said });
  let ledger: Ledger | null = null;
  let plant: PlantOfStation | null = null;
  let factory: FactorySystem | null = null;
  try {
    ledger = timedCalls(
      await openSqliteLedger({
        file: ledgerFile(places),
        station: settings.name,
        clock: systemClock,
        ...(host.launchLedger === undefined ? {} : { launch: host.launchLedger }),
      }),
      'ledger',
      timing,
    );
    plant = await openPlantOf(places, settings, log);
    factory = await openFactoryOf(places, settings, { ledger, log });
    const opened = await openTokens(tokenPlacesOf(places, host), host);
    const tokens = heldTokens(opened, ledger, (token) =>
      timedCalls(token, 'token', { ...timing, patient: ['whenBack'] }),
    );
    await tokens.token.known.settle().catch((error: unknown) => {
      // told again by whatever needs the token; the station may be opened to mend it
      log.warn('token-not-settled', { error: error instanceof Error ? error : String(error) });
    });
    return createStation({
      name: settings.name,
      software,
      ledger,
      ...tokens,
      embeddedToken: settings.token.kind === 'softhsm',
      openPort: open,
      clock: systemClock,
      random: systemRandom,
      people,
      development: settings.development,
      boards: settings.boards,
      ...(plant === null ? {} : { plant }),
      ...(factory === null ? {} : { factory }),
      log,
    });
  } catch (error) {
    log.error('station-not-opened', { error: error instanceof Error ? error : String(error) });
    await plant?.close();
    await factory?.close();
    await ledger?.close();
    await log.close();
    throw error;
  }
}

/** Real and virtual ports behind one opener. */
export function openPorts(random: RandomSource): {
  readonly open: OpenPort;
  readonly bench: VirtualBench;
  close(): Promise<void>;
} {
  const bench = createVirtualBench({ random });
  return {
    open: (address, options) =>
      address.startsWith('virtual:') ? bench.open(address, options) : openPort(address, options),
    bench,
    close: () => bench.close(),
  };
}
