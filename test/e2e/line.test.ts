import assert from 'node:assert/strict';
import { after, afterEach, before, it } from 'node:test';
import { type Bench, inEverySeat, people, scan, shoot, signIn, sitsHere, startBatch, tabTo, tile } from './seat.ts';

const scanned = 'esp32p4-scanned';
const labelled = 'esp32p4-labelled';

/** The example recipe under another name and with a change: written by the engineer, rehearsed, approved by another person. */
async function approveOwn({ answers }: Bench, name: string, change: (text: string) => string): Promise<void> {
  const { text } = await answers['recipes.read']({ recipe: 'esp32p4-production' }, 'eng-2');
  const own = change(text.replace('name: esp32p4-production', `name: ${name}`));
  await answers['recipes.save']({ recipe: name, text: own }, 'eng-2');
  const rehearsal = await answers['recipes.rehearse']({ recipe: name }, 'eng-2');
  assert.equal(rehearsal.passed, true);
  const { view } = await answers['recipes.read']({ recipe: name }, 'eng-2');
  await answers['recipes.approve']({ recipe: name, hash: view.hash! }, 'cus-3');
}

inEverySeat('the line', (openBench) => {
  let bench: Bench;
  before(async () => {
    bench = await openBench({ fixtures: 3, pacing: 'none', changerTimes: { leavesMs: 2000, emptyMs: 300 } });
  });
  after(() => bench.close());
  afterEach(quiet);

  /** Ends what a test left running, so that the next begins at a quiet line. */
  async function quiet(): Promise<void> {
    await bench.answers['line.stop']({}, 'eng-2');
    for (;;) {
      const { batch, fixtures } = await bench.answers['line.snapshot']({}, 'eng-2');
      if (batch === null || batch.endedAt !== null) {
        for (const { name } of fixtures) await bench.answers['line.acknowledge']({ fixture: name }, 'eng-2');
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  it('seals a batch by mouse and keeps the verdicts', async () => {
    const { page, complaints, close } = await bench.window();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('combobox', { name: 'Operator' }).click();
    await page.getByRole('option', { name: 'Operator 1' }).click();
    for (const digit of '1111') await page.getByRole('button', { name: digit, exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Sign in' }).click();
    await sitsHere(page, 'Operator 1');
    await startBatch(page, { order: 'PO-1', count: 3 });
    await page.getByText('PO-1').waitFor();
    for (const fixture of ['nest-1', 'nest-2', 'nest-3']) await tile(page, fixture, 'Passed').waitFor();
    await page.getByText('100%').waitFor();
    await tile(page, 'nest-2', 'Passed').click();
    const detail = page.getByRole('dialog', { name: 'Fixture nest-2' });
    await detail.getByText(/Sealed in row/).waitFor();
    await detail.getByRole('button', { name: 'Understood' }).click();
    await tile(page, 'nest-2', 'Idle').waitFor();
    assert.deepEqual(complaints, []);
    await close();
  });

  it('does everything by keyboard: sign in, start, go, look, help', async () => {
    const { page, complaints, close } = await bench.window();
    await page.keyboard.press('F3');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.type('Eng', { delay: 80 });
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.type('222200', { delay: 80 });
    await page.keyboard.press('Enter');
    await sitsHere(page, 'Engineer 2');

    await page.keyboard.press('F1');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    await page.keyboard.press('F2');
    await page.getByRole('dialog', { name: 'Start a batch' }).waitFor();
    await tabTo(page, 'A board starts');
    await page.keyboard.press('Enter');
    await page.getByRole('option', { name: 'by key or touch' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('option').first().waitFor({ state: 'hidden' });
    await tabTo(page, 'Start');
    await page.keyboard.press('Enter');
    await tile(page, 'nest-1', 'Press start').waitFor();
    await page.keyboard.press('F6');
    await page.locator('.tile:focus').waitFor();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await page.locator('.tile[data-fixture="nest-2"]:focus').waitFor();
    await page.keyboard.press('Enter');
    const detail = page.getByRole('dialog', { name: 'Fixture nest-2' });
    await detail.waitFor();
    await tabTo(page, 'Start this board');
    await page.keyboard.press('Enter');
    await tile(page, 'nest-2', 'Passed').waitFor();
    assert.equal(await tile(page, 'nest-1', 'Press start').count(), 1);

    await page.keyboard.press('F4');
    await page.getByRole('dialog', { name: 'Stop this batch?' }).waitFor();
    await tabTo(page, 'Stop after this step');
    await page.keyboard.press('Enter');
    await page.getByText(/ended/).waitFor();
    for (const [key, heading] of [
      ['2', 'Throughput'],
      ['3', 'Devices'],
      ['4', 'Recipes'],
      ['5', 'Station'],
    ] as const) {
      await page.keyboard.press(`Alt+${key}`);
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    }
    assert.deepEqual(complaints, []);
    await close();
  });

  it('runs by scanner alone: badge, serial numbers, refusals in words', async () => {
    await approveOwn(bench, scanned, (text) => text.replace(/from: mac.*/, `from: scan\n  pattern: 'SN-\\d{4}'`));
    const { page, complaints, close } = await bench.window();
    await scan(page, people.find(({ id }) => id === 'op-1')!.badge);
    await sitsHere(page, 'Operator 1');
    await bench.answers['line.start']({ recipe: scanned, order: 'PO-3', count: 2 }, 'op-1');
    await tile(page, 'nest-3', 'Scan serial').waitFor();
    assert.equal(await page.locator('.tile', { hasText: 'Press start' }).count(), 0);
    // the fixture's name, then the label: that board and no other, and not before it can be taken back
    await scan(page, 'nest-3');
    await page.locator('.tile[data-fixture="nest-3"][data-chosen="mine"]').waitFor();
    await page.locator('.scan-rule', { hasText: 'nest-3 is chosen' }).waitFor();
    assert.equal(await page.locator('.tile[data-next]').count(), 0, 'one tile alone says that the next scan is for it');
    await scan(page, 'SN-0009');
    await tile(page, 'nest-3', 'Starts in').waitFor();
    await page.keyboard.press('F7');
    await page.getByText('SN-0009 is taken back.').waitFor();
    await tile(page, 'nest-3', 'Scan serial').waitFor();
    await scan(page, 'nest-3');
    await scan(page, 'SN-0001');
    await tile(page, 'nest-3', 'SN-0001').waitFor();
    await page.locator('.tile', { hasText: 'Passed' }).filter({ hasText: 'SN-0001' }).waitFor();
    await scan(page, 'WRONG-1');
    await page.locator('[data-notice="fault"]').filter({ hasText: 'WRONG-1' }).waitFor();
    await scan(page, 'SN-0001');
    await page.locator('[data-notice="fault"]').filter({ hasText: 'serial number of the board' }).waitFor();
    // a slow scanner is no person, and a code that nobody takes is not lost silently
    await page.keyboard.type('WRONG-2', { delay: 45 });
    await page.keyboard.press('Enter');
    await page.locator('[data-notice="fault"]').filter({ hasText: 'WRONG-2' }).waitFor();
    // a scan that runs into an open dialog's field is taken out of it again
    await page.keyboard.press('F1');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await scan(page, 'SN-0002');
    await page.locator('.tile', { hasText: 'Passed' }).filter({ hasText: 'SN-0002' }).waitFor();
    assert.ok(complaints.length === 0, complaints.join('\n'));
    await close();
  });

  it('takes a label back by scanner alone, or typed where it cannot be read; tells of the printer on the line', async () => {
    await approveOwn(bench, labelled, (text) => `${text}\nlabel:\n  scan_back: true\n`);
    await bench.answers['printer.set']({ address: 'tcp://127.0.0.1:1' }, 'eng-2');
    const seat = await bench.window();
    const { page, complaints, close } = seat;
    await scan(page, people.find(({ id }) => id === 'op-1')!.badge);
    await sitsHere(page, 'Operator 1');
    await bench.answers['line.start']({ recipe: labelled, order: 'PO-4', count: 2 }, 'op-1');
    const asking = page.locator('.tile', { hasText: 'Scan label' });
    await asking.nth(1).waitFor();
    const trouble = page.locator('[data-alarm="printer"]').filter({ hasText: 'printer.unreachable' }).first();
    await trouble.waitFor();
    await scan(page, 'FFEEDDCCBBAA');
    await page.getByRole('button', { name: '1 more' }).click();
    await page.locator('[data-notice="fault"]').filter({ hasText: 'is not the label of' }).waitFor();
    await shoot(seat, 'labelling');
    const { batch, fixtures } = await bench.answers['line.snapshot']({}, 'op-1');
    assert.equal(batch?.done, 0, 'no board is counted before its label was scanned');
    const [first, second] = fixtures.filter(({ state }) => state === 'labelling');
    await scan(page, first!.mac!.replaceAll(':', ''));
    await tile(page, first!.name, 'Passed').waitFor();
    await tile(page, second!.name, 'Scan label').click();
    const detail = page.getByRole('dialog', { name: `Fixture ${second!.name}` });
    await detail
      .getByRole('textbox', { name: 'What the label says' })
      .fill(`${second!.mac!.replaceAll(':', '')} ${second!.mac!}`);
    await shoot(seat, 'labelling-detail');
    await detail.getByRole('button', { name: 'This is its label' }).click();
    await tile(page, second!.name, 'Passed').waitFor();
    await page.getByText(/ended/).waitFor();
    await bench.answers['printer.set']({ address: null }, 'eng-2');
    await trouble.waitFor({ state: 'detached' });
    assert.deepEqual(complaints, []);
    await close();
  });

  it('says of a fault what happened, whether the board is safe, what to do, and the code', async () => {
    const { page, complaints, close } = await bench.window();
    await signIn(page, 'op-1');
    await startBatch(page, { recipe: 'esp32c3-production', count: 1 });
    await page.locator('.tile[data-tone="warn"]').first().waitFor();
    await page.getByRole('button', { name: 'Stop batch' }).click();
    await page.getByRole('button', { name: 'Stop after this step' }).click();
    await page.getByText(/ended/).waitFor();
    await page.locator('.tile[data-tone="warn"]').first().click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('.first-act', { hasText: 'red bin' }).waitFor();
    for (const words of ['What happened', 'Is the board safe?', 'What to do']) await dialog.getByText(words).waitFor();
    assert.equal(await dialog.getByText('Who acts').isVisible(), false, 'the engineer’s words lie behind a tap');
    await dialog.getByText('For the engineer').click();
    for (const words of ['Who acts', 'Code']) await dialog.getByText(words).waitFor();
    await dialog.getByText('Yes. Nothing irreversible was done to it in this run.').waitFor();
    assert.deepEqual(complaints, []);
    await close();
  });

  it('goes on after a reload in the middle of a run, and after the link was lost', async () => {
    const { page, complaints, close } = await bench.window();
    await signIn(page, 'op-1');
    await startBatch(page, { recipe: 'esp32p4-production', order: 'PO-5' });
    await page.locator('.tile', { hasText: 'Working' }).first().waitFor();
    await page.reload();
    await page.getByText('PO-5').waitFor();
    await sitsHere(page, 'Operator 1');
    await tile(page, 'nest-3', 'Passed').waitFor();
    await page.context().setOffline(true);
    await page.context().setOffline(false);
    await tile(page, 'nest-1', 'Passed').waitFor();
    assert.deepEqual(complaints, []);
    await close();
  });

  it('shows unknown as unknown while the station is away, and finds it again by itself', async (t) => {
    if (bench.takeAway === null) return t.skip('the window and its station are one program');
    const seat = await bench.window();
    const { page, close } = seat;
    await signIn(page, 'op-1');
    await startBatch(page, { recipe: 'esp32p4-production', order: 'PO-6' });
    await page.locator('.tile', { hasText: 'Working' }).first().waitFor();
    const bringBack = await bench.takeAway();
    await page.locator('[data-alarm="link"]', { hasText: 'does not answer since' }).waitFor();
    assert.equal(await page.getByText('goes on without').count(), 0);
    await page.locator('.scan-rule', { hasText: 'does not answer' }).waitFor();
    assert.ok(await page.getByRole('button', { name: 'Stop batch' }).isDisabled());
    assert.equal(await page.locator('.tile[data-tone="stale"]', { hasText: 'Unknown' }).count(), 3);
    await scan(page, 'SN-7777');
    await page.getByRole('button', { name: '1 more' }).waitFor();
    await shoot(seat, 'station-away');
    await bringBack();
    await page.locator('.tile[data-tone="stale"]').first().waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await signIn(page, 'op-1');
    await page.reload();
    await sitsHere(page, 'Operator 1');
    await close();
  });
});
