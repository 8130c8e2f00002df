import type { EscrowedSecret } from '../model/event.ts';
import type { EventMark } from '../model/evidence/define.ts';
import type { FaultRecord } from '../model/fault.ts';
import type { Outcome } from '../model/outcome.ts';
import type { PlantStanding } from '../model/plant.ts';
import type { Recipe } from '../model/recipe.ts';
import type { BatchRecord, RunRecord, SealedRecord } from '../model/record.ts';
import type { RecoveryReport } from '../model/recovery.ts';
import type { RecipeRef } from '../model/refs.ts';
import type { Language } from '../words/languages.ts';

/** The one thing that a person does first with a board that has ended: take it out, insert it again, put it aside (red bin), call the engineer. */
export type VerdictAct = 'take-out' | 'insert-again' | 'put-aside' | 'call-engineer';

/** What a tile shows. Its colour, shape and word follow from `state`, `step.irreversible`, `needs` and `outcome` alone. */
export interface FixtureView {
  readonly name: string;
  readonly address: string;
  readonly state:
    | 'idle'
    | 'waiting'
    | 'identifying'
    | 'ready'
    | 'held'
    | 'running'
    | 'parked'
    /** waits for the word of the factory's own system */
    | 'mes-away'
    | 'labelling'
    | 'shown'
    | 'absent'
    | 'mute';
  /** What a board that is ready waits for: a scan of its serial number, the key, a scan of its fixture's name, the PLC's start. Null: for nothing of these. */
  readonly needs: 'serial' | 'key' | 'name' | 'plc' | null;
  /** The work waits for a token that has not answered for a while. */
  readonly tokenIsSilent: boolean;
  /** The work waits for a ledger whose disk takes long. */
  readonly ledgerIsSlow: boolean;
  /** A person (by id) has chosen this fixture: that person's next scan belongs to it, for so many seconds more. */
  readonly chosen: { readonly by: string; readonly secondsLeft: number } | null;
  /** A serial number that was scanned for this fixture and can be taken back; `startsIn`: seconds until its board starts by itself, null: not yet. */
  readonly bound: { readonly serial: string; readonly startsIn: number | null } | null;
  readonly run: string | null;
  readonly mac: string | null;
  readonly serial: string | null;
  readonly step: {
    readonly id: string;
    readonly title: string;
    readonly at: number;
    readonly of: number;
    readonly irreversible: boolean;
  } | null;
  /** 0 to 1 over the whole run by each step's own history; null where nothing is known yet. */
  readonly fraction: number | null;
  readonly secondsLeft: number | null;
  /** Of the last board, until the next. */
  readonly verdict: {
    readonly outcome: Outcome;
    readonly fault: FaultRecord | null;
    readonly at: string;
    readonly sealRow: number | null;
    /** What to do with the board first. */
    readonly act: VerdictAct;
    /** What this run knows of burns: none; begun (in this run or in one that it goes on with); one was read back. Null: nobody looked. */
    readonly burned: 'no' | 'begun' | 'yes' | null;
  } | null;
  readonly passed: number;
  readonly tried: number;
}

/** Boards of a batch, told apart by MAC. `passed + failed + refused + unfinished` are all that were met. */
export interface BatchCounts {
  /** Runs: a board that came twice counts twice. */
  readonly done: number;
  /** Sealed. */
  readonly passed: number;
  /** The board is to blame. */
  readonly failed: number;
  /** Kept out by a rule. */
  readonly refused: number;
  /** Stopped by a person, or by a trouble of the station: to be inserted again. */
  readonly unfinished: number;
  /** Runs of boards that came again. */
  readonly retries: number;
  /** Boards sealed at their first run, of those worked on (refusals and stops are none); null before the first. */
  readonly firstPassYield: number | null;
}

