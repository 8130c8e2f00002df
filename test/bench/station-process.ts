// The station alone, as the desktop program runs it, for its memory: boards and pages are other processes. It is told its fixtures'
// addresses and how many boards to make, and tells when a nest is to be changed, how large it is, and how late its event loop was.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openDesk } from '../../main/start/open-desk.ts';

export interface StationTask {
  readonly addresses: readonly string[];
  readonly boards: number;
}

/** After each so many boards the memory is looked at. */
const every = 32;

export interface StationFindings {
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
  /** Resident set of the process, bytes, at its largest. */
  readonly rss: number;
  /** What is in use after a collection, bytes, with the boards made until then. */
  readonly inUse: readonly { readonly boards: number; readonly bytes: number }[];
  /** Event-loop delay while boards ran, ms. */
  readonly p99: number;
  readonly longest: number;
}

export type StationWord = { readonly change: number } | { readonly found: StationFindings };

const tell = (word: StationWord) => process.send!(word);

async function run({ addresses, boards }: StationTask): Promise<StationFindings> {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-memory-'));
  const nests = addresses.map((address, at) => ({ name: `nest-${at + 1}`, port: address }));
  writeFileSync(
    join(folder, 'station.yaml'),
    `fuseline: 1\nstation: memory\ntoken:\n  kind: softhsm\nfixtures:\n${nests
      .map(({ name, port }) => `  - name: ${name}\n    port: ${port}\n`)
      .join('')}`,
  );
  const { desk, station, close } = await openDesk({ data: folder });
  try {
    const { answers } = desk;
    const own = 'esp32p4-own';
    const { text } = await answers['recipes.read']({ recipe: 'esp32p4-production' }, 'eng-2');
    await answers['recipes.save'](
      { recipe: own, text: text.replace('name: esp32p4-production', `name: ${own}`) },
      'eng-2',
    );
    const rehearsal = await answers['recipes.rehearse']({ recipe: own }, 'eng-2');
    if (!rehearsal.passed) throw new Error(`the rehearsal did not pass: ${rehearsal.fault?.what}`);
    const { view } = await answers['recipes.read']({ recipe: own }, 'eng-2');
    await answers['recipes.approve']({ recipe: own, hash: view.hash! }, 'cus-3');

    let rss = 0;
    let done = 0;
    const inUse: { boards: number; bytes: number }[] = [];
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const look = () => {
      rss = Math.max(rss, process.memoryUsage.rss());
      if (done % every !== 0) return;
      // The collection that we ask for is no delay of the station's.
      delay.disable();
      globalThis.gc?.();
      delay.enable();
      const { heapUsed, external } = process.memoryUsage();
      inUse.push({ boards: done, bytes: heapUsed + external });
    };
    station.listen((event) => {
      if (event.type !== 'verdict') return;
      done++;
      look();
      tell({ change: nests.findIndex(({ name }) => name === event.fixture) });
    });
    await answers['line.start']({ recipe: own, order: null, count: boards }, 'op-1');
    const startedAt = performance.now();
    delay.enable();
    for (;;) {
      const { batch } = await answers['line.snapshot']({}, 'op-1');
      if (batch?.endedAt) {
        delay.disable();
        const [p99, longest] = [delay.percentile(99) / 1e6, delay.max / 1e6];
        const seconds = (performance.now() - startedAt) / 1000;
        return { passed: batch.passed, failed: batch.failed, seconds, rss, inUse, p99, longest };
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    await close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function work(task: StationTask): Promise<void> {
  tell({ found: await run(task) });
  process.disconnect();
}

process.once('message', (task: StationTask) => void work(task));
