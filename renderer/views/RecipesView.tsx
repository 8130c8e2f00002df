import { useEffect } from 'react';
import type { RecipeView } from '../../main/contract/views.ts';
import { StateMark } from '../parts/StateMark.tsx';
import type { Look } from '../parts/tone.ts';
import { goTo, useAnswer } from '../state/station.ts';
import { words } from '../words/words.ts';
import { RecipeEditor } from './RecipeEditor.tsx';

const r = words.recipes;

/** A recipe's state: only one that is not usable yet, though wanted, calls for somebody. */
export const recipeLooks: Readonly<Record<RecipeView['state'], Look>> = {
  draft: { tone: 'calm', shape: 'ring', word: r.states.draft },
  rehearsed: { tone: 'ask', shape: 'play', word: r.states.rehearsed },
  approved: { tone: 'pass', shape: 'check', word: r.states.approved },
  retired: { tone: 'dim', shape: 'stop', word: r.states.retired },
};

/** All recipes, and the chosen one: form, text and what it does. */
export function RecipesView({ chosen }: { readonly chosen: string | null }) {
  const list = useAnswer('recipes.list', {});
  const recipes = list.value ?? [];
  const first = recipes[0]?.recipe;
  useEffect(() => {
    if (chosen === null && first !== undefined) goTo('recipes', first);
  }, [chosen, first]);

  return (
    <div className="recipes-screen">
      <nav className="recipe-list" aria-label={r.list}>
        <h1>{r.title}</h1>
        {list.fault !== null && <p className="calm-note">{list.fault.what}</p>}
        <ul>
          {recipes.map((view) => (
            <li key={view.recipe}>
              <a
                href={`#/recipes/${encodeURIComponent(view.recipe)}`}
                aria-current={view.recipe === chosen ? 'page' : undefined}
              >
                <span className="recipe-name">{view.recipe}</span>
                <span className="recipe-facts">
                  {words.batch.revision(view.revision)}, {view.chip}
                </span>
                <span className="recipe-marks">
                  <StateMark look={recipeLooks[view.state]} />
                  {view.errors > 0 && (
                    <StateMark look={{ tone: 'fail', shape: 'cross', word: r.errors(view.errors) }} />
                  )}
                </span>
              </a>
            </li>
          ))}
        </ul>
      </nav>
      {chosen === null ? (
        <p className="calm-note page-note">{r.choose}</p>
      ) : (
        <RecipeEditor key={chosen} recipe={chosen} onChanged={list.again} />
      )}
    </div>
  );
}
