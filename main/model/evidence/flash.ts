import { z } from 'zod';
import { shortDigest } from '../../base/digest.ts';
import { bytesText, hex } from '../../base/number-text.ts';
import { define, type FactOf } from './define.ts';

/** Digests of a part of flash: SHA-256 (hex) of plaintext (signed) and of what lies in flash. */
export const imageFact = z.object({
  name: z.string(),
  offset: z.number(),
  length: z.number(),
  /** Null where the plain form holds secrets of the device. */
  plainSha256: z.string().nullable(),
  flashSha256: z.string(),
  encrypted: z.boolean(),
});
export type ImageFact = FactOf<typeof imageFact>;

/** A part of this board's flash was made. */
export const image = define({
  version: 1,
  schema: imageFact,
  text: ({ name, offset, encrypted, flashSha256 }) =>
    `made ${name} for ${hex(offset)}${encrypted ? ', encrypted' : ''}, SHA-256 in flash ${shortDigest(flashSha256)}`,
});

/** How flash is going to be written. */
export const flashFound = define({
  version: 1,
  schema: z.object({
    size: z.number(),
    /** What the flash chip says of itself; null: nothing that is understood. */
    detected: z.number().nullable(),
    loader: z.string(),
    baudRate: z.number(),
  }),
  text: ({ size, loader, baudRate }) => `flash of ${bytesText(size)}, ${loader} at ${baudRate} baud`,
});

/** A part was written, and the chip's own digest of it is the right one. */
export const flashWritten = define({
  version: 1,
  schema: z.object({ name: z.string(), offset: z.number(), length: z.number(), md5: z.string() }),
  text: ({ name, offset, length }) =>
    `flash holds ${name} at ${hex(offset)} (${bytesText(length)}), by the chip's own digest`,
});

/** All flash that no part takes is blank, by the chip's own digest of it; `erased` bytes of it were not. */
export const flashBlank = define({
  version: 1,
  schema: z.object({
    /** Bytes of the whole flash. */
    size: z.number(),
    bytes: z.number(),
    erased: z.number(),
    regions: z.array(z.object({ offset: z.number(), length: z.number(), erased: z.number() })),
    ms: z.number(),
  }),
  text: ({ bytes, erased }) =>
    `flash that no part takes (${bytesText(bytes)}) ${erased === 0 ? 'was blank' : `is blank, ${bytesText(erased)} of it erased now`}, by the chip's own digest`,
});
