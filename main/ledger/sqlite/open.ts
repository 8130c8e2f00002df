import { type Clock, isoTime } from '../../base/clock.ts';
import { canonicalJson } from '../../base/json.ts';
import type { StoredEvent } from '../../model/event.ts';
import type { RunRecord, SealedRecord } from '../../model/record.ts';
import { givenHead, givenHeadKey, givenWitness } from '../given-keys.ts';
import type {
  AuditOptions,
  BatchProof,
  ChainReport,
  GrowthProof,
  Ledger,
  LedgerReader,
  OpeningReport,
  RestoreReport,
  SealProof,
  TreeHead,
} from '../ledger.ts';
import { closedFault, ledgerFaultOf, misuse } from './faults.ts';
import { type AuditCall, answerValue, type LaunchThread, launchWorker, Thread } from './link.ts';
import type { LedgerQuestions } from './reader.ts';
import type { Answer, TimedRequest, WriteRequest, Written } from './requests.ts';

/** Most writes in one commit: bounds how long the first of them waits for the last. */
const commitSize = 256;
/** Rows in one portion of a long read; other questions are answered between portions. */
const portion = 2000;
/** Boards in one portion of a search through their runs. */
const devicePortion = 200;

export interface LedgerOptions {
  /** The database file; its folder is made where it is missing. Beside it lie `.lock`, `.holder`, `.head` and SQLite's `-wal`, `-shm`. */
  readonly file: string;
  /** Name of the station; bound into the first row. Another station's book is refused. */
  readonly station: string;
  readonly clock: Clock;
  /** Size that the database file may not pass (`ledger.full`), or null: as far as the disk goes. */
  readonly maxBytes?: number | null;
  /** How long dropped wrapped keys may stay in the write-ahead log while the line never rests, milliseconds (default 30,000). */
  readonly scrubAfterMs?: number;
  /** What its threads run in; left out: workers of this process. */
  readonly launch?: LaunchThread;
}

/** Opens or makes the book of a station. One process at a time: `ledger.locked` names the other one. Other faults: see `Ledger`. */
export async function openSqliteLedger(options: LedgerOptions): Promise<Ledger> {
  const { file, station, clock, maxBytes = null, scrubAfterMs = 30_000, launch = launchWorker } = options;
  const started = clock.monotonic();
  const at = isoTime(clock.now());
  const writer = Thread.ahead('writer', launch);
  const [reader, keeper] = [Thread.ahead('reader', launch), Thread.ahead('keeper', launch)];
  try {
    const report = await writer.begin<Omit<OpeningReport, 'ms'>>({ role: 'writer', file, station, at, maxBytes });
    const others = [reader.begin({ role: 'reader', file }), keeper.begin({ role: 'keeper', file, scrubAfterMs })];
    await Promise.allSettled(others);
    await Promise.all(others);
    const opening = { ...report, ms: clock.monotonic() - started };
    return new SqliteLedger({ writer, reader, keeper, launch }, file, clock, opening);
  } catch (error) {
    await Promise.allSettled([reader, keeper].map((thread) => thread.close()));
    await writer.close().catch(() => undefined);
    throw error;
  }
}

/** See `restoreBook`. */
export async function restoreSqliteLedger(options: {
  readonly file: string;
  readonly from: string;
  /** Whose word it is. */
  readonly by: readonly string[];
  readonly clock: Clock;
}): Promise<RestoreReport> {
  const { file, from, by, clock } = options;
  try {
    const { restoreBook } = await import('./backup.ts');
    return restoreBook(file, from, isoTime(clock.now()), by);
  } catch (error) {
    throw ledgerFaultOf(error, file);
  }
}

/** Opens a book for questions only, also while a station writes it. Faults `ledger.none` where it is not there, `ledger.read-only` where it may not be read. */
export async function openSqliteLedgerForReading(
  file: string,
  launch: LaunchThread = launchWorker,
): Promise<LedgerReader> {
  const { thread } = await Thread.start({ role: 'reader', file }, launch);
  return new SqliteLedgerReader(thread, file, launch);
}

type Question = {
  [Name in keyof LedgerQuestions]: LedgerQuestions[Name] extends (...values: never[]) => unknown ? Name : never;
}[keyof LedgerQuestions];

class SqliteLedgerReader implements LedgerReader {
  readonly #reader: Thread;
  readonly #file: string;
  readonly #launch: LaunchThread;

  constructor(reader: Thread, file: string, launch: LaunchThread) {
    this.#reader = reader;
    this.#file = file;
    this.#launch = launch;
  }

