// The signed heads of a book, and those that others kept of it, held against its rows as they are read.
import type { KeyObject } from 'node:crypto';
import { sha256Hex } from '../base/digest.ts';
import type { ChainBreak, ChainHead } from './chain.ts';
import {
  type Checkpoint,
  type Head,
  headKey,
  headKeyLabel,
  originOf,
  parseCheckpoint,
  parseHeadLine,
  sameKey,
  signatureLines,
  signedBy,
} from './checkpoint.ts';
import { type Cosignature, cosignatureBy, parseWitness, type Witness, witnessText } from './cosignature.ts';
import type { AuditOptions, ChainReport, Witnessed } from './ledger.ts';
import { MerkleTree } from './merkle.ts';

/** What a row of kind `checkpoint` says. */
interface HeadBody {
  readonly note?: unknown;
  readonly publicKey?: unknown;
}

/** A head that holds, and the tree under it. */
export interface HeadPlace {
  readonly note: string;
  /** Hex of the DER SubjectPublicKeyInfo. */
  readonly publicKey: string;
  /** Of the tree, largest first (MerkleTree). */
  readonly parts: readonly string[];
  /** How many heads there were up to it. */
  readonly heads: number;
}

/** The tree of the first `count` of some rows. */
export interface TreePart {
  readonly count: number;
  readonly parts: readonly string[];
}

/** The head that a body of kind `checkpoint` holds, or null. */
export function headIn(body: unknown): Checkpoint | null {
  return parseCheckpoint(String((body as HeadBody | null)?.note));
}

/** A row in which people took a token for the right one although it has not the key of the heads until then: a later head may be by another. */
interface KeyAccepted {
  readonly row: number;
  readonly by: readonly string[];
}

/** Whether an act, as its row holds it, says that. */
export function acceptsOtherHeadKey(act: unknown): act is { readonly by: readonly string[] } {
  const { what, about, by, detail } = (act ?? {}) as Readonly<Record<string, unknown>>;
  if (what !== 'token-known' || about !== 'own' || !isTexts(by)) return false;
  const { reason, others, lost } = (detail ?? {}) as Readonly<Record<string, unknown>>;
  const without = [others, lost].flatMap((labels) => (isTexts(labels) ? labels : []));
  return typeof reason === 'string' && reason !== '' && without.includes(headKeyLabel);
}

/** What an act says of a head that somebody else cosigned; null: it says nothing of the kind. */
function cosignedIn(act: unknown): { readonly note: string; readonly witness: string } | null {
  const { what, detail } = (act ?? {}) as Readonly<Record<string, unknown>>;
  if (what !== 'head-cosigned') return null;
  const { note, witness } = (detail ?? {}) as Readonly<Record<string, unknown>>;
  return { note: String(note), witness: String(witness) };
}

/** A head with the lines of those who cosigned it, each of which holds by the key that the ledger names. */
export interface SeenHead {
  readonly note: string;
  readonly seen: readonly Cosignature[];
}

