import { type Clock, unlessAborted } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Board } from '../chip/board.ts';
import { connectBoard } from '../chip/connect.ts';
import { isFault } from '../model/fault.ts';
import type { OpenPort, Port } from '../transport/port.ts';
import type { FixtureState } from './events.ts';
import { isLocked } from './locked-board.ts';

/** A board met in the fixture. */
interface Found {
  readonly board: Board;
  readonly canReset: boolean;
  /** Of a port that is a USB device; null for others. */
  readonly usb: Port['usb'];
}

/** What a look into the fixture gave. */
export type Inserted = Found | NotFound;

interface NotFound {
  readonly fault: unknown;
  /** The port is the chip's own USB: it is there because a board is, whatever that answers. */
  readonly isBoardThere?: boolean;
}

/** USB of the chips themselves, as long as they have power: USB-Serial-JTAG (ESP-IDF, USB Serial/JTAG Controller Console). */
const ownUsb = { vendorId: 0x303a, productId: 0x1001 } as const;

export interface BoardDetectionParts {
  readonly address: string;
  readonly openPort: OpenPort;
  readonly clock: Clock;
  readonly log: Log;
  /** Null: the first board has to be there. Else whatever ails the port is waited out, and a contact has to be met so often in a row. */
  readonly patience: { readonly contacts: number } | null;
  readonly signal: AbortSignal;
  show(state: FixtureState): void;
}

/** How often an empty fixture is asked for a board, in ms: quick for a hand that inserts one, slow for the port. */
const insertionPollMs = 500;

/** The place of a fixture where boards come and go: tells a new one from the one that was there. */
export class BoardDetection {
  readonly #parts: BoardDetectionParts;
  /** MAC of the board that lies in it and is done. */
  #lastMac: string | null = null;
  /** Code of the fault with which the last look ended that was told as a verdict; the same one is not told twice. */
  #lastFault: string | null = null;
  #wasEmptied = false;

  constructor(parts: BoardDetectionParts) {
    this.#parts = parts;
  }

  /** The board that lies there is done: it is not met again until it was taken out. */
  done(mac: string | null): void {
    this.#lastMac = mac ?? this.#lastMac;
  }

  /** The board that was met last went before anything was done to it: it may come again. */
  emptied(): void {
    this.#wasEmptied = true;
  }

  /**
   * Without patience the first board has to be there; every other is waited for: another chip than the last one, or the same place empty
   * and then taken again. A sealed board that is still in shows itself as silent or locked, and is waited out. Where boards bring their
   * USB port with them it goes and comes with each: waited for as well. With patience whatever ails a port is waited out. Null when the
   * signal ended the wait.
   */
  async next(first: boolean): Promise<Inserted | null> {
    const { patience, signal, show } = this.#parts;
    let wasEmpty = first || this.#wasEmptied;
    this.#wasEmptied = false;
    const mustBeThere = first && patience === null;
    let state: FixtureState = mustBeThere ? 'identifying' : 'waiting';
    show(state);
    while (!signal.aborted) {
      const inserted = await this.#connect();
      if ('board' in inserted) {
        const mac = inserted.board.identity.mac;
        const isNew = wasEmpty || mac === null || mac !== this.#lastMac;
        const stable = isNew ? await this.#stable(inserted) : null;
        if (stable !== null) {
          this.#lastFault = null;
          return stable;
        }
        if (!isNew) await inserted.board.close();
      } else if (signal.aborted) {
        return null;
      } else {
        const { fault } = inserted;
        const absent =
          isFault(fault) && (patience !== null ? fault.code.startsWith('transport.') : !first && isUnplugged(fault));
        const empty = isFault(fault, 'protocol.no-answer') || absent;
        const told = patience !== null && isFault(fault) && fault.code === this.#lastFault;
        if (isLocked(fault) ? wasEmpty && !told : !(empty && !mustBeThere) && !told) {
          this.#lastFault = isFault(fault) ? fault.code : null;
          return inserted;
        }
        if (empty) {
          wasEmpty = true;
          this.#lastFault = null;
        }
        const now = absent ? 'absent' : inserted.isBoardThere ? 'mute' : 'waiting';
        if (now !== state && !mustBeThere) {
          state = now;
          show(state);
        }
      }
      if (!(await this.#pause(signal))) return null;
    }
    return null;
  }

  /** Resolves when this board is not there any more, or the signal ends the watch. */
  async watch(board: Board, signal: AbortSignal): Promise<void> {
    while (await this.#pause(signal)) if (!(await board.isStillThere())) return;
  }

  /** False when the signal ended the pause. */
  async #pause(signal: AbortSignal): Promise<boolean> {
    try {
      await this.#parts.clock.sleep(insertionPollMs, signal);
      return true;
    } catch {
      return false;
    }
  }

  /** The board met as often in a row as patience asks for; null (and closed) when another look finds another one or none. */
  async #stable(met: Found): Promise<Found | null> {
    let held = met.board;
    for (let looks = 1; looks < (this.#parts.patience?.contacts ?? 1); looks++) {
      const { mac } = held.identity;
      await held.close();
      const again = await this.#connect();
      if (!('board' in again)) return null;
      held = again.board;
      if (held.identity.mac !== mac) {
        await held.close();
        return null;
      }
    }
    return { ...met, board: held };
  }

  async #connect(): Promise<Inserted> {
    const { openPort, clock, address, signal, log } = this.#parts;
    let isBoardThere = false;
    const opening = openPort(address, { baudRate: 115200 });
    try {
      const port = await unlessAborted(opening, signal);
      const { hasControlLines: canReset, usb } = port;
      isBoardThere = usb?.vendorId === ownUsb.vendorId && usb.productId === ownUsb.productId;
      return { board: await connectBoard(port, { clock, signal, log }), canReset, usb };
    } catch (fault) {
      // One that is opened after all has nobody who waits for it.
      if (signal.aborted) void opening.then((port) => port.close()).catch(() => undefined);
      return { fault, isBoardThere };
    }
  }
}

/** There is no port where one was: pulled out, to be put in again. */
function isUnplugged(fault: unknown): boolean {
  return isFault(fault, 'transport.not-found') || isFault(fault, 'transport.gone');
}
