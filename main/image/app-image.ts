import { toHex, viewOf } from '../base/bytes.ts';
import { sha256Hex } from '../base/digest.ts';
import { formatFault, hexOf } from '../formats/format-fault.ts';
import type { Revision } from '../model/chip.ts';
import { readAppDescriptor, readBootloaderDescriptor } from './descriptor.ts';
import { countsMinorRevisions } from './memory-map.ts';
import type { EspImage, ImageHeader, ImageSegment } from './types.ts';

export const imageMagic = 0xe9;
export const headerSize = 24;
export const segmentHeaderSize = 8;
export const hashSize = 32;
export const maxSegments = 16;
/** Page size of P4, S3, C3 and C5, and what others take unless the application's descriptor says otherwise. */
export const defaultMmuPageSize = 0x10000;

const rebuild = 'Build the firmware again and copy the file whole.';

/**
 * Reads an application or bootloader image (FACTS 5.1). Bytes behind its end (sector padding, a signature sector) are let be.
 * A wrong checksum or hash is stated, not thrown: who asks decides.
 *
 * Throws RecipeFault `image.magic`, `image.segments` or `image.truncated` where the bytes are no image or end too early.
 */
export function parseImage(bytes: Uint8Array): EspImage {
  if (bytes.length < headerSize) throw truncated(bytes.length, headerSize, 'its header');
  const view = viewOf(bytes);
  if (bytes[0] !== imageMagic)
    throw formatFault(
      'magic',
      `The file is no firmware image: it begins with ${hexOf(bytes[0] as number)} instead of 0xe9.`,
      'Give the .bin file that the build made, neither encrypted nor an ELF file.',
    );
  const segmentCount = view.getUint8(1);
  if (segmentCount < 1 || segmentCount > maxSegments)
    throw formatFault(
      'segments',
      `The image says it has ${segmentCount} segments; 1 to ${maxSegments} are allowed.`,
      rebuild,
      { segmentCount },
    );

  const segments: ImageSegment[] = [];
  let at = headerSize;
  let sum = 0xef;
  for (let i = 0; i < segmentCount; i++) {
    if (at + segmentHeaderSize > bytes.length)
      throw truncated(bytes.length, at + segmentHeaderSize, `the header of segment ${i}`);
    const loadAddress = view.getUint32(at, true);
    const length = view.getUint32(at + 4, true);
    at += segmentHeaderSize;
    if (length % 4 !== 0)
      throw formatFault('segments', `Segment ${i} has ${length} bytes, which are no whole number of words.`, rebuild, {
        segment: i,
        length,
      });
    if (at + length > bytes.length) throw truncated(bytes.length, at + length, `segment ${i}`);
    segments.push({ loadAddress, offset: at, length });
    sum ^= xorOf(bytes.subarray(at, at + length));
    at += length;
  }
  const checksumAt = checksumOffset(at);
  const hashAppended = view.getUint8(23) === 1;
  const hashAt = checksumAt + 1;
  const length = hashAt + (hashAppended ? hashSize : 0);
  if (length > bytes.length) throw truncated(bytes.length, length, hashAppended ? 'its hash' : 'its checksum');

  const app = readAppDescriptor(bytes);
  const last = segments.at(-1) as ImageSegment;
  return {
    header: {
      segmentCount,
      spiMode: view.getUint8(2),
      spiSpeed: view.getUint8(3) & 0x0f,
      spiSize: view.getUint8(3) >>> 4,
      entry: view.getUint32(4, true),
      wpPin: view.getUint8(8),
      chipId: view.getUint16(12, true),
      minRevision: view.getUint16(15, true) || oldRevision(view.getUint8(14), view.getUint16(12, true)),
      maxRevision: view.getUint16(17, true),
      hashAppended,
    },
    segments,
    checksum: { stored: bytes[checksumAt] as number, computed: sum },
    hash: hashAppended
      ? { stored: toHex(bytes.subarray(hashAt, length)), computed: sha256Hex(bytes.subarray(0, hashAt)) }
      : null,
    length,
    app,
    bootloader: app === null ? readBootloaderDescriptor(bytes) : null,
    securePadded: last.loadAddress === 0 && length % (app?.mmuPageSize ?? defaultMmuPageSize) === 0,
  };
}

/**
 * The last silicon that an application runs on; null where its builder set none: 65535, or 0, as ESP-IDF before 5.0 writes (from source:
 * bootloader_common_loader.c, IS_FIELD_SET). Of a bootloader ESP-IDF does not look at it (bootloader_common_check_chip_validity).
 */
export function lastRevision({ maxRevision }: ImageHeader): Revision | null {
  return maxRevision === 0 || maxRevision === 0xffff ? null : maxRevision;
}

/** The first silicon of an image by the one byte that is all ESP-IDF before 5.1 fills. */
function oldRevision(byte: number, chipId: number): Revision {
  return countsMinorRevisions.includes(chipId) ? byte : byte * 100;
}

/** Bytes of flash that a bootloader's header states; ESP-IDF takes no more of a larger chip, and does not start on a smaller one. */
export function statedFlashSize({ spiSize }: ImageHeader): number {
  return 2 ** spiSize * 0x100000;
}

/** Where the checksum of an image stands whose segments end at `end`: the last byte of a 16-byte line. */
export function checksumOffset(end: number): number {
  return end | 15;
}

/** All bytes XORed together. */
export function xorOf(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum ^= byte;
  return sum;
}

function truncated(length: number, needed: number, what: string) {
  return formatFault(
    'truncated',
    `The image is cut off: ${what} would end at byte ${needed}, but the file has only ${length} bytes.`,
    rebuild,
    { length, needed },
  );
}
