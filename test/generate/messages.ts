// The types of the messages, from the English catalogue: each text a string, each message with arguments a function of them.
import { catalogues, type Tree } from '../../main/words/catalogues.ts';
import { argumentsOf } from '../messages.ts';

const head = `// Made from en.json by \`npm run generate\`.

type Said<Values> = (values: Values) => string;

`;

/** Of biome.json, with the semicolon. */
const longestLine = 120;

export const messageTypes = (): { readonly file: string; readonly text: string } => ({
  file: 'main/words/messages.ts',
  text: `${head}export interface Messages ${tree(catalogues.en, '')}\n`,
});

function tree(node: Tree, indent: string): string {
  const lines = Object.entries(node).map(([name, value]) => {
    const start = `${indent}  readonly ${/^[\w$]+$/.test(name) ? name : `'${name}'`}: `;
    return `${start}${member(value, `${indent}  `, start.length)};`;
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

/** As the formatter writes it: what is too long for a line has one for each argument. */
function member(value: string | Tree, indent: string, before: number): string {
  if (typeof value !== 'string') return tree(value, indent);
  const named = [...argumentsOf(value)];
  if (named.length === 0) return 'string';
  const values = named.map(([name, kind]) => `${name}: ${kind}`);
  const line = `Said<{ ${values.join('; ')} }>`;
  if (before + line.length < longestLine) return line;
  return `Said<{\n${values.map((one) => `${indent}  ${one};\n`).join('')}${indent}}>`;
}
