// Nothing is cut and nothing lies outside of the window: every screen, on a small panel and enlarged to 150 %, measured. In another language
// too, which says none of the page's words in English.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { saying } from '../../main/words/saying.ts';
import type { Bench } from './bench.ts';
import { noBrowser, openBrowserBench } from './browser-seat.ts';
import { benchWithPlant } from './plant.ts';
import { goTo, type Seat, shoot, signIn } from './seat.ts';
import { ended, fillLine, views } from './views.ts';

/**
 * Windows in pixels of the page: an old panel; a usual notebook and that panel at 150 %. Spanish says most things at greater length than
 * English, so that where it fits on the panel English does; Chinese stands where room is least.
 */
const windows = [
  ['1024x768', 1024, 768, 'es-MX'],
  ['1366x768 at 150 %', 911, 512, 'en'],
  ['1024x768 at 150 %', 683, 512, 'zh-CN'],
] as const;

/** Texts that may be shortened, since the whole lies one tap (or a title) away: a tile's cause, an alarm, a cell of a list that opens. */
const shortened =
  '.tile:not([data-tone=burn]) .tile-line:not(:has(strong)), .tile-serial, .notice-short, .vtable-row > div, [title]';

/** Parts that may be wider than their place: tables, texts in lines of their own, and what the keyboard can scroll as well. */
const sideways = '.scroll, .vtable, .vtable-body';

// Code for the page stands as text: this program knows none of its objects.
const measure = `(() => {
  const faults = [];
  const nameOf = (el) => el.tagName.toLowerCase() + '.' + String(el.getAttribute('class') ?? '').split(' ').slice(0, 2).join('.') + ' ' + JSON.stringify((el.textContent ?? '').trim().slice(0, 40));
  const scrolls = (value) => value === 'auto' || value === 'scroll';
  const clips = (value) => value === 'hidden' || value === 'clip';
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) faults.push('the page is ' + root.scrollWidth + ' wide');
  for (const el of document.querySelectorAll('body *')) {
    if (el.closest('.unseen, .skip, svg, canvas, .uplot, .cm-editor, script') || el.closest('${shortened}')) continue;
    if (!el.checkVisibility({ visibilityProperty: true })) continue;
    const style = getComputedStyle(el);
    const hasText = [...el.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
    const isControl = el.matches('button, input, select, textarea, a, [role=tab]');
    if (clips(style.overflowX) && hasText && el.scrollWidth > el.clientWidth + 1) faults.push('cut in width: ' + nameOf(el));
    if (clips(style.overflowY) && hasText && el.scrollHeight > el.clientHeight + 3) faults.push('cut in height: ' + nameOf(el));
    if (scrolls(style.overflowX) && !el.matches('${sideways}') && el.scrollWidth > el.clientWidth + 1) faults.push('has to be scrolled to the side: ' + nameOf(el));
    if (!hasText && !isControl) continue;
    const box = el.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) continue;
    let [canScrollX, canScrollY] = [false, false];
    for (let over = el.parentElement; over !== null && over !== document.body; over = over.parentElement) {
      const around = getComputedStyle(over);
      canScrollX ||= scrolls(around.overflowX);
      canScrollY ||= scrolls(around.overflowY);
      const frame = over.getBoundingClientRect();
      if (!canScrollX && clips(around.overflowX) && (box.right > frame.right + 1.5 || box.left < frame.left - 1.5)) faults.push('cut at the side by ' + nameOf(over) + ': ' + nameOf(el));
      if (!canScrollY && clips(around.overflowY) && (box.bottom > frame.bottom + 2 || box.top < frame.top - 2)) faults.push('cut below by ' + nameOf(over) + ': ' + nameOf(el));
    }
    if (!canScrollX && (box.right > innerWidth + 1 || box.left < -1)) faults.push('outside at the side: ' + nameOf(el));
    if (!canScrollY && (box.bottom > innerHeight + 1 || box.top < -1)) faults.push('outside below: ' + nameOf(el));
  }
  return [...new Set(faults)];
})()`;

/** Every tile in its loudest state, as text that the page is given: no line of 32 fixtures burns all at once for long. */
const allBurn = `(words) => {
  for (const tile of document.querySelectorAll('.tile')) {
    tile.dataset.tone = 'burn';
    tile.querySelector('.tile-word').textContent = words.burning;
    tile.querySelector('.tile-line').textContent = words.doNotRemove;
  }
}`;
/** Every word that a tile can show, one in each, for the next scan of somebody. */
const allHeads = `(heads, line) => {
  for (const [at, tile] of [...document.querySelectorAll('.tile')].entries()) {
    tile.dataset.tone = 'ask';
    tile.querySelector('.tile-word').textContent = heads[at % heads.length];
    tile.querySelector('.tile-progress').dataset.empty = '';
    tile.querySelector('.tile-line').innerHTML = '<strong>' + line + '</strong>';
  }
}`;
const columns = `getComputedStyle(document.querySelector('.tiles')).gridTemplateColumns.split(' ').length`;
const below = `[...document.querySelectorAll('.tile')].filter((tile) => tile.getBoundingClientRect().bottom > innerHeight + 1).map((tile) => tile.dataset.fixture)`;

/** Words in Latin letters that are no English: names of the field, of this bench and of its people. */
const ofTheField =
  /^(Fuseline|HSM|PIN|MAC|eFuses?|JTAG|UART|TLS|OTA|URI|SBOM|USB|NVS|ROM|CSV|JSON|PDF|YAML|SHA|RSA|ECDSA|HMAC|AWS|IoT|Azure|DPS|HOST|Security|[Ff]lash|Esc|Enter|Alt|Apache|License|SoftHSM|Operator|Engineer|Custodian|English|Español|México|fuseline|otadata|bootloader|aes|rsa|raw|hex)$/;

