// What must hold of the source before any test runs, side by side: types, lint and format, promises, walls, generated files, words, fault codes,
// chip names, citations.
// As a program (npm run check) it prints a line for each and the full words of what failed.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const root = dirname(import.meta.dirname);

export type CheckResult = { name: string; passed: boolean; words: string; milliseconds: number };

type Check = { name: string; programs: (readonly string[])[] };

const tool = (...parts: string[]) => join(root, 'node_modules', ...parts);
const present = (...paths: string[]) => paths.filter((path) => existsSync(join(root, path)));

/** What of `main`, `renderer` and `test` nobody waits for: read with their types, by the rules of .oxlintrc.json. */
export const promiseRules: readonly string[] = [
  tool('oxlint/bin/oxlint'),
  '--type-aware',
  '--deny-warnings',
  'main',
  'renderer',
  'test',
];

// Two TypeScripts: 7 (native-typescript) checks the types, being quick; 6 (typescript) is there for the walls' checker, which parses
// through its public interface, and 7 has none yet.
const checks: readonly Check[] = [
  {
    name: 'types',
    programs: ['tsconfig.json', ...present('renderer/tsconfig.json')].map((project) => [
      tool('native-typescript/bin/tsc'),
      '--noEmit',
      '--project',
      project,
    ]),
  },
  { name: 'lint and format', programs: [[tool('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings']] },
  { name: 'promises', programs: [promiseRules] },
  {
    name: 'walls',
    programs: [
      [
        tool('dependency-cruiser/bin/dependency-cruiser.mjs'),
        '--config',
        '.dependency-cruiser.mjs',
        ...present('main', 'renderer', 'test'),
      ],
    ],
  },
  { name: 'generated', programs: [[join(root, 'test/generate/run.ts'), '--check']] },
  { name: 'words', programs: [[join(root, 'test/check-words.ts')]] },
  { name: 'fault codes', programs: [[join(root, 'test/check-fault-codes.ts')]] },
  { name: 'chip names', programs: [[join(root, 'test/check-chip-names.ts')]] },
  { name: 'citations', programs: [[join(root, 'test/check-citations.ts')]] },
  { name: 'audit', programs: [[join(root, 'test/check-audit.ts')]] },
];

/** Runs a Node.js program in the project's folder; gives back what it wrote and how it ended. */
function runProgram(words: readonly string[]): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, words, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const hear = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', (error) => resolve({ status: 1, output: error.message }));
    child.on('close', (status) => resolve({ status: status ?? 1, output }));
  });
}

/** Runs all checks at once; `seen` hears each as it ends. */
export function runChecks(seen: (result: CheckResult) => void): Promise<CheckResult[]> {
  return Promise.all(
    checks.map(async ({ name, programs }) => {
      const start = performance.now();
      const runs = await Promise.all(programs.map(runProgram));
      const result = {
        name,
        passed: runs.every(({ status }) => status === 0),
        words: runs.map(({ output }) => output.trim()).join('\n'),
        milliseconds: performance.now() - start,
      };
      seen(result);
      return result;
    }),
  );
}

/** One line, and below it everything the tool said when it failed, or noted. */
export function checkLine({ name, passed, words, milliseconds }: CheckResult): string {
  const line = `${passed ? 'ok  ' : 'FAIL'} ${name} (${(milliseconds / 1000).toFixed(1)} s)`;
  return passed && !words.startsWith('note: ') ? line : `${line}\n${words}`;
}

if (import.meta.main) {
  const results = await runChecks((result) => console.log(checkLine(result)));
  process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
}
