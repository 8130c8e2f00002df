import type { SecurityInfo } from '../model/chip.ts';
import { isFault } from '../model/fault.ts';
import { commands } from './commands.ts';
import type { Exchange } from './exchange.ts';
import { downloadDisabled, noAnswer } from './faults.ts';
import { loaderResets, type ResetSequence, runReset } from './reset.ts';
import { timeouts } from './timeouts.ts';

/** The rate every loader starts at (the ROM measures it). */
export const startRate = 115200;
/** What the ROM of an ESP32-C2 with a 26 MHz crystal prints at, and ESP-IDF's console after it: the ROM counts with 40 MHz (FACTS 1.6). */
export const slowConsoleRate = 74880;
/** Rates at which an earlier session may have left a board that cannot be reset. */
const leftRates = [921600, 2000000, 460800, 1500000, 3000000, 230400];
/** esptool's figures (FACTS 1.6). */
const attempts = 7;
const syncsPerAttempt = 5;
/** How often a look is taken whether it has said so: a boot loop says it twice a second. */
const slowListens = 10;

/** What ROMs print where download mode is off for ever; ESP32 has words of its own. */
const disabledText = /Download (boot modes disabled|mode is disabled)/i;

/**
 * Brings the chip into its loader and greets it: resets in turn, several SYNCs after each. Sets the exchange's mode by the answer.
 * BoardFault `protocol.download-disabled`, FixtureFault `protocol.no-answer`.
 */
export async function enterLoader(exchange: Exchange, reset: 'auto' | 'none'): Promise<void> {
  const { port, clock, signal } = exchange;
  const resets = reset === 'auto' ? loaderResets(port) : [];
  const rates = resets.length === 0 && port.hasBaudRate ? ratesToTry(port.baudRate) : [];
  await exchange.transact(async () => {
    for (let attempt = 0; attempt < attempts; attempt++) {
      signal?.throwIfAborted();
      const sequence = resets[attempt % resets.length];
      const rate = resets.length > 0 ? startRate : rates[attempt % rates.length];
      if (port.hasBaudRate && rate !== undefined && rate !== port.baudRate) await exchange.setBaudRate(rate);
      exchange.forget();
      if (sequence !== undefined) {
        await runReset(port, clock, sequence, signal);
        // What the boot printed stands before the first answer; it is kept.
        exchange.forget();
      }
      if (await greet(exchange)) return;
      if (sequence !== undefined) exchange.count('contactRetries');
      if (isDisabled(exchange)) throw downloadDisabled(startRate);
      if (sequence === undefined || !port.hasBaudRate) continue;
      // A chip that prints at another rate is heard there: at once where it is known, and else before it is given up.
      const isLast = attempt === attempts - 1;
      if ((isLast || exchange.consoleRate !== startRate) && (await saysDisabled(exchange, sequence)))
        throw downloadDisabled(slowConsoleRate);
    }
    exchange.forget();
    exchange.console.flush();
    throw isDisabled(exchange)
      ? downloadDisabled(startRate)
      : noAnswer(port.address, resets.length > 0, exchange.console.lines);
  });
}

function ratesToTry(current: number): number[] {
  return [...new Set([current, startRate, ...leftRates])];
}

async function greet(exchange: Exchange): Promise<boolean> {
  for (let round = 0; round < syncsPerAttempt; round++) {
    exchange.signal?.throwIfAborted();
    const value = await exchange.trySync(round % 2);
    if (value !== null) {
      exchange.mode = value === 0 ? 'stub' : 'rom';
      return true;
    }
    // A sealed board prints this sentence for ever and never answers: no use in going on.
    if (isDisabled(exchange)) return false;
    await exchange.sleep(timeouts.syncPause);
  }
  return false;
}

/** Resets the chip and listens at the slow rate for what a shut download mode says. */
async function saysDisabled(exchange: Exchange, sequence: ResetSequence): Promise<boolean> {
  const { port, clock, signal } = exchange;
  await exchange.setBaudRate(slowConsoleRate);
  exchange.forget();
  await runReset(port, clock, sequence, signal);
  for (let round = 0; round < slowListens && !isDisabled(exchange); round++) await exchange.sleep(timeouts.syncPause);
  return isDisabled(exchange);
}

/** Whether the chip has printed that its download mode is off. */
export function isDisabled(exchange: Exchange): boolean {
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
