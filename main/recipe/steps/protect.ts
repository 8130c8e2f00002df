import type { BurnStage } from '../../chip/board.ts';
import { bookDoor, enableWithDoorBooked } from './book-door.ts';
import { keyBytesOf } from './burn-keys.ts';
import type { Step } from './step.ts';
import { assertFlashIsHere, writeLateImages } from './write-image.ts';

/** Protections, then flash encryption and Secure Boot in one programming (FACTS 13.2 steps 4 to 8). */
export const protect: Step = {
  id: 'protect',
  irreversible: true,
  summary: (plan) =>
    plan.burn.burns
      .filter((burn) => burn.kind === 'bits' && (burn.stage === 'protection' || burn.stage === 'enable'))
      .flatMap((burn) => (burn.kind === 'bits' ? burn.fields.map((field) => field.field) : []))
      .join(', ') || 'nothing left to burn',

  async *perform(context) {
    const { board, plan, permit, recipe, workspace } = context;
    // Flash that the station encrypted starts with the burns that switch decryption on.
    const shutsItself = recipe.doors.shutByFirmware === true && recipe.flashEncryption?.by !== 'device';
    const stages: readonly BurnStage[] = shutsItself ? ['protection'] : ['protection', 'enable'];
    await assertFlashIsHere(context);
    yield* board.burn(plan.burn, keyBytesOf(workspace), permit, stages);
    if (shutsItself) yield* enableWithDoorBooked(context);
    // A device that encrypts itself gets it when its first start is booked.
    if (recipe.flashEncryption !== null || recipe.secureBoot === null) return;
    yield* bookDoor(context);
    yield* writeLateImages(context);
  },
};
