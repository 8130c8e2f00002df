import { crc32 } from 'node:zlib';
import { concat, u32le, viewOf } from '../../base/bytes.ts';
import {
  appSubtypes,
  dataSubtypes,
  parsePartitionTable,
  partitionTypes,
  sectorSize,
  tableSize,
} from '../../image/partition-table.ts';
import type { Partition, PartitionTable } from '../../image/types.ts';
import type { IdfConsole } from './console.ts';
import type { FlashView } from './flash-view.ts';

/** As far as a table is looked for. */
const lastTableOffset = 0x20000;

/**
 * The partition table. A second stage knows its offset since it was built (CONFIG_PARTITION_TABLE_OFFSET), the image does not show it:
 * the first sector behind the bootloader that holds a valid one is taken.
 */
export function findPartitionTable(view: FlashView, from: number): { offset: number; table: PartitionTable } | null {
  for (let offset = Math.ceil(from / sectorSize) * sectorSize; offset <= lastTableOffset; offset += sectorSize) {
    const magic = view.read(offset, 2);
    if (magic[0] !== 0xaa || magic[1] !== 0x50) continue;
    try {
      const table = parsePartitionTable(view.read(offset, tableSize));
      if (table.partitions.length > 0) return { offset, table };
    } catch {
      // a sector that only looks like one
    }
  }
  return null;
}

/** Index of the factory application among boot slots; OTA slots count from 0. */
export const factorySlot = -1;

/** What the second stage may boot. */
export interface BootSlots {
  readonly factory: Partition | null;
  readonly test: Partition | null;
  /** By slot number. */
  readonly ota: ReadonlyMap<number, Partition>;
  readonly otadata: Partition | null;
}

/** Whether a partition is one of the sixteen OTA slots. */
export function isOtaApp({ type, subtype }: Partition): boolean {
  return type === partitionTypes.app && subtype >= appSubtypes.ota0 && subtype <= appSubtypes.ota15;
}

export function bootSlots(table: PartitionTable): BootSlots {
  const find = (type: number, subtype: number) =>
    table.partitions.find((partition) => partition.type === type && partition.subtype === subtype) ?? null;
  const ota = new Map<number, Partition>();
  for (const partition of table.partitions) {
    if (isOtaApp(partition)) ota.set(partition.subtype - appSubtypes.ota0, partition);
  }
  return {
    factory: find(partitionTypes.app, appSubtypes.factory),
    test: find(partitionTypes.app, appSubtypes.test),
    ota,
    otadata: find(partitionTypes.data, dataSubtypes.ota),
  };
}

/** esp_ota_select_entry_t, 32 bytes: u32 ota_seq, 20 bytes label, u32 ota_state, u32 CRC of ota_seq. */
interface OtaEntry {
  readonly sequence: number;
  readonly state: number;
  readonly crcFits: boolean;
}

const otaStateValid = 2;
const otaStateInvalid = 3;
const otaStateAborted = 4;
const erased = 0xffffffff;

/** The CRC of this trade's second flavour (FACTS 0.10). */
function sequenceCrc(sequence: number): number {
  return crc32(u32le(sequence), erased);
}

function readOtaEntry(view: FlashView, address: number): OtaEntry {
  const entry = viewOf(view.read(address, 32));
  const sequence = entry.getUint32(0, true);
  return {
    sequence,
    state: entry.getUint32(24, true),
    crcFits: entry.getUint32(28, true) === sequenceCrc(sequence),
  };
}

/** Where the boot begins to try, and whether an OTA slot that boots is then written into otadata. */
export interface BootChoice {
  readonly slot: number;
  readonly writesSequence: boolean;
}

/**
 * Which slot otadata selects, as bootloader_utility.c does it: both entries erased or marked invalid -> factory or OTA 0; else the valid
 * one of the higher sequence; none valid -> factory, or all slots in turn.
 */
export function chooseSlot(view: FlashView, slots: BootSlots, console: IdfConsole): BootChoice {
  if (slots.otadata === null) return { slot: factorySlot, writesSequence: false };
  const { offset } = slots.otadata;
  const entries = [readOtaEntry(view, offset), readOtaEntry(view, offset + sectorSize)];
  const unusable = ({ sequence, state }: OtaEntry) =>
    sequence === erased || state === otaStateInvalid || state === otaStateAborted;
  if (entries.every(unusable) || slots.ota.size === 0) {
    if (slots.factory !== null) {
      console.info('boot', 'Defaulting to factory image');
      return { slot: factorySlot, writesSequence: false };
    }
    console.info('boot', 'No factory image, trying OTA 0');
    const initial = entries.every(({ sequence, crcFits }) => sequence === erased || !crcFits);
    return { slot: 0, writesSequence: initial };
  }
  const valid = entries.filter((entry) => !unusable(entry) && entry.crcFits);
  const [active] = valid.sort((a, b) => b.sequence - a.sequence);
  if (active !== undefined) return { slot: (active.sequence - 1) % slots.ota.size, writesSequence: false };
  if (slots.factory !== null) console.error('boot', 'ota data partition invalid, falling back to factory');
  else console.error('boot', 'ota data partition invalid and no factory, will try all partitions');
  return { slot: factorySlot, writesSequence: false };
}

/** Slots in the order in which they are tried: from the chosen one down to the factory application, then upwards. */
export function slotOrder(slots: BootSlots, chosen: number): { slot: number; partition: Partition }[] {
  const numbers: number[] = [];
  for (let slot = chosen; slot >= factorySlot; slot--) numbers.push(slot);
  for (let slot = chosen + 1; slot < 16; slot++) numbers.push(slot);
  return numbers.flatMap((slot) => {
    const partition = slot === factorySlot ? slots.factory : slots.ota.get(slot);
    return partition ? [{ slot, partition }] : [];
  });
}

/** Writes the sequence of a slot into the first entry of otadata, as a first boot without a factory application does. */
export function writeSequence(view: FlashView, otadata: Partition, slot: number): number {
  const sequence = slot + 1;
  const label = new Uint8Array(20).fill(0xff);
  view.rewriteSector(
    otadata.offset,
    concat(u32le(sequence), label, u32le(otaStateValid), u32le(sequenceCrc(sequence))),
  );
  return sequence;
}
