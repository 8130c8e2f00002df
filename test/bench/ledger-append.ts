// How long a durable append takes with 32 fixtures writing: node test/bench/ledger-append.ts [folder] [fixtures]
// Budget: p99 < 10 ms at 32 fixtures. A commit waits for the disk: the figures are those of the disk below the folder.
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { systemClock } from '../../main/base/clock.ts';
import { openSqliteLedger } from '../../main/ledger/sqlite/open.ts';
import { keyMade, mac, note, record, run } from '../unit/ledger/book.ts';

const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'fuseline-bench-'));
const fixtures = Number(process.argv[3] ?? 32);
const boards = 6;
const events = 40;
const clock = systemClock;

const opening = performance.now();
const ledger = await openSqliteLedger({ file: join(folder, 'ledger.db'), station: 'bench', clock });
console.log(`a new book opens in ${(performance.now() - opening).toFixed(0)} ms`);
const delay = monitorEventLoopDelay({ resolution: 1 });

/** Every fixture: boards one after the other, an event every `pause` ms as steps have them (0: as fast as it goes). */
async function measure(pause: number, base: number): Promise<void> {
  const times: number[] = [];
  const seals: number[] = [];
  const timed = async (list: number[], work: () => Promise<unknown>) => {
    const start = performance.now();
    await work();
    list.push(performance.now() - start);
  };
  delay.reset();
  delay.enable();
  const began = performance.now();
  await Promise.all(
    Array.from({ length: fixtures }, async (_, fixture) => {
      await clock.sleep(Math.random() * pause);
      for (let board = 0; board < boards; board++) {
        const n = base + fixture * boards + board;
        const id = `run-${n}`;
        await ledger.openRun(run(id, { mac: mac(n) }));
        await ledger.append(id, 'prepare', keyMade(`key-${n}`, new Uint8Array(72)));
        for (let i = 0; i < events; i++) {
          await timed(times, () => ledger.append(id, 'burn', note(`${n} ${i} ${'x'.repeat(150)}`)));
          if (pause > 0) await clock.sleep(pause * (0.5 + Math.random()));
        }
        await timed(seals, () => ledger.seal(record(id, n)));
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  delay.disable();
  const at = (list: number[], part: number) =>
    list.toSorted((a, b) => a - b)[Math.floor(list.length * part)]?.toFixed(1);
  console.log(
    `${fixtures} fixtures, ${pause === 0 ? 'as fast as it goes' : `an event every ${pause} ms each`}: ${(times.length / seconds).toFixed(0)} appends/s, ` +
      `append p50 ${at(times, 0.5)} p99 ${at(times, 0.99)} max ${at(times, 0.99999)} ms; seal p50 ${at(seals, 0.5)} p99 ${at(seals, 0.99)} ms; ` +
      `event loop p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms`,
  );
}

/** What the disk alone takes: 8 KB and fdatasync, as often as the slowest measurement commits. */
async function disk(): Promise<void> {
  const file = openSync(join(folder, 'plain'), 'w');
  const bytes = new Uint8Array(8192);
  const times: number[] = [];
  for (let i = 0; i < 500; i++) {
    const start = performance.now();
    writeSync(file, bytes);
    fdatasyncSync(file);
    times.push(performance.now() - start);
    await clock.sleep(3);
  }
  closeSync(file);
  times.sort((a, b) => a - b);
  console.log(
    `the disk alone (8 KB, fdatasync): p50 ${times[250]?.toFixed(1)} p99 ${times[495]?.toFixed(1)} max ${times.at(-1)?.toFixed(1)} ms`,
  );
}

await disk();
await measure(100, 0);
await measure(20, 100_000);
await measure(0, 200_000);
await ledger.close();
rmSync(folder, { recursive: true });
