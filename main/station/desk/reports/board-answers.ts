import { RecipeFault } from '../../../model/fault.ts';
import { readForRecovery } from '../../recovery/read-board.ts';
import type { DeskAnswers, DeskRoom } from '../room.ts';

type Answers = Pick<DeskAnswers, 'boards.read' | 'boards.finish'>;

/** The recovery bay: one board in one fixture, beside any batch. */
export function boardAnswers({ station, line, shelf }: DeskRoom): Answers {
  const { ledger, clock, openPort } = station.parts;
  const specOf = (fixture: string) => {
    const spec = line.fixtures.find((candidate) => candidate.name === fixture);
    if (spec !== undefined) return spec;
    throw new RecipeFault({
      code: 'line.no-fixture',
      what: `This station has no fixture ${JSON.stringify(fixture)}.`,
      next: 'Choose one of the line.',
    });
  };
  return {
    'boards.read': ({ fixture, named }) =>
      line.lend(async () => {
        const { address, name } = specOf(fixture);
        const report = await readForRecovery(() => openPort(address, { baudRate: 115200 }), {
          ...{ clock, ledger, fixture: name, named },
          find: (ref) => shelf.standingFor(ref),
        });
        const { recipe } = report.finish;
        return { report, recipe: recipe === null ? null : shelf.nameOf(recipe) };
      }),
    'boards.finish': ({ fixture, recipe, named, serial }, by) =>
      line.lend(async () => {
        const spec = specOf(fixture);
        const loaded = await shelf.forProduction(recipe, [spec.address]);
        let end: Awaited<ReturnType<Answers['boards.finish']>> | null = null;
        const unlisten = station.listen((event) => {
          if (event.type === 'verdict' && event.fixture === spec.name)
            end = { outcome: event.outcome, mac: event.mac, fault: event.fault };
        });
        try {
          await station.provision({
            ...{ loaded, fixtures: [spec], count: 1, order: null, operator: by, resetBy: 'lines' },
            serials: serial !== null && loaded.recipe.serial.from === 'scan' ? [serial] : [],
            ...(named === null ? {} : { device: named }),
            signal: new AbortController().signal,
          });
        } finally {
          unlisten();
        }
        return end ?? { outcome: 'errored', mac: null, fault: null };
      }),
  };
}
