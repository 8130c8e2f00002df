// A recovery bootloader and the bootloader's own anti-rollback. The lines are those that Espressif's ROM code printed with the same fuses
// and images like these (ESP32-C5, C61, S31 and P4 v3, run in Unicorn: test/rom/second-bootloader.test.ts runs them again).
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { bootloaderOffsets } from '../../../main/image/memory-map.ts';
import { type ChipKind, chipIds, type Revision } from '../../../main/model/chip.ts';
import { bootFromFlash } from '../../../main/virtual/boot/boot.ts';
import { testBoard } from './board.ts';
import {
  appImage,
  bootloaderImage,
  otaLayout,
  partition,
  place,
  securePadded,
  signed,
  signingKey,
  tableImage,
} from './build.ts';

const recovery = 0x3f0000;
const sector = 'RECOVERY_BOOTLOADER_FLASH_SECTOR';
const blank = 'invalid header: 0xffffffff';
const second = ['PRIMARY - FAIL', 'Loading RECOVERY Bootloader...'];
const tooOld = 'Image security version < Programmed in eFuse';
const silicon: readonly [ChipKind, Revision][] = [
  ['esp32p4', 301],
  ['esp32c5', 100],
  ['esp32c61', 100],
  ['esp32s31', 0],
];
const countsVersions = silicon.filter(([kind]) => kind !== 'esp32p4');
const floorOf = (kind: ChipKind) =>
  kind === 'esp32c5' ? 'BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION_LO' : 'BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION';

/** A board whose two bootloaders have these versions (null: there is none), booted. */
function boot(
  [kind, revision]: readonly [ChipKind, Revision],
  fuses: Readonly<Record<string, number>>,
  first: number | null,
  other: number | null = null,
  spoil: (flash: ReturnType<typeof testBoard>['flash'], at: number) => void = () => {},
) {
  const board = testBoard(kind, revision);
  const build = { chipId: chipIds[kind], minRevision: 0, maxRevision: 399 };
  const at = bootloaderOffsets[kind];
  if (first !== null) place(board.flash, [[at, bootloaderImage({ ...build, secureVersion: first })]]);
  if (other !== null) place(board.flash, [[recovery, bootloaderImage({ ...build, secureVersion: other })]]);
  place(board.flash, [
    [0x10000, tableImage()],
    [0x20000, appImage({ ...build, minRevision: revision })],
  ]);
  spoil(board.flash, at);
  for (const [field, value] of Object.entries(fuses)) board.burn(field, value);
  const { lines, state } = bootFromFlash(board.context);
  const said = lines.slice(3).filter((line) => !/^(load:|SPI mode)/.test(line));
  const end = said.findIndex((line) => line.startsWith('entry '));
  return { state, said: end < 0 ? said : said.slice(0, end), entered: end >= 0, board, lines };
}

/** One bit of a bootloader's code turned, as flash wears. */
const worn = (flash: ReturnType<typeof testBoard>['flash'], at: number) => flash.program(at + 0x200, Uint8Array.of(0));

