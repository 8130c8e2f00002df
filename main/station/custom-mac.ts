import { macDigits, macOfDigits } from '../efuse/custom-mac.ts';
import type { LedgerReader } from '../ledger/ledger.ts';
import { BoardFault, type Fault, RecipeFault } from '../model/fault.ts';
import { type ListedMac, readMacList } from '../recipe/custom-macs.ts';
import type { LoadedRecipe } from '../recipe/load.ts';

/** The one list in the ledger of all addresses that were ever given out, whatever recipe had them. */
export const givenMacs = 'custom-mac';

/** The board that an address is looked for. */
export interface MacSeeker {
  readonly mac: string;
  readonly serial: string | null;
  readonly isTouched: boolean;
}

/** An address for a board, `aa:bb:...`. */
export interface MacChoice {
  readonly mac: string;
  /** Whether it is still to be claimed in the ledger (`row-taken`). */
  readonly isNew: boolean;
}

type Questions = Pick<LedgerReader, 'rowsTaken' | 'history'>;

/**
 * The address of the product's own for this board: the one it was given before, else by the list that of its MAC or serial number, or the
 * next that no board has. Nothing is claimed here. Null where the recipe asks for none. RecipeFault `custom-mac.no-row`, `custom-mac.used-up`,
 * `custom-mac.taken`, `custom-mac.factory`.
 */
export async function chooseCustomMac(
  { recipe, files }: Pick<LoadedRecipe, 'recipe' | 'files'>,
  board: MacSeeker,
  ledger: Questions,
): Promise<MacChoice | null> {
  const wish = recipe.customMac;
  const bytes = wish === undefined ? undefined : files.get(wish.list);
  if (wish === undefined || bytes === undefined) return null;
  const { by: listedBy, rows } = readMacList(bytes, wish.column);
  const by = wish.inTurn ? null : listedBy;
  const taken = new Map((await ledger.rowsTaken(givenMacs)).map(({ row, mac }) => [row, mac]));
  const ownerOf = ({ mac }: ListedMac) => taken.get(macOfDigits(mac));
  const refuse = (code: string, what: string, next: string) =>
    new RecipeFault({ code, what, next, safety: board.isTouched ? 'resumable' : 'untouched' });

  const own = rows.findLast((row) => ownerOf(row) === board.mac);
  const mine = (row: ListedMac) => row.owner === (by === 'mac' ? macDigits(board.mac) : board.serial);
  if (own !== undefined && (by === null || mine(own))) return { mac: macOfDigits(own.mac), isNew: false };
  const row = by === null ? rows.find((candidate) => ownerOf(candidate) === undefined) : rows.find(mine);
  if (row === undefined)
    throw by === null
      ? refuse(
          'custom-mac.used-up',
          `All ${rows.length} addresses of the list ${wish.list} are given out.`,
          'Add addresses to the list. Each is given to one board for ever, also over recipes and their revisions.',
        )
      : refuse(
          'custom-mac.no-row',
          `The list ${wish.list} has no address for ${by === 'mac' ? `the MAC ${board.mac}` : `the serial number ${board.serial ?? '(none)'}`}.`,
          'Add the row to the list, or take the board out.',
        );
  const mac = macOfDigits(row.mac);
  const other = ownerOf(row);
  if (other !== undefined && other !== board.mac)
    throw refuse(
      'custom-mac.taken',
      `The address ${mac} (line ${row.line} of ${wish.list}) was given to the board ${other}.`,
      'Give this board another address: none is ever used twice.',
    );
  if (mac === board.mac || (await isKnownBoard(ledger, mac)))
    throw refuse(
      'custom-mac.factory',
      `The address ${mac} (line ${row.line} of ${wish.list}) is the factory's own MAC of ${mac === board.mac ? 'this board' : 'a board that was here'}.`,
      'Take it out of the list: two devices would answer to it.',
    );
  return { mac, isNew: other === undefined };
}

async function isKnownBoard(ledger: Questions, mac: string): Promise<boolean> {
  const { runs, sealed } = await ledger.history(mac);
  return runs.length > 0 || sealed !== null;
}

/** Why a board must stay out whose factory MAC was burned into another one; null: it may. */
export async function refuseGivenMac(mac: string, ledger: Pick<LedgerReader, 'rowsTaken'>): Promise<Fault | null> {
  const owner = (await ledger.rowsTaken(givenMacs)).find(({ row }) => row === mac)?.mac;
  if (owner === undefined) return null;
  return new BoardFault({
    code: 'admission.mac-given',
    what: `The MAC of this board, ${mac}, was given to the board ${owner} for its own.`,
    next: 'Set the board aside: two devices would answer to one address.',
    safety: 'untouched',
    details: { owner },
  });
}
