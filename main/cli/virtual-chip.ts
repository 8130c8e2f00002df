import { parseEfuseToken } from '../efuse/token.ts';
import { RecipeFault } from '../model/fault.ts';
import { openBenchChip } from '../virtual/bench/bench.ts';
import { listenVirtualChip } from '../virtual/listen/listen.ts';
import { type CliContext, type Exit, exit } from './context.ts';
import { wordsOf } from './words.ts';

export interface VirtualChipCommandOptions {
  readonly chip?: string;
  readonly efuses?: string;
  readonly listen: string;
  readonly state?: string;
  readonly json?: boolean;
}

/** One virtual chip behind a pty, a TCP port or RFC 2217, for any other tool, until it is interrupted. */
export async function virtualChip(options: VirtualChipCommandOptions, context: CliContext): Promise<Exit> {
  const efuses = options.efuses === undefined ? null : parseEfuseToken(options.efuses);
  const name = options.chip ?? efuses?.table.chip;
  if (name === undefined)
    throw new RecipeFault({
      code: 'cli.no-chip',
      what: 'Nothing says which chip it shall be.',
      next: 'Give --chip KIND, or --efuses TOKEN.',
    });
  const words = wordsOf(context).terminal.virtualChip;
  const separator = name.includes('?') ? '&' : '?';
  const address = `virtual:${name}${options.state ? `${separator}state=${encodeURIComponent(options.state)}` : ''}`;
  const chip = openBenchChip(address, { random: context.random, ...(efuses === null ? {} : { efuses }) });
  if (efuses !== null) context.streams.say(words.notInToken);
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
  context.streams.say(words.answers({ chip: name, address: listening.address }));
  await Promise.race([interrupted, listening.closed]);
  await listening.close();
  return exit.passed;
}
