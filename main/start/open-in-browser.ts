import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Opens a link in the browser of whoever sits here, by way of a file that only they can read: on a command line every user of this
 * computer could read its key.
 */
export function openInBrowser(link: string): boolean {
  const { platform, env } = process;
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-link-'));
  const file = join(folder, 'open.html');
  const address = pathToFileURL(file).href;
  const words =
    platform === 'win32'
      ? ['rundll32', 'url.dll,FileProtocolHandler', address]
      : platform === 'darwin'
        ? ['open', address]
        : env.DISPLAY || env.WAYLAND_DISPLAY
          ? ['xdg-open', address]
          : null;
  if (words === null) {
    rmSync(folder, { recursive: true });
    return false;
  }
  writeFileSync(file, `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${link}">\n`, {
    mode: 0o600,
  });
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const [program = '', ...rest] = words;
  const child = spawn(program, rest, { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
  return true;
}
