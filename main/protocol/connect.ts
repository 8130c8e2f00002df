import type { SecurityInfo } from '../model/chip.ts';
import { isFault } from '../model/fault.ts';
import { commands } from './commands.ts';
import type { Exchange } from './exchange.ts';
import { downloadDisabled, noAnswer } from './faults.ts';
import { loaderResets, runReset } from './reset.ts';
import { timeouts } from './timeouts.ts';

/** The rate every loader starts at (the ROM measures it). */
export const startRate = 115200;
/** Rates at which an earlier session may have left a board that cannot be reset. */
const leftRates = [921600, 2000000, 460800, 1500000, 3000000, 230400];
/** esptool's figures (FACTS 1.6). */
const attempts = 7;
const syncsPerAttempt = 5;

/** What ROMs print where download mode is off for ever; ESP32 has words of its own. */
const disabledText = /Download (boot modes disabled|mode is disabled)/i;

/**
 * Brings the chip into its loader and greets it: resets in turn, several SYNCs after each. Sets the exchange's mode by the answer.
 * BoardFault `protocol.download-disabled`, FixtureFault `protocol.no-answer`.
 */
export async function enterLoader(exchange: Exchange, reset: 'auto' | 'none', signal?: AbortSignal): Promise<void> {
  const { port, clock } = exchange;
  const resets = reset === 'auto' ? loaderResets(port) : [];
  const rates = resets.length === 0 && port.hasBaudRate ? ratesToTry(port.baudRate) : [];
  await exchange.transact(async () => {
    for (let attempt = 0; attempt < attempts; attempt++) {
      signal?.throwIfAborted();
      const sequence = resets[attempt % resets.length];
      const rate = resets.length > 0 ? startRate : rates[attempt % rates.length];
      if (port.hasBaudRate && rate !== undefined && rate !== port.baudRate) await port.setBaudRate(rate);
      exchange.forget();
      if (sequence !== undefined) {
        await runReset(port, clock, sequence, signal);
        // What the boot printed stands before the first answer; it is kept.
        exchange.forget();
      }
      if (await greet(exchange, signal)) return;
      if (isDisabled(exchange)) throw downloadDisabled();
    }
    exchange.forget();
    exchange.console.flush();
    throw isDisabled(exchange) ? downloadDisabled() : noAnswer(port.address, resets.length > 0, exchange.console.lines);
  });
}

function ratesToTry(current: number): number[] {
  return [...new Set([current, startRate, ...leftRates])];
}

async function greet(exchange: Exchange, signal?: AbortSignal): Promise<boolean> {
  for (let round = 0; round < syncsPerAttempt; round++) {
    signal?.throwIfAborted();
    const value = await exchange.trySync(round % 2);
    if (value !== null) {
      exchange.mode = value === 0 ? 'stub' : 'rom';
      return true;
    }
    // A sealed board prints this sentence for ever and never answers: no use in going on.
    if (isDisabled(exchange)) return false;
    await exchange.clock.sleep(timeouts.syncPause, signal);
  }
  return false;
}

function isDisabled(exchange: Exchange): boolean {
  exchange.forget();
  return exchange.console.lines.some((line) => disabledText.test(line));
}

/** Security info; null on a chip that does not know the command (ESP32). Sets the exchange's idea of secure download mode and of the ROM. */
export async function askSecurityInfo(exchange: Exchange): Promise<SecurityInfo | null> {
  try {
    const info = await exchange.request(commands.getSecurityInfo, undefined);
    exchange.secureDownload = info.secureDownload;
    exchange.firstRom = false;
    return info;
  } catch (error) {
    if (!isFault(error, 'protocol.refused')) throw error;
    exchange.firstRom = true;
    return null;
  }
}
