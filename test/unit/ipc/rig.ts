// A real station with virtual fixtures and SoftHSM behind the real loopback server, and a page's end of its WebSocket.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { systemClock } from '../../../main/base/clock.ts';
import { systemRandom } from '../../../main/base/random.ts';
import type { CallAnswers, CallFault, CallInput, CallName, LineChange } from '../../../main/contract/contract.ts';
import { type Loopback, startLoopback } from '../../../main/ipc/loopback.ts';
import { type OpenedDesk, openDesk } from '../../../main/start/open-desk.ts';

export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-desk-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The demonstration line without waiting: no pacing of the serial line, quick hands. */
export async function openLine(
  t: TestContext,
  fixtures: number,
  changerTimes = { leavesMs: 30, emptyMs: 10 },
): Promise<OpenedDesk> {
  const data = mkdtempSync(join(tmpdir(), 'fuseline-desk-'));
  const opened = await openDesk({ data }, { demonstration: { fixtures, pacing: 'none', changerTimes } });
  t.after(async () => {
    await opened.close();
    rmSync(data, { recursive: true, force: true });
  });
  return opened;
}

export async function openLoopback(t: TestContext, { desk }: OpenedDesk): Promise<Loopback> {
  const page = temporaryFolder(t);
  mkdirSync(join(page, 'assets'));
  writeFileSync(join(page, 'index.html'), '<!doctype html><title>page</title>');
  writeFileSync(join(page, 'assets', 'app-1.js'), 'export {};\n');
  const loopback = await startLoopback({ desk, clock: systemClock, random: systemRandom, page, port: 0 });
  t.after(() => loopback.close());
  return loopback;
}

export function keyOf(loopback: Loopback): string {
  return loopback.link().split('#token=')[1] ?? '';
}

/** A call that the station refused. */
export class Refused extends Error {
  readonly fault: CallFault;

  constructor(fault: CallFault) {
    super(`${fault.code}: ${fault.what} ${fault.next}`);
    this.fault = fault;
  }
}

/** A page as the browser face sees it. */
export class Page {
  readonly socket: WebSocket;
  readonly changes: LineChange[] = [];
  readonly events: { event: string; data: unknown }[] = [];
  reload = '';
  readonly closed: Promise<number>;
  readonly #waiting = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>();
  #welcomed: () => void = () => undefined;
  #nextId = 1;

  private constructor(loopback: Loopback, headers: Record<string, string>) {
    this.socket = new WebSocket(`${loopback.origin.replace('http', 'ws')}/api`, { origin: loopback.origin, headers });
    this.socket.on('message', (data) => this.#hear(JSON.parse(String(data))));
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code) => resolve(code));
    });
    this.socket.on('error', () => undefined);
  }

  static async open(t: TestContext, loopback: Loopback, key = keyOf(loopback)): Promise<Page> {
    const page = new Page(loopback, {});
    t.after(() => page.socket.terminate());
    const welcome = new Promise<void>((resolve) => {
      page.#welcomed = resolve;
    });
    await new Promise((resolve) => page.socket.once('open', resolve));
    page.socket.send(JSON.stringify({ hello: key }));
    await Promise.race([welcome, page.closed.then((code) => assert.fail(`closed with ${code}`))]);
    return page;
  }

  #hear(frame: {
    welcome?: boolean;
    reload?: string;
    id?: number;
    answer?: unknown;
    fault?: CallFault;
    event?: string;
    data?: unknown;
  }): void {
    if (frame.welcome) {
      this.reload = frame.reload ?? '';
      this.#welcomed();
    } else if (frame.event !== undefined) {
      this.events.push({ event: frame.event, data: frame.data });
      if (frame.event === 'line.change') this.changes.push(frame.data as LineChange);
    } else if (frame.id !== undefined) {
      const waiting = this.#waiting.get(frame.id);
      this.#waiting.delete(frame.id);
      if (frame.fault) waiting?.reject(new Refused(frame.fault));
      else waiting?.resolve(frame.answer);
    }
  }

  call<Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallAnswers[Name]> {
    return this.ask(name, input) as Promise<CallAnswers[Name]>;
  }

  /** A call that need not be in the contract. */
  ask(call: string, input: unknown): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.socket.send(JSON.stringify({ id, call, input }));
    });
  }

  async refusal(call: string, input: unknown): Promise<string> {
    const answer = await this.ask(call, input).then(
      () => null,
      (error: unknown) => error,
    );
    assert.ok(answer instanceof Refused, `${call} was not refused`);
    return answer.fault.code;
  }

  /** Resolves with the batch when it has ended. */
  async batchEnd(): Promise<NonNullable<CallAnswers['line.snapshot']['batch']>> {
    for (;;) {
      const { batch } = await this.call('line.snapshot', {});
      if (batch !== null && batch.endedAt !== null) return batch;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
