import { obtainKey } from '../making/device-keys.ts';
import { escrowJtagToken } from '../making/escrow.ts';
import { makeIdentity } from '../making/identity.ts';
import { makeImages } from '../making/images.ts';
import { deriveOtaKey } from '../making/ota-key.ts';
import { makeStorage } from '../making/storage.ts';
import type { Recipe } from '../types.ts';
import { startCleaning } from './clean-flash.ts';
import type { Step } from './step.ts';
import { destroyCredentials, destroyKeys } from './step.ts';

/**
 * Keys, certificate and the flash of this board. It waits for no board, whose old flash contents are erased meanwhile: it may be carried
 * out again from its beginning, as it is when the token went away in its middle.
 */
export const prepare: Step = {
  id: 'prepare',
  irreversible: false,
  summary(plan, recipe) {
    const made = plan.keys.filter((key) => key.source === 'new').map((key) => key.role);
    const kept = plan.keys.filter((key) => key.source === 'earlier-run').map((key) => key.role);
    return [
      made.length > 0 ? `make ${made.join(', ')} from the token's random generator` : null,
      kept.length > 0 ? `unwrap ${kept.join(', ')} of the earlier run` : null,
      recipe.doors.jtag === 'soft' ? 'put the token that opens JTAG again in escrow' : null,
      recipe.identity && identityWords(recipe.identity),
      recipe.storage
        ? `fill ${recipe.storage.map(({ partition }) => partition).join(', ')} with the values of this board`
        : null,
      recipe.provisioning ? 'make its proof of possession' : null,
      recipe.flashEncryption && recipe.flashEncryption.by !== 'device'
        ? `encrypt ${plan.parts.filter((part) => part.encrypted).length} parts of flash`
        : null,
    ]
      .filter((line) => line !== null)
      .join('; ');
  },

  async *perform(context, signal) {
    const { plan, workspace } = context;
    workspace.cleaning ??= startCleaning(context, signal);
    destroyKeys(workspace);
    destroyCredentials(workspace);
    workspace.keysBornAt = context.clock.monotonic();
    for (const key of plan.keys) yield* obtainKey(context, key);
    yield* escrowJtagToken(context);
    const identity = yield* makeIdentity(context);
    yield* deriveOtaKey(context);
    const storage = yield* makeStorage(context);
    workspace.images = await makeImages(context, identity === null ? storage : [identity, ...storage]);
    for (const image of workspace.images) {
      yield {
        type: 'observed',
        what: 'image',
        value: {
          name: image.name,
          offset: image.offset,
          length: image.bytes.length,
          plainSha256: image.plainSha256,
          flashSha256: image.flashSha256,
          encrypted: image.encrypted,
        },
      };
    }
  },
};

function identityWords({ key, csr, certificate }: NonNullable<Recipe['identity']>): string {
  const made = [csr && 'sign a certificate request', certificate && 'issue the device certificate'].filter(Boolean);
  return `${key.startsWith('rsa') ? `make an ${key} key, ` : ''}${made.join(' and ')}`;
}
