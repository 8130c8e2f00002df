// One station of the plant's soak: makes boards of one signed order in the places that it is leased until it is told to end or is killed, with
// a real ledger, a real forwarder and the engine's own count of leases. Nothing is burned: a board is the rows that it leaves.
//
//   node test/soak/plant-station.ts '{"folder": ..., ...}'       the password lies in FOLDER/password
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../main/base/clock.ts';
import { systemRandom } from '../../main/base/random.ts';
import { openSqliteLedger } from '../../main/ledger/sqlite/open.ts';
import { usualLimits } from '../../main/plant/forwarder.ts';
import { startForwarding } from '../../main/plant/forwarding.ts';
import { publicKeyOfFile } from '../../main/signing/public-key-file.ts';
import { LeaseOpening, Leases, serialOf } from '../../main/station/leases.ts';
import { readWorkOrder } from '../../main/station/work-order.ts';
import { keyBlock, keyMade, mac, record, run as runOf } from '../unit/ledger/book.ts';

export interface PlantStationWords {
  readonly folder: string;
  readonly name: string;
  /** Of the plant. */
  readonly url: string;
  readonly orderFile: string;
  readonly ownerKey: string;
  /** Rows that a board leaves; six at least. */
  readonly rows: number;
  /** Between two boards, ms; 0: as fast as it can. */
  readonly pace: number;
  /** Gives back every place that it has not used, to begin with. */
  readonly givesBack: boolean;
}

/** What a station says to whoever started it, twice a second. */
export interface SaidByStation {
  /** Boards that its ledger has begun, and places that it is leased and has not used. */
  readonly begun: number;
  readonly free: number;
  /** From a board's seal until the plant had said that it has it, ms: of each board since the last word. */
  readonly lags: readonly number[];
  /** Rows that wait. */
  readonly waiting: number;
  /** What the plant says of this station, with its code. */
  readonly faults: readonly string[];
}

const words = JSON.parse(process.argv[2] ?? '{}') as PlantStationWords;
const { folder, name, url } = words;
const file = join(folder, 'ledger.sqlite');
const ledger = await openSqliteLedger({ file, station: name, clock: systemClock });
const key = publicKeyOfFile(readFileSync(words.ownerKey), words.ownerKey);
const order = readWorkOrder(readFileSync(words.orderFile), [key], words.orderFile);
const plant = startForwarding({
  ...{ file, station: name, plant: { url, ca: null, passwordFile: join(folder, 'password') } },
  limits: { ...usualLimits, deadlineMs: 5000, restMs: 200, reportMs: 500, retryMs: [50, 1000] },
});

let isEnding = false;
process.on('message', () => {
  isEnding = true;
});
process.on('disconnect', () => process.exit(1));
const [sealed, lags]: [{ row: number; at: number }[], number[]] = [[], []];
const faults = new Set<string>();
plant.listen(({ sent, faults: said }) => {
  for (const { code, what } of said) faults.add(`${code}: ${what}`);
  while (sealed[0] !== undefined && sent !== null && sent >= sealed[0].row)
    lags.push(performance.now() - sealed.shift()!.at);
});
let [begun, free] = [0, 0];
const say = () => {
  const { newest, sent } = plant.standing;
  const said: SaidByStation = { begun, free, lags: lags.splice(0), waiting: newest - (sent ?? 0), faults: [...faults] };
  process.send!(said);
};
const saying = setInterval(say, 500);

const parts = { name, ledger, clock: systemClock, random: systemRandom, plant };
const opening = new LeaseOpening(parts);
for (let refused = await opening.refusal(); refused !== null; refused = await opening.refusal())
  if (refused.code !== 'order.plant-not-heard') throw refused;
const leases = (await Leases.of(order, parts))!;
begun = (await ledger.boardsOfOrder(order.order, '')).boards;
if (words.givesBack) await leases.giveBackAll(begun, 0);
const batch = `${name}-${process.pid}-${Date.now()}`;
const { order: orderName, recipe } = order;
await ledger.openBatch({ id: batch, order: orderName, recipe, count: null, openedAt: '', closedAt: null });
/** By lease: the first place that may be free. */
const places = new Map<string, number>();

for (let refreshed = Number.NEGATIVE_INFINITY; !isEnding; ) {
  if (performance.now() - refreshed > 1000 || free === 0) {
    await leases.refresh(begun, 0);
    refreshed = performance.now();
  }
  free = Math.max(0, leases.boards - begun);
  const place = free > 0 ? await freePlace() : null;
  if (place === null) await systemClock.sleep(100);
  else {
    await make(place);
    // (as chance has it: stations do not go in step)
    if (words.pace > 0) await systemClock.sleep(Math.random() * 2 * words.pace);
  }
}
const { row: last } = await ledger.head();
const isLevel = () => plant.standing.state === 'level' && plant.standing.sent === last;
while (!isLevel() && plant.standing.state !== 'stopped') await systemClock.sleep(50);
const { state } = plant.standing;
say();
clearInterval(saying);
await plant.close();
await ledger.close();
process.removeAllListeners('disconnect');
process.disconnect();
if (state !== 'level') throw new Error(`${name}: ${state} ${[...faults].join()}`);

async function make(place: number): Promise<void> {
  const id = `${batch}-${place}`;
  const serial = serialOf(order.serials!, place);
  await ledger.openRun(runOf(id, { batch }));
  await ledger.bindRun(id, { mac: mac(place), serial, chip: 'esp32p4' });
  begun++;
  await ledger.append(id, 'prepare', keyMade(`key-${place}`, systemRandom(72)));
  for (let row = 4; row < words.rows; row += 2) {
    await ledger.append(id, 'burn-keys', { type: 'intend', what: 'key-block', detail: keyBlock });
    await ledger.append(id, 'burn-keys', { type: 'burned', what: 'key-block', detail: keyBlock });
  }
  await ledger.seal(record(id, place, { batch, serial, station: name }));
  sealed.push({ row: (await ledger.head()).row, at: performance.now() });
}

async function freePlace(): Promise<number | null> {
  for (const { digest, first, boards } of leases.open)
    for (let place = places.get(digest) ?? first; place < first + boards; place++) {
      places.set(digest, place + 1);
      if ((await ledger.claimedBy('serial', serialOf(order.serials!, place))) === null) return place;
    }
  return null;
}
