import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { RecipeFault } from '../model/fault.ts';

/** What signs a message by ES256: the key of a token, or of a file. */
export interface MessageSigner {
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** r and s, 32 bytes each, over the SHA-256 of the message. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/**
 * A private P-256 key of a file (PEM), for who signs orders on a computer of their own: no station needs one. `bytes` are zeroed; what the
 * library makes of them lies in its memory until it is collected. RecipeFault `signing.key-file`: it is none, or the passphrase does not open it.
 */
export function keyOfFile(bytes: Uint8Array, file: string, passphrase: Uint8Array | null): MessageSigner {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let key: KeyObject;
  try {
    key = createPrivateKey({
      key: buffer,
      format: 'pem',
      ...(passphrase === null ? {} : { passphrase: Buffer.from(passphrase) }),
    });
  } catch {
    // the library's words may name what the file holds
    throw noKey(file);
  } finally {
    buffer.fill(0);
  }
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw noKey(file);
  return {
    spki: new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' })),
    sign: async (message) => new Uint8Array(sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' })),
  };
}

/** Whether a passphrase has to be asked for. */
export function isEncryptedKey(bytes: Uint8Array): boolean {
  return /BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(Buffer.from(bytes).toString('latin1'));
}

function noKey(file: string): RecipeFault {
  return new RecipeFault({
    code: 'signing.key-file',
    what: `${file} holds no private key of the curve P-256 that can be opened.`,
    next: 'Give one in PEM (openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256), and its passphrase; or --key with a key of the token.',
  });
}
