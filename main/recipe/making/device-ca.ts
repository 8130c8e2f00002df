import { requireClock } from '../../model/program-date.ts';
import { requireCa } from '../../signing/certificates.ts';
import { type CaChain, chainOf } from '../../signing/chain.ts';
import type { Signer } from '../../signing/signer.ts';
import type { NamedFiles } from '../named-files.ts';
import type { Recipe } from '../types.ts';

type CertificateWish = NonNullable<NonNullable<Recipe['identity']>['certificate']>;

/** The certificates of the device CA and those above it; null where the recipe names the CA by its name alone. */
export function chainFor({ caChain }: CertificateWish, files: NamedFiles): CaChain | null {
  return caChain.length === 0 ? null : chainOf(caChain.map((path) => files.get(path)!));
}

/** From when to when a certificate that is issued `now` (ms) is valid. RecipeFault `clock.wrong`. */
export function validityAt(
  { validYears, notAfter }: CertificateWish,
  now: number,
): { notBefore: Date; notAfter: Date } {
  requireClock(now);
  const notBefore = new Date(now);
  if (notAfter !== null) return { notBefore, notAfter: new Date(`${notAfter}T23:59:59Z`) };
  const end = new Date(notBefore);
  end.setUTCFullYear(end.getUTCFullYear() + validYears!);
  return { notBefore, notAfter: end };
}

/**
 * Whether the token's device CA can issue what the recipe asks for: once a batch, so that no board has to find out. Faults:
 * `certificate.issuer` (the chain is for another key), `certificate.validity` (it ends before the devices' do, or theirs lie in the past),
 * and those of the token.
 */
export async function requireDeviceCa(recipe: Recipe, files: NamedFiles, signer: Signer, now: number): Promise<void> {
  const wish = recipe.identity?.certificate ?? null;
  if (wish === null) return;
  const issuer = chainFor(wish, files)?.certificates[0] ?? null;
  await requireCa({ signer, ca: wish.ca, issuer, ...validityAt(wish, now) });
}
