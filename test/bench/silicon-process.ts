// Virtual boards in a process of their own, each behind an RFC 2217 port: as far from the station as real ones. Told a number, it takes
// that board out and puts a new one in. With `troubled` one board in five has a trouble.
import { seededRandom } from '../../main/base/random.ts';
import { openBenchChip } from '../../main/virtual/bench/bench.ts';
import { listenVirtualChip, type VirtualListener } from '../../main/virtual/listen/listen.ts';

const [count = '1', chip = 'esp32p4', troubled] = process.argv.slice(2);

const random = seededRandom(5);
const troubles = [
  'lost-answer:40',
  'garbled-answer:90',
  'lost-request-byte:120',
  'mute-from:60',
  'power-cut-in-burn:3',
  'brown-out:80',
];

function trouble(): string {
  const [whether = 0, which = 0] = random(2);
  return troubled === undefined || whether % 5 > 0 ? '' : `&fault=${troubles[which % troubles.length]}`;
}

const insert = (port: number): Promise<VirtualListener> =>
  listenVirtualChip(openBenchChip(`virtual:${chip}${trouble()}`), `rfc2217:${port}`);

const nests = await Promise.all(Array.from({ length: Number(count) }, () => insert(0)));
const ports = nests.map(({ address }) => Number(new URL(address).port));

async function change(nest: number): Promise<void> {
  await nests[nest]!.close();
  nests[nest] = await insert(ports[nest]!);
}

process.on('message', (nest: number) => void change(nest));
process.on('disconnect', () => process.exit(0));
process.send!(nests.map(({ address }) => address));
