import pkcs11js from 'pkcs11js';
import { fromHex, toHex } from '../../base/bytes.ts';
import { ProgramFault, TokenFault } from '../../model/fault.ts';
import { newKeyId, useOfKeyId } from '../key-id.ts';
import type { KeyAlgorithm, KeyRef, KeyWish, TokenKey } from '../signer.ts';
import { coordinateLength, spkiOfEd25519, spkiOfPoint, spkiOfRsa, spkiSha256 } from '../spki.ts';
import { badAnswer, ckrOf } from './faults.ts';
import type { Cryptoki, Handle, TokenSession } from './token-session.ts';

export interface FoundKey {
  readonly handle: Handle;
  readonly key: TokenKey;
}

/** DER OIDs of the named curves, as CKA_EC_PARAMS has them. */
const curves = {
  'P-256': fromHex('06082a8648ce3d030107'),
  'P-384': fromHex('06052b81040022'),
} as const;

/** What PKCS#11 3.0 calls Ed25519 by, which the binding has no names for. */
export const edwards = {
  keyType: 0x40,
  make: 0x1055,
  sign: 0x1057,
  /** DER PrintableString `edwards25519`. */
  params: fromHex('130c656477617264733235353139'),
  /** DER OBJECT IDENTIFIER 1.3.101.112, as some tokens have it instead. */
  oid: fromHex('06032b6570'),
} as const;

/** Objects that one search may find: a module that never ends its list would fill the memory. */
const mostObjects = 10_000;

/** The keys of the token: finding exactly one, listing all, making new ones. */
export class TokenKeys {
  readonly #session: TokenSession;
  /** Handles found in this session, by the reference that found them. */
  readonly #found = new Map<string, FoundKey>();

  constructor(session: TokenSession) {
    this.#session = session;
    session.onLoss(() => this.#found.clear());
  }

  /** Exactly the key that label, id and public key all fit; `token.no-key` or `token.two-keys` otherwise. */
  find(ref: KeyRef): FoundKey {
    const name = JSON.stringify([ref.label, ref.id ?? null, ref.publicKeySha256 ?? null]);
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    const named = this.#session.run('search its keys', (module, session) => keysIn(module, session, ref.label));
    const fitting = named.filter(
      ({ key }) =>
        (ref.id === undefined || key.id === ref.id.toLowerCase()) &&
        (ref.publicKeySha256 === undefined || key.publicKeySha256 === ref.publicKeySha256.toLowerCase()),
    );
    if (fitting.length > 1) throw this.#twoKeys(ref, fitting);
    if (fitting.length === 0) throw this.#noKey(ref, named);
    this.#found.set(name, fitting[0]!);
    return fitting[0]!;
  }

  list(): FoundKey[] {
    const all = this.#session.run('list its keys', (module, session) => keysIn(module, session, null));
    if (all.length === 0) this.#mustAnswer();
    return all.sort((a, b) => (a.key.label < b.key.label ? -1 : 1));
  }

  /**
   * Makes a non-extractable, sensitive key (pair) that stays in the token. Refuses a label that any object bears, but for a public half that
   * was made here and has no private one: a making that was cut short left it, and it goes.
   */
  generate({ label, use, algorithm, id: given }: KeyWish): TokenKey {
    if (label === '' || /\p{Cc}/u.test(label) || Buffer.byteLength(label) > 255)
      throw labelFault(`The key label ${JSON.stringify(label)} is empty, too long or not printable.`);
    if ((use === 'wrapping') !== (algorithm === 'aes-256'))
      throw new ProgramFault({
        code: 'program.key-use',
        what: `A key for ${use} cannot be of the kind ${algorithm}.`,
        next: 'Take aes-256 for wrapping keys, and RSA or ECDSA for the others.',
      });
    this.#session.run(`make the key '${label}'`, (module, session) => {
      removeLonePublicHalves(module, session, label);
      if (handlesIn(module, session, [{ type: pkcs11js.CKA_LABEL, value: label }]).length > 0)
        throw labelFault(`${this.#session.name} already holds an object named '${label}'.`);
      const id = given === undefined ? newKeyId(use, (length) => random(module, session, length)) : fromHex(given);
      makeKey(module, session, label, algorithm, Buffer.from(id));
    });
    return this.find({ label, ...(given === undefined ? {} : { id: given }) }).key;
  }

  /**
   * The key of this id where all of it is there; otherwise what there is of it is removed, and null. Only for an id that somebody wrote down
   * before its key was to be made, and that no key was used by since.
   */
  settle(id: string): TokenKey | null {
    this.#found.clear();
    const bytes = Buffer.from(fromHex(id));
    return this.#session.run('settle a key', (module, session) => {
      const objects = handlesIn(module, session, [
        { type: pkcs11js.CKA_ID, value: bytes },
        { type: pkcs11js.CKA_TOKEN, value: true },
      ]);
      const found = keysIn(module, session, null).filter(({ key }) => key.id === id.toLowerCase());
      const [first] = found;
      if (found.length === 1 && (first!.key.algorithm === 'aes-256' || publicHalf(module, session, bytes) !== null))
        return first!.key;
      for (const object of objects) module.C_DestroyObject(session, object);
      if (objects.length === 0) this.#mustAnswer();
      return null;
    });
  }

  /** Removes all that bears this id; only as `settle` may. */
  remove(id: string): void {
    this.#found.clear();
    this.#session.run('remove what is no key', (module, session) => {
      const template = [
        { type: pkcs11js.CKA_ID, value: Buffer.from(fromHex(id)) },
        { type: pkcs11js.CKA_TOKEN, value: true },
      ];
      for (const object of handlesIn(module, session, template)) module.C_DestroyObject(session, object);
    });
  }

  #twoKeys(ref: KeyRef, fitting: readonly FoundKey[]): TokenFault {
    return new TokenFault({
      code: 'token.two-keys',
      what: `${this.#session.name} holds ${fitting.length} keys '${ref.label}' that fit: ids ${fitting.map(({ key }) => key.id).join(', ')}.`,
      next: 'Name id or public key of the right one in the station file, or rename the others.',
      details: { label: ref.label },
    });
  }

  #noKey(ref: KeyRef, named: readonly FoundKey[]): TokenFault {
    this.#mustAnswer();
    const others = this.list().map(({ key }) => `'${key.label}'`);
    const why =
      named.length > 0
        ? `has a key '${ref.label}', but another one: its id or public key is not the one that was named`
        : `holds no key '${ref.label}'; it holds ${others.length === 0 ? 'none' : others.join(', ')}`;
    return new TokenFault({
      code: 'token.no-key',
      what: `${this.#session.name} ${why}.`,
      next:
        named.length > 0
          ? 'Use the right token, or have the recipe approved anew with the key of this one.'
          : 'Make the key (token keys), or correct its label in the station file.',
      details: { label: ref.label, id: ref.id ?? null, publicKeySha256: ref.publicKeySha256 ?? null },
    });
  }

  /** A token that is away may answer a search with nothing found: then it is gone, and no key is missing. */
  #mustAnswer(): void {
    if (!this.#session.answers()) throw this.#session.gone(null);
  }
}

