// Stations see each other's heads (c2sp.org/tlog-witness, with files in place of HTTP): whoever cosigned a head of a book finds it when that book
// is cut, rolled back or written anew, also by the people who have its token.
import type { KeyObject } from 'node:crypto';
import { toHex } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { Mutex } from '../base/mutex.ts';
import { headKey, parseCheckpoint, signatureLines, signedBy } from '../ledger/checkpoint.ts';
import {
  cosignatureBy,
  cosignatureLine,
  cosigned,
  parseRequest,
  requestText,
  type Witness,
  type WitnessRequest,
  witnessKeyLabel,
  witnessName,
  witnessText,
} from '../ledger/cosignature.ts';
import { givenHeadKey, givenWitness } from '../ledger/given-keys.ts';
import type { Ledger, StationAct } from '../ledger/ledger.ts';
import { isGrown } from '../ledger/merkle.ts';
import { type Fault, isFault, LedgerFault, RecipeFault, TokenFault } from '../model/fault.ts';
import type { Signer, TokenKey } from '../signing/signer.ts';
import { ed25519OfSpki } from '../signing/spki.ts';
import { requireStationClock } from './station-clock.ts';

export interface WitnessingParts {
  readonly ledger: Ledger;
  readonly signer: Signer;
  readonly clock: Clock;
  /** The token is the private SoftHSM of the data folder: a missing key is made in it without asking. */
  readonly embeddedToken?: boolean;
}

/** Longer than the origin of any book, and than the name of any witness. */
const longest = 512;

/** Heads are judged and booked one at a time: two at once could each be held against the same one before. */
const turn = new Mutex();

/** What this station is as a witness, for whoever is to believe it. Faults as `key`. */
export async function ownWitness(parts: WitnessingParts): Promise<Witness> {
  return (await keyOf(parts)).witness;
}

/**
 * The newest head on its way to a witness, with the proof that it grew out of the one that the witness saw last: of `old` rows; left out: of
 * those that `of`, or the only one who ever did, cosigned last. RecipeFault `witness.old` where the newest head has fewer, `certificate.no-head`.
 */
export async function askWitness(
  { ledger }: WitnessingParts,
  { old, of }: { readonly old?: number; readonly of?: string },
  signHead: () => Promise<void>,
): Promise<string> {
  await signHead();
  const from = old ?? (await lastSeen(ledger, of));
  const size = parseCheckpoint((await ledger.newestCheckpoint()) ?? '')?.size;
  if (size === undefined) throw noHead();
  if (from > size)
    throw new RecipeFault({
      code: 'witness.old',
      what: `The witness is said to have seen ${from} rows, and the newest head of this ledger has ${size}.`,
      next: 'Give the number that the witness names (--old). If it is right, this ledger lost its end or is an older copy: stop, and restore the newest one.',
    });
  const { head, path } = (await ledger.proveGrowth(from))!;
  return requestText({ old: from, proof: path, note: head.note });
}

async function lastSeen(ledger: Ledger, of: string | undefined): Promise<number> {
  const acts = await ledger.acts({ what: 'head-cosigned', ...(of === undefined ? {} : { about: of }), limit: 100 });
  const names = new Set(acts.map(({ about }) => about));
  if (of === undefined && names.size > 1)
    throw new RecipeFault({
      code: 'witness.which',
      what: `${names.size} witnesses cosigned heads of this ledger: ${[...names].join(', ')}.`,
      next: 'Say for which of them this is (--of NAME).',
    });
  return Number(acts[0]?.detail.size ?? 0);
}

/**
 * Looks at the head of another book and cosigns it where it grew out of the last one of that book which was cosigned here. `key`: the public
 * key of its heads, from elsewhere; it can be left out once it was given. The row that says so is there before the cosignature. Gives the
 * head with this station's line. What is refused as a fork or as a rollback is a row as well.
 * RecipeFault `witness.request`, `witness.own`, `witness.unknown`, `audit.key`, `witness.signature`, `witness.old`; LedgerFault `witness.rollback`,
 * `witness.fork`; TokenFault `witness.key`.
 */
