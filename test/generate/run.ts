// `npm run generate`: makes anew what a program makes in this repository.
//
//   npm run generate             writes the files
//   npm run generate -- --check  writes none: tells which differ, and ends with 1 if any does (part of `npm run check`)
//
// A folder as last word is taken for the repository's.
import { parseArgs } from 'node:util';
import { root } from '../check.ts';
import { differences, generate } from './files.ts';

const { values, positionals } = parseArgs({ options: { check: { type: 'boolean' } }, allowPositionals: true });
const [tree = root] = positionals;

if (values.check) {
  const found = await differences(tree);
  for (const sentence of found) console.log(sentence);
  if (found.length > 0) console.log('Generated files are changed in their sources: run `npm run generate`.');
  process.exitCode = found.length > 0 ? 1 : 0;
} else await generate(tree);
