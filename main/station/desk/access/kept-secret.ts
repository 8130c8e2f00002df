import { createHash, scrypt, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { fromHex, toHex } from '../../../base/bytes.ts';

/**
 * How costly a guess is, as scrypt's N (RFC 7914; r 8, p 1, so 1 KiB times N of memory). A PIN is short: 32 MiB and some 100 ms a guess of
 * a core of 2026, so that all PINs of six digits take more than a day of one. Badges and credential files are long and must be looked for among all people: 16 MiB, some 50 ms.
 */
export const costs = { pin: 32_768, badge: 16_384, key: 16_384 } as const;

/** What lists of people before schema 2 were hashed with. */
const oldCost = 16_384;

/** A secret of a person as it is kept: never itself. */
export const keptSecretSchema = z.strictObject({
  salt: z.string(),
  hash: z.string(),
  /** scrypt's N. */
  cost: z.number().int().min(1024).max(1_048_576).default(oldCost),
  /** When it was set (ISO 8601); null: before this was kept. */
  since: z.string().nullable().default(null),
  /** It was long enough for somebody who decides (`operators.pin`); false: it was not, or that was not kept. */
  long: z.boolean().default(false),
});

export type KeptSecret = z.output<typeof keptSecretSchema>;

/** Never fits; takes as long as one that could. */
export const nobodysPin: Pick<KeptSecret, 'salt' | 'hash' | 'cost'> = {
  salt: '00'.repeat(16),
  hash: '00'.repeat(32),
  cost: costs.pin,
};

export async function keptSecret(
  secret: string,
  kind: keyof typeof costs,
  salt: Uint8Array,
  facts: Pick<KeptSecret, 'since' | 'long'>,
): Promise<KeptSecret> {
  const cost = costs[kind];
  return { salt: toHex(salt), hash: toHex(await derive(secret, salt, cost)), cost, ...facts };
}

export async function matches(kept: Pick<KeptSecret, 'salt' | 'hash' | 'cost'>, secret: string): Promise<boolean> {
  return timingSafeEqual(await derive(secret, fromHex(kept.salt), kept.cost), fromHex(kept.hash));
}

function derive(secret: string, salt: Uint8Array, cost: number): Promise<Uint8Array> {
  // scrypt's own password limit does not exist, ours keeps a hostile face from feeding it megabytes.
  const short = createHash('sha256').update(secret, 'utf8').digest();
  const options = { N: cost, r: 8, p: 1, maxmem: 2 * 128 * 8 * cost };
  return new Promise((resolve, reject) => {
    scrypt(short, salt, 32, options, (error, key) => (error === null ? resolve(new Uint8Array(key)) : reject(error)));
  });
}
