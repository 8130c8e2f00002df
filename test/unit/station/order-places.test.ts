import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OrderPlaces } from '../../../main/station/order-places.ts';

test('an order has as many places as boards; one that is given up goes to whoever waits longest', {
  timeout: 10_000,
}, async () => {
  const places = new OrderPlaces(2, ['S-1', 'S-2']);
  const never = new AbortController().signal;
  assert.deepEqual([places.claim(), places.claim(), places.claim()], [{ serial: 'S-1' }, { serial: 'S-2' }, null]);
  const order: string[] = [];
  const first = places.claimLater(never).then(() => order.push('first'));
  const gone = new AbortController();
  const second = places.claimLater(gone.signal);
  const third = places.claimLater(never).then(() => order.push('third'));
  gone.abort();
  assert.equal(await second, null);
  places.giveBack(false);
  await first;
  places.giveBack(false);
  await third;
  assert.deepEqual(order, ['first', 'third']);
  assert.deepEqual([places.claim(), places.isFull], [null, true]);
  const free = places.whenFree(never);
  const claimed = places.claimLater(never);
  places.giveBack(false);
  await free;
  assert.deepEqual(await claimed, { serial: null }, 'whoever only looks takes no place from whoever has a board');
  const open = new OrderPlaces(null, []);
  for (let n = 0; n < 100; n++) assert.deepEqual(open.claim(), { serial: null });
});
