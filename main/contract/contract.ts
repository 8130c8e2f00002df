import { z } from 'zod';
import type { Assurance } from '../model/assurance.ts';
import type { EscrowedSecret } from '../model/event.ts';
import type { OpenResult } from '../model/factory.ts';
import type { FaultRecord } from '../model/fault.ts';
import type { Outcome } from '../model/outcome.ts';
import type { FoundInPlant, PlantSight } from '../model/plant.ts';
import type { RunRecord, SealedRecord } from '../model/record.ts';
import type { RecipeRef } from '../model/refs.ts';
import type { Change } from '../words/changes.ts';
import { type Language, languages } from '../words/languages.ts';
import type { Told } from '../words/told.ts';
import type {
  BatchReport,
  BatchRow,
  BatchView,
  DeedView,
  DeviceComparison,
  DevicePage,
  DeviceView,
  EscrowView,
  ExportedFile,
  FindingView,
  FixtureView,
  FoundRuns,
  LabelPreview,
  LineSnapshot,
  OperatorView,
  PlanView,
  QuestionView,
  RecipeProposal,
  RecipeText,
  RecipeView,
  RecoveryView,
  RehearsalView,
  RunGroup,
  RunView,
  ShiftView,
  StationView,
  ThroughputView,
  TokenView,
  VerifyView,
} from './views.ts';

/** Who may ask: every call names the roles that may make it. An operator runs the line and may read what the line shows. */
export const roles = ['operator', 'qa', 'engineer', 'custodian'] as const;
export type Role = (typeof roles)[number];

const text = (most: number) => z.string().max(most);
const name = z.string().min(1).max(120);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const mac = z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i);

/** One call: what goes in (checked on the station's side, whatever the face says), who may make it. Answers are typed below. */
interface CallRule<Input extends z.ZodType> {
  readonly input: Input;
  readonly roles: readonly Role[] | 'anyone';
  /** Who may give a text of their own in the input's `text` or `template`, where others may ask only about what is kept. */
  readonly writers?: readonly Role[];
}

function call<Input extends z.ZodType>(
  input: Input,
  allowed: readonly Role[] | 'anyone',
  writers?: readonly Role[],
): CallRule<Input> {
  return writers === undefined ? { input, roles: allowed } : { input, roles: allowed, writers };
}

/** Roles of which a caller must have one for this call with this (checked) input. */
export function rolesFor(name: CallName, input: unknown): readonly Role[] | 'anyone' {
  const { roles: allowed, writers }: CallRule<z.ZodType> = calls[name];
  const { text: own, template } = input as { readonly text?: unknown; readonly template?: unknown };
  return writers !== undefined && (own ?? template ?? null) !== null ? writers : allowed;
}

const nothing = z.strictObject({});
/** Another person who agrees to what takes two, or the same person proving an own PIN. */
const second = z
  .strictObject({ id: name, pin: text(64) })
  .nullable()
  .optional();
const line: readonly Role[] = ['operator', 'engineer'];
const quality: readonly Role[] = ['qa', 'engineer', 'custodian'];
const everyone: readonly Role[] = roles;
const writers: readonly Role[] = ['engineer'];

const deviceQuery = z.strictObject({
  text: text(200).optional(),
  /** One that the station keeps, with what else is asked. */
  question: text(60).optional(),
  batch: name.optional(),
  recipe: name.optional(),
  outcome: z.enum(['passed', 'failed', 'refused', 'errored', 'aborted', 'sealed', 'open']).optional(),
  from: text(40).optional(),
  to: text(40).optional(),
  limit: z.number().int().min(1).max(1000).optional(),
  offset: z.number().int().min(0).max(10_000_000).optional(),
});

/** Forms of a list of devices; the last three register the sealed ones of it in bulk: CSV, AWS IoT, Azure DPS. */
export const exportForms = ['csv', 'json', 'pdf', 'registration', 'aws', 'azure'] as const;
export type ExportForm = (typeof exportForms)[number];

/** What may be in escrow. */
const escrowedSecrets = ['jtag-token', 'proof-of-possession'] as const satisfies readonly EscrowedSecret[];
/** How a secret may come out of escrow at the desk. */
export const secretWays = ['box', 'label'] as const;
export type SecretWay = (typeof secretWays)[number];

