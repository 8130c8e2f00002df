// `npm run soak -- plant [STATIONS] [BOARDS] [CUTS] [ROWS] [PACE]`: so many station processes make the boards of one signed order by leases of
// a real plant, while lines are cut, stations and the server killed, and the server put back to an older copy of its data. Then every row and
// serial number is counted, and every chain verified.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../main/base/clock.ts';
import { systemRandom } from '../../main/base/random.ts';
import { openSqliteLedger } from '../../main/ledger/sqlite/open.ts';
import { faultOf } from '../../main/model/fault.ts';
import { plantAddress } from '../../main/plant/address.ts';
import { conflictWords, enroll, initPlant, openConflicts } from '../../main/plant/administer.ts';
import { type OwnSql, openSql } from '../../main/plant/connect.ts';
import { giveLease, type KeptLease } from '../../main/plant/leasing.ts';
import { verifyPlant } from '../../main/plant/verify.ts';
import { serialOf } from '../../main/station/leases.ts';
import type { WorkOrder } from '../../main/station/work-order.ts';
import { leaseOf, orderOf, owner } from '../attacks/signed.ts';
import { owner as databaseOwner, noServer, type PostgresServer, startServer } from '../tools/postgres-server.ts';
import { cuttableLine } from './cuttable-line.ts';
import type { PlantStationWords, SaidByStation } from './plant-station.ts';

const program = join(import.meta.dirname, 'plant-station.ts');
/** So long no board is begun anywhere before the run counts as hanging. */
const hangsMs = 120_000;

export interface PlantSoak {
  readonly stations: number;
  /** Of all stations together. */
  readonly boards: number;
  readonly cuts: number;
  /** Of the ledger, for each board. */
  readonly rows: number;
  /** Boards a second that all stations make together where nothing holds them up; 0: as fast as they can. */
  readonly pace: number;
}

interface Station {
  readonly name: string;
  readonly folder: string;
  readonly ledger: string;
  said: SaidByStation;
  givenAt: number;
  child: ChildProcess | null;
}

export async function soakPlant(soak: PlantSoak): Promise<boolean> {
  if (noServer !== false) {
    console.log(`plant is left out: ${noServer}`);
    return true;
  }
  const run = await PlantRun.start(soak, await startServer());
  try {
    return await run.whole();
  } finally {
    await run.close();
  }
}

class PlantRun {
  readonly #soak: PlantSoak;
  readonly #server: PostgresServer;
  readonly #folder: string;
  readonly #line: Awaited<ReturnType<typeof cuttableLine>>;
  readonly #stations: Station[] = [];
  readonly #kept: KeptLease[] = [];
  readonly #failures: string[] = [];
  readonly #lags: number[] = [];
  readonly #done = { lines: 0, stations: 0, server: 0, putBack: 0, forgotten: 0, leases: 0, waiting: 0 };
  #order!: Awaited<ReturnType<typeof orderOf>>;
  #isEnding = false;

  private constructor(soak: PlantSoak, server: PostgresServer, line: Awaited<ReturnType<typeof cuttableLine>>) {
    this.#soak = soak;
    this.#server = server;
    this.#line = line;
    this.#folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'fuseline-plant-soak-'));
  }

  static async start(soak: PlantSoak, server: PostgresServer): Promise<PlantRun> {
    const run = new PlantRun(soak, server, await cuttableLine(server.port));
    await run.#enroll();
    return run;
  }

  #sql(): OwnSql {
    return openSql({
      ...{ address: plantAddress(this.#server.ownerUrl), user: databaseOwner, ca: null, password: null },
    });
  }

  #ledger({ folder, name }: Pick<Station, 'folder' | 'name'>) {
    return openSqliteLedger({ file: join(folder, 'ledger.sqlite'), station: name, clock: systemClock });
  }

