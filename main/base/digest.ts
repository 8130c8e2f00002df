import crypto, { createHash } from 'node:crypto';

/** Node.js from 20.12 on hashes a short text in a third of the time where no object has to live for it. */
const oneShot = crypto.hash as typeof crypto.hash | undefined;

/** SHA-256 of bytes, or of a text's UTF-8, as 64 lower-case hex digits. */
export function sha256Hex(content: Uint8Array | string): string {
  return oneShot === undefined ? createHash('sha256').update(content).digest('hex') : oneShot('sha256', content, 'hex');
}

/** SHA-256 of bytes, 32 bytes. */
export function sha256(content: Uint8Array): Uint8Array {
  return oneShot === undefined ? createHash('sha256').update(content).digest() : oneShot('sha256', content, 'buffer');
}

/** The beginning of a digest or fingerprint: enough to tell two apart, not enough to trust. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 16);
}

/** MD5 of bytes, as loaders compute it over flash: 32 lower-case hex digits. */
export function md5Hex(content: Uint8Array): string {
  return createHash('md5').update(content).digest('hex');
}

const blanks = new Map<number, string>();

/** MD5 of so many bytes FF, as erased flash has them: 32 lower-case hex digits. Boards ask for the same lengths again and again. */
export function md5OfBlank(length: number): string {
  let digest = blanks.get(length);
  if (digest === undefined) {
    const hash = createHash('md5');
    const piece = new Uint8Array(Math.min(length, 0x10000)).fill(0xff);
    for (let left = length; left > 0; left -= piece.length)
      hash.update(piece.subarray(0, Math.min(left, piece.length)));
    digest = hash.digest('hex');
    blanks.set(length, digest);
  }
  return digest;
}
