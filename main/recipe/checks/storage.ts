import { dirname, resolve } from 'node:path';
import type { CsvRow } from '../../formats/csv.ts';
import { buildNvs, smallestNvs } from '../../image/nvs.ts';
import type { NvsNamespace } from '../../image/nvs-format.ts';
import { dataSubtypes, partitionTypes } from '../../image/partition-table.ts';
import type { Firmware, Partition } from '../../image/types.ts';
import { isFault } from '../../model/fault.ts';
import type { StoredPartition } from '../../model/storage.ts';
import { type DeviceList, readDeviceList } from '../device-list.ts';
import type { Add } from '../finding.ts';
import { fillPlaceholders } from '../plan/placeholders.ts';
import { type NvsBuild, nvsBuildOf } from '../plan/settle-storage.ts';
import { valuesOf } from '../plan/storage-values.ts';
import { checkProvisioning, sampleCredentials } from './provisioning.ts';
import type { StorageCheck } from './storage-check.ts';

/** Of the mistakes in a list so many are told; a wrong column is wrong in every row. */
const toldRows = 10;

/**
 * NVS partitions and provisioning credentials, long before a board is in: whether chip, build and partition table can have them, every
 * row of every list, and whether all of it has room.
 */
export function checkStorage(check: StorageCheck): void {
  const { recipe, firmware } = check;
  const stored = recipe.storage ?? [];
  for (const [at, one] of stored.entries()) {
    const path = `storage.${at}`;
    if (stored.findIndex(({ partition }) => partition === one.partition) < at)
      check.add({
        check: 'storage-twice',
        path: `${path}.partition`,
        what: `The partition ${one.partition} is filled twice.`,
        remedy: 'Put all its values into one entry.',
      });
    checkEncryption(check, one, path);
    if (firmware !== null) checkPartitions(check, firmware, one, path);
    checkValues(check, one, path);
  }
  checkProvisioning(check);
  if (firmware !== null && stored.length > 0) checkNvsBuild(check, nvsBuildOf(firmware));
}

function checkEncryption({ recipe, profile, add }: StorageCheck, one: StoredPartition, path: string): void {
  const holdsSecrets = one.values.some(({ secret }) => secret) || recipe.provisioning?.partition === one.partition;
  if (one.encryption === 'none' && holdsSecrets && recipe.purpose === 'production')
    add({
      check: 'storage-plain',
      path: `${path}.encryption`,
      what: `In a production recipe secrets lie in clear in the partition ${one.partition}: flash encryption does not cover NVS.`,
      remedy: 'Set encryption to hmac or nvs_keys, or waive storage-plain with the reason.',
    });
  if (one.encryption === 'hmac' && !profile.hmac)
    add({
      check: 'storage-hmac',
      path: `${path}.encryption`,
      what: `The ${profile.title} has no HMAC peripheral that could derive NVS keys.`,
      remedy: 'Use nvs_keys, whose keys lie under flash encryption.',
    });
  if (one.encryption === 'nvs_keys' && recipe.flashEncryption === null)
    add({
      check: 'storage-keys-plain',
      path: `${path}.encryption`,
      what: 'Without flash encryption the keys of the NVS partition would lie beside it in clear.',
      remedy: profile.hmac ? 'Add flash_encryption, or use hmac.' : 'Add flash_encryption.',
    });
}

function checkPartitions({ add }: StorageCheck, firmware: Firmware, one: StoredPartition, path: string): void {
  const partition = findPartition(firmware, one.partition);
  const wrongKind = partition && !(partition.type === partitionTypes.data && partition.subtype === dataSubtypes.nvs);
  if (partition === null || wrongKind)
    add({
      check: 'storage-partition',
      path: `${path}.partition`,
      what: partition
        ? `The partition ${one.partition} is no NVS partition (type data, subtype nvs).`
        : `The firmware's partition table has no partition ${JSON.stringify(one.partition)}.`,
      remedy: `Name one of subtype nvs${listOf(firmware, dataSubtypes.nvs)}, or add it to partitions.csv.`,
    });
  else {
    if (partition.encrypted)
      add({
        check: 'storage-partition-flag',
        path: `${path}.partition`,
        what: `The partition ${one.partition} has the 'encrypted' flag, with which ESP-IDF does not open it: NVS has an encryption of its own.`,
        remedy: 'Take the flag out of partitions.csv.',
      });
    if (partition.size < smallestNvs && !partition.readonly)
      add({
        check: 'storage-partition-size',
        path: `${path}.partition`,
        what: `The partition ${one.partition} has ${partition.size} bytes; a device can write to NVS only from ${smallestNvs} on.`,
        remedy: 'Enlarge it to 0x3000 or more, or give it the readonly flag in partitions.csv.',
      });
    tellFilled(add, firmware, partition, `${path}.partition`);
  }
  if (one.encryption === 'nvs_keys') checkKeysPartition(add, firmware, one, path);
}

