// `npm run soak -- plant [STATIONS] [BOARDS] [CUTS]`: so many station processes send so many boards each to a real server, while lines are cut,
// stations killed and the server killed at random instants. Then every row is counted and every chain verified.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '../../main/base/clock.ts';
import { systemRandom } from '../../main/base/random.ts';
import { plantAddress } from '../../main/plant/address.ts';
import { enroll, initPlant, openConflicts } from '../../main/plant/administer.ts';
import { openSql } from '../../main/plant/connect.ts';
import { verifyPlant } from '../../main/plant/verify.ts';
import { noServer, owner, startServer } from '../tools/postgres-server.ts';
import { MemoryBook } from '../unit/ledger/memory-book.ts';

const stationProgram = join(import.meta.dirname, 'plant-station.ts');
/** Boards of one station are numbered from its own million on. */
const numbers = 1_000_000;

export async function soakPlant(stations: number, boards: number, cuts: number): Promise<boolean> {
  if (noServer !== false) {
    console.log(`plant is left out: ${noServer}`);
    return true;
  }
  const server = await startServer();
  const door = { address: plantAddress(server.ownerUrl), user: owner, ca: null, password: null };
  const line = await cuttableLine(server.port);
  try {
    let sql = openSql(door);
    await initPlant(sql);
    const names = Array.from({ length: stations }, (_, n) => `line-${n + 1}`);
    const passwords: string[] = [];
    for (const name of names) await enroll(sql, name, systemRandom, (password) => passwords.push(password));
    sql.end();

    const began = performance.now();
    const running = new Map<string, ChildProcess>();
    const killed = new Set<ChildProcess>();
    const failures: string[] = [];
    const start = (n: number): Promise<void> => {
      const name = names[n]!;
      const words = [stationProgram, name, `${n * numbers}`, `${boards}`, line.url];
      const child = spawn(process.execPath, words, { stdio: ['pipe', 'inherit', 'inherit'] });
      child.stdin!.on('error', () => undefined).end(passwords[n]);
      running.set(name, child);
      return once(child, 'exit').then(([status]) => {
        running.delete(name);
        if (killed.has(child)) return start(n);
        if (status !== 0) failures.push(`${name} ended with ${status}`);
      });
    };
    const all = Promise.all(names.map((_, n) => start(n)));
    const done = { lines: 0, stations: 0, server: 0 };
    let ended = false;
    const cutting = (async () => {
      for (let n = 0; n < cuts && !ended; n++) {
        await systemClock.sleep(20 + Math.random() * 180);
        const children = [...running.values()];
        const child = children[Math.floor(Math.random() * children.length)];
        if (ended || child === undefined) return;
        if (n % 20 === 19) {
          await server.kill();
          await server.start();
          done.server++;
        } else if (n % 5 === 4) {
          killed.add(child);
          child.kill('SIGKILL');
          done.stations++;
        } else done.lines += line.cut();
      }
    })();
    await all;
    ended = true;
    await cutting;
    const seconds = (performance.now() - began) / 1000;

    sql = openSql(door);
    const verifying = performance.now();
    const reports = await verifyPlant(sql);
    const verifySeconds = (performance.now() - verifying) / 1000;
    let rows = 0;
    for (const [n, name] of names.entries()) {
      const book = new MemoryBook(name);
      for (let b = 0; b < boards; b++) book.seal(n * numbers + b);
      const report = reports.find(({ station }) => station === name);
      const { row, hash } = await book.head();
      rows += row;
      if (report?.broken !== null || report.rows !== row || report.head !== hash)
        failures.push(`${name}: ${row} rows of ${hash} were sent, and the plant has ${JSON.stringify(report)}`);
    }
    const conflicts = await openConflicts(sql);
    if (conflicts.length > 0) failures.push(`${conflicts.length} conflicts of boards that are all different`);
    const [size] = await sql<{ bytes: string }>`SELECT pg_database_size(current_database()) AS bytes`;
    sql.end();
    for (const failure of failures) console.log(failure);
    console.log(
      `${stations} stations, ${stations * boards} boards, ${rows} rows in ${seconds.toFixed(1)} s (${Math.round(rows / seconds)} a second, starts included); ` +
        `${done.lines} lines cut, ${done.stations} stations and ${done.server} times the server killed; ` +
        `verified in ${verifySeconds.toFixed(1)} s, ${(Number(size?.bytes) / rows / 1024).toFixed(1)} KB a row; ${failures.length} failures`,
    );
    return failures.length === 0;
  } finally {
    line.close();
    await server.close();
  }
}

/** Between stations and server: every connection goes through it. */
export async function cuttableLine(port: number) {
  const open = new Set<Socket>();
  const proxy = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    open.add(near);
    const gone = () => {
      open.delete(near);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on('error', gone).on('close', gone);
    near.pipe(far);
    far.pipe(near);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: `postgres://127.0.0.1:${(proxy.address() as { port: number }).port}/plant`,
    /** Cuts one connection, whichever. Gives how many. */
    cut(): number {
      const sockets = [...open];
      const one = sockets[Math.floor(Math.random() * sockets.length)];
      one?.destroy();
      return one === undefined ? 0 : 1;
    },
    close() {
      for (const socket of open) socket.destroy();
      proxy.close();
    },
  };
}
