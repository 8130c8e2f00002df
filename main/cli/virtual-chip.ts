import { parseEfuseToken } from '../efuse/token.ts';
import { RecipeFault } from '../model/fault.ts';
import { openBenchChip } from '../virtual/bench/bench.ts';
import { listenVirtualChip } from '../virtual/listen/listen.ts';
import { type CliContext, type Exit, exit } from './context.ts';

export interface VirtualChipCommandOptions {
  readonly chip?: string;
  readonly efuses?: string;
  readonly listen: string;
  readonly state?: string;
  readonly json?: boolean;
}

/** What a chip made from a token cannot have. */
const notInToken =
  'Keys that the token does not show are zeros here: flash that was encrypted under them reads as noise. Coding errors are left out.';

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
  const separator = name.includes('?') ? '&' : '?';
  const address = `virtual:${name}${options.state ? `${separator}state=${encodeURIComponent(options.state)}` : ''}`;
  const chip = openBenchChip(address, { random: context.random, ...(efuses === null ? {} : { efuses }) });
  if (efuses !== null) context.streams.say(notInToken);
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
  context.streams.say(`A virtual ${name} answers at ${listening.address}. Ctrl-C ends it.`);
  await Promise.race([interrupted, listening.closed]);
  await listening.close();
  return exit.passed;
}
