import { rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { LedgerFault, RecipeFault } from '../model/fault.ts';
import { lagOf } from '../model/plant.ts';
import { textOfFile } from '../model/text-file.ts';
import { addressUrl, plantAddress } from '../plant/address.ts';
import { enroll, enrollViewer, initPlant, plantStatus, settle } from '../plant/administer.ts';
import { type OwnSql, openSql, type PlantDoor, passwordIn, plantFault } from '../plant/connect.ts';
import { Forwarder, usualLimits } from '../plant/forwarder.ts';
import { authorityIn, stationDoor } from '../plant/station-door.ts';
import { verifyPlant } from '../plant/verify.ts';
import { conflictIn } from '../words/conflicts.ts';
import { type CliContext, type Exit, exit, type OpenOptions } from './context.ts';
import { readInput } from './files.ts';
import { faultLines, table, wordsOf } from './words.ts';

export interface OwnerOptions {
  readonly url: string;
  readonly ca?: string;
  readonly passwordFile?: string;
  readonly json?: boolean;
}

/** Works with the plant as the owner of its database. */
export async function withPlant(options: OwnerOptions, work: (sql: OwnSql) => Promise<Exit>): Promise<Exit> {
  const address = plantAddress(options.url);
  const door: PlantDoor = {
    ...{ address, user: address.user ?? userInfo().username },
    ca: options.ca === undefined ? null : authorityIn(options.ca),
    password: options.passwordFile === undefined ? null : passwordIn(options.passwordFile),
  };
  const sql = openSql(door);
  try {
    return await work(sql);
  } catch (error) {
    throw plantFault(error, door);
  } finally {
    sql.end();
  }
}

export function plantInit(options: OwnerOptions, context: CliContext): Promise<Exit> {
  const { streams } = context;
  const { plant: words } = wordsOf(context).terminal;
  return withPlant(options, async (sql) => {
    const { before, now } = await initPlant(sql);
    if (options.json) streams.answer(JSON.stringify({ before, now }));
    else streams.answer(before === now ? words.upToDate({ version: now }) : words.made({ now, before }));
    if (before === 0) streams.say(words.enrollNext);
    return exit.passed;
  });
}

/** Lets a station or a viewer in, whose new password lies in a new file; which is gone again where that fails. */
function lettingIn(
  options: OwnerOptions & { readonly out: string },
  letIn: (sql: OwnSql, file: string, keep: (password: string) => void) => Promise<Exit>,
): Promise<Exit> {
  const file = resolve(options.out);
  let written = false;
  return withPlant(options, async (sql) => {
    try {
      return await letIn(sql, file, (password) => {
        writeNew(file, `${password}\n`);
        written = true;
      });
    } catch (error) {
      if (written) rmSync(file, { force: true });
      throw error;
    }
  });
}

export function plantViewer(
  name: string,
  options: OwnerOptions & { readonly out: string },
  context: CliContext,
): Promise<Exit> {
  const { streams, random } = context;
  const { plant: words } = wordsOf(context).terminal;
  return lettingIn(options, async (sql, file, keep) => {
    const { role, isNew } = await enrollViewer(sql, name, random, keep);
    if (options.json) streams.answer(JSON.stringify({ viewer: name, role, passwordFile: file, isNew }));
    else {
      streams.answer((isNew ? words.viewer : words.newPassword)({ name: `'${name}'`, role }));
      streams.say(words.bringViewer);
      for (const line of ['  viewer:', `    name: ${name}`, `    password_file: ${file}`]) streams.say(`  ${line}`);
    }
    return exit.passed;
  });
}

export function plantEnroll(
  station: string,
  options: OwnerOptions & { readonly out: string; readonly witness?: boolean },
  context: CliContext,
): Promise<Exit> {
  const { streams, random } = context;
  const { plant: words } = wordsOf(context).terminal;
  const witness = options.witness === true;
  return lettingIn(options, async (sql, file, keep) => {
    const { role, isNew } = await enroll(sql, station, random, keep, witness);
    if (options.json) streams.answer(JSON.stringify({ station, role, passwordFile: file, isNew, witness }));
    else {
      streams.answer((isNew ? words.letIn : words.newPassword)({ name: `'${station}'`, role }));
      const url = addressUrl(plantAddress(options.url));
      streams.say(words.bring);
      for (const line of ['plant:', `  url: ${url}`, `  password_file: ${file}`]) streams.say(`  ${line}`);
    }
    return exit.passed;
  });
}

function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw new RecipeFault({
      code: 'plant.cannot-write',
      what: `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}.`,
      next: 'Name a new file in a folder where you may write. Nothing was changed in the plant.',
      cause: error,
    });
  }
}

