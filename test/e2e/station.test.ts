import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { type Bench, goTo, inEverySeat, people, scan, signIn, sitsHere, tile } from './seat.ts';

inEverySeat('station', (openBench) => {
  let bench: Bench;
  before(async () => {
    bench = await openBench({ fixtures: 2, pacing: 'none' });
  });
  after(() => bench.close());

  it('teaches a fixture and forgets it again', async () => {
    const { page, complaints, close } = await bench.window();
    await signIn(page, 'eng-2');
    await goTo(page, 'station');
    await page.getByRole('button', { name: 'Teach' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Port or address' }).fill('socket://127.0.0.1:4000');
    await dialog.getByRole('textbox', { name: 'Name' }).fill('bench-left');
    await dialog.getByRole('button', { name: 'Teach' }).click();
    await page.getByRole('rowheader', { name: 'bench-left' }).waitFor();
    await page.getByRole('button', { name: 'Remove bench-left?' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('rowheader', { name: 'bench-left' }).waitFor({ state: 'detached' });
    assert.deepEqual(complaints, []);
    await close();
  });

  it('makes the keys that a recipe names, shows them, and verifies the ledger', async () => {
    const { page, complaints, close } = await bench.window();
    await signIn(page, 'cus-3');
    await goTo(page, 'station');
    await page.getByRole('tab', { name: 'HSM' }).click();
    await page.getByRole('combobox', { name: 'Recipe that names them' }).click();
    await page.getByRole('option', { name: 'esp32p4-production' }).click();
    await page.getByRole('button', { name: 'Make missing keys' }).click();
    await page.getByRole('rowheader', { name: 'secure-boot-1' }).waitFor({ timeout: 60_000 });
    await page.getByRole('tab', { name: 'About' }).click();
    await page.getByRole('button', { name: 'Verify the ledger' }).click();
    await page.getByText(/The chain of .* rows is whole/).waitFor();
    await page.getByRole('tab', { name: 'Escrow' }).click();
    await page.getByText('Nothing is in escrow.').waitFor();
    await page.getByText('Nothing was given out.').waitFor();
    assert.deepEqual(complaints, []);
    await close();
  });

  it('gives a new person a badge, by keyboard and scanner; the badge then signs in', async () => {
    const { page, close } = await bench.window();
    await signIn(page, 'cus-3');
    await goTo(page, 'station');
    await page.getByRole('tab', { name: 'People' }).click();
    await page.getByRole('button', { name: 'Add person' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Id', exact: true }).fill('op-4');
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Operator 4');
    await dialog.getByRole('textbox', { name: /Badge/ }).focus();
    await scan(page, 'BADGE-OP-0004');
    assert.equal(await dialog.count(), 1, 'the code of the badge stays in its field and sends nothing');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('cell', { name: 'Operator 4', exact: true }).waitFor();
    await page.keyboard.press('F3');
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await scan(page, 'BADGE-OP-0004');
    await page.locator('.person', { hasText: 'Operator 4' }).waitFor();
    await close();
  });

  it('refuses a wrong PIN in words, and a scan names a fixture', async () => {
    const { page, close } = await bench.window();
    await scan(page, 'BADGE-NOBODY-9999');
    await page.getByText('The PIN or badge does not fit.').waitFor();
    await scan(page, people.find(({ id }) => id === 'op-1')!.badge);
    await sitsHere(page, 'Operator 1');
    await scan(page, 'nest-2');
    await page.getByText(/Fixture nest-2 is chosen/).waitFor();
    await page.locator('.tile[data-fixture="nest-2"]:focus').waitFor();
    await tile(page, 'nest-2', 'Idle').waitFor();
    await close();
  });
});

inEverySeat('the first start', (openBench) => {
  it('leads from nothing to the first sealed virtual board by keyboard', async () => {
    const bench = await openBench({ empty: true, fixtures: 8, pacing: 'none' });
    try {
      const { page, complaints } = await bench.window();
      await page.getByRole('heading', { name: 'Who keeps this station?' }).waitFor();
      await page.keyboard.type('cus-5', { delay: 80 });
      await page.keyboard.press('Tab');
      await page.keyboard.type('Custodian 5', { delay: 80 });
      await page.keyboard.press('Tab');
      await page.keyboard.type('471100', { delay: 80 });
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'What should a board become?' }).waitFor();
      await page
        .getByRole('row', { name: /WR_DIS/ })
        .first()
        .waitFor();
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'The first board is sealed' }).waitFor({ timeout: 60_000 });
      await page.getByText('flash-encryption').waitFor();
      await page.keyboard.press('Enter');
      await page.locator('.tile').first().waitFor();
      await page.locator('.person', { hasText: 'Custodian 5' }).waitFor();
      assert.deepEqual(complaints, []);
    } finally {
      await bench.close();
    }
  });
});
