// Bytes as the chips and files of this trade have them: Uint8Array, little-endian unless a name says otherwise.

/** Lower-case hex of `bytes`, two digits a byte, no separators. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** Bytes of a hex text (blanks allowed between bytes). Throws RangeError on an odd length or a foreign character. */
export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, '');
  if (digits.length % 2 !== 0 || /[^0-9a-fA-F]/.test(digits))
    throw new RangeError(`not a hex text: ${text.slice(0, 40)}`);
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

/** One new array holding all `parts` in order. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A reversed copy. */
export function reversed(bytes: Uint8Array): Uint8Array {
  // Not slice(): that of a Buffer is a view, and its bytes would change places.
  return new Uint8Array(bytes).reverse();
}

/** Whether both hold the same bytes. Not constant-time: never for secrets an attacker may probe. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Whether every byte of `bytes` is `value`. */
export function isFilledWith(bytes: Uint8Array, value: number): boolean {
  // Whole flash chips are looked at so: four bytes at a time between the ends that are not aligned.
  const head = Math.min((4 - (bytes.byteOffset % 4)) % 4, bytes.length);
  const words = (bytes.length - head) >>> 2;
  const wanted = value * 0x01010101;
  const body = words === 0 ? [] : new Uint32Array(bytes.buffer, bytes.byteOffset + head, words);
  for (let i = 0; i < words; i++) if (body[i] !== wanted) return false;
  for (let i = 0; i < head; i++) if (bytes[i] !== value) return false;
  for (let i = head + words * 4; i < bytes.length; i++) if (bytes[i] !== value) return false;
  return true;
}

/** `bytes` lengthened with `fill` to the next multiple of `unit` (the same array where it already fits). */
export function padTo(bytes: Uint8Array, unit: number, fill: number): Uint8Array {
  const rest = bytes.length % unit;
  if (rest === 0) return bytes;
  const padded = new Uint8Array(bytes.length + unit - rest).fill(fill);
  padded.set(bytes);
  return padded;
}

/** Little-endian u32 words of `bytes`; its length must be a multiple of four. */
export function wordsOf(bytes: Uint8Array): number[] {
  if (bytes.length % 4 !== 0) throw new RangeError(`${bytes.length} bytes are no whole number of words`);
  const view = viewOf(bytes);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
}

/** Bytes of little-endian u32 words. */
export function bytesOfWords(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * words.length);
  const view = viewOf(bytes);
  words.forEach((word, i) => {
    view.setUint32(4 * i, word >>> 0, true);
  });
  return bytes;
}

/** A DataView on exactly these bytes (not the whole buffer beneath). */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function u32le(value: number): Uint8Array {
  return bytesOfWords([value]);
}

export function u16le(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >>> 8) & 0xff);
}

/** Text of bytes up to the first NUL, as UTF-8. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
