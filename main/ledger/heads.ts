// The signed heads of a book, and those that others kept of it, held against its rows as they are read.
import type { KeyObject } from 'node:crypto';
import { sha256Hex } from '../base/digest.ts';
import type { ChainBreak, ChainHead } from './chain.ts';
import { type Checkpoint, headKey, originOf, parseCheckpoint, sameKey, signedBy } from './checkpoint.ts';
import type { AuditOptions, ChainReport } from './ledger.ts';
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

/** The head that a body of kind `checkpoint` holds, or null. */
export function headIn(body: unknown): Checkpoint | null {
  return parseCheckpoint(String((body as HeadBody | null)?.note));
}

/** Takes the rows of a chain that holds, one after the other, and says what a head does not fit. */
export class HeadCheck {
  readonly #key: KeyObject | null;
  readonly #witnesses: readonly string[];
  /** Sizes of all heads that there will be. */
  readonly #sizes: ReadonlySet<number>;
  #tree = new MerkleTree();
  /** Roots (hex) of the tree at those sizes, as far as it has grown. */
  readonly #roots = new Map<number, string>();
  /** Parts of the tree at those sizes. */
  readonly #parts = new Map<number, readonly string[]>();
  readonly #fitting: Checkpoint[] = [];
  #newest: HeadPlace | null = null;
  /** Heads under the place where it began. */
  #before = 0;
  #origin = '';
  #ownKey: KeyObject | null = null;

  /** `heads`: all of the book, which are believed in nothing but that their sizes are worth a root. */
  constructor(options: AuditOptions, heads: readonly Checkpoint[]) {
    this.#key = options.key === undefined ? null : headKey(options.key);
    this.#witnesses = options.witnesses ?? [];
    const witnessed = this.#witnesses.flatMap((note) => parseCheckpoint(note)?.size ?? []);
    this.#sizes = new Set([...heads.map(({ size }) => size), ...witnessed]);
  }

  /** Hex. */
  get root(): string {
    return this.#tree.root();
  }

  /** Goes on from a head that held, instead of from row 1. */
  begin(origin: string, place: HeadPlace): void {
    const checkpoint = parseCheckpoint(place.note)!;
    this.#origin = origin;
    this.#ownKey = headKey(place.publicKey);
    this.#tree = new MerkleTree(checkpoint.size, place.parts);
    this.#roots.set(checkpoint.size, checkpoint.root);
    this.#parts.set(checkpoint.size, place.parts);
    this.#fitting.push(checkpoint);
    this.#newest = place;
    this.#before = place.heads - 1;
  }

  /** The newest head that holds; null: none. */
  get newest(): HeadPlace | null {
    return this.#newest;
  }

  /** Takes a row that the chain holds. */
  take(row: number, kind: string, hash: string, body: unknown): ChainBreak | null {
    if (row === 1) this.#origin = originOf(body as { station: string; ledger: string });
    const broken = kind === 'checkpoint' ? this.#head(row, body as HeadBody) : null;
    this.#tree.append(hash);
    if (!this.#sizes.has(row)) return broken;
    this.#roots.set(row, this.root);
    this.#parts.set(row, this.#tree.parts);
    return broken;
  }

  /** After the last row: heads that others kept, and whether there is one by the key that was given. */
  end(head: ChainHead): ChainBreak | null {
    for (const note of this.#witnesses) {
      const broken = this.#againstWitness(note, head);
      if (broken !== null) return broken;
    }
    if (this.#key === null || this.#fitting.length > 0) return null;
    return {
      row: 1,
      reason: 'no head of this book is signed by the given key: its heads were taken out, or it never had one',
    };
  }

  get signed(): ChainReport['signed'] {
    const newest = this.#fitting.at(-1);
    if (newest === undefined) return null;
    return {
      ...{
        heads: this.#before + this.#fitting.length,
        size: newest.size,
        time: newest.time,
        unsigned: this.#tree.size - newest.size,
      },
      key: sha256Hex(this.#ownKey!.export({ type: 'spki', format: 'der' })),
      by: this.#key === null ? 'own key' : 'given key',
    };
  }

  /** A head of the book itself: of this book, over rows before it, with the root that they have, signed by the one key of its heads. */
  #head(row: number, body: HeadBody): ChainBreak | null {
    const checkpoint = headIn(body);
    const key = headKey(String(body.publicKey));
    const wrong = (from: number, reason: string) => ({
      row: from,
      reason: `row ${row} is a signed head and ${reason}`,
    });
    if (checkpoint === null || key === null) return wrong(row, 'has not the form of one');
    if (this.#ownKey !== null && !sameKey(this.#ownKey, key))
      return wrong(row, 'is of another key than the heads before it: somebody else signed it');
    if (checkpoint.origin !== this.#origin) return wrong(row, `is of another book (${checkpoint.origin})`);
    if (!signedBy(checkpoint, this.#key ?? key))
      return wrong(row, `is not signed by ${this.#key === null ? 'the key that it names' : 'the given key'}`);
    const size = this.#tree.size;
    if (checkpoint.size > size) return wrong(size, `is over ${checkpoint.size} rows, of which ${size} are there`);
    if (this.#roots.get(checkpoint.size) !== checkpoint.root)
      return wrong(
        this.#doubtful(checkpoint.size),
        `does not fit rows 1 to ${checkpoint.size}: they were written anew after they were signed`,
      );
    this.#ownKey = key;
    // that of the place where it began has its row behind it
    if (this.#fitting.at(-1)?.text === checkpoint.text) this.#fitting.pop();
    this.#fitting.push(checkpoint);
    const parts = this.#parts.get(checkpoint.size)!;
    this.#newest = {
      note: String(body.note),
      publicKey: String(body.publicKey),
      parts,
      heads: this.#before + this.#fitting.length,
    };
    return null;
  }

  /** A head that somebody else kept: a book that ends before it was cut, or is an older copy; one that it does not fit was written anew. */
  #againstWitness(note: string, head: ChainHead): ChainBreak | null {
    const checkpoint = parseCheckpoint(note);
    const key = this.#key ?? this.#ownKey;
    const wrong = (row: number, reason: string) => ({ row, reason: `the witnessed head ${reason}` });
    if (checkpoint === null) return wrong(head.row, 'has not the form of a signed head');
    if (checkpoint.origin !== this.#origin) return wrong(1, `is of another book (${checkpoint.origin})`);
    if (key !== null && !signedBy(checkpoint, key))
      return wrong(head.row, `is not signed by ${this.#key === null ? 'the key of this book' : 'the given key'}`);
    const { size, root } = checkpoint;
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
