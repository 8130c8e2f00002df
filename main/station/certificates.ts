// What a customer's auditor is given of a device or a batch: one signed file each (docs/birth-certificate.md), which can be checked with the
// public key of the ledger's heads and nothing else.
import { fromHex, toHex } from '../base/bytes.ts';
import { type Clock, isoTime } from '../base/clock.ts';
import { sha256, sha256Hex } from '../base/digest.ts';
import { profileOf } from '../chip/profiles.ts';
import type { Cbor } from '../formats/cbor.ts';
import { sign1, type Unsigned } from '../formats/cose-sign1.ts';
import { headKeyLabel } from '../ledger/checkpoint.ts';
import type { Cosignature } from '../ledger/cosignature.ts';
import type { BatchProof, CertifiedBoard, Ledger, ProvenHead, ProvenRow } from '../ledger/ledger.ts';
import type { ChipKind } from '../model/chip.ts';
import { readSealedRecord } from '../model/evidence/sealed-record.ts';
import { RecipeFault, TokenFault } from '../model/fault.ts';
import type { BatchRecord, SealedRecord } from '../model/record.ts';
import { assuranceOf } from '../recipe/assurance/assurance.ts';
import type { Signer } from '../signing/signer.ts';
import { bookedSigner } from './booked-signer.ts';

/** Version of both payloads. */
const certificateVersion = 1;

export interface CertificateParts {
  readonly ledger: Ledger;
  readonly signer: Signer;
  readonly clock: Clock;
}

/** A certificate, and in a few words what it says. */
export interface Certificate {
  readonly bytes: Uint8Array;
  /** SHA-256 (hex) of the bytes. */
  readonly digest: string;
  readonly issued: string;
  /** Rows under the head that it leads to. */
  readonly size: number;
  /** Who else saw that head, by keys that the ledger names. */
  readonly seen: readonly Cosignature[];
}

export interface BirthCertificate extends Certificate {
  readonly record: SealedRecord;
}

export interface BatchCertificate extends Certificate {
  readonly batch: BatchRecord;
  readonly counts: BatchCounts;
  readonly boards: readonly CertifiedBoard[];
}

/** Boards of a batch by what became of them. */
export interface BatchCounts {
  readonly ordered: number | null;
  readonly boards: number;
  readonly states: Readonly<Partial<Record<CertifiedBoard['state'], number>>>;
  readonly unidentified: number;
  /** Ordered and not sealed; null: the batch had no number. */
  readonly left: number | null;
}

/**
 * The certificate of a sealed device. `signHead` signs a head over the rows as they are; it is called where the seal is behind the newest, or
 * that is by the key of a token before, since when people have taken another one for the right one.
 * RecipeFault `certificate.not-sealed`, `certificate.condemned`, `certificate.no-head`; LedgerFault where the ledger does not hold.
 */
export async function birthCertificate(
  parts: CertificateParts,
  mac: string,
  by: string | null,
  signHead: () => Promise<void>,
): Promise<BirthCertificate> {
  const { ledger, clock, signer } = parts;
  const { condemned } = await ledger.history(mac);
  if (condemned !== null) throw isCondemned(mac, condemned.reason);
  let [proof = null] = await ledger.proveSeals([mac]);
  if (proof !== null && (proof.path === null || (await isByAnother(proof.head, signer)))) {
    await signHead();
    [proof = null] = await ledger.proveSeals([mac]);
  }
  if (proof === null) throw notSealed(mac, (await ledger.acts({ what: 'ledger-restored', limit: 1 })).length > 0);
  const { row, path, head } = proof;
  if (path === null || head === null) throw noHead(mac);
  const record = readSealedRecord((JSON.parse(row.body) as { record: unknown }).record);
  const issued = isoTime(clock.now());
  const payload = birthPayload(record, { row, path }, head, issued);
  return {
    ...(await signed(parts, payload, 'birth', head, by)),
    issued,
    size: head.size,
    seen: head.seen ?? [],
    record,
  };
}

/** Whether this head was signed by another key than the one that the token has for heads. */
async function isByAnother(head: ProvenHead | null, signer: Signer): Promise<boolean> {
  const { spki } = await signer.findKey({ label: headKeyLabel });
  return head !== null && spki !== null && toHex(spki) !== head.publicKey;
}

/** What a birth certificate says: see docs/birth-certificate.md. */
export function birthPayload(record: SealedRecord, sealed: ProvenRow, head: ProvenHead, issued: string): Cbor {
  const { serial, chip } = record;
  return {
    ...{ type: 'fuseline birth certificate', version: certificateVersion, issued },
    device: { mac: chip.mac, chip: chip.kind, serial },
    assurance: assuranceOf(record, profileOf(chip.kind as ChipKind)).map(
      ({ section, recommendation, verdict, evidence, waiver }) => ({
        ...{ section, recommendation, verdict, evidence },
        ...(waiver === undefined ? {} : { waiver: { check: waiver.check, reason: waiver.reason, by: waiver.by } }),
      }),
    ),
    row: provenRow(sealed),
    head: headOf(head),
  };
}

