// Readers of what comes from outside, fed for long in a thread of their own: whatever breaks one, hangs it or fills its memory is written down by
// target and number, a thread that died is started anew behind that input, and the run goes on.

import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { feed, fuzzTargets } from '../attacks/fuzz-targets.ts';

/** Each reader is fed for so long in turn, in ms: slow ones get fewer inputs, not more time. */
const turnMs = 4_000;
/** Inputs between two looks at memory and time. */
const portion = 500;
/** A thread that says nothing for so long hangs, in ms: an input may take two seconds of the processor, on a busy computer more. */
const patienceMs = 60_000;
const mostHeapMb = 768;
/** Of the process, beyond what it had when it began: buffers are not on the heap. */
const mostGrowthMb = 1_024;
/** So many findings and a reader is left alone: the rest would be the same again. */
const mostFindings = 10;

interface Turn {
  readonly target: number;
  readonly from: number;
}

type Word =
  | { readonly type: 'broke'; readonly next: number; readonly what: string }
  | { readonly type: 'fed'; readonly next: number; readonly rss: number; readonly isOver: boolean };

if (!isMainThread) parentPort!.on('message', ({ target, from }: Turn) => feedTurn(target, from));

function feedTurn(target: number, from: number): void {
  const say = (word: Word) => parentPort!.postMessage(word);
  const until = performance.now() + turnMs;
  for (let next = from; ; ) {
    try {
      next += feed(fuzzTargets[target]!, next, portion, until);
    } catch (error) {
      const what = (error as Error).message;
      next = Number(/, input (\d+):/.exec(what)?.[1] ?? next) + 1;
      say({ type: 'broke', next, what });
    }
    const isOver = performance.now() >= until;
    say({ type: 'fed', next, rss: process.memoryUsage.rss(), isOver });
    if (isOver) return;
  }
}

/** How one reader stands. */
interface Fed {
  next: number;
  ms: number;
  readonly findings: string[];
}

/** Feeds at least `inputs` in all, from number `first` on for each reader, for `minutes` at most. Gives back whether nothing broke. */
export async function fuzz(inputs: number, first: number, minutes: number): Promise<boolean> {
  const until = performance.now() + minutes * 60_000;
  const fed = fuzzTargets.map((): Fed => ({ next: first, ms: 0, findings: [] }));
  const total = () => fed.reduce((sum, { next }) => sum + next - first, 0);
  const reader = new Reader();
  while (total() < inputs && performance.now() < until)
    for (const [target, one] of fed.entries()) {
      if (one.findings.length >= mostFindings) continue;
      const began = performance.now();
      await reader.turn(target, one);
      one.ms += performance.now() - began;
    }
  await reader.close();
  for (const [at, { next, ms }] of fed.entries())
    console.log(
      `${fuzzTargets[at]!.name}: ${next - first} inputs in ${(ms / 1000).toFixed(0)} s, ${(((next - first) * 1000) / ms).toFixed(0)} a second`,
    );
  const findings = fed.flatMap((one) => one.findings);
  for (const finding of findings) console.log(`BROKE    ${finding}`);
  const megabytes = (reader.largest / 2 ** 20).toFixed(0);
  console.log(
    `${total()} inputs over ${fed.length} readers, ${findings.length} findings; at most ${megabytes} MB of memory.`,
  );
  return findings.length === 0;
}

/** The thread, made where there is none. */
class Reader {
  largest = 0;
  readonly #before = process.memoryUsage.rss();
  #thread: Worker | null = null;

  /** One turn of a reader; what it died of is a finding, and what it was fed then is passed over. */
  async turn(target: number, one: Fed): Promise<void> {
    this.#thread ??= new Worker(new URL(import.meta.url), { resourceLimits: { maxOldGenerationSizeMb: mostHeapMb } });
    const died = await this.#listen(this.#thread, { target, from: one.next }, one);
    if (died === null) return;
    one.findings.push(`${fuzzTargets[target]!.name}, inputs from ${one.next} on: ${died}`);
    one.next += portion;
    await this.close();
  }

  async close(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    await thread?.terminate();
  }

  #listen(thread: Worker, turn: Turn, one: Fed): Promise<string | null> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout;
      const end = (died: string | null) => {
        clearTimeout(timer);
        thread.off('error', failed).off('exit', gone).off('message', hear);
        resolve(died);
      };
      const failed = (error: Error) => end(error.message);
      const gone = (code: number) => end(`the thread ended with ${code}`);
      const wait = () => {
        clearTimeout(timer);
        timer = setTimeout(() => end(`it hung for ${patienceMs / 1000} s`), patienceMs);
      };
      const hear = (word: Word) => {
        wait();
        one.next = word.next;
        if (word.type === 'broke') one.findings.push(word.what);
        else {
          this.largest = Math.max(this.largest, word.rss);
          if (word.rss - this.#before > mostGrowthMb * 2 ** 20)
            end(`memory grew to ${(word.rss / 2 ** 20).toFixed(0)} MB`);
          else if (word.isOver) end(null);
        }
      };
      thread.on('error', failed).on('exit', gone).on('message', hear);
      wait();
      thread.postMessage(turn);
    });
  }
}
