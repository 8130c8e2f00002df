// The real parts, opened as the station file and the command line say. Every front door (terminal, desktop) opens them here.
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../base/clock.ts';
import type { OpenLog } from '../base/log.ts';
import { type RandomSource, systemRandom } from '../base/random.ts';
import type { SecretBytes } from '../base/secret.ts';
import { timedCalls } from '../base/timed-calls.ts';
import { type Pkcs11Token, readStationFile, type StationConfig } from '../config/station-file.ts';
import type { Ledger, LedgerReader } from '../ledger/ledger.ts';
import { openSqliteLedger, openSqliteLedgerForReading } from '../ledger/sqlite/open.ts';
import { openFileLog } from '../log/file-log.ts';
import { filePin, nobodysPin, type PinSource, promptPin } from '../signing/pin.ts';
import type { LaunchTokenProcess } from '../signing/pkcs11/token-child.ts';
import { openPkcs11Signer } from '../signing/pkcs11/token-signer.ts';
import type { Signer } from '../signing/signer.ts';
import { embeddedLabel, openEmbeddedToken } from '../signing/softhsm.ts';
import { notListed, type OpenToken } from '../signing/token-ring.ts';
import { anyBoard } from '../station/board-rules.ts';
import { Operators } from '../station/desk/access/operators.ts';
import type { Station } from '../station/station.ts';
import { openPort } from '../transport/open.ts';
import type { OpenPort } from '../transport/port.ts';
import { createVirtualBench, type VirtualBench } from '../virtual/bench/bench.ts';
import { createStation } from './compose.ts';
import { closeToOthers, keepToOwner } from './owner-only.ts';

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
  if (file !== null) return readStationFile(file);
  return {
    name: unnamedStation,
    dataFolder: null,
    token: { kind: 'softhsm' },
    tokens: [],
    fixtures: [],
    development: false,
    boards: anyBoard,
    log: { level: 'info' },
  };
}

/** Where programs of this system keep a user's data. */
function defaultDataFolder(): string {
  if (process.platform === 'win32')
    return join(process.env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'Fuseline');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Fuseline');
  return join(process.env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'fuseline');
}

export function dataFolderOf(places: Places): string {
  return resolve(places.data ?? settingsOf(places).dataFolder ?? defaultDataFolder());
}

function ledgerFile(places: Places): string {
  return join(dataFolderOf(places), 'ledger.sqlite');
}

/** Opens the ledger for questions, also while a station writes it. */
export function openLedgerOf(places: Places): Promise<LedgerReader> {
  return openSqliteLedgerForReading(ledgerFile(places));
}

/** What a shell with means of its own has for the token; left out: its file, and a process forked from this Node.js. */
export interface TokenHost {
  /** Another keeper of the own token's PIN than the station file's `pin_file`, which is handed to it. */
  readonly pin?: (pinFile: PinSource) => PinSource;
  /** Asks a person for the PIN of the token named, where the station file names no `pin_file`. */
  readonly ask?: (token: string) => Promise<SecretBytes>;
  readonly launch?: LaunchTokenProcess;
}

/** The token that the station file names, or the private SoftHSM of the data folder; and how to open the others that it lists. */
export async function openSignerOf(
  places: Places,
  host: TokenHost = {},
): Promise<{ readonly signer: Signer; readonly embedded: boolean; readonly openToken: OpenToken }> {
  const { token, tokens } = settingsOf(places);
  const launch = host.launch === undefined ? {} : { launch: host.launch };
  const own = token.kind === 'softhsm' ? embeddedLabel : token.label;
  const openToken: OpenToken = async (label) => {
    const listed = tokens.find((candidate) => candidate.label === label);
    if (listed !== undefined) return await openPkcs11(listed, pinOf(listed, host), launch);
    if (label === own) return null;
    throw notListed(
      label,
      tokens.map((candidate) => candidate.label),
    );
  };
  if (token.kind === 'softhsm') {
    const folder = join(dataFolderOf(places), 'token');
    const signer = await openEmbeddedToken({ folder, clock: systemClock, random: systemRandom, ...launch });
    return { signer, embedded: true, openToken };
  }
  const named = pinOf(token, host);
  return { signer: await openPkcs11(token, host.pin?.(named) ?? named, launch), embedded: false, openToken };
}

function pinOf({ label, serial, pinFile }: Pkcs11Token, { ask }: TokenHost): PinSource {
  if (pinFile !== null) return filePin(pinFile);
  return ask === undefined ? nobodysPin : promptPin(() => ask(`token '${label}' (serial ${serial})`));
}

function openPkcs11(
  { module, label, serial }: Pkcs11Token,
  pin: PinSource,
  launch: { readonly launch?: LaunchTokenProcess },
): Promise<Signer> {
  return openPkcs11Signer({ module, token: { label, serial }, pin, clock: systemClock, ...launch });
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

/** The station with its real parts. What was opened is closed again when a later part fails. */
export async function openStationOf(
  places: Places,
  open: OpenPort,
  host?: TokenHost,
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
  try {
    ledger = timedCalls(
      await openSqliteLedger({ file: ledgerFile(places), station: settings.name, clock: systemClock }),
      'ledger',
      timing,
    );
    const { signer, openToken } = await openSignerOf(places, host);
    return createStation({
      name: settings.name,
      software,
      ledger,
      signer: timedCalls(signer, 'token', { ...timing, patient: ['whenBack'] }),
      openToken,
      openPort: open,
      clock: systemClock,
      random: systemRandom,
      people,
      development: settings.development,
      boards: settings.boards,
      log,
    });
  } catch (error) {
    log.error('station-not-opened', { error: error instanceof Error ? error : String(error) });
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
