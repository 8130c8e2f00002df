import { toHex } from '../../base/bytes.ts';
import { otherBoard } from '../../chip/same-board.ts';
import type { StepEvent } from '../../model/event.ts';
import { bareMac, macPattern, macsOn } from '../../model/mac.ts';
import type { Recipe } from '../types.ts';
import { bookDoor } from './book-door.ts';
import { macMs, otherShown, proveByBoot, requireSignature } from './proof.ts';
import { shutBySomebody } from './shut-doors.ts';
import type { Step, StepContext } from './step.ts';

/** Boot while the board can still be read: what fails here can be looked at. */
export const bootProof: Step = {
  id: 'boot-proof',
  irreversible: false,
  summary: (_, recipe) => `boot before the door is shut; ${proofInWords(recipe)}`,
  async *perform(context, signal) {
    yield* bookDoor(context);
    yield* prove(context, 'boot', signal);
  },
};

/** Boot as the customer's device will. */
export const finalBootProof: Step = {
  id: 'final-boot-proof',
  irreversible: false,
  summary: (_, recipe) => `boot with the door shut; ${proofInWords(recipe)}`,
  perform: (context, signal) => prove(context, 'sealed-boot', signal),
};

function proofInWords({ bootProof: { expect, challenge } }: Recipe): string {
  const lines = expect.map((line) => `/${line}/`).join(', ');
  return `expect ${lines}${challenge === 'none' ? '' : `; a fresh challenge signed by the burned key${challenge === 'required' ? '' : ' where the firmware offers it'}`}`;
}

/** Says that now a person has to reset the board, which stays in its loader (or refuses to be in it) until then. */
export function awaitsReset({ timeoutSeconds }: Recipe['bootProof']): Extract<StepEvent, { type: 'observed' }> {
  return { type: 'observed', what: 'awaits-reset', value: { boot: 'flash', timeoutSeconds } };
}

async function* prove(
  { board, recipe, release, clock, resetBy, workspace, random, isOther }: StepContext,
  what: 'boot' | 'sealed-boot',
  signal: AbortSignal | undefined,
): AsyncGenerator<StepEvent, void, void> {
  const publicKey = workspace.identity?.publicKey ?? null;
  const { challenge: wish } = recipe.bootProof;
  const asks = wish === 'required' || (wish === 'if-offered' && release.offersProof);
  const nonce = asks && publicKey !== null ? random(32) : null;
  const { mac } = board.identity;
  const { mustShow } = workspace;
  const listenFor = mustShow && mac !== null ? { listenFor: { pattern: macPattern([mac]), ms: macMs } } : {};
  const task = { clock, resetBy, rule: recipe.bootProof, nonce, mac, ...listenFor, ...(signal ? { signal } : {}) };
  if (resetBy === 'operator') yield awaitsReset(recipe.bootProof);
  // Where its application may shut the door nobody can look any more who was started.
  if (what === 'boot' && workspace.efusesAfter !== null) await board.assertSame();
  const proof = await proveByBoot(board, task);
  if (nonce !== null) requireSignature(proof, nonce, publicKey!);
  else if (mac !== null) {
    // A board that starts cannot be read, and behind its door never again: a hand may have changed it since.
    const other = await otherShown(proof.heard, [mac], isOther);
    if (other !== null)
      throw otherBoard(`The board at hand prints the MAC ${other}, and ${mac} is being made.`, {
        found: other,
        expected: mac,
      });
  }
  const isNamed = mac !== null && macsOn(proof.heard).has(bareMac(mac));
  workspace.shownBy = nonce !== null ? 'signature' : isNamed ? 'console-mac' : null;
  if (mustShow && workspace.shownBy === null) throw shutBySomebody();
  const challenge = nonce === null ? {} : { challenge: toHex(nonce), ...proof.answer };
  yield { type: 'verified', what, detail: { lines: proof.lines, ...challenge } };
}
