// What has to be built before a window can open: the page (Vite), and for Electron the main process and its preload.
//
//   node main/boot/launch.mjs main/start/build.ts   everything anew, as `npm run dist` needs it
//
// The main process is not bundled. Its files are stripped of their types one by one into dist/main, which keeps their places: worker
// threads and the token's process are started by the path of their own file, stack traces keep their lines, and nothing depends on
// whether the Node.js inside an Electron release strips types, inside an archive or at all. The preload is bundled, since a sandboxed
// preload is one CommonJS file and may load nothing but Electron's own module.
import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { pageFolder, programFolder } from './program-folder.ts';

const root = programFolder;

/** Whether the built page is older than what it is made from. Where there are no sources (an installed program) it never is. */
export function isPageStale(): boolean {
  const built = join(pageFolder, 'index.html');
  if (!existsSync(join(root, 'renderer', 'vite.config.ts'))) return false;
  if (!existsSync(built)) return true;
  const since = statSync(built).mtimeMs;
  const sources = globSync(['renderer/**/*.*', 'main/contract/*.ts', 'main/words/*', 'package-lock.json'], {
    cwd: root,
  });
  return sources.some((file) => statSync(join(root, file)).mtimeMs > since);
}

/** What is no source in main/: programs for chips with their licence, and the catalogues of words. */
const asTheyAre = ['protocol/stubs/*', 'words/*.json'];

/** Builds the page. */
export async function buildPage(): Promise<void> {
  const { build } = await import('vite');
  await build({ configFile: join(root, 'renderer', 'vite.config.ts'), logLevel: 'warn' });
}

/** Strips main/ into dist/main, with the flasher stubs and the catalogues as they are, and bundles the preload to dist/preload.cjs. */
export async function buildMain(): Promise<void> {
  const out = join(root, 'dist', 'main');
  rmSync(out, { recursive: true, force: true });
  for (const file of globSync('main/**/*.ts', { cwd: root })) {
    const target = join(out, relative('main', file)).replace(/\.ts$/, '.js');
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, withoutTypes(readFileSync(join(root, file), 'utf8')));
  }
  for (const file of globSync(asTheyAre, { cwd: join(root, 'main') })) {
    mkdirSync(dirname(join(out, file)), { recursive: true });
    copyFileSync(join(root, 'main', file), join(out, file));
  }
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({ input: join(root, 'main', 'start', 'preload.ts'), external: ['electron'] });
  await bundle.write({ file: join(root, 'dist', 'preload.cjs'), format: 'cjs' });
  await bundle.close();
}

/** JavaScript of a file, at the same lines; names of its neighbours end in .js. */
export function withoutTypes(source: string): string {
  return stripTypeScriptTypes(source).replaceAll(/(['"])(\.{1,2}\/[^'"\n]+)\.ts\1/g, '$1$2.js$1');
}

if (import.meta.main) {
  await buildPage();
  await buildMain();
}
