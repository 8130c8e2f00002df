// The window against its budget (DESIGN section 6): first useful picture, frame times with 32 fixtures running and charts open, memory.
import { noBrowser, openBrowserBench } from '../e2e/browser-seat.ts';
import { signIn, startBatch } from '../e2e/seat.ts';

const fixtures = 32;
const seconds = 10;

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

export async function main(): Promise<void> {
  if (noBrowser) {
    console.log(`window: skipped, ${noBrowser}`);
    return;
  }
  const bench = await openBrowserBench({ fixtures, pacing: 'line', handTimes: { leavesMs: 1500, emptyMs: 300 } });
  try {
    const startedAt = performance.now();
    const { page } = await bench.window();
    const firstPicture = performance.now() - startedAt;
    await signIn(page, 'eng-2');
    await startBatch(page);
    await page.locator('.strip canvas').nth(1).waitFor();
    const times = ((await page.evaluate(frameTimes)) as number[]).sort((a, b) => a - b);
    const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(1);
    const heap = Number(await page.evaluate('performance.memory?.usedJSHeapSize ?? 0'));
    const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
    console.log(
      `window: first useful picture after ${firstPicture.toFixed(0)} ms (budget 2000 ms; browser context included)`,
    );
    console.log(
      `window: ${(times.length / seconds).toFixed(0)} frames/s with ${fixtures} fixtures and charts; frame p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms`,
    );
    console.log(`window: page heap ${mib(heap)}, station process ${mib(process.memoryUsage.rss())} (budget 400 MB)`);
  } finally {
    await bench.close();
  }
}

if (import.meta.main) await main();
