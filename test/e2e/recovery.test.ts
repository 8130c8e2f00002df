import assert from 'node:assert/strict';
import { chownSync, copyFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type MesPeer, startMesPeer } from '../tools/mes-peer.ts';
import { type Bench, choose, goTo, inEverySeat, shoot, signIn } from './seat.ts';

inEverySeat('recovery bay', (openBench) => {
  let bench: Bench;
  let mes: MesPeer;
  before(async () => {
    mes = await startMesPeer();
    bench = await openBench({
      ...{ fixtures: 1, pacing: 'none' },
      stationFile: `fuseline: 1\nstation: bay\nmes: {url: '${mes.url}'}\n`,
    });
  });
  after(async () => {
    await bench.close();
    await mes.close();
  });

  /** A board that lost its supply in the middle of its burns lies in the fixture `bay`. */
  async function cutBoard(): Promise<void> {
    const place = (file: string) => join(bench.folder, file);
    const address = (file: string) => `virtual:esp32p4?rev=v3.1&pacing=none&state=${encodeURIComponent(place(file))}`;
    const fault = '&mac=30:ed:a0:00:00:77&fault=power-cut-after-burn:6';
    await bench.answers['fixtures.teach']({ name: 'bay', address: `${address('cut')}${fault}` }, 'eng-2');
    for (const { name } of (await bench.answers['line.snapshot']({}, 'eng-2')).fixtures)
      if (name !== 'bay') await bench.answers['fixtures.remove']({ name }, 'eng-2');
    const order = { recipe: 'esp32p4-production', order: null, count: 1 };
    await bench.answers['line.start'](order, 'eng-2');
    while ((await bench.answers['line.snapshot']({}, 'eng-2')).fixtures[0]?.verdict == null) await sleep(100);
    await bench.answers['line.stop']({}, 'eng-2');
    while ((await bench.answers['line.snapshot']({}, 'eng-2')).batch?.endedAt == null) await sleep(100);
    // switched on again: another chip with the eFuses and the flash that the cut has left
    copyFileSync(place('cut'), place('again'));
    const { uid, gid } = statSync(place('cut'));
    chownSync(place('again'), uid, gid);
    await bench.answers['fixtures.teach']({ name: 'bay', address: address('again') }, 'eng-2');
  }

  it('reads a half-done board, explains it, and finishes it', async () => {
    await cutBoard();
    const seat = await bench.window();
    const { page, complaints, close } = seat;
    await signIn(page, 'eng-2');
    await goTo(page, 'station/recovery');
    await choose(page, 'Fixture', 'bay');
    await page.getByRole('button', { name: 'Read the board' }).click();
    await page.getByText('was begun as esp32p4-production revision', { exact: false }).waitFor();
    await page.getByRole('heading', { name: 'Can it be finished? Yes' }).waitFor();
    await page.getByRole('rowheader', { name: 'BLOCK_KEY0' }).waitFor();
    await shoot(seat, 'recovery-half-done');
    await page.getByRole('button', { name: 'Release …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Release this board for another recipe?' });
    await dialog.getByLabel('Reason, in a sentence').fill('becomes a development board');
    await dialog.getByLabel('Second person: operator name').fill('eng-2');
    await dialog.getByLabel('PIN of the second person').fill('222200');
    await shoot(seat, 'recovery-release');
    await dialog.getByRole('button', { name: 'Release', exact: true }).click();
    await page.getByText('takes two different people', { exact: false }).waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Finish it' }).click();
    await page.getByRole('dialog', { name: 'Finish it' }).getByRole('button', { name: 'Finish it' }).click();
    await page.getByText('Its download mode is off', { exact: false }).waitFor();
    const shown = await bench.answers['devices.show']({ mac: '30:ed:a0:00:00:77' }, 'eng-2');
    assert.ok(shown.sealed, 'it is sealed');
    assert.deepEqual(complaints, []);
    await close();
  });

  it('stands on a small and on a large screen', async () => {
    for (const [width, height] of [
      [1024, 768],
      [1920, 1080],
    ] as const) {
      const seat = await bench.window({ width, height });
      const { page, close } = seat;
      await signIn(page, 'eng-2');
      await goTo(page, 'station/recovery');
      await choose(page, 'Fixture', 'bay');
      await page.getByRole('textbox', { name: /What its label says/ }).fill('30:ed:a0:00:00:77');
      await page.getByRole('button', { name: 'Read the board' }).click();
      await page.getByText('was sealed on', { exact: false }).first().waitFor();
      await shoot(seat, `recovery-${width}`);
      const wider = await page.evaluate(
        `[...document.querySelectorAll('.recovery, .recovery *')].some((one) => one.getBoundingClientRect().right > innerWidth)`,
      );
      assert.equal(wider, false, 'nothing lies beyond the edge');
      await close();
    }
  });

  it('shows results that the MES refused where shifts are handed over, and settles one by keyboard', async (t) => {
    if (mes.asked.length === 0) return t.skip('only the station of a browser has a station file here');
    // the board that lies there was sealed before, and the MES will not hear of it
    mes.says = () => [409, { words: 'no such order' }];
    await bench.answers['line.start']({ recipe: 'esp32p4-production', order: null, count: 1 }, 'eng-2');
    while ((await bench.answers['factory.results']({}, 'eng-2'))?.length === 0) await sleep(50);
    await bench.answers['line.stop']({}, 'eng-2');
    const { page, complaints, close } = await bench.window();
    await signIn(page, 'op-1');
    await goTo(page, 'throughput/shift');
    const rows = page.locator('.open-results li');
    await rows.first().waitFor();
    assert.match((await rows.first().textContent())!, /refused.*no such order/);
    assert.equal(await page.getByRole('button', { name: 'Settle …' }).count(), 0, 'an operator sees them, and no more');
    await signIn(page, 'eng-2');
    await page.getByRole('button', { name: 'Settle …' }).first().focus();
    await page.keyboard.press('Enter');
    const reason = page.getByLabel('What was found out, in a sentence');
    await reason.fill('the order was entered twice');
    await reason.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await rows.first().waitFor({ state: 'detached' });
    const { rows: deeds } = await bench.answers['ledger.deeds']({ before: null }, 'cus-3');
    const deed = deeds.find(({ detail }) => detail.includes('the order was entered twice'));
    assert.deepEqual(deed?.by, ['eng-2']);
    assert.deepEqual(complaints, []);
    await close();
  });
});
