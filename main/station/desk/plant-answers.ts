import { RecipeFault } from '../../model/fault.ts';
import type { DeskAnswers, DeskRoom } from './room.ts';

/** What a desk answers about the whole plant, which may be away: then it says since when it knows nothing newer. */
export function plantAnswers({ plantViewer }: DeskRoom): Pick<DeskAnswers, 'plant.view' | 'plant.search'> {
  return {
    'plant.view': () => plantViewer?.look() ?? { overview: null, readAt: null, fault: null },
    'plant.search'({ text }) {
      if (plantViewer !== undefined) return plantViewer.find(text);
      throw new RecipeFault({
        code: 'plant.no-viewer',
        what: 'This station is not let look at the whole plant.',
        next: "Have the owner of the plant's database let it (plant viewer), and write 'viewer' below 'plant' into the station file.",
      });
    },
  };
}
