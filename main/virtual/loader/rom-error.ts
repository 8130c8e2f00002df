/** Error bytes of the ROM (FACTS 1.3, 19). */
export const romError = {
  badMessage: 0x05,
  failed: 0x06,
  checksum: 0x07,
  readLength: 0x0a,
  deflate: 0x0b,
  invalidParameter: 0x64,
} as const;

/** The longest block that a BEGIN may announce (run). */
export const largestBlock = 0x1800;