  async #enroll(): Promise<void> {
    const { stations, boards } = this.#soak;
    const sql = this.#sql();
    await initPlant(sql);
    const entries = [];
    for (let n = 1; n <= stations; n++) {
      const name = `line-${n}`;
      const folder = join(this.#folder, name);
      mkdirSync(folder);
      await enroll(sql, name, systemRandom, (password) =>
        writeFileSync(join(folder, 'password'), password, { mode: 0o600 }),
      );
      const ledger = await this.#ledger({ folder, name });
      entries.push({ station: name, ledger: ledger.opening.ledger, ...(await ledger.head()), share: null });
      await ledger.close();
      const said = { begun: 0, free: 0, lags: [], waiting: 0, faults: [] };
      this.#stations.push({ name, folder, ledger: entries.at(-1)!.ledger, said, givenAt: 0, child: null });
    }
    sql.end();
    const nobodys = { head: async () => ({ row: 1, hash: '' }), opening: { ledger: '' } };
    this.#order = await orderOf(nobodys as unknown as Parameters<typeof orderOf>[0], {
      ...{ boards, stations: entries, share: null, serials: { before: 'SN-', first: 1, digits: 6 } },
    });
    writeFileSync(join(this.#folder, 'O-1.order'), this.#order.bytes);
    writeFileSync(join(this.#folder, 'owner.pem'), owner.publicPem);
  }

  async whole(): Promise<boolean> {
    const { stations, boards, cuts, rows } = this.#soak;
    const began = performance.now();
    const all = Promise.all(this.#stations.map((station) => this.#live(station, false)));
    const giving = this.#give();
    await this.#cut();
    await all;
    await giving;
    const seconds = (performance.now() - began) / 1000;
    const { booked, begun, verified } = await this.#judge();
    for (const failure of this.#failures) console.log(failure);
    const { lines, stations: killed, server, putBack, forgotten, leases, waiting } = this.#done;
    const lags = this.#lags.sort((a, b) => a - b);
    const at = (part: number) => ((lags[Math.floor(part * (lags.length - 1))] ?? 0) / 1000).toFixed(1);
    console.log(
      `${stations} stations, one order of ${boards} boards of ${rows} rows: ${begun} begun by ${leases} leases, ${booked} rows in ${seconds.toFixed(0)} s ` +
        `(${Math.round(booked / seconds)} a second, starts included, and ${forgotten} that the plant forgot); ${cuts} cuts: ${lines} lines, ${killed} stations ` +
        `and ${server} times the server killed, ${putBack} times put back to an older copy; from a board's seal until the plant had it ${at(0.5)} s ` +
        `(median), ${at(0.95)} s (19 of 20), ${at(1)} s (longest), at most ${waiting} rows of a station on their way; verified in ${verified.toFixed(0)} s; ` +
        `${this.#failures.length} failures`,
    );
    return this.#failures.length === 0 && begun === boards;
  }

  /** A station until it has ended by itself: started again whenever it was killed. */
  async #live(station: Station, givesBack: boolean): Promise<void> {
    const { rows, pace, stations } = this.#soak;
    const words: PlantStationWords = {
      ...{ folder: station.folder, name: station.name, url: this.#line.url, rows, givesBack },
      ...{ orderFile: join(this.#folder, 'O-1.order'), ownerKey: join(this.#folder, 'owner.pem') },
      pace: pace === 0 ? 0 : (1000 * stations) / pace,
    };
    const child = spawn(process.execPath, [program, JSON.stringify(words)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    station.child = child;
    child.on('error', () => undefined);
    child.on('message', (said: SaidByStation) => {
      station.said = said;
      this.#lags.push(...said.lags);
      this.#done.waiting = Math.max(this.#done.waiting, said.waiting);
      if (this.#isEnding && child.connected) child.send('end');
    });
    const [status, signal] = (await once(child, 'exit')) as [number | null, string | null];
    station.child = null;
    if (signal === 'SIGKILL') return await this.#live(station, Math.random() < 0.5);
    if (status !== 0) this.#failures.push(`${station.name} ended with ${status ?? signal}`);
    if (status !== 0) this.#isEnding = true;
  }

  get #begun(): number {
    return this.#stations.reduce((sum, { said }) => sum + said.begun, 0);
  }

  /** Gives places to whoever has few left, as people with the order's key do. */
  async #give(): Promise<void> {
    const { order, bytes } = this.#order;
    const { stations, boards: all } = this.#soak;
    const boards = Math.max(7, Math.ceil(all / stations / 12));
    while (!this.#isEnding) {
      await systemClock.sleep(50);
      const now = performance.now();
      const short = this.#stations.filter(({ said, givenAt }) => said.free < boards / 2 && now - givenAt > 1500);
      const to = short.sort((a, b) => a.said.free - b.said.free)[0];
      if (to === undefined) continue;
      const sql = this.#sql();
      const given = await giveLease(
        sql,
        { ...order, name: order.order, file: bytes },
        { station: to.name, boards, kept: this.#kept },
        async (places) => {
          const file = await leaseOf({ order: order.digest, ledger: to.ledger, station: to.name, ...places });
          // before the database has it, as whoever gives leases keeps them
          this.#kept.push({ station: to.name, ...places, file });
          return file;
        },
      ).catch((error: unknown) => faultOf(error));
      sql.end();
      if (!(given instanceof Error)) {
        to.givenAt = performance.now();
        this.#done.leases++;
      } else await systemClock.sleep(given.code === 'plant.order-full' ? 1000 : 300);
    }
  }

  /** Cuts, spread over the boards, until all of them are begun. */
  async #cut(): Promise<void> {
    const { boards, cuts } = this.#soak;
    const copy = join(this.#folder, 'copy');
    let [made, best, since] = [0, 0, performance.now()];
    while (!this.#isEnding) {
      await systemClock.sleep(20);
      const begun = this.#begun;
      if (begun > best) [best, since] = [begun, performance.now()];
      if (begun === boards && made >= cuts) break;
      if (performance.now() - since > hangsMs) {
        this.#failures.push(`no board was begun for ${hangsMs / 1000} s, at ${begun} boards`);
        break;
      }
      if (made >= cuts || begun < ((made + 1) * boards) / (cuts + 1)) continue;
      const child = this.#stations[Math.floor(Math.random() * this.#stations.length)]!.child;
      if (made % 10 === 9) await this.#cutServer(copy);
      else if (made % 5 === 4) this.#done.stations += child?.kill('SIGKILL') === true ? 1 : 0;
      else this.#done.lines += this.#line.cut();
      made++;
    }
    this.#isEnding = true;
  }

  /** Kills the server; of three times, a copy of its data is made at the first, and put back at the last. */
  async #cutServer(copy: string): Promise<void> {
    const server = this.#server;
    const data = join(server.folder, 'data');
    const before = await this.#booked();
    await server.kill();
    const what = this.#done.server++ % 3;
    const isBack = what === 2;
    if (what === 0 || isBack) {
      const [from, to] = isBack ? [copy, data] : [data, copy];
      rmSync(to, { recursive: true, force: true });
      execFileSync('cp', ['-a', from, to]);
    }
    await server.start();
    if (!isBack) return;
    this.#done.putBack++;
    this.#done.forgotten += before - (await this.#booked());
  }

  /** Rows that the plant has. */
  async #booked(): Promise<number> {
    const sql = this.#sql();
    const [row] = await sql<{ rows: string | null }>`
      SELECT sum((SELECT max("row") FROM plant.rows WHERE station = name)) AS rows FROM plant.stations`;
    sql.end();
    return Number(row?.rows ?? 0);
  }

  async #judge(): Promise<{ booked: number; begun: number; verified: number }> {
    const failures = this.#failures;
    const { order } = this.#order;
    const sql = this.#sql();
    const verifying = performance.now();
    const reports = await verifyPlant(sql);
    const verified = (performance.now() - verifying) / 1000;
    const holders = new Map<string, string>();
    let [booked, begun, boards] = [0, 0, 0];
    for (const station of this.#stations) {
      const { name, said } = station;
      const ledger = await this.#ledger(station);
      const { row, hash } = await ledger.head();
      boards += (await ledger.boardsOfOrder(order.order, '')).boards;
      const { broken } = await ledger.verify();
      await ledger.close();
      if (broken !== null) failures.push(`${name}: its ledger is broken: ${JSON.stringify(broken)}`);
      if (said.faults.length > 0) failures.push(`${name} was told ${said.faults.join()}`);
      // (opening it to look left no row)
      const report = reports.find((one) => one.station === name);
      if (report?.broken !== null || report.rows !== row || report.head !== hash)
        failures.push(`${name}: its ledger has ${row} rows of ${hash}, and the plant has ${JSON.stringify(report)}`);
      const [count] = await sql<{ rows: string }>`SELECT count(*) AS rows FROM plant.rows WHERE station = ${name}`;
      if (Number(count?.rows) !== row) failures.push(`${name}: ${count?.rows} rows in the plant, of ${row}`);
      booked += row;
      const bound = await sql<{ serial: string }>`
        SELECT body::jsonb ->> 'serial' AS serial FROM plant.rows WHERE station = ${name} AND kind = 'run-bound'`;
      const own = new Set(this.#serialsOf(order, name));
      for (const { serial } of bound) {
        const before = holders.get(serial);
        if (before !== undefined) failures.push(`${serial} is of ${before} and of ${name}`);
        if (!own.has(serial)) failures.push(`${serial} was not leased to ${name}`);
        holders.set(serial, name);
      }
      begun += bound.length;
    }
    if (boards !== begun || begun !== holders.size || begun > order.boards)
      failures.push(
        `${boards} boards of an order of ${order.boards}, ${begun} bound, have ${holders.size} serial numbers`,
      );
    for (const conflict of await openConflicts(sql)) {
      const { station, row } = conflict;
      const [of] = await sql<{
        body: string;
      }>`SELECT body FROM plant.rows WHERE station = ${station} AND "row" = ${row}`;
      failures.push(`conflict: ${conflictWords(conflict)}: ${of?.body.slice(0, 300)}`);
    }
    sql.end();
    return { booked, begun, verified };
  }

  /** Of every place that was ever leased to a station. */
  *#serialsOf(order: WorkOrder, name: string): Generator<string> {
    for (const { station, first, boards } of this.#kept)
      if (station === name)
        for (let place = first; place < first + boards; place++) yield serialOf(order.serials!, place);
  }

  async close(): Promise<void> {
    for (const { child } of this.#stations) {
      child?.removeAllListeners('exit');
      child?.kill('SIGKILL');
    }
    this.#line.close();
    await this.#server.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
