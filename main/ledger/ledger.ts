import type { Affected, Component } from '../model/component.ts';
import type { EscrowedSecret, KeyRole, RunEvent, StepEvent, StoredEvent, WrappedKey } from '../model/event.ts';
import type { FaultRecord } from '../model/fault.ts';
import type { Outcome } from '../model/outcome.ts';
import type { BatchRecord, RunRecord, SealedRecord } from '../model/record.ts';
import type { RecipeRef } from '../model/refs.ts';
import type { ChainHead, ChainRow, PlainRow } from './chain.ts';
import type { Head } from './checkpoint.ts';
import type { Cosignature } from './cosignature.ts';
import type { EscrowRelease, RecipeStateNote, SessionNote, StationAct } from './entry.ts';

/** What the ledger knows of a MAC before a run starts. */
export interface DeviceHistory {
  readonly mac: string;
  readonly sealed: SealedRecord | null;
  /** Earlier runs, oldest first, with their stored events. */
  readonly runs: readonly { readonly run: RunRecord; readonly events: readonly StoredEvent[] }[];
  /** Wrapped keys that are not yet destroyed, newest first. */
  readonly openKeys: readonly OpenKey[];
  /** Set when the board was condemned: it cannot become a product any more. The first reason, and when that was. */
  readonly condemned: Condemnation | null;
  /** Two people gave it free for any recipe, and no run has burned anything since; left out (or null): nobody did. */
  readonly released?: Release | null;
}

export interface Condemnation {
  readonly at: string;
  readonly run: string | null;
  readonly reason: string;
  /** The people who said so; left out where a run found it. */
  readonly by?: readonly string[];
}

/** That what was begun of a board is ended, at the word of two people. */
export interface Release {
  readonly at: string;
  readonly by: readonly string[];
  readonly reason: string;
  /** The board's latest run before it; null: none. */
  readonly after: string | null;
}

/** Why, and at whose word: `the antenna is torn off (q1 and e2)`. */
export function reasonWords({ reason, by }: Condemnation | Release): string {
  return by === undefined ? reason : `${reason} (${by.join(' and ')})`;
}

export interface OpenKey {
  readonly run: string;
  readonly role: KeyRole;
  readonly fingerprint: string;
  readonly wrapped: WrappedKey;
}

/** A secret of a device that was put away, in its wrapped form. */
export interface Escrow {
  readonly mac: string;
  readonly serial: string | null;
  readonly run: string;
  readonly at: string;
  readonly what: EscrowedSecret;
  /** Null for a secret too short for one. */
  readonly fingerprint: string | null;
  readonly wrapped: WrappedKey;
}

export interface DeviceQuery {
  /**
   * Free text: MAC (with or without colons), serial, batch or its order, recipe, certificate serial, operator; prefix match, ASCII case ignored.
   * Behind those, from three characters on: the end of a MAC, a part of a serial number, fixture or fault code of one of the latest runs.
   * A text that fits more than 5,000 devices by MAC, serial or certificate serial shows of these the most recent and the first by value.
   */
  readonly text?: string;
  /**
   * Of recipes that something published concerns, by what is bound in them; `text` is not asked for then. A text `component:NAME@VERSIONS` is such
   * a question. Each sealed device is told by its own row, which has to give its hash. One that is not sealed has no revision of its chip, and fits any.
   */
  readonly affects?: readonly Affected[];
  readonly batch?: string;
  /** An outcome of the device's latest run; 'sealed'; or 'open': begun, neither sealed nor condemned. */
  readonly outcome?: Outcome | 'sealed' | 'open';
  /** ISO dates or times, inclusive, of the device's latest run (a date alone as `to` includes that whole day). */
  readonly from?: string;
  readonly to?: string;
  /** 100 unless told, 1,000 at most. */
  readonly limit?: number;
  readonly offset?: number;
}

export interface DeviceRow {
  readonly mac: string;
  readonly serial: string | null;
  readonly chip: string | null;
  readonly recipe: RecipeRef;
  readonly batch: string | null;
  readonly outcome: Outcome | null;
  readonly sealedAt: string | null;
  readonly lastRun: string;
  readonly lastAt: string;
  readonly attempts: number;
  readonly condemned: boolean;
}

