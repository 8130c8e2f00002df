// Secure Boot schemes, two keys and first-boot encryption beside what the recipes ship: npm test takes two, FUSELINE_ROM=all every one.
import { describe, it } from 'node:test';
import { noToken } from '../stories/stage.ts';
import { type Chip, chips, makeAndJudge, type Wish } from './boots.ts';
import { romOracle } from './oracle.ts';

const { skip, oracle } = await romOracle();

function* everyWish(): Generator<[string, Chip, Wish]> {
  for (const chip of chips) {
    for (const scheme of chip.schemes) {
      yield [scheme, chip, { scheme }];
      yield [`${scheme}, two keys`, chip, { scheme, keys: 2 }];
    }
    // the one key block of a C2 has room for one digest, and for no key of the device's own beside it; the recipe of the S31 leaves room for one
    if (chip.name === 'esp32c2') continue;
    if (chip.name !== 'esp32s31') yield ['two keys', chip, { keys: 2 }];
    yield ['encrypted by the device', chip, { byDevice: true }];
  }
}

// (P-256 is the scheme of the C2's and the C61's own recipes)
const always = ['esp32p4, p384, two keys', 'esp32c3, encrypted by the device'];

describe('a board boots in the ROM of its chip', { skip: skip || noToken }, () => {
  for (const [what, chip, wish] of everyWish()) {
    const name = `${chip.name}, ${what}`;
    if (process.env.FUSELINE_ROM === 'all' || always.includes(name))
      it(name, (t) => makeAndJudge(t, oracle, chip, wish));
  }
});
