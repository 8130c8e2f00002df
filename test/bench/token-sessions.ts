// What sessions are worth: signatures that 32 fixtures ask for at once, of one session and of four, on SoftHSM as it is and on a token that
// needs 100 ms for each call, as those of metal and of networks do.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { systemClock } from '../../main/base/clock.ts';
import { forkTokenProcess, type LaunchTokenProcess } from '../../main/signing/pkcs11/token-child.ts';
import { TokenPool } from '../../main/signing/token-pool.ts';
import { openSoftToken } from '../unit/signing/soft-token.ts';
import type { Figure } from './figures.ts';

const fixtures = 32;
const rounds = 4;
const digest = new Uint8Array(32).fill(7);

/** A token process whose signatures take so much longer. */
function slower(ms: number): LaunchTokenProcess {
  return (environment) => {
    const line = forkTokenProcess(environment);
    return {
      ...line,
      send: (message) => {
        if (message.type === 'request' && message.call === 'sign') setTimeout(() => line.send(message), ms);
        else line.send(message);
      },
    };
  };
}

export async function tokenSessions(): Promise<readonly Figure[]> {
  const home = mkdtempSync(join(tmpdir(), 'fuseline-bench-'));
  const folder = join(home, 'token');
  const first = await openSoftToken(folder);
  await first.generateKey({ label: 'device-ca', use: 'device-ca', algorithm: 'ecdsa-p256' });
  await first.close();
  const figures: Figure[] = [];
  for (const [what, delay] of [
    ['SoftHSM', 0],
    ['a token of 100 ms', 100],
  ] as const)
    for (const most of [1, 4]) {
      const open = () => openSoftToken(folder, slower(delay));
      const pool = new TokenPool(await open(), { open, most, clock: systemClock });
      let worst = 0;
      // the first rounds open sessions, the last one is measured
      for (let round = 0; round < rounds; round++) {
        const times = await Promise.all(
          Array.from({ length: fixtures }, async () => {
            const began = performance.now();
            await pool.sign({ label: 'device-ca' }, 'ecdsa', digest);
            return performance.now() - began;
          }),
        );
        worst = Math.max(...times);
      }
      const { sessions } = await pool.status();
      figures.push({
        what: `${what}: the last of ${fixtures} signatures, sessions: ${sessions}`,
        value: `${worst.toFixed(0)} ms`,
        budget: delay > 0 && most > 1 ? `under ${(fixtures * delay) / 3} ms` : '',
        met: delay > 0 && most > 1 ? worst < (fixtures * delay) / 3 : null,
      });
      await pool.close();
    }
  rmSync(home, { recursive: true, force: true });
  return figures;
}
