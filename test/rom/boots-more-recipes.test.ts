// The other half of boots-recipes.test.ts, in a process of its own.
import { describe, it } from 'node:test';
import { noToken } from '../stories/stage.ts';
import { chips, makeAndJudge } from './boots.ts';
import { romOracle } from './oracle.ts';

const { skip, oracle } = await romOracle();

describe('a board of a shipped recipe boots in the ROM of its chip', { skip: skip || noToken }, () => {
  for (const chip of chips.slice(4)) it(chip.name, (t) => makeAndJudge(t, oracle, chip, {}));
});
