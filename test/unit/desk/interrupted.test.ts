// A station that was cut off in a batch offers it after the next start, and makes no board more than was ordered.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFault } from '../../../main/model/fault.ts';
import { openDesk } from '../../../main/start/open-desk.ts';
import { withoutSoftHsm } from '../signing/soft-token.ts';

test('an interrupted batch is offered, gone on with, and left', {
  skip: withoutSoftHsm,
  timeout: 240_000,
}, async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'fuseline-interrupted-'));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const file = join(data, 'batch.json');
  const open = () =>
    openDesk(
      { data },
      { demonstration: { fixtures: 2, pacing: 'none', changerTimes: { leavesMs: 100, emptyMs: 50 } } },
    );
  const ended = async ({ answers }: Awaited<ReturnType<typeof open>>['desk']) => {
    for (;;) {
      const snapshot = await answers['line.snapshot']({}, 'eng');
      if (snapshot.batch !== null && snapshot.batch.endedAt !== null) return snapshot;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const first = await open();
  const { answers } = first.desk;
  assert.equal((await answers['line.snapshot']({}, 'eng')).interrupted, null);
  await answers['line.start']({ recipe: 'esp32p4-production', order: 'O-9', count: 5, mode: 'key' }, 'eng');
  const kept = readFileSync(file, 'utf8');
  const ready = async () =>
    (await answers['line.snapshot']({}, 'eng')).fixtures.find(({ needs }) => needs === 'key')?.name;
  let name = await ready();
  while (name === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    name = await ready();
  }
  await answers['line.go']({ fixture: name }, 'eng');
  while ((await answers['line.snapshot']({}, 'eng')).batch!.passed < 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  await first.close();
  assert.equal(readFileSync(file, 'utf8'), kept, 'the end of the program is not the end of the batch');

  const second = await open();
  const again = second.desk.answers;
  const { interrupted } = await again['line.snapshot']({}, 'eng');
  assert.deepEqual([interrupted?.order, interrupted?.count, interrupted?.passed, interrupted?.left], ['O-9', 5, 1, 4]);
  // under another recipe it is another order
  writeFileSync(file, kept.replace(/"hash": "[0-9a-f]{8}/, '"hash": "00000000'));
  await second.close();
  const third = await open();
  await assert.rejects(
    async () => third.desk.answers['line.resume']({}, 'eng'),
    (error) => isFault(error, 'line.recipe-changed'),
  );
  writeFileSync(file, kept.replace('"mode": "key"', '"mode": "insertion"').replace('"count": 5', '"count": 2'));
  await third.close();

  const fourth = await open();
  t.after(() => fourth.close());
  const batch = await fourth.desk.answers['line.resume']({}, 'eng');
  assert.deepEqual([batch.order, batch.count, batch.mode], ['O-9', 1, 'insertion']);
  const done = await ended(fourth.desk);
  assert.deepEqual([done.batch?.passed, done.interrupted], [1, null]);
  assert.equal(existsSync(file), false);
  await assert.rejects(
    async () => fourth.desk.answers['line.resume']({}, 'eng'),
    (error) => isFault(error, 'line.nothing-interrupted'),
  );

  // an order that was complete when the power went
  writeFileSync(file, kept.replace('"count": 5', '"count": 1'));
  await fourth.close();
  const fifth = await open();
  t.after(() => fifth.close());
  await assert.rejects(
    async () => fifth.desk.answers['line.resume']({}, 'eng'),
    (error) => isFault(error, 'line.nothing-left'),
  );
  assert.equal((await fifth.desk.answers['line.leave']({}, 'eng')).interrupted, null);
  assert.equal(existsSync(file), false);
});
