import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Figure } from './figures.ts';

/** The ledger benches in processes of their own: durable appends of 32 fixtures, checks and exports, searches over a million devices. */
export async function ledgerBench(): Promise<readonly Figure[]> {
  const run = (file: string) =>
    execFileSync(process.execPath, [fileURLToPath(new URL(file, import.meta.url))], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const appends = run('./ledger-append.ts');
  const p99 = Number(/every 100 ms each: .*?append p50 [\d.]+ p99 ([\d.]+)/.exec(appends)?.[1]);
  const disk = /the disk alone .*?p99 ([\d.]+)/.exec(appends)?.[1];
  const audits = run('./ledger-audit.ts');
  const rate = (what: string) => Number(new RegExp(`^${what}: (\\d+) rows/s`, 'm').exec(audits)?.[1]);
  const size = Number(/, ([\d.]+) kB a board/.exec(audits)?.[1]);
  const searches = run('./ledger-search.ts');
  const worst = Number(/worst search: ([\d.]+) ms/.exec(searches)?.[1]);
  return [
    {
      what: 'ledger append, durable, 32 fixtures: p99',
      value: `${p99} ms (disk alone ${disk} ms)`,
      budget: '< 10 ms',
      met: p99 < 10,
    },
    ...(['verify, chain and heads', 'verify, all', 'export'] as const).map((what) => ({
      what: `audit ${what}`,
      value: `${rate(what)} rows/s`,
      budget: '>= 200,000 rows/s',
      met: rate(what) >= 200_000,
    })),
    { what: 'ledger a board of 63 rows', value: `${size} kB`, budget: '<= 16 kB', met: size <= 16 },
    {
      what: 'search among 1,000,000 devices: the slowest',
      value: `${worst} ms`,
      budget: '< 50 ms',
      met: worst < 50,
    },
  ];
}
