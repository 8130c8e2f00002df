import { open } from 'node:fs/promises';
import { SecretBytes } from '../base/secret.ts';
import { TokenFault } from '../model/fault.ts';

/**
 * Where a token's PIN comes from. The signer asks for it when it logs in (once at the start, again only when its process had to be
 * started anew), seals it over to the process that holds the token and destroys its own copy.
 */
export interface PinSource {
  /** A person at a prompt may spend the last try before the token locks; a file or memory may not. */
  readonly kind: 'prompt' | 'file' | 'memory';
  /** A secret of the caller's own; the caller destroys it. */
  read(): Promise<SecretBytes>;
}

/** Where a PIN is neither in a file nor anybody there to ask: TokenFault `token.no-pin`. */
export const nobodysPin: PinSource = {
  kind: 'memory',
  read: async () => {
    throw new TokenFault({
      code: 'token.no-pin',
      what: 'The station file names no pin_file, and there is nobody to ask for the PIN.',
      next: 'Name a pin_file that only this account can read, or start the command from a terminal.',
    });
  },
};

/** Asks a person each time. */
export function promptPin(ask: () => Promise<SecretBytes>): PinSource {
  return { kind: 'prompt', read: ask };
}

/** A copy of `pin` each time. The caller keeps `pin` and destroys it when the signer is closed. */
export function memoryPin(pin: SecretBytes): PinSource {
  return { kind: 'memory', read: async () => pin.slice(0, pin.length) };
}

/**
 * The first line of a file that its owner alone may read. Rejects with TokenFault `token.pin-file` when the file is missing or empty,
 * or when its group or others may read, write or run it (POSIX; Windows keeps rights elsewhere and is not checked).
 */
export function filePin(path: string): PinSource {
  return { kind: 'file', read: () => readPinFile(path) };
}

async function readPinFile(path: string): Promise<SecretBytes> {
  const file = await open(path, 'r').catch((cause) => {
    throw new TokenFault({
      code: 'token.pin-file',
      what: `The PIN file ${path} cannot be opened.`,
      next: 'Put the PIN into this file, readable by its owner alone, or name another file.',
      details: { path },
      cause,
    });
  });
  const bytes = new Uint8Array(1024);
  try {
    // the rights of the opened file, not of a name that may be swapped in between
    const { mode } = await file.stat();
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw new TokenFault({
        code: 'token.pin-file',
        what: `The PIN file ${path} can be reached by others than its owner (mode ${(mode & 0o777).toString(8)}).`,
        next: `Type: chmod 600 ${path} (and change the PIN if others may have read it).`,
        details: { path },
      });
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    const end = bytes.subarray(0, bytesRead).findIndex((byte) => byte === 0x0a || byte === 0x0d);
    const length = end < 0 ? bytesRead : end;
    if (length === 0)
      throw new TokenFault({
        code: 'token.pin-file',
        what: `The PIN file ${path} is empty.`,
        next: 'Put the PIN into its first line.',
        details: { path },
      });
    return SecretBytes.take(bytes.subarray(0, length));
  } finally {
    bytes.fill(0);
    await file.close();
  }
}