export interface BatchView extends BatchCounts {
  readonly id: string;
  readonly order: string | null;
  readonly recipe: RecipeRef;
  /** The recipe hash as a few words that two people can compare aloud. */
  readonly fingerprint: string;
  /** Boards ordered: so many are sealed before the batch ends by itself; null: until it is stopped. */
  readonly count: number | null;
  /** How a board starts. */
  readonly mode: 'insertion' | 'scan' | 'key';
  readonly operator: string | null;
  readonly targetPerHour: number | null;
  /** Boards that are still to be sealed; null: no number was ordered. */
  readonly left: number | null;
  readonly startedAt: string;
  /** Null while it runs; the batch that ended last stays shown. */
  readonly endedAt: string | null;
  /** What ended it before its time. */
  readonly fault: FaultRecord | null;
  readonly stopping: boolean;
  /** Where the next serial number goes that is scanned without a choice; null: none is wanted. */
  readonly nextScan: { readonly fixture: string | null; readonly rule: 'only' | 'longest' | 'next' | 'held' } | null;
  /** Scanned serials that wait for a board. */
  readonly serialsWaiting: readonly string[];
  readonly wantsSerial: boolean;
}

export interface LineSnapshot {
  readonly seq: number;
  readonly fixtures: readonly FixtureView[];
  readonly batch: BatchView | null;
  /** Why the last label did not come out; null: nothing is wrong. */
  readonly printerFault: FaultRecord | null;
  /** What of the plant and of the factory's own system needs somebody. */
  readonly plantFaults: readonly FaultRecord[];
  /** The batch that a restart or a power cut has ended before its time; null: there is none. */
  readonly interrupted: InterruptedBatch | null;
  readonly demonstration: boolean;
  /** There is a plant that this station may look at. */
  readonly showsPlant: boolean;
  /** The station file says that nobody is asked before real boards. */
  readonly development: boolean;
}

/** A batch that can be gone on with. */
export interface InterruptedBatch {
  readonly recipe: string;
  readonly order: string | null;
  readonly count: number | null;
  readonly startedAt: string;
  readonly passed: number;
  /** Boards that are still to be sealed; null: no number was ordered. */
  readonly left: number | null;
  /** Boards whose work was cut off: to be inserted again. */
  readonly boards: readonly { readonly fixture: string; readonly mac: string | null; readonly serial: string | null }[];
}

export interface ThroughputView {
  readonly from: string;
  readonly to: string;
  readonly targetPerHour: number | null;
  /** Oldest first; equal steps of time. */
  readonly buckets: readonly { readonly at: string; readonly passed: number; readonly failed: number }[];
  readonly pareto: readonly {
    readonly cause: string;
    readonly words: string;
    readonly count: number;
    readonly fixtures: Readonly<Record<string, number>>;
  }[];
  readonly byFixture: readonly {
    readonly fixture: string;
    readonly passed: number;
    readonly failed: number;
    readonly meanSeconds: number | null;
  }[];
  /** How the last boards in each fixture were in contact, and what to do where it wears out. */
  readonly contact: readonly {
    readonly fixture: string;
    readonly boards: number;
    readonly troubled: number;
    readonly wear: string | null;
  }[];
  readonly gantt: readonly {
    readonly fixture: string;
    readonly run: string;
    readonly step: string;
    readonly from: number;
    readonly to: number | null;
  }[];
  readonly bottleneck: { readonly what: string; readonly words: string; readonly share: number } | null;
}

export interface DevicePage {
  readonly rows: readonly {
    readonly mac: string;
    readonly serial: string | null;
    readonly chip: string | null;
    readonly recipe: RecipeRef;
    readonly batch: string | null;
    readonly state: Outcome | 'sealed' | 'condemned' | 'open';
    readonly lastAt: string;
    readonly attempts: number;
  }[];
  readonly more: boolean;
  readonly ms: number;
}

