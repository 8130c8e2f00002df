// What the ledger knows of a token: rows `token-known` (all of it, at the first use or in a ceremony), then `key-known` for each key since.
import type { LedgerReader } from '../ledger/ledger.ts';
import type { TokenKey } from '../signing/signer.ts';

/** A key as the ledger knows it. */
export interface KnownKey {
  readonly label: string;
  /** CKA_ID, hex. */
  readonly id: string;
  /** Of key pairs. */
  readonly publicKeySha256: string | null;
  /** Of wrapping keys: SHA-256 (hex) of a constant that the key wrapped, which tells two keys of one id apart. */
  readonly check: string | null;
}

/** A key that somebody meant to make, of which no row says what became of it. */
export interface MeantKey {
  readonly label: string;
  readonly id: string;
}

export interface TokenKnowledge {
  readonly label: string;
  readonly serial: string;
  readonly keys: readonly KnownKey[];
  readonly meant: readonly MeantKey[];
}

/** Which token of a station: its own, or one that its file lists, by label. */
export type TokenRole = 'own' | `listed ${string}`;

/** More keys than any token of a line has. */
const most = 10_000;

/** Null: the ledger has no row of this token. */
export async function knowledgeOf(ledger: Pick<LedgerReader, 'acts'>, role: TokenRole): Promise<TokenKnowledge | null> {
  const [whole] = await ledger.acts({ what: 'token-known', about: role, limit: 1 });
  if (whole === undefined) return null;
  const rowsOf = async (what: 'key-known' | 'key-making' | 'key-undone') =>
    (await ledger.acts({ what, about: role, limit: most })).filter(({ row }) => row > whole.row).toReversed();
  const added = await rowsOf('key-known');
  const ended = new Set([...added, ...(await rowsOf('key-undone'))].map(({ detail }) => detail.id));
  const meant = (await rowsOf('key-making'))
    .filter(({ detail }) => !ended.has(detail.id!))
    .map(({ detail }) => ({ label: String(detail.label), id: String(detail.id) }));
  const { label, serial, keys } = whole.detail;
  const first = (Array.isArray(keys) ? (keys as readonly string[]) : []).map(keyOfText);
  const later = added.map(({ detail }) => ({
    label: String(detail.label),
    id: String(detail.id),
    publicKeySha256: textOrNull(detail.publicKeySha256),
    check: textOrNull(detail.check),
  }));
  return { label: String(label), serial: String(serial), keys: [...first, ...later], meant };
}

/** Whether a station has worked with this ledger: then another token in place of its own one is not a first start. */
export async function hasHistory(ledger: Pick<LedgerReader, 'acts' | 'runs'>): Promise<boolean> {
  return (await knowledgeOf(ledger, 'own')) !== null || (await ledger.runs({ limit: 1 })).length > 0;
}

export function keyText({ label, id, publicKeySha256, check }: KnownKey): string {
  return JSON.stringify([label, id, publicKeySha256, check]);
}

function keyOfText(text: string): KnownKey {
  const [label, id, publicKeySha256, check] = JSON.parse(text) as (string | null)[];
  return { label: label!, id: id!, publicKeySha256: publicKeySha256 ?? null, check: check ?? null };
}

export function isSameKey(known: KnownKey, key: TokenKey): boolean {
  return known.label === key.label && known.id === key.id && known.publicKeySha256 === key.publicKeySha256;
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
