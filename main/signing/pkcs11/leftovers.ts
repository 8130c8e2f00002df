// The binding takes PINs as strings, which JavaScript cannot clear, and copies values into memory that it frees as they are. What is left of a
// secret that way is overwritten here as soon as it is used, so that nothing of it is found in the token process afterwards. This is
// care, not proof: how memory is given out again belongs to V8 and the C library. A test looks through the memory of the process.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import pkcs11js from 'pkcs11js';
import type { SecretBytes } from '../../base/secret.ts';

/** CK_INVALID_HANDLE: no module does anything with it. */
const noSession = Buffer.alloc(8);

/** Lends the PIN as the text that the binding wants, for the time of a call. */
export function withPinText(module: pkcs11js.PKCS11, pin: SecretBytes, work: (text: string) => void): void {
  try {
    pin.use((bytes) => work(textOfItsOwnPages(bytes)));
  } finally {
    // the binding's copy ends with a NUL
    overwriteFreed(module, pin.length + 1);
    sweepHeap();
    // and once more when nothing of this call is on the stack any more, which would keep the text alive
    setImmediate(sweepHeap);
  }
}

/**
 * The text as a piece of one so large that V8 gives it pages of its own, which go back to the system when it is collected. Pages of small
 * values are kept as they are for later ones: a PIN was found in them. Of less than 13 characters V8 makes a small copy all the same.
 */
function textOfItsOwnPages(bytes: Uint8Array): string {
  const padded = new Uint8Array(largeBytes);
  padded.set(bytes);
  const large = new TextDecoder().decode(padded);
  padded.fill(0);
  return large.slice(0, large.indexOf('\0'));
}

/** More than V8 puts among small values (128 KB), less than Node keeps outside of V8's heap (1 MB). */
const largeBytes = 256 * 1024;

/** Blocks of memory that were freed last and that the next ones of their size take: more than one call of the binding frees. */
const blocks = 16;

/**
 * Has the binding take and free the memory that it just used for values of this length, with zeros in it. The call itself is refused, because
 * it names no session.
 */
export function overwriteFreed(module: pkcs11js.PKCS11, length: number): void {
  const value = Buffer.alloc(length);
  const zeros = Array.from({ length: blocks }, () => ({ type: pkcs11js.CKA_VALUE, value }));
  try {
    module.C_CreateObject(noSession, zeros);
  } catch {
    // as it has to be
  }
}

let collect: (() => void) | null = null;

/** Collects what is dead, and clears what that frees: a collection ends the sweeping of the one before it. */
function sweepHeap(): void {
  if (collect === null) {
    setFlagsFromString('--clear-free-memory');
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
  collect();
}
