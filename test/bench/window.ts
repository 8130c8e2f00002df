// The window against its budget (docs/figures.md): first useful picture, and frame times with 32 fixtures running and charts open.
import type { Page } from 'playwright-core';
import { noBrowser, openBrowserBench } from '../e2e/browser-seat.ts';
import { signIn, startBatch } from '../e2e/seat.ts';
import { type Figure, percentile } from './figures.ts';

const fixtures = 32;
const seconds = 10;
/** What counts as 60 frames a second: a frame more or less is the clock's. */
const wanted = 59;

// Code for the page stands as text: this program knows none of the page's own objects.
const frameTimes = `new Promise((resolve) => {
  const times = [];
  let last = performance.now();
  const end = last + ${seconds * 1000};
  const frame = (now) => {
    times.push(now - last);
    last = now;
    if (now > end) resolve(times.slice(1));
    else requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})`;

/** What is clicked, and what stands on the page once that was drawn. */
const clicks = [
  ['.tile[data-fixture="nest-5"]', '[role=dialog]'],
  ['[role=dialog] button', 'body:not(:has([role=dialog]))'],
  ['nav a[href="#/throughput"]', '.throughput-screen'],
  ['nav a[href="#/devices"]', '.devices-screen .vtable'],
  ['nav a[href="#/station"]', '.station-screen'],
  ['nav a[href="#/line"]', '.tiles .tile'],
] as const;
const rounds = 6;

/** From the moment of the press, as the browser has it, until the frame is out in which `shown` stands; ms. */
const untilPainted = (shown: string) => `window.painted = new Promise((resolve) => {
  addEventListener('click', ({ timeStamp }) => {
    // before each frame is drawn; the message comes when it is
    const look = () => {
      if (document.querySelector(${JSON.stringify(shown)}) === null) return requestAnimationFrame(look);
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve(performance.now() - timeStamp);
      port2.postMessage(null);
    };
    requestAnimationFrame(look);
  }, { once: true, capture: true });
}); 0`;

async function clickTimes(page: Page): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++)
    for (const [what, shown] of clicks) {
      // by its place: the page is not waited for before the mouse goes down
      const box = (await page.locator(what).first().boundingBox())!;
      await page.evaluate(untilPainted(shown));
      await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
      times.push(Number(await page.evaluate('window.painted')));
    }
  return times;
}

/** A page in a browser without a graphics processor, as it is drawn while boards are made. */
export async function windowFrames(): Promise<readonly Figure[]> {
  if (noBrowser) return [{ what: 'window', value: 'not measured', budget: noBrowser, met: null }];
  const bench = await openBrowserBench({ fixtures, pacing: 'line', changerTimes: { leavesMs: 1500, emptyMs: 300 } });
  try {
    const startedAt = performance.now();
    const { page } = await bench.window();
    const firstPicture = performance.now() - startedAt;
    await signIn(page, 'eng-2');
    await startBatch(page);
    await page.locator('.strip canvas').nth(1).waitFor();
    const times = (await page.evaluate(frameTimes)) as number[];
    const rate = times.length / seconds;
    const waits = await clickTimes(page);
    const heap = Number(await page.evaluate('performance.memory?.usedJSHeapSize ?? 0'));
    return [
      {
        what: 'window: first useful picture (a new browser context included)',
        value: `${firstPicture.toFixed(0)} ms`,
        budget: '< 2000 ms',
        met: firstPicture < 2000,
      },
      {
        what: `window: frames with ${fixtures} fixtures running and charts open`,
        value: `${rate.toFixed(1)} frames/s`,
        budget: '60 frames/s',
        met: rate >= wanted,
      },
      {
        what: '  a frame, p50 and p99',
        value: `${percentile(times, 0.5).toFixed(1)} and ${percentile(times, 0.99).toFixed(1)} ms`,
        budget: '',
        met: null,
      },
      {
        what: `window: click to paint with ${fixtures} fixtures running, p99 of ${waits.length} (p50 ${percentile(waits, 0.5).toFixed(0)} ms)`,
        value: `${percentile(waits, 0.99).toFixed(0)} ms`,
        budget: '< 100 ms',
        met: percentile(waits, 0.99) < 100,
      },
      { what: '  heap of the page', value: `${(heap / 1e6).toFixed(0)} MB`, budget: '', met: null },
    ];
  } finally {
    await bench.close();
  }
}
