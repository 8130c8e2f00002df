import type { StepId } from '../recipe/types.ts';
import type { StationEvent } from '../station/events.ts';
import type { Messages } from '../words/messages.ts';

interface InHand {
  mac: string | null;
  step: string | null;
  /** A burn that was booked and not yet seen right. */
  open: boolean;
  burned: boolean;
  shut: boolean;
}

/** The boards that a station works on at this moment, and what is known of each: for whoever ends the program without waiting for them. */
export class BoardsInHand {
  readonly #boards = new Map<string, InHand>();

  hear(event: StationEvent): void {
    if (event.type === 'verdict') this.#boards.delete(event.fixture);
    if (event.type !== 'run') return;
    const inner = event.event;
    if (inner.type === 'run-started' || inner.type === 'run-ended') this.#boards.delete(event.fixture);
    if (inner.type === 'run-ended') return;
    const board = this.#boards.get(event.fixture) ?? { mac: null, step: null, open: false, burned: false, shut: false };
    this.#boards.set(event.fixture, board);
    if (inner.type === 'identified') board.mac = inner.identity.mac;
    if (inner.type === 'step-started') board.step = inner.step;
    if (inner.type === 'intend') board.open = true;
    if (
      inner.type === 'verified' &&
      (inner.what === 'bits' || inner.what === 'key-block' || inner.what === 'device-encryption')
    ) {
      board.open = false;
      board.burned = true;
      board.shut ||= inner.what === 'bits' && inner.detail.effect !== undefined;
    }
  }

  /** A sentence on each. */
  lines(said: Messages): string[] {
    return [...this.#boards].map(([fixture, board]) => `${fixture}  ${stateOf(board, said)}`);
  }
}

function stateOf({ mac, step, open, burned, shut }: InHand, said: Messages): string {
  const words = said.terminal.inHand;
  const where = step === null ? words.before : words.inStep({ step: said.steps[step as StepId] ?? step });
  const left = open ? words.open : shut ? words.shut : burned ? words.burned : words.untouched;
  return left({ board: mac ?? words.unknown, where });
}
