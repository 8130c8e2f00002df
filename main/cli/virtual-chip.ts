import { openBenchChip } from '../virtual/bench/bench.ts';
import { listenVirtualChip } from '../virtual/listen/listen.ts';
import { type CliContext, type Exit, exit } from './context.ts';

export interface VirtualChipCommandOptions {
  readonly chip: string;
  readonly listen: string;
  readonly state?: string;
  readonly json?: boolean;
}

/** One virtual chip behind a pty, a TCP port or RFC 2217, for any other tool, until it is interrupted. */
export async function virtualChip(options: VirtualChipCommandOptions, context: CliContext): Promise<Exit> {
  const separator = options.chip.includes('?') ? '&' : '?';
  const address = `virtual:${options.chip}${options.state ? `${separator}state=${encodeURIComponent(options.state)}` : ''}`;
  const chip = openBenchChip(address, { random: context.random });
  const listening = await listenVirtualChip(chip, options.listen);
  // whoever reads the address may end the chip at once
  const interrupted = new Promise<void>((resolve) => {
    const ignore = context.onInterrupt(() => {
      ignore();
      resolve();
    });
  });
  if (options.json) context.streams.answer(JSON.stringify({ address: listening.address }));
  else context.streams.answer(listening.address);
  context.streams.say(`A virtual ${options.chip} answers at ${listening.address}. Ctrl-C ends it.`);
  await Promise.race([interrupted, listening.closed]);
  await listening.close();
  return exit.passed;
}
