// Keys made again and again by a token process that is killed at an instant drawn by chance: each is finished or undone.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../main/base/random.ts';
import { forkTokenProcess, type LaunchTokenProcess } from '../../main/signing/pkcs11/token-child.ts';
import { boot, ca, cutAndGoOn, wrapping } from '../faults/token-cuts.ts';
import { openSoftToken } from '../unit/signing/soft-token.ts';

/** How long a making takes at most, in ms: RSA keys are searched for. */
const longest = { 'ecdsa-p256': 20, 'aes-256': 20, 'rsa-3072': 1500, 'ecdsa-p384': 20 } as const;

/** The first process that it starts is killed so long after it was asked for a key. */
function killedAfter(ms: number): LaunchTokenProcess {
  let isFirst = true;
  return (environment) => {
    const line = forkTokenProcess(environment);
    if (!isFirst) return line;
    isFirst = false;
    return {
      ...line,
      send: (message) => {
        line.send(message);
        if (message.type === 'request' && message.call === 'generate') setTimeout(() => line.kill(), ms);
      },
    };
  };
}

/** So many instants; ends at the first key of which nobody knows what it is. The same seed draws the same instants. */
export async function soakTokenMaking(instants: number, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const folder = join(mkdtempSync(join(tmpdir(), 'fuseline-soak-')), 'token');
  await (await openSoftToken(folder)).close();
  let cut = 0;
  for (let instant = 1; instant <= instants; instant++) {
    const [kind = 0, life = 0, high = 0, low = 0] = random(4);
    const wish = [ca, wrapping, boot][kind % 3]!;
    const ms = ((high * 256 + low) / 65536) * longest[wish.algorithm];
    try {
      if (await cutAndGoOn(folder, wish, killedAfter(ms), life % 2 === 0)) cut++;
    } catch (error) {
      throw new Error(`seed ${seed}, instant ${instant}: ${wish.algorithm} killed after ${ms.toFixed(2)} ms`, {
        cause: error,
      });
    }
    if (instant % 100 === 0) console.log(`${instant} makings, ${cut} cut short, every key known`);
  }
  rmSync(join(folder, '..'), { recursive: true, force: true });
  console.log(`${instants} makings (seed ${seed}), ${cut} cut short: every key whole or gone.`);
}