/** A public key of this label and of an id made here, for which there is no other object of its id: nothing was ever signed by it. */
function removeLonePublicHalves(module: Cryptoki, session: Handle, label: string): void {
  const halves = handlesIn(module, session, [
    { type: pkcs11js.CKA_LABEL, value: label },
    { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PUBLIC_KEY },
    { type: pkcs11js.CKA_TOKEN, value: true },
  ]);
  for (const half of halves) {
    const id = Buffer.from(module.C_GetAttributeValue(session, half, [{ type: pkcs11js.CKA_ID }])[0]!.value);
    if (useOfKeyId(id) === null) continue;
    const others = handlesIn(module, session, [
      { type: pkcs11js.CKA_ID, value: id },
      { type: pkcs11js.CKA_TOKEN, value: true },
    ]);
    if (others.length === 1) module.C_DestroyObject(session, half);
  }
}

function random(module: Cryptoki, session: Handle, length: number): Uint8Array {
  return module.C_GenerateRandom(session, Buffer.alloc(length));
}

function labelFault(what: string): TokenFault {
  return new TokenFault({ code: 'token.label', what, next: 'Choose another label.' });
}

function makeKey(module: Cryptoki, session: Handle, label: string, algorithm: KeyAlgorithm, id: Buffer): void {
  const common = [
    { type: pkcs11js.CKA_TOKEN, value: true },
    { type: pkcs11js.CKA_LABEL, value: label },
    { type: pkcs11js.CKA_ID, value: id },
  ];
  const secret = [
    ...common,
    { type: pkcs11js.CKA_PRIVATE, value: true },
    { type: pkcs11js.CKA_SENSITIVE, value: true },
    { type: pkcs11js.CKA_EXTRACTABLE, value: false },
    { type: pkcs11js.CKA_DECRYPT, value: false },
    { type: pkcs11js.CKA_DERIVE, value: false },
  ];
  if (algorithm === 'aes-256') {
    module.C_GenerateKey(session, { mechanism: pkcs11js.CKM_AES_KEY_GEN }, [
      { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
      { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_AES },
      { type: pkcs11js.CKA_VALUE_LEN, value: 32 },
      ...secret,
      { type: pkcs11js.CKA_ENCRYPT, value: false },
      { type: pkcs11js.CKA_SIGN, value: false },
      { type: pkcs11js.CKA_VERIFY, value: false },
      { type: pkcs11js.CKA_WRAP, value: true },
      { type: pkcs11js.CKA_UNWRAP, value: true },
    ]);
    return;
  }
  const rsa = algorithm === 'rsa-3072';
  const isEdwards = algorithm === 'ed25519';
  const keyType = rsa ? pkcs11js.CKK_RSA : isEdwards ? edwards.keyType : pkcs11js.CKK_EC;
  const mechanism = rsa ? pkcs11js.CKM_RSA_PKCS_KEY_PAIR_GEN : isEdwards ? edwards.make : pkcs11js.CKM_EC_KEY_PAIR_GEN;
  const params = isEdwards ? edwards.params : curves[algorithm === 'ecdsa-p256' ? 'P-256' : 'P-384'];
  const shape = rsa
    ? [
        { type: pkcs11js.CKA_MODULUS_BITS, value: 3072 },
        { type: pkcs11js.CKA_PUBLIC_EXPONENT, value: Buffer.from([1, 0, 1]) },
      ]
    : [{ type: pkcs11js.CKA_EC_PARAMS, value: Buffer.from(params) }];
  module.C_GenerateKeyPair(
    session,
    { mechanism },
    [
      { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PUBLIC_KEY },
      { type: pkcs11js.CKA_KEY_TYPE, value: keyType },
      ...shape,
      ...common,
      { type: pkcs11js.CKA_PRIVATE, value: false },
      { type: pkcs11js.CKA_VERIFY, value: true },
      { type: pkcs11js.CKA_ENCRYPT, value: false },
      { type: pkcs11js.CKA_WRAP, value: false },
    ],
    [
      { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PRIVATE_KEY },
      { type: pkcs11js.CKA_KEY_TYPE, value: keyType },
      ...secret,
      { type: pkcs11js.CKA_SIGN, value: true },
      { type: pkcs11js.CKA_UNWRAP, value: false },
    ],
  );
}

/** Private and secret keys that stay in the token, of one label or all. */
function keysIn(module: Cryptoki, session: Handle, label: string | null): FoundKey[] {
  const named = label === null ? [] : [{ type: pkcs11js.CKA_LABEL, value: label }];
  return [pkcs11js.CKO_PRIVATE_KEY, pkcs11js.CKO_SECRET_KEY].flatMap((objectClass) =>
    handlesIn(module, session, [
      { type: pkcs11js.CKA_CLASS, value: objectClass },
      { type: pkcs11js.CKA_TOKEN, value: true },
      ...named,
    ]).map((handle) => ({ handle, key: describe(module, session, handle, objectClass) })),
  );
}

function handlesIn(module: Cryptoki, session: Handle, template: pkcs11js.Template): Handle[] {
  const handles: Handle[] = [];
  module.C_FindObjectsInit(session, template);
  try {
    for (;;) {
      const some = module.C_FindObjects(session, 32);
      if (some.length === 0) return handles;
      handles.push(...some);
      if (handles.length > mostObjects)
        throw badAnswer(
          `finds more than ${mostObjects} objects for one question`,
          'Look at the software of the token.',
        );
    }
  } finally {
    module.C_FindObjectsFinal(session);
  }
}

/** Ways in which a module says that an object has no such attribute, or does not show it. */
const notShown: ReadonlySet<string | null> = new Set(['CKR_ATTRIBUTE_TYPE_INVALID', 'CKR_ATTRIBUTE_SENSITIVE']);

/** What is not shown is empty, and what is unclear counts against the key: one strange object must not hide the others. */
function describe(module: Cryptoki, session: Handle, handle: Handle, objectClass: number): TokenKey {
  const read = (type: number, from: Handle = handle) => {
    try {
      return new Uint8Array(module.C_GetAttributeValue(session, from, [{ type }])[0]!.value);
    } catch (error) {
      if (notShown.has(ckrOf(error))) return new Uint8Array();
      throw error;
    }
  };
  const yes = (type: number) => read(type)[0] === 1;
  const id = read(pkcs11js.CKA_ID);
  const common = {
    label: clipped(new TextDecoder().decode(read(pkcs11js.CKA_LABEL))),
    id: clipped(toHex(id)),
    // CK_BBOOL: whatever is not 0 is true
    extractable: read(pkcs11js.CKA_EXTRACTABLE)[0] !== 0,
    sensitive: yes(pkcs11js.CKA_SENSITIVE),
  };
  const madeFor = useOfKeyId(id) ?? 'other';
  const keyType = numberOf(read(pkcs11js.CKA_KEY_TYPE));
  if (objectClass === pkcs11js.CKO_SECRET_KEY) {
    const aes256 = keyType === pkcs11js.CKK_AES && numberOf(read(pkcs11js.CKA_VALUE_LEN)) === 32;
    const use = yes(pkcs11js.CKA_WRAP) && yes(pkcs11js.CKA_UNWRAP) ? 'wrapping' : 'other';
    return { ...common, algorithm: aes256 ? 'aes-256' : 'other', use, spki: null, publicKeySha256: null };
  }
  const { algorithm, spki } =
    keyType === pkcs11js.CKK_RSA
      ? rsaHalf(read)
      : keyType === edwards.keyType
        ? edwardsHalf(publicHalf(module, session, id), read)
        : keyType === pkcs11js.CKK_EC
          ? pointHalf(publicHalf(module, session, id), read)
          : ({ algorithm: 'other', spki: null } as const);
  return { ...common, algorithm, use: madeFor, spki, publicKeySha256: spki === null ? null : spkiSha256(spki) };
}

/** More than any token makes; a longer number would only be waited for. */
const mostRsaBits = 16_384;

/** A public half that is no key is none: nothing is signed with the private one beside it. */
function keyOrNone(make: () => Uint8Array): Uint8Array | null {
  try {
    return make();
  } catch {
    return null;
  }
}

/** What is so long is no name of a key that anybody means. */
function clipped(text: string): string {
  return text.length > 512 ? `${text.slice(0, 512)}\u2026` : text;
}

type Read = (type: number, from?: Handle) => Uint8Array;
type PublicHalf = { readonly algorithm: KeyAlgorithm | 'other'; readonly spki: Uint8Array | null };

function rsaHalf(read: Read): PublicHalf {
  const modulus = read(pkcs11js.CKA_MODULUS);
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
  const exponent = read(pkcs11js.CKA_PUBLIC_EXPONENT);
  const spki = bits > mostRsaBits ? null : keyOrNone(() => spkiOfRsa(modulus, exponent));
  return { algorithm: bits === 3072 ? 'rsa-3072' : 'other', spki };
}

/** A private EC key does not hold its point: the public object of the same CKA_ID does. Null unless there is exactly one. */
function publicHalf(module: Cryptoki, session: Handle, id: Uint8Array): Handle | null {
  const halves = handlesIn(module, session, [
    { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PUBLIC_KEY },
    { type: pkcs11js.CKA_TOKEN, value: true },
    { type: pkcs11js.CKA_ID, value: Buffer.from(id) },
  ]);
  return halves.length === 1 ? halves[0]! : null;
}

function pointHalf(half: Handle | null, read: Read): PublicHalf {
  const params = toHex(read(pkcs11js.CKA_EC_PARAMS));
  const curve = (['P-256', 'P-384'] as const).find((name) => toHex(curves[name]) === params);
  if (curve === undefined) return { algorithm: 'other', spki: null };
  const algorithm = curve === 'P-256' ? 'ecdsa-p256' : 'ecdsa-p384';
  if (half === null) return { algorithm, spki: null };
  const value = read(pkcs11js.CKA_EC_POINT, half);
  // the norm wraps the point in a DER OCTET STRING (two bytes of header here); some tokens give it bare
  const point = value.length === 1 + 2 * coordinateLength[curve] ? value : value.subarray(2);
  return { algorithm, spki: keyOrNone(() => spkiOfPoint(curve, point)) };
}

function edwardsHalf(half: Handle | null, read: Read): PublicHalf {
  const params = toHex(read(pkcs11js.CKA_EC_PARAMS));
  if (params !== toHex(edwards.params) && params !== toHex(edwards.oid)) return { algorithm: 'other', spki: null };
  if (half === null) return { algorithm: 'ed25519', spki: null };
  const value = read(pkcs11js.CKA_EC_POINT, half);
  return {
    algorithm: 'ed25519',
    spki: keyOrNone(() => spkiOfEd25519(value.length === 32 ? value : value.subarray(2))),
  };
}

/** CK_ULONG in the byte order and width of this machine (little-endian on all that run this). */
function numberOf(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}
