import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { systemClock } from '../../main/base/clock.ts';
import { connectBoard } from '../../main/chip/connect.ts';
import { openPort } from '../../main/transport/open.ts';
import { openJudges } from '../interop/espressif-tools.ts';
import type { Figure } from './figures.ts';
import { virtualLine } from './virtual-line.ts';

const size = 1024 * 1024;
const offset = 0x100000;

/**
 * Incompressible data over a line that carries 10 bits a byte, written through the stub and verified by digest: seconds of the wire for the
 * payload alone, divided by seconds taken from the first block to the digest.
 */
export async function flashWriting(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  const data = new Uint8Array(randomBytes(size));
  for (const baud of [921600, 2000000]) {
    const wire = (size * 10) / baud;
    const ours = await ourSeconds(baud, data);
    const share = wire / ours;
    figures.push({
      what: `1 MiB, ${baud} baud: share of the wire`,
      value: `${(100 * share).toFixed(1)} % (${ours.toFixed(2)} s)`,
      budget: '>= 97 %',
      met: share >= 0.97,
    });
    const theirs = await esptoolSeconds(baud, data);
    figures.push(
      typeof theirs === 'string'
        ? { what: `  esptool, the same`, value: 'not measured', budget: theirs, met: null }
        : {
            what: '  esptool 5.6, the same line and data',
            value: `${((100 * wire) / theirs).toFixed(1)} % (${theirs.toFixed(2)} s)`,
            budget: '',
            met: null,
          },
    );
  }
  return figures;
}

async function ourSeconds(baud: number, data: Uint8Array): Promise<number> {
  const line = await virtualLine('esp32p4?rev=v1.3&pacing=line', 'rfc2217:0');
  try {
    const port = await openPort(line.address, { baudRate: 115200 });
    const board = await connectBoard(port, { clock: systemClock });
    await board.prepareFlashing({ baudRate: baud, flashSize: 16 * 1024 * 1024 });
    const began = performance.now();
    await board.writeFlash({ offset, data, compression: 'none' });
    await board.verifyFlash(offset, data);
    const seconds = (performance.now() - began) / 1000;
    await board.close();
    return seconds;
  } finally {
    await line.close();
  }
}

/** esptool's own count of the seconds of writing (without its start-up and connection), plus the digest it asks for. */
async function esptoolSeconds(baud: number, data: Uint8Array): Promise<number | string> {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-bench-'));
  const judges = await openJudges(folder);
  if (typeof judges === 'string') return judges;
  const line = await virtualLine('esp32p4?rev=v1.3&pacing=line', 'pty');
  try {
    const file = join(folder, 'data.bin');
    writeFileSync(file, data);
    const said = await judges.pass(
      'esptool',
      ...['--port', line.address, '--before', 'no-reset', '--after', 'no-reset', '--baud', `${baud}`],
      ...['write-flash', '--no-compress', `0x${offset.toString(16)}`, file],
    );
    const match = /Wrote \d+ bytes at 0x[0-9a-f]+ in ([\d.]+) seconds/.exec(said);
    return match ? Number(match[1]) : `its output was not understood: ${said.slice(-200)}`;
  } finally {
    judges.close();
    await line.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
