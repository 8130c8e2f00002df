// Keys made again and again by a token process that is killed at an instant drawn by chance: each is finished or undone.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../main/base/random.ts';
import { forkTokenProcess, type LaunchTokenProcess } from '../../main/signing/pkcs11/token-child.ts';
import { boot, ca, cutAndGoOn, wrapping } from '../faults/token-cuts.ts';
import { openSoftToken } from '../unit/signing/soft-token.ts';
import type { Tally } from './tally.ts';

/** How long a making takes at most, in ms: RSA keys are searched for. */
const longest = { 'ecdsa-p256': 20, 'aes-256': 20, 'rsa-3072': 1500, 'ecdsa-p384': 20, ed25519: 20 } as const;

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

/** So many keys, each of whose making is cut short at an instant; the same seed draws the same instants. */
export async function soakTokenMaking(keys: number, seed: number, tally: Tally): Promise<void> {
  const random = seededRandom(seed);
  const home = mkdtempSync(join(tmpdir(), 'fuseline-soak-'));
  const folder = join(home, 'token');
  try {
    await (await openSoftToken(folder)).close();
    for (let key = 1; key <= keys; key++) {
      const [kind = 0, life = 0, high = 0, low = 0] = random(4);
      const wish = [ca, wrapping, boot][kind % 3]!;
      const ms = ((high * 256 + low) / 65536) * longest[wish.algorithm];
      if (await cutAndGoOn(folder, wish, killedAfter(ms), life % 2 === 0)) tally.strike(`making of ${wish.algorithm}`);
    }
  } catch (error) {
    tally.lost.push(`seed ${seed}: a key of which nobody knows what it is: ${(error as Error).message}`);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
