// npm run bench [name ...]: the budgets of the house, measured in one run, beside Espressif's tools where they do the same work.
// Figures are this machine's; compare the ratios.
import { cpus } from 'node:os';
import { boardTime } from './board-time.ts';
import { burnExchanges } from './burn-exchanges.ts';
import type { Figure } from './figures.ts';
import { printFigures } from './figures.ts';
import { flashEncryption } from './flash-encryption.ts';
import { flashWriting } from './flash-writing.ts';
import { ledgerBench } from './ledger.ts';
import { manyFixtures } from './many-fixtures.ts';
import { stationMemory } from './station-memory.ts';
import { tokenSessions } from './token-sessions.ts';
import { windowFrames } from './window.ts';

const benches: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  'flash-writing': flashWriting,
  'many-fixtures': manyFixtures,
  'burn-exchanges': burnExchanges,
  'board-time': boardTime,
  'flash-encryption': flashEncryption,
  ledger: ledgerBench,
  'station-memory': stationMemory,
  'token-sessions': tokenSessions,
  window: windowFrames,
};

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !(name in benches));
if (unknown !== undefined) {
  console.error(`There is no bench ${JSON.stringify(unknown)}. There are: ${Object.keys(benches).join(', ')}.`);
  process.exit(2);
}
console.log(`${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}`);
const figures: Figure[] = [];
for (const [name, bench] of Object.entries(benches)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n${name}`);
  const found = await bench();
  printFigures(found);
  figures.push(...found);
}
const missed = figures.filter((figure) => figure.met === false);
console.log(`\n${figures.filter((figure) => figure.met === true).length} budgets met, ${missed.length} missed`);
process.exit(0);
