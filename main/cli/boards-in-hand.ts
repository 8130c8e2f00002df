import type { StationEvent } from '../station/events.ts';

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
  lines(): string[] {
    return [...this.#boards].map(
      ([fixture, board]) => `${fixture}  ${board.mac ?? 'a board not yet identified'}: ${stateOf(board)}`,
    );
  }
}

function stateOf({ step, open, burned, shut }: InHand): string {
  const where = step === null ? 'before its first step' : `in the step ${step}`;
  if (open)
    return `left ${where}, while a burn was under way; how much of it took nobody has read. Insert it again: the station reads what is burned and goes on.`;
  if (shut) return `left ${where}; its door is shut, and it is not sealed. Insert it again: the station finishes it.`;
  if (burned)
    return `left ${where}; what was burned was read back, and it is not finished. Insert it again: the station goes on.`;
  return `left ${where}; nothing was burned into it in this visit. Insert it again: it begins anew.`;
}
