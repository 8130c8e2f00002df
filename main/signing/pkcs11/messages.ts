import type { FaultRecord } from '../../model/fault.ts';
import type { KeyRef, KeyWish, SignScheme, TokenKey, TokenStatus } from '../signer.ts';
import type { Sealed } from './sealed-channel.ts';

/** Which token of which module. */
export interface TokenPlace {
  /** Path of the PKCS#11 library. */
  readonly module: string;
  readonly label: string;
  /** Absent: the label must be the only one of its kind. */
  readonly serial?: string;
}

/**
 * The calls that the token process answers. What is named here crosses in clear and may be seen by anyone; secrets (PINs, random
 * bytes, keys) travel beside it, sealed, in `secrets` of the request or `secret` of the answer.
 */
export interface TokenCalls {
  /** Secrets: the PIN, which is not kept: to be called again after `token.gone`. `known`: the token was open before in this station's life. */
  open: {
    readonly args: { readonly place: TokenPlace; readonly lastTryAllowed: boolean; readonly known: boolean };
    readonly value: { readonly serial: string };
  };
  /** Makes a token in an empty slot, or finishes one whose making was cut short. Secrets: SO-PIN, PIN. */
  initialise: {
    readonly args: { readonly module: string; readonly label: string };
    readonly value: { readonly serial: string };
  };
  status: { readonly args: null; readonly value: TokenStatus };
  keys: { readonly args: null; readonly value: readonly TokenKey[] };
  generate: {
    readonly args: KeyWish;
    readonly value: TokenKey;
  };
  /** By CKA_ID, hex. */
  settle: { readonly args: { readonly id: string }; readonly value: TokenKey | null };
  find: { readonly args: KeyRef; readonly value: TokenKey };
  /** Answers with a secret. */
  random: { readonly args: { readonly length: number }; readonly value: null };
  sign: {
    readonly args: { readonly ref: KeyRef; readonly scheme: SignScheme; readonly digest: Uint8Array };
    readonly value: Uint8Array;
  };
  /** Secrets: the key to wrap. */
  wrap: {
    readonly args: KeyRef;
    readonly value: { readonly wrappingKeyId: string; readonly data: Uint8Array };
  };
  /** Answers with a secret. */
  unwrap: {
    readonly args: { readonly ref: KeyRef; readonly wrappingKeyId: string; readonly data: Uint8Array };
    readonly value: null;
  };
  /** Logs out, lets the module go, and ends the process. */
  close: { readonly args: null; readonly value: null };
}

export type TokenCall = keyof TokenCalls;

export type TokenRequest = {
  readonly [C in TokenCall]: {
    readonly type: 'request';
    readonly id: number;
    readonly call: C;
    readonly args: TokenCalls[C]['args'];
    readonly secrets: readonly Sealed[];
  };
}[TokenCall];

/** Station to token process. */
export type ToToken = { readonly type: 'agree'; readonly publicKey: Uint8Array } | TokenRequest;

/** Token process to station. */
export type FromToken =
  | { readonly type: 'offer'; readonly publicKey: Uint8Array }
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown; readonly secret: Sealed | null }
  | { readonly type: 'fault'; readonly id: number; readonly fault: FaultRecord };

/**
 * A message of the token process, in which foreign code runs: whatever else it is. `null` for one that is none of ours.
 */
export function messageOfToken(message: unknown): FromToken | null {
  if (!isRecord(message)) return null;
  const { type, id } = message;
  if (type === 'offer') return isBytes(message.publicKey, mostKeyBytes) ? (message as FromToken) : null;
  if (!Number.isSafeInteger(id)) return null;
  if (type === 'fault') return isFaultRecord(message.fault) ? (message as FromToken) : null;
  if (type !== 'answer' || !('value' in message)) return null;
  const { secret } = message;
  const isSecret =
    secret === null || (isRecord(secret) && Number.isSafeInteger(secret.count) && isBytes(secret.box, mostBytes));
  return isSecret ? (message as FromToken) : null;
}

/** Whether an answer has the form of its call's. */
export function fitsCall(call: TokenCall, value: unknown): boolean {
  return forms[call](value);
}

const forms: Readonly<Record<TokenCall, (value: unknown) => boolean>> = {
  open: hasSerial,
  initialise: hasSerial,
  status: (value) =>
    isRecord(value) &&
    (['module', 'label', 'serial', 'manufacturer', 'model', 'firmware'] as const).every((name) =>
      isText(value[name]),
    ) &&
    (value.healthy === null || typeof value.healthy === 'boolean') &&
    (value.signMs === null || (typeof value.signMs === 'number' && value.signMs >= 0)) &&
    typeof value.pinCountLow === 'boolean',
  keys: (value) => Array.isArray(value) && value.length <= mostKeys && value.every(isKey),
  generate: isKey,
  settle: (value) => value === null || isKey(value),
  find: isKey,
  random: (value) => value === null,
  sign: (value) => isBytes(value, mostKeyBytes),
  wrap: (value) => isRecord(value) && isText(value.wrappingKeyId) && isBytes(value.data, mostBytes),
  unwrap: (value) => value === null,
  close: (value) => value === null,
};

const mostText = 4096;
const mostKeyBytes = 8192;
/** Random bytes and wrapped keys: a mebibyte at most (`random`), and what sealing adds. */
const mostBytes = (1 << 20) + 4096;
const mostKeys = 10_000;
const algorithms: readonly unknown[] = ['rsa-3072', 'ecdsa-p256', 'ecdsa-p384', 'ed25519', 'aes-256', 'other'];
const uses: readonly unknown[] = ['secure-boot', 'device-ca', 'wrapping', 'ledger', 'other'];
const classes: readonly unknown[] = ['board', 'fixture', 'token', 'ledger', 'recipe', 'program'];

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= mostText;
}

function isBytes(value: unknown, most: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length <= most;
}

function hasSerial(value: unknown): boolean {
  return isRecord(value) && isText(value.serial);
}

function isFaultRecord(value: unknown): boolean {
  return (
    isRecord(value) &&
    classes.includes(value.class) &&
    [value.code, value.what, value.next].every(isText) &&
    isRecord(value.details)
  );
}

function isKey(value: unknown): boolean {
  return (
    isRecord(value) &&
    [value.label, value.id].every(isText) &&
    algorithms.includes(value.algorithm) &&
    uses.includes(value.use) &&
    typeof value.extractable === 'boolean' &&
    typeof value.sensitive === 'boolean' &&
    (value.spki === null || isBytes(value.spki, mostKeyBytes)) &&
    (value.publicKeySha256 === null || isText(value.publicKeySha256))
  );
}

/** What a sealed box is bound to: the call, its number, and its place among the secrets of it. */
export function purposeOf(id: number, call: TokenCall, index: number | 'answer'): string {
  return `${call} ${id} ${index}`;
}
