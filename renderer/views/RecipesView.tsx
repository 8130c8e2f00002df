import { Switch } from '@mantine/core';
import { useState } from 'react';
import { StateMark } from '../parts/StateMark.tsx';
import { useAnswer, useApp } from '../state/station.ts';
import { faultText, words } from '../words/words.ts';
import { NewFromBuild } from './NewFromBuild.tsx';
import { RecipeEditor } from './RecipeEditor.tsx';
import { recipeLooks } from './recipe-looks.ts';

const r = words.recipes;

/** All recipes, and the chosen one: form, text and what it does. */
export function RecipesView({ chosen }: { readonly chosen: string | null }) {
  const list = useAnswer('recipes.list', {});
  const person = useApp((state) => state.session?.operator?.id ?? null);
  const all = list.value ?? [];
  const [wanted, setWanted] = useState<boolean | null>(null);
  // once a station has recipes of its own, those that came with the program are in the way
  const withExamples = wanted ?? !all.some(({ isExample }) => !isExample);
  const recipes = all.filter(({ recipe, isExample }) => withExamples || !isExample || recipe === chosen);
  const shown = chosen ?? recipes[0]?.recipe ?? null;

  return (
    <div className="recipes-screen">
      <nav className="recipe-list" aria-label={r.list}>
        <h1>{r.title}</h1>
        {all.some(({ isExample }) => !isExample) && (
          <Switch
            label={r.examples}
            checked={withExamples}
            onChange={(event) => setWanted(event.target.checked)}
            size="md"
          />
        )}
        <NewFromBuild onDone={list.again} />
        {list.fault !== null && <p className="calm-note">{faultText(list.fault).what}</p>}
        <ul>
          {recipes.map((view) => (
            <li key={view.recipe}>
              <a
                href={`#/recipes/${encodeURIComponent(view.recipe)}`}
                aria-current={view.recipe === shown ? 'page' : undefined}
              >
                <span className="recipe-name">{view.recipe}</span>
                <span className="recipe-facts">
                  {words.batch.revision(view)}, {view.chip}
                </span>
                <span className="recipe-marks">
                  <StateMark look={recipeLooks[view.state]} />
                  {view.errors > 0 && (
                    <StateMark look={{ tone: 'fail', shape: 'cross', word: r.errors({ count: view.errors }) }} />
                  )}
                </span>
              </a>
            </li>
          ))}
        </ul>
      </nav>
      {shown === null ? (
        <p className="calm-note page-note">{list.value === null && list.fault === null ? words.loading : r.choose}</p>
      ) : (
        // who comes next reads it anew: it may have been rehearsed or approved since
        <RecipeEditor key={`${shown} ${person}`} recipe={shown} onChanged={list.again} />
      )}
    </div>
  );
}
