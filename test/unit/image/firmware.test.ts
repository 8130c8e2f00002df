import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '../../../main/base/bytes.ts';
import { encryptionScope, isEncryptedPartition, readFirmware } from '../../../main/image/firmware.ts';
import { buildPartitionTable, parsePartitionTable } from '../../../main/image/partition-table.ts';
import type { Firmware, Partition } from '../../../main/image/types.ts';
import { isFault } from '../../../main/model/fault.ts';
import { demoFirmware } from '../../tools/make-demo-firmware.ts';

type Files = Map<string, Uint8Array>;
const demo = demoFirmware();
const build = (name: string): Files => new Map(demo.get(name));
const without = (files: Files, ...names: string[]): Files => {
  for (const name of names) files.delete(name);
  return files;
};
const refused = (code: string, words: RegExp) => (error: unknown) =>
  isFault(error, code) && words.test(error.what) && error.next.length > 20;
const summary = ({ parts }: Firmware) =>
  parts.map(({ name, kind, offset, room, file }) => [name, kind, offset, room, file]);

const p4Parts = [
  ['bootloader', 'bootloader', 0x2000, 0xe000, 'bootloader.bin'],
  ['partition-table', 'partition-table', 0x10000, 0x1000, 'partition-table.bin'],
  ['otadata', 'otadata', 0x17000, 0x2000, 'ota_data_initial.bin'],
  ['ota_0', 'app', 0x20000, 0x100000, 'fuseline_demo.bin'],
];

test('a build folder with flasher_args.json', () => {
  const firmware = readFirmware(build('esp32p4-v3'), 'esp32p4');
  assert.deepEqual(summary(firmware), p4Parts);
  assert.equal(firmware.tableOffset, 0x10000);
  assert.equal(firmware.sdkconfig, null);
  assert.deepEqual(
    firmware.parts.map(({ image }) => image?.header.minRevision ?? null),
    [300, null, null, 300],
  );
});

test('a build folder with flash_args', () => {
  const files = without(build('esp32p4-v3'), 'flasher_args.json');
  files.set(
    'flash_args',
    utf8(
      '--flash_mode dio --flash_freq 80m --flash_size=4MB --force\n0x2000 bootloader.bin\n0x20000 fuseline_demo.bin\n0x10000 partition-table.bin\n94208 ota_data_initial.bin\n',
    ),
  );
  assert.deepEqual(summary(readFirmware(files, 'esp32p4')), p4Parts);
});

test('the four files alone, the table where sdkconfig says', () => {
  const files = without(build('esp32p4-v3'), 'flasher_args.json');
  const text = '# nothing\nCONFIG_PARTITION_TABLE_OFFSET=0x10000\nCONFIG_X=y\n';
  files.set('sdkconfig', utf8(text));
  files.set('README.md', utf8('# words'));
  const firmware = readFirmware(files, 'esp32p4');
  assert.deepEqual(summary(firmware), p4Parts);
  assert.equal(firmware.sdkconfig, text);
});

test('the four files alone, the table at its default place', () => {
  const firmware = readFirmware(without(build('esp32s3'), 'flasher_args.json'), 'esp32s3');
  assert.deepEqual(
    firmware.parts.map(({ name, offset }) => [name, offset]),
    [
      ['bootloader', 0],
      ['partition-table', 0x8000],
      ['otadata', 0x10000],
      ['ota_0', 0x20000],
    ],
  );
});

test('the subfolders of an ESP-IDF build', () => {
  const files = without(build('esp32c3'), 'flasher_args.json');
  for (const [from, to] of [
    ['bootloader.bin', 'bootloader/bootloader.bin'],
    ['partition-table.bin', 'partition_table/partition-table.bin'],
  ] as const) {
    files.set(to, files.get(from) as Uint8Array);
    files.delete(from);
  }
  assert.deepEqual(
    readFirmware(files, 'esp32c3').parts.map(({ file }) => file),
    ['bootloader/bootloader.bin', 'partition_table/partition-table.bin', 'ota_data_initial.bin', 'fuseline_demo.bin'],
  );
});

test('a Secure Boot build, which does not list its bootloader', () => {
  const files = build('esp32p4-v3');
  const listing = JSON.parse(new TextDecoder().decode(files.get('flasher_args.json')));
  delete listing.flash_files['0x2000'];
  files.set('flasher_args.json', utf8(JSON.stringify(listing)));
  assert.deepEqual(summary(readFirmware(files, 'esp32p4')), p4Parts);
});

test('without an update slot the application goes to factory', () => {
  const files = without(build('esp32c3'), 'flasher_args.json', 'ota_data_initial.bin');
  const factory: Partition = {
    name: 'main',
    type: 0,
    subtype: 0,
    offset: 0x30000,
    size: 0x100000,
    encrypted: false,
    readonly: false,
  };
  files.set(
    'partition-table.bin',
    buildPartitionTable([{ ...factory, name: 'slot', subtype: 0x10, offset: 0x200000 }, factory]),
  );
  const app = readFirmware(files, 'esp32c3').parts.find(({ kind }) => kind === 'app');
  assert.deepEqual([app?.name, app?.offset], ['main', 0x30000]);
});

