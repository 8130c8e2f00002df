// The files of this repository that a program makes: what they must hold, and where they do not.
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { burnExchangesFile } from './burn-exchanges.ts';
import { tableFiles } from './efuse-tables.ts';
import { manualFiles } from './manual-page.ts';
import { messageTypes } from './messages.ts';
import { schemaFiles } from './schema-files.ts';

export interface GeneratedFile {
  /** Path in the repository, with slashes. */
  readonly file: string;
  readonly text: string;
}

/** Folders that hold nothing else. */
const folders = ['main/efuse/tables/fields', 'station-config/schemas'];

const generated = async (): Promise<readonly GeneratedFile[]> => [
  ...tableFiles(),
  ...schemaFiles,
  ...manualFiles,
  messageTypes(),
  await burnExchangesFile(),
];

/** A sentence for every file of the tree at `root` that is not what its sources give, is missing, or that nothing makes any more. */
export async function differences(root: string): Promise<string[]> {
  const files = await generated();
  const wrong = files.flatMap(({ file, text }) => {
    const path = join(root, file);
    if (!existsSync(path)) return [`${file} is missing.`];
    const found = readFileSync(path, 'utf8');
    if (found === text) return [];
    const [lines, wanted] = [found.split('\n'), text.split('\n')];
    const at = wanted.findIndex((line, index) => line !== lines[index]);
    const [is, must] = at < 0 ? [lines[wanted.length], undefined] : [lines[at], wanted[at]];
    return [
      `${file}:${(at < 0 ? wanted.length : at) + 1} is ${JSON.stringify(is ?? null)} and must be ${JSON.stringify(must ?? null)}.`,
    ];
  });
  return [...wrong, ...strangers(root, files).map((file) => `${file} is made by nothing.`)];
}

/** Makes all of them anew in the tree at `root`; what nothing makes any more goes. */
export async function generate(root: string): Promise<void> {
  const files = await generated();
  for (const file of strangers(root, files)) rmSync(join(root, file));
  for (const { file, text } of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
}

function strangers(root: string, files: readonly GeneratedFile[]): string[] {
  const known = new Set(files.map(({ file }) => file));
  return globSync(
    folders.map((folder) => `${folder}/*`),
    { cwd: root },
  )
    .map((path) => path.split(sep).join('/'))
    .filter((file) => !known.has(file))
    .sort();
}
