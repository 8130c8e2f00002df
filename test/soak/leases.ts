// `npm run soak -- leases [STATIONS] [BOARDS] [CUTS]`: one signed order, and stations that begin its boards by leases, while lines are cut,
// stations killed, and the server killed. Then every serial number of every ledger is counted.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../main/base/clock.ts';
import { systemRandom } from '../../main/base/random.ts';
import { openSqliteLedger } from '../../main/ledger/sqlite/open.ts';
import { faultOf } from '../../main/model/fault.ts';
import { plantAddress } from '../../main/plant/address.ts';
import { enroll, initPlant, openConflicts } from '../../main/plant/administer.ts';
import { openSql } from '../../main/plant/connect.ts';
import { giveLease, type KeptLease } from '../../main/plant/leasing.ts';
import { leaseOf, orderOf, owner } from '../attacks/signed.ts';
import { owner as databaseOwner, noServer, startServer } from '../tools/postgres-server.ts';
import { cuttableLine } from './plant.ts';

const program = join(import.meta.dirname, 'lease-station.ts');
const leaseOfBoards = 7;

export async function soakLeases(stations: number, boards: number, cuts: number): Promise<boolean> {
  if (noServer !== false) {
    console.log(`leases are left out: ${noServer}`);
    return true;
  }
  const server = await startServer();
  const door = { address: plantAddress(server.ownerUrl), user: databaseOwner, ca: null, password: null };
  const line = await cuttableLine(server.port);
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-leases-'));
  const names = Array.from({ length: stations }, (_, n) => `line-${n + 1}`);
  const folderOf = (name: string) => join(folder, name);
  const open = (name: string) =>
    openSqliteLedger({ file: join(folderOf(name), 'ledger.sqlite'), station: name, clock: systemClock });
  const running = new Map<string, ChildProcess>();
  try {
    const sql = openSql(door);
    await initPlant(sql);
    const entries = [];
    for (const name of names) {
      mkdirSync(folderOf(name));
      await enroll(sql, name, systemRandom, (password) =>
        writeFileSync(join(folderOf(name), 'password'), password, { mode: 0o600 }),
      );
      const ledger = await open(name);
      entries.push({ station: name, ledger: ledger.opening.ledger, ...(await ledger.head()), share: null });
      await ledger.close();
    }
    sql.end();
    const some = { head: async () => ({ row: 1, hash: '' }), opening: { ledger: '' } } as unknown as Parameters<
      typeof orderOf
    >[0];
    const { order, bytes } = await orderOf(some, {
      ...{ boards, stations: entries, share: null, serials: { before: 'SN-', first: 1, digits: 6 } },
    });
    const orderFile = join(folder, 'O-1.order');
    writeFileSync(orderFile, bytes);
    writeFileSync(join(folder, 'owner.pem'), owner.publicPem);

    const failures: string[] = [];
    const killed = new Set<ChildProcess>();
    const done = { lines: 0, stations: 0, server: 0, leases: 0 };
    const start = (name: string): Promise<void> => {
      const words = [program, folderOf(name), name, line.url, orderFile, join(folder, 'owner.pem')];
      const child = spawn(process.execPath, words, { stdio: ['ignore', 'inherit', 'inherit'] });
      running.set(name, child);
      return once(child, 'exit').then(([status]) => {
        running.delete(name);
        if (killed.has(child)) return start(name);
        if (status !== 0) failures.push(`${name} ended with ${status}`);
      });
    };
    const all = Promise.all(names.map(start));
    let ended = false;
    const kept: KeptLease[] = [];
    const giving = (async () => {
      for (let n = 0; !ended; n++) {
        const at = entries[n % entries.length]!;
        const own = openSql(door);
        const given = await giveLease(
          own,
          { ...order, name: order.order, file: bytes },
          { station: at.station, boards: leaseOfBoards, kept },
          async (places) => {
            const lease = await leaseOf({ order: order.digest, ledger: at.ledger, station: at.station, ...places });
            // before the database has it, as whoever gives leases keeps them
            kept.push({ station: at.station, ...places, file: lease });
            return lease;
          },
        ).catch((error: unknown) => faultOf(error));
        own.end();
        if (given instanceof Error) {
          if (given.code === 'plant.order-full') return;
          await systemClock.sleep(100);
          continue;
        }
        done.leases++;
        await systemClock.sleep(30);
      }
    })();
    const cutting = (async () => {
      for (let n = 0; n < cuts && !ended; n++) {
        await systemClock.sleep(100 + Math.random() * 900);
        const children = [...running.values()];
        const child = children[Math.floor(Math.random() * children.length)];
        if (ended || child === undefined) return;
        if (n % 20 === 19) {
          await server.kill();
          await server.start();
          done.server++;
        } else if (n % 4 === 3) {
          killed.add(child);
          child.kill('SIGKILL');
          done.stations++;
        } else done.lines += line.cut();
      }
    })();
    await all;
    ended = true;
    await Promise.all([cutting, giving]);

    const holders = new Map<string, string>();
    let begun = 0;
    for (const name of names) {
      const ledger = await open(name);
      const own = kept.filter(({ station }) => station === name);
      for (let place = 1; place <= boards; place++) {
        const serial = `SN-${`${place}`.padStart(6, '0')}`;
        if ((await ledger.claimedBy('serial', serial)) === null) continue;
        const before = holders.get(serial);
        if (before !== undefined) failures.push(`${serial} is of ${before} and of ${name}`);
        if (!own.some(({ first, boards: many }) => place >= first && place < first + many))
          failures.push(`${serial} was not leased to ${name}`);
        holders.set(serial, name);
      }
      begun += (await ledger.boardsOfOrder(order.order, '')).boards;
      await ledger.close();
    }
    if (begun !== holders.size) failures.push(`${begun} boards have ${holders.size} serial numbers`);
    const after = openSql(door);
    for (const conflict of await openConflicts(after)) failures.push(JSON.stringify(conflict));
    after.end();
    for (const failure of failures) console.log(failure);
    console.log(
      `${stations} stations, one order of ${boards}: ${begun} boards begun by ${done.leases} leases; ${done.lines} lines cut, ${done.stations} stations and ` +
        `${done.server} times the server killed; ${failures.length} failures`,
    );
    return failures.length === 0 && begun > 0;
  } finally {
    for (const child of running.values()) {
      child.removeAllListeners('exit');
      child.kill('SIGKILL');
    }
    line.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
