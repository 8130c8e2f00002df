// The station alone, as the desktop program runs it, for its memory: boards and pages are other processes. It is told its fixtures'
// addresses and how many boards to make, and tells when a nest is to be changed, how large it is, and how late its event loop was.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openDesk } from '../../main/start/open-desk.ts';

export interface StationTask {
  readonly addresses: readonly string[];
  readonly boards: number;
}

/** Who works there: a recipe for real ports is approved by somebody who is known. */
const people = { 'cus-3': 'custodian', 'cus-4': 'custodian', 'op-1': 'operator', 'eng-2': 'engineer' } as const;

/** After each so many boards the memory is looked at. */
const every = 32;

/** What the process holds once so many boards are made. */
export interface InUse {
  readonly boards: number;
  readonly bytes: number;
  /** Timers, sockets, pipes and the like that keep it alive; open files (-1 where the system does not show them); listeners of the process. */
  readonly handles: number;
  readonly files: number;
  readonly listeners: number;
}

export interface StationFindings {
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
  /** Resident set of the process, bytes, at its largest. */
  readonly rss: number;
  /** What is in use after a collection, bytes, with the boards made until then. */
  readonly inUse: readonly InUse[];
  /** Event-loop delay while boards ran, ms. */
  readonly p99: number;
  readonly longest: number;
}

export type StationWord =
  | { readonly change: number }
  | { readonly looked: InUse }
  | { readonly found: StationFindings };

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
    const { answers, operators } = desk;
    for (const [id, role] of Object.entries(people))
      await operators.save({ id, name: id, roles: [role], pin: '4711003', badge: null });
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
    const inUse: InUse[] = [];
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const look = () => {
      rss = Math.max(rss, process.memoryUsage.rss());
      if (done % every !== 0) return;
      // The collection that we ask for is no delay of the station's.
      delay.disable();
      globalThis.gc?.();
      delay.enable();
      const { heapUsed, external } = process.memoryUsage();
      const looked = { boards: done, bytes: heapUsed + external, ...held() };
      inUse.push(looked);
      tell({ looked });
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

function held(): Pick<InUse, 'handles' | 'files' | 'listeners'> {
  const streams = [process, process.stdout, process.stderr];
  const counts = streams.flatMap((stream) => stream.eventNames().map((name) => stream.listenerCount(name)));
  return {
    handles: process.getActiveResourcesInfo().length,
    files: existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : -1,
    listeners: counts.reduce((sum, count) => sum + count, 0),
  };
}

async function work(task: StationTask): Promise<void> {
  tell({ found: await run(task) });
  process.disconnect();
}

process.once('message', (task: StationTask) => void work(task));
