// The types of the messages, from the English catalogue: each text a string, each message with arguments a function of them.
import { catalogues, type Tree } from '../../main/words/catalogues.ts';
import { argumentsOf } from '../messages.ts';

const head = `// Made from en.json by \`npm run generate\`.

type Said<Values> = (values: Values) => string;

`;

export const messageTypes = (): { readonly file: string; readonly text: string } => ({
  file: 'main/words/messages.ts',
  text: `${head}export interface Messages ${tree(catalogues.en, '')}\n`,
});

function tree(node: Tree, indent: string): string {
  const lines = Object.entries(node).map(
    ([name, value]) => `${indent}  readonly ${/^[\w$]+$/.test(name) ? name : `'${name}'`}: ${member(value, indent)};`,
  );
  return `{\n${lines.join('\n')}\n${indent}}`;
}

function member(value: string | Tree, indent: string): string {
  if (typeof value !== 'string') return tree(value, `${indent}  `);
  const named = [...argumentsOf(value)];
  if (named.length === 0) return 'string';
  return `Said<{ ${named.map(([name, kind]) => `${name}: ${kind}`).join('; ')} }>`;
}