function checkKeysPartition(add: Add, firmware: Firmware, one: StoredPartition, path: string): void {
  const partition = one.keysPartition === null ? null : findPartition(firmware, one.keysPartition);
  if (partition === null || partition.type !== partitionTypes.data || partition.subtype !== dataSubtypes.nvsKeys)
    add({
      check: 'storage-keys-partition',
      path: `${path}.keys_partition`,
      what:
        one.keysPartition === null
          ? "The firmware's partition table has no partition for the keys of NVS (type data, subtype nvs_keys)."
          : partition === null
            ? `The firmware's partition table has no partition ${JSON.stringify(one.keysPartition)}.`
            : `The partition ${one.keysPartition} is no partition for NVS keys (type data, subtype nvs_keys).`,
      remedy: `Add it to partitions.csv (nvs_keys, data, nvs_keys, , 0x1000, encrypted)${listOf(firmware, dataSubtypes.nvsKeys)}.`,
    });
  else {
    if (!partition.encrypted)
      add({
        check: 'storage-keys-flag',
        path: `${path}.keys_partition`,
        what: `The partition ${partition.name} has no 'encrypted' flag.`,
        remedy: 'Set it in partitions.csv: flash encryption must cover the keys of NVS.',
      });
    tellFilled(add, firmware, partition, `${path}.keys_partition`);
  }
}

/** A partition that the build fills as well. */
function tellFilled(add: Add, firmware: Firmware, partition: Partition, path: string): void {
  const part = firmware.parts.find(({ offset }) => offset === partition.offset);
  if (part !== undefined)
    add({
      check: 'storage-filled',
      path,
      what: `The build fills the partition ${partition.name} itself, with ${part.file}.`,
      remedy: 'Leave it out of the build: what the recipe stores would be written over it.',
    });
}

function checkNvsBuild({ recipe, add }: StorageCheck, build: NvsBuild): void {
  const stored = recipe.storage ?? [];
  const slot = recipe.slots['hmac-up'];
  for (const [at, one] of stored.entries()) {
    const path = `storage.${at}.encryption`;
    if (one.encryption !== 'none' && build.encrypts === false)
      add({
        check: 'storage-build',
        path,
        what: `The partition ${one.partition} is to be encrypted, but the application was built without CONFIG_NVS_ENCRYPTION and could not read it.`,
        remedy: 'Build it with CONFIG_NVS_ENCRYPTION=y, or set encryption to none.',
      });
    else if (one.encryption !== 'none' && build.scheme !== null && build.scheme !== one.encryption)
      add({
        check: 'storage-build',
        path,
        what: `The application takes its NVS keys by the scheme ${build.scheme}, the recipe by ${one.encryption}.`,
        remedy: `Set encryption to ${build.scheme}, or build with the other scheme.`,
      });
    if (one.encryption !== 'hmac') continue;
    if (slot === undefined)
      add({
        check: 'storage-hmac-slot',
        path,
        what: 'Nothing says in which key block the application looks for the HMAC key of its NVS.',
        remedy: 'Set slots.hmac-up to the CONFIG_NVS_SEC_HMAC_EFUSE_KEY_ID of the build.',
      });
    else if (build.hmacSlot !== null && build.hmacSlot !== slot)
      add({
        check: 'storage-hmac-slot',
        path: 'slots.hmac-up',
        what: `The application derives its NVS keys from key block ${build.hmacSlot} (CONFIG_NVS_SEC_HMAC_EFUSE_KEY_ID), the recipe puts the HMAC key into ${slot}.`,
        remedy: `Set slots.hmac-up to ${build.hmacSlot}.`,
      });
  }
}

