import { readdirSync, readFileSync } from 'node:fs';

/** The whole family of a process, itself first. Linux only, as the Electron of these tests mostly is. */
export function family(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [, parent] = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'utf8')) ?? [];
        return [[Number(name), Number(parent)] as const];
      } catch {
        return [];
      }
    });
  const under = (of: number): number[] => [of, ...parents.filter(([, up]) => up === of).flatMap(([one]) => under(one))];
  return under(pid);
}
