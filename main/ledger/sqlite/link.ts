import { MessageChannel, Worker } from 'node:worker_threads';
import type { ProcessLine } from '../../base/process-line.ts';
import { faultOfRecord } from '../../model/fault.ts';
import type { AuditOptions, ProofCall } from '../ledger.ts';
import { closedFault } from './faults.ts';
import type { Answer } from './requests.ts';

export type ThreadOptions =
  | {
      readonly role: 'writer';
      readonly file: string;
      readonly station: string;
      /** ISO 8601. */
      readonly at: string;
      readonly maxBytes: number | null;
    }
  | { readonly role: 'reader' | 'auditor'; readonly file: string }
  | { readonly role: 'keeper'; readonly file: string; readonly scrubAfterMs: number };

/** What an auditor can be asked. */
export type AuditCall = { readonly audit: AuditOptions } | { readonly backup: string } | { readonly prove: ProofCall };

/** What a thread hears: what it will be (so that it loads that), how it is to start, then calls. */
export type ToThread = { readonly load: ThreadOptions['role'] } | { readonly start: ThreadOptions } | ThreadCalls;

export interface ThreadCalls {
  readonly id: number;
  readonly calls: readonly unknown[];
  /** The last message: close everything. */
  readonly end: boolean;
}

export interface FromThread {
  readonly id: number;
  readonly answers: readonly Answer<unknown>[];
}

/** The line to a thread of the ledger, whatever carries it: a worker of this process here, a process of its own elsewhere. */
export interface ThreadLine {
  send(message: ToThread): void;
  onMessage(listener: (message: FromThread) => void): void;
  /** Called once, when the thread has ended for whatever reason; null: by itself. */
  onEnd(listener: (error: Error | null) => void): void;
}

export type LaunchThread = () => ThreadLine;

/** The module that a thread runs. */
export const threadFile = new URL('./thread.ts', import.meta.url);

/**
 * What a thread makes lives as long as one message: with a small nursery it is collected while it is few, and the three of them do not
 * grow to what V8 would let them have (some 50 MB each).
 */
const resourceLimits = { maxYoungGenerationSizeMb: 6 };

/** So many threads without a book may wait, and so long: a check of the book, or the next book, finds everything loaded. */
const mostResting = 6;
const restMs = 60_000;
const resting = new Map<Worker, NodeJS.Timeout>();

/** A thread of which nothing was asked yet, or which closed what it had in order. */
function freeWorker(): Worker {
  const [rested] = resting.keys();
  if (rested === undefined) {
    const worker = new Worker(threadFile, { resourceLimits });
    return worker.on('error', () => undefined).on('exit', () => wake(worker));
  }
  wake(rested);
  rested.ref();
  return rested;
}

/** It keeps no program running. */
function rest(worker: Worker): void {
  if (resting.size >= mostResting) return void worker.terminate();
  worker.unref();
  resting.set(worker, setTimeout(() => wake(worker) && void worker.terminate(), restMs).unref());
}

/** Whether it was resting. */
function wake(worker: Worker): boolean {
  clearTimeout(resting.get(worker));
  return resting.delete(worker);
}

/** Each book has a line of its own to its thread, which nothing of the book before can reach. */
export const launchWorker: LaunchThread = () => {
  const worker = freeWorker();
  const { port1: line, port2: end } = new MessageChannel();
  worker.postMessage(end, [end]);
  return {
    send: (message) => line.postMessage(message),
    onMessage: (listener) => void line.on('message', (message: FromThread | null) => message && listener(message)),
    onEnd: (listener) => {
      let error: Error | null = null;
      const failed = (thrown: unknown) => {
        error = thrown instanceof Error ? thrown : new Error(String(thrown));
      };
      const ended = () => {
        line.close();
        worker.off('error', failed).off('exit', ended);
        listener(error);
      };
      worker.on('error', failed).on('exit', ended);
      line.on('message', (message: FromThread | null) => {
        if (message !== null) return;
        ended();
        rest(worker);
      });
    },
  };
};

/** A thread that is a process of its own: what crashes the program that asks leaves the book alone, and the other way round. */
export function processThread(line: ProcessLine<ToThread, FromThread>): ThreadLine {
  return {
    send: line.send,
    onMessage: line.onMessage,
    onEnd: (listener) =>
      line.onEnd((how) => listener(how === 'with status 0' ? null : new Error(`its process ended ${how}`))),
  };
}

/** Our end of a ledger thread: messages out, each answered in full by one message back. */
export class Thread {
  readonly #line: ThreadLine;
  readonly #gone: Promise<void>;
  readonly #waiting = new Map<
    number,
    { resolve: (answers: readonly Answer<unknown>[]) => void; reject: (error: unknown) => void }
  >();
  #nextId = 1;
  #ended: Error | null = null;

  private constructor(line: ThreadLine) {
    this.#line = line;
    line.onMessage(({ id, answers }) => {
      this.#waiting.get(id)?.resolve(answers);
      this.#waiting.delete(id);
    });
    this.#gone = new Promise((resolve) => {
      line.onEnd((error) => {
        this.#end(closedFault(error ?? undefined));
        resolve();
      });
    });
  }

  /** Starts a thread; gives it with its report, or throws the fault with which it could not start. */
  static async start<Report>(
    options: ThreadOptions,
    launch: LaunchThread,
  ): Promise<{ thread: Thread; report: Report }> {
    const thread = new Thread(launch());
    return { thread, report: await thread.begin<Report>(options) };
  }

  /** A thread that loads what it needs for its role, and is to begin later. */
  static ahead(role: ThreadOptions['role'], launch: LaunchThread): Thread {
    const thread = new Thread(launch());
    thread.#line.send({ load: role });
    return thread;
  }

  /** Once. Gives its report, or throws the fault with which it could not start; it has ended then. */
  async begin<Report>(options: ThreadOptions): Promise<Report> {
    const started = this.#answersTo(0);
    this.#line.send({ start: options });
    const [answer] = await started;
    return answerValue(answer) as Report;
  }

  /** Sends calls in one message; resolves with one answer each. */
  send(calls: readonly unknown[]): Promise<readonly Answer<unknown>[]> {
    return this.#post(calls, false);
  }

  /** Lets the thread close what it owns, and ends it. */
  async close(): Promise<void> {
    if (this.#ended !== null) return;
    const [answer] = await this.#post([], true);
    await this.#gone;
    answerValue(answer);
  }

  #post(calls: readonly unknown[], end: boolean): Promise<readonly Answer<unknown>[]> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const message: ThreadCalls = { id: this.#nextId++, calls, end };
    const answers = this.#answersTo(message.id);
    this.#line.send(message);
    return answers;
  }

  #answersTo(id: number): Promise<readonly Answer<unknown>[]> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}

/** The value of an answer, or its fault thrown. */
export function answerValue<T>(answer: Answer<T> | undefined): T {
  if (answer === undefined) throw closedFault(new Error('it gave no answer'));
  if (answer.ok) return answer.value;
  throw faultOfRecord(answer.fault);
}
