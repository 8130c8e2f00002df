// The real parts, opened as the station file and the command line say. Every front door (terminal, desktop) opens them here.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import type { Log, OpenLog } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import { timedCalls } from '../base/timed-calls.ts';
import type { StationConfig } from '../config/station-file.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { openSqliteLedger } from '../ledger/sqlite/open.ts';
import { openFileLog } from '../log/file-log.ts';
import type { FactoryEvents, FactorySystem } from '../model/factory.ts';
import type { PlantOfStation } from '../model/plant.ts';
import type { PlcOfStation } from '../model/plc.ts';
import type { Operators } from '../station/desk/access/operators.ts';
import { putFile } from '../station/kept-file.ts';
import type { Station } from '../station/station.ts';
import type { OpenPort } from '../transport/port.ts';
import { createStation } from './compose.ts';
import { closeToOthers, keepToOwner } from './owner-only.ts';
import { programVersion } from './program-folder.ts';
import { ledgerFile } from './real-ledger.ts';
import { type Host, tokenPlacesOf } from './real-signer.ts';
import { heldTokens, type OpenedTokens, openTokens } from './real-tokens.ts';
import { dataFolderOf, type Places, peopleOf, settingsOf } from './settings.ts';

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

/** Keys of the witnesses that the station file names. Faults as witnessKeyIn. */
async function witnessesOf({ plant }: StationConfig): Promise<readonly string[]> {
  if (plant === null || plant.witnesses.length === 0) return [];
  const { witnessKeyIn } = await import('../plant/station-door.ts');
  return plant.witnesses.map(witnessKeyIn);
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

/** Tells a broker what comes of each board, where the station file names one. */
async function openEventsOf(
  places: Places,
  { name, mqtt, fixtures }: StationConfig,
  { ledger, log, software }: { readonly ledger: Ledger; readonly log: Log; readonly software: string },
): Promise<FactoryEvents | null> {
  if (mqtt === null) return null;
  const [{ startSparkplugNode }, { usualTellingLimits }, { brokerDoor }] = await Promise.all([
    import('../factory/sparkplug-node.ts'),
    import('../factory/telling.ts'),
    import('../factory/door.ts'),
  ]);
  const { url, group, host } = mqtt;
  const file = join(dataFolderOf(places), 'mqtt.json');
  return startSparkplugNode({
    ...{ ledger, log, software, clock: systemClock, station: name, limits: usualTellingLimits },
    ...{ url, group, host, broker: () => brokerDoor(mqtt), fixtures: fixtures.map((fixture) => fixture.name) },
    kept: existsSync(file) ? readFileSync(file, 'utf8') : null,
    keep: (text) => putFile(file, text),
  });
}

/** Tells a broker in the messages of IPC-CFX, where the station file names one. */
async function openCfxOf(
  places: Places,
  { cfx }: StationConfig,
  { ledger, log }: { readonly ledger: Ledger; readonly log: Log },
): Promise<FactoryEvents | null> {
  if (cfx === null) return null;
  const [{ startCfxEndpoint }, { usualTellingLimits }, { cfxDoor }] = await Promise.all([
    import('../factory/cfx-endpoint.ts'),
    import('../factory/telling.ts'),
    import('../factory/door.ts'),
  ]);
  const { url, handle, address, heartbeatSeconds } = cfx;
  const file = join(dataFolderOf(places), 'cfx.json');
  return startCfxEndpoint({
    ...{ ledger, log, clock: systemClock, limits: usualTellingLimits },
    ...{ url, handle, address, heartbeatSeconds, broker: () => cfxDoor(cfx) },
    kept: existsSync(file) ? readFileSync(file, 'utf8') : null,
    keep: (text) => putFile(file, text),
  });
}

/** The PLC that starts boards, where the station file names one; it is connected to when a line is handed over to it. */
async function plcOfStation({ plc, fixtures }: StationConfig, log: Log): Promise<PlcOfStation | null> {
  if (plc === null) return null;
  const [{ plcOf, usualPlcLimits }, { plcDoor }] = await Promise.all([
    import('../factory/plc.ts'),
    import('../factory/door.ts'),
  ]);
  const { url, readAt, writeAt, recipes } = plc;
  const [high = 0, low = 0] = systemRandom(2);
  return plcOf({
    ...{ url, readAt, writeAt, log, clock: systemClock, door: plcDoor(plc), opening: 256 * high + low },
    recipes: new Map(Object.entries(recipes)),
    fixtures: plc.fixtures.map((name) => ({
      ...{ name, address: fixtures.find((fixture) => fixture.name === name)?.port ?? null },
    })),
    limits: { ...usualPlcLimits, silentMs: plc.silentSeconds * 1000 },
  });
}

function openTokensBeside(opening: Promise<Ledger>, places: Places, host: Host): Promise<OpenedTokens> {
  const tokenPlaces = tokenPlacesOf(places, host);
  const openBook = async () => {
    const { acts, runs } = await opening;
    return { acts, runs, close: async () => undefined };
  };
  const opened = openTokens({ ...tokenPlaces, openBook }, host);
  // whoever waits for it is told
  opened.catch(() => undefined);
  return opened;
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
  for (const { what, path } of loose) log.warn('open-to-others', { what, path });
  const opening = openSqliteLedger({
    file: ledgerFile(places),
    station: settings.name,
    clock: systemClock,
    ...(host.launchLedger === undefined ? {} : { launch: host.launchLedger }),
  });
  // the private token is opened beside the ledger, of which only its making has to know; a PIN is asked or spent for an open ledger alone
  const early =
    settings.token.kind === 'softhsm' && settings.spare === null ? openTokensBeside(opening, places, host) : null;
  let ledger: Ledger | null = null;
  let plant: PlantOfStation | null = null;
  let factory: FactorySystem | null = null;
  const events: FactoryEvents[] = [];
  try {
    ledger = timedCalls(await opening, 'ledger', timing);
    const witnesses = await witnessesOf(settings);
    plant = await openPlantOf(places, settings, log);
    factory = await openFactoryOf(places, settings, { ledger, log });
    const plc = await plcOfStation(settings, log);
    const told = { ledger, log, software: `${software.name} ${software.version}` };
    for (const open of [openEventsOf, openCfxOf]) {
      const one = await open(places, settings, told);
      if (one !== null) events.push(one);
    }
    const opened = await (early ?? openTokens(tokenPlacesOf(places, host), host));
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
      ...(plant === null ? {} : { plant, witnesses }),
      ...(factory === null ? {} : { factory }),
      events,
      ...(plc === null ? {} : { plc }),
      log,
    });
  } catch (error) {
    log.error('station-not-opened', { error: error instanceof Error ? error : String(error) });
    await early?.then(({ signer }) => signer.close()).catch(() => undefined);
    await plant?.close();
    await factory?.close();
    for (const one of events) await one.close();
    await ledger?.close();
    await log.close();
    throw error;
  }
}
