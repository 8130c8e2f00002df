import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../../main/base/clock.ts';
import { Mutex } from '../../../main/base/mutex.ts';
import { systemRandom } from '../../../main/base/random.ts';
import type { Ledger } from '../../../main/ledger/ledger.ts';
import { allowanceOf } from '../../../main/station/board-rules.ts';
import { recipeNamed } from '../../stories/stage.ts';

test('boards that come at once for the last place of an order are counted one after the other', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-orders-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const orders = join(folder, 'orders.csv');
  writeFileSync(orders, 'order,boards\nO-1,1\n');
  const begun = new Set<string>();
  const ledger = {
    boardsOfOrder: async (_: string, mac: string) => {
      const counted = { boards: begun.size, isOne: begun.has(mac) };
      // the answer is on its way while others ask
      await new Promise((resolve) => setImmediate(resolve));
      return counted;
    },
  };
  const turn = new Mutex();
  const loaded = recipeNamed('esp32c3-production');
  const rules = { macs: null, challenge: false, orders, sealedOrders: null };
  const parts = {
    ...{ name: 'a', ledger: ledger as unknown as Ledger, clock: systemClock, random: systemRandom },
    opening: { refusal: async () => null },
  };
  const count = async (mac: string) => {
    const allowance = await allowanceOf({ loaded, order: 'O-1', operator: null }, rules, parts, turn);
    return await allowance.count(mac, async () => begun.add(mac));
  };
  const ends = await Promise.allSettled(['a', 'b', 'c'].map(count));
  assert.deepEqual([...begun], ['a']);
  for (const end of ends.slice(1)) {
    assert.ok(end.status === 'rejected');
    assert.equal(end.reason.code, 'admission.order-full');
  }
  await count('a');
});
