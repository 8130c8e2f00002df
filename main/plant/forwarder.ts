import { type Clock, inTime, isoTime, unlessAborted } from '../base/clock.ts';
import type { RandomSource } from '../base/random.ts';
import { type ChainHead, chainStart, type PlainRow } from '../ledger/chain.ts';
import type { LedgerReader } from '../ledger/ledger.ts';
import { type Fault, faultOf, LedgerFault } from '../model/fault.ts';
import { atStart, type Conflict, type PlantStanding } from '../model/plant.ts';
import { conflictWords } from './administer.ts';
import { openSql, type PlantDoor, plantFault, type Sql, silentPlant } from './connect.ts';
import { hashThere, leasesThere, newestThere, report, send, tellFork, whoAmI } from './outbox.ts';
import { cosignaturesThere } from './witness.ts';

export interface ForwarderLimits {
  /** For one question to the plant. */
  readonly deadlineMs: number;
  /** Between two looks at the own book while the plant has every row. */
  readonly restMs: number;
  /** Between two reports while there is nothing to send. */
  readonly reportMs: number;
  /** First and longest wait before another try. */
  readonly retryMs: readonly [first: number, longest: number];
  /** So long a plant may be away before that is an alarm. */
  readonly awayMs: number;
  /** Most rows, and characters of their bodies, in one transaction. */
  readonly batch: { readonly rows: number; readonly characters: number };
}

export const usualLimits: ForwarderLimits = {
  ...{ deadlineMs: 30_000, restMs: 1000, reportMs: 5000, retryMs: [500, 30_000], awayMs: 10 * 60_000 },
  batch: { rows: 500, characters: 4_000_000 },
};

export interface ForwarderParts {
  readonly ledger: Pick<LedgerReader, 'head' | 'plainRows'>;
  readonly station: string;
  /** Read anew before each connection: a new password counts without a restart. */
  readonly door: () => PlantDoor;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly limits: ForwarderLimits;
  /** Hears every change of the standing. */
  readonly tell: (standing: PlantStanding) => void;
  /** Hears the files of the leases that the plant has for the station, when they change; left out: nobody does. */
  readonly tellLeases?: (leases: readonly Uint8Array[]) => void;
  /** Hears what each witness said last of the station's heads, when that changes; left out: nobody does. */
  readonly tellCosignatures?: (notes: readonly string[]) => void;
}

/** These are a person's to mend, and are told at once; a network may come back by itself. */
const mayPass: readonly string[] = ['plant.away', 'plant.silent'];
/** After these nothing is sent any more. */
const stops: readonly string[] = ['plant.forked', 'plant.older-copy', 'plant.refused', 'plant.other-station'];

/** Tells what is another thing than the last time, by a text of it; nothing at first is nothing new. */
function onceChanged(): (now: string, tell: () => void) => void {
  let before = '';
  return (now, tell) => {
    if (now === before) return;
    before = now;
    tell();
  };
}

/**
 * Sends the rows of a station's book to its plant, in order. The book is the outbox and the plant itself says how far it is: nothing else is
 * remembered, so that rows are sent at least once, and the plant's keys take each exactly once.
 */
export class Forwarder {
  readonly #parts: ForwarderParts;
  #standing = atStart;
  #conflicts: readonly Conflict[] = [];
  readonly #leases = onceChanged();
  readonly #cosignatures = onceChanged();
  /** Of the monotonic clock: since when nothing was heard. */
  #heard: number;
  #heardAt: string | null = null;

  constructor(parts: ForwarderParts) {
    this.#parts = parts;
    this.#heard = parts.clock.monotonic();
  }

  get standing(): PlantStanding {
    return this.#standing;
  }

