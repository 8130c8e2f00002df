// Python for the judges: virtual environments with pinned packages, each made once from PyPI into a folder of its own. Nothing of the
// product uses them.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { madeOnce } from './made-once.ts';

const execute = promisify(execFile);

const lastLine = (error: unknown) => {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr || message).trim().split('\n').at(-1) ?? '';
};

export interface Packages {
  /** Beginning of the folder's name. */
  readonly name: string;
  /** What they are, as the beginning of a sentence. */
  readonly what: string;
  /** As pip takes them, versions pinned. */
  readonly requirements: readonly string[];
}

async function install(folder: string, { what, requirements }: Packages): Promise<string | null> {
  rmSync(folder, { recursive: true, force: true });
  try {
    await execute('python3', ['-m', 'venv', folder]);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? 'python3 is not installed'
      : 'python3 cannot make a virtual environment (Debian: apt-get install python3-venv)';
  }
  try {
    const quietly = ['--quiet', '--disable-pip-version-check', '--no-input', '--retries', '1', '--timeout', '20'];
    await execute(join(folder, 'bin', 'python'), ['-m', 'pip', 'install', ...quietly, ...requirements]);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    return `${what} could not be installed from PyPI (${lastLine(error)})`;
  }
  return null;
}

/** The Python in which these packages are installed, made when it is not there yet; or why there is none. */
export async function pythonWith(
  packages: Packages,
): Promise<{ readonly python: string } | { readonly missing: string }> {
  if (process.platform === 'win32') return { missing: `${packages.what} are tried on Linux and macOS` };
  const key = createHash('sha256').update(packages.requirements.join('\n')).digest('hex').slice(0, 12);
  const made = await madeOnce(`${packages.name}-${key}`, (folder) => install(folder, packages));
  return 'missing' in made ? made : { python: join(made.folder, 'bin', 'python') };
}
