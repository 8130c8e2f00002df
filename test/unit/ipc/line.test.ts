// The line through its browser face: real WebSocket, real station, virtual boards, SoftHSM.
import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { test } from 'node:test';
import { withoutSoftHsm } from '../signing/soft-token.ts';
import { openLine, openLoopback, Page } from './rig.ts';

const recipe = 'esp32p4-production';

test('a batch runs to its count: every tile passes, and the book and the screens say the same', {
  skip: withoutSoftHsm,
}, async (t) => {
  const opened = await openLine(t, 4);
  const loopback = await openLoopback(t, opened);
  const page = await Page.open(t, loopback);
  assert.equal((await page.call('session.state', {})).firstStart, true);
  const started = await page.call('line.start', { recipe, order: 'O-1', count: 6, targetPerHour: 100 });
  assert.match(started.fingerprint, /^[a-z]+(-[a-z]+){3}$/);
  assert.deepEqual(
    [started.mode, started.count, started.order, started.operator],
    ['insertion', 6, 'O-1', 'first-start'],
  );
  assert.equal(await page.refusal('line.start', { recipe, order: null, count: 1 }), 'line.busy');
  const ended = await page.batchEnd();
  assert.deepEqual([ended.passed, ended.failed, ended.firstPassYield, ended.fault], [6, 0, 1, null]);

  const snapshot = await page.call('line.snapshot', {});
  assert.equal(snapshot.demonstration, true);
  assert.equal(snapshot.fixtures.length, 4);
  // a board that came while the order was full waits there, and nothing was done to it
  for (const tile of snapshot.fixtures) {
    if (tile.verdict === null) assert.equal(tile.state, 'idle');
    else assert.deepEqual([tile.state, tile.verdict.outcome], ['shown', 'passed']);
  }
  assert.equal(
    snapshot.fixtures.reduce((sum, tile) => sum + tile.passed, 0),
    6,
  );

  // The last change is gathered while the batch is over already.
  const told = () => page.changes.flatMap((change) => change.verdicts).length;
  while (told() < 6) await new Promise((resolve) => setTimeout(resolve, 10));
  // Numbers of changes follow each other, each verdict is told once, and bars only grow within a step.
  for (const [at, change] of page.changes.entries()) assert.equal(change.seq, (page.changes[0]?.seq ?? 0) + at);
  assert.equal(told(), 6);
  const steps = page.changes.flatMap((change) => change.fixtures.flatMap((tile) => tile.step?.id ?? []));
  assert.ok(steps.includes('write-flash'));

  const { rows, more } = await page.call('devices.search', { batch: ended.id });
  assert.deepEqual([rows.length, more], [6, false]);
  assert.ok(rows.every((row) => row.state === 'sealed'));
  const device = await page.call('devices.show', { mac: rows[0]!.mac });
  assert.equal(device.sealed?.chip.mac, rows[0]!.mac);
  assert.ok(device.runs[0]!.history.length > 20);
  assert.ok(!JSON.stringify(device).includes('"wrapped":{'));

  const rate = await page.call('throughput.read', { hours: 1 });
  assert.equal(
    rate.buckets.reduce((sum, bucket) => sum + bucket.passed, 0),
    6,
  );
  assert.equal(rate.byFixture.length, 4);
  assert.ok(rate.gantt.some((bar) => bar.step === 'burn-keys' && bar.to !== null && bar.to >= bar.from));
  assert.ok(rate.bottleneck !== null && rate.bottleneck.words.length > 20);

  const csv = await page.call('devices.export', { query: { batch: ended.id }, form: 'csv' });
  assert.equal(Buffer.from(csv.data, 'base64').toString().trim().split('\r\n').length, 7);
  const pdf = await page.call('devices.report', { mac: rows[0]!.mac, form: 'pdf' });
  assert.equal(Buffer.from(pdf.data, 'base64').subarray(0, 5).toString(), '%PDF-');
  assert.equal((await page.call('ledger.verify', {})).broken, null);
});

test('a page that is reloaded in mid-run finds the run as it is', {
  skip: withoutSoftHsm,
  timeout: 120_000,
}, async (t) => {
  const opened = await openLine(t, 2);
  const loopback = await openLoopback(t, opened);
  const first = await Page.open(t, loopback);
  await first.call('operators.save', {
    id: 'ann',
    name: 'Ann',
    roles: ['custodian', 'operator', 'engineer'],
    pin: '271828',
    badge: null,
  });
  const batch = await first.call('line.start', { recipe, order: null, count: 4 });
  while (!first.changes.some((change) => change.fixtures.some((tile) => tile.step !== null)))
    await new Promise((resolve) => setTimeout(resolve, 10));
  first.socket.terminate();
  const again = await Page.open(t, loopback, first.reload);
  assert.equal((await again.call('session.state', {})).operator?.id, 'ann');
  const snapshot = await again.call('line.snapshot', {});
  assert.equal(snapshot.batch?.id, batch.id);
  const ended = await again.batchEnd();
  assert.equal(ended.passed, 4);
  // what came after the snapshot follows its number
  while (again.changes.every((change) => change.batch?.endedAt == null))
    await new Promise((resolve) => setTimeout(resolve, 10));
  const later = again.changes.filter((change) => change.seq > snapshot.seq);
  assert.equal(later[0]?.seq, snapshot.seq + 1);
});

test('a stopped batch ends, and what it began can be gone on with', {
  skip: withoutSoftHsm,
  timeout: 120_000,
}, async (t) => {
  const opened = await openLine(t, 2);
  const loopback = await openLoopback(t, opened);
  const page = await Page.open(t, loopback);
  await page.call('line.start', { recipe, order: null, count: null });
  while ((await page.call('line.snapshot', {})).batch!.passed < 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal((await page.call('line.stop', {}))?.stopping, true);
  const ended = await page.batchEnd();
  assert.equal(ended.count, null);
  assert.ok(ended.done >= ended.passed && ended.passed >= 1);
  const runs = await opened.station.parts.ledger.runs({ batch: ended.id });
  assert.ok(runs.every((run) => run.outcome === 'passed' || run.outcome === 'aborted'));
  assert.equal(await page.refusal('line.scan', { text: 'X-1', fixture: null }), 'line.no-batch');
});

test('32 fixtures run while snapshots are asked for all the time', {
  skip: withoutSoftHsm,
  timeout: 120_000,
}, async (t) => {
  const opened = await openLine(t, 32);
  const loopback = await openLoopback(t, opened);
  const page = await Page.open(t, loopback);
  await page.call('line.start', { recipe, order: null, count: 32 });
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  let asked = 0;
  for (;;) {
    const { batch } = await page.call('line.snapshot', {});
    asked++;
    if (batch !== null && batch.endedAt !== null) {
      assert.equal(batch.passed, 32);
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 16));
  }
  delay.disable();
  t.diagnostic(
    `${asked} snapshots; event loop delay p99 ${(delay.percentile(99) / 1e6).toFixed(0)} ms, mean ${(delay.mean / 1e6).toFixed(0)} ms`,
  );
  t.diagnostic(`${page.changes.length} changes`);
});
