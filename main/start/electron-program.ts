// Whether Electron's window can be had here.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { programFolder } from './program-folder.ts';

/** The Electron program of node_modules, or null where it is not there. It is fetched by `npx install-electron`, never from here. */
export function electronProgram(): string | null {
  const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(programFolder, 'node_modules', 'electron', 'dist');
  const names = { win32: 'electron.exe', darwin: 'Electron.app/Contents/MacOS/Electron' } as Record<string, string>;
  const named = join(programFolder, 'node_modules', 'electron', 'path.txt');
  const name = existsSync(named) ? readFileSync(named, 'utf8').trim() : (names[process.platform] ?? 'electron');
  const program = join(folder, name);
  return existsSync(program) ? program : null;
}

export function hasDisplay(): boolean {
  if (process.platform === 'win32' || process.platform === 'darwin') return true;
  return Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}