  batches = () => this.#ask('batches');
  recipe = (hash: string) => this.#ask('recipe', hash);
  history = (mac: string) => this.#ask('history', mac);
  claimedBy = (field: string, value: string) => this.#ask('claimedBy', field, value);
  rowsTaken = (list: string) => this.#ask('rowsTaken', list);
  boardsOfOrder = (order: string, mac: string) => this.#ask('boardsOfOrder', order, mac);
  sealedDevice = (macOrSerial: string) => this.#ask('sealedDevice', macOrSerial);
  devices = (query: Parameters<LedgerReader['devices']>[0]) => this.#ask('devices', query);
  affected = (concerns: Parameters<LedgerReader['affected']>[0]) => this.#ask('affected', concerns);
  runs = (query: Parameters<LedgerReader['runs']>[0]) => this.#ask('runs', query);
  run = (id: string) => this.#ask('run', id);
  findRuns = (query: Parameters<LedgerReader['findRuns']>[0]) => this.#ask('findRuns', query);
  events = (run: string) => this.#ask('events', run);
  counts = (batch: string) => this.#ask('counts', batch);
  tally = (span: Parameters<LedgerReader['tally']>[0]) => this.#ask('tally', span);
  recentPaces = (query: Parameters<LedgerReader['recentPaces']>[0]) => this.#ask('recentPaces', query);
  recipeStates = () => this.#ask('recipeStates');
  escrows = (query: Parameters<LedgerReader['escrows']>[0]) => this.#ask('escrows', query);
  escrowReleases = () => this.#ask('escrowReleases');
  acts = (query: Parameters<LedgerReader['acts']>[0]) => this.#ask('acts', query);
  deeds = (query: Parameters<LedgerReader['deeds']>[0]) => this.#ask('deeds', query);

  async unfinishedBurns(fields: readonly string[]): Promise<RunRecord[]> {
    const runs: RunRecord[] = [];
    for (let after: number | null = 0; after !== null; ) {
      const part: ReturnType<LedgerQuestions['unfinishedPortion']> = await this.#ask(
        'unfinishedPortion',
        ...([fields, after, devicePortion] as const),
      );
      runs.push(...part.runs);
      after = part.last;
    }
    return runs.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
  }

  async verify(options: AuditOptions = {}): Promise<ChainReport> {
    if (options.key !== undefined) givenHeadKey(options.key);
    for (const line of options.kept ?? []) givenHead(line);
    for (const witness of options.cosigners ?? []) givenWitness(witness);
    return await this.#audit<ChainReport>({ audit: options });
  }

  backup(out: string): Promise<ChainReport> {
    return this.#audit({ backup: out });
  }

  proveSeals(macs: readonly string[]): Promise<(SealProof | null)[]> {
    return this.#audit({ prove: { macs } });
  }

  proveBatch(batch: string): Promise<BatchProof | null> {
    return this.#audit({ prove: { batch } });
  }

  proveGrowth(old: number): Promise<GrowthProof | null> {
    return this.#audit({ prove: { old } });
  }

  async #audit<Report>(call: AuditCall): Promise<Report> {
    const { thread } = await Thread.start({ role: 'auditor', file: this.#file }, this.#launch);
    try {
      const [answer] = await thread.send([call]);
      return answerValue(answer) as Report;
    } finally {
      await thread.close();
    }
  }

  async treeHead(): Promise<TreeHead> {
    for (;;) {
      const head = await this.#ask('treePortion', 20_000);
      if (head !== null) return head;
    }
  }

  newestCheckpoint = () => this.#ask('newestCheckpoint');
  head = () => this.#ask('head');
  plainRows = (after: number, count: number) => this.#ask('plainRows', after, count);

  async *exportRows(): AsyncGenerator<Readonly<Record<string, unknown>>, void, void> {
    for await (const { lines } of this.exportLines())
      for (const line of lines.split('\n')) if (line !== '') yield JSON.parse(line);
  }

  async *exportLines(): AsyncGenerator<{ lines: string; count: number }, void, void> {
    for (let after = 0; ; ) {
      const part = await this.#ask('exportPortion', after, portion);
      if (part.count === 0) return;
      yield part;
      after = part.last;
    }
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  async #ask<Name extends Question>(
    question: Name,
    ...values: Parameters<LedgerQuestions[Name]>
  ): Promise<ReturnType<LedgerQuestions[Name]>> {
    const [answer] = await this.#reader.send([[question, ...values]]);
    return answerValue(answer) as ReturnType<LedgerQuestions[Name]>;
  }
}

class SqliteLedger extends SqliteLedgerReader implements Ledger {
  readonly opening: OpeningReport;
  readonly #writer: Thread;
  readonly #keeper: Thread;
  readonly #clock: Clock;
  readonly #waiting: { request: TimedRequest; answered: (answer: Promise<Written>) => void }[] = [];
  #committing: Promise<void> | null = null;
  #closed: Promise<void> | null = null;

  constructor(
    threads: { writer: Thread; reader: Thread; keeper: Thread; launch: LaunchThread },
    file: string,
    clock: Clock,
    opening: OpeningReport,
  ) {
    super(threads.reader, file, threads.launch);
    this.#writer = threads.writer;
    this.#keeper = threads.keeper;
    this.#clock = clock;
    this.opening = opening;
  }

  async openBatch(batch: Parameters<Ledger['openBatch']>[0]): Promise<void> {
    await this.#write({ op: 'openBatch', batch });
  }

