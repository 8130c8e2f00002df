import { padTo } from '../../base/bytes.ts';
import { sha256Hex } from '../../base/digest.ts';
import { encryptFlashFor } from '../../image/flash-cipher.ts';
import type { FlashImage, StepContext } from '../steps/step.ts';
import type { MadePart } from './made-part.ts';

/**
 * Every part of the plan as it will lie in this board's flash. Device parts (`made`) are padded with FF to whole cipher blocks; those
 * that hold secrets are zeroed here once they are encrypted.
 */
export async function makeImages(context: StepContext, made: readonly MadePart[]): Promise<FlashImage[]> {
  const { plan, release, workspace, recipe } = context;
  const key = workspace.keys.get('flash-encryption') ?? null;
  const images: FlashImage[] = [];
  for (const part of plan.parts) {
    const fixed = release.parts.find((candidate) => candidate.name === part.name && candidate.offset === part.offset);
    const own = made.find(({ partition }) => partition === part.name);
    const plain = fixed?.plain ?? padTo(own!.bytes, 16, 0xff);
    const form = recipe.flashEncryption?.key;
    const bytes =
      part.encrypted && key !== null && form !== undefined
        ? await key.use((lent) => encryptFlashFor(form, plain, part.offset, lent))
        : plain;
    const encrypted = bytes !== plain;
    images.push({
      name: part.name,
      offset: part.offset,
      bytes,
      plainSha256: fixed?.plainSha256 ?? (own!.secret ? null : sha256Hex(plain)),
      flashSha256: encrypted || fixed === undefined ? sha256Hex(bytes) : fixed.plainSha256,
      encrypted,
    });
    if (own?.secret === true) {
      // a part that only its own format encrypts goes to flash as it was made
      if (own.bytes !== bytes) own.bytes.fill(0);
      if (encrypted) plain.fill(0);
    }
  }
  return images;
}
