import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Mutex } from '../../../main/base/mutex.ts';
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
  const { recipe } = recipeNamed('esp32c3-production');
  const rules = { macs: null, challenge: false, orders };
  const count = (mac: string) =>
    allowanceOf({ recipe, order: 'O-1' }, rules, ledger, turn).count(mac, async () => begun.add(mac));
  const ends = await Promise.allSettled(['a', 'b', 'c'].map(count));
  assert.deepEqual([...begun], ['a']);
  for (const end of ends.slice(1)) {
    assert.ok(end.status === 'rejected');
    assert.equal(end.reason.code, 'admission.order-full');
  }
  await count('a');
});
