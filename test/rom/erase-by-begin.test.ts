// Without a stub flash is erased by a write that is begun and never sent: what Espressif's own ROM code makes of that, chip by chip.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { concat, fromHex, u32le } from '../../main/base/bytes.ts';
import { md5Hex, md5OfBlank } from '../../main/base/digest.ts';
import { blockChecksum } from '../../main/protocol/commands.ts';
import { request, syncRequest, words } from '../unit/virtual/shared.ts';
import { type RomName, romOracle } from './oracle.ts';

const { skip, oracle } = await romOracle();

const attach = request(0x0d, words(0, 0));
const size = request(0x0b, words(0, 4 << 20, 0x10000, 0x1000, 0x100, 0xffff));
const begin = (offset: number, length: number) =>
  request(0x02, words(length, Math.ceil(length / 0x400), 0x400, offset, 0));
const data = Uint8Array.from({ length: 0x400 }, (_, i) => i & 0xff);
const block = (n: number) =>
  request(0x03, concat(u32le(data.length), u32le(n), words(0, 0), data), blockChecksum(data));
const md5 = (offset: number, length: number) => request(0x13, words(offset, length, 0, 0));

/** The 32 digits of an answer to SPI_FLASH_MD5. */
const digest = (hex: string) =>
  Buffer.from(fromHex(hex))
    .toString('latin1')
    .match(/[0-9a-f]{32}/)?.[0];
/** Status 0; what stands behind it is left over from another answer. */
const good = (hex: string) => assert.match(hex, /^c001..0400.{8}00.{6}c0$/);

const roms: readonly RomName[] = [
  'esp32p4',
  'esp32p4-v1',
  'esp32c2',
  'esp32c3',
  'esp32c5',
  'esp32c6',
  'esp32c61',
  'esp32h2',
];

describe('a write that is begun and never sent leaves its place blank', { skip }, () => {
  for (const chip of roms)
    test(chip, async () => {
      // inside a block of 64 KiB, in the middle of a whole one, and in the last sector of all
      const places = [0x1f000, 0x28000, 0x40000];
      const look = places.map((place) => md5(place, 0x1000));
      const frames = [
        ...[attach, size],
        ...places.flatMap((place) => [begin(place, 0x800), block(0), block(1)]),
        ...[...look, begin(0x1f000, 0x22000), ...look],
        ...[begin(0x20000, 0x400), block(0), md5(0x20000, 0x400), md5(0x1f000, 0x1000)],
      ];
      const { replies } = await oracle.converse({ chip, fuses: {}, frames: [syncRequest, ...frames] });
      const at = replies.slice(1).map(({ receive }) => receive);
      assert.equal(at.length, frames.length);
      for (const [n, frame] of frames.entries()) if (!frame.startsWith('c00013')) good(at[n]!);
      const blank = md5OfBlank(0x1000);
      for (const n of [11, 12, 13]) assert.notEqual(digest(at[n]!), blank, 'something was written');
      for (const n of [15, 16, 17]) assert.equal(digest(at[n]!), blank);
      assert.equal(digest(at[20]!), md5Hex(data), 'the next write goes as ever');
      assert.equal(digest(at[21]!), blank, 'and takes nothing of what is before it');
    });
});
