import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BenchRun, drift, numberIn, readRun } from '../../bench/compare.ts';

const run = (figures: BenchRun['figures'], machine = 'two cores'): BenchRun => ({
  version: 1,
  at: 'now',
  machine,
  figures,
});
const figure = (what: string, value: string, met: boolean | null = null, bench = 'a') => ({
  bench,
  what,
  value,
  budget: '',
  met,
});

test('two runs of the benches: what moved, what is missed now, what only one of them has', () => {
  const before = run([
    figure('share', '98.0 %', true),
    figure('  peer', 'not measured'),
    figure('old', '1 s'),
    figure('x', '2', null, 'b'),
  ]);
  const after = run([figure('share', '93.1 %', false), figure('  peer', '74 %'), figure('new', '1,200 rows')]);
  assert.deepEqual(
    drift(before, after).map((line) => line.replace(/ {2,}/g, ' ').trim()),
    [
      'share 98.0 % -> 93.1 % (-5.0 %), MISSED now',
      'peer not measured -> 74 %',
      'new new: 1,200 rows',
      'old gone: was 1 s',
    ],
  );
  assert.match(drift(run([]), run([], 'four cores'))[0]!, /Not the same machine/);
});

test('a file that is none of them is told as that, and nothing is compared', () => {
  const good = run([figure('share', '98.0 %', true)]);
  assert.deepEqual(readRun(JSON.stringify(good)), good);
  for (const bad of ['', '{', 'null', '[]', '{"version":2,"figures":[]}', '{"version":1,"figures":[{"what":1}]}'])
    assert.equal(typeof readRun(bad), 'string', bad);
  assert.deepEqual(['98.9 %', '125,300 rows/s', '-3', 'none'].map(numberIn), [98.9, 125300, -3, null]);
});
