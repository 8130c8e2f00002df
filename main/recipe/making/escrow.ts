import { createHmac } from 'node:crypto';
import { SecretBytes } from '../../base/secret.ts';
import type { EscrowedSecret, StepEvent } from '../../model/event.ts';
import { hmacRole } from '../plan/hmac-down.ts';
import type { StepContext } from '../steps/step.ts';

/** Shortest secret whose fingerprint does not give it away, bytes: that of a key. */
const shortestFingerprinted = 16;

/**
 * Puts a secret of the device away beyond the seal, wrapped under the recipe's escrow key (else its wrapping key). The secret stays the
 * caller's, to be destroyed by it. Its length is a multiple of 8: only such are wrapped by every token.
 */
export async function* putInEscrow(
  { signer, recipe }: Pick<StepContext, 'signer' | 'recipe'>,
  what: EscrowedSecret,
  secret: SecretBytes,
): AsyncGenerator<StepEvent, void, void> {
  const wrapped = await signer.wrap(recipe.escrowKey ?? recipe.wrappingKey, secret);
  const fingerprint = secret.length < shortestFingerprinted ? null : secret.fingerprint();
  yield { type: 'escrowed', what, fingerprint, wrapped };
}

/** The token that opens JTAG again on the one device that has this key: HMAC-SHA256(key, 32 zero bytes) (FACTS 6). */
export function jtagTokenOf(key: SecretBytes): SecretBytes {
  return key.use((bytes) => SecretBytes.take(createHmac('sha256', bytes).update(new Uint8Array(32)).digest()));
}

/** Derives the token of this board's JTAG key and puts it away, where the recipe shuts JTAG softly. */
export async function* escrowJtagToken(context: StepContext): AsyncGenerator<StepEvent, void, void> {
  if (context.recipe.doors.jtag !== 'soft') return;
  const key = context.workspace.keys.get(hmacRole(context.recipe, 'jtag'));
  if (key === undefined) return;
  using token = jtagTokenOf(key);
  yield* putInEscrow(context, 'jtag-token', token);
}
