// The rows of a book as leaves of a Merkle tree, hashed as RFC 9162 (section 2.1) says:
//
//   leaf = SHA-256( 0x00 || hash of the row, 32 bytes )        node = SHA-256( 0x01 || left || right )
//
// A tree of n leaves divides at the largest power of two below n. The root of the empty tree is SHA-256 of nothing.
import { createHash } from 'node:crypto';

type Hash = Uint8Array;

export function leafHash(rowHash: Uint8Array): Hash {
  return createHash('sha256').update(Uint8Array.of(0)).update(rowHash).digest();
}

export function nodeHash(left: Hash, right: Hash): Hash {
  return createHash('sha256').update(Uint8Array.of(1)).update(left).update(right).digest();
}

/** A tree that grows leaf by leaf and remembers only the roots of its full parts, largest first. */
export class MerkleTree {
  #size = 0;
  readonly #parts: Hash[] = [];

  get size(): number {
    return this.#size;
  }

  /** Takes the hash of the next row. */
  append(rowHash: Uint8Array): void {
    let hash = leafHash(rowHash);
    for (let full = this.#size; full % 2 === 1; full = Math.floor(full / 2)) hash = nodeHash(this.#parts.pop()!, hash);
    this.#parts.push(hash);
    this.#size++;
  }

  root(): Hash {
    const last = this.#parts.at(-1);
    if (last === undefined) return createHash('sha256').digest();
    return this.#parts.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
  }
}