function checkValues(check: StorageCheck, one: StoredPartition, path: string): void {
  const { add, files } = check;
  const seen = new Set<string>();
  for (const [at, { namespace, key, source }] of one.values.entries()) {
    const where = `${path}.values.${at}`;
    for (const name of [namespace, key])
      if (new TextEncoder().encode(name).length > 15)
        add({
          check: 'storage-name',
          path: where,
          what: `${JSON.stringify(name)} has more than the 15 bytes that NVS takes.`,
          remedy: 'Shorten it, here and in the firmware.',
        });
    if (seen.has(`${namespace}\0${key}`))
      add({
        check: 'storage-key-twice',
        path: where,
        what: `The key ${key} stands twice in the namespace ${namespace}.`,
        remedy: 'Leave one of them out.',
      });
    seen.add(`${namespace}\0${key}`);
    if (source.kind === 'column' && one.devices === null)
      add({
        check: 'storage-no-list',
        path: where,
        what: `The column ${source.column} is one of a list that the recipe does not name.`,
        remedy: 'Name the CSV with a row for each device: devices.',
      });
  }
  const bytes = one.devices === null ? undefined : files.get(one.devices);
  const list = bytes === undefined ? null : checkList(check, one, bytes, path);
  // without its list nothing more can be said of values that come from it
  if (one.values.some(({ source }) => source.kind === 'column') && list === null) return;
  checkRows(check, one, list, path);
}

function checkList(check: StorageCheck, one: StoredPartition, bytes: Uint8Array, path: string): DeviceList | null {
  const { list, mistakes } = readDeviceList(bytes);
  const file = resolve(dirname(check.file), one.devices!);
  for (const { line, what, remedy } of mistakes.slice(0, toldRows))
    check.add({ check: 'storage-list', file, line, column: 1, what, remedy });
  if (list === null) return null;
  let whole = true;
  for (const [at, { source }] of one.values.entries())
    if (source.kind === 'column' && !list.columns.includes(source.column)) {
      whole = false;
      check.add({
        check: 'storage-column',
        path: `${path}.values.${at}.column`,
        what: `The list ${one.devices} has no column ${JSON.stringify(source.column)}.`,
        remedy: `It has ${list.columns.join(', ')}.`,
      });
    }
  return whole ? list : null;
}

/** Types and room: of every row of the list, else of what every device gets. */
function checkRows(check: StorageCheck, one: StoredPartition, list: DeviceList | null, path: string): void {
  const told = new Set<string>();
  let rowsTold = 0;
  let fullest: { readonly size: number; readonly namespaces: NvsNamespace[] } | null = null;
  for (const row of list?.rows ?? [null]) {
    const namespaces = valuesOf(one, sampleSources(check, row), (at, what, remedy) => {
      const ofRow = one.values[at]!.source.kind === 'column';
      if (ofRow && rowsTold++ >= toldRows) return;
      const key = `${at} ${ofRow ? row?.line : ''}`;
      if (told.has(key)) return;
      told.add(key);
      const place = ofRow
        ? { file: resolve(dirname(check.file), one.devices!), line: row!.line, column: 1 }
        : { path: `${path}.values.${at}` };
      const name = `${one.values[at]!.namespace}.${one.values[at]!.key}`;
      check.add({ check: 'storage-value', ...place, what: `${name}: ${what}`, remedy });
    });
    const size = namespaces
      .flatMap(({ entries }) => entries)
      .reduce((sum, entry) => sum + sizeOf(entry.value.value), 0);
    if (fullest === null || size > fullest.size) fullest = { size, namespaces };
  }
  const partition = check.firmware && findPartition(check.firmware, one.partition);
  if (told.size > 0 || !partition || fullest === null) return;
  try {
    const credentials = sampleCredentials(check.recipe, one.partition);
    buildNvs([...fullest.namespaces, ...credentials], partition.size);
  } catch (error) {
    // a name or a room that does not fit; names that come twice are told where they stand
    if (!isFault(error, 'image.nvs-room') && !isFault(error, 'image.nvs-string') && !isFault(error, 'image.nvs-size'))
      return;
    check.add({ check: 'storage-room', path, what: error.what, remedy: error.next });
  }
}

function sizeOf(value: bigint | string | Uint8Array): number {
  return typeof value === 'bigint' ? 8 : value.length;
}

/** A device that is none: digits, so that they fit every type that a serial number may be stored as. */
function sampleSources({ recipe, files }: StorageCheck, row: CsvRow | null) {
  const values = { serial: '000000000000', mac: '00:00:00:00:00:00', chip: recipe.chip, batch: 'B-20260101-00000000' };
  return {
    fill: (text: string) => fillPlaceholders(text, values),
    row,
    files,
    random: (bytes: number) => new Uint8Array(bytes),
  };
}

function findPartition(firmware: Firmware, name: string): Partition | null {
  return firmware.table.partitions.find((partition) => partition.name === name) ?? null;
}

function listOf(firmware: Firmware, subtype: number): string {
  const names = firmware.table.partitions
    .filter((partition) => partition.type === partitionTypes.data && partition.subtype === subtype)
    .map(({ name }) => name);
  return names.length === 0 ? '' : ` (${names.join(', ')})`;
}