export function witnessHead(
  parts: WitnessingParts,
  { request: text, key }: { readonly request: string; readonly key?: string },
  by: string | null,
): Promise<string> {
  return turn.run(async () => {
    const { ledger, clock } = parts;
    const request = parseRequest(text);
    if (request === null || request.head.origin.length > longest || request.old > request.head.size)
      throw new RecipeFault({
        code: 'witness.request',
        what: 'This file does not ask for a witness: it is not an old size, a proof and a signed head.',
        next: 'Take the file as "heads ask" wrote it at the other station.',
      });
    const { head } = request;
    if (head.origin === (await ledger.treeHead()).origin)
      throw new RecipeFault({
        code: 'witness.own',
        what: 'This head is of the ledger of this very station: what it says of itself is no witness.',
        next: 'Carry the file to another station.',
      });
    const [before] = await witnessed(ledger, head.origin);
    const logKey = keyOfLog(key ?? before?.detail.key, head.origin);
    if (!signedBy(head, logKey))
      throw new RecipeFault({
        code: 'witness.signature',
        what: `This head of ${head.origin} is not signed by ${key === undefined ? 'the key that its heads were signed by until now' : 'the given key'}.`,
        next: 'Nothing was cosigned. Ask the other station for the key of its heads ("audit key"); after a ceremony with another token, give the new one (--key), had from elsewhere.',
      });
    const refusal = refusalOf(request, before?.detail);
    if (refusal !== null) {
      const { code, what } = refusal;
      if (refusal.faultClass === 'ledger')
        await ledger.noteAct(seen('head-refused', request, by, { reason: code, what }));
      throw refusal;
    }
    await requireStationClock({ ledger, clock });
    const { ref, witness } = await keyOf(parts);
    const spki = toHex(new Uint8Array(logKey.export({ type: 'spki', format: 'der' })));
    await ledger.noteAct(seen('head-witnessed', request, by, { key: spki }));
    const seconds = Math.floor(clock.now() / 1000);
    const signature = await parts.signer.sign(ref, 'ed25519', cosigned(head.text, seconds));
    return `${request.note}${cosignatureLine(witness, seconds, signature)}`;
  });
}

const witnessed = (ledger: Pick<Ledger, 'acts'>, origin: string) =>
  ledger.acts({ what: 'head-witnessed', about: origin, limit: 1 });

/** The head of another book that was cosigned here last; of no rows where none was. `root`: as `parseCheckpoint` gives it. */
export async function lastWitnessed(
  ledger: Pick<Ledger, 'acts'>,
  origin: string,
): Promise<{ readonly size: number; readonly root: string }> {
  const [before] = await witnessed(ledger, origin);
  return seenBefore(before?.detail);
}

function seenBefore(detail: StationAct['detail'] | undefined) {
  return { size: Number(detail?.size ?? 0), root: String(detail?.root ?? '') };
}

function keyOfLog(text: unknown, origin: string): KeyObject {
  if (typeof text === 'string') return givenHeadKey(text);
  throw new RecipeFault({
    code: 'witness.unknown',
    what: `This station never saw a head of ${origin}, and does not know by which key its heads are signed.`,
    next: 'Give the public key of its heads, from elsewhere than this file (--key FILE; "audit key" at the other station).',
  });
}

/** Why a head is not cosigned after the one before; null: it grew out of it. */
function refusalOf({ head, old, proof }: WitnessRequest, before: StationAct['detail'] | undefined): Fault | null {
  const { origin, size, root } = head;
  const last = seenBefore(before);
  if (size < last.size)
    return new LedgerFault({
      code: 'witness.rollback',
      what: `The head of ${origin} is over ${size} rows, and this station cosigned one over ${last.size}: that ledger lost its end, or an older copy lies in its place.`,
      next: 'Nothing was cosigned, and a row says so. Stop that station, keep its ledger as it is, and restore its newest copy.',
      details: { origin, size, seen: last.size },
    });
  const isOther = size === last.size && root !== last.root;
  if (!isOther && old !== last.size && size !== last.size)
    return new RecipeFault({
      code: 'witness.old',
      what: `This station cosigned ${last.size} rows of ${origin} last, and the proof is from row ${old} on.`,
      next: `Ask again at the other station: heads ask --old ${last.size}.`,
      details: { origin, seen: last.size },
    });
  if (!isOther && (size === last.size || isGrown(old, last.root, size, root, proof))) return null;
  return new LedgerFault({
    code: 'witness.fork',
    what: `The head of ${origin} over ${size} rows does not go on from the one over ${last.size} rows that this station cosigned: rows of that ledger were written anew, or there are two of it.`,
    next: 'Nothing was cosigned, and a row keeps the head, which is signed: it proves the fork. Stop that station and keep its ledger as it is.',
    details: { origin, size, seen: last.size },
  });
}

function seen(
  what: 'head-witnessed' | 'head-refused',
  { head, note }: WitnessRequest,
  by: string | null,
  more: StationAct['detail'],
): StationAct {
  const { origin, size, root } = head;
  return { what, by: by === null ? [] : [by], about: origin, detail: { size, root, ...more, note } };
}

/**
 * Keeps what a witness said of a head of this ledger. `witness`: its verifier key, from elsewhere. `answer`: the head with its line, or only the
 * line, where `request` is what it was asked with. RecipeFault `audit.witness-key`, `witness.answer`, `witness.not-ours`, `witness.not-cosigned`.
 */
