import { hexOf } from '../formats/format-fault.ts';
import { smallestNvs } from './nvs.ts';
import { appSubtypes, dataSubtypes, partitionSubtypeName, partitionTypes, sectorSize } from './partition-table.ts';
import type { Firmware, FirmwareProblem, Partition } from './types.ts';

/** Application partitions begin on a 64 KB border, data partitions on a sector (FACTS 5.4). */
const appAlignment = 0x10000;

type Add = (problem: FirmwareProblem) => void;

/** What of a partition table would not work, or would leave a secret readable; `checkFirmware` calls it. */
export function checkTable(firmware: Firmware, target: { readonly flashSize: number | null }, add: Add): void {
  const { partitions } = firmware.table;
  for (const partition of partitions) checkPartition(partition, target.flashSize, add);
  checkOverlaps(firmware, add);
  checkTwice(partitions, add);
  checkUpdate(firmware, add);
}

function checkPartition(partition: Partition, flashSize: number | null, add: Add): void {
  const { name, type, subtype, offset, size } = partition;
  const error = (code: string, what: string, remedy: string) =>
    add({ code, what, remedy, severity: 'error', part: name });
  if (type === partitionTypes.app && offset % appAlignment !== 0)
    error(
      'app-alignment',
      `Application partition ${name} begins at ${hexOf(offset)}, which is no multiple of 64 KB.`,
      'Leave its offset empty in partitions.csv, or give a multiple of 0x10000.',
    );
  else if (offset % sectorSize !== 0 || size % sectorSize !== 0)
    error(
      'partition-alignment',
      `Partition ${name} (${hexOf(offset)}, ${hexOf(size)} bytes) does not consist of whole 4 KB sectors.`,
      'Give multiples of 0x1000 in partitions.csv.',
    );
  if (size === 0) error('partition-empty', `Partition ${name} has no size.`, 'Give it a size in partitions.csv.');
  if (flashSize !== null && offset + size > flashSize)
    error(
      'flash-size',
      `Partition ${name} ends at ${hexOf(offset + size)}, beyond the ${hexOf(flashSize)} bytes of flash.`,
      'Make the table fit the flash of the board, or correct the flash size in the recipe.',
    );
  if (type !== partitionTypes.data) return;
  if (subtype === dataSubtypes.nvsKeys && !partition.encrypted)
    error(
      'nvs-keys-plain',
      `Partition ${name} holds the NVS keys but is not flagged encrypted.`,
      'Add the flag encrypted to its line in partitions.csv.',
    );
  // Three pages: one in use, one full, one to move to (gen_esp32part.py refuses smaller ones from ESP-IDF 5.2 on).
  if (subtype === dataSubtypes.nvs && size > 0 && size < smallestNvs && !partition.readonly)
    add({
      code: 'nvs-size',
      what: `NVS partition ${name} has ${hexOf(size)} bytes; a device can write to NVS only from ${hexOf(smallestNvs)} on (three pages).`,
      remedy: 'Enlarge it to 0x3000 or more in partitions.csv, or flag it readonly.',
      severity: 'warning',
      part: name,
    });
  if (subtype === dataSubtypes.nvs && partition.encrypted)
    error(
      'nvs-encrypted',
      `NVS partition ${name} is flagged encrypted, but NVS cannot work under flash encryption.`,
      'Remove the flag; encrypt NVS with its own keys (CONFIG_NVS_ENCRYPTION).',
    );
}

