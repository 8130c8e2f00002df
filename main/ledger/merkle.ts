// The rows of a book as leaves of a Merkle tree, hashed as RFC 9162 (section 2.1) says:
//
//   leaf = SHA-256( 0x00 || hash of the row, 32 bytes )        node = SHA-256( 0x01 || left || right )
//
// A tree of n leaves divides at the largest power of two below n. The root of the empty tree is SHA-256 of nothing.
import { sha256 } from '../base/digest.ts';

type Hash = Uint8Array;

export function leafHash(rowHash: Uint8Array): Hash {
  const data = new Uint8Array(1 + rowHash.length);
  data.set(rowHash, 1);
  return sha256(data);
}

export function nodeHash(left: Hash, right: Hash): Hash {
  const data = new Uint8Array(65);
  data[0] = 1;
  data.set(left, 1);
  data.set(right, 33);
  return sha256(data);
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
    if (last === undefined) return sha256(new Uint8Array());
    return this.#parts.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
  }
}
