import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { type Fault, isFault } from '../model/fault.ts';
import { connectLoader, type FirmwareConsoleOptions, openFirmwareConsole } from '../protocol/loader-session.ts';
import type { Port } from '../transport/port.ts';
import type { Board } from './board.ts';
import { openBoard } from './live-board.ts';

export interface ConnectBoardOptions {
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  readonly log?: Log;
}

/**
 * The board on `port`, its loader met and its chip identified. The port is the board's from then on (`close` closes it); when this rejects
 * it is closed. Faults of the loader (`protocol.*`) and of identification (`chip.*`).
 */
export async function connectBoard(port: Port, options: ConnectBoardOptions): Promise<Board> {
  try {
    const loader = await connectLoader(port, options);
    return await openBoard(loader, { clock: options.clock });
  } catch (error) {
    await port.close().catch(() => undefined);
    throw error;
  }
}

/** A board whose door is shut: it can be reset into its firmware and spoken to, no more. */
export type ShutBoard = Pick<Board, 'boot' | 'sendLine' | 'close'>;

/** The rate at which a board that said its download mode is off prints, as an option of openShutBoard; none where the fault is another. */
export function consoleRateOf(fault: unknown): Pick<FirmwareConsoleOptions, 'consoleRate'> {
  const rate = isFault(fault, 'protocol.download-disabled') ? (fault as Fault).details.consoleRate : undefined;
  return typeof rate === 'number' ? { consoleRate: rate } : {};
}

/** Takes the port over for a board whose loader is not to be met. */
export function openShutBoard(port: Port, options: FirmwareConsoleOptions): ShutBoard {
  const console = openFirmwareConsole(port, options);
  return {
    boot: (how) => console.bootAndListen(how),
    sendLine: (text) => console.sendLine(text),
    close: () => console.close(),
  };
}
