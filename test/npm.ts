// npm as a program, for checks that its own tools answer.
import { spawn } from 'node:child_process';
import { basename, dirname } from 'node:path';

export const root = dirname(import.meta.dirname);

/** What npm says to these words. `timeoutMs`: it is ended after that, with status 1. */
export function npmWords(
  words: readonly string[],
  timeoutMs = 60_000,
): Promise<{ readonly status: number; readonly out: string; readonly err: string }> {
  const path = process.env.npm_execpath ?? '';
  const [program, ...first] = basename(path) === 'npm-cli.js' ? [process.execPath, path] : ['npm'];
  return new Promise((resolve) => {
    const child = spawn(program as string, [...first, ...words], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      shell: program === 'npm' && process.platform === 'win32',
    });
    const texts = { out: '', err: '' };
    child.stdout?.on('data', (chunk) => {
      texts.out += String(chunk);
    });
    child.stderr?.on('data', (chunk) => {
      texts.err += String(chunk);
    });
    child.on('error', (error) => resolve({ status: 1, ...texts, err: error.message }));
    child.on('close', (status) => resolve({ status: status ?? 1, ...texts }));
  });
}
