import type { VerdictAct } from '../../../contract/views.ts';
import type { FaultRecord } from '../../../model/fault.ts';
import type { Outcome } from '../../../model/outcome.ts';

/** The same trouble of one board or place so often: inserting it again will not help. */
const triesOfOneBoard = 2;
/** The same trouble of so many boards one after the other: it is not the boards. */
const boardsInARow = 3;

/**
 * Boards that are finished, or whose door is shut while none waits here for its seal (those have codes of their own): nothing is to be done
 * with them at this line.
 */
const finished: ReadonlySet<string> = new Set([
  'admission.already-sealed',
  'admission.secure-download',
  'protocol.download-disabled',
]);
/** Rules of the fixture or the recipe that no other board would meet either. */
const notTheBoard: ReadonlySet<string> = new Set([
  'admission.own-port',
  'admission.cannot-reset',
  'admission.no-serial',
]);

interface Judged {
  readonly outcome: Outcome;
  readonly fault: Pick<FaultRecord, 'class' | 'code' | 'safety'> | null;
}

/** The one thing that a person does first with a board that ended so. `tries`, `inARow`: how often this trouble came, of this board and of boards one after the other. */
export function actOf({ outcome, fault }: Judged, tries: number, inARow: number): VerdictAct {
  if (outcome === 'passed') return 'take-out';
  if (fault === null) return 'insert-again';
  if (fault.safety === 'condemned') return 'put-aside';
  if (fault.safety === 'sealed' || finished.has(fault.code)) return 'take-out';
  if (fault.safety === 'shut' || inARow >= boardsInARow || notTheBoard.has(fault.code)) return 'call-engineer';
  if (outcome === 'refused') return 'put-aside';
  switch (fault.class) {
    case 'board':
      return tries >= triesOfOneBoard ? 'put-aside' : 'insert-again';
    case 'fixture':
      return tries >= triesOfOneBoard ? 'call-engineer' : 'insert-again';
    default:
      return 'call-engineer';
  }
}

/** What went wrong lately on a line: how often with one board, and with how many boards one after the other. */
export class Troubles {
  readonly #ofBoard = new Map<string, { readonly code: string; readonly count: number }>();
  #row: { readonly code: string; readonly boards: Set<string> } = { code: '', boards: new Set() };

  /** One board has ended so in this fixture; gives what is to be done with it first. */
  judge(judged: Judged, board: { readonly mac: string | null; readonly fixture: string }): VerdictAct {
    const { fault } = judged;
    // a board that says nothing of itself is known by its place alone
    const key = board.mac ?? `in ${board.fixture}`;
    if (fault === null) {
      this.#ofBoard.delete(key);
      if (judged.outcome === 'passed') this.#row = { code: '', boards: new Set() };
      return actOf(judged, 0, 0);
    }
    const before = this.#ofBoard.get(key);
    const count = before?.code === fault.code ? before.count + 1 : 1;
    this.#ofBoard.set(key, { code: fault.code, count });
    if (this.#row.code !== fault.code) this.#row = { code: fault.code, boards: new Set() };
    this.#row.boards.add(key);
    return actOf(judged, count, this.#row.boards.size);
  }
}
