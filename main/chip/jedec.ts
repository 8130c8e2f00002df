// Sizes by JEDEC id as esptool has them (esptool/cmds.py, DETECTED_FLASH_SIZES and _get_flash_info; from source).

/** Largest and smallest exponent that makers write as it is: 256 KiB to 256 MiB. */
const plain = { min: 0x12, max: 0x1c };
/** Codes that do not follow the exponent. */
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

/** Adesto (Renesas) codes the size in the low five bits of the middle byte: 4 is 512 KiB, 9 is 16 MiB. */
const adesto = { maker: 0x1f, min: 0x04, max: 0x09, exponent: 15 };

/**
 * Bytes of a flash chip by its JEDEC id (u24, manufacturer in the low byte, capacity code in the high one); null where the code tells
 * nothing, as when no flash answers.
 */
export function flashSizeOf(id: number): number | null {
  if ((id & 0xffffff) === 0 || (id & 0xffffff) === 0xffffff) return null;
  if ((id & 0xff) === adesto.maker) {
    const code = (id >>> 8) & 0x1f;
    return code < adesto.min || code > adesto.max ? null : 2 ** (code + adesto.exponent);
  }
  const code = (id >>> 16) & 0xff;
  const exponent = code >= plain.min && code <= plain.max ? code : others[code];
  return exponent === undefined ? null : 2 ** exponent;
}
