/**
 * Times of a serial NOR that is common on these boards, milliseconds: typical, and the longest that its maker allows. Rank: from source, the
 * W25Q32JV to W25Q256JV data sheets of Winbond (AC electrical characteristics); other makers' parts of the same sizes lie near.
 */
export const flashPart = {
  name: 'W25Q-JV',
  page: { bytes: 256, typical: 0.4, longest: 3 },
  sector: { bytes: 0x1000, typical: 45, longest: 400 },
  halfBlock: { bytes: 0x8000, typical: 120, longest: 1600 },
  block: { bytes: 0x10000, typical: 150, longest: 2000 },
} as const;

/** Typical time to erase a stretch, milliseconds: in whole blocks where it can be, as loaders do; borders lie at sectors. */
export function eraseMs(offset: number, length: number): number {
  const { sector, block } = flashPart;
  const end = offset + length;
  let ms = 0;
  for (let at = offset; at < end; ) {
    const step = at % block.bytes === 0 && end - at >= block.bytes ? block : sector;
    ms += step.typical;
    at += step.bytes;
  }
  return ms;
}
