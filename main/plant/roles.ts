import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { sha256Hex } from '../base/digest.ts';
import type { RandomSource } from '../base/random.ts';

/** PostgreSQL cuts names after so many bytes. */
const longestName = 63;
const rounds = 4096;

/** Name of a station's role. */
export function roleOf(station: string): string {
  return shortened(`fuseline-${station}`, station);
}

/** Name of the role of somebody who looks at the whole plant; no station has such a one. */
export function viewerRoleOf(name: string): string {
  return shortened(`fuseline_viewer-${name}`, name);
}

function shortened(role: string, name: string): string {
  return role.length <= longestName ? role : `${role.slice(0, longestName - 17)}-${sha256Hex(name).slice(0, 16)}`;
}

/** A password of 256 bits. */
export function newPassword(random: RandomSource): string {
  return Buffer.from(random(32)).toString('base64url');
}

/**
 * What the server keeps of a password (RFC 5803, as PostgreSQL writes it): made here, so that the password itself is in no statement and no log
 * of the server. For ASCII passwords, which SASLprep leaves as they are.
 */
export function scramVerifier(password: string, salt: Uint8Array): string {
  const salted = pbkdf2Sync(password, salt, rounds, 32, 'sha256');
  const hmac = (word: string) => createHmac('sha256', salted).update(word).digest();
  const stored = createHash('sha256').update(hmac('Client Key')).digest('base64');
  const salt64 = Buffer.from(salt).toString('base64');
  return `SCRAM-SHA-256$${rounds}:${salt64}$${stored}:${hmac('Server Key').toString('base64')}`;
}
