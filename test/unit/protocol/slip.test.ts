import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concat, fromHex, toHex, utf8 } from '../../../main/base/bytes.ts';
import { seededRandom } from '../../../main/base/random.ts';
import { SlipDecoder, SlipEncoder, slipFrame } from '../../../main/protocol/slip.ts';

/** What a decoder makes of a stream cut in pieces of the given lengths (the last one repeated). */
function decode(bytes: Uint8Array, cuts: readonly number[] = [bytes.length || 1], isFrame = (_: Uint8Array) => true) {
  const frames: string[] = [];
  const outside: Uint8Array[] = [];
  const decoder = new SlipDecoder({
    frame: (frame) => {
      if (!isFrame(frame)) return false;
      frames.push(toHex(frame));
      return true;
    },
    outside: (text) => outside.push(text.slice()),
  });
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = Math.max(1, cuts[Math.min(i, cuts.length - 1)] as number);
    decoder.push(bytes.slice(at, at + length));
    at += length;
  }
  return { frames, outside: toHex(concat(...outside)), decoder };
}

describe('SLIP frames', () => {
  it('escapes C0 and DB as the loaders do', () => {
    assert.equal(toHex(slipFrame(fromHex('c0db01dcdd'))), 'c0dbdcdbdd01dcddc0');
  });

  it('uses its array again and grows it', () => {
    const encoder = new SlipEncoder();
    const small = encoder.encode([Uint8Array.of(1)]);
    assert.equal(toHex(small), 'c001c0');
    const large = encoder.encode([new Uint8Array(5000).fill(0xc0)]);
    assert.equal(large.length, 10002);
    assert.equal(toHex(encoder.encode([Uint8Array.of(2)], 1)), 'c0c002c0');
  });

  it('gives back what was encoded, with noise between, however the stream is cut', () => {
    const random = seededRandom(7);
    for (let round = 0; round < 60; round++) {
      const [count, seed] = random(2) as unknown as [number, number];
      const frames: Uint8Array[] = [];
      const noise: Uint8Array[] = [];
      const stream: Uint8Array[] = [];
      for (let i = 0; i < 1 + (count % 5); i++) {
        const text = random((seed + i) % 9).map((byte) => byte & 0x7f);
        // Many bytes that need escaping.
        const frame = random(1 + ((seed * (i + 1)) % 40)).map((byte) => (byte & 1 ? byte : byte & 2 ? 0xc0 : 0xdb));
        noise.push(text);
        frames.push(frame);
        stream.push(text, slipFrame(frame));
      }
      const bytes = concat(...stream);
      const expected = { frames: frames.map(toHex), outside: toHex(concat(...noise)) };
      for (const cuts of [[bytes.length], [1], [2], [3], [7], Array.from(random(40), (byte) => 1 + (byte % 11))]) {
        const { frames: got, outside } = decode(bytes, cuts);
        assert.deepEqual({ frames: got, outside }, expected, `round ${round}, cuts ${cuts}`);
      }
    }
  });

  it('finds every frame at every single cut', () => {
    const bytes = concat(utf8('boot\r\n'), slipFrame(fromHex('01c0db')), utf8('x'), slipFrame(fromHex('0102')));
    for (let cut = 1; cut < bytes.length; cut++) {
      const { frames, outside } = decode(bytes, [cut, bytes.length]);
      assert.deepEqual(frames, ['01c0db', '0102'], `cut at ${cut}`);
      assert.equal(outside, toHex(utf8('boot\r\nx')));
    }
  });

  it('takes one C0 between two frames as the end of the one and the beginning of the other', () => {
    const { frames } = decode(fromHex('c00101c0c00102c0c00103c0'));
    assert.deepEqual(frames, ['0101', '0102', '0103']);
  });

  it('gets right again after a stray C0, when the listener says what is no frame', () => {
    const bytes = concat(fromHex('c0'), utf8('noise'), slipFrame(fromHex('0101')), slipFrame(fromHex('0102')));
    const { frames, outside } = decode(bytes, [1], (frame) => frame[0] === 1);
    assert.deepEqual(frames, ['0101', '0102']);
    assert.equal(outside, toHex(utf8('noise')));
  });

  it('drops a frame with a bad escape and takes the next', () => {
    const bytes = concat(fromHex('c00102db0304c0'), slipFrame(fromHex('0101')));
    assert.deepEqual(decode(bytes).frames, ['0101']);
    assert.deepEqual(decode(concat(fromHex('c00102dbc0'), slipFrame(fromHex('0101')))).frames, ['0101']);
  });

  it('does not grow without end on a stream that never ends a frame', () => {
    const noise = concat(fromHex('c0'), new Uint8Array(0x9000).fill(0x41));
    const { frames, outside } = decode(concat(noise, slipFrame(fromHex('0101'))), [4096]);
    assert.deepEqual(frames, ['0101']);
    assert.equal(outside.length / 2, 0x9000);
  });

  it('gives an unfinished frame up as text on reset', () => {
    const texts: string[] = [];
    const decoder = new SlipDecoder({ frame: () => true, outside: (text) => texts.push(toHex(text)) });
    decoder.push(fromHex('c04142'));
    decoder.reset();
    decoder.push(fromHex('c00101c0'));
    assert.deepEqual(texts, ['4142']);
  });
});
