import { equalBytes } from '../../base/bytes.ts';
import { sectorSize } from '../../image/partition-table.ts';
import { imageDigest, parseSignatureSector, verifySignatureBlock } from '../../image/secure-boot.ts';
import type { EspImage, SignatureBlock } from '../../image/types.ts';
import type { ChipKind, Revision } from '../../model/chip.ts';
import { secureBootSchemes } from '../kinds.ts';
import type { VirtualEfuse } from '../silicon.ts';
import type { FlashView } from './flash-view.ts';
import { fieldOr, trustedDigests } from './keys.ts';

/** What became of one signature block: which digest it was good for, or why it was not. */
export type BlockVerdict = { readonly block: number; readonly ecdsa: boolean } & (
  | { readonly verdict: 'good' | 'bad-digest' | 'bad-signature'; readonly index: number }
  | { readonly verdict: 'untrusted' }
);

export interface SecureBootVerdict {
  /** Digest indices that are trusted, as the ROM lists them. */
  readonly trusted: readonly number[];
  /** Blocks in the order they were looked at, up to the first good one. Empty: the sector holds none with magic and CRC. */
  readonly blocks: readonly BlockVerdict[];
  readonly passed: boolean;
  /** Whether the last block that was looked at is of an ECDSA scheme. */
  readonly ecdsa: boolean;
}

/** Whether this silicon knows the scheme, as its fuses are. */
function schemeKnown(
  kind: ChipKind,
  revision: Revision,
  efuse: VirtualEfuse,
  scheme: SignatureBlock['scheme'],
): boolean {
  if (scheme === 'ecdsa-p192' || !secureBootSchemes(kind, revision).includes(scheme)) return false;
  // with SECURE_BOOT_SHA384_EN the ROM hashes with SHA-384 and nothing else, without it never (FACTS 2.7)
  return (scheme === 'ecdsa-p384') === (fieldOr(efuse, 'SECURE_BOOT_SHA384_EN', 0) === 1);
}

/** The signature blocks in the sector behind an image; none where it is not signed. */
export function signaturesBehind(
  view: FlashView,
  address: number,
  { length }: Pick<EspImage, 'length'>,
): SignatureBlock[] {
  const padded = Math.ceil(length / sectorSize) * sectorSize;
  return [...parseSignatureSector(view.read(address + padded, sectorSize))];
}

/** Whether one of its own signatures is good, whoever's it is: what counts until Secure Boot is on. */
export function isWellSigned(view: FlashView, address: number, image: Pick<EspImage, 'length'>): boolean {
  const signed = view.read(address, Math.ceil(image.length / sectorSize) * sectorSize);
  return signaturesBehind(view, address, image).some(
    (block) =>
      block.scheme !== 'ecdsa-p192' &&
      equalBytes(block.imageDigest, imageDigest(signed, block.scheme)) &&
      verifySignatureBlock(block, signed),
  );
}

/**
 * Secure Boot V2 as ROM and second stage check it (FACTS 4.2, 4.7): the signature sector lies behind the image padded to 4096; a block
 * is looked at when magic and CRC fit, accepted when its key's digest is trusted, the image digest equals and the signature is good.
 */
export function checkSecureBoot(
  silicon: { readonly kind: ChipKind; readonly revision: Revision; readonly efuse: VirtualEfuse },
  view: FlashView,
  address: number,
  imageLength: number,
): SecureBootVerdict {
  const padded = Math.ceil(imageLength / sectorSize) * sectorSize;
  const signed = view.read(address, padded);
  const trusted = trustedDigests(silicon.efuse);
  const indices = trusted.map(({ index }) => index);
  const blocks: BlockVerdict[] = [];
  for (const [number, block] of parseSignatureSector(view.read(address + padded, sectorSize)).entries()) {
    const { scheme } = block;
    if (scheme === 'ecdsa-p192' || !schemeKnown(silicon.kind, silicon.revision, silicon.efuse, scheme)) continue;
    const ecdsa = scheme !== 'rsa3072';
    const key = trusted.find(({ digest }) => equalBytes(digest, block.keyDigest.subarray(0, digest.length)));
    if (key === undefined) {
      blocks.push({ block: number, ecdsa, verdict: 'untrusted' });
      continue;
    }
    const verdict = !equalBytes(block.imageDigest, imageDigest(signed, scheme))
      ? 'bad-digest'
      : verifySignatureBlock(block, signed)
        ? 'good'
        : 'bad-signature';
    blocks.push({ block: number, ecdsa, verdict, index: key.index });
    if (verdict === 'good') return { trusted: indices, blocks, passed: true, ecdsa };
  }
  return { trusted: indices, blocks, passed: false, ecdsa: blocks.at(-1)?.ecdsa ?? false };
}
