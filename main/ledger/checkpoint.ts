// Signed heads: checkpoints of the form that C2SP's tlog-checkpoint has, in a signed note (c2sp.org/signed-note). The note's text:
//
//   origin LF size LF base64 of the root LF          (of merkle.ts, over rows 1 to size)
//   time ISO-8601 system-clock LF                    (extension lines of ours)
//   for REASON LF
//
// then an empty line and one signature a line: em dash, space, key name, space, base64 of 4 bytes key id and the signature. Tokens of
// factories sign with ECDSA P-256 more often than with Ed25519, so ours are of signature type 0x02: ECDSA over the SHA-256 of the text,
// DER; the key id is the first four bytes of the SHA-256 of the DER SubjectPublicKeyInfo; the key name is the origin.
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { equalBytes, toHex } from '../base/bytes.ts';
import { isoTime } from '../base/clock.ts';

/** Label of the token key that signs heads. */
export const headKeyLabel = 'ledger-heads';

/** What a head says. */
export interface Head {
  readonly origin: string;
  /** Rows 1 to `size` are under it. */
  readonly size: number;
  /** Hex. */
  readonly root: string;
}

/** A note as it was read; nothing of it is to be believed before `signedBy` says so. */
export interface Checkpoint extends Head {
  /** What is signed. */
  readonly text: string;
  /** Of the station's clock, as it said itself; null: it did not. */
  readonly time: string | null;
  readonly reason: string | null;
  readonly signatures: readonly { readonly name: string; readonly keyId: string; readonly signature: Uint8Array }[];
}

/** Name of a book, and of the key of its heads: no key name may hold a space or a plus. */
export function originOf({ station, ledger }: { readonly station: string; readonly ledger: string }): string {
  return `fuseline/${encodeURIComponent(station)}/${ledger}`;
}

/** A head in one line, for a wall, a label or a QR code: whoever has kept it sees rows written anew or cut off, without any key. */
export function headLine({ origin, size, root }: Head): string {
  return `head ${origin} ${size} ${Buffer.from(root, 'hex').toString('base64')}`;
}

/** Null for what is no such line. */
export function parseHeadLine(line: string): Head | null {
  const [, origin, size, root] = /^head (\S{1,512}) ([1-9]\d{0,14}) ([A-Za-z0-9+/]{43}=)$/.exec(line.trim()) ?? [];
  return root === undefined
    ? null
    : { origin: origin!, size: Number(size), root: Buffer.from(root, 'base64').toString('hex') };
}

/** The text that is signed. */
export function checkpointText({ origin, size, root }: Head, at: number, reason: string): string {
  const root64 = Buffer.from(root, 'hex').toString('base64');
  return `${origin}\n${size}\n${root64}\ntime ${isoTime(at)} system-clock\nfor ${reason}\n`;
}

/** The note: its text and one signature (DER) by the key of this DER SubjectPublicKeyInfo. */
export function signedNote(text: string, name: string, spki: Uint8Array, signature: Uint8Array): string {
  const bytes = Buffer.concat([Buffer.from(keyIdOf(spki), 'hex'), signature]);
  return `${text}\n\u2014 ${name} ${bytes.toString('base64')}\n`;
}

/** Signature type 0x02: the first four bytes of the SHA-256 of the SubjectPublicKeyInfo, hex. */
export function keyIdOf(spki: Uint8Array): string {
  return toHex(createHash('sha256').update(spki).digest().subarray(0, 4));
}

const signatureLine = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/;

/** A note by its form, or null where it has not the form of a checkpoint. */
export function parseCheckpoint(note: string): Checkpoint | null {
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n') || note.length > 65_536) return null;
  const text = note.slice(0, end + 1);
  const [origin, size, root, ...more] = text.slice(0, -1).split('\n');
  const lines = note.slice(end + 2, -1).split('\n');
  if (!origin || !/^(0|[1-9]\d{0,14})$/.test(size ?? '') || !/^[A-Za-z0-9+/]{43}=$/.test(root ?? '')) return null;
  const signatures = lines.map((line) => {
    const [, name, base64] = signatureLine.exec(line) ?? [];
    const bytes = Buffer.from(base64 ?? '', 'base64');
    return name === undefined || bytes.length < 5
      ? null
      : { name, keyId: toHex(bytes.subarray(0, 4)), signature: Uint8Array.from(bytes.subarray(4)) };
  });
  if (signatures.some((signature) => signature === null)) return null;
  const said = (word: string) => more.find((line) => line.startsWith(`${word} `))?.slice(word.length + 1) ?? null;
  return {
    ...{ text, origin, size: Number(size), root: Buffer.from(root!, 'base64').toString('hex') },
    ...{ time: said('time')?.split(' ')[0] ?? null, reason: said('for') },
    signatures: signatures as Checkpoint['signatures'][number][],
  };
}

/** The signature lines of a note, with their ends. */
export function signatureLines(note: string): string[] {
  return note
    .slice(note.lastIndexOf('\n\n') + 2)
    .split(/(?<=\n)/)
    .filter((line) => line !== '');
}

/** Whether the note bears a signature by this key, under the note's own name, that holds. */
export function signedBy(checkpoint: Checkpoint, key: KeyObject): boolean {
  const spki = key.export({ type: 'spki', format: 'der' });
  const keyId = keyIdOf(spki);
  return checkpoint.signatures.some(
    ({ name, keyId: id, signature }) =>
      name === checkpoint.origin && id === keyId && holds(key, Buffer.from(checkpoint.text), signature),
  );
}

function holds(key: KeyObject, text: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify('sha256', text, { key, dsaEncoding: 'der' }, signature);
  } catch {
    return false; // no DER
  }
}

/** A public key for heads: PEM, or DER SubjectPublicKeyInfo as hex; null for what is none (ECDSA P-256). */
export function headKey(text: string): KeyObject | null {
  try {
    const key = /^[0-9a-f]+$/i.test(text.trim())
      ? createPublicKey({ key: Buffer.from(text.trim(), 'hex'), format: 'der', type: 'spki' })
      : createPublicKey(text);
    return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : null;
  } catch {
    return null;
  }
}

/** Whether two keys are one. */
export function sameKey(a: KeyObject, b: KeyObject): boolean {
  const der = (key: KeyObject) => key.export({ type: 'spki', format: 'der' });
  return equalBytes(der(a), der(b));
}
