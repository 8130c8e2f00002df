import { Select } from '@mantine/core';
import { nameOf } from '../../main/words/catalogues.ts';
import { type Language, languages } from '../../main/words/languages.ts';
import { languageOf } from '../state/state.ts';
import { useApp, useAsk, useSeat } from '../state/station.ts';
import { words } from '../words/words.ts';

export const languageItems = languages.map((value) => ({ value, label: nameOf(value) }));

/** Anybody chooses: for this seat where nobody is signed in, else for themselves, at every seat. */
export function LanguageChoice() {
  const { store } = useSeat();
  const ask = useAsk();
  const language = useApp(languageOf);
  const isSomebody = useApp((state) => state.session?.operator != null);
  const choose = async (chosen: Language) => {
    if (!isSomebody) return store.dispatch({ type: 'preferences', preferences: { language: chosen } });
    const session = await ask('session.language', { language: chosen });
    if (session !== null) store.dispatch({ type: 'session', session });
  };
  return (
    <Select
      label={words.session.language}
      data={languageItems}
      value={language}
      onChange={(value) => value !== null && void choose(value as Language)}
      allowDeselect={false}
      size="md"
    />
  );
}
