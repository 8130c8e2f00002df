import { isoTime } from '../base/clock.ts';
import type { LedgerReader } from '../ledger/ledger.ts';
import { RecipeFault } from '../model/fault.ts';
import { boardOfRun } from '../model/record.ts';
import { macOf } from '../station/desk/access/escrow.ts';
import { batchFile } from '../station/desk/reports/batch-page.ts';
import { readBatch } from '../station/desk/reports/batch-report.ts';
import { compareDevices } from '../station/desk/reports/compare.ts';
import { faultIn } from '../words/faults.ts';
import { oneOf } from './choice.ts';
import { type CliContext, type Exit, exit, type OpenOptions } from './context.ts';
import { writeOutput } from './files.ts';
import { withLedger } from './opened.ts';
import { headed, stateSaid, table, wordsOf } from './words.ts';

export interface RecordOptions extends OpenOptions {
  readonly json?: boolean;
  readonly text?: string;
  readonly order?: string;
  readonly batch?: string;
  readonly fixture?: string;
  readonly operator?: string;
  readonly recipe?: string;
  readonly fault?: string;
  readonly outcome?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit?: number;
  readonly out?: string;
  readonly as?: string;
}

function tell(
  rows: readonly object[],
  cells: readonly (readonly string[])[],
  options: RecordOptions,
  context: CliContext,
): Exit {
  if (options.json) for (const row of rows) context.streams.answer(JSON.stringify(row));
  else if (rows.length === 0) context.streams.answer(wordsOf(context).terminal.ledger.none);
  else for (const line of table(cells)) context.streams.answer(line);
  return exit.passed;
}

/** Every try, newest first, also at boards that told no MAC. */
export function auditRuns(options: RecordOptions, context: CliContext): Promise<Exit> {
  const { text, order, batch, fixture, operator, recipe, fault, from, to, limit = 100 } = options;
  const outcome = options.outcome === undefined ? undefined : oneOf(options.outcome, outcomes, '--outcome');
  const asked = { text, order, batch, fixture, operator, recipe, fault, from, to, outcome };
  const query = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  return withLedger(options, context, async (ledger) => {
    const runs = [];
    for (let before: number | null = Number.MAX_SAFE_INTEGER; before !== null && runs.length < limit; ) {
      const part: Awaited<ReturnType<LedgerReader['findRuns']>> = await ledger.findRuns({
        ...query,
        before,
        limit: Math.min(limit, 5000),
      });
      runs.push(...part.runs.slice(0, limit - runs.length));
      before = part.next;
    }
    const cells = runs.map((run) => [
      ...[run.id, run.endedAt ?? run.startedAt, stateSaid(context, run.outcome ?? 'notEnded')],
      ...[boardOfRun(run) ?? '-', run.serial ?? '-'],
      ...[run.fixture, run.operator ?? '-', `${run.recipe.name} r${run.recipe.revision}`, run.fault?.code ?? '-'],
    ]);
    const head = headed(context, 'run', 'when', 'outcome', 'mac', 'serial', 'fixture', 'who', 'recipe', 'fault');
    return tell(runs, [head, ...cells], options, context);
  });
}

const outcomes = ['passed', 'failed', 'refused', 'errored', 'aborted', 'open'] as const;

/** Batches, newest first, with the boards that were sealed in them. */
export function auditBatches(options: RecordOptions, context: CliContext): Promise<Exit> {
  return withLedger(options, context, async (ledger) => {
    const wanted = options.text?.toLowerCase() ?? '';
    const found = (await ledger.batches())
      .toReversed()
      .filter(({ id, order, recipe }) =>
        [id, order ?? '', recipe.name].some((one) => one.toLowerCase().includes(wanted)),
      )
      .slice(0, options.limit ?? 100);
    const rows = await Promise.all(found.map(async (batch) => ({ ...batch, counts: await ledger.counts(batch.id) })));
    const words = wordsOf(context).terminal.ledger;
    const cells = rows.map(({ id, order, recipe, count, openedAt, closedAt, counts: { passed } }) => [
      ...[id, order ?? '-', `${recipe.name} r${recipe.revision}`],
      ...[openedAt, closedAt ?? stateSaid(context, 'notEnded')],
      count === null ? `${passed}` : words.sealedOf({ passed, count }),
    ]);
    return tell(
      rows,
      [headed(context, 'batch', 'order', 'recipe', 'began', 'ended', 'sealed'), ...cells],
      options,
      context,
    );
  });
}