  async closeBatch(id: string, at: string): Promise<void> {
    await this.#write({ op: 'closeBatch', id, at });
  }

  async putRecipe(recipe: Parameters<Ledger['putRecipe']>[0], text: string): Promise<void> {
    await this.#write({ op: 'putRecipe', recipe, text });
  }

  async noteRecipeState(note: Parameters<Ledger['noteRecipeState']>[0]): Promise<void> {
    await this.#write({ op: 'noteRecipeState', note });
  }

  async noteSession(note: Parameters<Ledger['noteSession']>[0]): Promise<void> {
    await this.#write({ op: 'noteSession', note });
  }

  async noteAct(act: Parameters<Ledger['noteAct']>[0]): Promise<void> {
    await this.#write({ op: 'noteAct', act });
  }

  async noteCheckpoint(checkpoint: Parameters<Ledger['noteCheckpoint']>[0]): Promise<void> {
    await this.#write({ op: 'noteCheckpoint', checkpoint });
  }

  async noteEscrowRelease(release: Parameters<Ledger['noteEscrowRelease']>[0]): Promise<void> {
    await this.#write({ op: 'noteEscrowRelease', release });
  }

  async openRun(run: Parameters<Ledger['openRun']>[0]): Promise<void> {
    await this.#write({ op: 'openRun', run });
  }

  async bindRun(run: string, facts: Parameters<Ledger['bindRun']>[1]): Promise<void> {
    await this.#write({ op: 'bindRun', run, facts });
  }

  async append(run: string, step: string | null, event: Parameters<Ledger['append']>[2]): Promise<StoredEvent> {
    if (event.type === 'progress')
      throw misuse('Progress is for screens and does not stand in the ledger.', { run, step });
    const at = this.#now();
    const { seq } = await this.#write({ op: 'append', run, step, event }, at);
    const wraps = event.type === 'key-made' || event.type === 'escrowed';
    return { run, seq: seq ?? 0, at, step, event: wraps ? { ...event, wrapped: null } : event };
  }

  async endRun(run: string, end: Parameters<Ledger['endRun']>[1]): Promise<void> {
    await this.#write({ op: 'endRun', run, end });
  }

  async seal(record: SealedRecord): Promise<{ readonly row: number; readonly hash: string }> {
    const { row, hash } = await this.#write({ op: 'seal', record });
    this.#scrub();
    return { row: row ?? 0, hash: hash ?? '' };
  }

  async condemn(...[mac, run, reason, options = {}]: Parameters<Ledger['condemn']>): Promise<void> {
    const { keepKeys = false, by = null } = options;
    await this.#write({ op: 'condemn', mac, run, reason, keepKeys, by });
    if (!keepKeys) this.#scrub();
  }

  async release(mac: string, by: readonly string[], reason: string): Promise<void> {
    await this.#write({ op: 'release', mac, by, reason });
    this.#scrub();
  }

  async dropKeys(mac: string, reason: string): Promise<void> {
    await this.#write({ op: 'dropKeys', mac, reason });
    this.#scrub();
  }

  /** Commits what waits, then closes. Safe to call again. */
  override close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#committing;
    // The writer's connection is the last one, so that it empties the log and removes it.
    await super.close();
    await this.#keeper.close();
    await this.#writer.close();
  }

  /** Wrapped keys were dropped: they are to leave the log as well. Should the keeper be gone, closing does it. */
  #scrub(): void {
    this.#keeper.send([null]).catch(() => undefined);
  }

  #now(): string {
    return isoTime(this.#clock.now());
  }

  #write(request: WriteRequest, at = this.#now()): Promise<Written> {
    if (this.#closed !== null) return Promise.reject(closedFault());
    const text = requestText(request);
    return new Promise((resolve) => {
      this.#waiting.push({ request: { at, text }, answered: resolve });
      this.#committing ??= this.#commitWaiting();
    });
  }

  /** While one commit is on its way to the disk, the next one gathers: 32 fixtures share one wait. */
  async #commitWaiting(): Promise<void> {
    await null; // what is asked in the same turn goes together
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, commitSize);
      let answers: readonly Answer<unknown>[];
      try {
        answers = await this.#writer.send(batch.map(({ request }) => request));
      } catch (error) {
        for (const { answered } of batch) answered(Promise.reject(error));
        continue;
      }
      batch.forEach(({ answered }, i) => {
        answered((async () => answerValue(answers[i] as Answer<Written> | undefined))());
      });
    }
    this.#committing = null;
  }
}

/** Begins a PEM block of a private key, of whatever kind. */
const privateKeyText = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/;

/** The request as canonical JSON; `ledger.misuse` for what may never stand in the book. */
function requestText(request: WriteRequest): string {
  let text: string;
  try {
    text = canonicalJson(request);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw misuse(`A secret or another value without a plain form was about to be written into the ledger: ${why}.`);
  }
  if (privateKeyText.test(text)) throw misuse('A private key was about to be written into the ledger.');
  return text;
}
