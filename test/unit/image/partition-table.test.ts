import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { concat, fromHex, toHex } from '../../../main/base/bytes.ts';
import {
  buildPartitionTable,
  parsePartitionTable,
  partitionAt,
  partitionSubtypeName,
  partitionTypeName,
} from '../../../main/image/partition-table.ts';
import type { Partition } from '../../../main/image/types.ts';
import { isFault } from '../../../main/model/fault.ts';
import { vectorFile } from '../../vectors.ts';

const cert: Partition = {
  name: 'esp_secure_cert',
  type: 0x3f,
  subtype: 6,
  offset: 0x220000,
  size: 0x2000,
  encrypted: true,
  readonly: false,
};
const refused = (code: string) => (error: unknown) => isFault(error, code);

test('the row of gen_esp32part (FACTS 5.4)', () => {
  const table = buildPartitionTable([cert]);
  assert.equal(toHex(table.subarray(0, 32)), 'aa503f0600002200002000006573705f7365637572655f636572740001000000');
  assert.equal(table.length, 0xc00);
  assert.deepEqual(parsePartitionTable(table), { partitions: [cert], md5: true });
});

test('the table of gen_esp32part, read and built again', () => {
  const file = vectorFile<{ rows: string[]; len: number; sha256: string }>('partition_table.json');
  const rows = fromHex(file.rows.join(''));
  const bytes = concat(rows, new Uint8Array(file.len - rows.length).fill(0xff));
  assert.equal(createHash('sha256').update(bytes).digest('hex'), file.sha256);
  const { partitions, md5 } = parsePartitionTable(bytes);
  assert.equal(md5, true);
  assert.deepEqual(
    partitions.map(({ name, type, subtype }) => [name, partitionTypeName(type), partitionSubtypeName(type, subtype)]),
    [
      ['nvs', 'data', 'nvs'],
      ['nvs_keys', 'data', 'nvs_keys'],
      ['otadata', 'data', 'ota'],
      ['phy_init', 'data', 'phy'],
      ['ota_0', 'app', 'ota_0'],
      ['ota_1', 'app', 'ota_1'],
      ['esp_secure_cert', '0x3f', '0x6'],
      ['ro', 'data', 'nvs'],
    ],
  );
  assert.deepEqual(
    partitions.filter(({ encrypted }) => encrypted).map(({ name }) => name),
    ['nvs_keys', 'esp_secure_cert'],
  );
  assert.equal(partitions.at(-1)?.readonly, true);
  assert.deepEqual(buildPartitionTable(partitions), bytes);
  assert.deepEqual(parsePartitionTable(concat(bytes, new Uint8Array(0x400).fill(0xff))).partitions, partitions);
});

test('each flipped bit of a table is noticed', () => {
  const good = buildPartitionTable([cert, { ...cert, name: 'second', offset: 0x300000 }]);
  for (let at = 0; at < 0x100; at++)
    for (const bit of [1, 0x80]) {
      const bad = good.slice();
      bad[at] = (bad[at] as number) ^ bit;
      assert.throws(
        () => parsePartitionTable(bad),
        (error) => isFault(error),
        `byte ${at}`,
      );
    }
});

test('a table without MD5 ends at the first erased row', () => {
  const bytes = buildPartitionTable([cert]);
  bytes.fill(0xff, 32, 64);
  assert.deepEqual(parsePartitionTable(bytes), { partitions: [cert], md5: false });
});

test('a name of all 16 bytes', () => {
  const long = { ...cert, name: 'sixteen_letters_' };
  assert.deepEqual(parsePartitionTable(buildPartitionTable([long])).partitions, [long]);
});

test('what is no table is refused, with the reason', () => {
  assert.throws(() => parsePartitionTable(new Uint8Array(0xc00).fill(0xff)), refused('image.table-empty'));
  assert.throws(() => parsePartitionTable(new Uint8Array(0)), refused('image.table-empty'));
  assert.throws(
    () => parsePartitionTable(new TextEncoder().encode('# Name, Type, SubType, Offset')),
    refused('image.table-empty'),
  );
  assert.throws(() => parsePartitionTable(new Uint8Array(0xc00).fill(0x23)), refused('image.table-row'));
  const wrong = buildPartitionTable([cert]);
  wrong[60] = 0;
  assert.throws(() => parsePartitionTable(wrong), refused('image.table-md5'));
  const tail = buildPartitionTable([cert]);
  tail[70] = 0;
  assert.throws(() => parsePartitionTable(tail), refused('image.table-tail'));
});

test('what does not fit a row is refused', () => {
  assert.throws(() => buildPartitionTable([{ ...cert, name: 'seventeen_letters' }]), RangeError);
  assert.throws(() => buildPartitionTable([{ ...cert, name: '' }]), RangeError);
  assert.throws(() => buildPartitionTable([{ ...cert, size: 2 ** 32 }]), RangeError);
  assert.throws(() => buildPartitionTable(Array.from({ length: 96 }, () => cert)), RangeError);
  assert.equal(parsePartitionTable(buildPartitionTable(Array.from({ length: 95 }, () => cert))).partitions.length, 95);
});

test('which partition an address falls into', () => {
  const table = parsePartitionTable(buildPartitionTable([cert]));
  assert.equal(partitionAt(table, 0x221fff)?.name, 'esp_secure_cert');
  assert.equal(partitionAt(table, 0x222000), null);
});
