import { statedFlashSize } from '../../image/app-image.ts';
import { sizeInFlash } from '../../image/firmware-check.ts';
import type { Firmware } from '../../image/types.ts';
import type { Recipe } from '../types.ts';

/** How much flash a product needs, and by what word. */
export interface FlashNeed {
  readonly bytes: number;
  /** Who says so: the beginning of a sentence that a size ends. */
  readonly what: string;
}

/** Everything that speaks of the size of flash. The bootloader's header and the table must fit (esp_flash_spi_init.c, flash_partitions.c). */
export function flashNeeds(recipe: Recipe, firmware: Firmware): FlashNeed[] {
  const bootloader = firmware.parts.find(({ kind }) => kind === 'bootloader')?.image;
  return [
    ...(recipe.flash.size === null ? [] : [{ bytes: recipe.flash.size, what: 'the recipe says' }]),
    { bytes: tableEnd(firmware), what: 'the partition table needs' },
    ...(flashEnd(recipe, firmware) > tableEnd(firmware)
      ? [{ bytes: flashEnd(recipe, firmware), what: 'the recovery bootloader needs' }]
      : []),
    ...(bootloader
      ? [
          {
            bytes: statedFlashSize(bootloader.header),
            what: "the bootloader's header, below which ESP-IDF does not start, states",
          },
        ]
      : []),
  ];
}

/** Where the last partition ends. */
export function tableEnd({ table }: Firmware): number {
  return Math.max(0, ...table.partitions.map(({ offset, size }) => offset + size));
}

/** Where what a recipe wants to be in flash ends, its partition table or not. */
export function flashEnd(recipe: Recipe, firmware: Firmware): number {
  const copies = firmware.parts.filter(({ kind }) => kind === 'bootloader-copy');
  return Math.max(
    tableEnd(firmware),
    ...copies.map((part) => part.offset + sizeInFlash(part, recipe.secureBoot !== null)),
  );
}
