// The 3/4 coding by hand, from its rule alone (FACTS 2.10): six bytes, their XOR, and the ones of byte k counted k times.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '../../../main/base/bytes.ts';
import { decode34, encode34 } from '../../../main/efuse/coding-34.ts';

/** data -> coded */
const groups = [
  // one bit a byte: 1 + 2 + 3 + 4 + 5 + 6 = 21
  ['010204081020', '010204081020 3f15'],
  // eight ones in the last byte alone: 6 * 8 = 48
  ['0000000000ff', '0000000000ff ff30'],
  ['ff0000000000', 'ff0000000000 ff08'],
  // all ones: 8 * 21 = 168, and an even number of equal bytes
  ['ffffffffffff', 'ffffffffffff 00a8'],
] as const;

test('data with their check bytes, group by group', () => {
  const data = groups.map(([bytes]) => bytes).join('');
  const coded = groups.map(([, bytes]) => bytes.replace(' ', '')).join('');
  assert.equal(toHex(encode34(fromHex(data))), coded);
  const back = decode34(fromHex(coded));
  assert.deepEqual([toHex(back.data), back.wrong], [data, []]);
});

test('a changed byte marks its group, wherever it is', () => {
  const coded = encode34(fromHex(groups.map(([bytes]) => bytes).join('')));
  for (const at of coded.keys()) {
    const changed = coded.slice();
    changed[at]! ^= 0x10;
    assert.deepEqual(decode34(changed).wrong, [at >>> 3], `byte ${at}`);
  }
});

test('another length is no block', () => {
  assert.throws(() => encode34(new Uint8Array(23)), RangeError);
});
