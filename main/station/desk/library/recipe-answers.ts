import type { DeskAnswers, DeskRoom } from '../room.ts';
import { rehearse } from './rehearsal.ts';

type Answers = Pick<
  DeskAnswers,
  | 'recipes.list'
  | 'recipes.read'
  | 'recipes.check'
  | 'recipes.plan'
  | 'recipes.assurance'
  | 'recipes.save'
  | 'recipes.diff'
  | 'recipes.rehearse'
  | 'recipes.approve'
  | 'recipes.retire'
  | 'recipes.builds'
  | 'recipes.propose'
  | 'recipes.remove'
  | 'labels.preview'
  | 'labels.print'
>;

export function recipeAnswers({ shelf, labels, openRehearsal }: DeskRoom): Answers {
  return {
    'recipes.list': () => shelf.list(),
    'recipes.read': ({ recipe }) => shelf.read(recipe),
    'recipes.check': ({ recipe, text }) => shelf.check(recipe, text),
    'recipes.plan': ({ recipe, text }) => shelf.plan(recipe, text),
    'recipes.assurance': ({ recipe, text }) => shelf.assurance(recipe, text),
    'recipes.save': ({ recipe, text }, by) => shelf.save(recipe, text, by),
    'recipes.diff': ({ recipe, text }) => shelf.differences(recipe, text),
    async 'recipes.rehearse'({ recipe }, by) {
      const loaded = shelf.loaded(recipe);
      const result = await rehearse(loaded, openRehearsal);
      await shelf.rehearsed(loaded, by, result);
      return result;
    },
    'recipes.approve': ({ recipe, hash }, by) => shelf.approve(recipe, hash, by),
    'recipes.retire': ({ recipe, reason }, by) => shelf.retire(recipe, reason, by),
    'recipes.builds': () => shelf.builds(),
    'recipes.propose': ({ build, recipe }) => shelf.propose(build, recipe),
    'recipes.remove': ({ recipe }, by) => shelf.remove(recipe, by),
    async 'labels.preview'({ recipe, template }) {
      const { view } = await shelf.read(recipe);
      const { title, revision, chip, labelTemplate } = view;
      return labels.preview({ name: title, revision, chip, named: labelTemplate }, template);
    },
    'labels.print': ({ mac }) => labels.again(mac),
  };
}