/** Recipes whose boards something published concerns, the most boards first. */
export interface AffectedRecipes {
  readonly recipes: readonly {
    readonly recipe: RecipeRef;
    /** Unclear: the version that its SBOM or its boards tell cannot be compared. */
    readonly fit: 'fits' | 'unclear';
    /** Boards that were begun by it. */
    readonly boards: number;
    /** Name and SHA-256 of its SBOM; null: it has none. */
    readonly sbom: { readonly file: string; readonly sha256: string } | null;
    readonly components: readonly Component[];
    readonly idfVersion: string | null;
  }[];
  /** Recipes and boards of which the books do not know what was asked for: nobody can say whether they are concerned. */
  readonly silent: { readonly recipes: readonly RecipeRef[]; readonly boards: number };
}

export interface ChainReport {
  readonly rows: number;
  readonly head: string;
  /** Root (hex) of the tree over these rows: see merkle.ts. */
  readonly root: string;
  /** The first row that does not fit, or null. */
  readonly broken: { readonly row: number; readonly reason: string } | null;
  /** The first record of a table that does not say what the chain says, or null; not looked for where the chain is broken. */
  readonly edited: { readonly table: string; readonly what: string } | null;
  /** Rows 1 to this one were held before, and were not read again but for some drawn at random; 0: all were read. */
  readonly readBefore: number;
  /** When that was, ISO 8601; null: all were read. */
  readonly readBeforeAt: string | null;
  /** The newest signed head, or null: none was ever signed. */
  readonly signed: {
    /** How many there are. */
    readonly heads: number;
    /** Rows under the newest, and rows behind it. */
    readonly size: number;
    readonly unsigned: number;
    /** As the station's clock said. */
    readonly time: string | null;
    /** SHA-256 (hex) of the key's SubjectPublicKeyInfo. */
    readonly key: string;
    /** Held against the key that was given; `own key`: only against that which the book itself names. */
    readonly by: 'given key' | 'own key';
    /**
     * Where heads went on under another key, oldest first: which (SHA-256, hex), and the row in which people took a token without the one before for
     * the right one, with who they were. Left out: nowhere. Heads by another key than the given one are not counted above.
     */
    readonly changes?: readonly { readonly key: string; readonly acceptedIn: number; readonly by: readonly string[] }[];
    /** Others who saw heads of this book, each with the largest that it cosigned; left out: none among the rows that were read. */
    readonly witnessed?: readonly Witnessed[];
  } | null;
}

/** That somebody else saw rows 1 to `size`, grown out of all that he had seen before. */
export interface Witnessed {
  readonly name: string;
  /** Its verifier key (cosignature.ts). */
  readonly key: string;
  readonly size: number;
  /** By its clock, ISO 8601. */
  readonly time: string;
  /** Held against a key that was given, or only against the one that this book names. */
  readonly by: 'given key' | 'own word';
}

/** What a book is held against, beside itself. */
export interface AuditOptions {
  /** Heads that somebody remembers. */
  readonly remembered?: readonly ChainHead[];
  /** The public key of the heads, from elsewhere: PEM, or hex of the DER SubjectPublicKeyInfo. */
  readonly key?: string;
  /** Signed heads that somebody else kept, as notes (checkpoint.ts). */
  readonly witnesses?: readonly string[];
  /** Heads without signatures that somebody kept: lines as `headLine` writes them. RecipeFault `audit.head` for what is none. */
  readonly kept?: readonly string[];
  /** Witnesses by their verifier keys, from elsewhere: each has to have cosigned a head of this book. */
  readonly cosigners?: readonly string[];
  /** False: the chain and its heads only, not the tables. */
  readonly tables?: boolean;
  /** True: only rows behind the newest head that held when the whole was looked at last, and some of those before; no tables. */
  readonly news?: boolean;
}

