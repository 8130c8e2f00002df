// A SoftHSM token with the keys that the recipes of the repository name, made once: an RSA key takes a second of the processor, and
// stations of tests are set up by the hundred. Who tries the making of tokens and keys has one of their own.
import { createHash } from 'node:crypto';
import { cpSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../main/base/clock.ts';
import { systemRandom } from '../../main/base/random.ts';
import type { KeyWish } from '../../main/signing/signer.ts';
import { openEmbeddedToken } from '../../main/signing/softhsm.ts';
import { madeOnce } from '../tools/made-once.ts';

const keys: readonly KeyWish[] = [
  { label: 'secure-boot-1', use: 'secure-boot', algorithm: 'rsa-3072' },
  { label: 'device-ca', use: 'device-ca', algorithm: 'ecdsa-p256' },
  { label: 'fuseline-wrapping', use: 'wrapping', algorithm: 'aes-256' },
];

/** What a change of makes another token: how tokens are made, and this list. */
function key(): string {
  const hash = createHash('sha256').update(readFileSync(import.meta.filename));
  const room = join(import.meta.dirname, '../../main/signing');
  for (const file of globSync('**/*.ts', { cwd: room }).sort())
    hash.update(file).update(readFileSync(join(room, file)));
  return hash.digest('hex').slice(0, 16);
}

let kept: Promise<string> | null = null;

async function make(): Promise<string> {
  const made = await madeOnce(`token-${key()}`, async (folder) => {
    const token = await openEmbeddedToken({ folder: join(folder, 'token'), clock: systemClock, random: systemRandom });
    for (const one of keys) await token.generateKey(one);
    await token.close();
    return null;
  });
  if ('missing' in made) throw new Error(made.missing);
  return join(made.folder, 'token');
}

/** Lays a copy of it into the data folder of a station. */
export async function layKeptToken(data: string): Promise<void> {
  kept ??= make();
  cpSync(await kept, join(data, 'token'), { recursive: true });
}
