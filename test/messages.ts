// What an ICU message asks for.
import { IntlMessageFormat } from 'intl-messageformat';

interface Part {
  readonly type: number;
  readonly value?: string;
  readonly options?: Readonly<Record<string, { readonly value: readonly Part[] }>>;
}

/** The forms of each plural of a message. */
export function pluralsOf(message: string): string[][] {
  const found: string[][] = [];
  const look = (parts: readonly Part[]) => {
    for (const { type, options = {} } of parts) {
      if (type === kinds.plural) found.push(Object.keys(options));
      for (const branch of Object.values(options)) look(branch.value);
    }
  };
  look(treeOf(message));
  return found;
}

function treeOf(message: string): readonly Part[] {
  return new IntlMessageFormat(message, 'en', undefined, { ignoreTag: true }).getAst() as unknown as readonly Part[];
}

/** Kinds of parts in the tree of @formatjs/icu-messageformat-parser (TYPE). */
const kinds = { argument: 1, number: 2, date: 3, time: 4, select: 5, plural: 6 } as const;

/** The arguments of a message by name, each with its type in TypeScript. Throws where it is no ICU message. */
export function argumentsOf(message: string): Map<string, string> {
  const found = new Map<string, string>();
  gather(treeOf(message), found);
  return found;
}

function gather(parts: readonly Part[], found: Map<string, string>): void {
  for (const { type, value = '', options = {} } of parts) {
    if (type === kinds.argument && !found.has(value)) found.set(value, 'string | number');
    if (type === kinds.number || type === kinds.plural) found.set(value, 'number');
    if (type === kinds.select) found.set(value, 'string');
    if (type === kinds.date || type === kinds.time) throw new Error(`{${value}}: dates come written`);
    for (const branch of Object.values(options)) gather(branch.value, found);
  }
}
