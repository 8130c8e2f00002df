// `npm test`: the checks and every test file, each in a process of its own.
//
//   npm test                      everything
//   npm test -- unit/efuse faults only the files (or 'check') whose path holds one of the words
//
// A line a file while it runs, failures in full, skips with their reasons, and last of all `N passed, N failed[, N skipped]`.

import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { type EventData, run } from 'node:test';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { checkLine, root, runChecks } from './check.ts';
import { leftOpen } from './file-end.ts';
import { settleInMemory } from './tools/memory-folder.ts';

/** No test file may take longer; a hanging one is ended and counted as failed. Every state and scheme in a ROM takes a quarter of an hour. */
const fileTimeoutMs = process.env.FUSELINE_ROM === 'all' ? 3_600_000 : 300_000;
/** Most tests wait (for resets, tools, tokens) more than they compute: more files than processors. */
const filesAtOnce = Math.max(4, availableParallelism());
/** Lines of a failed file's own output that are shown with its failures. */
const shownOutputLines = 40;
/** Lines of one failure's text that are shown. */
const shownFailureLines = 100;

const words = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const isWanted = (path: string) => words.length === 0 || words.some((word) => path.includes(word));

const total = { passed: 0, failed: 0 };
const skips: { reason: string; name: string }[] = [];

type FileReport = { passed: number; failed: number; skipped: number; milliseconds: number; output: string[] };
const reports = new Map<string, FileReport>();
/** Files that were written to load several others, with those. */
const bundles = new Map<string, { readonly name: string; readonly members: readonly string[] }>();

const shortName = (file: string) => bundles.get(file)?.name ?? relative(root, file).split(sep).join('/');
const seconds = (milliseconds: number) => `(${(milliseconds / 1000).toFixed(1)} s)`;
/** A failure in full, unless a tool or a comparison fills pages: then its beginning and end. */
function clipped(text: string): string {
  const lines = text.split('\n');
  const left = lines.length - shownFailureLines;
  if (left <= 0) return text;
  const half = shownFailureLines / 2;
  return [...lines.slice(0, half), `... ${left} lines left out ...`, ...lines.slice(-half)].join('\n');
}
const indented = (text: string) => text.replaceAll(/^(?=.)/gm, '    ');

function reportOf(file: string): FileReport {
  let report = reports.get(file);
  if (report === undefined) {
    report = { passed: 0, failed: 0, skipped: 0, milliseconds: 0, output: [] };
    reports.set(file, report);
  }
  return report;
}

/** What a person needs to find the fault: the stack, and for assertions the difference. */
function describeError(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return clipped(
    cause instanceof Error ? (cause.stack ?? cause.message) : typeof cause === 'string' ? cause : inspect(cause),
  );
}

function failureTypeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'failureType' in error ? error.failureType : undefined;
}

/** A test (or suite) has ended. The event comes at once, in the order of time. */
function tell(seenIn: string, { name, skip, todo, details }: EventData.TestComplete) {
  const bundle = bundles.get(seenIn);
  if (bundle !== undefined && details.error === undefined) return; // that files are loaded is no test
  const file = bundle?.members.find((member) => pathToFileURL(member).href === name) ?? seenIn;
  const report = reportOf(file);
  if (skip !== undefined || todo !== undefined) {
    const reason = [skip, todo].find((why) => typeof why === 'string' && why !== '');
    skips.push({ reason: String(reason ?? 'no reason given'), name: `${shortName(file)}: ${name}` });
    report.skipped += 1;
  } else if (details.error === undefined) {
    if (details.type !== 'suite') report.passed += 1;
  } else if (failureTypeOf(details.error) !== 'subtestsFailed') {
    // (a parent whose subtests failed adds nothing to what they told)
    report.failed += 1;
    console.log(
      `  - ${name === seenIn || file !== seenIn ? 'the file ended with an error' : name}\n${indented(describeError(details.error))}`,
    );
  }
}

/** The process of a test file has ended, or of several. */
function finish(file: string, data: EventData.TestComplete) {
  if (data.details.error !== undefined) tell(file, data);
  const members = bundles.get(file)?.members;
  for (const member of members ?? []) sumUp(member, reportOf(member));
  const report = reportOf(file);
  // (what belongs to none of them is counted where it was seen)
  if (members === undefined || report.failed > 0) sumUp(file, { ...report, milliseconds: data.details.duration_ms });
}

function sumUp(file: string, report: FileReport) {
  const { passed, skipped } = report;
  if (passed + report.failed + skipped === 0) {
    report.failed = 1;
    console.log('  - there is no test in this file');
  }
  const { failed } = report;
  total.passed += passed;
  total.failed += failed;
  const counts = Object.entries({ passed, failed, skipped }).filter(([, count]) => count > 0);
  console.log(
    `${failed > 0 ? 'FAIL' : 'ok  '} ${shortName(file)}: ${counts.map(([what, count]) => `${count} ${what}`).join(', ')} ` +
      seconds(report.milliseconds),
  );
}