export async function takeCosignature(
  { ledger }: WitnessingParts,
  { answer, request, witness: text }: { readonly answer: string; readonly request?: string; readonly witness: string },
  by: string | null,
): Promise<{ readonly name: string; readonly size: number; readonly time: string }> {
  const witness = givenWitness(text);
  const asked = request === undefined ? null : parseRequest(request);
  const note = asked === null || !answer.startsWith('\u2014 ') ? answer : `${asked.note}${answer}`;
  const head = parseCheckpoint(note);
  if (head === null)
    throw new RecipeFault({
      code: 'witness.answer',
      what: 'This file is no head with the line of a witness.',
      next: 'Take the file as the witness gave it; where that is signature lines alone, give the request as well (--request).',
    });
  await mustBeOurs(ledger, head);
  const said = cosignatureBy(head, witness);
  if (said === null)
    throw new RecipeFault({
      code: 'witness.not-cosigned',
      what: `The head over ${head.size} rows bears no cosignature by ${witness.name} that holds.`,
      next: 'Take the file as the witness gave it, and the key of that very witness.',
    });
  const { size, text: signed } = head;
  const acts = await ledger.acts({ what: 'head-cosigned', about: witness.name, limit: 1 });
  if (acts[0]?.detail.size !== size)
    await ledger.noteAct({
      ...{ what: 'head-cosigned', by: by === null ? [] : [by], about: witness.name },
      detail: {
        size,
        time: said.time,
        witness: witnessText(witness),
        note: linesOf(signed, note, head.origin, witness.name),
      },
    });
  return { name: witness.name, size, time: said.time };
}

/** The head with its own line and that of the witness: what others put below it is theirs. */
function linesOf(text: string, note: string, ...names: readonly string[]): string {
  const kept = signatureLines(note).filter((line) => names.some((name) => line.startsWith(`\u2014 ${name} `)));
  return `${text}\n${kept.join('')}`;
}

/** Of this ledger, signed by its key, and under the newest head. */
async function mustBeOurs(ledger: Ledger, head: NonNullable<ReturnType<typeof parseCheckpoint>>): Promise<void> {
  const { origin, size, root } = head;
  const newest = await ledger.newestCheckpoint();
  const ours = parseCheckpoint(newest ?? '');
  const { signedBefore } = await ledger.treeHead();
  const key = signedBefore === null ? null : headKey(signedBefore.publicKey);
  if (ours !== null && key !== null && origin === ours.origin && size <= ours.size && signedBy(head, key)) {
    const growth = (await ledger.proveGrowth(size))!;
    if (isGrown(size, root, growth.head.size, growth.head.root, growth.path)) return;
  }
  throw new RecipeFault({
    code: 'witness.not-ours',
    what: `The head that was cosigned (${origin}, ${size} rows) is none of this ledger.`,
    next: 'Take the answer to the file that "heads ask" wrote here. If it is, this ledger was cut or written anew since: let "audit verify" look at it.',
  });
}

/** The key by which this station cosigns, and what others know it by. */
async function keyOf({ signer, ledger, embeddedToken = false }: WitnessingParts): Promise<{
  readonly ref: { readonly label: string; readonly id: string };
  readonly witness: Witness;
}> {
  const found = await signer.findKey({ label: witnessKeyLabel }).catch(async (error: unknown): Promise<TokenKey> => {
    if (!embeddedToken || !isFault(error, 'token.no-key')) throw error;
    return await signer.generateKey({ label: witnessKeyLabel, use: 'ledger', algorithm: 'ed25519' });
  });
  const key = found.spki === null || found.algorithm !== 'ed25519' ? null : ed25519OfSpki(found.spki);
  if (key === null)
    throw new TokenFault({
      code: 'witness.key',
      what: `The token's key '${witnessKeyLabel}' is of the kind ${found.algorithm}, and cosignatures are made with Ed25519.`,
      next: `Make it anew: token keys --make ed25519 --label ${witnessKeyLabel}. A token that has no Ed25519 cannot witness.`,
    });
  const [genesis] = await ledger.plainRows(0, 1);
  const { station } = JSON.parse(genesis!.body) as { station: string };
  return { ref: { label: found.label, id: found.id }, witness: { name: witnessName(station), key } };
}

function noHead(): RecipeFault {
  return new RecipeFault({
    code: 'certificate.no-head',
    what: 'No signed head of the ledger is there to be witnessed, and none can be signed now.',
    next: "Let the token sign (its key 'ledger-heads'; the program log says why it did not), and ask again.",
  });
}

/** More books than one station ever sees. */
const mostSeen = 1000;

/** The largest head of each other book that was cosigned here, newest first. */
export async function cosignedHere(
  ledger: Pick<Ledger, 'acts'>,
): Promise<readonly { readonly origin: string; readonly size: number; readonly at: string; readonly note: string }[]> {
  const newest = new Map<string, { origin: string; size: number; at: string; note: string }>();
  for (const { about, at, detail } of await ledger.acts({ what: 'head-witnessed', limit: mostSeen }))
    if (about !== null && !newest.has(about))
      newest.set(about, { origin: about, size: Number(detail.size), at, note: String(detail.note) });
  return [...newest.values()];
}
