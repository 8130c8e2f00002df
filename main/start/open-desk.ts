// The desk with its real parts: what both windows onto it (Electron's and the browser's) open.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { systemRandom } from '../base/random.ts';
import type { StationConfig } from '../config/station-file.ts';
import type { PlantViewer } from '../model/plant.ts';
import type { LoadedRecipe } from '../recipe/load.ts';
import { rehearsalAddress } from '../recipe/plan/rehearsal-address.ts';
import { Desk } from '../station/desk/desk.ts';
import { DeskFile } from '../station/desk/desk-file.ts';
import type { RehearsalRoom } from '../station/desk/library/rehearsal.ts';
import type { DeskParts } from '../station/desk/room.ts';
import { colourOf, StationLight } from '../station/desk/station-light.ts';
import type { Station } from '../station/station.ts';
import { createBoardChanger } from '../virtual/bench/board-changer.ts';
import { stationConfigFolder } from './program-folder.ts';
import { openStationOf } from './real-parts.ts';
import { openPorts } from './real-ports.ts';
import type { Host } from './real-signer.ts';
import { dataFolderOf, type Places, peopleOf, settingsOf } from './settings.ts';

/** Fixtures of the demonstration line. */
const demonstrationFixtures = 8;
/** A finished board stays long enough for its verdict to be read, then another comes. */
const changerTimes = { leavesMs: 2500, emptyMs: 800 };

export interface OpenedDesk {
  readonly desk: Desk;
  readonly station: Station;
  readonly dataFolder: string;
  readonly demonstration: boolean;
  /** Ends the batch after the current irreversible steps, then closes everything. Safe to call again. */
  close(): Promise<void>;
}

/** How the demonstration's virtual boards are; other than usual only where somebody measures. */
export interface Demonstration {
  readonly fixtures?: number;
  readonly pacing?: 'line' | 'none';
  readonly changerTimes?: { readonly leavesMs: number; readonly emptyMs: number };
}

/** Opens station and desk. With no fixtures configured anywhere it is a demonstration line of virtual boards and someone who changes them. */
export async function openDesk(
  places: Places,
  options: {
    readonly demonstration?: Demonstration;
    readonly host?: Host;
    readonly showSecret?: DeskParts['showSecret'];
  } = {},
): Promise<OpenedDesk> {
  const settings = settingsOf(places);
  const dataFolder = dataFolderOf(places);
  const configured = settings.fixtures.map(({ name, port }) => ({ name, address: port }));
  const demonstration = configured.length === 0 && !hasTaughtFixtures(dataFolder);
  const fixtures = demonstration ? demonstrationLine(options.demonstration ?? {}) : configured;

  const ports = openPorts(systemRandom);
  const changer = demonstration
    ? createBoardChanger(await ports.bench(), {
        clock: systemClock,
        ...(options.demonstration?.changerTimes ?? changerTimes),
      })
    : null;
  const ours = new Map(demonstration ? fixtures.map(({ name, address }) => [name, address]) : []);
  const isOurs = new Set(ours.values());
  const opener = (address: string) => (isOurs.has(address) ? (changer ?? ports) : ports);
  const people = peopleOf(places);
  const station = await openStationOf(
    places,
    (address, how) => opener(address).open(address, how),
    options.host,
    people,
  ).catch(async (error: unknown) => {
    await ports.close();
    throw error;
  });
  station.listen((event) => {
    const address = event.type === 'verdict' ? ours.get(event.fixture) : undefined;
    if (address !== undefined) changer?.change(address);
  });
  const plantViewer = await openPlantViewer(settings);
  const desk = new Desk({
    station,
    people,
    dataFolder,
    stationConfig: stationConfigFolder,
    fixtures,
    demonstration,
    language: settings.language,
    embeddedToken: settings.token.kind === 'softhsm',
    ...(plantViewer === null ? {} : { plantViewer }),
    ...(options.showSecret === undefined ? {} : { showSecret: options.showSecret }),
    ...(settings.shifts === null ? {} : { shifts: settings.shifts }),
    openRehearsal: (loaded) => openRehearsal(loaded, options.host),
  });
  const light =
    settings.light === null
      ? null
      : new StationLight(settings.light, { open: ports.open, clock: systemClock, log: desk.log });
  desk.onLineChange(() => light?.show(colourOf(desk.lineNow())));
  let closing: Promise<void> | null = null;
  const close = async () => {
    await desk.close();
    plantViewer?.close();
    await light?.close();
    changer?.close();
    await station.close();
    await ports.close();
  };
  return {
    desk,
    station,
    dataFolder,
    demonstration,
    close() {
      closing ??= close();
      return closing;
    },
  };
}

/** The driver of PostgreSQL is loaded only by who has a plant to look at. */
async function openPlantViewer({ plant }: StationConfig): Promise<PlantViewer | null> {
  const viewer = plant?.viewer ?? null;
  if (plant === null || viewer === null) return null;
  const [{ startViewing }, { viewerDoor }] = await Promise.all([
    import('../plant/viewing.ts'),
    import('../plant/station-door.ts'),
  ]);
  return startViewing({ door: () => viewerDoor(plant, viewer), clock: systemClock });
}

function demonstrationLine(demonstration: Demonstration): { name: string; address: string }[] {
  const { fixtures = demonstrationFixtures, pacing = 'line' } = demonstration;
  return Array.from({ length: fixtures }, (_, at) => {
    const name = `nest-${at + 1}`;
    return { name, address: `virtual:esp32p4?rev=v3.1&pacing=${pacing}&name=${name}` };
  });
}

/** Whether somebody taught this station fixtures at the desk. ProgramFault `desk.damaged`. */
function hasTaughtFixtures(dataFolder: string): boolean {
  return (new DeskFile(join(dataFolder, 'desk.json')).fixtures ?? []).length > 0;
}

/** A station in a folder of its own, with a token, a ledger and a virtual board that are gone with it. */
async function openRehearsal(loaded: LoadedRecipe, host: Host | undefined): Promise<RehearsalRoom> {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-rehearsal-'));
  const ports = openPorts(systemRandom);
  const remove = async () => {
    await ports.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const station = await openStationOf({ data: folder }, ports.open, host).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  return {
    station,
    address: rehearsalAddress(loaded),
    async close() {
      await station.close();
      await remove();
    },
  };
}
