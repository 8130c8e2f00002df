// A PKCS#11 module that answers as an input tells it: with keys, with noise, with errors, with lists that do not end; and the messages of a
// token process that foreign code has taken over. What the binding could not give (values of another type) is not tried.

import { createHash, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import pkcs11js from 'pkcs11js';
import { fromHex, utf8 } from '../../main/base/bytes.ts';
import { SecretBytes } from '../../main/base/secret.ts';
import { fitsCall, messageOfToken, type TokenCall } from '../../main/signing/pkcs11/messages.ts';
import { TokenKeys } from '../../main/signing/pkcs11/token-keys.ts';
import { TokenOperations } from '../../main/signing/pkcs11/token-operations.ts';
import { type Cryptoki, type Handle, TokenSession } from '../../main/signing/pkcs11/token-session.ts';
import type { TokenKey } from '../../main/signing/signer.ts';

const p256 = fromHex('06082a8648ce3d030107');
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { x, y } = publicKey.export({ format: 'jwk' }) as Required<Pick<JsonWebKey, 'x' | 'y'>>;
const point = Buffer.concat([Buffer.of(4, 65, 4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
const modulus = Buffer.alloc(384, 0xa5);
modulus[383] = 0xc1;
const id = Buffer.from([0xf5, 0x5e, 0, ...new Uint8Array(13).fill(7)]);
const yes = Buffer.of(1);
const no = Buffer.of(0);
const long = (value: number) => Buffer.from([value & 255, (value >> 8) & 255, 0, 0, 0, 0, 0, 0]);

/** Of a private EC key, a private RSA key, a wrapping key, and the public half of the first. */
const labels = ['ec', 'rsa', 'aes', 'ec'];

/** Attributes of an object of each kind, as a module of good faith tells them. */
const objects: readonly Readonly<Record<number, Buffer>>[] = [
  {
    [pkcs11js.CKA_CLASS]: long(pkcs11js.CKO_PRIVATE_KEY),
    [pkcs11js.CKA_KEY_TYPE]: long(pkcs11js.CKK_EC),
    [pkcs11js.CKA_EC_PARAMS]: Buffer.from(p256),
  },
  {
    [pkcs11js.CKA_CLASS]: long(pkcs11js.CKO_PRIVATE_KEY),
    [pkcs11js.CKA_KEY_TYPE]: long(pkcs11js.CKK_RSA),
    [pkcs11js.CKA_MODULUS]: modulus,
    [pkcs11js.CKA_PUBLIC_EXPONENT]: Buffer.of(1, 0, 1),
  },
  {
    [pkcs11js.CKA_CLASS]: long(pkcs11js.CKO_SECRET_KEY),
    [pkcs11js.CKA_KEY_TYPE]: long(pkcs11js.CKK_AES),
    [pkcs11js.CKA_VALUE_LEN]: long(32),
    [pkcs11js.CKA_WRAP]: yes,
    [pkcs11js.CKA_UNWRAP]: yes,
  },
  { [pkcs11js.CKA_CLASS]: long(pkcs11js.CKO_PUBLIC_KEY), [pkcs11js.CKA_EC_POINT]: point },
  // what unwrapping leaves in the session
  { [pkcs11js.CKA_CLASS]: long(255), [pkcs11js.CKA_VALUE]: Buffer.alloc(32, 9) },
].map((own, at) => ({
  [pkcs11js.CKA_LABEL]: Buffer.from(labels[at] ?? ''),
  [pkcs11js.CKA_ID]: id,
  [pkcs11js.CKA_EXTRACTABLE]: no,
  [pkcs11js.CKA_SENSITIVE]: yes,
  ...own,
}));

/** The session object that was unwrapped, by its handle. */
const secretAt = 4;
const endless: Handle[] = Array.from({ length: 32 }, () => Buffer.of(9));

const errors = [
  'CKR_GENERAL_ERROR',
  'CKR_DEVICE_ERROR',
  'CKR_DEVICE_REMOVED',
  'CKR_SESSION_HANDLE_INVALID',
  'CKR_OBJECT_HANDLE_INVALID',
  'CKR_USER_NOT_LOGGED_IN',
  'CKR_PIN_INCORRECT',
  'CKR_PIN_LOCKED',
  'CKR_ATTRIBUTE_TYPE_INVALID',
  'CKR_ATTRIBUTE_SENSITIVE',
  'CKR_BUFFER_TOO_SMALL',
  'CKR_DEVICE_MEMORY',
  'CKR_FUNCTION_NOT_SUPPORTED',
  'CKR_VENDOR_DEFINED',
] as const;

/** Answers call by call by the bytes of an input; where they end, in good faith. */
class HostileModule {
  #script: Uint8Array = new Uint8Array();
  #at = 0;

  play(script: Uint8Array): void {
    this.#script = script;
    this.#at = 0;
  }

  #next(): number {
    return this.#script[this.#at++] ?? 0;
  }

  /** What a call answers: what it should, an error, noise of any length, a piece, too much. */
  #answer(good: Buffer): Buffer {
    const how = this.#next();
    switch (how >> 4) {
      case 8:
      case 9:
        throw new Error(errors[how % errors.length]);
      case 10:
        return Buffer.from(this.#script.subarray(this.#at, this.#at + this.#next()));
      case 11:
        return good.subarray(0, this.#next());
      case 12:
        return Buffer.concat([good, Buffer.alloc(1 + this.#next() * this.#next(), this.#next())]);
      case 13:
        return Buffer.alloc(this.#next(), this.#next());
      case 14: {
        const bent = Buffer.from(good);
        if (bent.length > 0) bent[this.#next() % bent.length]! ^= 1 + (this.#next() % 255);
        return bent;
      }
      case 15:
        return Buffer.alloc(0);
      default:
        return good;
    }
  }

  #perhaps(): void {
    this.#answer(Buffer.alloc(0));
  }

  #handles: Handle[] = [];

  /** The calls that the station makes, as the binding has them. */
  readonly calls = {
    close: () => undefined,
    C_Initialize: () => this.#perhaps(),
    C_Finalize: () => this.#perhaps(),
    C_GetSlotList: () => Array.from({ length: this.#answer(Buffer.alloc(1)).length % 9 }, (_, at) => Buffer.of(at)),
    C_GetTokenInfo: () => ({
      label: this.#answer(Buffer.from('line')).toString('latin1'),
      serialNumber: this.#answer(Buffer.from('0001')).toString('latin1'),
      manufacturerID: this.#answer(Buffer.from('maker')).toString('latin1'),
      model: '',
      firmwareVersion: { major: 1, minor: 0 },
      flags: pkcs11js.CKF_TOKEN_INITIALIZED | (this.#answer(Buffer.alloc(4)).length === 4 ? 0 : this.#next() << 16),
    }),
    C_OpenSession: () => this.#answer(Buffer.alloc(8, 1)),
    C_CloseSession: () => this.#perhaps(),
    C_Login: () => this.#perhaps(),
    C_Logout: () => this.#perhaps(),
    C_FindObjectsInit: (_: Handle, template: pkcs11js.Template) => {
      this.#perhaps();
      const wanted = (asked: number) => template.find(({ type }) => type === asked)?.value;
      const [of, label] = [wanted(pkcs11js.CKA_CLASS), wanted(pkcs11js.CKA_LABEL)];
      const found = objects.flatMap((object, at) =>
        (of === undefined || object[pkcs11js.CKA_CLASS]!.readUInt8(0) === of) &&
        (label === undefined || labels[at] === label)
          ? [Buffer.of(at)]
          : [],
      );
      const how = this.#next();
      // some say the same again and again, some never end
      const times = how === 0xff ? Number.POSITIVE_INFINITY : how > 0xf0 ? how & 15 : 1;
      this.#handles = found;
      this.#left = times;
    },
    C_FindObjects: (): Handle[] => {
      if (this.#left === Number.POSITIVE_INFINITY) return endless;
      return this.#left-- > 0 ? this.#handles : [];
    },
    C_FindObjectsFinal: () => this.#perhaps(),
    C_GetAttributeValue: (_: Handle, handle: Handle, template: pkcs11js.Template) =>
      template.map(({ type }) => ({ type, value: this.#answer(objects[handle[0] ?? 0]?.[type] ?? Buffer.alloc(0)) })),
    C_SignInit: () => this.#perhaps(),
    C_Sign: (_: Handle, __: Buffer, room: Buffer) => this.#answer(room.subarray(0, 384)),
    C_GenerateRandom: (_: Handle, room: Buffer) => {
      const given = this.#answer(Buffer.from(this.#script.subarray(0, room.length)));
      given.copy(room);
      return room;
    },
    C_GenerateKey: () => this.#answer(Buffer.alloc(8)),
    C_GenerateKeyPair: () => ({ publicKey: this.#answer(Buffer.alloc(8)), privateKey: Buffer.alloc(8) }),
    C_CreateObject: () => this.#answer(Buffer.alloc(8)),
    C_DestroyObject: () => this.#perhaps(),
    C_GetMechanismList: () => [...this.#answer(Buffer.of(0x0a))].map((low) => 0x2100 | low),
    C_WrapKey: () => this.#answer(Buffer.alloc(40, 3)),
    C_UnwrapKey: () => {
      this.#answer(Buffer.alloc(0));
      return Buffer.of(secretAt);
    },
  };
  #left = 0;
}

const module = new HostileModule();
const place = { module: 'hostile', label: 'line', serial: '0001' };
const parts = {
  load: () => module.calls as unknown as Cryptoki,
  withPinText: (_: Cryptoki, pin: SecretBytes, work: (text: string) => void) => pin.use(() => work('0')),
};
const digest = createHash('sha256').update('x').digest();

/**
 * One life of a token behind a module that answers by `input`: its first byte says what is asked. Faults are answers; whatever a key, a signature
 * or a secret is told to be has to be so.
 */
export function askHostileToken(input: Uint8Array): void {
  module.play(input.subarray(1));
  const session = new TokenSession(place, true, parts);
  const keys = new TokenKeys(session);
  const operations = new TokenOperations(session, keys);
  using pin = SecretBytes.take(utf8('1234'));
  session.open(pin, false);
  switch ((input[0] ?? 0) % 8) {
    case 0:
      for (const { key } of keys.list()) mustBeKey(key);
      return;
    case 1:
      mustBeKey(keys.find({ label: 'ec' }).key);
      return;
    case 2:
      mustBeKey(keys.generate({ label: 'other', use: 'secure-boot', algorithm: 'ecdsa-p256' }));
      return;
    case 3:
      operations.status();
      return;
    case 4: {
      using random = operations.random(32);
      if (random.use((bytes) => bytes.every((byte) => byte === bytes[0]))) throw new Error('bytes that are not random');
      return;
    }
    case 5:
      operations.sign({ label: 'rsa' }, 'rsa-pss-sha256', digest);
      throw new Error('a signature that nobody made was given out');
    case 6: {
      using secret = SecretBytes.take(new Uint8Array(32).fill(9));
      const { data } = operations.wrap({ label: 'aes' }, secret);
      if (data.length !== 40) throw new Error('no wrapped key');
      return;
    }
    default: {
      using secret = operations.unwrap({ label: 'aes' }, id.toString('hex'), new Uint8Array(40));
      if (secret.length !== 32) throw new Error('a secret of another length');
    }
  }
}

function mustBeKey(key: TokenKey): void {
  if (!fitsCall('find', key)) throw new Error('a key that the station would not take');
  if (key.algorithm === 'aes-256' && key.spki !== null) throw new Error('a public half of a secret key');
}

/** `@hex` stands for bytes: JSON has none. */
const bytesIn = (_: string, value: unknown) =>
  typeof value === 'string' && value.startsWith('@') ? new Uint8Array(Buffer.from(value.slice(1), 'hex')) : value;

/** A message of the token process, as JSON whose strings after `@` are bytes. */
export function hearTokenMessage(input: Uint8Array): void {
  let said: unknown;
  try {
    said = JSON.parse(new TextDecoder().decode(input), bytesIn);
  } catch {
    return;
  }
  const message = messageOfToken(said);
  if (message?.type !== 'answer') return;
  for (const call of ['open', 'keys', 'find', 'status', 'sign', 'wrap'] as const satisfies TokenCall[])
    if (fitsCall(call, message.value)) JSON.stringify(message.value);
}

const told = {
  label: 'key',
  id: id.toString('hex'),
  algorithm: 'ecdsa-p256',
  use: 'secure-boot',
  ...{ extractable: false, sensitive: true, spki: '@3059', publicKeySha256: '00' },
};
export const tokenMessages = [
  { type: 'answer', id: 1, value: [told], secret: null },
  { type: 'answer', id: 2, value: { serial: '1' }, secret: { count: 0, box: '@00112233' } },
  {
    type: 'fault',
    id: 3,
    fault: { class: 'token', code: 'token.gone', what: 'a', next: 'b', safety: 'no-board', details: {} },
  },
  { type: 'offer', publicKey: '@302a300506032b656e032100' },
].map((message) => utf8(JSON.stringify(message)));

/** What is asked, then answers in good faith but for some: where noise lands is by chance. */
export const tokenScripts = [0, 1, 2, 3, 4, 5, 6, 7].map((asked) => Uint8Array.of(asked, ...new Uint8Array(60)));
