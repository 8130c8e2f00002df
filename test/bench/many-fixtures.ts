import { randomBytes } from 'node:crypto';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { systemClock } from '../../main/base/clock.ts';
import { connectBoard } from '../../main/chip/connect.ts';
import { openPort } from '../../main/transport/open.ts';
import type { Figure } from './figures.ts';
import { virtualLine } from './virtual-line.ts';

const fixtures = 16;
const baud = 2000000;
const size = 1024 * 1024;

/** Sixteen fixtures written at once by one process; their chips live in processes of their own on the same two cores. */
export async function manyFixtures(): Promise<readonly Figure[]> {
  const lines = await Promise.all(
    Array.from({ length: fixtures }, () => virtualLine('esp32p4?rev=v1.3&pacing=line', 'rfc2217:0')),
  );
  try {
    const boards = await Promise.all(
      lines.map(async (line) => {
        const board = await connectBoard(await openPort(line.address, { baudRate: 115200 }), { clock: systemClock });
        await board.prepareFlashing({ baudRate: baud, flashSize: 16 * 1024 * 1024 });
        return board;
      }),
    );
    const data = new Uint8Array(randomBytes(size));
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const cpu = process.cpuUsage();
    delay.enable();
    const shares = await Promise.all(
      boards.map(async (board) => {
        const began = performance.now();
        await board.writeFlash({ offset: 0x100000, data, compression: 'none' });
        await board.verifyFlash(0x100000, data);
        return (size * 10) / baud / ((performance.now() - began) / 1000);
      }),
    );
    delay.disable();
    const used = process.cpuUsage(cpu);
    for (const board of boards) await board.close();
    const worst = Math.min(...shares);
    const p99 = delay.percentile(99) / 1e6;
    return [
      {
        what: `${fixtures} fixtures at ${baud} baud: the slowest's share of the wire`,
        value: `${(100 * worst).toFixed(1)} %`,
        budget: '>= 95 %',
        met: worst >= 0.95,
      },
      { what: '  event-loop delay, p99', value: `${p99.toFixed(1)} ms`, budget: '< 20 ms', met: p99 < 20 },
      {
        what: '  station CPU for 16 MiB',
        value: `${((used.user + used.system) / 1e6).toFixed(2)} s`,
        budget: '',
        met: null,
      },
    ];
  } finally {
    await Promise.all(lines.map((line) => line.close()));
  }
}
