import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, fromHex, toHex } from '../../../main/base/bytes.ts';
import { seededRandom } from '../../../main/base/random.ts';
import { rsDecode, rsEncode } from '../../../main/efuse/reed-solomon.ts';
import { vectorFile } from '../../vectors.ts';

// Origin: reedsolo 1.7 RSCodec(12), the encoder of espefuse.
const golden: readonly (readonly [string, string, string])[] = [
  ['zeros', '00'.repeat(32), '00'.repeat(12)],
  ['00..1f', '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'a04c470d3ffcb203dae9f413'],
  ['one bit', `01${'00'.repeat(31)}`, 'e10f626eafecc5fbc6e0972f'],
  ['all ones', 'ff'.repeat(32), '13a36292597404257375e0aa'],
];

for (const [name, data, parity] of golden)
  test(`parity of ${name}`, () => assert.equal(toHex(rsEncode(fromHex(data))), parity));

test('parity of all reference vectors', () => {
  const { vectors } = vectorFile<{ vectors: { name: string; data32: string; parity12: string }[] }>(
    'efuse_rs44_32.json',
  );
  for (const { name, data32, parity12 } of vectors) assert.equal(toHex(rsEncode(fromHex(data32))), parity12, name);
});

test('a short block is extended with zeros', () =>
  assert.deepEqual(rsEncode(Uint8Array.of(1, 2, 3)), rsEncode(concat(Uint8Array.of(1, 2, 3), new Uint8Array(29)))));

test('up to six wrong bytes anywhere are counted and set right', () => {
  const random = seededRandom(44);
  for (let round = 0; round < 300; round++) {
    const data = random(32);
    const stored = concat(data, rsEncode(data));
    const wrong = round % 7;
    const places = new Set<number>();
    while (places.size < wrong) places.add(random(1)[0]! % 44);
    for (const place of places) stored[place] = stored[place]! ^ (random(1)[0]! || 1);
    const before = toHex(stored);
    const decoded = rsDecode(stored);
    assert.deepEqual([decoded.corrected, decoded.failed, toHex(decoded.data)], [wrong, false, toHex(data)]);
    assert.equal(toHex(stored), before, 'the stored bytes are left alone');
  }
});

test('seven and more wrong bytes fail, or at the very least never pass as untouched', () => {
  const random = seededRandom(7);
  let failed = 0;
  for (let round = 0; round < 200; round++) {
    const data = random(32);
    const stored = concat(data, rsEncode(data));
    const places = new Set<number>();
    while (places.size < 7 + (round % 20)) places.add(random(1)[0]! % 44);
    for (const place of places) stored[place] = stored[place]! ^ (random(1)[0]! || 1);
    const decoded = rsDecode(stored);
    assert.ok(decoded.failed || decoded.corrected > 0);
    if (decoded.failed) failed++;
  }
  // A wrong word lies within reach of another codeword about once in a thousand (1/6!).
  assert.ok(failed > 190, `${failed} of 200`);
});

test('parity bytes alone in error leave the data right', () => {
  const data = fromHex('00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff');
  const stored = concat(data, rsEncode(data));
  for (let i = 0; i < 6; i++) stored[43 - i] = 0;
  const decoded = rsDecode(stored);
  assert.equal(toHex(decoded.data), toHex(data));
  assert.ok(decoded.corrected <= 6 && !decoded.failed);
});