export interface DeviceView {
  readonly mac: string;
  readonly sealed: SealedRecord | null;
  readonly condemned: { readonly at: string; readonly reason: string; readonly by?: readonly string[] } | null;
  /** Who gave it free for any recipe, when and why; null (or left out): nobody did. */
  readonly released?: { readonly at: string; readonly reason: string; readonly by: readonly string[] } | null;
  /** When its own label was last scanned back; null: it was not. */
  readonly labelledAt: string | null;
  readonly runs: readonly { readonly run: RunRecord; readonly history: readonly HistoryLine[] }[];
}

/** A question to the books that the station keeps. */
export interface QuestionView {
  readonly name: string;
  readonly by: readonly string[];
  readonly at: string;
}

/** Two devices side by side: what differs and should not, what each has of its own, what is the same, in this order. Null: it has none. */
export interface DeviceComparison {
  readonly a: string;
  readonly b: string;
  readonly rows: readonly {
    readonly name: string;
    readonly a: string | null;
    readonly b: string | null;
    readonly kind: 'differs' | 'own' | 'same';
  }[];
}

/** A batch in a list. `others`: tries that did not end in a seal. */
export interface BatchRow {
  readonly batch: BatchRecord;
  readonly sealed: number;
  readonly others: number;
}

/** What became of a batch, told by boards. */
export interface BatchReport {
  readonly batch: BatchRecord;
  readonly counts: BatchCounts;
  /** Boards that are still to be sealed; null: no number was ordered. */
  readonly left: number | null;
  readonly people: readonly string[];
  /** Tries, not boards. */
  readonly fixtures: readonly { readonly fixture: string; readonly passed: number; readonly others: number }[];
  /** Why boards are not sealed, by their last try, the most frequent first. */
  readonly causes: readonly { readonly code: string; readonly words: string; readonly boards: number }[];
  /** In the order in which they came. `run`: the last one, or the one that sealed it. */
  readonly boards: readonly {
    readonly mac: string | null;
    readonly serial: string | null;
    readonly state: Outcome | 'open';
    readonly tries: number;
    readonly fixture: string;
    readonly run: string;
    readonly at: string;
    readonly cause: string | null;
  }[];
  /** Of runs that sealed a board. */
  readonly meanSeconds: number | null;
  /** From one sealed board of the line to the next, pauses left out. */
  readonly secondsPerBoard: number | null;
  /** Not all runs are in it: there were too many. */
  readonly isCut: boolean;
  /** The ledger's newest signed head in one line, to be kept on paper, and the line as a QR code (SVG); null: none was signed. */
  readonly head: { readonly line: string; readonly code: string } | null;
}

/** Runs, newest first. `next`: where to go on, also where none of a long stretch fitted; null: there are no more. */
export interface FoundRuns {
  readonly runs: readonly RunRecord[];
  readonly next: number | null;
}

export type RunGroupBy =
  | 'recipe'
  | 'revision'
  | 'order'
  | 'batch'
  | 'fixture'
  | 'person'
  | 'shift'
  | 'week'
  | 'day'
  | 'hour';

/** Runs that share something. Boards are told apart by MAC within the group. */
export interface RunGroup {
  readonly key: string;
  readonly counts: BatchCounts;
  readonly meanSeconds: number | null;
  readonly secondsPerBoard: number | null;
}

/** What one shift tells the next. */
export interface ShiftView {
  /** Day and times of it, local: how notes name it. */
  readonly shift: string;
  readonly from: string;
  readonly to: string;
  readonly isRunning: boolean;
  readonly counts: BatchCounts;
  /** `sealed`: in this shift. */
  readonly batches: readonly { readonly batch: BatchRecord; readonly sealed: number }[];
  readonly causes: BatchReport['causes'];
  readonly fixtures: BatchReport['fixtures'];
  readonly contact: ThroughputView['contact'];
  /** Boards that were begun, and that nobody has finished since. */
  readonly open: BatchReport['boards'];
  /** `hours`: in which boards of theirs moved, pauses left out. */
  readonly people: readonly { readonly person: string; readonly sealed: number; readonly hours: number }[];
  /** Sealed boards an hour in which somebody's boards moved. */
  readonly boardsPerOperatorHour: number | null;
  readonly secondsPerBoard: number | null;
  /** Of the batch that runs. */
  readonly targetPerHour: number | null;
  readonly bottleneck: ThroughputView['bottleneck'];
  readonly notes: readonly { readonly at: string; readonly by: string; readonly text: string }[];
  readonly isCut: boolean;
}

