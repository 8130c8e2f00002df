import type { Ledger } from '../../../ledger/ledger.ts';
import { RecipeFault } from '../../../model/fault.ts';
import { type Told, told } from '../../../words/told.ts';
import type { SealedBoard } from '../../fixture.ts';
import { isLabelOf } from './label-template.ts';

interface Awaited {
  readonly board: SealedBoard;
  readonly done: () => void;
  /** Its label was scanned, and that is on its way into the ledger. */
  isTaken: boolean;
}

/** Sealed boards whose label is to be scanned back: each stays where it is until its own label was. */
export class LabelReturns {
  readonly #ledger: Pick<Ledger, 'append'>;
  readonly #awaited = new Map<string, Awaited>();
  /** The label that was taken last: scanned a second time it is no other board's. */
  #last: SealedBoard | null = null;

  constructor(ledger: Pick<Ledger, 'append'>) {
    this.#ledger = ledger;
  }

  /** Whether a board waits for its label; in this fixture, where one is named. */
  waits(fixture: string | null): boolean {
    return fixture === null ? this.#awaited.size > 0 : this.#awaited.has(fixture);
  }

  /** Resolves when the label of this board was scanned back, or when the batch ended meanwhile. */
  expect(board: SealedBoard, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done);
        this.#awaited.delete(board.fixture);
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
      this.#awaited.set(board.fixture, { board, done, isTaken: false });
    });
  }

  /**
   * A scanned text where a board waits for its label. Words, once the scan is in the ledger; null when it is no label that is waited for.
   * RecipeFault `label.other-board` when it belongs to a board in another fixture than the one named.
   */
  async take(text: string, fixture: string | null, by: string): Promise<(Told & { fixture: string }) | null> {
    const found = [...this.#awaited.values()].find(({ board }) => isLabelOf(text, board));
    if (found === undefined) {
      if (this.#last === null || !isLabelOf(text, this.#last)) return null;
      return { ...told('labelDone', { label: text }), fixture: this.#last.fixture };
    }
    const { board } = found;
    if (fixture !== null && fixture !== board.fixture) {
      await this.#note(fixture, text, by);
      throw new RecipeFault({
        code: 'label.other-board',
        what: `${JSON.stringify(text)} is the label of the board in ${board.fixture}, not of the one in ${fixture}.`,
        next: 'Put each label on its own board, then scan it there.',
        safety: 'sealed',
      });
    }
    if (found.isTaken) return { ...told('labelScanned', { label: text }), fixture: board.fixture };
    found.isTaken = true;
    try {
      await this.#book(board, text, true, by);
    } catch (error) {
      found.isTaken = false;
      throw error;
    }
    this.#last = board;
    found.done();
    return { ...told('labelFits', { fixture: board.fixture }), fixture: board.fixture };
  }

  /** A text that is no label of these boards: RecipeFault `label.foreign`, after the scan is in the ledger where it is clear whose it was. */
  async refuse(text: string, fixture: string | null, by: string): Promise<never> {
    await this.#note(fixture, text, by);
    const [first] = [...this.#awaited.values()];
    const board = fixture === null ? first?.board : this.#awaited.get(fixture)?.board;
    throw new RecipeFault({
      code: 'label.foreign',
      what: `${JSON.stringify(text)} is not the label of ${
        this.#awaited.size > 1 && fixture === null
          ? 'a board that waits for one'
          : `the board in ${board?.fixture ?? ''}, which is ${board?.serial ?? board?.mac ?? ''}`
      }.`,
      next: 'Take this label off and put it aside. Print the right one again where it is missing, and scan that.',
      safety: 'sealed',
    });
  }

  /** A label that did not fit stands with the one board that it can have been meant for. */
  async #note(fixture: string | null, text: string, by: string): Promise<void> {
    const awaited =
      fixture === null && this.#awaited.size === 1 ? [...this.#awaited.values()][0] : this.#awaited.get(fixture ?? '');
    if (awaited !== undefined) await this.#book(awaited.board, text, false, by);
  }

  async #book({ run }: SealedBoard, text: string, fits: boolean, by: string): Promise<void> {
    await this.#ledger.append(run, null, { type: 'label-scanned', text, fits, operator: by });
  }
}
