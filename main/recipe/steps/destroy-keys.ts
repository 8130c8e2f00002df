import { isoTime } from '../../base/clock.ts';
import { destroyKeys, type Step } from './step.ts';

/** The station's own copies go; their wrapped forms follow in the seal's transaction. The event is the destruction record. */
export const destroyKeyCopies: Step = {
  id: 'destroy-keys',
  irreversible: true,
  summary: (plan) => `zero the station's copies of ${plan.keys.map((key) => key.role).join(', ')}`,
  async *perform({ workspace, clock }) {
    const roles = [...workspace.keys.keys()];
    destroyKeys(workspace);
    workspace.keysDestroyedAt = isoTime(clock.now());
    const livedMs = workspace.keysBornAt === null ? 0 : Math.round(clock.monotonic() - workspace.keysBornAt);
    yield { type: 'keys-destroyed', roles, livedMs };
  },
};
