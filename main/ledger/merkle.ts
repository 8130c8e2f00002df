// The rows of a book as leaves of a Merkle tree, hashed as RFC 9162 (section 2.1) says:
//
//   leaf = SHA-256( 0x00 || hash of the row, 32 bytes )        node = SHA-256( 0x01 || left || right )
//
// A tree of n leaves divides at the largest power of two below n. The root of the empty tree is SHA-256 of nothing.
import { sha256Hex } from '../base/digest.ts';

/** Hex. */
type Hash = string;

/** Written anew for every hash: nobody else sees them. */
const leaf = Buffer.alloc(33);
const node = Buffer.alloc(65);
node[0] = 1;

/** Of data of any length; that of rows is 32 bytes. */
export function leafHash(rowHash: Hash): Hash {
  if (rowHash.length !== 64) return sha256Hex(Buffer.from(`00${rowHash}`, 'hex'));
  leaf.write(rowHash, 1, 'hex');
  return sha256Hex(leaf);
}

export function nodeHash(left: Hash, right: Hash): Hash {
  node.write(left, 1, 'hex');
  node.write(right, 33, 'hex');
  return sha256Hex(node);
}

/** Root of the tree of no rows. */
const emptyRoot = sha256Hex(new Uint8Array());

/** A tree that grows leaf by leaf and remembers only the roots of its full parts, largest first. */
export class MerkleTree {
  #size: number;
  readonly #parts: Hash[];

  /** Grows on from a tree of `size` leaves with these parts. RangeError where there are not as many as such a tree has. */
  constructor(size = 0, parts: readonly Hash[] = []) {
    const count = size.toString(2).replaceAll('0', '').length;
    if (parts.length !== count)
      throw new RangeError(`a tree of ${size} leaves has ${count} parts, not ${parts.length}`);
    this.#size = size;
    this.#parts = [...parts];
  }

  get parts(): readonly Hash[] {
    return [...this.#parts];
  }

  get size(): number {
    return this.#size;
  }

  /** Takes the hash of the next row. */
  append(rowHash: Hash): void {
    this.#grow(leafHash(rowHash), 1);
  }

  /** Takes the parts of the tree of the next `count` rows, largest first. Where this one is no multiple of the largest, it is none of its. */
  join(count: number, parts: readonly Hash[]): void {
    let leaves = 2 ** Math.floor(Math.log2(count));
    if (this.#size % leaves !== 0) throw new RangeError(`a part of ${leaves} leaves does not lie behind ${this.#size}`);
    for (const part of parts) {
      while ((Math.floor(count / leaves) & 1) === 0) leaves /= 2;
      this.#grow(part, leaves);
      leaves /= 2;
    }
  }

  #grow(root: Hash, leaves: number): void {
    let hash = root;
    for (let full = this.#size / leaves; full % 2 === 1; full = Math.floor(full / 2))
      hash = nodeHash(this.#parts.pop()!, hash);
    this.#parts.push(hash);
    this.#size += leaves;
  }

  root(): Hash {
    const last = this.#parts.at(-1);
    if (last === undefined) return emptyRoot;
    return this.#parts.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
  }
}

/**
 * Whether a tree with `root` over `size` leaves begins with the tree that has `before` over `old` leaves (RFC 9162, section 2.1.4.2). The tree
 * of no leaves is the beginning of every other; no proof is needed of it, nor of a tree that is the same.
 */
export function isGrown(old: number, before: Hash, size: number, root: Hash, proof: readonly Hash[]): boolean {
  if (old > size) return false;
  if (old === 0 || old === size) return proof.length === 0 && (old === 0 || before === root);
  const isPower = 2 ** Math.round(Math.log2(old)) === old;
  const [first, ...rest] = isPower ? [before, ...proof] : proof;
  if (first === undefined) return false;
  let [at, last] = [old - 1, size - 1];
  while (at % 2 === 1) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  let [older, newer] = [first, first];
  for (const hash of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      [older, newer] = [nodeHash(hash, older), nodeHash(hash, newer)];
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else newer = nodeHash(newer, hash);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && older === before && newer === root;
}

/** All nodes of a tree, for the paths by which a leaf is shown to be in it (RFC 9162, section 2.1.3). */
export class MerklePaths {
  /** By height: the roots of all full subtrees of 2^height leaves, 32 bytes each. */
  readonly #levels: Buffer[];
  readonly size: number;

  /** Takes the hashes of all rows, 32 bytes each. */
  constructor(rowHashes: Buffer) {
    this.size = rowHashes.length / 32;
    let level = Buffer.alloc(rowHashes.length);
    for (let at = 0; at < level.length; at += 32)
      level.write(leafHash(rowHashes.toString('hex', at, at + 32)), at, 'hex');
    this.#levels = [level];
    while (level.length >= 64) {
      const above = Buffer.alloc(Math.floor(level.length / 64) * 32);
      for (let at = 0; at < above.length; at += 32) {
        const pair = level.toString('hex', 2 * at, 2 * at + 64);
        above.write(nodeHash(pair.slice(0, 64), pair.slice(64)), at, 'hex');
      }
      this.#levels.push(above);
      level = above;
    }
  }

  root(): Hash {
    return this.size === 0 ? emptyRoot : this.#rootOf(0, this.size);
  }

  /** Of the leaf at `index` (0: row 1), from the leaf up. */
  path(index: number): Hash[] {
    const path: Hash[] = [];
    let [from, to] = [0, this.size];
    while (to - from > 1) {
      const middle = from + largestPowerBelow(to - from);
      path.push(index < middle ? this.#rootOf(middle, to) : this.#rootOf(from, middle));
      if (index < middle) to = middle;
      else from = middle;
    }
    return path.reverse();
  }

  /** That the tree over the first `old` leaves, one at least, grew into this one (RFC 9162, section 2.1.4). */
  growth(old: number): Hash[] {
    const proof: Hash[] = [];
    let [from, to, isOld] = [0, this.size, true];
    while (old < to) {
      const middle = from + largestPowerBelow(to - from);
      if (old <= middle) {
        proof.push(this.#rootOf(middle, to));
        to = middle;
      } else {
        proof.push(this.#rootOf(from, middle));
        from = middle;
        isOld = false;
      }
    }
    return (isOld ? proof : [...proof, this.#rootOf(from, to)]).reverse();
  }

  #rootOf(from: number, to: number): Hash {
    const count = to - from;
    const height = Math.log2(count);
    if (Number.isInteger(height)) {
      const at = (from / count) * 32;
      return this.#levels[height]!.toString('hex', at, at + 32);
    }
    const middle = from + largestPowerBelow(count);
    return nodeHash(this.#rootOf(from, middle), this.#rootOf(middle, to));
  }
}

/** The largest power of two below `count`, which is two at least. */
function largestPowerBelow(count: number): number {
  return 2 ** Math.floor(Math.log2(count - 1));
}
