import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { concat, fromHex, toHex, u32le, viewOf } from '../../../main/base/bytes.ts';
import { parseImage } from '../../../main/image/app-image.ts';
import {
  appDescriptorBytes,
  bootloaderDescriptorBytes,
  buildImage,
  type ImageContent,
  securePad,
} from '../../../main/image/build-image.ts';
import type { AppDescriptor } from '../../../main/image/types.ts';
import { isFault } from '../../../main/model/fault.ts';
import { vectorFile } from '../../vectors.ts';

const descriptor: AppDescriptor = {
  secureVersion: 3,
  version: '1.2.3',
  projectName: 'demo',
  time: '12:34:56',
  date: 'Jul 01 2026',
  idfVersion: 'v5.5.1',
  elfSha256: '00'.repeat(32),
  mmuPageSize: 0x10000,
  minBlockRevision: 1,
  maxBlockRevision: 99,
};

const content: ImageContent = {
  chipId: 18,
  spiMode: 2,
  spiSpeed: 0xf,
  spiSize: 4,
  entry: 0x4ff00000,
  minRevision: 300,
  maxRevision: 399,
  segments: [
    { loadAddress: 0x40000020, data: concat(appDescriptorBytes(descriptor), new Uint8Array(30).fill(7)) },
    { loadAddress: 0x4ff00000, data: fromHex('6f000000') },
  ],
  appendHash: true,
};

const refused = (code: string) => (error: unknown) => isFault(error, code);

test('what was built is read back', () => {
  const bytes = buildImage(content);
  const image = parseImage(bytes);
  assert.deepEqual(image.header, {
    segmentCount: 2,
    spiMode: 2,
    spiSpeed: 0xf,
    spiSize: 4,
    entry: 0x4ff00000,
    wpPin: 0xee,
    chipId: 18,
    minRevision: 300,
    maxRevision: 399,
    hashAppended: true,
  });
  assert.deepEqual(image.segments, [
    { loadAddress: 0x40000020, offset: 32, length: 288 },
    { loadAddress: 0x4ff00000, offset: 328, length: 4 },
  ]);
  assert.equal(image.checksum.stored, image.checksum.computed);
  assert.equal(image.hash?.stored, image.hash?.computed);
  assert.equal(image.length, bytes.length);
  assert.deepEqual(image.app, descriptor);
  assert.equal(image.bootloader, null);
  assert.equal(image.securePadded, false);
});

test('the checksum is the last byte of a 16-byte line, whatever the length', () => {
  for (let words = 1; words < 12; words++) {
    const bytes = buildImage({ ...content, segments: [{ loadAddress: 4, data: new Uint8Array(4 * words).fill(1) }] });
    assert.equal((bytes.length - 32) % 16, 0);
    assert.equal(parseImage(bytes).checksum.stored, 0xef);
  }
});

test('an image without hash', () => {
  const image = parseImage(buildImage({ ...content, appendHash: false }));
  assert.equal(image.hash, null);
  assert.equal(image.length % 16, 0);
});

test('an image that ends on a page by chance is not padded', () => {
  const data = concat(
    appDescriptorBytes({ ...descriptor, mmuPageSize: 0x2000 }),
    new Uint8Array(0x2000 - 256 - 32 - 48),
  );
  const image = parseImage(buildImage({ ...content, segments: [{ loadAddress: 0x20, data }] }));
  assert.equal(image.length, 0x2000);
  assert.equal(image.securePadded, false);
});

test('a bootloader is told from an application by its descriptor', () => {
  const described = { secureVersion: 2, version: 7, idfVersion: 'v5.5.1', dateTime: 'Jun 15 2026 09:36:55' };
  const data = bootloaderDescriptorBytes(described);
  assert.equal(data.length, 80);
  const image = parseImage(buildImage({ ...content, segments: [{ loadAddress: 0x4ff33ce0, data }] }));
  assert.deepEqual(image.bootloader, described);
  assert.equal(image.app, null);
  data[0] = 0x51;
  assert.equal(parseImage(buildImage({ ...content, segments: [{ loadAddress: 0x20, data }] })).bootloader, null);
});

test('the hand-built image that esptool 5.3.1 accepts', () => {
  const file = vectorFile<{ image_hex: string; secure_padded: { len: number; sha256: string } }>('app_image.json');
  const bytes = fromHex(file.image_hex);
  const image = parseImage(bytes);
  assert.equal(image.length, 432);
  assert.equal(image.checksum.stored, 0x0b);
  assert.equal(image.checksum.computed, 0x0b);
  assert.equal(image.hash?.computed, '4b85125433b415e51d55d34c50a8324f2939977b51a2ef86d097db37a1788cc2');
  assert.equal(image.hash?.stored, image.hash?.computed);
  assert.deepEqual([image.header.minRevision, image.header.maxRevision], [300, 399]);
  assert.equal(image.app?.projectName, 'station-demo');
  assert.equal(image.app?.elfSha256, toHex(Uint8Array.from({ length: 32 }, (_, i) => i)));
  assert.equal(image.app?.secureVersion, 3);
  assert.equal(image.app?.mmuPageSize, 0x10000);

  // Built again from its parts it is the same file.
  const { header, segments } = image;
  const rebuilt = buildImage({
    ...header,
    segments: segments.map(({ loadAddress, offset, length }) => ({
      loadAddress,
      data: bytes.subarray(offset, offset + length),
    })),
    appendHash: true,
  });
  assert.equal(toHex(rebuilt), file.image_hex);

  const padded = securePad(bytes, 0x10000);
  assert.equal(padded.length, file.secure_padded.len);
  assert.equal(createHash('sha256').update(padded).digest('hex'), file.secure_padded.sha256);
});

