// The gate of sealed work orders: no board beyond what the owner signed, for this station, by what stands in its own book.
import { join } from 'node:path';
import { type Clock, isoTime } from '../base/clock.ts';
import { sha256Hex } from '../base/digest.ts';
import { NotPlainFile, readPlainFile } from '../base/plain-file.ts';
import type { StationConfig } from '../config/station-file.ts';
import { hashOfParts } from '../ledger/chain.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { BoardFault, type Fault, isFault, RecipeFault } from '../model/fault.ts';
import { isInRanges } from '../model/mac-range.ts';
import type { LoadedRecipe } from '../recipe/load.ts';
import { publicKeyOfFile } from '../signing/public-key-file.ts';
import { type LeaseOpening, type LeaseParts, Leases, type Places } from './leases.ts';
import { readWorkOrder, type WorkOrder } from './work-order.ts';

/** Bytes of a key file, and of an order: an order for a hundred thousand ranges of MACs. */
const largest = { key: 64 * 1024, order: 8 * 1024 * 1024 } as const;
/** As a signed order names itself; also a file's name that leads nowhere else. */
const nameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** What of a job an order speaks of. */
export interface OrderedJob {
  readonly loaded: Pick<LoadedRecipe, 'recipe' | 'ref' | 'firmware'>;
  readonly order: string | null;
  readonly operator: string | null;
}

export interface SealedOrderParts extends LeaseParts {
  readonly ledger: LeaseParts['ledger'] & Pick<Ledger, 'plainRows' | 'boardsOfOrder'>;
  readonly clock: Clock;
  /** By which the plant knows this opening of the station. */
  readonly opening: Pick<LeaseOpening, 'refusal'>;
}

/** A signed order that this station may work on with this recipe. */
export interface SealedOrder {
  readonly order: WorkOrder;
  /** Why this board is none of the order; null: it may be one. */
  refuse(mac: string): BoardFault | null;
  refuseSerial(serial: string | null): BoardFault | null;
  /** Whether there is a place for one more beside those that were begun. BoardFault `order.full`. */
  requirePlace(begun: number): Promise<void>;
}

/**
 * The sealed order of a job, held to its signature, its time, its recipe and firmware, and to this station's own book. That it is worked on is
 * a row. RecipeFault `order.not-named`, `order.bad-name`, `order.file`, `order.form`, `order.not-signed`, `order.name`, `order.expired`,
 * `order.other-recipe`, `order.firmware`, `order.serials`, `order.other-station`, `order.other-ledger`, `order.restored`, `order.changed`; where there
 * are only leases `order.no-plant`, `order.plant-stopped`, `order.plant-not-heard`.
 */
export async function sealedOrderOf(
  { loaded, order: wanted, operator }: OrderedJob,
  { folder, keys }: NonNullable<StationConfig['boards']['sealedOrders']>,
  parts: SealedOrderParts,
): Promise<SealedOrder> {
  const { clock } = parts;
  const order = signedOrderIn({ folder, keys }, wanted);
  // also where the clock is set back while the batch goes on
  const expires = Date.parse(order.expires);
  const endsAt = clock.monotonic() + expires - clock.now();
  const isExpired = () => clock.now() >= expires || clock.monotonic() >= endsAt;
  if (isExpired()) throw new RecipeFault({ code: 'order.expired', ...expiredWords(order, clock), safety: 'untouched' });
  requireProduct(order, loaded);
  const { share } = await requireStation(order, parts);
  await take(order, operator, parts);
  const own: readonly Places[] = share === null ? [] : [share];
  const places = share?.boards ?? 0;
  const leases = await Leases.of(order, parts);
  // with a share of its own it goes on while the plant is away
  const noLeases = leases === null ? null : await parts.opening.refusal();
  if (noLeases !== null && share === null) throw noLeases;
  return {
    order,
    refuse(mac) {
      if (isExpired()) return new BoardFault({ code: 'order.expired', ...expiredWords(order, clock) });
      if (order.macs === null || isInRanges(mac, order.macs)) return null;
      return new BoardFault({
        code: 'admission.unordered-chip',
        what: `The board ${mac} is in none of the ranges of MACs for which the order ${order.order} was signed.`,
        next: 'Set the board aside and find out where it comes from, or have the owner of the order sign another one.',
        details: { mac, order: order.order },
      });
    },
    refuseSerial: (serial) => refuseSerial(order, serial, [...own, ...(noLeases === null ? (leases?.open ?? []) : [])]),
    async requirePlace(begun) {
      const stopped = leases === null ? null : (noLeases ?? (await parts.opening.refusal()));
      if (stopped === null) await leases?.refresh(begun, places);
      if (begun < places) return;
      if (stopped !== null) throw withoutLease(stopped);
      const given = places + (leases?.boards ?? 0);
      if (begun < given) return;
      throw new BoardFault({
        code: 'order.full',
        what: `The order ${order.order} gives this station ${given} boards, and ${begun} have been begun for it.`,
        next:
          leases === null
            ? 'Take the board out and count what is left. More boards are another order, which its owner signs.'
            : 'Take the board out, and have the plant give a further lease (plant lease).',
        details: { order: order.order, boards: begun },
      });
    },
  };
}

