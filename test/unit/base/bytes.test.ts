import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytesOfWords,
  concat,
  equalBytes,
  fromHex,
  isFilledWith,
  padTo,
  reversed,
  textOf,
  toHex,
  u16le,
  u32le,
  utf8,
  viewOf,
  wordsOf,
} from '../../../main/base/bytes.ts';

test('hex goes both ways, with blanks and capitals allowed on the way in', () => {
  assert.equal(toHex(Uint8Array.of(0, 1, 0x7f, 0x80, 0xff)), '00017f80ff');
  assert.deepEqual(fromHex('00 01 7F\n80fF'), Uint8Array.of(0, 1, 0x7f, 0x80, 0xff));
  assert.equal(toHex(fromHex('')), '');
});

test('hex of odd length or with a foreign character is refused', () => {
  for (const text of ['0', '012', '0g', '0x01', '-1']) assert.throws(() => fromHex(text), RangeError, text);
});

test('concat joins views without looking at the buffer beneath', () => {
  const buffer = Uint8Array.of(1, 2, 3, 4, 5);
  assert.deepEqual(concat(buffer.subarray(1, 3), new Uint8Array(0), buffer.subarray(4)), Uint8Array.of(2, 3, 5));
  assert.deepEqual(concat(), new Uint8Array(0));
});

test('reversed and padTo leave what they were given as it was', () => {
  const bytes = Uint8Array.of(1, 2, 3);
  assert.deepEqual(reversed(bytes), Uint8Array.of(3, 2, 1));
  assert.deepEqual(padTo(bytes, 4, 0xff), Uint8Array.of(1, 2, 3, 0xff));
  assert.deepEqual(bytes, Uint8Array.of(1, 2, 3));
  assert.equal(padTo(bytes, 3, 0), bytes, 'what fits stays the same array');
});

test('reversed copies a Buffer too, whose own slice is a view', () => {
  const given = Buffer.from([1, 2, 3]);
  assert.deepEqual([...reversed(given)], [3, 2, 1]);
  assert.deepEqual([...given], [1, 2, 3]);
});

test('words are little-endian, unsigned, and of views as well as of whole buffers', () => {
  const inner = Uint8Array.of(9, 0x78, 0x56, 0x34, 0x12, 0xff, 0xff, 0xff, 0xff).subarray(1);
  assert.deepEqual(wordsOf(inner), [0x12345678, 0xffffffff]);
  assert.deepEqual(bytesOfWords([0x12345678, 0xffffffff, -1]), concat(inner, fromHex('ffffffff')));
  assert.throws(() => wordsOf(new Uint8Array(5)), RangeError);
  assert.equal(viewOf(inner).byteLength, 8);
  assert.deepEqual(u32le(0xfffefdfc), Uint8Array.of(0xfc, 0xfd, 0xfe, 0xff));
  assert.deepEqual(u16le(0xabcd), Uint8Array.of(0xcd, 0xab));
});

test('comparisons look at every byte and at the length', () => {
  assert.ok(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)));
  assert.ok(!equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)));
  assert.ok(!equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0)));
  assert.ok(isFilledWith(new Uint8Array(4).fill(0xff), 0xff));
  assert.ok(!isFilledWith(Uint8Array.of(0xff, 0xff, 0xfe), 0xff));
  // wherever the bytes begin and end, and wherever the other one is
  const flash = new Uint8Array(24).fill(0xa5);
  for (let begin = 0; begin < 8; begin++)
    for (let end = begin; end <= flash.length; end++) {
      assert.ok(isFilledWith(flash.subarray(begin, end), 0xa5), `${begin}..${end}`);
      for (let at = begin; at < end; at++) {
        flash[at] = 0xa4;
        assert.ok(!isFilledWith(flash.subarray(begin, end), 0xa5), `${begin}..${end}, ${at}`);
        flash[at] = 0xa5;
      }
    }
});

test('text ends at the first NUL and is UTF-8', () => {
  assert.equal(textOf(concat(utf8('Gerät'), Uint8Array.of(0), utf8('rest'))), 'Gerät');
  assert.equal(textOf(utf8('whole')), 'whole');
});
