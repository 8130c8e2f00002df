import { existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { arch, cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { isoTime } from '../base/clock.ts';
import { plainOf } from '../base/log.ts';
import type { Pkcs11Token, StationConfig } from '../config/station-file.ts';
import { faultOf } from '../model/fault.ts';
import { type CliContext, type Exit, exit, type OpenOptions } from './context.ts';
import { writeOutput } from './files.ts';
import { wordsOf } from './words.ts';

export interface DiagnoseOptions extends OpenOptions {
  readonly out?: string;
}

/** What the bundle says of itself to whoever opens it. */
const readme = `What this station says of itself to the people who help its owner.

versions.json   the program, its Node.js, this computer
settings.json   the station file as it was read, without the places of PINs
ports.json      the serial ports of this computer
ledger.json     whether the ledger opens, its batches, whether its chain is whole
folder.json     what lies in the data folder: names, sizes, times, room on the disk
log/            the program log

It holds names of operators, orders, MACs and serial numbers. It holds no key, no PIN and no secret of a device.
`;

/** Everything that helps to find out what ails a station, in one new file for its owner alone. A part that cannot be had says why. */
export async function diagnose(options: DiagnoseOptions, context: CliContext): Promise<Exit> {
  const folder = context.dataFolder(options);
  const parts: Record<string, () => unknown> = {
    'versions.json': () => versions(context),
    'settings.json': () => settingsShown(context.settings(options)),
    'ports.json': async () => (await import('../transport/serial/list.ts')).listSerialPorts(),
    'ledger.json': () => ledgerHealth(options, context),
    'folder.json': () => folderShown(folder),
  };
  const files: Record<string, Uint8Array> = { 'README.txt': strToU8(readme) };
  for (const [name, make] of Object.entries(parts)) {
    const value = await Promise.resolve()
      .then(make)
      .catch((error: unknown) => ({ notRead: plainOf(faultOf(error)) }));
    files[name] = strToU8(`${JSON.stringify(value, null, 2)}\n`);
  }
  const logs = join(folder, 'log');
  for (const name of existsSync(logs) ? readdirSync(logs).filter((each) => /^fuseline(\.\d+)?\.log$/.test(each)) : [])
    files[`log/${name}`] = new Uint8Array(readFileSync(join(logs, name)));
  writeOutput(options.out, zipSync(files), context, true);
  const words = wordsOf(context).terminal.diagnose;
  if (!Object.keys(files).some((name) => name.startsWith('log/'))) context.streams.say(words.noLog({ folder }));
  context.streams.say(words.holds);
  return exit.passed;
}

function versions({ version, clock }: CliContext) {
  const { node, v8, openssl } = process.versions;
  const [cpu] = cpus();
  return {
    fuseline: version,
    at: isoTime(clock.now()),
    node,
    v8,
    openssl,
    platform: process.platform,
    release: release(),
    arch: arch(),
    processors: `${cpus().length} x ${cpu?.model ?? 'unknown'}`,
    memoryBytes: totalmem(),
  };
}

/** Files of PINs and passwords are named by nobody but the station file itself. */
function settingsShown(settings: StationConfig) {
  const shown = ({ pinFile, ...token }: Pkcs11Token) => ({ ...token, pin: pinFile === null ? 'asked' : 'from a file' });
  const { token, tokens, boards, plant, mes, mqtt, cfx } = settings;
  return {
    ...settings,
    token: token.kind === 'softhsm' ? token : shown(token),
    tokens: tokens.map(shown),
    plant: plant && { url: plant.url, ca: plant.ca },
    mes: mes && { url: mes.url, ca: mes.ca },
    mqtt: mqtt && { url: mqtt.url, ca: mqtt.ca, group: mqtt.group, host: mqtt.host },
    cfx: cfx && { url: cfx.url, ca: cfx.ca, handle: cfx.handle, address: cfx.address },
    boards: { ...boards, macs: boards.macs === null ? 'all' : `${boards.macs.length} ranges` },
  };
}

async function ledgerHealth(options: OpenOptions, context: CliContext) {
  const ledger = await context.openLedger(options);
  try {
    const startedAt = context.clock.monotonic();
    const chain = await ledger.verify();
    const verifiedMs = Math.round(context.clock.monotonic() - startedAt);
    const batches = await ledger.batches();
    return {
      chain,
      verifiedMs,
      batches: batches.length,
      openBatches: batches.filter(({ closedAt }) => closedAt === null),
    };
  } finally {
    await ledger.close();
  }
}

function folderShown(folder: string) {
  const { bavail, bsize } = statfsSync(folder);
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      const { size, mode, mtimeMs } = statSync(file);
      return {
        file: file.slice(folder.length + 1),
        size,
        mode: (mode & 0o777).toString(8),
        changedAt: isoTime(mtimeMs),
      };
    });
  return { folder, freeBytes: bavail * bsize, entries };
}
