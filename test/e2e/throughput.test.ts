import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { type Bench, goTo, inEverySeat, signIn, startBatch } from './seat.ts';

const fixtures = 32;

const isTilesOverflowing = `(() => {
  const grid = document.querySelector('.tiles');
  return grid.scrollHeight > grid.clientHeight + 1 || grid.scrollWidth > grid.clientWidth + 1;
})()`;

const framesInASecond = `new Promise((resolve) => {
  let count = 0;
  const end = performance.now() + 1000;
  const frame = () => {
    count++;
    if (performance.now() > end) resolve(count);
    else requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})`;

inEverySeat('throughput', (openBench) => {
  let bench: Bench;
  before(async () => {
    bench = await openBench({ fixtures, pacing: 'line', changerTimes: { leavesMs: 1500, emptyMs: 300 } });
  });
  after(() => bench.close());

  it('keeps drawing while 32 fixtures run and charts are open, and names the bottleneck', async () => {
    const { page, complaints, close } = await bench.window();
    await signIn(page, 'eng-2');
    await startBatch(page, { order: 'PO-32' });
    assert.equal(await page.locator('.tile').count(), fixtures);
    const overflows = await page.evaluate(isTilesOverflowing);
    assert.equal(overflows, false, 'all tiles are in sight at once');
    await page.locator('.strip canvas').nth(1).waitFor();
    await page.locator('.tile', { hasText: 'Passed' }).first().waitFor({ timeout: 120_000 });

    await goTo(page, 'throughput');
    await page.getByText(/Bottleneck: /).waitFor({ timeout: 120_000 });
    assert.equal(await page.locator('canvas').count(), 2);
    const frames = Number(await page.evaluate(framesInASecond));
    assert.ok(frames > 0, 'the page draws');
    await page.locator('label', { hasText: '24 h' }).click();
    const rows = page.locator('.p-fixtures tbody tr');
    await rows.first().waitFor();
    assert.equal(await rows.first().locator('td').count(), 4);
    for (const by of ['Fixture', 'Hour', 'Cause']) await page.locator('.p-pareto label', { hasText: by }).click();
    await page.getByText('Every board passed.').waitFor();
    assert.deepEqual(complaints, []);
    await close();
  });

  it('loses nothing to a reload: the figures come from the ledger', async () => {
    const { page, close } = await bench.window();
    await signIn(page, 'eng-2');
    await goTo(page, 'throughput');
    const passed = page.locator('.figure', { hasText: /^passed/ }).locator('.figure-value');
    await passed.waitFor();
    const before = Number((await passed.textContent())!.replaceAll(',', ''));
    await page.reload();
    await passed.waitFor();
    assert.ok(Number((await passed.textContent())!.replaceAll(',', '')) >= before);
    assert.ok(before > 0);
    await close();
  });
});
