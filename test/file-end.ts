// Loaded before every test file by the runner: a file whose tests are over, but which keeps its process alive (a port, a timer, a
// child), is ended after a moment of grace, and says what it left open.
import { after } from 'node:test';
import { isMainThread } from 'node:worker_threads';

const graceMs = 2000;

export const leftOpen = 'left open after the tests: ';

// Children and workers of a test inherit the options that loaded this module; it is only for the test file itself.
if (isMainThread && process.argv[1]?.endsWith('.test.ts')) {
  process.execArgv.splice(
    process.execArgv.findIndex((word) => word.startsWith('--import')),
    2,
  );
  after(() => {
    setTimeout(() => {
      process.stderr.write(`${leftOpen}${process.getActiveResourcesInfo().join(', ')}\n`);
      process.exit();
    }, graceMs).unref();
  });
}
