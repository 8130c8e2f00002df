const place = (recipe: string, person: string) => `fuseline.draft.${person}.${recipe}`;

/** What this person typed into a recipe and did not save: another screen, a reload or a power cut loses none of it. */
export function keptDraft(recipe: string, person: string): string | null {
  try {
    return localStorage.getItem(place(recipe, person));
  } catch {
    return null;
  }
}

/** Null: nothing of it is unsaved. */
export function keepDraft(recipe: string, person: string, text: string | null): void {
  try {
    if (text === null) localStorage.removeItem(place(recipe, person));
    else localStorage.setItem(place(recipe, person), text);
  } catch {
    // a seat without a store forgets
  }
}
