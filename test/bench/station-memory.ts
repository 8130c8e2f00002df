import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { nodeWords } from '../../main/boot/node-words.mjs';
import { withoutSoftHsm } from '../unit/signing/soft-token.ts';
import type { Figure } from './figures.ts';
import type { InUse, StationFindings, StationTask, StationWord } from './station-process.ts';

const fixtures = 32;
const boards = 10 * fixtures;
const megabyte = 1e6;

/** The station alone with 32 fixtures: how large it is, whether it grows from board to board, how late its event loop is. */
export async function stationMemory(): Promise<readonly Figure[]> {
  if (withoutSoftHsm)
    return [{ what: 'memory of the station', value: 'not measured', budget: withoutSoftHsm, met: null }];
  return figuresOf(await stationAlone(boards));
}

/**
 * Makes so many boards on 32 fixtures; `troubled`: one in five has a trouble. Boards and station are processes of their own. `hear` is told what
 * is in use as the boards pass.
 */
export async function stationAlone(
  boards: number,
  troubled?: 'troubled',
  hear: (inUse: InUse) => void = () => undefined,
): Promise<StationFindings> {
  const words = [String(fixtures), 'esp32p4?rev=v3.1&pacing=none', ...(troubled === undefined ? [] : [troubled])];
  const silicon = program('silicon-process.ts', words);
  const [addresses] = (await once(silicon, 'message')) as [string[]];
  const station = program('station-process.ts', [], ['--expose-gc', ...nodeWords]);
  try {
    return await new Promise<StationFindings>((resolve, reject) => {
      station.once('exit', (code) => reject(new Error(`the station ended with ${code}`)));
      station.on('message', (word: StationWord) => {
        if ('found' in word) resolve(word.found);
        else if ('looked' in word) hear(word.looked);
        else silicon.send(word.change);
      });
      station.send({ addresses, boards } satisfies StationTask);
    });
  } finally {
    station.kill();
    silicon.disconnect();
  }
}

function program(file: string, words: readonly string[], nodeWords: readonly string[] = []) {
  return fork(fileURLToPath(new URL(file, import.meta.url)), words, { execArgv: [...nodeWords] });
}

function figuresOf({ passed, failed, seconds, rss, inUse, p99, longest }: StationFindings): Figure[] {
  // The first boards fill caches: what grows after them grows for ever.
  const settled = inUse.slice(Math.floor(inUse.length / 2));
  const growth = slope(settled) / 1000;
  return [
    {
      what: `the station alone, ${fixtures} fixtures, ${passed} boards in ${seconds.toFixed(0)} s: memory (RSS), most`,
      value: `${(rss / megabyte).toFixed(0)} MB`,
      budget: '< 400 MB',
      met: rss < 400 * megabyte && failed === 0,
    },
    {
      what: '  in use after a collection: growth a board over the second half',
      value: `${growth.toFixed(1)} kB`,
      // 10,000 boards at this would be 20 MB.
      budget: '< 2 kB',
      met: growth < 2,
    },
    {
      what: `  event-loop delay, p99 (longest ${longest.toFixed(0)} ms)`,
      value: `${p99.toFixed(1)} ms`,
      budget: '< 20 ms',
      met: p99 < 20,
    },
  ];
}

/** Bytes a board, by least squares. */
function slope(points: StationFindings['inUse']): number {
  const mean = (of: (point: StationFindings['inUse'][number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(({ boards }) => boards), mean(({ bytes }) => bytes)];
  const over = points.reduce((sum, { boards, bytes }) => sum + (boards - x) * (bytes - y), 0);
  return over / points.reduce((sum, { boards }) => sum + (boards - x) ** 2, 0);
}
