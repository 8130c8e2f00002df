// Virtual boards in a process of their own, each behind an RFC 2217 port: as far from the station as real ones. Told a number, it takes
// that board out and puts a new one in.
import { openBenchChip } from '../../main/virtual/bench/bench.ts';
import { listenVirtualChip, type VirtualListener } from '../../main/virtual/listen/listen.ts';

const [count = '1', chip = 'esp32p4'] = process.argv.slice(2);

const insert = (port: number): Promise<VirtualListener> =>
  listenVirtualChip(openBenchChip(`virtual:${chip}`), `rfc2217:${port}`);

const nests = await Promise.all(Array.from({ length: Number(count) }, () => insert(0)));
const ports = nests.map(({ address }) => Number(new URL(address).port));

async function change(nest: number): Promise<void> {
  await nests[nest]!.close();
  nests[nest] = await insert(ports[nest]!);
}

process.on('message', (nest: number) => void change(nest));
process.on('disconnect', () => process.exit(0));
process.send!(nests.map(({ address }) => address));
