import { StateMark } from '../parts/StateMark.tsx';
import { useAnswer } from '../state/station.ts';
import { words } from '../words/words.ts';
import { RecipeEditor } from './RecipeEditor.tsx';
import { recipeLooks } from './recipe-looks.ts';

const r = words.recipes;

/** All recipes, and the chosen one: form, text and what it does. */
export function RecipesView({ chosen }: { readonly chosen: string | null }) {
  const list = useAnswer('recipes.list', {});
  const recipes = list.value ?? [];
  const shown = chosen ?? recipes[0]?.recipe ?? null;

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
                aria-current={view.recipe === shown ? 'page' : undefined}
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
      {shown === null ? (
        <p className="calm-note page-note">{r.choose}</p>
      ) : (
        <RecipeEditor key={shown} recipe={shown} onChanged={list.again} />
      )}
    </div>
  );
}
