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

/** What a sealed box is bound to: the call, its number, and its place among the secrets of it. */
export function purposeOf(id: number, call: TokenCall, index: number | 'answer'): string {
  return `${call} ${id} ${index}`;
}
