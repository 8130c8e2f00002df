// The page, and for Electron the main process: built where they are stale, by one test file at a time.
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildMain, buildPage, isPageStale } from '../../main/start/build.ts';
import { programFolder } from '../../main/start/program-folder.ts';

/** Longest wait for another test file that builds, in ms. */
const buildMs = 60_000;

/**
 * Test files run side by side: one builds, the others wait for it. `main`: the main process too, for the Electron that the product pins
 * or for an older one, whose V8 knows no `using`.
 */
export async function freshBuild(options: { readonly main: 'none' | 'pinned' | 'older' }): Promise<void> {
  const lock = join(programFolder, 'dist', '.page-being-built');
  mkdirSync(join(programFolder, 'dist'), { recursive: true });
  const until = Date.now() + buildMs;
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      if (Date.now() > until) rmSync(lock, { recursive: true, force: true });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  try {
    if (isPageStale()) await buildPage();
    if (options.main !== 'none') await buildMain();
    if (options.main === 'older') await lowerMain();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

async function lowerMain(): Promise<void> {
  const { default: typescript } = await import('typescript');
  const compilerOptions = { target: typescript.ScriptTarget.ES2022, module: typescript.ModuleKind.ESNext };
  const folder = join(programFolder, 'dist', 'main');
  for (const name of globSync('**/*.js', { cwd: folder })) {
    const file = join(folder, name);
    const source = readFileSync(file, 'utf8');
    if (!/\busing \w+ =/.test(source)) continue;
    writeFileSync(file, typescript.transpileModule(source, { compilerOptions }).outputText);
  }
}
