// `npm run soak -- [--seed N] [--hours H] [--only PART]`: boards, fuses, ledgers, tokens and programs are killed and cut at random instants for
// so long (a quarter of an hour unless told). Prints the seed, every failure with the seed that repeats it, and the rows that the table of
// docs/reliability.md quotes. Exit status 1 where anything was lost, false or in the open.
//
// `npm run soak -- --only PART --again SEED`: the one portion that a failure names.
//
// `npm run soak -- endurance [BOARDS]`: so many boards (10,000 unless told) on 32 fixtures, boards and station in processes of their own, one
// board in five with a trouble; prints what the station holds as they pass.
//
// `npm run soak -- fuzz [INPUTS] [FIRST] [--hours H]`: feeds readers of what comes from outside for long (10 million inputs unless told), from
// input FIRST on. Says the number of each input that breaks a reader; exit status 1 where one did.
//
// `npm run soak -- certificates [N] [SEED]`: so many certificates, and so many damaged and forged ones (10,000 unless told), judged twice.
//
// `npm run soak -- plant [STATIONS] [BOARDS] [CUTS] [ROWS] [PACE]`: many stations, one signed order and one PostgreSQL (plant.ts); 4, 400 and
// 100 unless told, boards of 6 rows, as fast as they can.
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { stationAlone } from '../bench/station-memory.ts';
import { soakCertificates } from './certificates.ts';
import { isPart, type Part, Parts, partNames } from './parts.ts';
import { Tally } from './tally.ts';

const portion = 10_000;
const quarter = 0.25;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string' },
    hours: { type: 'string' },
    only: { type: 'string' },
    again: { type: 'string' },
  },
});
const [what = 'boards', given, first = '1'] = positionals;
const inputs = given ?? '10000000';
const { only, again } = values;

if (what === 'plant' && positionals.slice(1).every((number) => /^\d+$/.test(number))) {
  const [stations = 4, boards = 400, cuts = 100, rows = 6, pace = 0] = positionals.slice(1).map(Number);
  if (!(await (await import('./plant.ts')).soakPlant({ stations, boards, cuts, rows, pace }))) process.exitCode = 1;
} else if (what === 'fuzz' && /^\d+$/.test(inputs) && /^\d+$/.test(first)) await fuzzing();
else if (what === 'certificates' && /^\d+$/.test(inputs) && /^\d+$/.test(first)) await certificates();
else if (what === 'endurance' && /^\d+$/.test(given ?? '1')) await endurance(Number(given ?? 10_000));
else if (what === 'boards' && (only === undefined || isPart(only)) && (again === undefined || only !== undefined))
  await soak(only === undefined ? partNames : [only as Part]);
else {
  console.error(`Usage: npm run soak -- [--seed N] [--hours H] [--only ${partNames.join('|')} [--again SEED]]`);
  console.error('       npm run soak -- endurance [BOARDS]');
  console.error('       npm run soak -- fuzz [INPUTS] [FIRST] [--hours H]');
  console.error('       npm run soak -- plant [STATIONS] [BOARDS] [CUTS] [ROWS] [PACE]');
  console.error('       npm run soak -- certificates [N] [SEED]');
  process.exitCode = 2;
}

async function soak(names: readonly Part[]): Promise<void> {
  const seed = Number(values.seed ?? randomInt(1_000_000));
  const until = performance.now() + Number(values.hours ?? quarter) * 3_600_000;
  const parts = new Parts();
  const told = new Set<string>();
  const tallies = new Map(names.map((name) => [name, new Tally()] as const));
  if (again === undefined) console.log(`seed ${seed}`);
  try {
    for (let round = 0; ; round++)
      for (const [name, tally] of tallies) {
        if (again === undefined && performance.now() >= until) return;
        const own = again === undefined ? seed * 1000 + round : Number(again);
        await parts.run(name, own, tally);
        for (const line of tally.lines().filter((one) => !told.has(one))) console.log(line);
        for (const line of tally.lines()) told.add(line);
        console.log(
          `${name} ${own}: ${tally.instants} instants, ${tally.boards} boards${tally.failures > 0 ? ', NOT CLEAN' : ''}`,
        );
        if (again !== undefined) return;
      }
  } finally {
    await parts.close();
    for (const [name, tally] of tallies) console.log(tally.summary(name).join('\n'));
    if ([...tallies.values()].some(({ failures }) => failures > 0)) process.exitCode = 1;
  }
}

async function certificates(): Promise<void> {
  const count = given === undefined ? portion : Number(given);
  if (!(await soakCertificates(count, Number(first)))) process.exitCode = 1;
}

async function endurance(boards: number): Promise<void> {
  // told as they pass: a run of hours that is ended early has its figures
  console.log('boards | in use after a collection | handles | files | listeners');
  const every = Math.max(1, Math.floor(boards / 3200));
  let looks = 0;
  const { passed, failed, seconds, rss } = await stationAlone(boards, 'troubled', (inUse) => {
    if (looks++ % every !== 0) return;
    const { boards, bytes, handles, files, listeners } = inUse;
    console.log(`${boards} | ${(bytes / 1e6).toFixed(1)} MB | ${handles} | ${files} | ${listeners}`);
  });
  console.log(
    `${passed} passed and ${failed} failed in ${seconds.toFixed(0)} s; memory (RSS) at most ${(rss / 1e6).toFixed(0)} MB`,
  );
}

async function fuzzing(): Promise<void> {
  const { fuzz } = await import('./fuzz.ts');
  const minutes = values.hours === undefined ? Number.POSITIVE_INFINITY : Number(values.hours) * 60;
  if (!(await fuzz(Number(inputs), Number(first), minutes))) process.exitCode = 1;
}
