// Leases of a signed order (docs/work-orders.md): places that a plant gives to one station for a while. Each is held to the signature of who
// may give it, so that the plant's database is a letter box and is not believed.
import { fromHex, toHex } from '../base/bytes.ts';
import { type Clock, isoTime } from '../base/clock.ts';
import type { RandomSource } from '../base/random.ts';
import type { Ledger, StationAct } from '../ledger/ledger.ts';
import { type Fault, isFault, RecipeFault } from '../model/fault.ts';
import type { PlantOfStation } from '../model/plant.ts';
import { type Lease, readLease, type WorkOrder } from './work-order.ts';

/** Places of an order: from one on, so many. */
export interface Places {
  readonly first: number;
  readonly boards: number;
}

export interface LeaseParts {
  readonly name: string;
  readonly ledger: Pick<Ledger, 'opening' | 'acts' | 'noteAct' | 'head' | 'claimedBy'>;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly plant?: PlantOfStation;
}

/** So long the plant has to take the row by which this opening of the station is known, ms. */
const confirmMs = 20_000;
/** More rows of leases than one order has at one station. */
const mostRows = 100_000;

/**
 * The one opening of a station that uses its leases: the plant has taken a row of it that no copy of the folder has. Two copies go on from the
 * same row, and the plant takes one of them.
 */
export class LeaseOpening {
  readonly #parts: LeaseParts;
  #row: Promise<number> | null = null;

  constructor(parts: LeaseParts) {
    this.#parts = parts;
  }

  /** Null: the plant knows this opening, now or since before. Else why leases cannot be used. */
  async refusal(): Promise<Fault | null> {
    const { plant, clock } = this.#parts;
    if (plant === undefined)
      return refusal(
        'order.no-plant',
        'The order is given out by leases, and the station file names no plant.',
        "Write 'plant' into it (docs/plant.md).",
      );
    this.#row ??= this.#open();
    const row = await this.#row.catch((error: unknown) => {
      this.#row = null;
      throw error;
    });
    for (const began = clock.monotonic(); ; await clock.sleep(20)) {
      const { state, sent, faults } = plant.standing;
      if (state === 'stopped')
        return refusal(
          'order.plant-stopped',
          `Leases of the plant are not used: ${faults[0]?.what ?? 'nothing is sent to it any more'}`,
          'See to that first; nobody knows how many boards another copy of this ledger has made.',
        );
      if (sent !== null && sent >= row) return null;
      if (clock.monotonic() - began > confirmMs)
        return refusal(
          'order.plant-not-heard',
          'Leases are used once the plant has heard of this start of the station, and it has not answered.',
          'Look at the network. Once it has answered, boards are made whether it is there or not.',
        );
    }
  }

  /** A row that no other opening writes. */
  async #open(): Promise<number> {
    const { ledger, random } = this.#parts;
    await ledger.noteAct({ what: 'leases-opened', by: [], about: null, detail: { opening: toHex(random(16)) } });
    return (await ledger.head()).row;
  }
}

/** Leases of one order at this station, by the rows of its own ledger. */
export class Leases {
  readonly #order: WorkOrder;
  readonly #parts: LeaseParts;
  readonly #taken = new Map<string, Lease>();
  /** Places of a lease that were given back; one that is here is used no more. */
  readonly #returned = new Map<string, number>();
  /** Files that are no lease of this order here. */
  readonly #others = new Set<string>();

  private constructor(order: WorkOrder, parts: LeaseParts) {
    this.#order = order;
    this.#parts = parts;
  }

  /** Null: nobody gives leases of this order. */
  static async of(order: WorkOrder, parts: LeaseParts): Promise<Leases | null> {
    if (order.leases === null) return null;
    const leases = new Leases(order, parts);
    const rows = (what: StationAct['what']) => parts.ledger.acts({ what, about: order.order, limit: mostRows });
    for (const { detail } of [...(await rows('lease-taken'))].reverse())
      leases.#take(Buffer.from(String(detail.file), 'base64'));
    for (const { detail } of await rows('lease-returned'))
      leases.#returned.set(String(detail.lease), countOf(detail.unused));
    return leases;
  }

  /** Those that boards may be made in now. */
  get open(): readonly Lease[] {
    const now = this.#parts.clock.now();
    return [...this.#taken.values()].filter(
      ({ digest, expires }) => !this.#returned.has(digest) && Date.parse(expires) > now,
    );
  }

