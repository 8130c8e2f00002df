import { createHash } from 'node:crypto';

/** SHA-256 of bytes, or of a text's UTF-8, as 64 lower-case hex digits. */
export function sha256Hex(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The beginning of a digest or fingerprint: enough to tell two apart, not enough to trust. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 16);
}