// What of the page is neither the station's own English (marked so) nor data (in the type of data, or no plain word), and still has English
// words in it.
const leftovers = `(() => {
  const found = new Set();
  const look = (el, text) => {
    if (el.closest('[lang=en], .mono, .cm-editor, script, style, svg, kbd, pre') || !el.checkVisibility({ visibilityProperty: true })) return;
    for (const word of text.split(/[^A-Za-z0-9_.:/-]+/))
      if (/^[A-Za-z]{3,}[.:]?$/.test(word) && !${ofTheField}.test(word.replace(/[.:]$/, ''))) found.add(word + ' in ' + JSON.stringify(text.trim().slice(0, 60)));
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) look(texts.currentNode.parentElement, texts.currentNode.textContent);
  for (const el of document.querySelectorAll('body [aria-label], body [title], body [placeholder]'))
    for (const name of ['aria-label', 'title', 'placeholder']) look(el, el.getAttribute(name) ?? '');
  return [...found];
})()`;

/** A person whose name is as long as names are. */
const long = { id: 'eng-9', name: 'Custodian-Engineer Operator-Engineer 9', badge: 'BADGE-ENG-0009' };

describe('every screen fits', { skip: noBrowser }, () => {
  let bench: Bench;
  let close = async () => {};
  let mac = '';
  before(async () => {
    ({ bench, close } = await benchWithPlant(openBrowserBench, {
      fixtures: 32,
      pacing: 'none',
      changerTimes: { leavesMs: 1500, emptyMs: 200 },
    }));
    await bench.answers['operators.save']({ ...long, roles: ['engineer', 'qa'], pin: '999900' }, 'test');
    mac = await fillLine(bench);
  });
  after(() => close());

  for (const [name, width, height, language] of windows) {
    const words = saying(() => language).page;
    describe(`${name}, ${language}`, () => {
      let seat: Seat;
      before(async () => {
        seat = await bench.window({ width, height, language });
        seat.page.setDefaultTimeout(20_000);
        await signIn(seat.page, long.id, long);
      });
      after(() => seat.close());
      // (a narrow window shows form or text of a recipe, one at a time: what is typed into the text is seen in the wide one)
      for (const view of views.filter(({ name }) => name !== 'recipes-fault'))
        it(view.name, async () => {
          try {
            await view.reach(seat.page, mac, words);
            assert.deepEqual(await seat.page.evaluate(measure), []);
            if (language === 'zh-CN') assert.deepEqual(await seat.page.evaluate(leftovers), []);
          } catch (error) {
            // a picture costs more than the look: looks.test.ts takes one of each screen
            await shoot(seat, `fit-${width}-${view.name}`);
            throw error;
          } finally {
            await seat.page.keyboard.press('Escape');
          }
        });
      it('32 fixtures with every word that a tile has, for an order with a long name', async () => {
        const { page } = seat;
        await goTo(page, 'line');
        await page.locator('.batch[data-ended]').waitFor();
        const before = await page.evaluate(columns);
        await bench.answers['line.start'](
          { recipe: 'esp32p4-production', order: `${width}${'0123456789'.repeat(7)}`, count: 100_000 },
          'eng-2',
        );
        await page.locator('.batch-order', { hasText: `${width}0123` }).waitFor();
        await bench.answers['line.stop']({}, 'eng-2');
        await ended(bench);
        await page.locator('.batch[data-ended]').waitFor();
        await page.evaluate(`(${allBurn})(${JSON.stringify(words.tile)})`);
        assert.deepEqual(await page.evaluate(measure), []);
        const { state, needs, acts, outcome, tile } = words;
        const heads = [...[state, needs, acts].flatMap((section) => Object.values(section)), outcome.passed];
        heads.push(tile.tokenSilent, tile.ledgerSlow, tile.unknown, tile.startsIn({ seconds: 3 }));
        const given = [heads, tile.chosen({ seconds: 20 })].map((one) => JSON.stringify(one));
        await page.evaluate(`(${allHeads})(${given.join()})`);
        assert.deepEqual(await page.evaluate(measure), []);
        assert.equal(await page.evaluate(columns), before, 'no tile changes its place as a batch begins and ends');
        assert.deepEqual(await page.evaluate(below), [], 'each tile is in the window');
      });
    });
  }

  it('speaks to each person in their own language, and to nobody in that of the seat', async () => {
    const { page, close } = await bench.window({ width: 1024, height: 768 });
    const chosen = async (name: string) => {
      await page.getByRole('combobox', { name: /^(Language|语言|Idioma)$/ }).click();
      await page.getByRole('option', { name }).click();
    };
    await page.keyboard.press('F3');
    await chosen('简体中文');
    await page.getByRole('dialog', { name: '谁在这里操作？' }).waitFor();
    assert.equal(await page.evaluate('document.documentElement.lang'), 'zh-CN');
    await page.keyboard.press('Escape');
    await signIn(page, 'op-1');
    await page.keyboard.press('F1');
    await chosen('Español (México)');
    await page.getByRole('dialog', { name: 'Teclas' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Salir' }).click();
    await page.getByRole('button', { name: '登录' }).waitFor();
    await signIn(page, 'op-1');
    await page.getByRole('button', { name: 'Salir' }).waitFor();
    await close();
  });

  it('sees a text that is cut', async () => {
    const seat = await bench.window({ width: 1024, height: 768 });
    await seat.page.evaluate(
      `document.querySelector('.scan-rule p').style.cssText = 'max-width: 20px; overflow: hidden; white-space: nowrap'`,
    );
    assert.match(String(await seat.page.evaluate(measure)), /cut in width: p\./);
    await seat.close();
  });
});