/** A signed head of the book, which holds. */
export interface ProvenHead {
  readonly note: string;
  /** Hex of the DER SubjectPublicKeyInfo. */
  readonly publicKey: string;
  readonly size: number;
  readonly root: string;
  /** Who cosigned it, by keys that the ledger names; left out: nobody. */
  readonly seen?: readonly Cosignature[];
}

/** A row as its hash has it, and its way to the head (hex, from the leaf up). */
export interface ProvenRow {
  readonly row: Omit<ChainRow, 'body'> & { readonly body: string };
  readonly path: readonly string[];
}

/** The seal of a device. `path` is null, too, where the newest head is older than the row; `head`: null where none was ever signed. */
export interface SealProof {
  readonly row: ProvenRow['row'];
  readonly path: readonly string[] | null;
  readonly head: ProvenHead | null;
}

/** What became of a board of a batch; `row` and `hash` (hex) of the row that says so, where one does. */
export interface CertifiedBoard {
  readonly mac: string;
  readonly serial: string | null;
  readonly state:
    | 'sealed'
    | 'condemned'
    | 'sealed in another batch'
    | 'burned, not sealed'
    | 'not ended'
    | Exclude<Outcome, 'passed'>;
  readonly tries: number;
  readonly row: number | null;
  readonly hash: string | null;
}

/** A batch by the rows under the newest head; `proven` is null where none covers its opening. */
export interface BatchProof {
  readonly opened: ProvenRow['row'];
  readonly head: ProvenHead | null;
  readonly proven: {
    readonly opened: ProvenRow;
    readonly closed: ProvenRow | null;
    readonly boards: readonly CertifiedBoard[];
    /** Tries that ended before the chip was known. */
    readonly unidentified: number;
  } | null;
}

/** The newest signed head, and that the tree over the first rows grew into the one under it (hex, RFC 9162, section 2.1.4). */
export interface GrowthProof {
  readonly head: ProvenHead;
  readonly path: readonly string[];
}

export type ProofCall = { readonly macs: readonly string[] } | { readonly batch: string } | { readonly old: number };

/** What became of a ledger when a backup was put in its place. */
export interface RestoreReport {
  readonly station: string;
  /** The backup's last row. */
  readonly head: ChainHead;
  /** The last row that is known to have been there before, by the ledger itself or the head beside it; null: there was none. */
  readonly before: ChainHead | null;
  /** Rows that are gone, of those; the devices that were sealed in them, as far as the old file tells. */
  readonly lostRows: number;
  readonly lostDevices: readonly { readonly mac: string; readonly serial: string | null }[];
  /** Where the old file lies now; null: there was none. */
  readonly aside: string | null;
}

/** The rows as they are now, to be signed. */
export interface TreeHead extends Head {
  /** The key (hex SubjectPublicKeyInfo) that signed the newest head of this book, and its rows; null: none was signed. */
  readonly signedBefore: { readonly publicKey: string; readonly size: number } | null;
}

/** How boards went through in a span of time. */
export interface RunTally {
  /** Oldest first, equal steps of time; ended runs by when they ended. */
  readonly buckets: readonly { readonly at: string; readonly passed: number; readonly failed: number }[];
  /** Fault codes (or `aborted`), most frequent first; words of the latest fault. */
  readonly causes: readonly {
    readonly code: string;
    readonly words: string;
    readonly count: number;
    readonly fixtures: Readonly<Record<string, number>>;
  }[];
  readonly fixtures: readonly {
    readonly fixture: string;
    readonly passed: number;
    readonly failed: number;
    /** Of runs that passed. */
    readonly meanMs: number | null;
  }[];
}

/** A run with the time of each of its steps. */
export interface RunPace {
  readonly run: string;
  readonly fixture: string;
  /** Name of the recipe. */
  readonly recipe: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly outcome: Outcome | null;
  readonly steps: readonly {
    readonly step: string;
    readonly from: string;
    readonly to: string | null;
    readonly ms: number | null;
  }[];
}

