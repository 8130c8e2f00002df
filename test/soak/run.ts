// `npm run soak -- [--seed N] [--hours H]`: boards, programs and ledgers are killed and cut at random instants for so long (a quarter of an
// hour unless told). Prints the seed, every failure with the seed that repeats it, and the row that README's reliability table quotes. Exit
// status 1 where anything was lost, false or in the open.
//
// `npm run soak -- fuzz [INPUTS] [FIRST]`: feeds readers of what comes from outside for long (10 million inputs unless told), from input FIRST
// on. It ends at the first input that breaks a reader, and says its number.
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { feed, fuzzTargets } from '../attacks/fuzz-targets.ts';
import { noToken, setStage } from '../stories/stage.ts';
import { soakChip } from './chips.ts';
import { soakLedger, soakMigration, soakProgram } from './kills.ts';
import { soakStation } from './station.ts';
import { Tally } from './tally.ts';

const portion = 10_000;
const quarter = 0.25;
/** Boards of `chips` that are under way at once: most of their time they wait. */
const atOnce = 24;
/** Boards that a station has before another one is opened. */
const roundsOfStage = 20;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, hours: { type: 'string' }, only: { type: 'string' } },
});
const [what = 'boards', inputs = '10000000', first = '1'] = positionals;

if (what === 'fuzz' && /^\d+$/.test(inputs) && /^\d+$/.test(first)) fuzz();
else if (what === 'boards') await boards();
else {
  console.error('Usage: npm run soak -- [--seed N] [--hours H] [--only chips|station|program|ledger|migration]');
  console.error('       npm run soak -- fuzz [INPUTS] [FIRST]');
  process.exitCode = 2;
}

async function boards(): Promise<void> {
  const seed = Number(values.seed ?? randomInt(1_000_000));
  const until = performance.now() + Number(values.hours ?? quarter) * 3_600_000;
  console.log(`seed ${seed}`);
  const tally = new Tally();
  let stage = values.only === undefined || values.only === 'station' ? await openStage() : null;
  const does = (name: string) => values.only === undefined || values.only === name;
  try {
    for (let round = 0; performance.now() < until; round++) {
      const own = seed * 1000 + round;
      if (does('chips')) await Promise.all(Array.from({ length: atOnce }, (_, n) => soakChip(own * atOnce + n, tally)));
      if (stage !== null) {
        await soakStation(stage, own, 8, tally);
        if (round % roundsOfStage === roundsOfStage - 1) {
          await stage.close();
          stage = await openStage();
        }
      }
      if (does('ledger')) await soakLedger(own, tally);
      if (does('migration')) await soakMigration(own, tally);
      if (does('program') && (values.only === 'program' || round % 3 === 0)) await soakProgram(own, tally);
      console.log(
        `round ${round + 1}: ${tally.instants} instants, ${tally.boards} boards${tally.clean ? '' : ', NOT CLEAN'}`,
      );
    }
  } finally {
    await stage?.close();
  }
  for (const line of tally.lines()) console.log(line);
  if (!tally.clean) process.exitCode = 1;
}

async function openStage() {
  if (noToken === false) return setStage();
  console.log(`whole boards are left out: ${noToken}`);
  return null;
}

function fuzz(): void {
  const each = Math.ceil(Number(inputs) / fuzzTargets.length);
  let largest = 0;
  for (const target of fuzzTargets) {
    const began = performance.now();
    for (let fed = 0; fed < each; fed += portion) {
      feed(target, Number(first) + fed, Math.min(portion, each - fed), Number.POSITIVE_INFINITY);
      largest = Math.max(largest, process.memoryUsage.rss());
    }
    console.log(`${target.name}: ${each} inputs in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  }
  console.log(`Nothing broke; at most ${(largest / 2 ** 20).toFixed(0)} MB.`);
}
