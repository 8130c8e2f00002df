import { createHash } from 'node:crypto';
import { concat, padTo, u32le, viewOf } from '../base/bytes.ts';
import { formatFault } from '../formats/format-fault.ts';
import type { Revision } from '../model/chip.ts';
import {
  checksumOffset,
  hashSize,
  headerSize,
  imageMagic,
  maxSegments,
  parseImage,
  segmentHeaderSize,
  xorOf,
} from './app-image.ts';
import { isMapped } from './memory-map.ts';

export { appDescriptorBytes, bootloaderDescriptorBytes } from './descriptor.ts';

export interface ImageContent {
  readonly chipId: number;
  /** 0 QIO, 1 QOUT, 2 DIO, 3 DOUT, 4 FAST, 5 SLOW. */
  readonly spiMode: number;
  /** Low nibble of byte 3. */
  readonly spiSpeed: number;
  /** High nibble of byte 3: 2^n MB. */
  readonly spiSize: number;
  readonly entry: number;
  readonly minRevision: Revision;
  readonly maxRevision: Revision;
  readonly segments: readonly { readonly loadAddress: number; readonly data: Uint8Array }[];
  readonly appendHash: boolean;
  /**
   * With a page size (bytes) each flash-mapped segment is moved, by a padding segment of load address 0 before it, to a file
   * offset that equals its load address modulo the page: the MMU can map it no other way.
   */
  readonly mmuPageSize?: number;
}

/**
 * An image file as elf2image would write it (FACTS 5.1): header, segments, checksum in the last byte of a 16-byte line, SHA-256
 * where asked for. Segment data is zero-padded to whole words.
 *
 * Throws RangeError for no segment or more than 16, padding segments included.
 */
export function buildImage(content: ImageContent): Uint8Array {
  const placed = placeSegments(content);
  if (placed.length < 1 || placed.length > maxSegments)
    throw new RangeError(`an image has 1 to ${maxSegments} segments, not ${placed.length}`);
  const header = new Uint8Array(headerSize);
  const view = viewOf(header);
  view.setUint8(0, imageMagic);
  view.setUint8(1, placed.length);
  view.setUint8(2, content.spiMode);
  view.setUint8(3, (content.spiSize << 4) | content.spiSpeed);
  view.setUint32(4, content.entry, true);
  view.setUint8(8, 0xee);
  view.setUint16(12, content.chipId, true);
  view.setUint16(15, content.minRevision, true);
  view.setUint16(17, content.maxRevision, true);
  view.setUint8(23, content.appendHash ? 1 : 0);
  const parts: Uint8Array[] = [header];
  for (const { loadAddress, data } of placed) parts.push(u32le(loadAddress), u32le(data.length), data);
  const sum = placed.reduce((sum, { data }) => sum ^ xorOf(data), 0xef);
  return finish(concat(...parts), sum, content.appendHash);
}

/**
 * The image with a last segment of zeros that makes it end, hash included, on an MMU page (`--secure-pad-v2`, FACTS 5.3), so that
 * the signature sector behind it is never mapped together with unsigned bytes. An image padded already comes back as it is, cut
 * to its own length.
 *
 * Throws RecipeFault `image.no-hash` where the image carries no SHA-256, `image.segments` where it has no room for a segment.
 */
export function securePad(image: Uint8Array, mmuPageSize: number): Uint8Array {
  const parsed = parseImage(image);
  if (parsed.hash === null)
    throw formatFault(
      'no-hash',
      'The application image carries no SHA-256, so it cannot be padded for Secure Boot V2.',
      'Build it with the hash appended (the default of ESP-IDF).',
    );
  const last = parsed.segments.at(-1);
  if (last?.loadAddress === 0 && parsed.length % mmuPageSize === 0) return image.subarray(0, parsed.length);
  if (parsed.segments.length === maxSegments)
    throw formatFault(
      'segments',
      `The image has ${maxSegments} segments already; there is no room for the padding segment.`,
      'Build it with CONFIG_SECURE_BOOT, so that the build pads it.',
    );
  const end = last === undefined ? headerSize : last.offset + last.length;
  const used = (end + segmentHeaderSize) % mmuPageSize;
  const length = (2 * mmuPageSize - used - 16 - hashSize) % mmuPageSize;
  const header = image.slice(0, headerSize);
  header[1] = parsed.segments.length + 1;
  const body = concat(header, image.subarray(headerSize, end), u32le(0), u32le(length), new Uint8Array(length));
  // Zeros leave the checksum as it was.
  return finish(body, parsed.checksum.computed, true);
}

function finish(body: Uint8Array, sum: number, appendHash: boolean): Uint8Array {
  const end = checksumOffset(body.length);
  const image = new Uint8Array(end + 1 + (appendHash ? hashSize : 0));
  image.set(body);
  image[end] = sum;
  if (appendHash)
    image.set(
      createHash('sha256')
        .update(image.subarray(0, end + 1))
        .digest(),
      end + 1,
    );
  return image;
}

function placeSegments(content: ImageContent): { loadAddress: number; data: Uint8Array }[] {
  const placed: { loadAddress: number; data: Uint8Array }[] = [];
  const page = content.mmuPageSize;
  let at = headerSize;
  const put = (loadAddress: number, data: Uint8Array) => {
    placed.push({ loadAddress, data });
    at += segmentHeaderSize + data.length;
  };
  for (const { loadAddress, data } of content.segments) {
    if (page !== undefined && isMapped(content.chipId, loadAddress)) {
      const shift = (((loadAddress - (at + segmentHeaderSize)) % page) + page) % page;
      // The padding segment brings eight header bytes of its own.
      if (shift !== 0)
        put(0, new Uint8Array(shift >= segmentHeaderSize ? shift - segmentHeaderSize : shift + page - 8));
    }
    put(loadAddress, padTo(data, 4, 0));
  }
  return placed;
}
