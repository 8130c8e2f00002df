/** Error bytes of the ROM (FACTS 1.3, 19; read in the ROM of the P4). */
export const romError = {
  badMessage: 0x05,
  failed: 0x06,
  checksum: 0x07,
  /** What was written reads back as something else. */
  flashVerify: 0x08,
  readLength: 0x0a,
  deflate: 0x0b,
  /** The stream's own check sum (Adler-32) does not fit. */
  deflateSum: 0x0c,
  invalidParameter: 0x64,
} as const;

/** The longest block that a BEGIN may announce (run). */
export const largestBlock = 0x1800;
/** The longest request that carries a block: its sub-header and the block (read). */
export const largestBlockRequest = 0x1810;