/** The report of a batch (by its id, or its order where that had one batch) as words, or as a file. */
export function auditBatch(named: string, options: RecordOptions, context: CliContext): Promise<Exit> {
  return withLedger(options, context, async (ledger) => {
    const ofOrder = (await ledger.batches()).filter(({ id, order }) => id !== named && order === named);
    const words = wordsOf(context).terminal.ledger;
    const report = await readBatch(ledger, ofOrder.length === 1 ? ofOrder[0]!.id : named);
    if (options.out !== undefined) {
      const form = oneOf(options.as ?? 'pdf', ['pdf', 'csv', 'json'] as const, '--as');
      const at = isoTime(context.clock.now());
      const file = await batchFile(report, form, { station: await stationOf(ledger), at }, context.streams.language);
      writeOutput(options.out, Buffer.from(file.data, 'base64'), context);
      context.streams.say(words.report({ batch: report.batch.id, file: options.out }));
      return exit.passed;
    }
    const { boards, counts, causes } = report;
    if (options.json) return tell([report], [], options, context);
    const { passed, failed, refused, unfinished, retries } = counts;
    context.streams.answer(
      words.batch({
        ...{ batch: report.batch.id, passed, failed, refused, unfinished, retries },
        left: report.left ?? words.anyNumber,
      }),
    );
    const { language = 'en' } = context.streams;
    for (const { code, words: what, boards: count } of causes)
      context.streams.answer(`${count} x ${code}: ${faultIn(language, { code, what, next: '' }).what}`);
    const cells = boards.map((board) => [
      ...[board.mac ?? '-', board.serial ?? '-'],
      ...[stateSaid(context, board.state === 'passed' ? 'sealed' : board.state), `${board.tries}`],
      ...[board.fixture, board.at, board.cause ?? '-'],
    ]);
    const head = headed(context, 'mac', 'serial', 'state', 'tries', 'fixture', 'when', 'cause');
    return tell(boards, [head, ...cells], options, context);
  });
}

/** Name of the station whose book it is: its first row has it. */
async function stationOf(ledger: LedgerReader): Promise<string> {
  const [first] = await ledger.plainRows(0, 1);
  return first === undefined ? '-' : (JSON.parse(first.body) as { station: string }).station;
}

/** Two devices (by MAC or serial) held against each other: what differs and should not, then what each has of its own. */
export function auditCompare(a: string, b: string, options: RecordOptions, context: CliContext): Promise<Exit> {
  return withLedger(options, context, async (ledger) => {
    const [one, other] = [await ledger.history(await macOf(ledger, a)), await ledger.history(await macOf(ledger, b))];
    if (one.mac === other.mac)
      throw new RecipeFault({
        code: 'devices.same',
        what: `${a} and ${b} are one device.`,
        next: 'Name two.',
      });
    const { rows } = compareDevices(one, other);
    const shown = rows.filter(({ kind }) => kind !== 'same');
    const words = wordsOf(context).terminal.ledger;
    const cells = shown.map(({ kind, name, a: left, b: right }) => [
      ...[kind === 'differs' ? words.differs : words.own, name, left ?? words.nothing, right ?? words.nothing],
    ]);
    const count = rows.filter(({ kind }) => kind === 'differs').length;
    tell(shown, [[...headed(context, '', 'what'), one.mac, other.mac], ...cells], options, context);
    context.streams.say(count === 0 ? words.alike({ count: rows.length - shown.length }) : words.different({ count }));
    return exit.passed;
  });
}
