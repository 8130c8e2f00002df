// The program itself, killed at random instants: in its first start, while it makes keys, burns, seals, and in the ledger's own
// transactions and its migration. A new process finishes the board; nothing that was acknowledged is gone; no key lies in the open.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../main/base/clock.ts';
import { seededRandom } from '../../main/base/random.ts';
import { openSqliteLedger, openSqliteLedgerForReading } from '../../main/ledger/sqlite/open.ts';
import { openBenchChip } from '../../main/virtual/bench/bench.ts';
import { flashHoldsFirmware } from '../stories/judge.ts';
import { recipeNamed, recipes } from '../stories/stage.ts';
import { objects, run, start } from '../stories/terminal.ts';
import { keptStation, layKeptLedger } from '../unit/ledger/kept.ts';
import { below } from './draws.ts';
import type { Tally } from './tally.ts';

const ledgerProgram = fileURLToPath(new URL('../faults/ledger-program.ts', import.meta.url));

/** One board made by processes that are killed after random times, from the first start of a station on. */
export async function soakProgram(seed: number, tally: Tally): Promise<void> {
  const random = seededRandom(seed);
  const [recipe, chip] = (
    [
      ['esp32p4-production', 'esp32p4?rev=v3.1'],
      ['esp32c3-production', 'esp32c3?rev=v0.4'],
    ] as const
  )[below(random, 2)]!;
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-soak-'));
  tally.boards++;
  try {
    const data = join(folder, 'data');
    const state = join(folder, 'chip');
    const mac = '02:00:00:00:00:77';
    const port = `virtual:${chip}&pacing=none&mac=${mac}&state=${encodeURIComponent(state)}`;
    const order = ['provision', '--json', '--recipe', join(recipes, `${recipe}.yaml`), '--port', port, '--data', data];
    const kills = 1 + below(random, 3);
    for (let kill = 0; kill < kills; kill++) {
      const running = start(order);
      const timer = setTimeout(() => running.child.kill('SIGKILL'), below(random, 9000));
      const said = await running.ended;
      clearTimeout(timer);
      if (said.signal === 'SIGKILL') tally.strike('program killed');
      const verdict = said.signal === null ? objects(said).findLast(({ type }) => type === 'verdict') : undefined;
      if (verdict?.outcome === 'passed') break;
    }
    // A virtual chip lives in the process that was killed, and its fuses with it: what was burned since it was saved is not there.
    const last = await run(order);
    const device = `virtual:${chip.split('?')[0]}?state=${encodeURIComponent(state)}`;
    const silicon = openBenchChip(device);
    const ledger = await openSqliteLedgerForReading(join(data, 'ledger.sqlite'));
    const record = await ledger.sealedDevice(mac);
    const { broken } = await ledger.verify();
    await ledger.close();
    if (record === null) tally.lost.push(`seed ${seed}: not sealed: ${last.out.slice(-600)}${last.err.slice(-600)}`);
    else flashHoldsFirmware(silicon, record, recipeNamed(recipe));
    if (broken !== null) tally.lost.push(`seed ${seed}: the chain is broken: ${broken.reason}`);
    else if (record !== null) tally.finished++;
    for (const place of keysInTheOpen(data, silicon, `${last.out}${last.err}`))
      tally.secrets.push(`seed ${seed}: a key of the board lies in ${place}`);
  } catch (error) {
    tally.lost.push(`seed ${seed}: ${(error as Error).message}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where 16 bytes of a secret key block stand, raw or as hex. */
function keysInTheOpen(data: string, silicon: ReturnType<typeof openBenchChip>, output: string): string[] {
  const { table } = silicon.efuse;
  const hidden = table.keyBlocks
    .map(({ block }) => block)
    .filter((block) =>
      table.blocks[block]!.readDisableBits.some((bit) => ((silicon.efuse.field('RD_DIS') >>> bit) & 1) === 1),
    );
  const texts: [string, Buffer][] = [
    ['the output', Buffer.from(output)],
    ...filesOf(data).map((file): [string, Buffer] => [file, readFileSync(file)]),
  ];
  const found: string[] = [];
  for (const block of hidden) {
    const bytes = Buffer.alloc(32);
    silicon.efuse.hardwareBlock(block).forEach((word, at) => {
      if (at < 8) bytes.writeUInt32LE(word >>> 0, 4 * at);
    });
    for (const form of [bytes, Buffer.from(bytes).reverse()])
      for (const [name, content] of texts)
        if (content.includes(form.subarray(0, 16)) || content.includes(form.subarray(0, 16).toString('hex')))
          found.push(name);
  }
  return found;
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => existsSync(file) && statSync(file).isFile());
}

/** A writer of eight fixtures is killed after so many acknowledgements, and within the next milliseconds; what it told is there. */
export async function soakLedger(seed: number, tally: Tally): Promise<void> {
  const random = seededRandom(seed);
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-soak-'));
  const file = join(folder, 'ledger.sqlite');
  try {
    const acknowledged = new Map<string, number>();
    for (let life = 0; life < 3; life++) {
      const child = spawn(process.execPath, [ledgerProgram, 'append-for-ever', file], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      setTimeout(() => child.kill('SIGKILL'), 300 + below(random, 2500));
      for await (const line of createInterface({ input: child.stdout })) {
        const said = JSON.parse(line) as { run?: string; seq?: number };
        if (said.run !== undefined && said.seq !== undefined) acknowledged.set(said.run, said.seq);
      }
      await ended;
      tally.strike('ledger killed in its transactions');
    }
    const ledger = await openSqliteLedger({ file, station: 'line-1', clock: systemClock });
    const { broken } = await ledger.verify();
    if (broken !== null) tally.lost.push(`seed ${seed}: the chain is broken: ${broken.reason}`);
    for (const [run, seq] of acknowledged)
      if ((await ledger.events(run)).length <= seq) tally.lost.push(`seed ${seed}: ${run} lost what was acknowledged`);
    await ledger.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A ledger of an earlier program is opened, and the process killed while it brings its tables up to date. */
export async function soakMigration(seed: number, tally: Tally): Promise<void> {
  const random = seededRandom(seed);
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-soak-'));
  try {
    const file = layKeptLedger(folder);
    const child = spawn(process.execPath, [ledgerProgram, 'hold', file], { stdio: ['ignore', 'ignore', 'ignore'] });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    setTimeout(() => child.kill('SIGKILL'), 150 + below(random, 900));
    await ended;
    tally.strike('migration killed');
    const ledger = await openSqliteLedger({ file, station: keptStation, clock: systemClock });
    const { broken, rows } = await ledger.verify();
    if (broken !== null || rows === 0) tally.lost.push(`seed ${seed}: the kept ledger is broken: ${broken?.reason}`);
    await ledger.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