/** The certificate of a batch, as far as the newest head goes. RecipeFault `certificate.no-batch`, `certificate.no-head`. */
export async function batchCertificate(
  parts: CertificateParts,
  id: string,
  by: string | null,
  signHead: () => Promise<void>,
): Promise<BatchCertificate> {
  await signHead();
  const proof = await parts.ledger.proveBatch(id);
  if (proof === null) throw noBatch(id);
  const { head, proven } = proof;
  if (head === null || proven === null) throw noHead(id);
  const batch = batchOf(proof);
  const issued = isoTime(parts.clock.now());
  const counts = countsOf(batch, proven.boards, proven.unidentified);
  const { boards, states, unidentified, left } = counts;
  const payload: Cbor = {
    ...{ type: 'fuseline batch certificate', version: certificateVersion, issued },
    batch: {
      ...{ id: batch.id, order: batch.order, ordered: batch.count, openedAt: batch.openedAt, closedAt: batch.closedAt },
      recipe: { name: batch.recipe.name, revision: batch.recipe.revision, hash: batch.recipe.hash },
    },
    counts: { boards, unidentified, left, states: states as Record<string, number> },
    boards: proven.boards.map(({ mac, serial, state, tries, row, hash }) => ({
      ...{ mac, serial, state, tries, row },
      hash: hash === null ? null : fromHex(hash),
    })),
    opened: provenRow(proven.opened),
    closed: proven.closed === null ? null : provenRow(proven.closed),
    head: headOf(head),
  };
  return {
    ...(await signed(parts, payload, 'batch', head, by)),
    issued,
    size: head.size,
    seen: head.seen ?? [],
    batch,
    counts,
    boards: proven.boards,
  };
}

function batchOf({ proven }: BatchProof): BatchRecord {
  const { batch } = JSON.parse(proven!.opened.row.body) as { batch: BatchRecord };
  const closed = proven!.closed === null ? null : (JSON.parse(proven!.closed.row.body) as { at: string });
  return { ...batch, closedAt: closed?.at ?? batch.closedAt };
}

function countsOf(batch: BatchRecord, boards: readonly CertifiedBoard[], unidentified: number): BatchCounts {
  const states: Partial<Record<CertifiedBoard['state'], number>> = {};
  for (const { state } of boards) states[state] = (states[state] ?? 0) + 1;
  const left = batch.count === null ? null : Math.max(0, batch.count - (states.sealed ?? 0));
  return { ordered: batch.count, boards: boards.length, states, unidentified, left };
}

function provenRow({ row, path }: ProvenRow): Cbor {
  const { row: number, at, kind, run, body, prev } = row;
  return { ...{ row: number, at, kind, run, body }, prev: fromHex(prev), path: path.map(fromHex) };
}

function headOf({ note, publicKey }: ProvenHead): Cbor {
  return { note, key: fromHex(publicKey) };
}

/** By the key of the heads: whoever was given its public half from elsewhere needs no other. */
async function signed(
  { ledger, signer, clock }: CertificateParts,
  payload: Cbor,
  of: 'birth' | 'batch',
  head: ProvenHead,
  by: string | null,
): Promise<{ readonly bytes: Uint8Array; readonly digest: string }> {
  const key = await signer.findKey({ label: headKeyLabel });
  if (key.spki === null || toHex(key.spki) !== head.publicKey)
    throw new TokenFault({
      code: 'token.head-key',
      what: `The token's key '${headKeyLabel}' is not the one that signed the ledger's newest head.`,
      next: 'Put the right token in, or let two custodians take this one for the right one (token accept). A certificate is signed by the key of the heads, or not at all; nothing was changed.',
      details: { signedBefore: head.publicKey, found: key.spki === null ? null : toHex(key.spki) },
    });
  const unsigned = unsignedCertificate(payload, of, key.spki);
  const booked = bookedSigner(signer, { ledger, clock }, by);
  const ref = { label: key.label, id: key.id };
  const bytes = unsigned.with(await booked.sign(ref, 'ecdsa', sha256(unsigned.toBeSigned)));
  return { bytes, digest: sha256Hex(bytes) };
}

/** The message, but for its signature by the key of this SubjectPublicKeyInfo. */
export function unsignedCertificate(payload: Cbor, of: 'birth' | 'batch', spki: Uint8Array): Unsigned {
  const contentType = `application/vnd.fuseline.${of}-certificate+cbor`;
  return sign1(payload, { contentType, keyId: sha256(spki) });
}

function notSealed(mac: string, isRestored: boolean): RecipeFault {
  return new RecipeFault({
    code: 'certificate.not-sealed',
    what: `${mac} is not sealed: there is nothing to certify.`,
    next: isRestored
      ? 'An older copy was put in the place of this ledger: a board that was sealed since is sealed, and a certificate that was given of it holds. Else finish the board; audit show tells what became of it.'
      : 'Finish the board, or name another one; audit show tells what became of it.',
  });
}

function isCondemned(mac: string, reason: string): RecipeFault {
  return new RecipeFault({
    code: 'certificate.condemned',
    what: `${mac} is condemned (${reason}): no certificate is given of it.`,
    next: 'The certificate of its batch names it; audit show tells its history.',
  });
}

function noBatch(id: string): RecipeFault {
  return new RecipeFault({
    code: 'certificate.no-batch',
    what: `The ledger has no batch ${JSON.stringify(id)}.`,
    next: 'Give the id of a batch: audit list shows it with each device.',
  });
}

function noHead(what: string): RecipeFault {
  return new RecipeFault({
    code: 'certificate.no-head',
    what: `No signed head of the ledger covers the rows of ${what}, and none can be signed now.`,
    next: `Let the token sign (its key '${headKeyLabel}'; the program log says why it did not), and ask again.`,
  });
}
