import type { Signer } from './signer.ts';

/** Every call of a token by way of `ask`, which says when, and of which token, it is asked; waiting and closing are the caller's. */
export function signerThrough(
  ask: <T>(work: (signer: Signer) => Promise<T>) => Promise<T>,
): Omit<Signer, 'whenBack' | 'close'> {
  return {
    status: () => ask((signer) => signer.status()),
    keys: () => ask((signer) => signer.keys()),
    generateKey: (wish) => ask((signer) => signer.generateKey(wish)),
    settleKey: (id) => ask((signer) => signer.settleKey(id)),
    findKey: (ref) => ask((signer) => signer.findKey(ref)),
    random: (length) => ask((signer) => signer.random(length)),
    sign: (ref, scheme, digest) => ask((signer) => signer.sign(ref, scheme, digest)),
    wrap: (key, secret) => ask((signer) => signer.wrap(key, secret)),
    unwrap: (key, wrapped) => ask((signer) => signer.unwrap(key, wrapped)),
  };
}
