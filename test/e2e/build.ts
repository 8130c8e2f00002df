// The page, and for Electron the main process: built where they are stale, by one test file at a time.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildMain, buildPage, isPageStale } from '../../main/start/build.ts';
import { programFolder } from '../../main/start/real-parts.ts';

/** Longest wait for another test file that builds, in ms. */
const buildMs = 60_000;

/** Test files run side by side: one builds, the others wait for it. */
export async function freshBuild(options: { readonly main: boolean }): Promise<void> {
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
    if (options.main) await buildMain();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}