describe('a recovery bootloader', () => {
  for (const one of silicon) {
    it(`${one[0]}: the ROM takes it where the first does not start, and only where the fuse names its place`, () => {
      const fuse = { [sector]: recovery / 0x1000 };
      const good = boot(one, fuse, 0, 0);
      assert.deepEqual([good.state, good.said], ['running', []]);
      const empty = boot(one, fuse, null, 0);
      assert.deepEqual([empty.state, empty.said], ['running', [blank, blank, blank, ...second]]);
      const damaged = boot(one, fuse, 0, 0, worn);
      assert.equal(damaged.state, 'running', 'the whole of it starts');
      assert.match(damaged.said[0]!, /^Checksum failure\. Calculated 0x[\da-f]+ stored 0x[\da-f]+$/);
      assert.deepEqual(damaged.said.slice(1), second);

      const none = boot(one, fuse, null, null);
      assert.equal(none.state, 'resetting');
      assert.deepEqual(none.said.slice(0, -1), [blank, blank, blank, ...second, blank, blank, blank]);
      const unnamed = boot(one, {}, null, 0);
      const never = boot(one, { [sector]: 0xfff }, null, 0);
      for (const { state, said } of [unnamed, never]) {
        assert.equal(state, 'resetting');
        assert.deepEqual(said.slice(0, -1), [blank, blank, blank]);
        assert.match(said.at(-1)!, /ets_main\.c/);
      }
      assert.equal(boot(one, {}, 0, 0, worn).state, 'halted');
    });
  }

  it('must be signed as the first is', () => {
    const [kind, revision] = ['esp32c5', 100] as const;
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const foreign = signingKey('ecdsa-p256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    const key = signingKey('ecdsa-p256', privateKey);
    const build = { chipId: chipIds[kind], maxRevision: 399 };
    for (const [by, state] of [
      [key, 'running'],
      [foreign, 'halted'],
    ] as const) {
      const board = testBoard(kind, revision);
      place(board.flash, [
        [recovery, signed(bootloaderImage(build), [by])],
        [0x10000, tableImage()],
        [0x20000, signed(securePadded(appImage(build)), [key])],
      ]);
      board.burn(sector, recovery / 0x1000);
      board.burn('SECURE_BOOT_EN', 1);
      board.burnKey(1, 'SECURE_BOOT_DIGEST0', key.digest);
      const { lines, state: found } = bootFromFlash(board.context);
      assert.equal(found, state, lines.join('\n'));
      assert.ok(lines.includes('Loading RECOVERY Bootloader...'));
    }
  });

  it('is encrypted by a device that encrypts its flash where the table names it, and else left as noise', () => {
    const named = [...otaLayout, partition('recovery', 2, 2, recovery, 0xe000)];
    for (const [layout, boots] of [
      [named, true],
      [otaLayout, false],
    ] as const) {
      const board = testBoard('esp32c5', 100, { encrypts: true });
      const build = { chipId: chipIds.esp32c5, maxRevision: 399 };
      place(board.flash, [
        [bootloaderOffsets.esp32c5, bootloaderImage(build)],
        [recovery, bootloaderImage(build)],
        [0x10000, tableImage(layout)],
        [0x20000, appImage(build)],
      ]);
      board.burn(sector, recovery / 0x1000);
      assert.equal(bootFromFlash(board.context).state, 'resetting');
      assert.equal(bootFromFlash(board.context).state, 'running');
      board.flash.erase(bootloaderOffsets.esp32c5, 0x1000);
      const { lines, state } = bootFromFlash(board.context);
      assert.ok(lines.includes('Loading RECOVERY Bootloader...'));
      assert.equal(state === 'running', boots, lines.join('\n'));
    }
  });
});

describe("the bootloader's own anti-rollback", () => {
  for (const one of countsVersions) {
    const on = { BOOTLOADER_ANTI_ROLLBACK_EN: 1 };
    const byRom = { ...on, BOOTLOADER_ANTI_ROLLBACK_UPDATE_IN_ROM: 1 };
    const floor = floorOf(one[0]);
    it(`${one[0]}: the ROM starts nothing below the floor, and nothing above 4`, () => {
      assert.equal(boot(one, { [floor]: 3 }, 0).state, 'running', 'without the switch it does not look');
      assert.equal(boot(one, { ...on, [floor]: 3 }, 2).state, 'running');
      const old = boot(one, { ...on, [floor]: 3 }, 1);
      assert.deepEqual([old.entered, old.said[0]], [false, tooOld]);
      assert.equal(boot(one, { ...on, [floor]: 5 }, 1).said[0], tooOld, 'ones are counted, wherever they are');
      const high = boot(one, on, 7);
      assert.equal(high.entered, false);
      assert.deepEqual(high.said.length, 1, 'it gives up without a word of why');
      const other = boot(one, { ...on, [floor]: 3, [sector]: recovery / 0x1000 }, 1, 2);
      assert.deepEqual([other.state, other.said], ['running', [tooOld, ...second]]);
      const both = boot(one, { ...on, [floor]: 3, [sector]: recovery / 0x1000 }, 1, 1);
      assert.deepEqual([both.entered, both.said.slice(0, -1)], [false, [tooOld, ...second, tooOld]]);
    });

    it(`${one[0]}: the ROM raises the floor where it is let, to the version of what it starts`, () => {
      const all = one[0] === 'esp32c5' ? [7, 1] : [15];
      const names = one[0] === 'esp32c5' ? [floor, 'BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION_HI'] : [floor];
      const raised = boot(one, byRom, 3);
      assert.deepEqual(raised.board.burned, [[floor, 7]]);
      const most = boot(one, { ...byRom, [floor]: 1 }, 4);
      assert.deepEqual(
        most.board.burned,
        names.map((name, at) => [name, all[at]!]),
      );
      assert.deepEqual(boot(one, on, 3).board.burned, []);
      assert.deepEqual(boot(one, { BOOTLOADER_ANTI_ROLLBACK_UPDATE_IN_ROM: 1 }, 3).board.burned, []);
    });
  }
});
