// The body of the ledger's threads: one writes, one answers questions, one keeps the write-ahead log small and clean, so that no commit has
// to wait for that; one more looks at the whole book when asked. Started by `Thread` (link.ts), as a worker, which serves one book after the
// other, or as a process of its own. Each loads only what it works with.

import { type MessagePort, parentPort } from 'node:worker_threads';
import { type ParentLine, parentLine } from '../../base/parent-line.ts';
import { ledgerFaultOf } from './faults.ts';
import type { FromThread, ThreadCalls, ThreadOptions, ToThread } from './link.ts';
import type { Answer, ThreadBody } from './requests.ts';

const rooms = {
  writer: () => import('./writer-thread.ts'),
  reader: () => import('./reader-thread.ts'),
  auditor: () => import('./auditor-thread.ts'),
  keeper: () => import('./keeper-thread.ts'),
};

if (parentPort === null) serve(parentLine());
else parentPort.on('message', (port: MessagePort) => serve(portLine(port)));
// Ctrl-C and the end of a service reach every process of the program: the station decides when this one ends.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});

/** The line of one book to this worker; null says that the book is closed, after everything else that was said of it. */
function portLine(port: MessagePort): ParentLine<FromThread, ToThread> {
  return {
    send: (message) => port.postMessage(message),
    onMessage: (listener) => void port.on('message', listener),
    onGone: () => undefined,
    leave: () => port.postMessage(null),
  };
}

/** Works with one book, until it is told to end. */
function serve(line: ParentLine<FromThread, ToThread>): void {
  let file = '';
  let body: ThreadBody | null = null;

  line.onMessage((message) => {
    if ('load' in message) rooms[message.load]().catch(() => undefined);
    else if ('start' in message) void begin(message.start);
    else answer(message);
  });
  // The station crashed: what it acknowledged is in the book, which is closed in order.
  line.onGone(() => {
    close();
    process.exit(0);
  });

  async function begin(options: ThreadOptions): Promise<void> {
    file = options.file;
    try {
      body = await start(options);
      line.send({ id: 0, answers: [{ ok: true, value: body.report }] });
    } catch (error) {
      line.send({ id: 0, answers: [refusal(error)] });
      line.leave();
    }
  }

  function answer({ id, calls, end }: ThreadCalls): void {
    if (!end) {
      const answers = body?.handle(calls) ?? [];
      if (answers instanceof Promise) void answers.then((later) => line.send({ id, answers: later }));
      else line.send({ id, answers });
      return;
    }
    line.send({ id, answers: [close()] });
    line.leave();
  }

  /** Safe to call again. */
  function close(): Answer<null> {
    const open = body;
    body = null;
    try {
      open?.close();
      return { ok: true, value: null };
    } catch (error) {
      return refusal(error);
    }
  }

  function refusal(error: unknown): Answer<never> {
    return { ok: false, fault: ledgerFaultOf(error, file).toJSON() };
  }
}

async function start(options: ThreadOptions): Promise<ThreadBody> {
  switch (options.role) {
    case 'writer':
      return (await rooms.writer()).startWriter(options);
    case 'reader':
      return (await rooms.reader()).startReader(options);
    case 'auditor':
      return (await rooms.auditor()).startAuditor(options);
    case 'keeper':
      return (await rooms.keeper()).startKeeper(options);
  }
}