/** A board that had to have a lease. */
function withoutLease({ code, what, next }: Fault): BoardFault {
  return new BoardFault({ code, what, next });
}

/**
 * The file of a signed order, by a key of the station file. RecipeFault `order.not-named`, `order.bad-name`, `order.file`, `order.form`,
 * `order.not-signed`, `order.name`.
 */
export function signedOrderIn(
  { folder, keys }: NonNullable<StationConfig['boards']['sealedOrders']>,
  wanted: string | null,
): WorkOrder {
  const file = fileOf(folder, wanted);
  const trusted = keys.map((key) => publicKeyOfFile(bytesOf(key, largest.key), key));
  const order = readWorkOrder(bytesOf(file, largest.order), trusted, file);
  if (order.order !== wanted)
    throw refusal('order.name', `${file} is the order ${order.order}.`, 'Give the file the name of its order.');
  return order;
}

function fileOf(folder: string, wanted: string | null): string {
  if (wanted === null || wanted === '')
    throw refusal(
      'order.not-named',
      'This station works for signed orders, and no order was named.',
      'Name one (in the terminal: --order NAME).',
    );
  if (!nameForm.test(wanted))
    throw refusal(
      'order.bad-name',
      `${JSON.stringify(wanted)} is no name of a signed order.`,
      'Name it as its owner did: letters, digits, dot, dash and underscore.',
    );
  return join(folder, `${wanted}.order`);
}

function bytesOf(file: string, most: number): Uint8Array {
  try {
    return readPlainFile(file, most);
  } catch (cause) {
    if (isFault(cause)) throw cause;
    const why = cause instanceof NotPlainFile ? cause.message : cause instanceof Error ? cause.message : String(cause);
    throw refusal('order.file', `${file} cannot be read: ${why}.`, 'Put it where the station file says.', cause);
  }
}

/** The recipe, its build and its chip are those that were signed. */
function requireProduct(order: WorkOrder, { recipe, ref, firmware }: OrderedJob['loaded']): void {
  const { recipe: signed, order: name } = order;
  if (ref.hash !== signed.hash || recipe.chip !== order.chip)
    throw refusal(
      'order.other-recipe',
      `The order ${name} was signed for ${signed.name} revision ${signed.revision} (${signed.hash.slice(0, 16)}), and this is ${ref.name} revision ${ref.revision} (${ref.hash.slice(0, 16)}): a recipe, a build or a waiver is another one.`,
      'Take the recipe and the build for which it was signed, unchanged and without other waivers.',
    );
  const of = (parts: readonly { readonly part: string; readonly sha256: string }[]) =>
    parts
      .map(({ part, sha256 }) => `${part} ${sha256}`)
      .sort()
      .join();
  const built = firmware.parts.map(({ name: part, data }) => ({ part, sha256: sha256Hex(data) }));
  if (of(built) !== of(order.firmware))
    throw refusal(
      'order.firmware',
      `The order ${name} was signed for other firmware than that of this build.`,
      'Take the build for which it was signed.',
    );
  if (order.serials !== null && recipe.serial.from !== 'scan')
    throw refusal(
      'order.serials',
      `The order ${name} says which serial numbers there are, and the recipe ${recipe.name} makes its own.`,
      'Take a recipe whose serial.from is scan, or have the order signed without serial numbers.',
    );
}