/** The whole table of calls. A face can make no other. */
export const calls = {
  // who sits here
  'session.state': call(nothing, 'anyone'),
  'session.login': call(z.strictObject({ operator: name, pin: text(64) }), 'anyone'),
  'session.badge': call(z.strictObject({ badge: text(200) }), 'anyone'),
  'session.logout': call(nothing, 'anyone'),
  /** In which language the station speaks to whoever sits here; null: in its own. */
  'session.language': call(z.strictObject({ language: z.enum(languages).nullable() }), everyone),
  /** Browsers of this computer that may come back without a link, and the end of that for one of them (null: for all). */
  'session.seats': call(nothing, ['engineer', 'custodian']),
  'session.forgetSeats': call(z.strictObject({ seat: name.nullable() }), ['engineer', 'custodian']),
  // the line
  'line.snapshot': call(nothing, 'anyone'),
  'line.start': call(
    z.strictObject({
      recipe: name,
      order: text(80).nullable(),
      count: z.number().int().min(1).max(1_000_000).nullable(),
      /** How a board starts; left out: by scan where the recipe wants a serial number for each board, else by insertion. */
      mode: z.enum(['insertion', 'scan', 'key']).optional(),
      /** Boards an hour that the line should make, for takt against target. */
      targetPerHour: z.number().positive().max(100_000).optional(),
    }),
    line,
  ),
  'line.stop': call(nothing, line),
  /** Goes on with the batch that was interrupted, or says that nobody will. */
  'line.resume': call(nothing, line),
  'line.leave': call(nothing, line),
  /** A scanned or typed text: a serial for the next board, or for a fixture; the label of a sealed board; a badge; a fixture's own name. */
  'line.scan': call(z.strictObject({ text: text(200), fixture: name.nullable() }), line),
  /** Starts the board in this fixture by key or touch where the batch starts by key. */
  'line.go': call(z.strictObject({ fixture: name }), line),
  /** Takes back what was chosen or scanned for this fixture (null: for whichever board comes next) before its board starts. */
  'line.undo': call(z.strictObject({ fixture: name.nullable() }), line),
  'line.acknowledge': call(z.strictObject({ fixture: name }), line),
  'throughput.read': call(z.strictObject({ hours: z.number().min(0.1).max(168) }), everyone),
  /** How boards went, by what they share. */
  'throughput.groups': call(
    z.strictObject({
      from: z.iso.datetime(),
      to: z.iso.datetime(),
      by: z.enum(['recipe', 'revision', 'order', 'batch', 'fixture', 'person', 'shift', 'week', 'day', 'hour']),
      /** On which a week begins where the reader lives, 1 Monday to 7 Sunday. */
      firstDay: z.int().min(1).max(7).default(1),
    }),
    everyone,
  ),
  /** The shift in which a moment lies; null: the one that runs. */
  'shift.read': call(z.strictObject({ at: text(40).nullable() }), everyone),
  /** What the next shift should know: a row of the ledger. */
  'shift.handOver': call(z.strictObject({ note: text(2000) }), everyone),
  'shift.sheet': call(z.strictObject({ at: text(40).nullable() }), everyone),
  // devices
  'devices.search': call(deviceQuery, everyone),
  /** Questions that the station keeps, and the keeping of one; null: it is kept no more. */
  'devices.questions': call(nothing, everyone),
  'devices.saveQuestion': call(
    z.strictObject({ name: text(60), query: deviceQuery.omit({ limit: true, offset: true }).nullable() }),
    quality,
  ),
  'devices.show': call(z.strictObject({ mac }), everyone),
  'devices.assurance': call(z.strictObject({ mac }), everyone),
  'devices.export': call(z.strictObject({ query: deviceQuery, form: z.enum(exportForms) }), quality),
  'devices.report': call(z.strictObject({ mac, form: z.enum(['json', 'pdf']) }), quality),
  /** One signed file of a sealed device; `pdf`: a sheet to read with it inside. */
  'devices.certificate': call(z.strictObject({ mac, form: z.enum(['cose', 'pdf']) }), quality),
  /** The same of a batch: what became of every board. */
  'batches.certificate': call(z.strictObject({ batch: name, form: z.enum(['cose', 'pdf']) }), quality),
  'devices.compare': call(z.strictObject({ a: mac, b: mac }), everyone),
  /** Every try, newest first; also of boards that told no MAC. Gone on with `before`. */
  'runs.search': call(
    z.strictObject({
      text: text(200).optional(),
      batch: name.optional(),
      order: text(80).optional(),
      fixture: name.optional(),
      operator: name.optional(),
      recipe: name.optional(),
      fault: name.optional(),
      outcome: z.enum(['passed', 'failed', 'refused', 'errored', 'aborted', 'open']).optional(),
      from: text(40).optional(),
      to: text(40).optional(),
      limit: z.number().int().min(1).max(1000).optional(),
      before: z.number().int().positive().optional(),
    }),
    everyone,
  ),
  'runs.show': call(z.strictObject({ run: name }), everyone),
  /** Newest first, those whose order, name or recipe has the text. */
  'batches.search': call(
    z.strictObject({
      text: text(200).optional(),
      limit: z.number().int().min(1).max(200).optional(),
      offset: z.number().int().min(0).max(10_000_000).optional(),
    }),
    everyone,
  ),
  'batches.show': call(z.strictObject({ batch: name }), everyone),
  'batches.report': call(z.strictObject({ batch: name, form: z.enum(['csv', 'json', 'pdf']) }), quality),
  'devices.verify': call(z.strictObject({ fixture: name, mac: mac.nullable() }), ['qa', 'engineer', 'operator']),
  /** Reads the board in a fixture and says what it is; nothing is burned. `named`: what a person says that it is. */
  'boards.read': call(z.strictObject({ fixture: name, named: text(200).nullable() }), everyone),
  /** Finishes the board in a fixture, as an insertion would, by a recipe of the shelf; `serial`: the number that it was begun with. */
  'boards.finish': call(
    z.strictObject({ fixture: name, recipe: name, named: text(200).nullable(), serial: text(200).nullable() }),
    line,
  ),
  /** Two people end what was begun of a board that is not sealed: as scrap, or for another recipe. */
  'boards.condemn': call(z.strictObject({ mac, reason: text(400), second }), quality),
  'boards.release': call(z.strictObject({ mac, reason: text(400), second }), quality),
  'ledger.verify': call(nothing, quality),
  /** Who signed in, was refused, changed, approved, exported what: newest first, below row `before`. */
  'ledger.deeds': call(z.strictObject({ before: z.number().int().positive().nullable() }), quality),
  // recipes
  'recipes.list': call(nothing, everyone),
  'recipes.read': call(z.strictObject({ recipe: name }), everyone),
  'recipes.check': call(z.strictObject({ recipe: name, text: text(200_000).nullable() }), everyone, writers),
  'recipes.plan': call(z.strictObject({ recipe: name, text: text(200_000).nullable() }), everyone, writers),
  'recipes.assurance': call(z.strictObject({ recipe: name, text: text(200_000).nullable() }), everyone, writers),
  'recipes.save': call(z.strictObject({ recipe: name, text: text(200_000) }), writers),
  'recipes.diff': call(z.strictObject({ recipe: name, text: text(200_000).nullable() }), everyone, writers),
  'recipes.rehearse': call(z.strictObject({ recipe: name }), ['engineer']),
  'recipes.approve': call(z.strictObject({ recipe: name, hash }), ['engineer', 'custodian']),
  'recipes.retire': call(z.strictObject({ recipe: name, reason: text(400) }), ['engineer', 'custodian']),
  /** Build folders that a recipe can be begun from: those beside the station's recipes, and those of the examples. */
  'recipes.builds': call(nothing, writers),
  /** A recipe to begin with, from one of those builds; nothing is saved. */
  'recipes.propose': call(z.strictObject({ build: name, recipe: name }), writers),
  /** Takes a recipe of the station's own off the shelf; what the ledger holds of it stays. */
  'recipes.remove': call(z.strictObject({ recipe: name }), writers),
  // the factory's own system
  /** Results that it refused, and those that wait while it is away; null: there is none. */
  'factory.results': call(nothing, everyone),
  /** Somebody saw to one of them: a row of the ledger says who and why. */
  'factory.settle': call(z.strictObject({ run: name, reason: text(500) }), ['qa', 'engineer']),
  // the whole plant
  'plant.view': call(nothing, everyone),
  /** Boards of any station, of which something begins with the text. */
  'plant.search': call(z.strictObject({ text: text(200) }), everyone),
  // the station
  'station.view': call(nothing, everyone),
  'fixtures.ports': call(nothing, ['engineer']),
  'fixtures.teach': call(z.strictObject({ name, address: text(300) }), ['engineer']),
  'fixtures.remove': call(z.strictObject({ name }), ['engineer']),
  'token.view': call(nothing, everyone),
  'token.makeKeys': call(z.strictObject({ recipe: name }), ['custodian']),
  /** The token in place is the right one from here on: two custodians, with the reason. */
  'token.accept': call(z.strictObject({ reason: text(400), second }), ['custodian']),
  /** What is put away for two custodians, and what was given out, newest first; of one device (MAC or serial number) where it is told. */
  'escrow.list': call(z.strictObject({ device: text(200).nullable() }), ['qa', 'custodian']),
  /**
   * Gives a secret out of escrow to whoever is signed in and another custodian, each by an own PIN: in a box of the station's own program, or on
   * a label. It never goes to a page.
   */
  'escrow.release': call(
    z.strictObject({
      device: text(200),
      what: z.enum(escrowedSecrets),
      way: z.enum(secretWays),
      reason: text(400),
      pin: text(64),
      second: z.strictObject({ id: name, pin: text(64) }),
    }),
    ['custodian'],
  ),
  /** The clock is right, and later entries of the ledger were made while it stood ahead: two custodians, with the reason. */
  'clock.accept': call(z.strictObject({ reason: text(400), second }), ['custodian']),
  'operators.list': call(nothing, ['engineer', 'custodian']),
  'operators.save': call(
    z.strictObject({
      id: name,
      name,
      roles: z.array(z.enum(roles)).min(1).max(4),
      pin: text(64).nullable(),
      badge: text(200).nullable(),
      language: z.enum(languages).nullable().optional(),
      second,
    }),
    ['custodian'],
  ),
  'operators.remove': call(z.strictObject({ id: name, second }), ['custodian']),
  /** Prints a label that is no device's, to see whether printer and paper fit. */
  'printer.test': call(nothing, ['engineer']),
  'printer.set': call(z.strictObject({ address: text(300).nullable() }), ['engineer']),
  'labels.preview': call(z.strictObject({ recipe: name, template: text(20_000).nullable() }), everyone, writers),
  'labels.print': call(z.strictObject({ mac }), ['operator', 'qa', 'engineer']),
} as const;

