// Leases of a signed order: a station makes boards in the places that were signed for it, while they last, and in no others; a database that
// lies, a copy of its folder and a plant that is away give it none.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { isoTime, systemClock } from '../../main/base/clock.ts';
import { systemRandom } from '../../main/base/random.ts';
import { openSqliteLedger } from '../../main/ledger/sqlite/open.ts';
import { atStart, type PlantOfStation, type PlantStanding } from '../../main/model/plant.ts';
import { LeaseOpening, Leases } from '../../main/station/leases.ts';
import { readWorkOrder } from '../../main/station/work-order.ts';
import { testFolder } from '../stories/terminal.ts';
import { mac, run as runOf } from '../unit/ledger/book.ts';
import { dayMs, leaseOf, orderOf, owner, stranger } from './signed.ts';

/** A plant of a test: it takes rows where it is told to, and has the files that it is given. */
function plantOf() {
  const said = { standing: { ...atStart } as PlantStanding, leases: [] as Uint8Array[] };
  const plant: PlantOfStation = {
    get standing() {
      return said.standing;
    },
    cosignatures: [],
    get leases() {
      return said.leases;
    },
    listen: () => () => undefined,
    close: async () => undefined,
  };
  return { said, plant, heard: (sent: number) => (said.standing = { ...said.standing, state: 'level', sent }) };
}

async function line(t: TestContext) {
  const folder = testFolder(t);
  const ledger = await openSqliteLedger({ file: `${folder}/ledger.sqlite`, station: 'line-1', clock: systemClock });
  t.after(() => ledger.close());
  let ahead = 0;
  // sleeps pass at once
  let slept = 0;
  const clock = {
    now: () => Date.now() + ahead,
    monotonic: () => slept,
    sleep: async (ms: number) => {
      slept += ms;
    },
  };
  const { said, plant, heard } = plantOf();
  const parts = { name: 'line-1', ledger, clock, random: systemRandom, plant };
  let runs = 0;
  return {
    ...{ ledger, parts, said, heard },
    /** A board of the order. */
    async begin(board: number, serial?: string): Promise<void> {
      const run = runOf(`r${runs++}`, { batch: 'b' });
      await ledger.openRun(run);
      await ledger.bindRun(run.id, { mac: mac(board), ...(serial === undefined ? {} : { serial }) });
    },
    daysLater: (days: number) => (ahead += days * dayMs),
    returned: async () => (await ledger.acts({ what: 'lease-returned' })).map(({ detail }) => detail.unused),
  };
}

test('no lease is used before the plant has heard of this opening of the station, nor when it has another ledger', async (t) => {
  const { ledger, parts, said, heard } = await line(t);
  const codeOf = async (of = parts as ConstructorParameters<typeof LeaseOpening>[0]) =>
    (await new LeaseOpening(of).refusal())?.code ?? null;
  const { plant: _, ...alone } = parts;
  assert.equal(await codeOf(alone), 'order.no-plant');
  assert.equal(await codeOf(), 'order.plant-not-heard');
  heard((await ledger.head()).row);
  assert.equal(
    await codeOf(),
    'order.plant-not-heard',
    'an opening has a row of its own: what was heard before does not count',
  );
  const opening = new LeaseOpening({ ...parts, clock: systemClock });
  const before = (await ledger.head()).row;
  const asked = opening.refusal();
  while ((await ledger.head()).row === before) await systemClock.sleep(5);
  heard(before + 1);
  assert.equal(await asked, null);
  said.standing = { ...said.standing, state: 'away' };
  assert.equal(await opening.refusal(), null, 'an outage stops nobody who was heard');
  said.standing = { ...said.standing, state: 'stopped' };
  assert.equal((await opening.refusal())?.code, 'order.plant-stopped', 'a copy of the folder, or an older one');
  const openings = await ledger.acts({ what: 'leases-opened' });
  assert.equal(new Set(openings.map(({ detail }) => detail.opening)).size, openings.length);
});

