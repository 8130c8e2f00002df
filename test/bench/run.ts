// npm run bench [name ...] [--compare FILE]: the budgets of the house, measured in one run, beside Espressif's tools where they do the same
// work. Figures are this machine's; compare the ratios. The run is written to bench.json; FILE is that of an earlier one.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isoTime } from '../../main/base/clock.ts';
import { root } from '../check.ts';
import { boardTime } from './board-time.ts';
import { burnExchanges } from './burn-exchanges.ts';
import { type BenchRun, drift, readRun } from './compare.ts';
import { type Figure, printFigures } from './figures.ts';
import { flashEncryption } from './flash-encryption.ts';
import { flashWriting } from './flash-writing.ts';
import { ledgerBench } from './ledger.ts';
import { manyFixtures } from './many-fixtures.ts';
import { stationMemory } from './station-memory.ts';
import { tokenSessions } from './token-sessions.ts';
import { wholeBoard } from './whole-board.ts';
import { windowFrames } from './window.ts';

const benches: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  'flash-writing': flashWriting,
  'many-fixtures': manyFixtures,
  'burn-exchanges': burnExchanges,
  'board-time': boardTime,
  'whole-board': wholeBoard,
  'flash-encryption': flashEncryption,
  ledger: ledgerBench,
  'station-memory': stationMemory,
  'token-sessions': tokenSessions,
  window: windowFrames,
};

const { values, positionals: asked } = parseArgs({ options: { compare: { type: 'string' } }, allowPositionals: true });
const unknown = asked.find((name) => !(name in benches));
if (unknown !== undefined)
  refuse(`There is no bench ${JSON.stringify(unknown)}. There are: ${Object.keys(benches).join(', ')}.`);
// before anything is measured for minutes
const before = values.compare === undefined ? null : earlierRun(values.compare);

const machine = `${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}`;
console.log(machine);
const figures: BenchRun['figures'][number][] = [];
for (const [bench, measure] of Object.entries(benches)) {
  if (asked.length > 0 && !asked.includes(bench)) continue;
  console.log(`\n${bench}`);
  const found = await measure();
  printFigures(found);
  figures.push(...found.map((figure) => ({ bench, ...figure })));
}
const missed = figures.filter((figure) => figure.met === false);
console.log(`\n${figures.filter((figure) => figure.met === true).length} budgets met, ${missed.length} missed`);
const run: BenchRun = { version: 1, at: isoTime(Date.now()), machine, figures };
writeFileSync(join(root, 'bench.json'), `${JSON.stringify(run, null, 2)}\n`);
if (before !== null) console.log(`\nsince ${before.at}\n${drift(before, run).join('\n')}`);
process.exit(0);

function earlierRun(file: string): BenchRun {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return refuse(`${file} cannot be read.`);
  }
  const read = readRun(text);
  return typeof read === 'string' ? refuse(`${file} is no run to compare with: ${read}.`) : read;
}

function refuse(sentence: string): never {
  console.error(sentence);
  process.exit(2);
}
