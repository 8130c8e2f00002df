// The pictures of README and docs, from the real page at a demonstration line.
//
//   npm run pictures     writes renderer/docs/*.png; look at each before it is committed
//
// The boards are the demonstration's, so that addresses and times are others each time; what is shown is the same.
import { join } from 'node:path';
import { programFolder } from '../main/start/program-folder.ts';
import { noBrowser, openBrowserBench } from './e2e/browser-seat.ts';
import { goTo, type Seat, signIn } from './e2e/seat.ts';
import { ended, fillLine, views } from './e2e/views.ts';

const folder = join(programFolder, 'renderer', 'docs');
/** Boards that the line has made when it is shown at work. */
const made = 20;

async function draw({ page }: Seat, name: string): Promise<void> {
  await page.screenshot({ path: join(folder, `${name}.png`) });
  console.log(`renderer/docs/${name}.png`);
}

if (noBrowser !== false) throw new Error(`No pictures: ${noBrowser}`);
const bench = await openBrowserBench({ fixtures: 8, pacing: 'none', changerTimes: { leavesMs: 2500, emptyMs: 400 } });
try {
  const mac = await fillLine(bench);
  const seat = await bench.window();
  const { page } = seat;
  await signIn(page, 'eng-2');
  for (const name of ['device', 'recipes']) {
    await views.find((view) => view.name === name)!.reach(page, mac);
    await draw(seat, name);
  }
  await goTo(page, 'line');
  const { answers } = bench;
  const order = { recipe: 'esp32p4-production', order: 'PO-2026-1178', count: 500, targetPerHour: 900 };
  await answers['line.start'](order, 'eng-2');
  for (;;) {
    const { batch, fixtures } = await answers['line.snapshot']({}, 'eng-2');
    const atWork = fixtures.filter(({ state }) => state === 'running').length;
    if ((batch?.passed ?? 0) >= made && atWork >= 2 && atWork <= 6) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await draw(seat, 'line');
  await views.find((view) => view.name === 'throughput')!.reach(page, mac);
  await draw(seat, 'throughput');
  await answers['line.stop']({}, 'eng-2');
  await ended(bench);
} finally {
  await bench.close();
}
