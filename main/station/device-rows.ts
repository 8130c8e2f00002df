import type { Ledger } from '../ledger/ledger.ts';
import type { RunEvent } from '../model/event.ts';
import { isFault, RecipeFault } from '../model/fault.ts';
import type { StoredPartition } from '../model/storage.ts';
import { type DeviceList, type DeviceRow, nameOfRow, readDeviceList, rowOfDevice } from '../recipe/device-list.ts';
import type { LoadedRecipe } from '../recipe/load.ts';

/** The board that rows are looked for. */
export interface RowSeeker {
  readonly mac: string;
  readonly serial: string | null;
  /** Whether an earlier run burned something into it. */
  readonly isTouched: boolean;
  /** Appends to the ledger under the board's run. */
  say(event: RunEvent): Promise<void>;
}

/**
 * The row of this board in the list of each stored partition: that of its MAC or serial number, or in a list by id the one it was given
 * before, else the next that no board has. Such a row is claimed in the ledger, so that it is given once, by any run of any station with
 * this ledger. RecipeFault `storage.no-row`, `storage.rows-used`.
 */
export async function rowsForBoard(
  loaded: Pick<LoadedRecipe, 'recipe' | 'files'>,
  board: RowSeeker,
  ledger: Ledger,
): Promise<Map<string, DeviceRow>> {
  const rows = new Map<string, DeviceRow>();
  for (const stored of loaded.recipe.storage ?? []) {
    const bytes = stored.devices === null ? undefined : loaded.files.get(stored.devices);
    const list = bytes === undefined ? null : readDeviceList(bytes).list;
    if (list === null) continue;
    const inTurn = list.by === 'id' || stored.inTurn === true;
    const row = inTurn ? await takeRow(loaded, stored, list, board, ledger) : rowOfDevice(list, board);
    if (row === null) throw noRow(stored, list, board);
    rows.set(stored.partition, row);
  }
  return rows;
}

async function takeRow(
  { recipe }: Pick<LoadedRecipe, 'recipe'>,
  stored: StoredPartition,
  list: DeviceList,
  board: RowSeeker,
  ledger: Ledger,
): Promise<DeviceRow> {
  // By the recipe's name: a list that grows, and that of the next revision, go on where the last one ended.
  const name = `${recipe.name}/${stored.partition}`;
  const taken = new Map((await ledger.rowsTaken(name)).map(({ row, mac }) => [row, mac]));
  const own = list.rows.find((row) => taken.get(nameOfRow(list, row)) === board.mac);
  if (own !== undefined) return own;
  for (const row of list.rows) {
    if (taken.has(nameOfRow(list, row))) continue;
    try {
      await board.say({ type: 'row-taken', list: name, row: nameOfRow(list, row) });
      return row;
    } catch (error) {
      // another fixture was quicker
      if (!isFault(error, 'ledger.duplicate')) throw error;
    }
  }
  throw new RecipeFault({
    code: 'storage.rows-used',
    what: `All ${list.rows.length} rows of the list ${stored.devices} are taken by other boards.`,
    next: 'Add rows with new ids to the list. A row is given to one board for ever, also over revisions of the recipe.',
    safety: board.isTouched ? 'resumable' : 'untouched',
  });
}

function noRow(stored: StoredPartition, list: DeviceList, { mac, serial, isTouched }: RowSeeker): RecipeFault {
  return new RecipeFault({
    code: 'storage.no-row',
    what: `The list ${stored.devices} has no row for ${list.by === 'mac' ? `the MAC ${mac}` : `the serial number ${serial ?? '(none)'}`}.`,
    next: 'Add the row to the list, or take the board out.',
    safety: isTouched ? 'resumable' : 'untouched',
  });
}
