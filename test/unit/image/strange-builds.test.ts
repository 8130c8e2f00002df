// Builds as Arduino, PlatformIO and ESPHome leave them, and images of the whole flash: known by offsets and contents.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '../../../main/base/bytes.ts';
import { fileKindOf } from '../../../main/image/file-kind.ts';
import { readFirmware } from '../../../main/image/firmware.ts';
import { checkFirmware, type FirmwareTarget } from '../../../main/image/firmware-check.ts';
import { bootloaderOffsets } from '../../../main/image/memory-map.ts';
import { buildPartitionTable, parsePartitionTable } from '../../../main/image/partition-table.ts';
import type { Partition } from '../../../main/image/types.ts';
import { type ChipKind, chipIds } from '../../../main/model/chip.ts';
import { demoFirmware } from '../../tools/make-demo-firmware.ts';

type Files = Map<string, Uint8Array>;
const demo = demoFirmware();

/** The demonstration build of a chip under other names; a name that stands for nothing leaves its file out. */
function renamed(
  kind: ChipKind,
  names: Readonly<Record<string, string | undefined>>,
  more: readonly [string, Uint8Array][] = [],
): Files {
  const build = demo.get(kind) as Files;
  const files = [...build].flatMap(([name, bytes]) => {
    const other = name in names ? names[name] : name;
    return other === undefined ? [] : [[other, bytes] as [string, Uint8Array]];
  });
  return new Map([...files, ...more]);
}

const bytesOf = (kind: ChipKind, name: string) => (demo.get(kind) as Files).get(name) as Uint8Array;

const listed = (kind: ChipKind) =>
  (JSON.parse(new TextDecoder().decode(bytesOf(kind, 'flasher_args.json'))) as { flash_files: Record<string, string> })
    .flash_files;

/** An image of the whole flash from `base` on, as esptool merge-bin makes it. */
function merged(kind: ChipKind, base = 0): Uint8Array {
  const parts = Object.entries(listed(kind)).map(([offset, name]) => ({
    offset: Number(offset),
    data: bytesOf(kind, name),
  }));
  const end = Math.max(...parts.map(({ offset, data }) => offset + data.length));
  const image = new Uint8Array(end - base).fill(0xff);
  for (const { offset, data } of parts) image.set(data, offset - base);
  return image;
}

const target = (kind: ChipKind): FirmwareTarget => ({
  kind,
  chipId: chipIds[kind],
  bootloaderOffset: bootloaderOffsets[kind],
  revision: { min: 3, max: 199 },
  flashSize: null,
  secureBoot: false,
});
const problemsOf = (files: Files, kind: ChipKind) =>
  checkFirmware(readFirmware(files, kind), target(kind)).map(({ code, severity }) => `${severity} ${code}`);
const places = (files: Files, kind: ChipKind) =>
  readFirmware(files, kind).parts.map(({ kind: part, offset, data }) => [
    part,
    offset,
    Buffer.from(data).toString('hex'),
  ]);

const noListing = { 'flasher_args.json': undefined };
const asEspIdf = places(renamed('esp32c3', {}), 'esp32c3');

test('Arduino: a listing with names of its own, and none', () => {
  const names = {
    ...noListing,
    'bootloader.bin': 'sk.ino.bootloader.bin',
    'partition-table.bin': 'sk.ino.partitions.bin',
    'ota_data_initial.bin': 'boot_app0.bin',
    'fuseline_demo.bin': 'sk.ino.bin',
  };
  const lines = Object.entries(listed('esp32c3')).map(
    ([offset, name]) => `${offset} ${names[name as keyof typeof names]}`,
  );
  const args = utf8(`--flash-mode dio --flash-freq 80m --flash-size 4MB\n${lines.join('\n')}\n`);
  assert.deepEqual(places(renamed('esp32c3', names, [['flash_args', args]]), 'esp32c3'), asEspIdf);
  assert.deepEqual(places(renamed('esp32c3', names), 'esp32c3'), asEspIdf);
  const beside = renamed('esp32c3', names, [['sk.ino.merged.bin', merged('esp32c3')]]);
  assert.deepEqual(places(beside, 'esp32c3'), asEspIdf);
});