/** What a call may take, in ms, before whoever asked is told that it takes too long; it goes on where it cannot be stopped. */
const usualBudget = 30_000;
const budgets: Partial<Record<CallName, number>> = {
  // these sign, make keys, work on boards, or read everything
  'line.start': 300_000,
  'line.stop': 300_000,
  'line.resume': 300_000,
  'recipes.rehearse': 900_000,
  'token.makeKeys': 300_000,
  'token.accept': 300_000,
  'escrow.release': 120_000,
  'devices.verify': 300_000,
  'boards.read': 120_000,
  'boards.finish': 900_000,
  'devices.export': 120_000,
  'devices.certificate': 120_000,
  'batches.certificate': 120_000,
  'batches.show': 120_000,
  'throughput.groups': 120_000,
  'shift.read': 120_000,
  'shift.sheet': 120_000,
  'batches.report': 120_000,
  'ledger.verify': 900_000,
};

export function budgetOf(name: CallName): number {
  return budgets[name] ?? usualBudget;
}

export type CallName = keyof typeof calls;
export type CallInput<Name extends CallName> = z.input<(typeof calls)[Name]['input']>;

export interface SessionState {
  readonly operator: OperatorView | null;
  /** No operator is known to the station yet: the first start. Until one is, anyone may call operators.save, once. */
  readonly firstStart: boolean;
  /** Calls that this session may make, so that a face offers nothing that would be refused. Left out: try, and be told. */
  readonly may?: readonly CallName[];
  /** Who can sign in here, for a touch panel's list; nothing secret. Left out: the id is typed. */
  readonly people?: readonly { readonly id: string; readonly name: string }[];
  /** In which the station speaks to whoever chose none. */
  readonly language: Language;
  readonly version: string;
}

