// The runner behind npm test, on a small tree of its own: what it counts, what it shows, how it ends.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const tree = mkdtempSync(join(tmpdir(), 'fuseline-run-'));
after(() => rmSync(tree, { recursive: true, force: true }));

const head = "import assert from 'node:assert/strict';\nimport { describe, test } from 'node:test';\n";
const files = {
  'good.test.ts': "test('one', () => {});\ndescribe('more', () => { test('two', () => {}); });\n",
  'bad.test.ts':
    "test('fine', () => {});\ntest('wrong sum', () => assert.equal(1 + 1, 3));\nconsole.log('said on the way');\n",
  'skipped.test.ts':
    "test('there', () => {});\ntest('not there', { skip: 'no board on the table' }, () => {});\n" +
    "describe('all of it', { skip: 'no board on the table' }, () => { test('inner', () => {}); });\n",
  'crash.test.ts': "throw new Error('broken at load');\n",
  'floating.test.ts': "test('fine', () => { Promise.reject(new Error('nobody waits for me')); });\n",
  'hook.test.ts':
    "describe('suite', () => { before(() => { throw new Error('no ground'); }); test('inner', () => {}); });\n",
  'empty.test.ts': '',
  'open-handle.test.ts': "setInterval(() => {}, 1000);\ntest('leaves something open', () => {});\n",
};
mkdirSync(join(tree, 'test/unit'), { recursive: true });
for (const file of ['run.ts', 'check.ts', 'file-end.ts', 'tools/memory-folder.ts'])
  cpSync(join(import.meta.dirname, '../..', file), join(tree, 'test', file));
for (const [file, body] of Object.entries(files))
  writeFileSync(join(tree, 'test/unit', file), head.replace('describe,', 'before, describe,') + body);
writeFileSync(join(tree, 'package.json'), '{"type":"module"}');

/** Runs the runner with these words; its lines and how it ended. */
function npmTest(...words: string[]) {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env; // not a test run inside a test run
  const { stdout, status } = spawnSync(process.execPath, ['test/run.ts', ...words], {
    cwd: tree,
    env,
    encoding: 'utf8',
  });
  return { stdout, status, last: stdout.trimEnd().split('\n').at(-1) };
}

test('all well: exit 0, and the last line has no word of skips', () => {
  const { last, status, stdout } = npmTest('unit/good');
  assert.equal(last, '2 passed, 0 failed');
  assert.equal(status, 0);
  assert.match(stdout, /^ok {3}test\/unit\/good\.test\.ts: 2 passed/m);
});

test('a failure is shown with its difference and what its file wrote, and makes the exit 1', () => {
  const { last, status, stdout } = npmTest('unit/bad');
  assert.equal(last, '1 passed, 1 failed');
  assert.equal(status, 1);
  assert.match(stdout, /- wrong sum\n {4}.*AssertionError[\s\S]*2 !== 3/);
  assert.match(stdout, /^FAIL test\/unit\/bad\.test\.ts: 1 passed, 1 failed/m);
  assert.match(stdout, /bad\.test\.ts wrote:\n {4}said on the way/);
});

test('a file that leaves something open is ended, and says so', () => {
  const { last, status, stdout } = npmTest('unit/open');
  assert.equal(last, '1 passed, 0 failed');
  assert.equal(status, 0);
  assert.match(stdout, /^note test\/unit\/open-handle\.test\.ts left open after the tests: .*Timeout/m);
});

test('skips are counted, never as passed, and told by their reason', () => {
  const { last, status, stdout } = npmTest('unit/skipped');
  assert.equal(last, '1 passed, 0 failed, 2 skipped');
  assert.equal(status, 0);
  assert.match(stdout, /skipped: no board on the table\n {4}.*: not there\n {4}.*: all of it/);
});

test('a file that cannot be loaded is a failure, with its words', () => {
  const { last, status, stdout } = npmTest('unit/crash');
  assert.equal(last, '0 passed, 1 failed');
  assert.equal(status, 1);
  assert.match(stdout, /broken at load/);
});

for (const file of ['floating', 'hook', 'empty'])
  test(`${file}: something is wrong, so something has failed`, () => {
    const { last, status } = npmTest(`unit/${file}`);
    assert.match(last ?? '', /^\d+ passed, [1-9]\d* failed$/);
    assert.equal(status, 1);
  });

test('many unit files share processes, and are counted each; one that cannot be loaded fails alone', () => {
  const folder = join(tree, 'test/unit/many');
  mkdirSync(folder);
  const tellPid = "test('tells', () => console.log('by process', process.pid));\n";
  for (let n = 10; n < 22; n++) writeFileSync(join(folder, `file-${n}.test.ts`), head + tellPid);
  writeFileSync(join(folder, 'own.test.ts'), `// A process of its own: it says so.\n${head}${tellPid}`);
  writeFileSync(join(folder, 'file-15.test.ts'), "throw new Error('broken at load');\n");
  writeFileSync(join(folder, 'file-16.test.ts'), `${head}${tellPid}test('wrong', () => assert.equal(1, 2));\n`);
  writeFileSync(join(folder, 'file-17.test.ts'), `${head}console.log('by process', process.pid);\n`);
  const { stdout, last, status } = npmTest('unit/many');
  assert.equal(last, '11 passed, 3 failed');
  assert.equal(status, 1);
  assert.match(stdout, /the file ended with an error\n {4}Error: broken at load/);
  assert.match(stdout, /^FAIL test\/unit\/many\/file-15\.test\.ts: 1 failed/m);
  assert.match(stdout, /^FAIL test\/unit\/many\/file-16\.test\.ts: 1 passed, 1 failed/m);
  assert.match(stdout, /no test in this file\nFAIL test\/unit\/many\/file-17\.test\.ts/);
  assert.match(stdout, /^ok {3}test\/unit\/many\/file-21\.test\.ts: 1 passed/m);
  rmSync(folder, { recursive: true });
});

test('a word that no file has in its path is a failure and not an empty success', () => {
  const { last, status } = npmTest('unit/absent');
  assert.equal(last, '0 passed, 1 failed');
  assert.equal(status, 1);
});

test('checks are counted as tests', () => {
  const { stdout, status } = npmTest('check'); // this tree has no tools to check with
  assert.match(stdout, /^FAIL types/m);
  assert.match(stdout, /^FAIL walls/m);
  assert.equal(status, 1);
});