test('PlatformIO and ESPHome: no listing, the application twice, the whole flash beside it', () => {
  const names = {
    ...noListing,
    'partition-table.bin': 'partitions.bin',
    'fuseline_demo.bin': 'firmware.bin',
  };
  const more: [string, Uint8Array][] = [
    ['firmware.ota.bin', bytesOf('esp32c3', 'fuseline_demo.bin')],
    ['firmware.factory.bin', merged('esp32c3')],
  ];
  assert.deepEqual(places(renamed('esp32c3', names, more), 'esp32c3'), asEspIdf);
});

test('quotes keep the blanks of a name together', () => {
  const names = { ...noListing, 'fuseline_demo.bin': 'my app.bin' };
  for (const name of ['"my app.bin"', "'my app.bin'", 'my" "app.bin']) {
    const lines = Object.entries(listed('esp32c3')).map(
      ([at, file]) => `${at} ${file.replace('fuseline_demo.bin', name)}`,
    );
    const args = utf8(`--flash_mode dio\n${lines.join('\n')}\n`);
    const { parts } = readFirmware(renamed('esp32c3', names, [['flash_args', args]]), 'esp32c3');
    assert.equal(parts.find(({ kind }) => kind === 'app')?.file, 'my app.bin');
  }
  const open = renamed('esp32c3', names, [['flash_args', utf8('0x0 bootloader.bin 0x10000 "my app.bin')]]);
  assert.throws(() => readFirmware(open, 'esp32c3'), { code: 'image.listing', what: /a quote is opened/ });
});

test('an image of the whole flash alone is taken apart, wherever the bootloader of its chip lies', () => {
  for (const kind of ['esp32c3', 'esp32s2', 'esp32', 'esp32c5'] as const) {
    const whole = places(renamed(kind, {}), kind).filter(([part]) => part !== 'otadata');
    for (const base of new Set([0, bootloaderOffsets[kind]])) {
      const alone: Files = new Map([['firmware.factory.bin', merged(kind, base)]]);
      // an erased otadata is not told from an erased partition
      assert.deepEqual(places(alone, kind), whole, `${kind} from ${base}`);
      assert.match(readFirmware(alone, kind).parts[0]?.file ?? '', /^firmware\.factory\.bin from 0x/);
    }
  }
  const byListing: Files = new Map([
    ['merged.bin', merged('esp32c3')],
    ['flash_args', utf8('0x0 merged.bin')],
  ]);
  assert.equal(readFirmware(byListing, 'esp32c3').parts.length, 3);
});

test('what a file is, by its contents', () => {
  for (const [name, kind] of [
    ['bootloader.bin', 'bootloader'],
    ['partition-table.bin', 'partition-table'],
    ['fuseline_demo.bin', 'application'],
    ['ota_data_initial.bin', 'otadata'],
    ['flasher_args.json', null],
  ] as const)
    for (const chip of ['esp32c3', 'esp32s3', 'esp32c5'] as const)
      assert.equal(fileKindOf(bytesOf(chip, name), chip), kind, `${chip} ${name}`);
  assert.equal(fileKindOf(merged('esp32c5'), 'esp32c5'), 'whole-flash');
  assert.equal(fileKindOf(merged('esp32', 0x1000), 'esp32'), 'whole-flash');
});

test('a bootloader, a table or the whole flash in the place of an application, and an application in the place of the bootloader', () => {
  const inApp = (bytes: Uint8Array) => problemsOf(renamed('esp32c3', {}, [['fuseline_demo.bin', bytes]]), 'esp32c3');
  assert.ok(inApp(merged('esp32c3')).includes('error no-application'));
  assert.ok(inApp(bytesOf('esp32c3', 'bootloader.bin')).includes('error no-application'));
  assert.ok(inApp(bytesOf('esp32c3', 'partition-table.bin')).includes('error no-application'));
  const app = bytesOf('esp32c3', 'fuseline_demo.bin');
  assert.ok(problemsOf(renamed('esp32c3', {}, [['bootloader.bin', app]]), 'esp32c3').includes('error no-bootloader'));
  const bare = app.slice();
  bare.fill(0, 0x20, 0x24);
  assert.ok(inApp(bare).includes('warning no-app-descriptor'));
  assert.deepEqual(inApp(app), []);
});

