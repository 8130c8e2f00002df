// One station of the plant's soak: a book in memory that is the same at every start, sent until the plant has every row.
//
//   node test/soak/plant-station.ts NAME FIRST BOARDS URL        the password comes on stdin
import { text } from 'node:stream/consumers';
import { systemClock } from '../../main/base/clock.ts';
import { systemRandom } from '../../main/base/random.ts';
import { plantAddress } from '../../main/plant/address.ts';
import { Forwarder, usualLimits } from '../../main/plant/forwarder.ts';
import { roleOf } from '../../main/plant/roles.ts';
import { MemoryBook } from '../unit/ledger/memory-book.ts';

const [name = '', first = '0', boards = '0', url = ''] = process.argv.slice(2);
const ledger = new MemoryBook(name);
for (let n = 0; n < Number(boards); n++) ledger.seal(Number(first) + n);
const door = { address: plantAddress(url), user: roleOf(name), ca: null, password: (await text(process.stdin)).trim() };
const forwarder = new Forwarder({
  ...{ ledger, station: name, clock: systemClock, random: systemRandom, door: () => door },
  limits: { ...usualLimits, deadlineMs: 2000, retryMs: [20, 500] },
  tell: () => undefined,
});
await forwarder.run(new AbortController().signal, { untilLevel: true });
const { state, faults } = forwarder.standing;
if (state !== 'level') throw new Error(`${name}: ${state} ${JSON.stringify(faults)}`);
