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
  #size = 0;
  readonly #parts: Hash[] = [];

  get size(): number {
    return this.#size;
  }

  /** Takes the hash of the next row. */
  append(rowHash: Hash): void {
    let hash = leafHash(rowHash);
    for (let full = this.#size; full % 2 === 1; full = Math.floor(full / 2)) hash = nodeHash(this.#parts.pop()!, hash);
    this.#parts.push(hash);
    this.#size++;
  }

  root(): Hash {
    const last = this.#parts.at(-1);
    if (last === undefined) return emptyRoot;
    return this.#parts.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
  }
}
