// Shipped recipes that a ROM can be run for (half of them; the rest in boots-more-recipes.test.ts): a board boots there, and not where
// anything is wrong.
import { describe, it } from 'node:test';
import { noToken } from '../stories/stage.ts';
import { chips, makeAndJudge } from './boots.ts';
import { romOracle } from './oracle.ts';

const { skip, oracle } = await romOracle();

describe('a board of a shipped recipe boots in the ROM of its chip', { skip: skip || noToken }, () => {
  for (const chip of chips.slice(0, 4)) it(chip.name, (t) => makeAndJudge(t, oracle, chip, {}));
});