/** A browser that was let in by a link once and may come back. Times: ISO 8601. */
export interface SeatView {
  readonly id: string;
  readonly madeAt: string;
  readonly usedAt: string;
}

/** What each call answers. */
export interface CallAnswers {
  'session.state': SessionState;
  'session.login': SessionState;
  'session.badge': SessionState;
  'session.logout': SessionState;
  'session.language': SessionState;
  'session.seats': readonly SeatView[];
  'session.forgetSeats': readonly SeatView[];
  'line.snapshot': LineSnapshot;
  'line.start': BatchView;
  'line.stop': BatchView | null;
  'line.resume': BatchView;
  'line.leave': LineSnapshot;
  'line.scan': Told & { readonly fixture: string | null };
  'line.go': FixtureView;
  'line.undo': Told;
  'line.acknowledge': FixtureView;
  'throughput.read': ThroughputView;
  'throughput.groups': { readonly groups: readonly RunGroup[]; readonly isCut: boolean };
  'shift.read': ShiftView;
  'shift.handOver': ShiftView;
  'shift.sheet': ExportedFile;
  'devices.search': DevicePage;
  'devices.questions': readonly QuestionView[];
  'devices.saveQuestion': readonly QuestionView[];
  'devices.show': DeviceView;
  /** How the sealed device stands to each recommendation of the security guide; null: it is not sealed. */
  'devices.assurance': readonly Assurance[] | null;
  'devices.export': ExportedFile;
  'devices.report': ExportedFile;
  'devices.certificate': ExportedFile;
  'batches.certificate': ExportedFile;
  'devices.compare': DeviceComparison;
  'runs.search': FoundRuns;
  'runs.show': RunView;
  'batches.search': { readonly rows: readonly BatchRow[]; readonly more: boolean };
  'batches.show': BatchReport;
  'batches.report': ExportedFile;
  'devices.verify': VerifyView;
  'boards.read': RecoveryView;
  'boards.finish': { readonly outcome: Outcome; readonly mac: string | null; readonly fault: FaultRecord | null };
  'boards.condemn': DeviceView;
  'boards.release': DeviceView;
  'ledger.deeds': { readonly rows: readonly DeedView[]; readonly more: boolean };
  'ledger.verify': { readonly rows: number; readonly head: string; readonly broken: string | null };
  'recipes.list': readonly RecipeView[];
  'recipes.read': RecipeText;
  'recipes.check': { readonly findings: readonly FindingView[]; readonly plan: PlanView | null };
  'recipes.plan': PlanView;
  /** What a device made by the recipe will be able to show; null: the recipe has mistakes. */
  'recipes.assurance': readonly Assurance[] | null;
  'recipes.save': RecipeText;
  'recipes.diff': readonly { readonly path: string; readonly change: Change; readonly weaker: boolean }[];
  'recipes.rehearse': RehearsalView;
  'recipes.approve': RecipeView;
  'recipes.retire': RecipeView;
  'recipes.builds': readonly string[];
  'recipes.propose': RecipeProposal;
  'recipes.remove': readonly RecipeView[];
  'factory.results': readonly OpenResult[] | null;
  'factory.settle': readonly OpenResult[];
  'plant.view': PlantSight;
  'plant.search': { readonly found: readonly FoundInPlant[]; readonly isCut: boolean };
  'station.view': StationView;
  'fixtures.ports': readonly { readonly address: string; readonly words: string; readonly taken: string | null }[];
  'fixtures.teach': readonly FixtureView[];
  'fixtures.remove': readonly FixtureView[];
  'token.view': TokenView;
  'token.makeKeys': TokenView;
  'token.accept': TokenView;
  'escrow.list': EscrowView;
  'escrow.release': Told;
  'clock.accept': StationView;
  'operators.list': readonly OperatorView[];
  'operators.save': readonly OperatorView[];
  'operators.remove': readonly OperatorView[];
  'printer.test': Told;
  'printer.set': StationView;
  'labels.preview': LabelPreview;
  'labels.print': Told;
}

