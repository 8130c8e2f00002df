import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

/**
 * Secret bytes that have no string and no JSON form and can be zeroed (LAW 5). Every way in which JavaScript turns a
 * value into text answers with a placeholder that holds neither the bytes nor their length; only `use` lends the bytes, for the
 * time of a call. Not a defence against a debugger: against logs, events, records and crash reports.
 */
export class SecretBytes {
  #bytes: Uint8Array | null;
  readonly #length: number;

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#length = bytes.length;
  }

  /** Takes the bytes over: the caller's array becomes the secret's own and must not be used again. */
  static adopt(bytes: Uint8Array): SecretBytes {
    return new SecretBytes(bytes);
  }

  /** Copies the bytes and zeroes the caller's array. */
  static take(bytes: Uint8Array): SecretBytes {
    // Not slice(): that of a Buffer is a view, and zeroing it would zero the secret.
    const own = copyOf(bytes);
    bytes.fill(0);
    return new SecretBytes(own);
  }

  /** Length in bytes. */
  get length(): number {
    return this.#length;
  }

  get destroyed(): boolean {
    return this.#bytes === null;
  }

  /**
   * Lends the bytes to `borrow` and gives back its answer. What `borrow` copies out it has to zero itself.
   * Throws an Error when the secret was destroyed.
   */
  use<T>(borrow: (bytes: Uint8Array) => T): T {
    if (this.#bytes === null) throw new Error('the secret was destroyed');
    return borrow(this.#bytes);
  }

  /** A part of the secret as a secret of its own. */
  slice(start: number, end: number): SecretBytes {
    return this.use((bytes) => new SecretBytes(copyOf(bytes.subarray(start, end))));
  }

  /**
   * SHA-256 over a label and the bytes, hex: tells two secrets of 128 bits and more apart, and proves that a key is ours, without
   * giving it away. For secrets of low entropy it would not be safe, so those shorter than 16 bytes are refused.
   */
  fingerprint(): string {
    if (this.#length < 16) throw new RangeError('a fingerprint of a short secret would give it away');
    return this.use((bytes) =>
      createHash('sha256').update('fuseline key fingerprint v1\0').update(bytes).digest('hex'),
    );
  }

  /** Overwrites the bytes with zeros. Safe to call again. */
  destroy(): void {
    this.#bytes?.fill(0);
    this.#bytes = null;
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [Symbol.toPrimitive](): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}

/**
 * A copy in memory of its own. A short typed array made by its length lives in V8's heap, where it is moved about and leaves copies of itself
 * behind; an ArrayBuffer's bytes stay where they are.
 */
function copyOf(bytes: Uint8Array): Uint8Array {
  const own = new Uint8Array(new ArrayBuffer(bytes.length));
  own.set(bytes);
  return own;
}
