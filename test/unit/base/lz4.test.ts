// LZ4 blocks: what liblz4 packed is unpacked, what is packed here comes back whole, and nothing that is damaged gives more than it should.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lz4Packer, unpackLz4 } from '../../../main/base/lz4.ts';
import { seededRandom } from '../../../main/base/random.ts';

function unpacked(block: Uint8Array, length: number, dictionary: Uint8Array): Uint8Array | null {
  const out = new Uint8Array(length);
  return unpackLz4(block, 0, out, length, dictionary) ? out : null;
}

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const dictionary = bytes('{"event":{"type":"step-passed","v":1,"ms":1234},"seq":17,"step":"burn-keys"}');
const text = bytes(
  `{"event":{"type":"step-passed","v":1,"ms":88},"seq":18,"step":"burn-keys"}{"event":{"type":"step-passed","v":1,"ms":88}}${'0'.repeat(600)} the end of it`,
);

test('blocks of liblz4 (python lz4 4.4.5), with and without a dictionary', () => {
  const made = [
    ['D0wAFyU4OEoAHzhKAC4vfTABAP//RuAgdGhlIGVuZCBvZiBpdA==', dictionary],
    ['D0wAFyU4OEoAHzhKAC4vfTABAP//RuAgdGhlIGVuZCBvZiBpdA==', dictionary],
    [
      '8Sh7ImV2ZW50Ijp7InR5cGUiOiJzdGVwLXBhc3NlZCIsInYiOjEsIm1zIjo4OH0sInNlcSI6MTgsJgDvIjoiYnVybi1rZXlzIn1KABovfTABAP//RuAgdGhlIGVuZCBvZiBpdA==',
      new Uint8Array(),
    ],
  ] as const;
  for (const [block, known] of made)
    assert.deepEqual(unpacked(new Uint8Array(Buffer.from(block, 'base64')), text.length, known), text);
});

test('what is packed comes back, at every length and against every dictionary; likeness makes it small', () => {
  const random = seededRandom(7);
  const words = ['"field":', '"value":0,', 'false', 'true', '{"writeProtected":', 'a'.repeat(300), '\u00e4'];
  const sample = (count: number) =>
    bytes(Array.from(random(count), (byte) => (byte < 200 ? words[byte % words.length] : String(byte))).join(''));
  for (const known of [new Uint8Array(), sample(40), sample(3000)]) {
    const packer = new Lz4Packer(known);
    const near = known.subarray(Math.max(0, known.length - 65535));
    for (let n = 0; n < 120; n++) {
      const plain = n % 3 === 0 ? Uint8Array.from(random(n * 5)) : sample(n).subarray(0, n * 7);
      assert.deepEqual(unpacked(packer.pack(plain), plain.length, near), plain, `sample ${n}`);
    }
    assert.deepEqual(unpacked(packer.pack(known), known.length, near), known);
  }
  const packer = new Lz4Packer(dictionary);
  assert.ok(packer.pack(dictionary).length < 20);
  assert.ok(packer.pack(text).length < 60);
});

test('a damaged block gives nothing, or bytes of the length that was asked for', () => {
  const block = new Lz4Packer(dictionary).pack(text);
  for (let bit = 0; bit < block.length * 8; bit++) {
    const damaged = block.slice();
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    const plain = unpacked(damaged, text.length, dictionary);
    assert.ok(plain === null || plain.length === text.length);
  }
  for (let length = 0; length < block.length; length++)
    assert.equal(unpacked(block.subarray(0, length), text.length, dictionary), null);
  assert.equal(unpacked(block, text.length - 1, dictionary), null);
  assert.equal(unpacked(block, text.length + 1, dictionary), null);
});