/** What a refused or failed call answers instead: a fault for people, never a stack. */
export interface CallFault {
  readonly code: string;
  readonly what: string;
  readonly next: string;
}

/** What the station says by itself, gathered to at most one message a frame. */
export interface LineChange {
  /** Counts messages: a face that misses one asks for a snapshot. */
  readonly seq: number;
  /** Those that changed. */
  readonly fixtures: readonly FixtureView[];
  /** The names of all, in their order: what is not among them was forgotten. */
  readonly names: readonly string[];
  readonly batch: BatchView | null;
  /** Why the last label did not come out; null: nothing is wrong. */
  readonly printerFault: FaultRecord | null;
  /** What of the plant and of the factory's own system needs somebody. */
  readonly plantFaults: readonly FaultRecord[];
  /** Verdicts since the last message, for sound and sticky display. */
  readonly verdicts: readonly {
    readonly fixture: string;
    readonly outcome: Outcome;
    readonly serial: string | null;
    readonly mac: string | null;
  }[];
}

export interface Events {
  readonly 'line.change': LineChange;
  readonly 'token.change': TokenView;
  readonly 'session.change': SessionState;
}
export type EventName = keyof Events;

/** What a face holds: calls that answer, events that come. The same for Electron IPC and the loopback WebSocket. */
export interface StationApi {
  call<Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallAnswers[Name]>;
  on<Name extends EventName>(name: Name, listener: (event: Events[Name]) => void): () => void;
}

export type { Assurance, RecipeRef, RunRecord, SealedRecord };
