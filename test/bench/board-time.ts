import { performance } from 'node:perf_hooks';
import { noToken, recipeNamed, setStage } from '../stories/stage.ts';
import { type Figure, median } from './figures.ts';

const boards = 9;

/** Boards one after the other through the whole chain, on a virtual P4 without line pacing: everything but the writing of flash. */
export async function boardTime(): Promise<readonly Figure[]> {
  if (noToken) return [{ what: 'station time a board', value: 'not measured', budget: noToken, met: null }];
  const stage = await setStage();
  try {
    const loaded = recipeNamed('esp32p4-production');
    const seconds: number[] = [];
    const writing: number[] = [];
    for (let board = 0; board < boards; board++) {
      const from = stage.events.length;
      const began = performance.now();
      const { counts } = await stage.provision(loaded, ['virtual:esp32p4?rev=v3.1&pacing=none']);
      if (counts.passed !== 1) throw new Error('the board did not pass');
      const verdict = stage.events.slice(from).find((event) => event.type === 'verdict');
      const write = stage.events
        .slice(from)
        .flatMap((event) =>
          event.type === 'run' && event.event.type === 'step-passed' && event.step === 'write-flash'
            ? [event.event.ms]
            : [],
        );
      const total = verdict?.type === 'verdict' ? verdict.ms : performance.now() - began;
      writing.push(write[0] ?? 0);
      seconds.push((total - (write[0] ?? 0)) / 1000);
    }
    const typical = median(seconds);
    return [
      {
        what: 'station time a board, everything but flash writing (P4, all doors)',
        value: `${typical.toFixed(2)} s`,
        budget: '< 1.5 s',
        met: typical < 1.5,
      },
      {
        what: '  writing and verifying its flash (about 160 KiB, no pacing)',
        value: `${(median(writing) / 1000).toFixed(2)} s`,
        budget: '',
        met: null,
      },
    ];
  } finally {
    await stage.close();
  }
}