test('the bootloader has room up to the next thing, table or partition', () => {
  const files = build('esp32c3');
  const { partitions } = parsePartitionTable(files.get('partition-table.bin') as Uint8Array);
  const low = partitions.map((partition) => (partition.name === 'nvs' ? { ...partition, offset: 0x4000 } : partition));
  files.set('partition-table.bin', buildPartitionTable(low));
  assert.equal(readFirmware(files, 'esp32c3').parts[0]?.room, 0x4000);
});

test('a missing file is named, with where it belongs', () => {
  for (const name of ['bootloader.bin', 'partition-table.bin', 'ota_data_initial.bin', 'fuseline_demo.bin'])
    assert.throws(
      () => readFirmware(without(build('esp32p4-v3'), name), 'esp32p4'),
      refused('image.firmware-missing', new RegExp(name.replace('.', '\\.'))),
    );
  const bare = () => without(build('esp32s3'), 'flasher_args.json');
  for (const name of ['bootloader.bin', 'partition-table.bin'])
    assert.throws(
      () => readFirmware(without(bare(), name), 'esp32s3'),
      refused('image.firmware-missing', new RegExp(name.replace('.', '\\.'))),
    );
  assert.throws(
    () => readFirmware(without(bare(), 'fuseline_demo.bin'), 'esp32s3'),
    refused('image.firmware-missing', /no application/),
  );
});

test('two applications, and a file that nothing explains', () => {
  const two = without(build('esp32s3'), 'flasher_args.json');
  const other = (two.get('fuseline_demo.bin') as Uint8Array).slice();
  two.set('other.bin', other);
  assert.equal(readFirmware(two, 'esp32s3').parts.length, 4, 'the same application twice is one');
  other[0x40] = 0x41;
  assert.throws(
    () => readFirmware(two, 'esp32s3'),
    refused('image.firmware-two-apps', /fuseline_demo\.bin, other\.bin/),
  );
  const unknown = without(build('esp32s3'), 'flasher_args.json');
  unknown.set('storage.bin', new Uint8Array(16));
  assert.throws(() => readFirmware(unknown, 'esp32s3'), refused('image.firmware-unknown', /storage\.bin/));
  // With a listing other files do not count.
  const listed = build('esp32s3');
  listed.set('storage.bin', new Uint8Array(16));
  assert.equal(readFirmware(listed, 'esp32s3').parts.length, 4);
});

test('a table without a place for what the folder brings', () => {
  const only = (...partitions: Partition[]) => {
    const files = without(build('esp32s3'), 'flasher_args.json');
    files.set('partition-table.bin', buildPartitionTable(partitions));
    return files;
  };
  const { partitions } = parsePartitionTable(build('esp32s3').get('partition-table.bin') as Uint8Array);
  const named = (name: string) => partitions.find((partition) => partition.name === name) as Partition;
  assert.throws(
    () => readFirmware(only(named('otadata')), 'esp32s3'),
    refused('image.firmware-no-place', /fuseline_demo/),
  );
  assert.throws(
    () => readFirmware(only(named('ota_0')), 'esp32s3'),
    refused('image.firmware-no-place', /ota_data_initial/),
  );
});

test('a listing that cannot be understood', () => {
  const broken = [
    '',
    '{',
    '[]',
    'null',
    '{"flash_files":{}}',
    '{"flash_files":{"here":"a.bin"}}',
    '{"flash_files":{"0x0":7}}',
  ];
  for (const text of broken) {
    const files = build('esp32s3');
    files.set('flasher_args.json', utf8(text));
    assert.throws(() => readFirmware(files, 'esp32s3'), refused('image.listing', /flasher_args\.json/), text);
  }
  for (const text of ['', '--flash_mode dio', '0x0', 'bootloader.bin 0x0']) {
    const files = without(build('esp32s3'), 'flasher_args.json');
    files.set('flash_args', utf8(text));
    assert.throws(() => readFirmware(files, 'esp32s3'), refused('image.listing', /flash_args/), text);
  }
});

test('what flash encryption covers (FACTS 3.4)', () => {
  const { parts, table } = readFirmware(build('esp32p4-v3'), 'esp32p4');
  assert.ok(parts.every(encryptionScope));
  const covered = (partition: Partition) => isEncryptedPartition(partition);
  assert.deepEqual(
    table.partitions.filter(covered).map(({ name }) => name),
    ['otadata', 'esp_secure_cert', 'nvs_keys', 'ota_0', 'ota_1'],
  );
  const data = (subtype: number, encrypted = false): Partition => ({
    name: 'x',
    type: 1,
    subtype,
    offset: 0,
    size: 0x1000,
    encrypted,
    readonly: false,
  });
  // data: ota, phy, nvs, coredump, nvs_keys, efuse, undefined, fat, spiffs
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 0x81, 0x82].filter((subtype) => covered(data(subtype))),
    [0, 4],
  );
  assert.ok(covered(data(0x82, true)));
  assert.ok(covered({ ...data(0), type: 2 }));
  assert.ok(covered({ ...data(0), type: 3 }));
  assert.ok(!covered({ ...data(6), type: 0x3f }));
});
