import { isoTime } from '../../../base/clock.ts';
import { RecipeFault } from '../../../model/fault.ts';
import { type DeskAnswers, type DeskRoom, languageOf } from '../room.ts';
import { allRuns } from './batch-report.ts';
import { drawPdfApart } from './pdf-drawing.ts';
import { groupRuns } from './run-groups.ts';
import { readShift, shiftPage } from './shift-report.ts';
import { shiftOf, usualShifts } from './shifts.ts';
import { contactOf } from './throughput.ts';

type Answers = Pick<DeskAnswers, 'throughput.groups' | 'shift.read' | 'shift.handOver' | 'shift.sheet'>;

/** Longest span that groups are made of: some 100,000 boards a week come from 32 fixtures. */
const longestSpanMs = 93 * 86_400_000;

/** How shifts, orders, recipes and people did, and what one shift tells the next. */
export function shiftAnswers(room: DeskRoom): Answers {
  const { station, line, shifts = usualShifts } = room;
  const { ledger, clock, name } = station.parts;
  const shiftAt = (at: string | null) => {
    const ms = at === null ? clock.now() : Date.parse(at);
    if (!Number.isFinite(ms))
      throw new RecipeFault({
        code: 'shift.time',
        what: `${JSON.stringify(at)} is no time.`,
        next: 'Write it as 2026-11-30T14:00:00Z.',
      });
    return shiftOf(ms, shifts);
  };
  const read = async (at: string | null) => {
    await station.health.learn(ledger);
    const view = await readShift(ledger, shiftAt(at), { now: clock.now(), targetPerHour: line.targetPerHour });
    return { ...view, contact: contactOf(station.health) };
  };
  return {
    async 'throughput.groups'({ from, to, by, firstDay }) {
      if (Date.parse(to) - Date.parse(from) > longestSpanMs)
        throw new RecipeFault({
          code: 'throughput.span',
          what: 'That span is longer than three months.',
          next: 'Ask for a shorter one, or export the ledger.',
        });
      const [{ runs, isCut }, batches] = await Promise.all([allRuns(ledger, { from, to }), ledger.batches()]);
      return { groups: groupRuns(runs, by, { batches, shifts, firstDay }), isCut };
    },
    'shift.read': ({ at }) => read(at),
    async 'shift.handOver'({ note }, by) {
      const text = note.trim();
      if (text === '')
        throw new RecipeFault({
          code: 'shift.empty',
          what: 'Nothing is written for the next shift.',
          next: 'Write what it should know, or that there is nothing.',
        });
      await ledger.noteAct({ what: 'shift-handed-over', by: [by], about: shiftAt(null).id, detail: { note: text } });
      return read(null);
    },
    async 'shift.sheet'({ at }, by) {
      const view = await read(at);
      await ledger.noteAct({ what: 'exported', by: [by], about: 'hand-over sheet', detail: { shift: view.shift } });
      const pdf = await drawPdfApart(
        shiftPage(view, { station: name, at: isoTime(clock.now()) }, languageOf(room, by)),
      );
      const file = `shift-${view.shift.replaceAll(/[ :]/g, '-')}.pdf`;
      return { name: file, mime: 'application/pdf', data: Buffer.from(pdf).toString('base64') };
    },
  };
}
