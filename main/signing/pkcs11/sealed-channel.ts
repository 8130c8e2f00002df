import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { utf8 } from '../../base/bytes.ts';
import { SecretBytes } from '../../base/secret.ts';
import { ProgramFault } from '../../model/fault.ts';

/** A secret on its way between the two processes: AES-256-GCM under a key that only they hold. */
export interface Sealed {
  /** 0, 1, 2, ... in each direction; the nonce. */
  readonly count: number;
  /** Ciphertext, then the 16-byte tag. */
  readonly box: Uint8Array;
}

export type ChannelSide = 'station' | 'token';

const tagLength = 16;

/**
 * Carries secrets between station and token process so that no pipe buffer, trace or core dump of the channel holds one in clear
 * (LAW 5). One X25519 agreement of throw-away keys a connection, HKDF-SHA-256 to one AES-256-GCM key for each direction, a
 * counter as the nonce. Each box is bound to the call it belongs to, and is opened once and in order.
 */
export class SealedChannel {
  readonly #outKey: Uint8Array;
  readonly #inKey: Uint8Array;
  #outCount = 0;
  #inCount = 0;

  private constructor(outKey: Uint8Array, inKey: Uint8Array) {
    this.#outKey = outKey;
    this.#inKey = inKey;
  }

  /** Half of the agreement: the public key to send (DER SubjectPublicKeyInfo), and what to do with the other one's. */
  static offer(): { readonly publicKey: Uint8Array; agree(other: Uint8Array, side: ChannelSide): SealedChannel } {
    const own = generateKeyPairSync('x25519');
    const publicKey = derOf(own.publicKey);
    return {
      publicKey,
      agree(other, side) {
        const shared = diffieHellman({
          privateKey: own.privateKey,
          publicKey: createPublicKey({ key: Buffer.from(other), format: 'der', type: 'spki' }),
        });
        const [station, token] = side === 'station' ? [publicKey, other] : [other, publicKey];
        const salt = Buffer.concat([station, token]);
        const key = (from: ChannelSide) =>
          new Uint8Array(hkdfSync('sha256', shared, salt, `fuseline sealed channel v1 from ${from}`, 32));
        const channel = new SealedChannel(key(side), key(side === 'station' ? 'token' : 'station'));
        shared.fill(0);
        return channel;
      },
    };
  }

  /** Seals for the other side. `purpose` names the call; the other side opens with the same. */
  seal(secret: SecretBytes, purpose: string): Sealed {
    const count = this.#outCount++;
    const cipher = createCipheriv('aes-256-gcm', this.#outKey, nonceOf(count), { authTagLength: tagLength });
    cipher.setAAD(utf8(purpose));
    const body = secret.use((bytes) => cipher.update(bytes));
    cipher.final();
    return { count, box: new Uint8Array(Buffer.concat([body, cipher.getAuthTag()])) };
  }

  /** Throws ProgramFault `signing.channel` for a box that was changed, repeated, out of order, or meant for another call. */
  open(sealed: Sealed, purpose: string): SecretBytes {
    if (sealed.count !== this.#inCount) throw channelFault(`box ${sealed.count} came in place of ${this.#inCount}`);
    const decipher = createDecipheriv('aes-256-gcm', this.#inKey, nonceOf(sealed.count), { authTagLength: tagLength });
    decipher.setAAD(utf8(purpose));
    const end = sealed.box.length - tagLength;
    if (end < 0) throw channelFault('a box is too short');
    decipher.setAuthTag(sealed.box.subarray(end));
    const plain = decipher.update(sealed.box.subarray(0, end));
    try {
      decipher.final();
    } catch {
      plain.fill(0);
      throw channelFault('a box does not fit its call');
    }
    this.#inCount++;
    return SecretBytes.take(new Uint8Array(plain.buffer, plain.byteOffset, plain.byteLength));
  }

  /** Zeroes the keys; nothing can be sealed or opened any more. */
  destroy(): void {
    this.#outKey.fill(0);
    this.#inKey.fill(0);
    this.#inCount = Number.NaN;
  }
}

function nonceOf(count: number): Uint8Array {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setBigUint64(4, BigInt(count));
  return nonce;
}

function derOf(key: KeyObject): Uint8Array {
  return new Uint8Array(key.export({ format: 'der', type: 'spki' }));
}

function channelFault(why: string): ProgramFault {
  return new ProgramFault({
    code: 'signing.channel',
    what: `The sealed channel to the token process broke: ${why}.`,
    next: 'Start the station again, and report this with the code.',
  });
}
