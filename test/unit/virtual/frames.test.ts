import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '../../../main/base/bytes.ts';
import { type BadEscape, FrameScanner, frameOf } from '../../../main/virtual/loader/frames.ts';

function framesIn(chunks: readonly string[], badEscape: BadEscape = 'drop'): string[] {
  const scanner = new FrameScanner(64);
  const found: string[] = [];
  for (const text of chunks) {
    const chunk = fromHex(text);
    for (let at = 0; at < chunk.length; ) {
      const result = scanner.scan(chunk, at, badEscape);
      at = result.at;
      if (result.length >= 0) found.push(toHex(scanner.buffer.subarray(0, result.length)));
    }
  }
  return found;
}

test('frames come out whole wherever the chunks are cut', () => {
  const wire = toHex(frameOf(fromHex('00c0db0102dbdc')));
  assert.equal(wire, 'c000dbdcdbdd0102dbdddcc0');
  for (let cut = 0; cut <= wire.length; cut += 2)
    assert.deepEqual(framesIn([wire.slice(0, cut), wire.slice(cut)]), ['00c0db0102dbdc'], `cut at ${cut / 2}`);
});

test('noise before a frame and empty frames are passed over', () => {
  assert.deepEqual(framesIn(['55aac0c0c00102c0', 'c003c0ff']), ['0102', '03']);
});

test('a bad escape is kept or drops its frame, as the ROM and the stub differ', () => {
  assert.deepEqual(framesIn(['c001db02c0c003c0'], 'keep'), ['0102', '03']);
  assert.deepEqual(framesIn(['c001db02c0c003c0'], 'drop'), ['03']);
});

test('a frame longer than the buffer loses its tail, and the next one is whole', () => {
  const long = 'ab'.repeat(80);
  assert.deepEqual(framesIn([`c0${long}c0c001c0`]), ['ab'.repeat(64), '01']);
});
