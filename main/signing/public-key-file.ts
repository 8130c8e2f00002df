import { createPublicKey } from 'node:crypto';
import { RecipeFault } from '../model/fault.ts';

const privateKeyText = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/;

/**
 * DER SubjectPublicKeyInfo of a public key in a file: PEM (`PUBLIC KEY`, `RSA PUBLIC KEY` or a certificate) or DER. `file` is only named.
 * RecipeFault `signing.private-key` for a private key, which no file of a station may hold, `signing.public-key` for anything else.
 */
export function publicKeyOfFile(bytes: Uint8Array, file: string): Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (privateKeyText.test(buffer.toString('latin1')))
    throw new RecipeFault({
      code: 'signing.private-key',
      what: `The file ${file} holds a private key. The station needs the public half alone.`,
      next: 'Take the file away from this computer, and give the public key: openssl pkey -in KEY -pubout.',
    });
  try {
    const key = buffer.includes('-----BEGIN ')
      ? createPublicKey(buffer)
      : createPublicKey({ key: buffer, format: 'der', type: 'spki' });
    return new Uint8Array(key.export({ format: 'der', type: 'spki' }));
  } catch (cause) {
    throw new RecipeFault({
      code: 'signing.public-key',
      what: `The file ${file} holds no public key.`,
      next: 'Give a public key in PEM or DER form (SubjectPublicKeyInfo): openssl pkey -in KEY -pubout.',
      cause,
    });
  }
}
