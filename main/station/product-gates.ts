import type { Board } from '../chip/board.ts';
import type { EfuseSnapshot } from '../efuse/types.ts';
import type { DeviceHistory, LedgerReader } from '../ledger/ledger.ts';
import type { BoardSafety, Fault } from '../model/fault.ts';
import type { LoadedRecipe } from '../recipe/load.ts';
import type { Port } from '../transport/port.ts';
import { refuseBoard, refuseOwnPort } from './admission.ts';
import { refuseBuild } from './build-admission.ts';
import type { BurnHistory } from './burn-history.ts';
import { refuseOtherRecipe } from './condemning.ts';
import { refuseGivenMac } from './custom-mac.ts';
import { refuseFlash } from './flash-admission.ts';

/** A board whose fuses were read. */
export interface BoardRead {
  readonly board: Pick<Board, 'detectFlashSize'>;
  readonly identity: Board['identity'] & { readonly mac: string; readonly revision: number };
  readonly snapshot: EfuseSnapshot;
}

/** What of the fixture decides: whether its port can reset the board, and whose USB it is, where that was not asked before. */
export interface Reach {
  readonly canReset: boolean;
  readonly usb?: Port['usb'];
}

/**
 * Whether port, fuses and flash of a board whose chip fits (`refuseBoard`) forbid this product, whoever asks: a run, a preview or the recovery
 * bay. Null: nothing does. Asks the flash for its size; nothing is burned or written.
 */
export async function refuseSilicon(
  loaded: LoadedRecipe,
  { board, identity, snapshot }: BoardRead,
  { canReset, usb = null }: Reach,
  safety: BoardSafety = 'untouched',
): Promise<Fault | null> {
  const romOnly = loaded.recipe.flash.stub === 'never' || !canReset;
  return (
    refuseOwnPort(loaded.recipe, usb) ??
    refuseBuild(loaded, identity, snapshot, safety) ??
    refuseFlash(loaded, await board.detectFlashSize(), { romOnly, safety })
  );
}

/** What the ledger knows of that board. */
export interface OnBook {
  readonly history: DeviceHistory;
  readonly past: BurnHistory;
  readonly ledger: Pick<LedgerReader, 'rowsTaken'>;
}

/**
 * Every gate between a board that was read and this product, ledger and board together, but for the orders of a batch and the plan itself.
 * `allowed` is asked behind the ledger's own. Null: it may become it, or go on.
 */
export async function refuseProduct(
  loaded: LoadedRecipe,
  read: BoardRead,
  { history, past, ledger }: OnBook,
  reach: Reach,
  allowed: (mac: string) => Fault | null = () => null,
): Promise<Fault | null> {
  const { identity, snapshot } = read;
  return (
    refuseBoard(loaded.recipe, identity, history) ??
    refuseOtherRecipe(loaded.ref, history, past, snapshot) ??
    allowed(identity.mac) ??
    (await refuseSilicon(loaded, read, reach, past.run === null ? 'untouched' : 'resumable')) ??
    (await refuseGivenMac(identity.mac, ledger))
  );
}
