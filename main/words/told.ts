import type { Messages } from './messages.ts';
import { saying } from './saying.ts';

type Answers = Messages['answers'];
type Values<Name extends keyof Answers> = Answers[Name] extends (values: infer Given) => string ? Given : object;

/** What the station answers a person: in English, and as the message by which a face says it in its own language. */
export interface Told {
  readonly said: string;
  readonly message: { readonly name: keyof Answers; readonly values: Readonly<Record<string, string | number>> };
}

/** The station's own language: what is written down and told to machines. */
export const english = saying(() => 'en');

export function told<Name extends keyof Answers>(name: Name, values: Values<Name>): Told {
  const message = { name, values: values as Told['message']['values'] };
  return { said: answered(english.answers, message), message };
}

/** A fixed phrase that the station writes down in English, by the words of this language; one that it does not know as it came. */
export function phraseIn(said: Messages, section: 'steps' | 'deeds' | 'names', text: string): string {
  const own = Object.entries(english[section]).find(([, words]) => words === text)?.[0];
  return own === undefined ? text : String((said[section] as Readonly<Record<string, string>>)[own]);
}

/** An answer of the station in the language of this table. */
export function answered(answers: Answers, { name, values }: Told['message']): string {
  const message = answers[name];
  return typeof message === 'string' ? message : (message as (values: Told['message']['values']) => string)(values);
}
