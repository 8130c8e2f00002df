import { hexOf } from '../formats/format-fault.ts';
import { type ChipKind, revisionText } from '../model/chip.ts';
import { lastRevision, statedFlashSize } from './app-image.ts';
import { tableOffsetOf } from './firmware-listing.ts';
import type { Firmware, FirmwarePart, FirmwareProblem } from './types.ts';

/**
 * What the parts of one build say of each other: bootloader header against partition table, bootloader against application, sdkconfig
 * against both. Each part may be sound by itself; together they would not start. `checkFirmware` calls it.
 */
export function checkAgreement(firmware: Firmware, chip: ChipKind, add: (problem: FirmwareProblem) => void): void {
  const error = (code: string, part: string | null, what: string, remedy: string) =>
    add({ code, part, what, remedy, severity: 'error' });
  const bootloader = firmware.parts.find(({ kind }) => kind === 'bootloader');
  if (bootloader?.image) {
    const stated = statedFlashSize(bootloader.image.header);
    // The first is enough: the bootloader refuses the whole table (flash_partitions.c, esp_partition_table_verify).
    const beyond = firmware.table.partitions.find(({ offset, size }) => offset + size > stated);
    if (beyond !== undefined)
      error(
        'table-beyond-header',
        beyond.name,
        `Partition ${beyond.name} ends at ${hexOf(beyond.offset + beyond.size)}, but the bootloader's header states ${stated / 0x100000} MB of flash (${hexOf(stated)}): the bootloader refuses such a table.`,
        'Set CONFIG_ESPTOOLPY_FLASHSIZE to the size of the flash and build again; the station writes the header as it is (esptool may have put another size in by --flash-size).',
      );
  }
  if (bootloader !== undefined)
    for (const app of firmware.parts.filter(({ kind }) => kind === 'app')) checkRevisions(bootloader, app, error);
  checkConfig(firmware, chip, error);
}

type Say = (code: string, part: string | null, what: string, remedy: string) => void;

/** Bootloader and application that no silicon runs both of. */
function checkRevisions(bootloader: FirmwarePart, app: FirmwarePart, error: Say): void {
  if (!bootloader.image || !app.image) return;
  const [first, second] = [bootloader.image.header, app.image.header];
  const last = lastRevision(second);
  if (first.chipId !== second.chipId || last === null || first.minRevision <= last) return;
  error(
    'parts-revision',
    app.name,
    `The bootloader runs on silicon from ${revisionText(first.minRevision)} on, the application ${app.file} up to ${revisionText(last)}: no chip starts both.`,
    'Give bootloader and application of one build.',
  );
}

/** An sdkconfig of another build: what is judged by it would be judged wrongly. */
function checkConfig({ sdkconfig, tableOffset }: Firmware, chip: ChipKind, error: Say): void {
  if (sdkconfig === null) return;
  const target = /^CONFIG_IDF_TARGET="(.*)"\s*$/m.exec(sdkconfig)?.[1];
  if (target !== undefined && target !== chip)
    error(
      'sdkconfig-target',
      null,
      `The sdkconfig beside the build is of a build for ${target}, and the recipe is for ${chip}.`,
      'Copy the sdkconfig of this very build.',
    );
  const offset = tableOffsetOf(sdkconfig);
  if (offset !== null && offset !== tableOffset)
    error(
      'sdkconfig-table-offset',
      'partition-table',
      `The build looks for its partition table at ${hexOf(offset)} (CONFIG_PARTITION_TABLE_OFFSET), but it would lie at ${hexOf(tableOffset)}.`,
      'Give listing, partition table and sdkconfig of one build.',
    );
}