/** Which runs are asked for. What is left out is not asked of them; texts are compared without ASCII case. */
export interface RunQuery {
  readonly batch?: string;
  /** Of every batch of this order. */
  readonly order?: string;
  /** Somewhere in fixture, person, recipe, serial number, MAC (with or without colons) or fault code. */
  readonly text?: string;
  readonly fixture?: string;
  /** Who worked. */
  readonly operator?: string;
  /** Name of the recipe. */
  readonly recipe?: string;
  /** Beginning of a fault's code. */
  readonly fault?: string;
  /** 'open': not ended. */
  readonly outcome?: Outcome | 'open';
  /** ISO 8601; runs that ended (or, where they did not, started) in this span. */
  readonly from?: string;
  readonly to?: string;
  /** 100 unless told, 5,000 at most. */
  readonly limit?: number;
  /** Behind this place of an earlier answer. */
  readonly before?: number;
}

/** Runs, newest first. `next`: where to go on, also where none of a long stretch fitted; null: there are no more. */
export interface FoundRuns {
  readonly runs: readonly RunRecord[];
  readonly next: number | null;
}

export type { EscrowRelease, RecipeStateNote, SessionNote, StationAct };

/** One row of the ledger about people, as it stands there. */
export type Deed = { readonly row: number; readonly at: string } & (
  | { readonly kind: 'session'; readonly body: SessionNote }
  | { readonly kind: 'act'; readonly body: StationAct }
  | { readonly kind: 'recipe-state'; readonly body: RecipeStateNote }
  | { readonly kind: 'escrow-released'; readonly body: EscrowRelease }
);

/** What was found and done when the book was opened. */
export interface OpeningReport {
  /** Random id of this ledger, from its genesis row. */
  readonly ledger: string;
  readonly station: string;
  readonly created: boolean;
  readonly head: ChainHead;
  /** How many rows at the end of the chain were recomputed. */
  readonly checkedRows: number;
  /** The process before this one did not close the book (power cut, crash): its id and start, or null. What it had acknowledged is there. */
  readonly uncleanClose: { readonly pid: number; readonly since: string } | null;
  /** Tables that follow from the chain were behind it and were made anew. */
  readonly rebuilt: boolean;
  readonly ms: number;
}

/** The questions that can be put to a book, also by a process that does not write it. Faults as for `Ledger`. */
export interface LedgerReader {
  batches(): Promise<readonly BatchRecord[]>;
  /** The canonical text kept by `putRecipe`, or null. */
  recipe(hash: string): Promise<{ readonly ref: RecipeRef; readonly text: string } | null>;

  history(mac: string): Promise<DeviceHistory>;
  /** Whether a serial number or fingerprint is taken, and by which MAC. */
  claimedBy(field: 'serial' | 'public-key' | 'fingerprint' | 'certificate', value: string): Promise<string | null>;
  /** Rows of a list of devices that boards were given (`row-taken`), and by which MAC each is taken. */
  rowsTaken(list: string): Promise<readonly { readonly row: string; readonly mac: string }[]>;
  /** How many boards were begun for an order, in all its batches, and whether a board is one of them. */
  boardsOfOrder(order: string, mac: string): Promise<{ readonly boards: number; readonly isOne: boolean }>;
  /** From the row itself, whose content has to give its hash: LedgerFault `ledger.seal-changed`. */
  sealedDevice(macOrSerial: string): Promise<SealedRecord | null>;
  /** Most recent first. */
  devices(query: DeviceQuery): Promise<readonly DeviceRow[]>;
  /** LedgerFault `ledger.recipe-changed` where the text of a recipe does not give its hash. */
  affected(concerns: readonly Affected[]): Promise<AffectedRecipes>;
  /** Most recent first; 100 unless told. */
  runs(query: {
    readonly batch?: string;
    readonly mac?: string;
    readonly limit?: number;
  }): Promise<readonly RunRecord[]>;
  /** One run by its id; null: there is none. */
  run(id: string): Promise<RunRecord | null>;
  /** Part of an answer that is gone on with at `next`. */
  findRuns(query: RunQuery): Promise<FoundRuns>;
  /**
   * Runs that meant to burn one of these fields of BLOCK0 and did not end well, of every board that is neither sealed nor condemned, the
   * latest first: all of them, however long ago.
   */
  unfinishedBurns(fields: readonly string[]): Promise<readonly RunRecord[]>;
  /** In order of `seq`. Wrapped keys are not given back here (`wrapped` is null): see `DeviceHistory.openKeys` and `escrows`. */
  events(run: string): Promise<readonly StoredEvent[]>;
  /** Ended runs of a batch by outcome. */
  counts(batch: string): Promise<Readonly<Record<Outcome, number>>>;

