import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { safeStorage } from 'electron';
import { SecretBytes } from '../../base/secret.ts';
import { TokenFault } from '../../model/fault.ts';

/** Where a PIN comes from (the shape of the signer's `PinSource`). */
export interface Pin {
  readonly kind: 'prompt' | 'file' | 'memory';
  read(): Promise<SecretBytes>;
}

/**
 * Keeps a token's PIN in the store of this user's desktop. The first time it is read from its file, and sealed; from then on the file is
 * not needed and can be removed. Where the desktop has no store the file stays what is read. TokenFault `token.pin-file` when the sealed
 * PIN cannot be opened (another user, another computer).
 */
export function keptPin(sealed: string, file: Pin): Pin {
  return { kind: 'file', read: () => readKept(sealed, file) };
}

async function readKept(sealed: string, file: Pin): Promise<SecretBytes> {
  if (!hasRealStore()) return file.read();
  if (existsSync(sealed)) return openSealed(sealed);
  const pin = await file.read();
  // safeStorage knows strings alone: this one and the one of openSealed are the only ones there are of the PIN.
  const text = pin.use((bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'));
  mkdirSync(dirname(sealed), { recursive: true });
  writeFileSync(`${sealed}.new`, safeStorage.encryptString(text), { mode: 0o600, flush: true });
  renameSync(`${sealed}.new`, sealed);
  return pin;
}

/** Linux without a keyring falls back to a key that anybody knows: that is no store. */
function hasRealStore(): boolean {
  if (!safeStorage.isEncryptionAvailable()) return false;
  return process.platform !== 'linux' || safeStorage.getSelectedStorageBackend() !== 'basic_text';
}

function openSealed(sealed: string): SecretBytes {
  try {
    return SecretBytes.adopt(Uint8Array.from(Buffer.from(safeStorage.decryptString(readFileSync(sealed)), 'latin1')));
  } catch (cause) {
    throw new TokenFault({
      code: 'token.pin-file',
      what: `The PIN that was sealed in ${sealed} cannot be opened by this account.`,
      next: 'Remove that file and put the PIN into the pin_file of the station file again, readable by its owner alone.',
      details: { path: sealed },
      cause,
    });
  }
}
