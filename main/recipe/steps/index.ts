import { english } from '../../words/told.ts';
import type { StepId } from '../types.ts';
import { bootProof, finalBootProof } from './boot-proof.ts';
import { burnKeys } from './burn-keys.ts';
import { destroyKeyCopies } from './destroy-keys.ts';
import { deviceEncryption } from './device-encryption.ts';
import { prepare } from './prepare.ts';
import { protect } from './protect.ts';
import { shutDoors } from './shut-doors.ts';
import type { Step } from './step.ts';
import { writeFlash } from './write-flash.ts';

/** Every step in the only order there is (docs/architecture.md#order-of-steps). A plan leaves some out; it never reorders. */
export const allSteps: readonly Step[] = [
  prepare,
  writeFlash,
  burnKeys,
  protect,
  deviceEncryption,
  bootProof,
  shutDoors,
  finalBootProof,
  destroyKeyCopies,
];

/** What people call a step. */
export const stepTitle = (id: StepId): string => english.steps[id];

export function stepOf(id: StepId): Step {
  return allSteps.find((step) => step.id === id)!;
}