  /** Ended runs between two times (ISO 8601), in steps of `bucketMs`. */
  tally(span: { readonly from: string; readonly to: string; readonly bucketMs: number }): Promise<RunTally>;
  /** Runs that started or ended since `from`, newest first, with their steps; of one recipe by name, where told. */
  recentPaces(query: {
    readonly from: string;
    readonly recipe?: string;
    readonly limit: number;
  }): Promise<readonly RunPace[]>;
  /** Everything that was said of recipes' states, oldest first. */
  recipeStates(): Promise<readonly (RecipeStateNote & { readonly at: string; readonly row: number })[]>;

  /** Secrets in escrow, newest first; 100 unless told. A device that was begun again may have several: the record names which holds. */
  escrows(query: { readonly mac?: string; readonly limit?: number }): Promise<readonly Escrow[]>;
  /** Every release of an escrowed secret, oldest first. */
  escrowReleases(): Promise<readonly (EscrowRelease & { readonly at: string; readonly row: number })[]>;

  /**
   * What people did: sign-ins and refusals, acts on the station (but for each signature), states of recipes, secrets given out; newest
   * first, below row `before` where it is told, 100 unless told.
   */
  deeds(query: { readonly before?: number; readonly limit?: number }): Promise<readonly Deed[]>;

  /** What was done to the station itself, newest first; 100 unless told. */
  acts(query: {
    readonly what?: StationAct['what'];
    readonly about?: string;
    readonly limit?: number;
  }): Promise<readonly (StationAct & { readonly at: string; readonly row: number })[]>;

  /**
   * Reads the whole book anew: the chain; the signed heads in it; heads, a key and notes that come from elsewhere; the tables from which
   * questions are answered, made anew beside themselves. RecipeFault `audit.key` for a key that is none.
   */
  verify(options?: AuditOptions): Promise<ChainReport>;
  /**
   * A copy of the book as it is at this moment, also while a station writes: one new file for its owner alone, checked as `verify` checks
   * before it bears its name. LedgerFault `ledger.backup` where it cannot be made or does not hold; what was there before stays.
   */
  backup(out: string): Promise<ChainReport>;
  treeHead(): Promise<TreeHead>;
  /**
   * The seals of devices with their ways to the newest signed head; null: it is not sealed. LedgerFault `ledger.chain-broken`,
   * `ledger.table-edited` where what is there does not hold. The tree is made once for all of them.
   */
  proveSeals(macs: readonly string[]): Promise<readonly (SealProof | null)[]>;
  /** What became of each board of a batch, from the rows themselves; null: there is no such batch. Faults as `proveSeals`. */
  proveBatch(batch: string): Promise<BatchProof | null>;
  /** How rows 1 to `old` grew into those under the newest head, of which there have to be as many at least (RangeError); null: none was signed. */
  proveGrowth(old: number): Promise<GrowthProof | null>;
  /** Note of the newest signed head, or null. */
  newestCheckpoint(): Promise<string | null>;
  /** The newest row and its hash. */
  head(): Promise<ChainHead>;
  /** Up to `count` rows behind row `after`, in chain order; see `PlainRow`. */
  plainRows(after: number, count: number): Promise<readonly PlainRow[]>;
  /** The export, in portions of whole lines: one JSON object (`ChainRow`) a row, in chain order. */
  exportLines(): AsyncIterable<{ readonly lines: string; readonly count: number }>;
  /** The same row by row, parsed. */
  exportRows(): AsyncIterable<Readonly<Record<string, unknown>>>;
  close(): Promise<void>;
}

