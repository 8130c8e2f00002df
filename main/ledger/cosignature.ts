// What others say of a signed head: cosignatures (c2sp.org/tlog-cosignature), which are further signature lines of its note, and how a head is
// carried to a witness and back (c2sp.org/tlog-witness, whose HTTP bodies are files here).
//
// A cosignature is Ed25519 over
//
//   cosignature/v1 LF time SECONDS LF text of the head
//
// and states that this is the largest tree which the witness has seen of that book, grown out of all that it saw before. Its line holds 4 bytes of
// key id, 8 bytes of time (big-endian seconds), 64 of signature. The key id is the first four bytes of SHA-256( name LF 0x04 key ). A witness is
// named by its verifier key: name, key id in hex and base64( 0x04 key ), with plus signs between.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { concat, toHex, utf8 } from '../base/bytes.ts';
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts';

/** Label of the token key that cosigns heads of others. */
export const witnessKeyLabel = 'ledger-witness';

const type = 0x04;
/** Proof lines that a request may have. */
const mostProof = 63;

/** A witness as others know it. */
export interface Witness {
  readonly name: string;
  /** Ed25519, 32 bytes. */
  readonly key: Uint8Array;
}

/** That a witness saw a head, at a time of its own clock. */
export interface Cosignature {
  readonly name: string;
  /** ISO 8601. */
  readonly time: string;
}

/** Name of a station as a witness. */
export function witnessName(station: string): string {
  return `fuseline/${encodeURIComponent(station)}/witness`;
}

/** Its verifier key. */
export function witnessText({ name, key }: Witness): string {
  return `${name}+${keyIdOf({ name, key })}+${Buffer.from(concat(Uint8Array.of(type), key)).toString('base64')}`;
}

/** Null for what is no verifier key of a witness. */
export function parseWitness(text: string): Witness | null {
  const [, name, id, base64] = /^([^\s+]{1,512})\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text.trim()) ?? [];
  if (name === undefined) return null;
  const bytes = Buffer.from(base64!, 'base64');
  if (bytes.length !== 33 || bytes[0] !== type) return null;
  const witness = { name, key: Uint8Array.from(bytes.subarray(1)) };
  return keyIdOf(witness) === id ? witness : null;
}

function keyIdOf({ name, key }: Witness): string {
  return toHex(
    createHash('sha256').update(`${name}\n`).update(Uint8Array.of(type)).update(key).digest().subarray(0, 4),
  );
}

/** What a witness signs. `seconds`: since 1970. */
export function cosigned(text: string, seconds: number): Uint8Array {
  return utf8(`cosignature/v1\ntime ${seconds}\n${text}`);
}

/** The signature line, with its end. */
export function cosignatureLine(witness: Witness, seconds: number, signature: Uint8Array): string {
  const bytes = Buffer.alloc(12);
  bytes.write(keyIdOf(witness), 'hex');
  bytes.writeBigUInt64BE(BigInt(seconds), 4);
  return `\u2014 ${witness.name} ${Buffer.concat([bytes, signature]).toString('base64')}\n`;
}

/** What this witness says of the head; null: nothing that holds. */
export function cosignatureBy(head: Checkpoint, witness: Witness): Cosignature | null {
  const id = keyIdOf(witness);
  for (const { name, keyId, signature } of head.signatures) {
    if (name !== witness.name || keyId !== id || signature.length !== 72) continue;
    const seconds = Number(Buffer.from(signature).readBigUInt64BE());
    const isTime = seconds > 0 && seconds < 253_402_300_800;
    if (isTime && holds(witness.key, cosigned(head.text, seconds), signature.subarray(8)))
      return { name, time: new Date(seconds * 1000).toISOString() };
  }
  return null;
}

function holds(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const x = Buffer.from(key).toString('base64url');
  try {
    return verify(null, message, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }), signature);
  } catch {
    return false;
  }
}

/** A head on its way to a witness: since which size the proof is, and the proof (hex). */
export interface WitnessRequest {
  readonly old: number;
  readonly proof: readonly string[];
  /** As it stands in the request, with all its signature lines. */
  readonly note: string;
  readonly head: Checkpoint;
}

export function requestText({ old, proof, note }: Omit<WitnessRequest, 'head'>): string {
  return [`old ${old}`, ...proof.map((hash) => Buffer.from(hash, 'hex').toString('base64')), '', note].join('\n');
}

/** Null for what has not the form of one. */
export function parseRequest(text: string): WitnessRequest | null {
  const end = text.indexOf('\n\n');
  if (end < 0) return null;
  const [first, ...lines] = text.slice(0, end).split('\n');
  const [, old] = /^old (0|[1-9]\d{0,14})$/.exec(first!) ?? [];
  const isProof = lines.length <= mostProof && lines.every((line) => /^[A-Za-z0-9+/]{43}=$/.test(line));
  const note = text.slice(end + 2);
  const head = parseCheckpoint(note);
  if (old === undefined || !isProof || head === null) return null;
  return { old: Number(old), proof: lines.map((line) => Buffer.from(line, 'base64').toString('hex')), note, head };
}