test('only what was signed for this order, station and ledger counts, whatever the database has', async (t) => {
  const { ledger, parts, said } = await line(t);
  const { order, facts } = await orderOf(ledger, { share: { first: 1, boards: 2 }, boards: 20 });
  const good = { order: order.digest, ledger: ledger.opening.ledger };
  const wrong = await Promise.all([
    leaseOf({ ...good }, stranger),
    leaseOf({ ...good }, owner),
    leaseOf({ ...good, station: 'line-2' }),
    leaseOf({ ...good, ledger: 'ab'.repeat(16) }),
    leaseOf({ ...good, order: 'ab'.repeat(32) }),
    leaseOf({ ...good, first: 17, boards: 5 }),
    leaseOf({ ...good, first: 2, boards: 5 }),
  ]);
  said.leases = [...wrong, new Uint8Array(), Uint8Array.of(0xd2, 0x84)];
  const leases = (await Leases.of(order, parts))!;
  await leases.refresh(0, 2);
  assert.equal(leases.boards, 0);
  const lease = await leaseOf({ ...good, first: 5, boards: 3 });
  const edited = lease.slice();
  edited[edited.length - 70]! ^= 1;
  said.leases = [...wrong, edited, lease, lease];
  await leases.refresh(0, 2);
  assert.deepEqual([leases.boards, leases.open.map(({ first }) => first)], [3, [5]]);
  const taken = await ledger.acts({ what: 'lease-taken' });
  assert.deepEqual(
    taken.map(({ about, detail }) => [about, detail.first, detail.boards]),
    [['O-1', 5, 3]],
  );
  said.leases = [];
  const anew = (await Leases.of(order, parts))!;
  assert.equal(anew.boards, 3, 'it stands in the ledger');
  assert.equal(await Leases.of(readWorkOrder(await facts.signed({ leases: null }), [owner.spki], 'o'), parts), null);
});

test('a lease that runs out, or is given back, keeps what was used of it, and no more', async (t) => {
  const { ledger, parts, said, begin, daysLater, returned } = await line(t);
  const { order } = await orderOf(ledger, { share: null, boards: 20 });
  await ledger.openBatch({
    id: 'b',
    order: 'O-1',
    recipe: order.recipe,
    count: null,
    openedAt: isoTime(0),
    closedAt: null,
  });
  const of = { order: order.digest, ledger: ledger.opening.ledger };
  said.leases = [await leaseOf({ ...of, first: 1, boards: 5, days: 2 })];
  let leases = (await Leases.of(order, parts))!;
  await leases.refresh(0, 0);
  await begin(1);
  await begin(2);
  assert.equal(leases.boards, 5);
  daysLater(3);
  assert.deepEqual(leases.open, [], 'over, whether somebody looks or not');
  await leases.refresh(2, 0);
  assert.deepEqual([leases.boards, await returned()], [2, [['3-5']]]);
  said.leases = [...said.leases, await leaseOf({ ...of, first: 10, boards: 4, days: 9 })];
  await leases.refresh(2, 0);
  assert.equal(leases.boards, 6, 'two that were used, and four new ones');
  await begin(3);
  leases = (await Leases.of(order, parts))!;
  assert.equal(await leases.giveBackAll(3, 0), 3);
  assert.equal(await leases.giveBackAll(3, 0), 0);
  assert.deepEqual([leases.boards, (await returned())[0]], [3, ['11-13']]);
  await leases.refresh(3, 0);
  assert.equal(leases.boards, 3, 'what was given back is not taken again');
  assert.equal((await Leases.of(order, parts))!.boards, 3, 'also after a start');
});

test('of places with serial numbers those go back whose number no board has', async (t) => {
  const { ledger, parts, said, begin, returned } = await line(t);
  const { order } = await orderOf(ledger, {
    share: null,
    boards: 20,
    serials: { before: 'SN-', first: 100, digits: 5 },
  });
  said.leases = [await leaseOf({ order: order.digest, ledger: ledger.opening.ledger, first: 3, boards: 6 })];
  const leases = (await Leases.of(order, parts))!;
  await leases.refresh(0, 0);
  await begin(1, 'SN-00104');
  await begin(2, 'SN-00105');
  assert.equal(await leases.giveBackAll(2, 0), 4);
  assert.deepEqual(await returned(), [['3-4', '7-8']]);
  assert.equal(leases.boards, 2);
});
