// A display for windows that nobody looks at: the one that is there, else Xvfb, installed where this process may.
import { spawn } from 'node:child_process';
import { installPackages, isInPath } from '../../main/boot/system.mjs';
import { hasDisplay } from '../../main/start/electron-program.ts';

/** Size of a panel at which every window of a test has room. */
const screen = '3840x2160x24';

/** The environment in which windows open, until this process ends; or why none can. */
export async function displayForTests(): Promise<Record<string, string> | { readonly missing: string }> {
  if (hasDisplay()) return {};
  if (!isInPath('Xvfb')) {
    const missing = installPackages(['xvfb'], () => undefined);
    if (missing !== null) return { missing: `no display for Electron, and no Xvfb (${missing})` };
  }
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', screen, '-nolisten', 'tcp', '-noreset', '-ac'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  process.on('exit', () => server.kill());
  const told = server.stdio[3] as NodeJS.ReadableStream;
  const number = await new Promise<string>((resolve) => {
    told.once('data', (data) => resolve(String(data).trim()));
    server.once('exit', () => resolve(''));
    server.once('error', () => resolve(''));
  });
  if (number === '') return { missing: 'no display for Electron: Xvfb ended' };
  server.unref();
  (told as unknown as { unref(): void }).unref();
  return { DISPLAY: `:${number}` };
}
