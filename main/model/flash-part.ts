/** Times of a serial NOR, milliseconds: typical, and the longest that its maker allows. Rank: from source, the data sheet that is named. */
export interface FlashPart {
  readonly name: string;
  readonly page: FlashWork;
  readonly sector: FlashWork;
  readonly block: FlashWork;
}

interface FlashWork {
  readonly bytes: number;
  readonly typical: number;
  readonly longest: number;
}

/**
 * A part that is common on these boards: the W25Q32JV to W25Q256JV data sheets of Winbond (AC electrical characteristics); other makers'
 * present parts of the same sizes lie near. VirtualChip takes these times.
 */
export const flashPart: FlashPart = {
  name: 'W25Q-JV',
  page: { bytes: 256, typical: 0.4, longest: 3 },
  sector: { bytes: 0x1000, typical: 45, longest: 400 },
  block: { bytes: 0x10000, typical: 150, longest: 2000 },
};

/** One of the slowest that are still on boards: the KH25L8005 data sheet of Macronix (1.1, features); its MX25L8005 is the same part. */
const slowFlashPart: FlashPart = {
  name: 'MX25L8005',
  page: { bytes: 256, typical: 1.4, longest: 5 },
  sector: { bytes: 0x1000, typical: 60, longest: 120 },
  block: { bytes: 0x10000, typical: 1000, longest: 2000 },
};

export const flashParts: readonly FlashPart[] = [flashPart, slowFlashPart];

/** Typical time to erase a stretch, milliseconds: in whole blocks where it can be, as loaders do; borders lie at sectors. */
export function eraseMs(offset: number, length: number, { sector, block }: FlashPart = flashPart): number {
  const end = offset + length;
  let ms = 0;
  for (let at = offset; at < end; ) {
    const step = at % block.bytes === 0 && end - at >= block.bytes ? block : sector;
    ms += step.typical;
    at += step.bytes;
  }
  return ms;
}

/** Typical time to program so many bytes, milliseconds. */
export function programMs(length: number, { page }: FlashPart = flashPart): number {
  return Math.ceil(length / page.bytes) * page.typical;
}
