// Builds the program into few files (main/boot/built.mjs says when they are used).
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { builtFolder, builtFolders } from '../boot/built.mjs';
import { programFolder } from './program-folder.ts';

/** Packages of many small files that are nothing but code. Every other one is loaded from where it lies, with whatever lies beside it. */
const taken = /^(zod|yaml|commander|intl-messageformat|@formatjs\/|@noble\/)/;
/** How a module names the file of a thread or of a process, which becomes an entry of its own. */
const startedFile = /new URL\('\.\/([\w-]+)\.ts', import\.meta\.url\)/g;
/** So many states of the sources keep their program: an older one may be running. */
const keptPrograms = 3;

/** Builds the program of the sources as they are. Its folder appears whole, or not at all. */
export async function buildProgram(): Promise<void> {
  const folder = builtFolder(programFolder);
  const unfinished = join(programFolder, builtFolders, `.new-${process.pid}`);
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({
    input: entries(),
    platform: 'node',
    external: (id) => !/^[./]/.test(id) && !id.startsWith(programFolder) && !taken.test(id),
    plugins: [{ name: 'places', transform: (code, id) => ({ code: withPlaces(code, id, folder), map: null }) }],
  });
  try {
    mkdirSync(unfinished, { recursive: true });
    await bundle.write({
      ...{ dir: unfinished, format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: 'parts/[name]-[hash].mjs' },
    });
    // (where another start was sooner its program is the same, and runs already)
    if (!existsSync(folder)) renameSync(unfinished, folder);
  } finally {
    await bundle.close();
    rmSync(unfinished, { recursive: true, force: true });
  }
  removeOlder();
}

/** The terminal, and every file that a module starts as a thread or a process, by the name that it has in the built folder. */
function entries(): Record<string, string> {
  const found: Record<string, string> = { terminal: join(programFolder, 'main', 'start', 'terminal.ts') };
  for (const file of globSync('main/**/*.ts', { cwd: programFolder }).map((name) => join(programFolder, name)))
    for (const [, name] of readFileSync(file, 'utf8').matchAll(startedFile))
      found[name!] = join(dirname(file), `${name}.ts`);
  return found;
}

/** What a module knows of its own place stays its place among the sources, where the files beside it lie; but what it starts is built. */
function withPlaces(code: string, id: string, folder: string): string {
  if (!id.startsWith(programFolder)) return code;
  const place = JSON.stringify(pathToFileURL(id).href);
  return code
    .replaceAll(
      startedFile,
      (_, name: string) => `new URL(${JSON.stringify(pathToFileURL(join(folder, `${name}.mjs`)).href)})`,
    )
    .replaceAll('import.meta.url', place)
    .replaceAll('import.meta.dirname', JSON.stringify(dirname(id)))
    .replaceAll('import.meta.main', 'false');
}

function removeOlder(): void {
  const all = join(programFolder, builtFolders);
  const ages = readdirSync(all)
    .filter((name) => !name.startsWith('.'))
    .map((name) => ({ name, at: statSync(join(all, name)).mtimeMs }))
    .sort((a, b) => b.at - a.at);
  for (const { name } of ages.slice(keptPrograms)) rmSync(join(all, name), { recursive: true, force: true });
}
