// A recovery bootloader and the bootloader's anti-rollback in Espressif's ROM code: what VirtualChip does, the ROM does; and a board of
// the station starts from its recovery bootloader when the first one is gone. npm test takes ESP32-C5, FUSELINE_ROM=all every chip.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { hasField } from '../../main/efuse/tables.ts';
import { hashSize, parseImage } from '../../main/image/app-image.ts';
import { descriptorOffset } from '../../main/image/descriptor.ts';
import { bootloaderOffsets } from '../../main/image/memory-map.ts';
import type { ChipKind, Revision } from '../../main/model/chip.ts';
import { bootFromFlash } from '../../main/virtual/boot/boot.ts';
import { recipeVariant } from '../faults/boards.ts';
import { flashHoldsFirmware } from '../stories/judge.ts';
import { faultsOf, noToken, repository, setStage } from '../stories/stage.ts';
import { testBoard } from '../unit/virtual-boot/board.ts';
import { place } from '../unit/virtual-boot/build.ts';
import { questionOf, upToEntry } from './boots.ts';
import { romOracle } from './oracle.ts';

const { skip, oracle } = await romOracle();
const all = process.env.FUSELINE_ROM === 'all';
const firmware = join(repository, 'station-config', 'firmware');
const recovery = 0xf0000;
const sector = { RECOVERY_BOOTLOADER_FLASH_SECTOR: recovery / 0x1000 };

const silicon: readonly (readonly [ChipKind, Revision, string])[] = [
  ['esp32c5', 100, 'esp32c5'],
  ...(all
    ? ([
        ['esp32c61', 100, 'esp32c61'],
        ['esp32p4', 301, 'esp32p4-v3'],
        ['esp32s31', 0, 'esp32s31'],
      ] as const)
    : []),
];

/** The image with another byte in its descriptor; checksum and hash fit. */
function withByte(image: Uint8Array, at: number, byte: number): Uint8Array {
  const changed = Uint8Array.from(image);
  const end = parseImage(image).length - hashSize;
  changed[end - 1]! ^= changed[at]! ^ byte;
  changed[at] = byte;
  changed.set(createHash('sha256').update(changed.subarray(0, end)).digest(), end);
  return changed;
}

/** The image with another version in its descriptor. */
function withVersion(image: Uint8Array, version: number): Uint8Array {
  const changed = withByte(image, descriptorOffset + 3, version);
  assert.equal(parseImage(changed).bootloader?.secureVersion, version);
  return changed;
}

/** The shipped build with a bootloader of the first ESP-IDF whose second stage gets on from the recovery place on this chip (5.5.5). */
function laterBuild(t: TestContext, build: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-later-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(firmware, build), folder, { recursive: true });
  const file = join(folder, 'bootloader.bin');
  const image = new Uint8Array(readFileSync(file));
  const changed = withByte(image, descriptorOffset + 8 + 'v5.5.'.length, '5'.charCodeAt(0));
  assert.equal(parseImage(changed).bootloader?.idfVersion, 'v5.5.5');
  writeFileSync(file, changed);
  return folder;
}

/** Versions of the first and of the recovery bootloader; null: there is none. */
type Case = readonly [what: string, fuses: Record<string, number>, first: number | null, other: number | null];

function casesOf(floor: string): Case[] {
  const on = { BOOTLOADER_ANTI_ROLLBACK_EN: 1 };
  const byRom = { ...on, BOOTLOADER_ANTI_ROLLBACK_UPDATE_IN_ROM: 1 };
  return [
    ['no bootloader, a recovery bootloader', sector, null, 0],
    ['no bootloader, an empty recovery place', sector, null, null],
    ['recovery off for ever', { RECOVERY_BOOTLOADER_FLASH_SECTOR: 0xfff }, null, 0],
    ['a version below the floor', { ...on, [floor]: 3 }, 1, null],
    ['a version below the floor, a recovery bootloader above it', { ...on, ...sector, [floor]: 3 }, 1, 2],
    ['a version that the ROM does not take', on, 7, null],
    ['a floor that the ROM raises', { ...byRom, [floor]: 1 }, 4, null],
  ];
}

