import type { RecipeView } from '../../main/contract/views.ts';
import type { Look } from '../parts/tone.ts';
import { words } from '../words/words.ts';

const r = words.recipes;

/** A recipe's state: only one that is not usable yet, though wanted, calls for somebody. */
export const recipeLooks: Readonly<Record<RecipeView['state'], Look>> = {
  draft: { tone: 'calm', shape: 'ring', word: r.states.draft },
  rehearsed: { tone: 'ask', shape: 'play', word: r.states.rehearsed },
  approved: { tone: 'pass', shape: 'check', word: r.states.approved },
  retired: { tone: 'dim', shape: 'stop', word: r.states.retired },
};
