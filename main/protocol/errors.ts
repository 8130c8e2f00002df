/** Error bytes of the ROM loader, behind a status of 1 (FACTS 1.3). */
const romErrors: Readonly<Record<number, string>> = {
  0: 'undefined error',
  1: 'bad parameter',
  2: 'no memory',
  3: 'sending failed',
  4: 'receiving failed',
  5: 'message not understood or command not allowed',
  6: 'carried out with a wrong result',
  7: 'checksum of the block is wrong',
  8: 'flash reads back differently',
  9: 'flash cannot be read',
  10: 'wrong length for a flash read',
  11: 'compressed data are damaged',
  12: 'Adler-32 of the compressed data is wrong',
  13: 'bad parameter for compressed data',
  14: 'bad size for RAM',
  15: 'bad address for RAM',
  100: 'invalid parameter',
  101: 'invalid format',
  102: 'description too long',
  103: 'bad encoding of the description',
  105: 'not enough room',
};

/** Status bytes of the flasher stub (FACTS 1.3). */
const stubErrors: Readonly<Record<number, string>> = {
  192: 'wrong length of the message',
  193: 'checksum of the block is wrong',
  194: 'wrong block size',
  195: 'unknown command',
  196: 'a flash operation failed',
  197: 'the flash cannot be unlocked',
  198: 'no flash write is going on',
  199: 'compressed data are damaged',
  200: 'not enough data',
  201: 'too much data',
  202: 'NAND program failed',
  203: 'NAND erase failed',
  255: 'not built into this stub',
};

/** The loader's word for a status and error byte; a status of C0 and above is the stub's. */
export function errorName(status: number, error: number): string {
  if (status >= 0xc0) return stubErrors[status] ?? `stub error 0x${status.toString(16)}`;
  return romErrors[error] ?? `error 0x${error.toString(16).padStart(2, '0')}`;
}

/** Refusals of a data block that a damaged line explains: the block can be sent again (from FLASH_BEGIN). */
export function isLineDamage(status: number, error: number): boolean {
  if (status >= 0xc0) return [0xc0, 0xc1, 0xc2, 0xc3, 0xc6, 0xc8, 0xc9].includes(status);
  return error === 0x05 || error === 0x07;
}
