import { isFault } from '../model/fault.ts';
import { type Command, commands } from './commands.ts';
import { isDisabled, startRate } from './connect.ts';
import { type Exchange, isLost } from './exchange.ts';
import type { RegisterWrite } from './loader.ts';
import { timeouts } from './timeouts.ts';

/**
 * What is behind the writes that made the ROM look at its own door. answers: it goes on as before. met: it did not answer, and is found
 * again by SYNC. disabled: it says so on its console. silent: nothing at all.
 */
export type Knock = 'answers' | 'met' | 'disabled' | 'silent';

/** Rounds of looking for the ROM, each at one rate. */
const rounds = 4;
const syncsPerRound = 4;

/**
 * Sends the writes whose last one makes the eFuse controller read, then asks for a register. A fuse that shuts the door is in force from
 * that reading on: the ROM answers nothing more, already to the writes (run in the ROMs of C2, C3, C5, C6, C61, H2, P4) or to the next
 * command (recorded of a C3), and resets itself in software with the boot strap as it was latched. No line of the port is needed to see
 * what became of it: it is found again by SYNC at the rate that every reset goes back to, or prints that download mode is off. A late
 * answer is no harm: SYNC then finds the loader as it was.
 */
export async function knock(exchange: Exchange, writes: readonly RegisterWrite[], register: number): Promise<Knock> {
  exchange.forget();
  exchange.console.clear();
  try {
    await exchange.request(impatient(commands.writeRegisters), writes);
    await exchange.request(impatient(commands.readRegister), register);
    return 'answers';
  } catch (error) {
    // A ROM that has come back as another one refuses registers.
    if (!isLost(error) && !isFault(error, 'protocol.refused')) throw error;
  }
  return exchange.transact(() => meetAgain(exchange));
}

async function meetAgain(exchange: Exchange): Promise<Knock> {
  const { port, clock, consoleRate } = exchange;
  const rates = port.hasBaudRate ? [...new Set([startRate, consoleRate, port.baudRate])] : [null];
  for (let round = 0; round < rounds * rates.length; round++) {
    const rate = rates[round % rates.length];
    if (rate != null && rate !== port.baudRate) await port.setBaudRate(rate);
    for (let sync = 0; sync < syncsPerRound; sync++) {
      if (isDisabled(exchange)) return 'disabled';
      if ((await exchange.trySync(sync % 2)) !== null) return 'met';
      await clock.sleep(timeouts.syncPause);
    }
  }
  return isDisabled(exchange) ? 'disabled' : 'silent';
}

/** A command once, with no patience: whether its answer comes late or never is found out otherwise. */
function impatient<A, R>(command: Command<A, R>): Command<A, R> {
  return { ...command, repeatable: false, timeout: () => timeouts.door };
}
