import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { systemClock } from '../../main/base/clock.ts';
import { SecretBytes } from '../../main/base/secret.ts';
import { connectBoard } from '../../main/chip/connect.ts';
import { grantBurnPermit } from '../../main/chip/permit.ts';
import { planBurn } from '../../main/efuse/plan.ts';
import { openPort } from '../../main/transport/open.ts';
import { openJudges } from '../interop/espressif-tools.ts';
import { burnSet, oneBitFuses } from '../tools/burn-set.ts';
import type { Figure } from './figures.ts';
import { virtualLine } from './virtual-line.ts';

/** The latency of an ordinary USB bridge before it hands bytes on, ms. */
const latencyMs = 16;

/** Two key blocks, a digest and a dozen fuses on a P4 v3, by us and by espefuse, over lines of the same latency. */
export async function burnExchanges(): Promise<readonly Figure[]> {
  const ours = await burnOurs();
  const figures: Figure[] = [
    {
      what: 'P4 production burn set: serial exchanges',
      value: `${ours.exchanges} (${ours.commands} commands)`,
      budget: '<= 100; espefuse 5.3: 867 of both',
      met: ours.exchanges <= 100,
    },
    { what: `  over a line of ${latencyMs} ms latency`, value: `${ours.seconds.toFixed(1)} s`, budget: '', met: null },
  ];
  const theirs = await burnTheirs();
  figures.push(
    typeof theirs === 'string'
      ? { what: '  espefuse, the same', value: 'not measured', budget: theirs, met: null }
      : {
          what: '  espefuse 5.6, the same set in one command, the same line',
          value: `${theirs.toFixed(1)} s`,
          budget: '',
          met: null,
        },
  );
  return figures;
}

const chip = `esp32p4?rev=v3.1&pacing=none&latency=${latencyMs}`;

async function burnOurs(): Promise<{ exchanges: number; commands: number; seconds: number }> {
  const line = await virtualLine(chip, 'tcp:0');
  try {
    const board = await connectBoard(await openPort(line.address, { baudRate: 115200 }), { clock: systemClock });
    const snapshot = await board.readEfuses();
    const plan = planBurn(snapshot, burnSet(randomBytes(32).toString('hex')), { slots: [] });
    const before = board.counters;
    const began = performance.now();
    const keys = () => SecretBytes.adopt(new Uint8Array(randomBytes(32)));
    const stages = ['keys', 'read-protect', 'protection', 'enable'] as const;
    for await (const _ of board.burn(plan, keys, grantBurnPermit('bench', 'bench', plan), stages));
    const seconds = (performance.now() - began) / 1000;
    const exchanges = board.counters.exchanges - before.exchanges;
    const commands = board.counters.commands - before.commands;
    await board.close();
    return { exchanges, commands, seconds };
  } finally {
    await line.close();
  }
}

async function burnTheirs(): Promise<number | string> {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-bench-'));
  const judges = await openJudges(folder);
  if (typeof judges === 'string') return judges;
  const line = await virtualLine(chip, 'pty');
  try {
    const [key, digest] = [join(folder, 'key.bin'), join(folder, 'digest.bin')];
    writeFileSync(key, randomBytes(64));
    writeFileSync(digest, randomBytes(32));
    const port = ['--port', line.address, '--before', 'no-reset', '--after', 'no-reset', '--do-not-confirm'];
    const burns = [
      ...['burn-key', 'BLOCK_KEY0', key, 'XTS_AES_256_KEY', 'BLOCK_KEY2', digest, 'SECURE_BOOT_DIGEST0'],
      ...[
        'burn-efuse',
        ...oneBitFuses.flatMap((field) => [field, '1']),
        'SOFT_DIS_JTAG',
        '7',
        'XTS_DPA_PSEUDO_LEVEL',
        '1',
      ],
      ...['SPI_BOOT_CRYPT_CNT', '7', 'SECURE_BOOT_EN', '1'],
    ];
    const began = performance.now();
    await judges.pass('espefuse', ...port, ...burns, 'write-protect-efuse', 'RD_DIS');
    return (performance.now() - began) / 1000;
  } catch (error) {
    return error instanceof Error ? error.message.slice(-300).replaceAll('\n', ' ') : String(error);
  } finally {
    judges.close();
    await line.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
