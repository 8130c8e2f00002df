import { Worker } from 'node:worker_threads';
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

export interface ToThread {
  readonly id: number;
  readonly calls: readonly unknown[];
  /** The last message: close everything. */
  readonly end: boolean;
}

interface FromThread {
  readonly id: number;
  readonly answers: readonly Answer<unknown>[];
}

/**
 * What a thread makes lives as long as one message: with a small nursery it is collected while it is few, and the three of them do not
 * grow to what V8 would let them have (some 50 MB each).
 */
const resourceLimits = { maxYoungGenerationSizeMb: 6 };

/** Our end of a ledger thread: messages out, each answered in full by one message back. */
export class Thread {
  readonly #worker: Worker;
  readonly #waiting = new Map<
    number,
    { resolve: (answers: readonly Answer<unknown>[]) => void; reject: (error: unknown) => void }
  >();
  #nextId = 1;
  #ended: Error | null = null;

  private constructor(options: ThreadOptions) {
    this.#worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData: options, resourceLimits });
    this.#worker.on('message', ({ id, answers }: FromThread) => {
      this.#waiting.get(id)?.resolve(answers);
      this.#waiting.delete(id);
    });
    this.#worker.on('error', (error) => this.#end(closedFault(error)));
    this.#worker.on('exit', () => this.#end(closedFault()));
  }

  /** Starts a thread; gives it with its report, or throws the fault with which it could not start. */
  static async start<Report>(options: ThreadOptions): Promise<{ thread: Thread; report: Report }> {
    const thread = new Thread(options);
    const [answer] = await thread.#answersTo(0);
    return { thread, report: answerValue(answer) as Report };
  }

  /** Sends calls in one message; resolves with one answer each. */
  send(calls: readonly unknown[]): Promise<readonly Answer<unknown>[]> {
    return this.#post(calls, false);
  }

  /** Lets the thread close what it owns, and ends it. */
  async close(): Promise<void> {
    if (this.#ended !== null) return;
    const gone = new Promise((resolve) => this.#worker.once('exit', resolve));
    const [answer] = await this.#post([], true);
    await gone;
    answerValue(answer);
  }

  #post(calls: readonly unknown[], end: boolean): Promise<readonly Answer<unknown>[]> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const message: ToThread = { id: this.#nextId++, calls, end };
    const answers = this.#answersTo(message.id);
    this.#worker.postMessage(message);
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
