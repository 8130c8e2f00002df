import { viewOf } from '../../base/bytes.ts';
import {
  checksumOffset,
  hashSize,
  headerSize,
  imageMagic,
  maxSegments,
  parseImage,
  segmentHeaderSize,
} from '../../image/app-image.ts';
import type { EspImage } from '../../image/types.ts';
import type { FlashView } from './flash-view.ts';

/** An image found in flash: what it says and its bytes, decrypted. */
export interface FoundImage {
  readonly image: EspImage;
  readonly bytes: Uint8Array;
}

/**
 * The image that begins at `address` and is at most `room` bytes long, or the reason why there is none, in the words of ESP-IDF's
 * esp_image_format.c. Only as much flash is read as the segment headers span, so that no partition is decrypted whole.
 */
export function findImage(view: FlashView, address: number, room: number): FoundImage | { readonly reason: string } {
  const head = view.read(address, headerSize);
  if (head[0] !== imageMagic) {
    return { reason: `image at 0x${address.toString(16)} has invalid magic byte (nothing flashed here?)` };
  }
  const segments = head[1] ?? 0;
  if (segments > maxSegments) {
    return { reason: `image at 0x${address.toString(16)} segment count ${segments} exceeds max ${maxSegments}` };
  }
  let end = headerSize;
  for (let i = 0; i < segments; i++) {
    const length = viewOf(view.read(address + end, segmentHeaderSize)).getUint32(4, true);
    if (length % 4 !== 0 || length > room) return { reason: `invalid segment length 0x${length.toString(16)}` };
    end += segmentHeaderSize + length;
    if (end > room) return { reason: `Image length ${end} doesn't fit in partition length ${room}` };
  }
  const length = checksumOffset(end) + 1 + (head[23] === 1 ? hashSize : 0);
  if (length > room) return { reason: `Image length ${length} doesn't fit in partition length ${room}` };
  const bytes = view.read(address, length);
  try {
    return { image: parseImage(bytes), bytes };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}
