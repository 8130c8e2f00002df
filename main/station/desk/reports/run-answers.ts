import { isoTime } from '../../../base/clock.ts';
import type { ExportedFile, HistoryLine } from '../../../contract/views.ts';
import type { StoredEvent } from '../../../model/event.ts';
import { eventKind, eventMark, eventText } from '../../../model/evidence/event-text.ts';
import { RecipeFault } from '../../../model/fault.ts';
import { boardOfRun } from '../../../model/record.ts';
import { type DeskAnswers, type DeskRoom, languageOf } from '../room.ts';
import { batchFile } from './batch-page.ts';
import { readBatch } from './batch-report.ts';
import { compareDevices } from './compare.ts';

type Answers = Pick<
  DeskAnswers,
  'devices.compare' | 'runs.search' | 'runs.show' | 'batches.search' | 'batches.show' | 'batches.report'
>;

const usualBatches = 50;

/** Runs, batches, and devices held against each other: what QA asks of the ledger. */
export function runAnswers(room: DeskRoom): Answers {
  const { station } = room;
  const { ledger, clock, name } = station.parts;
  return {
    async 'devices.compare'({ a, b }) {
      const [one, other] = await Promise.all([a, b].map((mac) => ledger.history(mac.toLowerCase())));
      for (const { mac, runs } of [one!, other!])
        if (runs.length === 0) throw unknown('devices.unknown', 'device', mac);
      return compareDevices(one!, other!);
    },
    async 'runs.search'(query) {
      const { runs, next } = await ledger.findRuns(givenOf({ ...query }));
      return { runs: runs.map((run) => ({ ...run, mac: boardOfRun(run) })), next };
    },
    async 'runs.show'({ run }) {
      const record = await ledger.run(run);
      if (record === null) throw unknown('runs.unknown', 'run', run);
      const mac = boardOfRun(record);
      const isDevice = mac !== null && (record.mac !== null || (await ledger.history(mac)).runs.length > 0);
      return {
        run: { ...record, mac },
        device: isDevice ? mac : null,
        history: historyLines(await ledger.events(run)),
      };
    },
    async 'batches.search'({ text = '', limit = usualBatches, offset = 0 }) {
      const wanted = text.trim().toLowerCase();
      const fits = (...texts: readonly (string | null)[]) => texts.some((one) => one?.toLowerCase().includes(wanted));
      const found = (await ledger.batches())
        .toReversed()
        .filter(({ id, order, recipe }) => fits(id, order, recipe.name))
        .slice(offset, offset + limit + 1);
      const rows = await Promise.all(
        found.slice(0, limit).map(async (batch) => {
          const { passed, ...others } = await ledger.counts(batch.id);
          return { batch, sealed: passed, others: Object.values(others).reduce((sum, count) => sum + count, 0) };
        }),
      );
      return { rows, more: found.length > limit };
    },
    'batches.show': ({ batch }) => readBatch(ledger, batch),
    async 'batches.report'({ batch, form }, by): Promise<ExportedFile> {
      const report = await readBatch(ledger, batch);
      await ledger.noteAct({ what: 'exported', by: [by], about: `batch report, ${form}`, detail: { batch } });
      return batchFile(report, form, { station: name, at: isoTime(clock.now()) }, languageOf(room, by));
    },
  };
}

/** Events of a run in words. */
export function historyLines(events: readonly StoredEvent[]): HistoryLine[] {
  return events.map(({ seq, at, step, event }) => {
    const [mark, kind, text] = [eventMark(event), eventKind(event), eventText(event)];
    return { seq, at, step, mark, kind, text };
  });
}

/** What was left out is not there, rather than undefined. */
function givenOf<Query extends object>(query: Query): { [Key in keyof Query]: Exclude<Query[Key], undefined> } {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as never;
}

function unknown(code: string, what: string, named: string): RecipeFault {
  return new RecipeFault({
    code,
    what: `The ledger knows no ${what} ${named}.`,
    next: 'Choose one of the list.',
  });
}
