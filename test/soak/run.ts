// `npm run soak -- fuzz [INPUTS] [FIRST]`: feeds readers of what comes from outside for long (10 million inputs unless told), from input FIRST
// on. It ends at the first input that breaks a reader, and says its number.
import { feed, fuzzTargets } from '../attacks/fuzz-targets.ts';

const [what, inputs = '10000000', first = '1'] = process.argv.slice(2);
const portion = 10_000;

if (what !== 'fuzz' || !/^\d+$/.test(inputs) || !/^\d+$/.test(first)) {
  console.error('Usage: npm run soak -- fuzz [INPUTS] [FIRST]');
  process.exitCode = 2;
} else {
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