/** Files of a browser, a station and a line of boards wait for each other half of their time: two at once, when the rest is done. */
const isSeat = (file: string) => shortName(file).startsWith('test/e2e/');
/** Files that run other files, beside those: pages wait more than they compute. */
const runsOthers = (file: string) => shortName(file).startsWith('test/mutants/');

/** Most of a unit test's time is the loading of what it tests: so many of their files share a process, and what is loaded. */
const filesTogether = 12;
/** By this a unit file says that it changes its process, and why. */
const aloneMark = '// A process of its own: ';

/** A test that loads files: node:test is done with a process as soon as every test that it knows of has ended. */
const loading = (members: readonly string[]) => `import { test } from 'node:test';
const { promise, resolve } = Promise.withResolvers();
test('is loaded', () => promise);
const files = ${JSON.stringify(members.map((member) => pathToFileURL(member).href))};
for (const file of files)
  await import(file).catch((error) => void test(file, () => Promise.reject(error)));
resolve();
`;

/** Puts unit files together in files that load them, in `folder`; the others, and those that say so, stay as they are. */
function together(files: string[], folder: string): string[] {
  const isShared = (file: string) =>
    shortName(file).startsWith('test/unit/') && !readFileSync(file, 'utf8').includes(aloneMark);
  const shared = files.filter(isShared);
  if (shared.length < filesTogether) return files;
  const written: string[] = [];
  for (let at = 0; at < shared.length; at += filesTogether) {
    const members = shared.slice(at, at + filesTogether);
    const file = join(folder, `unit-${written.length + 1}.test.ts`);
    writeFileSync(file, loading(members));
    bundles.set(file, { name: `${shortName(members[0]!)} and the next ${members.length - 1}`, members });
    written.push(file);
  }
  return [...files.filter((file) => !isShared(file)), ...written];
}

async function runFiles(files: string[], atOnce: number) {
  if (files.length === 0) return;
  const stream = run({
    files,
    isolation: 'process',
    concurrency: atOnce,
    timeout: fileTimeoutMs,
    execArgv: ['--import', pathToFileURL(join(import.meta.dirname, 'file-end.ts')).href],
  });
  for await (const { type, data } of stream) {
    if (type === 'test:stderr' && data.message.startsWith(leftOpen))
      console.log(`note ${shortName(data.file)} ${data.message.trimEnd()}`);
    if (type === 'test:stdout' || type === 'test:stderr') reportOf(data.file).output.push(data.message);
    if (type !== 'test:complete' || data.file === undefined) continue;
    if (data.nesting === 0 && data.name === data.file) finish(data.file, data);
    else {
      if (data.nesting === 0) reportOf(data.file).milliseconds += data.details.duration_ms;
      tell(data.file, data);
    }
  }
}

/** What failed files wrote themselves, which node:test hands over later than their results. */
function showOutput() {
  for (const [file, { failed, output }] of reports) {
    const lines = output.join('').trimEnd().split('\n');
    if (failed > 0 && lines.join('') !== '')
      console.log(`\n${shortName(file)} wrote:\n${indented(lines.slice(-shownOutputLines).join('\n'))}`);
  }
}

function showSkips() {
  for (const [reason, group] of Map.groupBy(skips, (skip) => skip.reason)) {
    console.log(`\nskipped: ${reason}`);
    for (const { name } of group) console.log(`    ${name}`);
  }
}

const settled = settleInMemory();
const folder = mkdtempSync(join(tmpdir(), 'fuseline-tests-'));
try {
  const files = globSync('test/**/*.test.ts', { cwd: root })
    .filter(isWanted)
    .sort()
    .map((file) => join(root, file));
  // what tests start in a process of its own starts as `npm start` has it
  if (words.length === 0) {
    const { builtEntry } = await import('../main/boot/built.mjs');
    const { buildProgram } = await import('../main/start/program-bundle.ts');
    if (builtEntry(root, 'terminal') === null) await buildProgram();
  }
  const checks = isWanted('check')
    ? runChecks((result) => {
        total[result.passed ? 'passed' : 'failed'] += 1;
        console.log(checkLine(result));
      })
    : [];
  await runFiles(
    together(
      files.filter((file) => !isSeat(file) && !runsOthers(file)),
      folder,
    ),
    filesAtOnce,
  );
  await checks;
  await Promise.all([runFiles(files.filter(isSeat), 2), runFiles(files.filter(runsOthers), 1)]);
  if (files.length === 0 && !isWanted('check')) {
    total.failed += 1;
    console.log(`No test file has ${words.join(' or ')} in its path.`);
  }
  showOutput();
  showSkips();
} catch (error) {
  total.failed += 1;
  console.log(`the test run itself failed\n${indented(describeError(error))}`);
}
rmSync(folder, { recursive: true, force: true });
settled();
console.log(`\n${total.passed} passed, ${total.failed} failed${skips.length > 0 ? `, ${skips.length} skipped` : ''}`);
process.exitCode = total.failed > 0 ? 1 : 0;
