import { concat, equalBytes, padTo } from '../base/bytes.ts';
import { formatFault } from '../formats/format-fault.ts';
import { sectorSize } from './partition-table.ts';
import { blockSize, parseSignatureBlock, verifySignatureBlock } from './signature-block.ts';
import type { SignatureBlock } from './types.ts';

export {
  buildSignatureBlock,
  imageDigest,
  keyDigestOf,
  parseSignatureBlock,
  verifySignatureBlock,
} from './signature-block.ts';

/** A sector holds three blocks of 1216 bytes; the rest stays erased (FACTS 4.2). */
export const maxBlocks = 3;
export const signatureSectorSize = sectorSize;

/** The bytes that are signed: the image lengthened with 0xFF to whole sectors. */
export function padForSigning(image: Uint8Array): Uint8Array {
  return padTo(image, sectorSize, 0xff);
}

/** The 4096 bytes behind the image. Throws RangeError for no block, more than three, or a block of a wrong size. */
export function buildSignatureSector(blocks: readonly Uint8Array[]): Uint8Array {
  if (blocks.length < 1 || blocks.length > maxBlocks) throw new RangeError(`a sector holds 1 to 3 blocks`);
  if (blocks.some((block) => block.length !== blockSize)) throw new RangeError(`a block has ${blockSize} bytes`);
  return padTo(concat(...blocks), sectorSize, 0xff);
}

/** The blocks of a sector whose magic and CRC fit, in their order. */
export function parseSignatureSector(sector: Uint8Array): SignatureBlock[] {
  const blocks: SignatureBlock[] = [];
  for (let at = 0; at < maxBlocks * blockSize; at += blockSize) {
    const block = parseSignatureBlock(sector.subarray(at, at + blockSize));
    if (block !== null) blocks.push(block);
  }
  return blocks;
}

/** A signed file as what is signed and its blocks; null where its last 4096 bytes hold none. */
export function splitSigned(
  image: Uint8Array,
): { readonly signed: Uint8Array; readonly blocks: SignatureBlock[] } | null {
  if (image.length <= sectorSize || image.length % sectorSize !== 0) return null;
  const signed = image.subarray(0, image.length - sectorSize);
  const blocks = parseSignatureSector(image.subarray(image.length - sectorSize));
  return blocks.length === 0 ? null : { signed, blocks };
}

/**
 * The image with signatures behind it. An unsigned image is padded first; of a signed one the blocks that are good stay, before
 * the new ones, unless a new one is by the same key. What does not verify over the image is never written: such an image would
 * not start once Secure Boot is on.
 *
 * Throws RecipeFault `image.signature` for a new block that is not good, `image.signature-room` for more than three, and
 * `image.signature-mixed` where the blocks are of several schemes (a chip takes one, FACTS 4.1).
 */
export function attachSignatures(image: Uint8Array, newBlocks: readonly Uint8Array[]): Uint8Array {
  const split = splitSigned(image);
  const signed = split?.signed ?? padForSigning(image);
  const added = newBlocks.map((bytes) => {
    const block = parseSignatureBlock(bytes);
    if (block === null || !verifySignatureBlock(block, signed))
      throw formatFault(
        'signature',
        'The signature does not verify over the image it was made for.',
        'Check that the token signs with the key whose public part is configured, then sign again.',
      );
    return block;
  });
  const kept = (split?.blocks ?? []).filter(
    (old) => verifySignatureBlock(old, signed) && !added.some((block) => equalBytes(block.keyDigest, old.keyDigest)),
  );
  const blocks = [...kept, ...added];
  if (blocks.length > maxBlocks)
    throw formatFault(
      'signature-room',
      `The image would carry ${blocks.length} signatures; a signature sector holds ${maxBlocks}.`,
      'Start from the unsigned image, or name fewer keys.',
      { blocks: blocks.length },
    );
  if (new Set(blocks.map(({ scheme }) => scheme)).size > 1)
    throw formatFault(
      'signature-mixed',
      'The image would carry signatures of different schemes; a chip takes one scheme only.',
      'Start from the unsigned image and use keys of one kind.',
    );
  return concat(signed, buildSignatureSector(blocks.map(({ raw }) => raw)));
}
