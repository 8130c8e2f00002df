import type { SecretBytes } from '../../base/secret.ts';
import type { KeyRole, StepEvent } from '../../model/event.ts';
import { LedgerFault } from '../../model/fault.ts';
import { curveOfKey } from '../../model/identity.ts';
import { deviceKeyFrom, seedLength } from '../../signing/device-key.ts';
import type { StepContext } from '../steps/step.ts';
import type { Plan } from '../types.ts';

/** Makes a key of the plan anew, or unwraps that of an earlier run; it then stands in the workspace. */
export async function* obtainKey(
  context: StepContext,
  key: Plan['keys'][number],
): AsyncGenerator<StepEvent, void, void> {
  const { signer, recipe, workspace } = context;
  if (key.source === 'earlier-run') {
    const earlier = context.earlierKeys.get(key.role);
    const secret = earlier && (await signer.unwrap(recipe.wrappingKey, earlier.wrapped));
    if (!secret || secret.fingerprint() !== earlier.fingerprint) {
      secret?.destroy();
      throw new LedgerFault({
        code: 'prepare.key-lost',
        what: `What came back from the wrapped form of the ${key.role} key is not the key that an earlier run burned into this board. Nothing was written or burned.`,
        next: 'Keep the board: its key may be had from a backup of ledger or token. Without that key its flash cannot be written.',
        safety: 'resumable',
      });
    }
    workspace.keys.set(key.role, secret);
    yield { type: 'observed', what: 'key-unwrapped', value: { role: key.role, fingerprint: earlier.fingerprint } };
    return;
  }
  const secret = await newKey(context, key.role, key.bytes);
  workspace.keys.set(key.role, secret);
  yield {
    type: 'key-made',
    role: key.role,
    fingerprint: secret.fingerprint(),
    wrapped: await signer.wrap(recipe.wrappingKey, secret),
  };
}

async function newKey(context: StepContext, role: KeyRole, bytes: number): Promise<SecretBytes> {
  const curve = curveOfKey(context.recipe.identity?.key ?? 'ecdsa-p256');
  if (role !== 'ecdsa-identity' || curve === null) return context.signer.random(bytes);
  using seed = await context.signer.random(seedLength(curve));
  return deviceKeyFrom(seed, curve).scalar;
}