/**
 * The book. Every write is durable when its promise resolves. Rows are chained by hash from the first one on. Writes of many fixtures
 * share commits; nothing blocks the caller's event loop. Faults: LedgerFault `ledger.full`, `ledger.read-only`, `ledger.locked`,
 * `ledger.damaged`, `ledger.disk`, `ledger.version`, `ledger.duplicate` (details {field, value, run, mac}), `ledger.closed`; ProgramFault
 * `ledger.misuse` for what no caller should do (an unknown run, a progress event, a secret in an event). After a fault on one write the
 * book goes on with the others; after `ledger.full` writing succeeds again once there is room.
 */
export interface Ledger extends LedgerReader {
  readonly opening: OpeningReport;

  openBatch(batch: BatchRecord): Promise<void>;
  closeBatch(id: string, at: string): Promise<void>;
  /** Keeps the canonical text of a recipe under its hash (no effect when it is there). */
  putRecipe(ref: RecipeRef, canonicalText: string): Promise<void>;

  /** Says what became of a recipe. */
  noteRecipeState(note: RecipeStateNote): Promise<void>;
  /** Says who came, went, or was refused something at a face of the station. */
  noteSession(note: SessionNote): Promise<void>;

  /** Says what is about to be done to the station itself. To be called before it is. */
  noteAct(act: StationAct): Promise<void>;
  /** Keeps a signed head: its note, and the key (hex SubjectPublicKeyInfo) by which it was signed. */
  noteCheckpoint(checkpoint: { readonly note: string; readonly publicKey: string }): Promise<void>;
  /** Says that an escrowed secret is about to be given out. To be called before it is. */
  noteEscrowRelease(release: EscrowRelease): Promise<void>;

  openRun(run: RunRecord): Promise<void>;
  /** Binds what became known of the board. `ledger.duplicate` when the serial number belongs to another MAC. */
  bindRun(
    run: string,
    facts: { readonly mac?: string; readonly serial?: string; readonly chip?: string },
  ): Promise<void>;
  /**
   * The event as stored (a wrapped key is kept, but not given back: `wrapped` is null). `key-made` claims the key's fingerprint for this
   * MAC, `observed` of what `certificate` and `certificate-request` public key and serial number of it: `ledger.duplicate` when another
   * board has one (a token whose random generator repeats itself). `escrowed` keeps the wrapped secret
   * beyond the seal. `progress` is refused.
   */
  append(run: string, step: string | null, event: StepEvent | RunEvent): Promise<StoredEvent>;
  /** No effect when the run has ended with this outcome (a seal ends its run as passed). */
  endRun(
    run: string,
    end: { readonly at: string; readonly outcome: Outcome; readonly fault: FaultRecord | null },
  ): Promise<void>;
  /**
   * One transaction: the sealed record, its identity claims (MAC, serial, public key, certificate serial, key fingerprints: each may exist
   * once), the run's end, and the drop of all wrapped keys of this MAC. Gives the chain hash of the seal. The wrapped bytes are zeroed in
   * the database at once and leave its log at the next scrub, within seconds, and at close at the latest.
   */
  seal(record: SealedRecord): Promise<{ readonly row: number; readonly hash: string }>;
  /**
   * The board cannot become a product any more: says so with the reason, and drops its wrapped keys as the seal does, unless they are to
   * be kept. One that is condemned already keeps its first reason, and when that was; keys that are to go do go.
   */
  condemn(
    mac: string,
    run: string | null,
    reason: string,
    options?: { readonly keepKeys?: boolean; readonly by?: readonly string[] },
  ): Promise<void>;
  /** What was begun of this board is ended at the word of two people: its wrapped keys go, and a condemnation of it holds no more. */
  release(mac: string, by: readonly string[], reason: string): Promise<void>;
  /** Drops the wrapped keys of a board that was neither sealed nor condemned (re-keyed, returned). */
  dropKeys(mac: string, reason: string): Promise<void>;
}
