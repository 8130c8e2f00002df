import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { replaceInText } from './bench.ts';
import { type Bench, choose, goTo, inEverySeat, people, scan, signIn, sitsHere } from './seat.ts';

inEverySeat('recipes', (openBench) => {
  let bench: Bench;
  before(async () => {
    bench = await openBench({ fixtures: 1, pacing: 'none' });
  });
  after(() => bench.close());

  it('leads a new recipe from a copy to its approval by another person', async () => {
    const { page, complaints, close } = await bench.window();
    await signIn(page, 'eng-2');
    await goTo(page, 'recipes/esp32p4-production');
    await page.getByRole('button', { name: 'New from this' }).click();
    await page.getByRole('textbox', { name: /^Name/ }).last().fill('meter-p4');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { level: 2, name: 'meter-p4' }).waitFor();

    // the form changes the text in its place, and the check speaks at the line
    const yaml = page.getByRole('textbox', { name: 'YAML' });
    await page.getByText(/Findings \(\d+\)/).waitFor();
    await choose(page, 'Download mode', 'open');
    await page.getByText('In a production recipe download mode stays open.').first().waitFor();
    await page
      .getByRole('button', { name: /^line \d+/ })
      .first()
      .click();
    await page.locator('.cm-editor.cm-focused').waitFor();
    await page.locator('.cm-line', { hasText: 'download_mode: open' }).waitFor();
    await page.locator('.cm-line', { hasText: '# None of this can be undone.' }).waitFor();
    await page.locator('.cm-lint-marker-error').waitFor();
    // what the form changed is one step that the editor takes back
    await yaml.press('ControlOrMeta+z');
    const downloadMode = page.getByRole('combobox', { name: 'Download mode' });
    while ((await downloadMode.inputValue()) !== 'disabled') await page.waitForTimeout(50);
    await yaml.press('ControlOrMeta+Shift+z');
    while ((await downloadMode.inputValue()) !== 'open') await page.waitForTimeout(50);
    await page.getByRole('tab', { name: 'Changes' }).click();
    await page.getByText('weaker').waitFor();

    // what is not saved survives another screen and a reload
    await goTo(page, 'line');
    await page.locator('.tile').first().waitFor();
    await goTo(page, 'recipes/meter-p4');
    await page.getByText('Not saved', { exact: true }).waitFor();
    await page.reload();
    await page.getByText('Not saved', { exact: true }).waitFor();
    while ((await downloadMode.inputValue()) !== 'open') await page.waitForTimeout(50);

    // and the text changes the form
    await replaceInText(page, 'download_mode: open', 'download_mode: secure');
    await page.getByRole('combobox', { name: 'Download mode' }).waitFor();
    assert.equal(await page.getByRole('combobox', { name: 'Download mode' }).inputValue(), 'secure');
    await page.locator('.cm-lint-marker-error').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Save draft' }).click();
    await page.getByText('Saved as a draft.').waitFor();
    await page.getByRole('tab', { name: 'Key blocks' }).click();
    await page.locator('.blocks li').nth(5).waitFor();
    assert.equal(await page.locator('.blocks li').count(), 6);
    await page
      .getByRole('row', { name: /WR_DIS/ })
      .first()
      .waitFor();

    await page.getByRole('tab', { name: 'Security guide' }).click();
    const signed = page.getByRole('row', { name: /Only signed firmware starts/ });
    await signed.getByText('Met', { exact: true }).waitFor();
    await signed.getByText(/secure_boot: SECURE_BOOT_EN=1/).waitFor();

    await page.getByRole('button', { name: 'Rehearse' }).click();
    await page.getByText(/Rehearsed on virtual silicon in/).waitFor({ timeout: 60_000 });
    assert.equal(
      await page.getByRole('button', { name: 'Approve' }).count(),
      0,
      'an engineer approves nothing of his own',
    );

    await page.keyboard.press('F3');
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await scan(page, people.find(({ id }) => id === 'cus-3')!.badge);
    await sitsHere(page, 'Custodian 3');
    await goTo(page, 'recipes');
    await goTo(page, 'recipes/meter-p4');
    await page.getByRole('button', { name: 'Approve' }).click();
    const dialog = page.getByRole('dialog', { name: /Approve this recipe/ });
    const words = await dialog.locator('.fingerprint strong').textContent();
    assert.match(words!, /^\w+-\w+-\w+-\w+$/);
    await dialog.getByRole('button', { name: 'Approve' }).click();
    await page.locator('.recipe-title').getByText('Approved', { exact: true }).waitFor();
    assert.deepEqual(complaints, []);
    await close();
  });

  it('shows an operator what a recipe does, and lets him change nothing', async () => {
    const { page, close } = await bench.window();
    await signIn(page, 'op-1');
    await goTo(page, 'recipes/esp32p4-production');
    await page.getByRole('tab', { name: 'Steps' }).click();
    await page.getByText('for ever').first().waitFor();
    assert.equal(await page.getByRole('textbox', { name: 'YAML' }).getAttribute('aria-readonly'), 'true');
    assert.equal(await page.getByRole('button', { name: 'Rehearse' }).count(), 0);
    await close();
  });
});
