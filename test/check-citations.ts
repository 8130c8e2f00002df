// `npm run check`, citations: reads the repository's texts and tells every citation and link that points nowhere.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { brokenCitations } from './citations.ts';

const root = join(import.meta.dirname, '..');
const read = [
  '*.{md,mjs,json,yml}',
  '{main,renderer,test,docs,station-config}/**/*.{ts,tsx,mjs,js,css,html,md,yaml,yml,py,sh}',
];
/** Full of citations that lead nowhere, on purpose. */
const itsTest = 'test/unit/docs/citations.test.ts';
const paths = globSync(read, { cwd: root, exclude: ['**/node_modules', '**/dist', 'package-lock.json', itsTest] });
const texts = new Map(paths.map((path) => [path.split(sep).join('/'), readFileSync(join(root, path), 'utf8')]));
const broken = brokenCitations({ texts, has: (path) => existsSync(join(root, path)) });

for (const line of broken) console.log(line);
if (broken.length > 0) process.exitCode = 1;