  /** Boards that its leases stand for: of those that were given back, what was used. */
  get boards(): number {
    return [...this.#taken.values()].reduce(
      (sum, { digest, boards }) => sum + boards - (this.#returned.get(digest) ?? 0),
      0,
    );
  }

  /** Takes what the plant has for this station, and gives back what has run out. `begun`: boards of the order; `share`: places without a lease. */
  async refresh(begun: number, share: number): Promise<void> {
    for (const file of this.#parts.plant?.leases ?? []) {
      const key = Buffer.from(file).toString('base64');
      if (this.#others.has(key)) continue;
      const lease = this.#take(file);
      if (lease === null) this.#others.add(key);
      else if (lease !== 'known') await this.#book(lease, key);
    }
    for (const lease of this.#taken.values())
      if (!this.#returned.has(lease.digest) && !this.open.includes(lease)) await this.#giveBack(lease, begun, share);
  }

  /** Gives back every place that no board has. Gives how many. */
  async giveBackAll(begun: number, share: number): Promise<number> {
    const before = this.boards;
    for (const lease of this.#taken.values())
      if (!this.#returned.has(lease.digest)) await this.#giveBack(lease, begun, share);
    return before - this.boards;
  }

  /** One of this order, station and ledger, by the key that the order names; null: none. */
  #take(file: Uint8Array): Lease | 'known' | null {
    const { name, ledger } = this.#parts;
    try {
      const lease = readLease(file, fromHex(this.#order.leases!), 'lease');
      const isOurs =
        lease.order === this.#order.digest && lease.station === name && lease.ledger === ledger.opening.ledger;
      const { boards, stations } = this.#order;
      const isFree = stations.every(
        ({ share }) => share === null || share.first > lastOf(lease) || lease.first > lastOf(share),
      );
      if (!isOurs || !isFree || lastOf(lease) > boards) return null;
      if (this.#taken.has(lease.digest)) return 'known';
      this.#taken.set(lease.digest, lease);
      return lease;
    } catch (error) {
      if (isFault(error)) return null;
      throw error;
    }
  }

  async #book(lease: Lease, file: string): Promise<void> {
    const { digest, first, boards, issued, expires } = lease;
    try {
      await this.#parts.ledger.noteAct({
        what: 'lease-taken',
        by: [],
        about: this.#order.order,
        detail: { lease: digest, order: this.#order.digest, first, boards, issued, expires, file },
      });
    } catch (error) {
      // what is not in the book is not taken
      this.#taken.delete(digest);
      throw error;
    }
  }

  async #giveBack(lease: Lease, begun: number, share: number): Promise<void> {
    const unused = await this.#unusedOf(lease, begun, share);
    await this.#parts.ledger.noteAct({
      what: 'lease-returned',
      by: [],
      about: this.#order.order,
      detail: {
        lease: lease.digest,
        order: this.#order.digest,
        unused: unused.map(rangeText),
        at: isoTime(this.#parts.clock.now()),
      },
    });
    this.#returned.set(
      lease.digest,
      unused.reduce((sum, { boards }) => sum + boards, 0),
    );
  }

  /** Places that no board has: by their serial numbers where they have some, else the last ones. */
  async #unusedOf({ first, boards }: Lease, begun: number, share: number): Promise<Places[]> {
    const { serials } = this.#order;
    if (serials === null) {
      const free = Math.min(boards, Math.max(0, share + this.boards - begun));
      return free === 0 ? [] : [{ first: first + boards - free, boards: free }];
    }
    const unused: { first: number; boards: number }[] = [];
    for (let place = first; place < first + boards; place++) {
      if ((await this.#parts.ledger.claimedBy('serial', serialOf(serials, place))) !== null) continue;
      const last = unused.at(-1);
      if (last !== undefined && last.first + last.boards === place) last.boards++;
      else unused.push({ first: place, boards: 1 });
    }
    return unused;
  }
}

/** The serial number of a place. */
export function serialOf({ before, first, digits }: NonNullable<WorkOrder['serials']>, place: number): string {
  return before + `${first + place - 1}`.padStart(digits, '0');
}

const lastOf = ({ first, boards }: Places) => first + boards - 1;

/** `5-9`. */
const rangeText = (places: Places) => `${places.first}-${lastOf(places)}`;

/** Places in a row's list of ranges. */
function countOf(unused: unknown): number {
  const ranges = Array.isArray(unused) ? unused : [];
  return ranges.reduce((sum: number, range) => {
    const [first, last] = String(range).split('-').map(Number);
    return sum + (last ?? 0) - (first ?? 0) + 1;
  }, 0);
}

function refusal(code: string, what: string, next: string): RecipeFault {
  return new RecipeFault({ code, what, next, safety: 'untouched' });
}