test('secure padding ends on a page for every length before it', () => {
  const page = 0x2000;
  const data = appDescriptorBytes({ ...descriptor, mmuPageSize: page });
  for (const extra of [0, 4, 8, 12, 16, 0x1e80, 0x1eb0, 0x1eb4, 0x1eb8, 0x1ed0, 0x1ef0, 0x1f00]) {
    const plain = buildImage({
      ...content,
      segments: [{ loadAddress: 0x20, data: concat(data, new Uint8Array(extra).fill(5)) }],
    });
    const padded = securePad(plain, page);
    assert.equal(padded.length % page, 0, `extra ${extra}`);
    const image = parseImage(padded);
    assert.equal(image.length, padded.length);
    assert.equal(image.securePadded, true);
    assert.equal(image.checksum.stored, image.checksum.computed);
    assert.equal(image.hash?.stored, image.hash?.computed);
    assert.deepEqual(securePad(padded, page), padded);
  }
});

test('secure padding needs a hash and a free segment', () => {
  assert.throws(() => securePad(buildImage({ ...content, appendHash: false }), 0x10000), refused('image.no-hash'));
  const segments = Array.from({ length: 16 }, () => ({ loadAddress: 4, data: new Uint8Array(4) }));
  assert.throws(() => securePad(buildImage({ ...content, segments }), 0x10000), refused('image.segments'));
  assert.throws(
    () => buildImage({ ...content, segments: [...segments, { loadAddress: 4, data: new Uint8Array(4) }] }),
    RangeError,
  );
});

test('flash-mapped segments are moved to where the MMU can map them', () => {
  const bytes = buildImage({
    ...content,
    mmuPageSize: 0x10000,
    segments: [
      { loadAddress: 0x40000020, data: new Uint8Array(0x100) },
      { loadAddress: 0x4ff00000, data: new Uint8Array(0x40) },
      { loadAddress: 0x40010020, data: fromHex('6f000000') },
    ],
  });
  const image = parseImage(bytes);
  assert.deepEqual(
    image.segments.map(({ loadAddress }) => loadAddress),
    [0x40000020, 0x4ff00000, 0, 0x40010020],
  );
  for (const segment of image.segments.filter(({ loadAddress }) => loadAddress >> 24 === 0x40))
    assert.equal(segment.offset % 0x10000, segment.loadAddress % 0x10000);
});

test('each flipped bit of an image is noticed', () => {
  const good = buildImage(content);
  for (let at = 0; at < good.length; at++)
    for (const bit of [0x01, 0x80]) {
      const bad = good.slice();
      bad[at] = (bad[at] as number) ^ bit;
      let noticed: boolean;
      try {
        const image = parseImage(bad);
        noticed =
          image.hash === null ||
          image.hash.stored !== image.hash.computed ||
          image.checksum.stored !== image.checksum.computed;
      } catch (error) {
        assert.ok(isFault(error) && error.code.startsWith('image.'), `byte ${at}: ${error}`);
        noticed = true;
      }
      assert.ok(noticed, `byte ${at}, bit ${bit}`);
    }
});

test('a cut file is refused at every length', () => {
  const good = buildImage(content);
  for (let length = 0; length < good.length; length++)
    assert.throws(() => parseImage(good.subarray(0, length)), refused('image.truncated'), `length ${length}`);
});

test('what is no image is refused', () => {
  assert.throws(() => parseImage(new Uint8Array(64).fill(0xff)), refused('image.magic'));
  const none = buildImage(content);
  none[1] = 0;
  assert.throws(() => parseImage(none), refused('image.segments'));
  none[1] = 17;
  assert.throws(() => parseImage(none), refused('image.segments'));
  const odd = buildImage(content);
  viewOf(odd).setUint32(28, 287, true);
  assert.throws(() => parseImage(odd), refused('image.segments'));
});

test('bytes behind the image do not change it', () => {
  const good = buildImage(content);
  assert.deepEqual(parseImage(concat(good, new Uint8Array(4096).fill(0xff))), parseImage(good));
});

test('texts that do not fit their fields are refused', () => {
  assert.throws(() => appDescriptorBytes({ ...descriptor, version: 'x'.repeat(32) }), RangeError);
  assert.throws(() => appDescriptorBytes({ ...descriptor, elfSha256: '00' }), RangeError);
});

test('a descriptor that says no page size', () => {
  const bytes = appDescriptorBytes({ ...descriptor, mmuPageSize: null });
  const image = parseImage(buildImage({ ...content, segments: [{ loadAddress: 0x20, data: bytes }] }));
  assert.equal(image.app?.mmuPageSize, null);
  assert.deepEqual(u32le(0xabcd5432), bytes.slice(0, 4));
});