/** Whatever looks for a partition takes one of two that are called alike, and not everything the same one. */
function checkTwice(partitions: readonly Partition[], add: Add): void {
  const error = (code: string, part: string, what: string, remedy: string) =>
    add({ code, what, remedy, severity: 'error', part });
  const isOtadata = ({ type, subtype }: Partition) => type === partitionTypes.data && subtype === dataSubtypes.ota;
  for (const [at, { name, type, subtype }] of partitions.entries()) {
    const before = partitions.slice(0, at);
    if (before.some((other) => other.name === name))
      error(
        'partition-name-twice',
        name,
        `Two partitions are called ${name}: firmware finds the first alone.`,
        'Give each a name of its own in partitions.csv.',
      );
    const same = before.find((other) => other.type === type && other.subtype === subtype);
    if (same === undefined) continue;
    if (type === partitionTypes.app)
      error(
        'app-slot-twice',
        name,
        `Partitions ${same.name} and ${name} are both ${partitionSubtypeName(type, subtype)}: the bootloader knows the last alone.`,
        'Give each application partition a subtype of its own.',
      );
    if (type === partitionTypes.data && subtype === dataSubtypes.ota)
      error(
        'otadata-twice',
        name,
        `Partitions ${same.name} and ${name} both hold the choice of the update slot (data, ota).`,
        'Leave one of them out of partitions.csv.',
      );
  }
  // bootloader_utility.c, read_otadata: below two sectors it starts nothing, not even the first slot.
  const small = partitions.find((partition) => isOtadata(partition) && partition.size < 2 * sectorSize);
  if (small !== undefined)
    error(
      'otadata-size',
      small.name,
      `Partition ${small.name} has ${hexOf(small.size)} bytes; the bootloader asks for 0x2000 and starts nothing with less.`,
      'Give it size 0x2000 in partitions.csv.',
    );
  const slots = partitions.filter(isUpdateSlot).map(({ subtype }) => subtype - appSubtypes.ota0);
  const missing = slots.length === 0 ? -1 : slots.findIndex((_, at) => !slots.includes(at));
  if (missing >= 0)
    error(
      'ota-slots-gap',
      partitions.find(isUpdateSlot)!.name,
      `The table has ${slots.length} update slots, and ota_${missing} is not among them: the bootloader counts them from ota_0 up, so that the choice of an update leads nowhere.`,
      'Number them ota_0, ota_1 and so on without a gap.',
    );
}

function isUpdateSlot({ type, subtype }: Partition): boolean {
  return type === partitionTypes.app && subtype >= appSubtypes.ota0 && subtype <= appSubtypes.ota15;
}

function checkOverlaps({ table, tableOffset }: Firmware, add: Add): void {
  const ranges = table.partitions.map(({ name, offset, size }) => ({ name, offset, end: offset + size }));
  for (const [i, a] of ranges.entries()) {
    // What lies below the table's end is the bootloader's and the table's own.
    if (a.offset < tableOffset + sectorSize)
      if (!isOwnPlace(table.partitions[i] as Partition))
        // Partitions that stand for bootloader and table themselves describe those very places.
        add({
          code: 'partitions-overlap',
          what: `Partition ${a.name} begins at ${hexOf(a.offset)}, before the end of the partition table at ${hexOf(tableOffset + sectorSize)}.`,
          remedy: 'Build partitions.csv with the CONFIG_PARTITION_TABLE_OFFSET at which the table is flashed.',
          severity: 'error',
          part: a.name,
        });
    for (const b of ranges.slice(i + 1))
      if (a.offset < b.end && b.offset < a.end)
        add({
          code: 'partitions-overlap',
          what: `Partitions ${a.name} (${hexOf(a.offset)} to ${hexOf(a.end)}) and ${b.name} (${hexOf(b.offset)} to ${hexOf(b.end)}) overlap.`,
          remedy: 'Correct their offsets and sizes in partitions.csv.',
          severity: 'error',
          part: a.name,
        });
  }
}

function isOwnPlace({ type }: Partition): boolean {
  return type === partitionTypes.bootloader || type === partitionTypes.partitionTable;
}

function checkUpdate({ table, sdkconfig, parts }: Firmware, add: Add): void {
  const apps = table.partitions.filter(({ type }) => type === partitionTypes.app);
  const slots = apps.filter(isUpdateSlot);
  const otadata = table.partitions.find(
    ({ type, subtype }) => type === partitionTypes.data && subtype === dataSubtypes.ota,
  );
  if (slots.length >= 2 && otadata === undefined)
    add({
      code: 'otadata-missing',
      what: `The table has ${slots.length} update slots but no otadata partition, so that no update could ever be chosen.`,
      remedy: 'Add a partition of type data, subtype ota, size 0x2000 to partitions.csv.',
      severity: 'error',
      part: null,
    });
  if (slots.length >= 2 && otadata !== undefined && !parts.some(({ kind }) => kind === 'otadata'))
    add({
      code: 'otadata-file',
      what: 'The build brings no ota_data_initial.bin: what the otadata partition holds decides which slot starts.',
      remedy: 'Copy ota_data_initial.bin from the build folder.',
      severity: 'warning',
      part: otadata.name,
    });
  const fallback = apps.find(({ subtype }) => subtype === appSubtypes.factory || subtype === appSubtypes.test);
  if (fallback !== undefined && /^CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK=y\s*$/m.test(sdkconfig ?? ''))
    add({
      code: 'anti-rollback-factory',
      what: `The build uses anti-rollback, but the table has the partition ${fallback.name}, whose old application would stay startable or block the boot.`,
      remedy: 'Use a table with two update slots and no factory or test partition.',
      severity: 'warning',
      part: fallback.name,
    });
}
