import type { Clock } from '../../base/clock.ts';
import { noAnswer } from '../../protocol/faults.ts';
import type { OpenPort } from '../../transport/port.ts';
import type { VirtualBench } from './bench.ts';

export interface BoardChangerOptions {
  readonly clock: Clock;
  /** How long a finished board lies in its fixture before it is taken out, in ms. */
  readonly leavesMs: number;
  /** How long a fixture then stays empty, in ms. */
  readonly emptyMs: number;
}

/** A hand that changes the boards of a virtual line, as a person would: a finished one out, a new one in. */
export interface BoardChanger {
  /**
   * Opens the board that lies in the fixture of this address (`virtual:...&name=FIXTURE`); an address without a name is opened as it is.
   * An empty fixture answers nothing.
   */
  readonly open: OpenPort;
  /** The board in this fixture is finished: it goes out after a while, and another comes in. */
  change(address: string): void;
  close(): void;
}

interface Nest {
  board: number;
  isEmpty: boolean;
}

export function createBoardChanger(bench: VirtualBench, options: BoardChangerOptions): BoardChanger {
  const { clock, leavesMs, emptyMs } = options;
  const nests = new Map<string, Nest>();
  const stop = new AbortController();

  const nestOf = (address: string): Nest => {
    const nest = nests.get(address) ?? { board: 1, isEmpty: false };
    nests.set(address, nest);
    return nest;
  };
  /** Each board has a name of its own on the bench, so that it is the same one whenever its port is opened. */
  const boardIn = (address: string) =>
    /[?&]name=/.test(address) ? address.replace(/([?&]name=[^&]*)/, `$1.${nestOf(address).board}`) : address;

  const change = async (address: string) => {
    await clock.sleep(leavesMs, stop.signal);
    const nest = nestOf(address);
    nest.isEmpty = true;
    bench.remove(boardIn(address));
    nest.board++;
    await clock.sleep(emptyMs, stop.signal);
    nest.isEmpty = false;
  };

  return {
    open: async (address, portOptions) => {
      if (nests.get(address)?.isEmpty) throw noAnswer(address, true, []);
      return bench.open(boardIn(address), portOptions);
    },
    change: (address) => void change(address).catch(() => undefined),
    close: () => stop.abort(new Error('the line is closed')),
  };
}