/** By the text of each cosigned head, out of acts that say so. */
export function cosignedNotes(acts: readonly unknown[]): ReadonlyMap<string, SeenHead> {
  const notes = new Map<string, SeenHead>();
  for (const act of acts) {
    const said = cosignedIn(act);
    const head = said === null ? null : parseCheckpoint(said.note);
    const witness = said === null ? null : parseWitness(said.witness);
    const cosignature = head === null || witness === null ? null : cosignatureBy(head, witness);
    if (head === null || cosignature === null) continue;
    const { note = '', seen = [] } = notes.get(head.text) ?? {};
    const lines = new Set([note, said!.note].flatMap((one) => signatureLines(one)));
    const others = seen.filter(({ name }) => name !== cosignature.name);
    notes.set(head.text, { note: `${head.text}\n${[...lines].join('')}`, seen: [...others, cosignature] });
  }
  return notes;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

/** Heads by one key, from the one after those of the key before. */
interface KeyOfHeads {
  readonly key: KeyObject;
  /** By what another key was followed by this one; null: it is the first. */
  readonly accepted: KeyAccepted | null;
}

/** Whether `HeadCheck.take` wants to know what a row of this kind says. */
export const saysOfHeads = (kind: string): boolean => kind === 'checkpoint' || kind === 'act';

/** Takes the rows of a chain that holds, one after the other, and says what a head does not fit. */
export class HeadCheck {
  readonly #key: KeyObject | null;
  readonly #witnesses: readonly string[];
  readonly #kept: readonly Head[];
  /** Sizes of all heads that there will be. */
  readonly #sizes: ReadonlySet<number>;
  #tree = new MerkleTree();
  /** Roots (hex) of the tree at those sizes, as far as it has grown. */
  readonly #roots = new Map<number, string>();
  /** Parts of the tree at those sizes. */
  readonly #parts = new Map<number, readonly string[]>();
  #newest: HeadPlace | null = null;
  /** Heads under the place where it began, and rows before it. */
  #before = 0;
  #began = 0;
  /** Heads that fit, and those of them that count: by the given key, or all where none was given. */
  readonly #fitting: Checkpoint[] = [];
  readonly #counted: Checkpoint[] = [];
  /** Keys of the heads, oldest first. */
  readonly #keys: KeyOfHeads[] = [];
  /** By what the next head may be by another key. */
  #accepted: KeyAccepted | null = null;
  /** The first head that is not by the given key. */
  #strange: ChainBreak | null = null;
  #origin = '';
  readonly #cosigners: readonly Witness[];
  /** By name and key the largest head that each cosigned. */
  readonly #witnessed = new Map<string, Witnessed>();

  /** `heads`: all of the book, which are believed in nothing but that their sizes are worth a root. */
  constructor(options: AuditOptions, heads: readonly Checkpoint[]) {
    this.#key = options.key === undefined ? null : headKey(options.key);
    this.#witnesses = options.witnesses ?? [];
    this.#cosigners = (options.cosigners ?? []).flatMap((text) => parseWitness(text) ?? []);
    this.#kept = (options.kept ?? []).flatMap((line) => parseHeadLine(line) ?? []);
    const witnessed = [
      ...this.#witnesses.flatMap((note) => parseCheckpoint(note)?.size ?? []),
      ...this.#kept.map(({ size }) => size),
    ];
    this.#sizes = new Set([...heads.map(({ size }) => size), ...witnessed]);
  }

  /** Of which a root is wanted, ascending. */
  get wanted(): readonly number[] {
    return [...this.#sizes].sort((a, b) => a - b);
  }

  /** Hex. */
  get root(): string {
    return this.#tree.root();
  }

  /** Goes on from a head that held, instead of from row 1. */
  begin(origin: string, place: HeadPlace): void {
    const checkpoint = parseCheckpoint(place.note)!;
    this.#origin = origin;
    this.#keys.push({ key: headKey(place.publicKey)!, accepted: null });
    this.#tree = new MerkleTree(checkpoint.size, place.parts);
    this.#roots.set(checkpoint.size, checkpoint.root);
    this.#parts.set(checkpoint.size, place.parts);
    this.#fitting.push(checkpoint);
    this.#counted.push(checkpoint);
    this.#newest = place;
    this.#before = place.heads - 1;
    this.#began = checkpoint.size;
  }

  /** The newest head that holds; null: none. */
  get newest(): HeadPlace | null {
    return this.#newest;
  }

  /** Takes a row that the chain holds. */
  take(row: number, kind: string, hash: string, body: unknown): ChainBreak | null {
    const broken = this.hear(row, kind, body);
    this.#tree.append(hash);
    this.#remember(this.#tree);
    return broken;
  }

  /** Takes the next `count` rows as the parts of their tree (MerkleTree.join), and those it has at wanted sizes within; what they say is to be heard. */
  grow(count: number, parts: readonly string[], within: readonly TreePart[]): void {
    for (const part of within) {
      const tree = new MerkleTree(this.#tree.size, this.#tree.parts);
      tree.join(part.count, part.parts);
      this.#remember(tree);
    }
    this.#tree.join(count, parts);
  }

  /** What row 1 and rows of which `saysOfHeads` say; those before it were taken. */
  hear(row: number, kind: string, body: unknown): ChainBreak | null {
    if (row === 1) this.#origin = originOf(body as { station: string; ledger: string });
    const cosigned = kind === 'act' ? cosignedIn(body) : null;
    const broken =
      kind === 'checkpoint'
        ? this.#head(row, body as HeadBody)
        : cosigned === null
          ? null
          : this.#cosigned(row, cosigned);
    if (kind === 'act' && acceptsOtherHeadKey(body)) this.#accepted = { row, by: body.by };
    return broken;
  }

  #remember(tree: MerkleTree): void {
    if (!this.#sizes.has(tree.size)) return;
    this.#roots.set(tree.size, tree.root());
    this.#parts.set(tree.size, tree.parts);
  }

  /** After the last row: heads that others kept, and whether there is one by the key that was given. */
  end(head: ChainHead): ChainBreak | null {
    for (const note of this.#witnesses) {
      const broken = this.#againstWitness(note, head);
      if (broken !== null) return broken;
    }
    for (const kept of this.#kept) {
      const broken = this.#againstKept(kept, head, 'kept');
      if (broken !== null) return broken;
    }
    const unseen = this.#cosigners.find((witness) => this.#witnessed.get(witnessText(witness)) === undefined);
    if (unseen !== undefined)
      return {
        row: 1,
        reason: `no head of this book is cosigned by ${unseen.name}: what it said was taken out, or it was never asked`,
      };
    if (this.#key === null || this.#counted.length > 0) return null;
    return (
      this.#strange ?? {
        row: 1,
        reason: 'no head of this book is signed by the given key: its heads were taken out, or it never had one',
      }
    );
  }

  get signed(): ChainReport['signed'] {
    const newest = this.#counted.at(-1);
    if (newest === undefined) return null;
    const changes = this.#keys.flatMap(({ key, accepted }) =>
      accepted === null ? [] : [{ key: fingerprint(key), acceptedIn: accepted.row, by: accepted.by }],
    );
    return {
      ...{
        heads: this.#before + this.#counted.length,
        size: newest.size,
        time: newest.time,
        unsigned: this.#tree.size - newest.size,
      },
      key: fingerprint(this.#key ?? this.#keys.at(-1)!.key),
      by: this.#key === null ? 'own key' : 'given key',
      ...(changes.length === 0 ? {} : { changes }),
      ...(this.#witnessed.size === 0 ? {} : { witnessed: [...this.#witnessed.values()] }),
    };
  }

  /**
   * A head of the book itself: of this book, over rows before it, with the root that they have, signed by the key that it names: that of the
   * heads before it, or another which people accepted since, in a row that is under the head.
   */
  #head(row: number, body: HeadBody): ChainBreak | null {
    const checkpoint = headIn(body);
    const key = headKey(String(body.publicKey));
    const wrong = (from: number, reason: string) => ({
      row: from,
      reason: `row ${row} is a signed head and ${reason}`,
    });
    if (checkpoint === null || key === null) return wrong(row, 'has not the form of one');
    const before = this.#keys.at(-1);
    const isOther = before !== undefined && !sameKey(before.key, key);
    const accepted = isOther ? this.#accepted : null;
    if (isOther && accepted === null)
      return wrong(row, 'is of another key than the heads before it: somebody else signed it');
    if (checkpoint.origin !== this.#origin) return wrong(row, `is of another book (${checkpoint.origin})`);
    if (!signedBy(checkpoint, key)) return wrong(row, 'is not signed by the key that it names');
    const size = row - 1;
    if (checkpoint.size > size) return wrong(size, `is over ${checkpoint.size} rows, of which ${size} are there`);
    if (accepted !== null && checkpoint.size < accepted.row)
      return wrong(row, `is of another key and not over row ${accepted.row}, in which that was accepted`);
    if (this.#roots.get(checkpoint.size) !== checkpoint.root)
      return wrong(
        this.#doubtful(checkpoint.size),
        `does not fit rows 1 to ${checkpoint.size}: they were written anew after they were signed`,
      );
    if (before === undefined || isOther) this.#keys.push({ key, accepted });
    // a row that is under a head by the key before changes none any more
    if (this.#accepted !== null && (isOther || checkpoint.size >= this.#accepted.row)) this.#accepted = null;
    // that of the place where it began has its row behind it
    for (const list of [this.#fitting, this.#counted]) if (list.at(-1)?.text === checkpoint.text) list.pop();
    this.#fitting.push(checkpoint);
    if (this.#key === null || sameKey(this.#key, key)) this.#counted.push(checkpoint);
    else this.#strange ??= wrong(row, 'is not signed by the given key');
    const parts = this.#parts.get(checkpoint.size)!;
    this.#newest = {
      note: String(body.note),
      publicKey: String(body.publicKey),
      parts,
      heads: this.#before + this.#fitting.length,
    };
    return null;
  }

  /** What somebody else says of a head of this book: it is one, and he did say so. */
  #cosigned(
    row: number,
    { note, witness: text }: { readonly note: string; readonly witness: string },
  ): ChainBreak | null {
    const wrong = (reason: string) => ({
      row,
      reason: `row ${row} says that somebody else cosigned a head, and ${reason}`,
    });
    const checkpoint = parseCheckpoint(note);
    const witness = parseWitness(text);
    const cosignature: Cosignature | null =
      checkpoint === null || witness === null ? null : cosignatureBy(checkpoint, witness);
    if (checkpoint === null || witness === null || cosignature === null) return wrong('nobody did');
    if (checkpoint.origin !== this.#origin) return wrong(`that is of another book (${checkpoint.origin})`);
    const { size, root } = checkpoint;
    // a head before the place where it began was held then
    if ((size >= row || this.#roots.get(size) !== root) && size >= this.#began)
      return wrong(`that does not fit rows 1 to ${size}: they were written anew after it was seen`);
    const key = witnessText(witness);
    const before = this.#witnessed.get(key);
    const isGiven = this.#cosigners.some((given) => witnessText(given) === key);
    if (before === undefined || before.size <= size)
      this.#witnessed.set(key, {
        ...{ name: witness.name, key, size, time: cosignature.time },
        by: isGiven ? 'given key' : 'own word',
      });
    return null;
  }

  /** A head that somebody else kept: a book that ends before it was cut, or is an older copy; one that it does not fit was written anew. */
  #againstWitness(note: string, head: ChainHead): ChainBreak | null {
    const checkpoint = parseCheckpoint(note);
    const keys = [...(this.#key === null ? [] : [this.#key]), ...this.#keys.map(({ key }) => key)];
    const wrong = (row: number, reason: string) => ({ row, reason: `the witnessed head ${reason}` });
    if (checkpoint === null) return wrong(head.row, 'has not the form of a signed head');
    if (checkpoint.origin === this.#origin && keys.length > 0 && !keys.some((key) => signedBy(checkpoint, key)))
      return wrong(head.row, `is not signed by ${this.#key === null ? 'the key of this book' : 'the given key'}`);
    return this.#againstKept(checkpoint, head, 'witnessed');
  }

  #againstKept({ origin, size, root }: Head, head: ChainHead, how: 'witnessed' | 'kept'): ChainBreak | null {
    const wrong = (row: number, reason: string) => ({ row, reason: `the ${how} head ${reason}` });
    if (origin !== this.#origin) return wrong(1, `is of another book (${origin})`);
    if (size > head.row)
      return wrong(
        head.row + 1,
        `is over ${size} rows, and the book ends at row ${head.row}: its end was cut off, or it is an older copy`,
      );
    if (this.#roots.get(size) === root) return null;
    return wrong(this.#doubtful(size), `does not fit rows 1 to ${size}: they were written anew after it was taken`);
  }

  /** The first row behind the newest head of fewer rows that fits: what does not fit begins no earlier. */
  #doubtful(size: number): number {
    return Math.max(0, ...this.#fitting.map((head) => (head.size < size ? head.size : 0))) + 1;
  }
}

function fingerprint(key: KeyObject): string {
  return sha256Hex(key.export({ type: 'spki', format: 'der' }));
}
