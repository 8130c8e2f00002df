// A short run over all readers of what comes from outside; the long one is `npm run soak -- fuzz`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { feed, fuzzTargets } from './fuzz-targets.ts';

/** Inputs and milliseconds a target: a bound that a busy computer keeps too. */
const most = { inputs: 3_000, ms: 700 };

for (const target of fuzzTargets)
  test(`${target.name}: no input breaks the reader`, (t) => {
    const fed = feed(target, 1, most.inputs, performance.now() + most.ms);
    t.diagnostic(`${fed} inputs`);
    assert.ok(fed > 0);
  });