test('parts of one build against each other', () => {
  const patched = (name: string, change: (bytes: Uint8Array) => void) => {
    const bytes = bytesOf('esp32c3', name).slice();
    change(bytes);
    return [name, bytes] as [string, Uint8Array];
  };
  const problems = (...more: [string, Uint8Array][]) => problemsOf(renamed('esp32c3', {}, more), 'esp32c3');
  // the header's high nibble: 1 MB where the table reaches further
  const small = patched('bootloader.bin', (bytes) => {
    bytes[3] = (bytes[3]! & 0x0f) | 0x00;
  });
  assert.ok(problems(small).includes('error table-beyond-header'));
  // a partition that begins within that size and ends beyond it
  const { partitions } = parsePartitionTable(bytesOf('esp32c3', 'partition-table.bin'));
  const across = { ...partitions[0]!, name: 'across', type: 1, subtype: 0x82, offset: 0x3f0000, size: 0x20000 };
  const rows = [...partitions.filter(({ offset, size }) => offset + size <= 0x3f0000), across];
  const table = (last: Partition): [string, Uint8Array] => [
    'partition-table.bin',
    buildPartitionTable([...rows.slice(0, -1), last]),
  ];
  assert.ok(problems(table(across)).includes('error table-beyond-header'));
  assert.ok(!problems(table({ ...across, size: 0x10000 })).includes('error table-beyond-header'));
  const newer = patched('bootloader.bin', (bytes) =>
    new DataView(bytes.buffer, bytes.byteOffset).setUint16(15, 101, true),
  );
  const older = patched('fuseline_demo.bin', (bytes) =>
    new DataView(bytes.buffer, bytes.byteOffset).setUint16(17, 99, true),
  );
  assert.ok(problems(newer, older).includes('error parts-revision'));
  assert.ok(problems(['sdkconfig', utf8('CONFIG_IDF_TARGET="esp32s3"\n')]).includes('error sdkconfig-target'));
  assert.ok(
    problems(['sdkconfig', utf8('CONFIG_PARTITION_TABLE_OFFSET=0xf000\n')]).includes('error sdkconfig-table-offset'),
  );
  assert.deepEqual(
    problems(['sdkconfig', utf8('CONFIG_IDF_TARGET="esp32c3"\nCONFIG_PARTITION_TABLE_OFFSET=0x8000\n')]),
    [],
  );
});

test('0 and 65535 say that no last revision is set', () => {
  for (const last of [0, 65535]) {
    const app = bytesOf('esp32c3', 'fuseline_demo.bin').slice();
    new DataView(app.buffer, app.byteOffset).setUint16(17, last, true);
    const codes = problemsOf(renamed('esp32c3', {}, [['fuseline_demo.bin', app]]), 'esp32c3');
    assert.ok(!codes.some((code) => code.includes('silicon-revision')), String(last));
  }
});

test('an NVS partition that no device could write to', () => {
  const resized = (size: number, readonly: boolean) => {
    const { partitions } = parsePartitionTable(bytesOf('esp32c3', 'partition-table.bin'));
    const rows = partitions.map((row) => (row.type === 1 && row.subtype === 2 ? { ...row, size, readonly } : row));
    return problemsOf(renamed('esp32c3', {}, [['partition-table.bin', buildPartitionTable(rows)]]), 'esp32c3');
  };
  assert.deepEqual(resized(0x2000, false), ['warning nvs-size']);
  assert.deepEqual(resized(0x1000, false), ['warning nvs-size']);
  assert.deepEqual(resized(0x2000, true), []);
  assert.deepEqual(resized(0x3000, false), []);
});
