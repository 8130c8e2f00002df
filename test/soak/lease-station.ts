// One station of the soak of leases: begins boards of one order in the places that it is leased, as fast as it can, until it is killed or
// there are no more; with a real ledger, a real forwarder and the engine's own count of leases.
//
//   node test/soak/lease-station.ts FOLDER NAME URL ORDER_FILE OWNER_KEY       the password lies in FOLDER/password
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
import { run as runOf } from '../unit/ledger/book.ts';

const [folder = '', name = '', url = '', orderFile = '', ownerKey = ''] = process.argv.slice(2);
const file = join(folder, 'ledger.sqlite');
const ledger = await openSqliteLedger({ file, station: name, clock: systemClock });
const order = readWorkOrder(readFileSync(orderFile), [publicKeyOfFile(readFileSync(ownerKey), ownerKey)], orderFile);
const plant = startForwarding({
  ...{ file, station: name, plant: { url, ca: null, passwordFile: join(folder, 'password') } },
  limits: { ...usualLimits, deadlineMs: 2000, restMs: 20, reportMs: 50, retryMs: [20, 500] },
});
const parts = { name, ledger, clock: systemClock, random: systemRandom, plant };
const opening = new LeaseOpening(parts);
for (let refused = await opening.refusal(); refused !== null; refused = await opening.refusal())
  if (refused.code !== 'order.plant-not-heard') throw refused;
const leases = (await Leases.of(order, parts))!;
const batch = `${name}-${process.pid}-${Date.now()}`;
await ledger.openBatch({
  id: batch,
  order: order.order,
  recipe: order.recipe,
  count: null,
  openedAt: '',
  closedAt: null,
});
for (let n = 0, idle = 0; idle < 160; n++) {
  const { boards } = await ledger.boardsOfOrder(order.order, '');
  await leases.refresh(boards, 0);
  const serial = boards < leases.boards ? await freeSerial() : null;
  if (serial === null) {
    idle++;
    await systemClock.sleep(50);
    continue;
  }
  idle = 0;
  const run = runOf(`${batch}-${n}`, { batch });
  await ledger.openRun(run);
  const mac = Buffer.from(systemRandom(6)).toString('hex').match(/../g)!.join(':');
  await ledger.bindRun(run.id, { mac, serial });
  // as long as a board is worked on, for those who cut
  await systemClock.sleep(Math.random() * 500);
}
await plant.close();
await ledger.close();

async function freeSerial(): Promise<string | null> {
  for (const { first, boards } of leases.open)
    for (let place = first; place < first + boards; place++) {
      const serial = serialOf(order.serials!, place);
      if ((await ledger.claimedBy('serial', serial)) === null) return serial;
    }
  return null;
}
