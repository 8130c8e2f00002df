import { toHex } from '../../base/bytes.ts';
import { otaDevicePoint, otaDeviceScalar, p256Spki } from '../../image/encrypted-ota.ts';
import type { StepEvent } from '../../model/event.ts';
import type { StepContext } from '../steps/step.ts';

/**
 * The public half of the key that this device will derive from its HMAC key to open update images: what a release for it is encrypted
 * under. Says it as `observed` `ota-key` (an `OtaDeviceKey`); the private half is gone before that.
 */
export async function* deriveOtaKey({ recipe, workspace }: StepContext): AsyncGenerator<StepEvent, void, void> {
  const hmac = workspace.keys.get('hmac-up');
  if (recipe.ota?.encryption !== 'ecies-p256' || hmac === undefined) return;
  const publicKey = toHex(p256Spki(publicPointOf(hmac)));
  yield { type: 'observed', what: 'ota-key', value: { scheme: 'ecies-p256', publicKey } };
}

function publicPointOf(hmac: Parameters<typeof otaDeviceScalar>[0]): Uint8Array {
  using scalar = otaDeviceScalar(hmac);
  return otaDevicePoint(scalar);
}
