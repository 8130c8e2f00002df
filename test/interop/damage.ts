// What happens to files, and what forgers do to them.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { seededRandom } from '../../main/base/random.ts';
import { encodeCbor } from '../../main/formats/cbor.ts';
import { hashOfParts } from '../../main/ledger/chain.ts';
import { checkpointText, parseCheckpoint, signedNote } from '../../main/ledger/checkpoint.ts';
import type { ProvenHead, ProvenRow } from '../../main/ledger/ledger.ts';
import { leafHash, nodeHash } from '../../main/ledger/merkle.ts';
import type { SealedRecord } from '../../main/model/record.ts';
import { birthPayload, unsignedCertificate } from '../../main/station/certificates.ts';

/** From 0 to below `below`. */
export type Draw = (below: number) => number;

export function drawOf(seed: number): Draw {
  const random = seededRandom(seed);
  return (below) => (below <= 1 ? 0 : Buffer.from(random(4)).readUInt32LE() % below);
}

/** A file with one thing wrong in it: a bit, a cut, two parts that changed places. */
export function damaged(file: Uint8Array, draw: Draw): Uint8Array {
  const bytes = Uint8Array.from(file);
  const at = draw(bytes.length);
  switch (draw(4)) {
    case 0:
    case 1:
      bytes[at]! ^= 1 << draw(8);
      return bytes;
    case 2: {
      const end = draw(2) === 0 ? bytes.length : at + 1 + draw(64);
      return new Uint8Array(Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]));
    }
    default: {
      const length = 1 + draw(40);
      const [a, b] = [draw(bytes.length - length), draw(bytes.length - length)];
      const [first, second] = [bytes.slice(a, a + length), bytes.slice(b, b + length)];
      bytes.set(second, a);
      bytes.set(first, b);
      return Buffer.compare(bytes, file) === 0 ? damaged(file, draw) : bytes;
    }
  }
}

/** Signs as a token does, with a key of a file. */
export function es256(key: KeyObject, message: Uint8Array): Uint8Array {
  return new Uint8Array(sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' }));
}

const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ownSpki = new Uint8Array(own.publicKey.export({ type: 'spki', format: 'der' }));

/** The root to which a leaf leads. */
function rootOf(leaf: string, index: number, size: number, path: readonly string[]): string {
  let [fn, sn, hash] = [index, size - 1, leaf];
  for (const step of path) {
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(step, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
    } else hash = nodeHash(hash, step);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return hash;
}

/**
 * Somebody who can write everything, and has every key but that of the token: another device is put into the row, which is hashed anew with
 * the tree and the head over it; signed by an own key, under its own name or under that of the token's, or with signatures of before.
 */
export function forged(
  record: SealedRecord,
  { row, path }: ProvenRow,
  head: ProvenHead,
  truly: Uint8Array,
  draw: Draw,
): Uint8Array {
  const other: SealedRecord = { ...record, serial: `${record.serial}-${draw(1000)}` };
  const body = row.body.replace(
    `"serial":${JSON.stringify(record.serial)}`,
    `"serial":${JSON.stringify(other.serial)}`,
  );
  const hash = hashOfParts(row, body);
  const { origin, size } = parseCheckpoint(head.note)!;
  const root = rootOf(leafHash(hash), row.row - 1, size, path);
  const text = checkpointText({ origin, size, root }, Date.UTC(2026, 10, 26), 'a forgery');
  const asOwn = draw(3);
  const spki = asOwn === 0 ? ownSpki : Buffer.from(head.publicKey, 'hex');
  const signature = new Uint8Array(sign('sha256', Buffer.from(text), { key: own.privateKey, dsaEncoding: 'der' }));
  const note =
    asOwn === 2 ? text + head.note.slice(head.note.lastIndexOf('\n\n') + 1) : signedNote(text, origin, spki, signature);
  const payload = birthPayload(
    other,
    { row: { ...row, body, hash }, path },
    { ...head, note, root, publicKey: Buffer.from(spki).toString('hex') },
    '2026-11-26T05:00:00.000Z',
  );
  const message = unsignedCertificate(payload, 'birth', spki);
  // of before: the last 64 bytes of the true file are its signature
  return message.with(asOwn === 2 ? truly.slice(-64) : es256(own.privateKey, message.toBeSigned));
}

/** Forms that mean the same to lenient readers. */
export function otherForms(file: Uint8Array): Uint8Array[] {
  const bare = file.subarray(1);
  return [
    bare,
    Uint8Array.from([...file, 0]),
    Uint8Array.from([0xd8, 18, ...bare]),
    Uint8Array.from([0xd2, 0x98, 4, ...bare.subarray(1)]),
    Uint8Array.from([0xd2, 0x9f, ...bare.subarray(1), 0xff]),
    Uint8Array.from(encodeCbor(file)),
  ];
}