/** One run with all that the ledger holds of it, of a board that told no MAC as well. */
export interface RunView {
  /** `mac`: also of a board that was not let in. */
  readonly run: RunRecord;
  /** MAC of the device that can be shown; null: the ledger has none of this run's board. */
  readonly device: string | null;
  readonly history: readonly HistoryLine[];
}

/**
 * One entry of the ledger in words. The station makes them: a face knows the contract as types alone, and the same lines stand in the
 * terminal and on paper.
 */
export interface HistoryLine {
  readonly seq: number;
  readonly at: string;
  readonly step: string | null;
  readonly mark: EventMark;
  /** What kind of entry it is: `burned.bits`, `run-ended`. */
  readonly kind: string;
  readonly text: string;
}

/** A row of the ledger about people, in words. */
export interface DeedView {
  readonly row: number;
  readonly at: string;
  readonly by: readonly string[];
  readonly what: string;
  /** Whom or what it was done to, or at which face. */
  readonly about: string;
  readonly detail: string;
}

export interface ExportedFile {
  readonly name: string;
  readonly mime: string;
  /** Base64. */
  readonly data: string;
}

export interface VerifyView {
  readonly mac: string;
  readonly ok: boolean;
  readonly checks: readonly { readonly what: string; readonly ok: boolean; readonly evidence: string }[];
  /** What this look could not prove, in words. */
  readonly unproven: readonly string[];
}

/** A board in the recovery bay: the station's own report, and where its recipe stands here. */
export interface RecoveryView {
  readonly report: RecoveryReport;
  /** Name on the shelf of the recipe that would finish it; null: none stands there. */
  readonly recipe: string | null;
}

export type RecipeState = 'draft' | 'rehearsed' | 'approved' | 'retired';

export interface RecipeView {
  /** File name without ending: how calls name it. */
  readonly recipe: string;
  readonly title: string;
  readonly description: string;
  readonly chip: string;
  readonly revision: number;
  readonly hash: string | null;
  readonly fingerprint: string | null;
  readonly state: RecipeState;
  /** It came with the program, and the station has none of its own of this name. */
  readonly isExample: boolean;
  /** Who saved it: the one who cannot approve it. */
  readonly author: string | null;
  /** Whether each board needs a scanned serial number. */
  readonly wantsSerial: boolean;
  /** File of its label template, where it names one. */
  readonly labelTemplate: string | null;
  readonly approvedBy: string | null;
  readonly errors: number;
}

export interface RecipeText {
  readonly view: RecipeView;
  readonly text: string;
  readonly form: Recipe | null;
  /** The last rehearsal of exactly this recipe that the ledger knows: by whom, when (ISO 8601). */
  readonly rehearsal: (RehearsalView & { readonly by: string; readonly at: string }) | null;
}

/** A recipe to begin with: its text, what the build says, and what was assumed. */
export interface RecipeProposal {
  readonly text: string;
  readonly read: readonly string[];
  readonly assumed: readonly string[];
}

export interface FindingView {
  readonly severity: 'error' | 'warning' | 'info';
  readonly check: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly path: string | null;
  readonly what: string;
  readonly remedy: string;
  /** Section of the ESP-IDF Security overview on which it rests; null: it is none of the guide's. */
  readonly section: string | null;
  readonly waived: string | null;
}

