import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson, digestOf } from '../../../main/base/json.ts';

test('RFC 8785 section 3.2.2: numbers, literals and escapes', () => {
  const sample = JSON.parse(String.raw`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  }`);
  assert.equal(
    canonicalJson(sample),
    String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  );
});

test('RFC 8785 section 3.2.3: keys in the order of their UTF-16 code units', () => {
  const sample = JSON.parse(String.raw`{
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis"
  }`);
  assert.deepEqual(
    Object.values(JSON.parse(canonicalJson(sample)) as object).toSorted(),
    Object.values(sample).toSorted(),
  );
  assert.deepEqual(canonicalJson(sample).match(/(?<=:")[^"]+/g), [
    'Carriage Return',
    'One',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ]);
});

// RFC 8785 appendix B: IEEE 754 bits and the one text of the number
for (const [bits, text] of Object.entries({
  '0000000000000000': '0',
  '8000000000000000': '0',
  '0000000000000001': '5e-324',
  '8000000000000001': '-5e-324',
  '7fefffffffffffff': '1.7976931348623157e+308',
  ffefffffffffffff: '-1.7976931348623157e+308',
  '4340000000000000': '9007199254740992',
  c340000000000000: '-9007199254740992',
  '4430000000000000': '295147905179352830000',
  '44b52d02c7e14af5': '9.999999999999997e+22',
  '44b52d02c7e14af6': '1e+23',
  '44b52d02c7e14af7': '1.0000000000000001e+23',
  '444b1ae4d6e2ef4e': '999999999999999700000',
  '444b1ae4d6e2ef4f': '999999999999999900000',
  '444b1ae4d6e2ef50': '1e+21',
  '3eb0c6f7a0b5ed8c': '9.999999999999997e-7',
  '3eb0c6f7a0b5ed8d': '0.000001',
  '41b3de4355555553': '333333333.3333332',
  becbf647612f3696: '-0.0000033333333333333333',
}))
  test(`RFC 8785 appendix B: ${bits} is ${text}`, () => {
    assert.equal(canonicalJson(Buffer.from(bits, 'hex').readDoubleBE()), text);
  });

test('the order in which members were set does not matter, at any depth', () => {
  const one = { b: [{ y: 1, x: 2 }], a: null };
  const other = { a: null, b: [{ x: 2, y: 1 }] };
  assert.equal(canonicalJson(one), '{"a":null,"b":[{"x":2,"y":1}]}');
  assert.equal(digestOf(one), digestOf(other));
  assert.notEqual(digestOf(one), digestOf({ ...one, a: 0 }));
});

test('undefined members are left out; in a list, as in JSON, nothing becomes null', () => {
  assert.equal(canonicalJson({ a: undefined, b: 1 }), '{"b":1}');
  // biome-ignore lint/suspicious/noSparseArray: a hole is what is tested
  assert.equal(canonicalJson([undefined, , 1]), '[null,null,1]');
});

test('what JSON does not have is refused instead of being lost', () => {
  const foreign = [NaN, Infinity, 1n, () => 0, Symbol('s'), new Uint8Array(2), new Date(0), new Map(), undefined];
  for (const value of foreign) {
    assert.throws(() => canonicalJson(value), TypeError);
    if (value !== undefined) assert.throws(() => canonicalJson({ deep: [value] }), TypeError);
  }
});

test('the digest is SHA-256 of the canonical text', () => {
  // printf '{}' | sha256sum
  assert.equal(digestOf({}), '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
});