  /** Sends until the signal is aborted, or nothing may be sent any more. `untilLevel`: or until the plant has every row. Never rejects. */
  async run(signal: AbortSignal, { untilLevel = false } = {}): Promise<void> {
    const { clock, random, limits } = this.#parts;
    for (let tries = 0; !signal.aborted; tries++) {
      const before = this.#heard;
      try {
        return await this.#session(signal, untilLevel);
      } catch (error) {
        if (signal.aborted) return;
        const fault = faultOf(error);
        if (stops.includes(fault.code)) return this.#say({ state: 'stopped', faults: [fault.toJSON()] });
        if (this.#heard > before) tries = 0;
        this.#sayAway(fault);
      }
      const [first, longest] = limits.retryMs;
      const jitter = 0.5 + (random(1)[0] ?? 0) / 256;
      await clock.sleep(Math.min(longest, first * 2 ** Math.min(tries, 16)) * jitter, signal).catch(() => undefined);
    }
  }

  #sayAway(fault: Fault): void {
    const { clock, limits } = this.#parts;
    const isAlarm = !mayPass.includes(fault.code) || clock.monotonic() - this.#heard > limits.awayMs;
    const faults = [...(isAlarm ? [fault.toJSON()] : []), ...this.#conflictFaults()];
    this.#say({ state: 'away', reason: fault.what, faults });
  }

  /** One connection, from the first question until it breaks. */
  async #session(signal: AbortSignal, untilLevel: boolean): Promise<void> {
    const { ledger, station, clock, limits } = this.#parts;
    const door = this.#parts.door();
    const sql = openSql(door);
    const ask = async <Value>(work: Promise<Value>): Promise<Value> => {
      try {
        const value = await unlessAborted(
          inTime(clock, limits.deadlineMs, work, () => silentPlant(door)),
          signal,
        );
        this.#heard = clock.monotonic();
        this.#heardAt = isoTime(clock.now());
        return value;
      } catch (error) {
        throw signal.aborted ? signal.reason : plantFault(error, door);
      }
    };
    try {
      const me = await ask(whoAmI(sql));
      if (me !== station) throw otherStation(station, me);
      let at = await this.#agreed(sql, ask);
      for (let reported = Number.NEGATIVE_INFINITY; ; ) {
        const rows = await unlessAborted(this.#batchBehind(at), signal);
        if (rows.length > 0) {
          const newest = Math.max(this.#standing.newest, rows.at(-1)!.row);
          this.#say({ state: 'sending', newest });
          const answer = await ask(send(sql, station, rows, newest));
          if (answer === 'taken') at = { row: rows.at(-1)!.row, hash: rows.at(-1)!.hash };
          else {
            const now = await ask(this.#agreed(sql, ask));
            if (answer === 'refused' || now.row === at.row) throw refusedRows(rows, at);
            at = now;
          }
          this.#sayHeard({ sent: at.row, newest: Math.max(newest, at.row) });
        }
        if (clock.monotonic() - reported > limits.reportMs) {
          const { row: newest } = await ledger.head();
          this.#conflicts = await ask(report(sql, newest));
          await this.#hear(sql, ask);
          reported = clock.monotonic();
          this.#sayHeard({ newest, sent: at.row, faults: this.#conflictFaults(), conflicts: this.#conflicts.length });
        }
        if (rows.length > 0) continue;
        this.#sayHeard({ state: 'level', newest: at.row, sent: at.row });
        if (untilLevel) return;
        await clock.sleep(limits.restMs, signal);
      }
    } finally {
      sql.end();
    }
  }

  /** What the plant has for the station, told when it is other than before. */
  async #hear(sql: Sql, ask: <Value>(work: Promise<Value>) => Promise<Value>): Promise<void> {
    const { tellLeases, tellCosignatures, station } = this.#parts;
    if (tellLeases !== undefined) {
      const leases = await ask(leasesThere(sql, station));
      this.#leases(leases.map(({ digest }) => digest).join(), () => tellLeases(leases.map(({ file }) => file)));
    }
    if (tellCosignatures !== undefined) {
      const notes = await ask(cosignaturesThere(sql, station));
      this.#cosignatures(notes.join('\n'), () => tellCosignatures(notes));
    }
  }

  /** Rows behind `at`, as many as one transaction may have. */
  async #batchBehind(at: ChainHead): Promise<readonly PlainRow[]> {
    const { ledger, limits } = this.#parts;
    const rows = await ledger.plainRows(at.row, limits.batch.rows);
    let characters = 0;
    const end = rows.findIndex(({ body }) => {
      characters += body.length;
      return characters > limits.batch.characters;
    });
    return end < 0 ? rows : rows.slice(0, Math.max(1, end));
  }

  /** The plant's newest row, held against the own book; the start where it has none. LedgerFault `plant.forked`, `plant.older-copy`. */
  async #agreed(sql: Sql, ask: <Value>(work: Promise<Value>) => Promise<Value>): Promise<ChainHead> {
    const { ledger, station } = this.#parts;
    const there = await ask(newestThere(sql, station));
    const head = await ledger.head();
    this.#sayHeard({ newest: head.row, sent: there?.row ?? 0 });
    if (there === null) return { row: 0, hash: chainStart };
    if (there.row > head.row) {
      const same = head.row === 0 || (await ask(hashThere(sql, station, head.row))) === head.hash;
      await ask(tellFork(sql, head.row + 1, same ? '' : head.hash));
      throw same ? olderCopy(station, head, there) : forked(station, head.row);
    }
    const [own] = await ledger.plainRows(there.row - 1, 1);
    if (own?.hash === there.hash) return there;
    await ask(tellFork(sql, there.row, own?.hash ?? ''));
    throw forked(station, there.row);
  }