export interface PlanView {
  readonly digest: string;
  readonly steps: readonly {
    readonly id: string;
    readonly title: string;
    readonly irreversible: boolean;
    readonly summary: string;
  }[];
  readonly flash: readonly {
    readonly name: string;
    readonly offset: number;
    readonly length: number | null;
    readonly signed: boolean;
    readonly encrypted: boolean;
  }[];
  /** What every device gets into its NVS partitions: of secret values only where they come from. */
  readonly stored: readonly {
    readonly partition: string;
    /** How it is encrypted, in words. */
    readonly encryption: string;
    /** CSV with a row a device; null: none. */
    readonly list: string | null;
    readonly values: readonly { readonly name: string; readonly type: string; readonly shown: string }[];
  }[];
  /** Key blocks; one that two keys share stands twice. */
  readonly slots: readonly {
    readonly slot: number;
    /** `BLOCK_KEY0` */
    readonly name: string;
    readonly purpose: string | null;
    readonly words: string;
    readonly secret: boolean;
  }[];
  readonly bits: readonly {
    readonly field: string;
    readonly block: number;
    readonly bits: readonly number[];
    readonly reason: string;
  }[];
  readonly refusals: readonly { readonly code: string; readonly what: string; readonly next: string }[];
}

export interface RehearsalView {
  readonly passed: boolean;
  readonly ms: number;
  readonly steps: readonly { readonly title: string; readonly ms: number }[];
  readonly fault: FaultRecord | null;
}

export interface StationView {
  readonly name: string;
  readonly version: string;
  readonly dataFolder: string;
  readonly ledgerHead: { readonly row: number; readonly hash: string } | null;
  readonly fixtures: readonly FixtureView[];
  readonly printer: string | null;
  /** Why the last label did not come out. */
  readonly printerFault: FaultRecord | null;
  /** Why the computer's clock cannot be right: nothing is signed and no board begun; null: nothing stands against it. */
  readonly clockFault: FaultRecord | null;
  /** How the rows go to the plant, and how many wait (null: not known); null: the station file names none. */
  readonly plant: (PlantStanding & { readonly lag: number | null }) | null;
  readonly demonstration: boolean;
}

export interface TokenView {
  readonly label: string;
  readonly serial: string;
  readonly model: string;
  readonly healthy: boolean | null;
  readonly signMs: number | null;
  readonly embedded: boolean;
  readonly keys: readonly {
    readonly label: string;
    readonly algorithm: string;
    readonly use: string;
    readonly publicKeySha256: string | null;
    readonly extractable: boolean;
  }[];
  /** Sessions that share its work just now; null: not known. */
  readonly sessions: number | null;
  /** The token that would take over, and why it would not (`fault`); null: the station file names none. */
  readonly spare: {
    readonly label: string;
    readonly serial: string;
    readonly signMs: number | null;
    readonly fault: FaultRecord | null;
  } | null;
  readonly fault: FaultRecord | null;
}

export interface OperatorView {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly ('operator' | 'qa' | 'engineer' | 'custodian')[];
  /** In which the station speaks to this person; null: in its own. */
  readonly language: Language | null;
  readonly hasPin: boolean;
  readonly hasBadge: boolean;
}

export interface LabelPreview {
  readonly zpl: string;
  /** The same label drawn, SVG text. */
  readonly svg: string;
}

export type { PlantOverview, StationOverview } from '../model/plant.ts';

/** Secrets in escrow, and those that were given out, each newest first. Never a secret. */
export interface EscrowView {
  readonly kept: readonly {
    readonly mac: string;
    readonly serial: string | null;
    readonly what: EscrowedSecret;
    readonly at: string;
    readonly fingerprint: string | null;
  }[];
  readonly released: readonly {
    readonly mac: string;
    readonly what: EscrowedSecret;
    readonly at: string;
    readonly custodians: readonly string[];
    readonly reason: string;
  }[];
  /** Whether there is more of either than is listed here. */
  readonly more: boolean;
  /** Where a secret can come out here: in a box of the station's own program, or on a label. */
  readonly ways: readonly ('box' | 'label')[];
}