/** This station and this very book are in the order. Gives its entry. */
async function requireStation(order: WorkOrder, { name, ledger }: SealedOrderParts) {
  const entry = order.stations.find(({ station }) => station === name);
  if (entry === undefined)
    throw refusal(
      'order.other-station',
      `The order ${order.order} was signed for ${order.stations.map(({ station }) => station).join(', ')}, not for ${name}.`,
      'Work on it there, or have its owner sign one for this station.',
    );
  const [there] = entry.ledger === ledger.opening.ledger ? await ledger.plainRows(entry.row - 1, 1) : [];
  if (there?.row !== entry.row || hashOfParts(there, there.body) !== entry.hash)
    throw refusal(
      'order.other-ledger',
      `The order ${order.order} was signed for a ledger of ${name} with another row ${entry.row} than this one has, or none: this is another ledger, or an older copy.`,
      "Put the station's own newest ledger back. Where it is lost, have the owner sign an order for what is left of this one (order ask).",
    );
  const [restored] = await ledger.acts({ what: 'ledger-restored', limit: 1 });
  if (restored !== undefined && restored.row > entry.row)
    throw refusal(
      'order.restored',
      `A backup was put in the place of this ledger (row ${restored.row}) after the order ${order.order} was signed: boards that were made in the rows that are gone would not be counted.`,
      'Count what was made for it, and have its owner sign an order for what is left (order ask).',
    );
  return entry;
}

/** Says in the book that the order is worked on. One name is one file, for ever. */
async function take(order: WorkOrder, operator: string | null, { ledger }: SealedOrderParts): Promise<void> {
  const [before] = await ledger.acts({ what: 'order-taken', about: order.order, limit: 1 });
  if (before !== undefined && before.detail.digest !== order.digest)
    throw refusal(
      'order.changed',
      `This station works on another file of the order ${order.order} already (${String(before.detail.digest).slice(0, 16)}, since row ${before.row}).`,
      'Go on with that file. More boards, or more time, are another order with a name of its own.',
    );
  if (before !== undefined) return;
  const { digest, by, boards, issued, expires, recipe } = order;
  await ledger.noteAct({
    what: 'order-taken',
    by: operator === null ? [] : [operator],
    about: order.order,
    detail: { digest, signedBy: by, boards, issued, expires, recipe: recipe.hash },
  });
}

function refuseSerial(
  { serials, order }: WorkOrder,
  serial: string | null,
  here: readonly Places[],
): BoardFault | null {
  if (serials === null) return null;
  const { before, first, digits } = serials;
  const number = serial?.startsWith(before) ? serial.slice(before.length) : '';
  const place = number.length === digits && /^\d+$/.test(number) ? Number(number) - first + 1 : 0;
  if (here.some((places) => place >= places.first && place < places.first + places.boards)) return null;
  return new BoardFault({
    code: 'order.serial',
    what: `The serial number ${JSON.stringify(serial)} is none of those that this station has for the order ${order}.`,
    next: 'Scan the right label; each station has numbers of its own.',
    details: { order, serial },
  });
}

function expiredWords({ order, expires }: WorkOrder, clock: Clock) {
  return {
    what: `The order ${order} was good until ${expires}; the clock says ${isoTime(clock.now())}.`,
    next: 'Have its owner sign another one for what is left.',
  };
}

function refusal(code: string, what: string, next: string, cause?: unknown): RecipeFault {
  return new RecipeFault({ code, what, next, safety: 'untouched', cause });
}