  #conflictFaults() {
    const [first, ...more] = this.#conflicts;
    if (first === undefined) return [];
    const others = more.length === 0 ? '' : `, and ${more.length} more`;
    return [
      new LedgerFault({
        code: 'plant.conflict',
        what: `The plant has a conflict with this station: ${conflictWords(first)}${others}.`,
        next: 'Keep the boards of both rows back until it is known which is right; then settle it (plant settle).',
        details: { conflicts: this.#conflicts.length },
      }).toJSON(),
    ];
  }

  #sayHeard(change: Partial<PlantStanding>): void {
    const { state } = this.#standing;
    const now = state === 'starting' || state === 'away' ? 'sending' : state;
    const faults = this.#conflictFaults();
    this.#say({ state: now, reason: null, faults, heardAt: this.#heardAt, ...change });
  }

  #say(change: Partial<PlantStanding>): void {
    this.#standing = { ...this.#standing, ...change };
    this.#parts.tell(this.#standing);
  }
}

function otherStation(station: string, me: string | null): LedgerFault {
  return new LedgerFault({
    code: 'plant.other-station',
    what: `The plant knows this station's role as ${me === null ? 'that of no station' : `that of '${me}'`}, not of '${station}'.`,
    next: 'Enroll this station, and name the file with its own password. Nothing was sent.',
  });
}

function forked(station: string, row: number): LedgerFault {
  return new LedgerFault({
    code: 'plant.forked',
    what: `The plant has another row ${row} of '${station}' than this ledger: one of them was restored, copied or written anew, or two stations have this name.`,
    next: 'Keep both as they are and find out which is right (audit verify, plant verify). Nothing more is sent to the plant until then; boards are made and booked as before.',
    details: { row },
  });
}

function olderCopy(station: string, head: ChainHead, there: ChainHead): LedgerFault {
  return new LedgerFault({
    code: 'plant.older-copy',
    what: `This ledger ends at row ${head.row}, and the plant has rows of '${station}' up to ${there.row}: it is an older copy, or its end was cut off.`,
    next: 'Put the newest ledger back. Boards that were made in the missing rows are known to the plant alone: hold boards against it before they are worked on.',
    details: { row: head.row, there: there.row },
  });
}

function refusedRows(rows: readonly PlainRow[], at: ChainHead): LedgerFault {
  return new LedgerFault({
    code: 'plant.refused',
    what: `The plant does not take rows ${rows[0]?.row} to ${rows.at(-1)?.row} of this ledger behind its row ${at.row}: one does not give its hash or does not follow.`,
    next: 'Check the ledger (audit verify). Nothing more is sent to the plant until then.',
    details: { from: rows[0]?.row ?? 0, to: rows.at(-1)?.row ?? 0 },
  });
}
