import type { RandomSource } from '../base/random.ts';
import { openPort } from '../transport/open.ts';
import type { OpenPort } from '../transport/port.ts';
import type { VirtualBench } from '../virtual/bench/bench.ts';

/** Real and virtual ports behind one opener. Virtual chips are loaded only by who opens one. */
export function openPorts(random: RandomSource): {
  readonly open: OpenPort;
  bench(): Promise<VirtualBench>;
  close(): Promise<void>;
} {
  let opened: Promise<VirtualBench> | null = null;
  const bench = () => {
    opened ??= import('../virtual/bench/bench.ts').then(({ createVirtualBench }) => createVirtualBench({ random }));
    return opened;
  };
  return {
    open: async (address, options) =>
      address.startsWith('virtual:') ? (await bench()).open(address, options) : openPort(address, options),
    bench,
    close: async () => await (await opened)?.close(),
  };
}
