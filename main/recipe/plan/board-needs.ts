import { readNumber } from '../../efuse/snapshot.ts';
import { hasField } from '../../efuse/tables.ts';
import type { EfuseSnapshot } from '../../efuse/types.ts';
import { lastRevision } from '../../image/app-image.ts';
import { blockMisfit } from '../../image/descriptor.ts';
import { isBootloader, isSigned } from '../../image/firmware.ts';
import type { Firmware } from '../../image/types.ts';
import { type Revision, revisionText } from '../../model/chip.ts';
import { sdkconfigOf } from '../lint/sdkconfig.ts';

// What a build asks of the chip that it starts on. A recipe's range of silicon may be wider than that of its build.

/** Why a build would not start on a chip. `what` says both sides. */
export interface Misfit {
  readonly by: 'revision' | 'blocks' | 'octal-flash';
  readonly what: string;
}

/** What the images of a build ask of silicon, held against what a chip says of itself. Null: it would start. Pure. */
export function misfitOf(firmware: Firmware, revision: Revision, snapshot: EfuseSnapshot): Misfit | null {
  const field = (name: string) => (hasField(snapshot.table, name) ? readNumber(snapshot, name) : null);
  for (const part of firmware.parts.filter(isSigned)) {
    if (part.image === null) continue;
    const { header, app } = part.image;
    const what = isBootloader(part) ? `the ${part.name} of the build` : `the application ${part.name}`;
    // A bootloader's last revision nobody looks at (bootloader_common_check_chip_validity).
    const last = isBootloader(part) || field('DISABLE_WAFER_VERSION_MAJOR') === 1 ? null : lastRevision(header);
    const range =
      revision < header.minRevision
        ? `${revisionText(header.minRevision)} and later`
        : last !== null && revision > last
          ? `none after ${revisionText(last)}`
          : null;
    if (range !== null)
      return {
        by: 'revision',
        what: `The chip is revision ${revisionText(revision)}, and ${what} runs on ${range}: it would never start here.`,
      };
    const [major, minor] = [field('BLK_VERSION_MAJOR'), field('BLK_VERSION_MINOR')];
    if (app === null || major === null || minor === null) continue;
    const version = major * 100 + minor;
    const misfit = blockMisfit(app, version, field('DISABLE_BLK_VERSION_MAJOR') === 1);
    if (misfit === null) continue;
    const taken =
      misfit.is === 'too-old' ? `${revisionText(misfit.first)} and later` : `none after ${revisionText(misfit.last)}`;
    return {
      by: 'blocks',
      what: `The chip's eFuse blocks are version ${revisionText(version)}, and ${what} takes ${taken}: no bootloader would start it here.`,
    };
  }
  if (wantsOctalFlash(firmware) && field('FLASH_TYPE') === 0)
    return {
      by: 'octal-flash',
      what: 'The build is for flash with eight data lines (CONFIG_ESPTOOLPY_OCT_FLASH), and the chip is set up for four (FLASH_TYPE): its start would end at every reset.',
    };
  return null;
}

/**
 * Whether the start of this build ends on a chip that is set up for flash with four data lines (from source: esp_system/port/cpu_start.c, mspi_init;
 * ESP-IDF has the option for the ESP32-S3 alone).
 */
export function wantsOctalFlash(firmware: Firmware): boolean {
  const is = (name: string) => sdkconfigOf(firmware)?.options.get(name)?.value === 'y';
  return is('ESPTOOLPY_OCT_FLASH') && !is('ESPTOOLPY_FLASH_MODE_AUTO_DETECT');
}

/** The first version of eFuse blocks that all its applications take; null where none says. */
export function firstBlockVersion({ parts }: Firmware): Revision | null {
  const firsts = parts.filter(isSigned).map(({ image }) => image?.app?.minBlockRevision ?? 0);
  const highest = Math.max(0, ...firsts.filter((first) => first !== 0xffff));
  return highest === 0 ? null : highest;
}