export function plantStatusCommand(options: OwnerOptions, context: CliContext): Promise<Exit> {
  const { streams } = context;
  const { plant: words, columns } = wordsOf(context).terminal;
  return withPlant(options, async (sql) => {
    const { stations, orders, conflicts } = await plantStatus(sql);
    if (options.json) {
      for (const station of stations) streams.answer(JSON.stringify({ type: 'station', ...station }));
      for (const order of orders) streams.answer(JSON.stringify({ type: 'order', ...order }));
      for (const conflict of conflicts) streams.answer(JSON.stringify({ type: 'conflict', ...conflict }));
      return exit.passed;
    }
    const cells = stations.map(({ name, rows, newest, seenAt, sealed }) => [
      name,
      `${rows}`,
      `${lagOf({ newest, sent: rows })}`,
      `${sealed}`,
      seenAt ?? words.never,
    ]);
    const head = [words.station, columns.rows, words.notHere, words.sealed, words.heard];
    for (const line of table([head, ...cells])) streams.answer(line);
    streams.answer('');
    for (const { name, boards, held } of orders) streams.answer(words.order({ order: name, held, boards }));
    streams.answer(conflicts.length === 0 ? words.noConflict : words.conflicts({ count: conflicts.length }));
    const { conflict: sentences, fields } = wordsOf(context).page.plant;
    for (const conflict of conflicts)
      streams.answer(`  ${conflict.id}  ${conflict.at}  ${conflictIn(sentences, fields, conflict)}`);
    return exit.passed;
  });
}

/** Public keys of heads by station, from words STATION=FILE. */
export function keysOf(pairs: readonly string[] = []): ReadonlyMap<string, string> {
  return new Map(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      const file = pair.slice(at + 1);
      return [pair.slice(0, Math.max(0, at)), textOfFile(readInput(file), file)] as const;
    }),
  );
}

export function plantVerify(
  options: OwnerOptions & { readonly key?: readonly string[] },
  context: CliContext,
): Promise<Exit> {
  const { streams } = context;
  const { plant: words } = wordsOf(context).terminal;
  const keys = keysOf(options.key);
  return withPlant(options, async (sql) => {
    const reports = await verifyPlant(sql, keys);
    for (const report of reports) {
      const { station, rows, head, broken, signed } = report;
      if (options.json) streams.answer(JSON.stringify(report));
      else if (broken !== null) streams.answer(words.broken({ station, ...broken }));
      else if (rows === 0) streams.answer(words.noRows({ station }));
      else if (signed === null) streams.answer(words.unsigned({ station, rows, head }));
      else {
        const signedBy = signed.by === 'given key' ? words.byGivenKey : words.byOwnKey;
        streams.answer(signedBy({ station, rows, head, size: signed.size }));
      }
    }
    const [first] = reports.flatMap(({ station, broken }) => (broken === null ? [] : [{ station, ...broken }]));
    if (first === undefined) return exit.passed;
    throw new LedgerFault({
      code: 'plant.broken',
      what: `The plant's rows of '${first.station}' do not hold from row ${first.row} on: ${first.reason}.`,
      next: "Keep the database as it is, find out who wrote into it, and hold the station's own ledger against it (audit verify).",
    });
  });
}

export function plantSettle(
  id: string,
  options: OwnerOptions & { readonly by: string; readonly reason: string },
  context: CliContext,
): Promise<Exit> {
  return withPlant(options, async (sql) => {
    await settle(sql, /^\d{1,15}$/.test(id) ? Number(id) : 0, options.by, options.reason);
    const { plant: words } = wordsOf(context).terminal;
    context.streams.answer(options.json ? JSON.stringify({ settled: Number(id) }) : words.settled({ id }));
    return exit.passed;
  });
}

export function plantNotConfigured(): RecipeFault {
  return new RecipeFault({
    code: 'plant.not-configured',
    what: 'The station file names no plant.',
    next: "Write 'plant' with url and password_file into it; plant enroll shows how.",
  });
}

/** Sends until the plant has every row, at Ctrl-C until then. */
export async function plantForward(
  options: OpenOptions & { readonly json?: boolean },
  context: CliContext,
): Promise<Exit> {
  const { name, plant } = context.settings(options);
  if (plant === null) throw plantNotConfigured();
  const ledger = await context.openLedger(options);
  const ended = new AbortController();
  const { clock, random, streams } = context;
  const { plant: words } = wordsOf(context).terminal;
  const stop = context.onInterrupt(() => ended.abort(new Error('interrupted')));
  try {
    let told = '';
    const forwarder = new Forwarder({
      ...{ ledger, station: name, clock, random, limits: usualLimits, door: () => stationDoor(plant, name) },
      tell: ({ reason }) => {
        if (reason !== null && reason !== told) streams.say(`${reason} ${words.again}`);
        told = reason ?? '';
      },
    });
    await forwarder.run(ended.signal, { untilLevel: true });
    const { standing } = forwarder;
    const lag = lagOf(standing);
    if (options.json) streams.answer(JSON.stringify(standing));
    else
      streams.answer(
        standing.sent === null
          ? words.hasUnknown({ newest: standing.newest })
          : lag === 0
            ? words.hasAll({ rows: standing.sent })
            : words.has({ sent: standing.sent, newest: standing.newest }),
      );
    for (const fault of standing.faults) for (const line of faultLines(fault, streams.language)) streams.say(line);
    return standing.state === 'level' ? exit.passed : exit.station;
  } finally {
    stop();
    await ledger.close();
  }
}
