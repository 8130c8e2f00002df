import { z } from 'zod';
import { countText } from '../../base/number-text.ts';
import { proofSchemes } from '../proof.ts';
import { type Definition, define, type FactOf, type OldFact } from './define.ts';

export const bootFact = z.object({
  /** The last lines of the console. */
  lines: z.array(z.string()),
  /** 32 bytes, hex, that the device was to sign; left out, with the answer, where none were asked. */
  challenge: z.string().exactOptional(),
  scheme: z.enum(proofSchemes).exactOptional(),
  /** Hex: see ProofScheme. */
  signature: z.string().exactOptional(),
});

/** The board started and said what the recipe expects. */
export type BootFact = FactOf<typeof bootFact>;

/** While there were only P-256 keys a signature did not say how it was made. */
function withScheme(old: OldFact): OldFact {
  return 'signature' in old && !('scheme' in old) ? { ...old, scheme: 'ecdsa-p256' } : old;
}

function bootWith(door: 'open' | 'shut'): Definition<typeof bootFact> {
  return define({
    version: 1,
    schema: bootFact,
    upgrades: { 0: withScheme },
    text: ({ lines, challenge }) =>
      `booted with the door ${door}, ${countText(lines.length, 'console line')}${challenge === undefined ? '' : '; signed a fresh challenge with its own key'}`,
  });
}

export const boot = bootWith('open');
export const sealedBoot = bootWith('shut');
