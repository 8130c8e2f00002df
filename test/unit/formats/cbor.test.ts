// CBOR as RFC 8949 shows it in its appendix A, in the one form of its section 4.2.1.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../../main/base/bytes.ts';
import { type Cbor, encodeCbor, taggedCbor } from '../../../main/formats/cbor.ts';

test('values have the bytes of RFC 8949, appendix A', () => {
  const vectors: [Cbor, string][] = [
    [0, '00'],
    [23, '17'],
    [24, '1818'],
    [255, '18ff'],
    [256, '190100'],
    [1000, '1903e8'],
    [1000000, '1a000f4240'],
    [1000000000000, '1b000000e8d4a51000'],
    [-1, '20'],
    [-100, '3863'],
    [-1000, '3903e7'],
    [false, 'f4'],
    [true, 'f5'],
    [null, 'f6'],
    [Uint8Array.of(1, 2, 3, 4), '4401020304'],
    ['', '60'],
    ['IETF', '6449455446'],
    ['"\\', '62225c'],
    ['\u00fc', '62c3bc'],
    ['\u6c34', '63e6b0b4'],
    ['\ud800\udd51', '64f0908591'],
    [[], '80'],
    [[1, [2, 3], [4, 5]], '8301820203820405'],
    [Array.from({ length: 25 }, (_, n) => n + 1), '98190102030405060708090a0b0c0d0e0f101112131415161718181819'],
    [
      new Map([
        [1, 2],
        [3, 4],
      ]),
      'a201020304',
    ],
    [{ a: 1, b: [2, 3] }, 'a26161016162820203'],
  ];
  for (const [value, bytes] of vectors) assert.equal(toHex(encodeCbor(value)), bytes);
  assert.equal(toHex(taggedCbor(18, [])), 'd280');
});

test('the keys of maps stand in the order of their bytes: shorter ones first', () => {
  assert.equal(toHex(encodeCbor({ bb: 1, a: 2, c: 3 })), 'a3616102616303626262' + '01');
  assert.equal(
    toHex(
      encodeCbor(
        new Map([
          [-1, 1],
          [100, 2],
          [10, 3],
        ]),
      ),
    ),
    'a30a0318640220' + '01',
  );
});

test('a number that is not whole has no form', () => {
  for (const wrong of [1.5, Number.NaN, 2 ** 53]) assert.throws(() => encodeCbor(wrong), RangeError);
});
