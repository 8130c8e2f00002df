// The promise rules, tried with promises that nobody waits for: a small tree of its own, read by the same checker with the same table.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promiseRules, root } from '../../check.ts';

type Diagnostic = { readonly code: string; readonly filename: string };

const floating = 'typescript(no-floating-promises)';
const misused = 'typescript(no-misused-promises)';

const board = `export interface Board {
  returnToRom(): Promise<void>;
}
export interface Step {
  perform(context: { readonly board: Board }): Promise<void>;
}
`;

/** file -> its text and what the checker must have against it */
const bad: { [file: string]: [text: string, complaint: string] } = {
  // what a parameter is only the type of the whole object tells
  'main/recipe/step.ts': [
    "import type { Step } from '../chip/board.ts';\nexport const step: Step = {\n  async perform({ board }) {\n    board.returnToRom();\n  },\n};\n",
    floating,
  ],
  'main/station/run.ts': [
    'export class Run {\n  async #say(): Promise<void> {}\n  async perform(): Promise<void> {\n    this.#say();\n  }\n}\n',
    floating,
  ],
  'main/ledger/file.ts': [
    "import { writeFile } from 'node:fs/promises';\nexport async function keep(text: string): Promise<void> {\n  writeFile('x', text);\n}\n",
    floating,
  ],
  'main/ledger/then.ts': ['export const f = (p: Promise<number>) => {\n  p.then((n) => n + 1);\n};\n', floating],
  'main/chip/asked.ts': [
    'export function isThere(still: () => Promise<boolean>): number {\n  return still() ? 1 : 0;\n}\n',
    misused,
  ],
  'main/chip/each.ts': [
    'export const all = (words: number[], burn: (word: number) => Promise<void>) =>\n  words.forEach(async (word) => {\n    await burn(word);\n  });\n',
    misused,
  ],
  'main/chip/timer.ts': [
    'export const later = (read: () => Promise<void>) =>\n  setTimeout(async () => {\n    await read();\n  }, 1);\n',
    misused,
  ],
  'renderer/View.tsx': [
    'export function go(ask: () => Promise<number>): void {\n  ask();\n}\nexport const View = () => null;\n',
    floating,
  ],
  'test/rejects.test.ts': [
    "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\ntest('a', () => {\n  assert.rejects(Promise.reject(new Error('x')));\n});\n",
    floating,
  ],
};

const well = {
  'main/chip/board.ts': board,
  'main/chip/waited.ts':
    'export async function f(p: Promise<void>): Promise<void> {\n  await p;\n  void p;\n  p.catch(() => undefined);\n}\n',
  'test/outer.test.ts':
    "import { describe, it, test } from 'node:test';\ntest('a', async () => {});\ndescribe('b', () => {\n  it('c', async () => {});\n});\n",
};

let tree = '';
let found: Diagnostic[] = [];

before(() => {
  tree = mkdtempSync(join(tmpdir(), 'fuseline-promises-'));
  const texts = Object.fromEntries(Object.entries(bad).map(([file, [text]]) => [file, text]));
  for (const [file, text] of Object.entries({ ...well, ...texts })) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), text);
  }
  for (const file of ['.oxlintrc.json', 'tsconfig.json', 'renderer/tsconfig.json'])
    cpSync(join(root, file), join(tree, file));
  writeFileSync(join(tree, 'package.json'), '{"type":"module"}');
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'), 'junction');
  const { stdout, stderr } = spawnSync(process.execPath, [...promiseRules, '--format', 'json'], {
    cwd: tree,
    encoding: 'utf8',
  });
  assert.ok(stdout.startsWith('{'), `the checker itself failed: ${stderr}${stdout}`);
  found = (JSON.parse(stdout) as { diagnostics: Diagnostic[] }).diagnostics;
});

after(() => rmSync(tree, { recursive: true, force: true }));

const complaintsAbout = (file: string) => found.filter(({ filename }) => filename === file).map(({ code }) => code);

for (const [file, [, complaint]] of Object.entries(bad))
  test(`${file} runs into ${complaint}`, () => assert.deepEqual(complaintsAbout(file), [complaint]));

for (const file of Object.keys(well)) test(`${file} is let through`, () => assert.deepEqual(complaintsAbout(file), []));
