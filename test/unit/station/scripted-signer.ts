// A token in memory: real signatures and wraps, no PKCS#11.
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  generateKeyPairSync,
  type KeyObject,
  privateEncrypt,
  sign as signMessage,
} from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { seededRandom } from '../../../main/base/random.ts';
import { SecretBytes } from '../../../main/base/secret.ts';
import type { WrappedKey } from '../../../main/model/event.ts';
import { type Fault, TokenFault } from '../../../main/model/fault.ts';
import type { KeyRef, Signer, SignScheme, TokenKey } from '../../../main/signing/signer.ts';

type KeyPair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };

/** Key pairs are slow to make: one a label for all tests of a process. */
const pairs = new Map<string, KeyPair>();

function algorithmOf(label: string): TokenKey['algorithm'] {
  if (/wrapping|escrow/.test(label)) return 'aes-256';
  if (/witness/.test(label)) return 'ed25519';
  return /ca|manifest|heads|p256/.test(label) ? 'ecdsa-p256' : 'rsa-3072';
}

function pairOf(label: string): KeyPair {
  const known = pairs.get(label);
  if (known !== undefined) return known;
  const algorithm = algorithmOf(label);
  const made =
    algorithm === 'rsa-3072'
      ? generateKeyPairSync('rsa', { modulusLength: 3072 })
      : algorithm === 'ed25519'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  pairs.set(label, made);
  return made;
}

/** Tokens made so far: each has a generator of its own. */
let tokens = 1;

/** RFC 5649's constant, which OpenSSL wants said. */
const wrapIv = Buffer.from('a65959a6', 'hex');

/**
 * A token in memory: signatures and wraps are real, keys come to be when they are named (a label with `ca`, `manifest` or `p256` in it is P-256,
 * with `wrapping` or `escrow` AES, with `witness` Ed25519, any other RSA). `before` is asked before each call and may reject it. Every secret that it handed out stays
 * known, so that a test can ask what became of it.
 */
export class ScriptedSigner {
  readonly calls: string[] = [];
  readonly secrets: SecretBytes[] = [];
  before: (call: string) => void | Promise<void> = () => undefined;
  /** Resolves `whenBack`. */
  back: () => Promise<void> = async () => undefined;
  /** What an unwrapped secret is changed into. */
  unwrapped: (secret: SecretBytes) => SecretBytes = (secret) => secret;
  readonly #random = seededRandom(tokens++);
  readonly #wrappingKey = Buffer.alloc(32, 0x5a);

  get signer(): Signer {
    return this as unknown as Signer;
  }

  async findKey(ref: KeyRef): Promise<TokenKey> {
    await this.#asked('findKey');
    const algorithm = algorithmOf(ref.label);
    const aes = algorithm === 'aes-256';
    const spki = aes ? null : new Uint8Array(pairOf(ref.label).publicKey.export({ format: 'der', type: 'spki' }));
    return {
      label: ref.label,
      id: '01',
      algorithm,
      use: aes ? 'wrapping' : algorithm === 'rsa-3072' ? 'secure-boot' : 'device-ca',
      extractable: false,
      sensitive: true,
      spki,
      publicKeySha256: spki && createHash('sha256').update(spki).digest('hex'),
    };
  }

  async random(length: number): Promise<SecretBytes> {
    await this.#asked('random');
    return this.#lend(SecretBytes.adopt(this.#random(length)));
  }

  async sign({ label }: KeyRef, scheme: SignScheme, digest: Uint8Array): Promise<Uint8Array> {
    await this.#asked('sign');
    const { privateKey } = pairOf(label);
    if (scheme === 'ed25519') return new Uint8Array(signMessage(null, digest, privateKey));
    return scheme === 'ecdsa' ? signEcdsa(privateKey, digest) : signPss(privateKey, digest);
  }

  async wrap(_key: KeyRef, secret: SecretBytes): Promise<WrappedKey> {
    await this.#asked('wrap');
    const cipher = createCipheriv('id-aes256-wrap-pad' as 'aes-256-cbc', this.#wrappingKey, wrapIv);
    const data = secret.use((bytes) => Buffer.concat([cipher.update(bytes), cipher.final()]));
    return { wrappingKeyId: '01', mechanism: 'AES_KEY_WRAP_PAD', data: data.toString('base64') };
  }

  async unwrap(_key: KeyRef, { data }: WrappedKey): Promise<SecretBytes> {
    await this.#asked('unwrap');
    const decipher = createDecipheriv('id-aes256-wrap-pad' as 'aes-256-cbc', this.#wrappingKey, wrapIv);
    const bytes = Buffer.concat([decipher.update(Buffer.from(data, 'base64')), decipher.final()]);
    return this.#lend(this.unwrapped(SecretBytes.take(bytes)));
  }

  async whenBack(): Promise<void> {
    this.calls.push('whenBack');
    await this.back();
  }

  async close(): Promise<void> {}

  #lend(secret: SecretBytes): SecretBytes {
    this.secrets.push(secret);
    return secret;
  }

  async #asked(call: string): Promise<void> {
    this.calls.push(call);
    await this.before(call);
  }
}

function signEcdsa(key: KeyObject, digest: Uint8Array): Uint8Array {
  const scalar = Buffer.from(key.export({ format: 'jwk' }).d!, 'base64url');
  return p256.sign(digest, scalar, { prehash: false });
}

/** RSA-PSS over a digest, as a token signs it (RFC 8017, 9.1.1); node:crypto itself signs only what it has hashed. */
function signPss(key: KeyObject, digest: Uint8Array): Uint8Array {
  const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
  const salt = Buffer.alloc(32, 7);
  const hash = sha256(new Uint8Array(8), digest, salt);
  const block = Buffer.alloc(384 - 33);
  block[block.length - 33] = 1;
  salt.copy(block, block.length - 32);
  for (let at = 0; at < block.length; at++) {
    const mask = sha256(hash, Uint8Array.of(0, 0, 0, at >>> 5));
    block[at]! ^= mask[at & 31]!;
  }
  block[0]! &= 0x7f;
  const encoded = Buffer.concat([block, hash, Buffer.of(0xbc)]);
  return new Uint8Array(privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded));
}

/** The fault of a token that was pulled out, which comes back. */
export const tokenGone = (): Fault =>
  new TokenFault({ code: 'token.gone', what: 'The token is gone.', next: 'Put it back.', safety: 'untouched' });

/** The fault of a token whose process ended; the next call starts it anew. */
export const tokenCrashed = (): Fault =>
  new TokenFault({ code: 'token.crashed', what: 'The process of the token ended.', next: 'Try again.' });
