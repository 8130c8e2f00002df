import type { RecipeView } from '../../main/contract/views.ts';
import { type Look, lookOfWord } from '../parts/tone.ts';
import { words } from '../words/words.ts';

const r = words.recipes;

/** A recipe's state: only one that is not usable yet, though wanted, calls for somebody. */
export const recipeLooks: Readonly<Record<RecipeView['state'], Look>> = {
  draft: lookOfWord('calm', 'ring', () => r.states.draft),
  rehearsed: lookOfWord('ask', 'play', () => r.states.rehearsed),
  approved: lookOfWord('pass', 'check', () => r.states.approved),
  retired: lookOfWord('dim', 'stop', () => r.states.retired),
};
