import { type FactorySystem, mesNone } from '../../model/factory.ts';
import type { DeskAnswers, DeskRoom } from './room.ts';

/** Results of which the factory's own system will not have one, or that wait while it is away: what QA and whoever leads a shift see to. */
export function factoryAnswers({
  station,
}: Pick<DeskRoom, 'station'>): Pick<DeskAnswers, 'factory.results' | 'factory.settle'> {
  const { factory } = station.parts;
  const open = async (system: FactorySystem) => {
    // while it takes results each waits for a moment, which is nobody's business
    const isAway = system.standing.state === 'away';
    return (await system.results()).filter(({ state }) => isAway || state === 'refused');
  };
  return {
    'factory.results': () => (factory === undefined ? null : open(factory)),
    async 'factory.settle'({ run, reason }, by) {
      if (factory === undefined) throw mesNone();
      await factory.settle(run, { by: [by], reason });
      return await open(factory);
    },
  };
}
