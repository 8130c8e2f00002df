// Loaded before every test file by the runner: a file whose tests are over, but which keeps its process alive (a port, a timer, a
// child), is ended after a moment of grace, and says what it left open.
import hooks, { type HookCallbacks } from 'node:async_hooks';
import { isMainThread } from 'node:worker_threads';

const graceMs = 2000;

export const leftOpen = 'left open after the tests: ';

// Children and workers of a test inherit the options that loaded this module; it is only for the test file itself.
if (isMainThread && process.argv[1]?.endsWith('.test.ts')) {
  process.execArgv.splice(
    process.execArgv.findIndex((word) => word.startsWith('--import')),
    2,
  );
  // node:test follows every promise with an async hook, only to know to which test a late error belongs. Boards make promises by the
  // hundred thousand, and spent a third of their time on that; so here a late error fails the file instead. (node:test takes the
  // hooks while it loads.)
  const { createHook } = hooks;
  hooks.createHook = (callbacks: HookCallbacks) => createHook({ ...callbacks, trackPromises: false } as HookCallbacks);
  const { after } = await import('node:test');
  let late = false;
  const fail = (error: unknown) => {
    late = true;
    process.stderr.write(`an error that no test waited for: ${error instanceof Error ? error.stack : String(error)}\n`);
  };
  process.on('unhandledRejection', fail).on('uncaughtException', fail);
  process.on('exit', () => {
    if (late) process.exitCode = 1;
  });
  after(() => {
    setTimeout(() => {
      process.stderr.write(`${leftOpen}${process.getActiveResourcesInfo().join(', ')}\n`);
      process.exit();
    }, graceMs).unref();
  });
}
