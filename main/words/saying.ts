import { IntlMessageFormat } from 'intl-messageformat';
import { catalogues, localeOf, type Tree } from './catalogues.ts';
import type { Language } from './languages.ts';
import type { Messages } from './messages.ts';

type Values = Readonly<Record<string, string | number>>;

/**
 * The words of whichever language `now` names at the moment at which one is asked for: a table that can be kept, also parts of it. A message
 * without arguments is a text, one with arguments a function. Where a language lacks a message the English one is said.
 */
export function saying(now: () => Language): Messages {
  return branch(catalogues.en, [], now) as unknown as Messages;
}

function branch(shape: Tree, path: readonly string[], now: () => Language): object {
  const table = {};
  for (const [name, value] of Object.entries(shape)) {
    const at = [...path, name];
    Object.defineProperty(table, name, { enumerable: true, ...member(value, at, now) });
  }
  return table;
}

function member(value: string | Tree, at: readonly string[], now: () => Language): PropertyDescriptor {
  if (typeof value !== 'string') return { value: branch(value, at, now) };
  // the check sees to it that a brace is never a character of a text
  if (!value.includes('{')) return { get: () => messageOf(now(), at) };
  return { value: (values: Values) => said(now(), at, values) };
}

/** The message at this place, as it stands in the file. */
function messageOf(language: Language, at: readonly string[]): string {
  let here: string | Tree | undefined = catalogues[language];
  for (const name of at) here = typeof here === 'object' ? here[name] : undefined;
  return typeof here === 'string' ? here : messageOf('en', at);
}

const parsed = new Map<string, IntlMessageFormat>();

function said(language: Language, at: readonly string[], values: Values): string {
  const id = `${language} ${at.join('.')}`;
  let message = parsed.get(id);
  if (message === undefined) {
    message = new IntlMessageFormat(messageOf(language, at), localeOf(language), undefined, { ignoreTag: true });
    parsed.set(id, message);
  }
  return String(message.format({ ...values }));
}
