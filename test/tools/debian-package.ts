import { mkdirSync } from 'node:fs';
import { installPackages } from '../../main/boot/system.mjs';
import { madeOnce } from './made-once.ts';

/**
 * Why a program of Debian's cannot be had here, as `skip` of a test takes it; false: it can. Installed where it is not there and this process may,
 * tried once in a while. `what`: as people call it; `isThere`: whether it is.
 */
export async function noProgram(program: {
  readonly what: string;
  readonly package: string;
  /** With what it has to be, where not any will do; left out: any. */
  readonly wanted?: string;
  isThere(): boolean;
}): Promise<string | false> {
  const { what, package: name, wanted = what, isThere } = program;
  if (process.platform !== 'linux') return `it is tried with Debian's ${what}`;
  if (isThere()) return false;
  const made = await madeOnce(name, async (folder) => {
    if (installPackages([name], () => undefined) === null && isThere()) {
      mkdirSync(folder, { recursive: true });
      return null;
    }
    return `no ${wanted} on this machine (Debian: apt-get install ${name})`;
  });
  return 'missing' in made ? made.missing : false;
}
