import { useEffect } from 'react';
import { localeOf } from '../../main/words/catalogues.ts';
import { languageOf } from '../state/state.ts';
import { useApp } from '../state/station.ts';
import { speak } from '../words/words.ts';
import { App } from './App.tsx';

/** The window in the language of whoever sits here: another language draws it anew. */
export function Spoken() {
  const language = useApp(languageOf);
  speak(language);
  useEffect(() => {
    document.documentElement.lang = localeOf(language);
  }, [language]);
  return <App key={language} />;
}
