import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { blankSnapshot } from '../../../main/efuse/snapshot.ts';
import { fieldOf } from '../../../main/efuse/tables.ts';
import type { EfuseSnapshot } from '../../../main/efuse/types.ts';
import { parseImage } from '../../../main/image/app-image.ts';
import type { AppDescriptor, Firmware, ImageHeader } from '../../../main/image/types.ts';
import { loadRecipe } from '../../../main/recipe/load.ts';
import { rehearsalAddress } from '../../../main/recipe/plan/rehearsal-address.ts';
import { refuseBuild } from '../../../main/station/build-admission.ts';
import { bootFromFlash } from '../../../main/virtual/boot/boot.ts';
import { VirtualChip } from '../../../main/virtual/chip.ts';

const recipes = join(import.meta.dirname, '../../../station-config/recipes');
const shipped = (name: string) => loadRecipe(join(recipes, `${name}-production.yaml`)).loaded!;
const c3 = shipped('esp32c3');

type Change = { readonly header?: Partial<ImageHeader>; readonly app?: Partial<AppDescriptor> };

/** The shipped build with other words in its parts of this kind. */
function built({ firmware }: typeof c3, kind: 'app' | 'bootloader', { header, app }: Change): Firmware {
  const parts = firmware.parts.map((part) => {
    const { image } = part;
    if (part.kind !== kind || image === null) return part;
    const changed = { ...image, header: { ...image.header, ...header }, app: image.app && { ...image.app, ...app } };
    return { ...part, image: changed };
  });
  return { ...firmware, parts };
}

/** What a chip of this kind says of itself. */
function chip(kind: 'esp32c3' | 'esp32s3' | 'esp32', revision: number, burned: Readonly<Record<string, number>> = {}) {
  const { efuse } = new VirtualChip({ kind, revision }, bootFromFlash);
  const blank = blankSnapshot(efuse.table);
  const blocks = blank.blocks.map((words) => [...words]);
  for (const [name, value] of Object.entries(burned))
    for (const [at, piece] of fieldOf(efuse.table, name).pieces.entries()) {
      assert.equal(at, 0, name);
      blocks[piece.block]![piece.bit >>> 5]! |= value << (piece.bit & 31);
    }
  const snapshot: EfuseSnapshot = { ...blank, blocks };
  return { revision, snapshot };
}

const told = (firmware: Firmware, { revision, snapshot }: ReturnType<typeof chip>) =>
  refuseBuild({ firmware }, { revision }, snapshot, 'untouched')?.code ?? null;

test('the silicon of the very chip, where the range of the recipe is wider than that of its build', () => {
  const needs = (kind: 'app' | 'bootloader', header: Partial<ImageHeader>) => built(c3, kind, { header });
  assert.equal(told(c3.firmware, chip('esp32c3', 4)), null);
  for (const kind of ['app', 'bootloader'] as const) {
    assert.equal(told(needs(kind, { minRevision: 101 }), chip('esp32c3', 4)), 'admission.build-revision', kind);
    assert.equal(told(needs(kind, { minRevision: 4 }), chip('esp32c3', 4)), null, kind);
  }
  assert.equal(told(needs('app', { maxRevision: 4 }), chip('esp32c3', 101)), 'admission.build-revision');
  assert.equal(told(needs('bootloader', { maxRevision: 4 }), chip('esp32c3', 101)), null, 'nobody looks at it');
  assert.equal(told(needs('app', { maxRevision: 4 }), chip('esp32c3', 101, { DISABLE_WAFER_VERSION_MAJOR: 1 })), null);
  for (const maxRevision of [0, 0xffff]) assert.equal(told(needs('app', { maxRevision }), chip('esp32c3', 101)), null);
});

test('the version of its eFuse blocks', () => {
  const needs = (app: Partial<AppDescriptor>) => built(c3, 'app', { app });
  const v = (major: number, minor: number, more = {}) =>
    chip('esp32c3', 101, { BLK_VERSION_MAJOR: major, BLK_VERSION_MINOR: minor, ...more });
  assert.equal(told(needs({ minBlockRevision: 103 }), v(1, 2)), 'admission.build-blocks');
  assert.equal(told(needs({ minBlockRevision: 103 }), v(1, 3)), null);
  assert.equal(told(needs({ maxBlockRevision: 199 }), v(2, 0)), 'admission.build-blocks');
  assert.equal(told(needs({ maxBlockRevision: 199 }), v(2, 0, { DISABLE_BLK_VERSION_MAJOR: 1 })), null);
  for (const unset of [0, 0xffff])
    assert.equal(told(needs({ minBlockRevision: unset, maxBlockRevision: unset }), v(0, 0)), null);
  // the ESP32 has no such version
  const esp32 = shipped('esp32');
  assert.equal(told(built(esp32, 'app', { app: { minBlockRevision: 103 } }), chip('esp32', 301)), null);
});

test('flash with eight data lines', () => {
  const s3 = shipped('esp32s3');
  const octal = { ...s3.firmware, sdkconfig: 'CONFIG_ESPTOOLPY_OCT_FLASH=y\r\n' };
  assert.equal(told(octal, chip('esp32s3', 2)), 'admission.octal-flash');
  assert.equal(told(octal, chip('esp32s3', 2, { FLASH_TYPE: 1 })), null);
  const either = { ...octal, sdkconfig: `${octal.sdkconfig}CONFIG_ESPTOOLPY_FLASH_MODE_AUTO_DETECT=y\n` };
  assert.equal(told(either, chip('esp32s3', 2)), null);
  assert.equal(
    rehearsalAddress({ ...s3, firmware: octal })
      .split('&')
      .includes('octal=yes'),
    true,
    'a rehearsal takes a board for it',
  );
  const blocks = built(s3, 'app', { app: { minBlockRevision: 103 } });
  assert.match(rehearsalAddress({ ...s3, firmware: blocks }), /&blocks=v1\.3$/);
});

test('builds before ESP-IDF 5.1 state their first silicon in one byte', () => {
  const first = (kind: 'esp32' | 'esp32c3', byte: number, full = 0) => {
    const bytes = Uint8Array.from(shipped(kind).firmware.parts.find((part) => part.kind === 'app')!.data);
    bytes.set([byte, full & 0xff, full >> 8], 14);
    return parseImage(bytes).header.minRevision;
  };
  assert.equal(first('esp32', 3), 300);
  assert.equal(first('esp32c3', 3), 3);
  assert.equal(first('esp32c3', 0), 0);
  assert.equal(first('esp32', 3, 301), 301, 'where both are there the longer one counts');
});
