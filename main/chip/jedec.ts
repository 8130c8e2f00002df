/** Largest and smallest exponent that makers write as it is: 256 KiB to 256 MiB. */
const plain = { min: 0x12, max: 0x1c };
/** Codes that do not follow the exponent (esptool's table of flash ids). */
const others: Readonly<Record<number, number>> = {
  32: 26,
  33: 27,
  34: 28,
  50: 18,
  51: 19,
  52: 20,
  53: 21,
  54: 22,
  55: 23,
  56: 24,
  57: 25,
  58: 26,
};

/**
 * Bytes of a flash chip by its JEDEC id (u24, manufacturer in the low byte, capacity code in the high one); null where the code tells
 * nothing, as when no flash answers.
 */
export function flashSizeOf(id: number): number | null {
  const code = (id >>> 16) & 0xff;
  if ((id & 0xffffff) === 0 || (id & 0xffffff) === 0xffffff) return null;
  const exponent = code >= plain.min && code <= plain.max ? code : others[code];
  return exponent === undefined ? null : 2 ** exponent;
}
