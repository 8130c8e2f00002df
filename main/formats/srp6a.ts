import { createHash } from 'node:crypto';
import { concat, fromHex, toHex, utf8 } from '../base/bytes.ts';
import { SecretBytes } from '../base/secret.ts';
import { formatFault } from './format-fault.ts';

// Security 2 of protocomm (FACTS 11; esp_srp.c, security2.c): SRP6a over the 3072-bit group of RFC 5054 with g = 5 and SHA-512. The
// device holds a salt and the verifier g^x mod N, x = SHA-512( salt | SHA-512( username ":" password ) ), and never the password.

/** N of RFC 5054, appendix A, 3072 bits (the group of RFC 3526, there with g = 2). */
export const groupPrime =
  'ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd' +
  'ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed' +
  'ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f' +
  '83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b' +
  'e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa0510' +
  '15728e5a8aaac42dad33170d04507a33a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7db3970f85a6e1e4c7' +
  'abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864d87602733ec86a64521f2b18177b200c' +
  'bbe117577a615d6c770988c0bad946e208e24fa074e5ab3143db5bfce0fd108e4b82d120a93ad2caffffffffffffffff';

export const generator = 5n;
export const srpSaltSize = 16;
/** Bytes of the verifier: the device takes the length as it finds it, so leading zeros stay. */
export const srpVerifierSize = 384;
/** The example of ESP-IDF that shows the QR code has room for this. */
const longestPayload = 149;

/** What the device stores for Security 2. */
export interface SrpCredentials {
  readonly username: string;
  readonly salt: Uint8Array;
  readonly verifier: SecretBytes;
}

/**
 * Salt (16 bytes) and verifier (384 bytes, big-endian) for a user name and a proof of possession. Throws RecipeFault
 * `image.srp-credentials` where client and device would not agree on them (see `srpRefusal`): draw another password or salt then.
 */
export function srpCredentials(username: string, password: SecretBytes, salt: Uint8Array): SrpCredentials {
  const reason = srpRefusal(username, password, salt);
  if (reason !== null)
    throw formatFault('srp-credentials', `These Security 2 credentials cannot be used: ${reason}.`, 'Draw new ones.');
  const inner = innerHash(username, password);
  const x = createHash('sha512').update(salt).update(inner).digest();
  const digits = power(generator, BigInt(`0x${toHex(x)}`)).toString(16);
  inner.fill(0);
  x.fill(0);
  return {
    username,
    salt: salt.slice(),
    verifier: SecretBytes.adopt(fromHex(digits.padStart(2 * srpVerifierSize, '0'))),
  };
}

/**
 * Why credentials cannot be used, or null. The reference client turns numbers back into the fewest bytes and drops leading zeros that
 * the device hashes: a salt or an inner hash that begins with a zero byte would never prove anything (1 of 128 draws).
 */
export function srpRefusal(username: string, password: SecretBytes, salt: Uint8Array): string | null {
  if (salt.length !== srpSaltSize) return `the salt has ${salt.length} bytes, not ${srpSaltSize}`;
  if (username === '' || username.includes(':')) return 'the user name is empty or has a colon';
  if (password.length < 8) return 'the password has fewer than 8 bytes';
  if (password.use((bytes) => bytes.some((byte) => byte < 0x20))) return 'the password has a control character';
  if (salt[0] === 0) return 'the salt begins with a zero byte';
  const inner = innerHash(username, password);
  const first = inner[0];
  inner.fill(0);
  return first === 0 ? 'their hash begins with a zero byte' : null;
}

/**
 * A proof of possession that people can read and type: one character of 5 bits for each 5 bits of `entropy`, 16 for 10 bytes, without
 * letters that look alike. Throws RangeError for less than 10 bytes.
 */
export function proofOfPossession(entropy: SecretBytes): SecretBytes {
  if (entropy.length < 10) throw new RangeError(`${entropy.length} bytes are too few for a proof of possession`);
  const alphabet = utf8('0123456789abcdefghjkmnpqrstvwxyz');
  return entropy.use((bytes) => {
    const text = new Uint8Array(Math.floor((8 * bytes.length) / 5));
    for (let at = 0; at < text.length; at++) {
      const bit = 5 * at;
      const pair = (bytes[bit >> 3]! << 8) | (bytes[(bit >> 3) + 1] ?? 0);
      text[at] = alphabet[(pair >> (11 - (bit & 7))) & 31]!;
    }
    return SecretBytes.adopt(text);
  });
}

/**
 * What the QR code on the label says (UTF-8): the form that Espressif's provisioning apps read. It holds the password, so it is a
 * secret until it is printed. Throws RecipeFault `image.srp-qr` where it would be longer than the app's and the device's buffers.
 */
export function provisioningPayload(
  name: string,
  username: string,
  password: SecretBytes,
  transport: 'ble' | 'softap',
): SecretBytes {
  return password.use((pop) => {
    const [head, tail] = [{ ver: 'v1', name, username }, { transport }].map((part) =>
      JSON.stringify(part).slice(1, -1),
    );
    // As a JSON string, byte by byte: a JavaScript string of it could not be zeroed.
    const quoted = Uint8Array.from([
      0x22,
      ...[...pop].flatMap((byte) => (isJsonSpecial(byte) ? [0x5c, byte] : [byte])),
      0x22,
    ]);
    const payload = concat(utf8(`{${head},"pop":`), quoted, utf8(`,${tail}}`));
    quoted.fill(0);
    if (payload.length > longestPayload)
      throw formatFault(
        'srp-qr',
        `The QR payload has ${payload.length} bytes; devices and apps are built for ${longestPayload}.`,
        'Shorten the service name, the user name or the password.',
        { bytes: payload.length },
      );
    return SecretBytes.adopt(payload);
  });
}

/** `PROV_` and the last three bytes of the MAC: the service name by the convention of ESP-IDF's examples. */
export function serviceName(mac: string, prefix = 'PROV_'): string {
  return prefix + mac.replaceAll(':', '').slice(-6).toUpperCase();
}

/** A quote or a backslash. */
function isJsonSpecial(byte: number): boolean {
  return byte === 0x22 || byte === 0x5c;
}

function innerHash(username: string, password: SecretBytes): Buffer {
  return password.use((bytes) => createHash('sha512').update(`${username}:`).update(bytes).digest());
}

/** base^exponent mod N. Not constant-time: it runs in the station, where nobody who measures it is nearer than its memory. */
export function power(base: bigint, exponent: bigint): bigint {
  const n = BigInt(`0x${groupPrime}`);
  let result = 1n;
  let square = base % n;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % n;
    square = (square * square) % n;
  }
  return result;
}
