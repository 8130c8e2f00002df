// One mutant tried: its tests run with the damaged source in place of the real one.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nodeWords } from '../../main/boot/node-words.mjs';
import type { Mutant } from './mutant.ts';

const root = dirname(dirname(import.meta.dirname));
const hrefOf = (...parts: string[]) => pathToFileURL(join(root, ...parts)).href;

/** A test file that takes so long hangs, which `npm test` would call failed; less than the sample there may take. */
const longestMs = 150_000;

export type Verdict =
  | { readonly end: 'killed'; readonly by: string }
  | { readonly end: 'survived'; readonly why: string }
  | { readonly end: 'does not apply'; readonly why: string };

/** Why the list is not true of the source any more; null: it is. */
export function unfit({ file, before, after, tests }: Mutant): string | null {
  const missing = [file, ...tests].find((path) => !existsSync(join(root, path)));
  if (missing !== undefined) return `there is no ${missing}`;
  const text = readFileSync(join(root, file), 'utf8');
  const times = text.split(before).length - 1;
  if (times !== 1) return `its text stands in ${file} ${times} times`;
  try {
    stripTypeScriptTypes(text.replace(before, () => after));
  } catch (error) {
    return `${file} could not be read with it: ${(error as Error).message}`;
  }
  return null;
}

/** Runs the mutant's tests until one of them is red. */
export async function tryMutant(mutant: Mutant): Promise<Verdict> {
  const why = unfit(mutant);
  if (why !== null) return { end: 'does not apply', why };
  const url = hrefOf(mutant.file);
  for (const test of mutant.tests) {
    const failed = await failureOf(test, mutant.name, { url, before: mutant.before, after: mutant.after });
    if (failed === 'nothing ran') return { end: 'survived', why: `no test of ${test} ran (${mutant.name ?? 'all'})` };
    if (failed !== null) return { end: 'killed', by: `${test}: ${failed}` };
  }
  return { end: 'survived', why: `${mutant.tests.join(', ')} stayed green` };
}

/** Name of the first test of a file that failed, `nothing ran` where none did anything, or null where all passed. */
export function failureOf(
  test: string,
  name: string | undefined,
  damage: { readonly url: string; readonly before: string; readonly after: string } | null,
): Promise<string | null> {
  const words = [
    ...nodeWords,
    ...(damage === null ? [] : ['--import', hrefOf('test/mutants/serve.mjs')]),
    ...['--import', hrefOf('test/file-end.ts'), '--test-reporter=tap'],
    ...(name === undefined ? [] : [`--test-name-pattern=${name}`]),
    join(root, test),
  ];
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const child = spawn(process.execPath, words, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...environment,
      ...(damage === null
        ? {}
        : {
            FUSELINE_MUTANT: JSON.stringify(damage),
            // what is built holds the source as it is
            FUSELINE_SOURCES: '1',
            NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${hrefOf('test/mutants/serve.mjs')}`,
          }),
    },
  });
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      // one failure is enough
      if (/^ *not ok \d+ /m.test(said)) child.kill('SIGTERM');
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const timer = setTimeout(() => child.kill('SIGKILL'), longestMs);
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      if (signal === 'SIGKILL') return resolve('it hung');
      const failures = [...said.matchAll(/^ *not ok \d+ - (.*)$/gm)].map(([, failed]) => failed!);
      const ran = /^ *ok \d+ - (?!.*# SKIP)/m.test(said) || failures.length > 0;
      // The innermost failure comes first. A file that file-end.ts had to end says by its status nothing of its tests.
      if (failures.length > 0) return resolve(failures[0]!);
      if (status === 0) return resolve(ran ? null : 'nothing ran');
      reject(new Error(`${test} could not be run: ${said.slice(-2000)}`));
    });
  });
}
