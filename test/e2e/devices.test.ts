import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { type Bench, goTo, inEverySeat, scan, signIn } from './seat.ts';

inEverySeat('devices', (openBench) => {
  let bench: Bench;
  let macs: string[] = [];
  before(async () => {
    bench = await openBench({ fixtures: 4, pacing: 'none', changerTimes: { leavesMs: 300_000, emptyMs: 1 } });
    const { answers } = bench;
    await answers['line.start']({ recipe: 'esp32p4-production', order: 'PO-QA', count: 4 }, 'op-1');
    for (;;) {
      const { batch, fixtures } = await answers['line.snapshot']({}, 'op-1');
      macs = fixtures.flatMap(({ mac }) => mac ?? []);
      if (batch?.endedAt) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(macs.length, 4);
  });
  after(() => bench.close());

  it('finds a device as one types, shows its history and its record, and exports it, by mouse', async () => {
    const { page, complaints, saved, close } = await bench.window();
    await signIn(page, 'cus-3');
    await page.getByRole('link', { name: 'Devices' }).click();
    await page.getByText('4 found').waitFor();
    await page.getByRole('textbox', { name: 'Search' }).fill(macs[2]!.slice(0, 16));
    await page.getByText('1 found').waitFor();
    const sheet = await saved(async () => {
      await page.getByRole('button', { name: 'Export' }).click();
      await page.getByRole('menuitem', { name: 'CSV', exact: true }).click();
    });
    assert.ok(Buffer.from(sheet).toString().includes(macs[2]!));
    await page.getByRole('button', { name: 'Questions' }).click();
    await page.getByRole('menuitem', { name: /^Keep this question/ }).click();
    await page.getByRole('textbox', { name: 'Name of the question' }).fill('the third');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('the third: 1 found').waitFor();
    await page.getByRole('textbox', { name: 'Search' }).fill('nothing like it');
    await page.getByText('No device fits').waitFor();
    await page.getByRole('button', { name: 'Questions' }).click();
    await page.getByRole('menuitem', { name: 'the third', exact: true }).click();
    await page.getByText('the third: 1 found').waitFor();
    await page.getByRole('textbox', { name: 'Search' }).fill(macs[2]!.slice(0, 16));
    await page.getByText(/^1 found/).waitFor();
    await page.locator('.vtable-row').click();
    await page.getByRole('heading', { level: 1, name: macs[2]! }).waitFor();
    await page.getByText('BEGIN CERTIFICATE').waitFor();
    await page.getByRole('tab', { name: 'eFuses' }).click();
    await page.getByRole('row', { name: /DIS_DOWNLOAD_MODE.*burned last/ }).waitFor();
    await page.getByRole('tab', { name: /History/ }).click();
    await page
      .getByText(/^destroyed the station's copies/)
      .first()
      .waitFor();
    const paper = await saved(async () => {
      await page.getByRole('button', { name: 'Export' }).click();
      await page.getByRole('menuitem', { name: 'PDF' }).click();
    });
    assert.equal(Buffer.from(paper.subarray(0, 5)).toString(), '%PDF-');
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: 'Devices' }).waitFor();
    assert.equal(await page.getByRole('textbox', { name: 'Search' }).inputValue(), macs[2]!.slice(0, 16));
    assert.deepEqual(complaints, []);
    await close();
  });

  it('is searched and opened by keyboard', async () => {
    const { page, close } = await bench.window();
    await signIn(page, 'cus-3');
    await page.keyboard.press('Alt+3');
    await page.getByText('4 found').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.press('ArrowDown');
    await page.locator('.vtable-row:focus').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.locator('.vtable-row[data-at="1"]:focus').waitFor();
    const mac = await page.locator('.vtable-row[data-at="1"] .mono').textContent();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: mac! }).waitFor();
    await close();
  });

  it('takes a scanned label in the search field', async () => {
    const { page, close } = await bench.window();
    await signIn(page, 'cus-3');
    await page.keyboard.press('Alt+3');
    await page.getByText('4 found').waitFor();
    await page.keyboard.press('/');
    // the scanner's Enter comes before the ledger has answered
    await scan(page, macs[1]!);
    await page.getByRole('heading', { level: 1, name: macs[1]! }).waitFor();
    await close();
  });

  it('holds two devices against each other, and opens the batch and every run', async () => {
    const { page, complaints, saved, close } = await bench.window();
    await signIn(page, 'cus-3');
    await goTo(page, `devices/${macs[0]!}`);
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByRole('textbox', { name: 'MAC or serial number' }).fill(macs[1]!.toUpperCase());
    await page.keyboard.press('Enter');
    // two boards of one recipe differ in nothing but what each has of its own
    await page.getByRole('heading', { name: 'What differs (0)' }).waitFor();
    await page.getByRole('row', { name: /Sealed record: serial/ }).waitFor();
    await goTo(page, 'batches');
    await page.getByRole('link', { name: 'PO-QA' }).click();
    await page.getByText('Every board that came is sealed.').waitFor();
    const paper = await saved(async () => {
      await page.getByRole('button', { name: 'Report' }).click();
      await page.getByRole('menuitem', { name: 'PDF' }).click();
    });
    assert.equal(Buffer.from(paper.subarray(0, 5)).toString(), '%PDF-');
    await page.locator('.device-screen tbody tr').first().getByRole('link').last().click();
    await page.getByRole('heading', { name: /^Run R-/ }).waitFor();
    await page.locator('.events li').first().waitFor();
    assert.deepEqual(complaints, []);
    await close();
  });

  it('has no link that leads nowhere', async () => {
    const { page, complaints, close } = await bench.window();
    await signIn(page, 'cus-3');
    const known = new Set([
      '#/line',
      '#/throughput',
      '#/devices',
      '#/batches',
      '#/runs',
      '#/recipes',
      '#/station',
      `#/devices/${macs[0]!}`,
    ]);
    // a few of each kind: a thousand devices lead to the same page
    const perKind = new Map<string, number>();
    for (const address of known) {
      await goTo(page, address.slice(2));
      await page.locator('#content > :not([hidden])').first().waitFor();
      while ((await page.getByText('Reading …').count()) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(await page.evaluate('location.hash'), address);
      assert.deepEqual(await page.locator('.page-note, .notice-short').allTextContents(), [], address);
      const links = (await page.evaluate(
        `[...document.querySelectorAll('a[href]')].map((link) => link.getAttribute('href'))`,
      )) as string[];
      for (const link of links) {
        assert.match(link, /^#\/(line|throughput|devices|batches|runs|compare|recipes|station)(\/[^/]+)?$/, address);
        const kind = link.split('/')[1]!;
        const seen = perKind.get(kind) ?? 0;
        if (known.has(link) || seen >= 3) continue;
        perKind.set(kind, seen + 1);
        known.add(link);
      }
    }
    for (const kind of ['devices', 'batches', 'runs', 'recipes']) assert.ok((perKind.get(kind) ?? 0) > 0, kind);
    assert.deepEqual(complaints, []);
    await close();
  });

  it('verifies a board that lies in a fixture against its record', async () => {
    const { page, complaints, close } = await bench.window();
    await signIn(page, 'cus-3');
    await goTo(page, `devices/${macs[0]!}`);
    await page.getByRole('button', { name: 'Verify in fixture' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Verify', exact: true }).click();
    await dialog.getByText('What could be read is as recorded.').waitFor();
    assert.ok((await dialog.locator('.checks li').count()) > 0);
    assert.deepEqual(complaints, []);
    await close();
  });
});
