// What the station file and the command line say: read before anything is opened, by every start.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { systemRandom } from '../base/random.ts';
import { anyBoard, readStationFile, type StationConfig } from '../config/station-file.ts';
import { RecipeFault } from '../model/fault.ts';
import { Operators } from '../station/desk/access/operators.ts';
import { trialPlant } from './trial-place.ts';

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
    mqtt: null,
    cfx: null,
    plc: null,
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

/** The people of the station. ProgramFault `operators.damaged`. */
export function peopleOf(places: Places): Operators {
  const file = join(dataFolderOf(places), 'operators.json');
  return new Operators({ file, clock: systemClock, random: systemRandom });
}