describe('the ROM and VirtualChip take and refuse the same bootloaders', { skip }, () => {
  for (const [kind, revision, build] of silicon)
    it(kind, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'fuseline-second-'));
      try {
        const shipped = new Uint8Array(readFileSync(join(firmware, build, 'bootloader.bin')));
        const floor = `BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION${kind === 'esp32c5' ? '_LO' : ''}`;
        for (const [what, fuses, first, other] of casesOf(floor)) {
          const { context, flash, burn } = testBoard(kind, revision);
          if (!Object.keys(fuses).every((name) => hasField(context.efuse.table, name))) continue;
          const image = (version: number) => withVersion(shipped, version);
          if (first !== null) place(flash, [[bootloaderOffsets[kind], image(first)]]);
          if (other !== null) place(flash, [[recovery, image(other)]]);
          for (const [name, value] of Object.entries(fuses)) burn(name, value);
          const said = await oracle.boot(questionOf({ ...context, identity: { kind, revision } }, folder));
          const { lines } = bootFromFlash(context);
          const rom = said.console.trimEnd().split('\n');
          const entered = rom.some((line) => line.startsWith('entry '));
          const shown = (text: readonly string[]) =>
            (entered ? upToEntry(text) : text).filter((line) => !/^SPI mode:/.test(line)).map((line) => line.trimEnd());
          assert.deepEqual(shown(lines), shown(rom), what);
          const own = [...context.efuse.hardwareBlock(0)];
          assert.deepEqual(own, said.fuses[0]?.slice(0, own.length), `${what}: what the ROM burns`);
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
});

describe('a board of the station with a recovery bootloader', { skip: skip || noToken }, () => {
  for (const [name, build, address] of [
    ['esp32c5', 'esp32c5', 'esp32c5?rev=v1.0'],
    ...(all
      ? ([
          ['esp32c61', 'esp32c61', 'esp32c61?rev=v1.0'],
          ['esp32p4', 'esp32p4-v3', 'esp32p4?rev=v3.1'],
        ] as const)
      : []),
  ] as const)
    it(`${name}: its ROM takes it, signed and encrypted, when the first one is gone`, async (t) => {
      const loaded = recipeVariant(t, `${name}-production`, laterBuild(t, build), {
        '\ndoors:': '\nbootloader:\n  recovery: 0x3F0000\n\ndoors:',
      });
      const stage = await setStage();
      try {
        const port = `virtual:${address}&pacing=none&name=second`;
        const result = await stage.provision(loaded, [port]);
        assert.equal(result.counts.passed, 1, faultsOf(stage));
        const chip = stage.chip(port);
        const record = (await stage.station.parts.ledger.history(chip.identity.mac)).sealed!;
        const [first, second] = ['bootloader', 'recovery-bootloader'].map(
          (image) => record.images.find(({ name: called }) => called === image)!,
        );
        assert.deepEqual([second?.offset, second?.encrypted], [0x3f0000, true]);
        assert.notEqual(second?.flashSha256, first?.flashSha256, 'encrypted for its own place');
        flashHoldsFirmware(chip, record, loaded);
        chip.flash.erase(first!.offset, 0x1000);
        const said = await oracle.boot(questionOf(chip, stage.folder));
        assert.match(
          said.console,
          /Loading RECOVERY Bootloader\.\.\.\n(.*\n)*.*secure boot verification succeeded\n(.*\n)*entry 0x/,
        );
        const { lines, state } = bootFromFlash({
          ...chip,
          kind: chip.identity.kind,
          revision: chip.identity.revision,
          mac: chip.identity.mac,
          efuse: chip.efuse,
          flash: chip.flash,
          random: (length) => new Uint8Array(length),
          firmwareShutsDoors: false,
          firmwareForcesConstantTime: false,
          burn: (field, value) => chip.efuse.burnField(field, value),
        });
        assert.equal(state, 'running');
        assert.deepEqual(upToEntry(lines), upToEntry(said.console.split('\n')));
        chip.flash.program(0x3f0000 + 0x200, new Uint8Array(16));
        const damaged = await oracle.boot(questionOf(chip, stage.folder));
        assert.doesNotMatch(damaged.console, /^entry/m);
      } finally {
        await stage.close();
      }
    });
});
