// Carrying out a burn plan: book, burn, read back, believe (LAW 2 and 3). The only place that programs eFuses.

import { BitSet } from '../efuse/bits.ts';
import { shutsDownload } from '../efuse/door-fields.ts';
import { partOf } from '../efuse/parts.ts';
import type { BlockBurn, Burn, BurnPlan, SlotAssignment } from '../efuse/plan-types.ts';
import { digestBytes } from '../efuse/slots.ts';
import { blankSnapshot, blockHealth } from '../efuse/snapshot.ts';
import { keySlotsOf, purposeRule, readDisablePlace } from '../efuse/tables.ts';
import type { EfuseTable } from '../efuse/types.ts';
import type { StepEvent } from '../model/event.ts';
import type { BitsFact, DoorEffect, KeyBlockFact } from '../model/evidence/burns.ts';
import { BoardFault, Fault, FixtureFault, isFault, ProgramFault } from '../model/fault.ts';
import type { DoorState } from '../protocol/loader.ts';
import type { BurnStage, KeyBytes } from './board.ts';
import { type Codeword, codewordOf, type DoorAccess, type EfuseBus, isLostAnswer, wipe } from './registers.ts';
import { lineTooBad, type SameBoard } from './same-board.ts';

/** FACTS 2.4: the identical burn is tried three times in all. */
const tries = 3;

type KeyBurn = Extract<Burn, { kind: 'key' }>;
type BitsBurn = Extract<Burn, { kind: 'bits' }>;

/** What is known of the eFuses between burns, so that no bit is burned twice and nothing is read for nothing. */
export interface KnownEfuses {
  /** BLOCK0. */
  readonly words: number[];
  /** Bits of BLOCK0 whose copies disagree: these may be burned again. */
  readonly weak: number[];
  /** Key blocks that were read and found empty. */
  readonly blank: Set<number>;
}

/** What a burn needs of the board, which owns the loader. */
export interface BoardWatch extends DoorAccess {
  /** Who lies in the fixture: asked right before each program command, since while an event was written nobody spoke to the board. */
  readonly same: Pick<
    SameBoard,
    'assertSame' | 'assertUnchanged' | 'assertWhole' | 'note' | 'forget' | 'noteKey' | 'isTold'
  >;
  /** FixtureFault `supply.brown-out` where the supply has broken down since the board was met. */
  assertSupply(): void;
  /** A codeword has to be burned again. */
  repeated(): void;
  /** Whether the loader answers as one in secure download mode. */
  secureDownload(): Promise<boolean>;
  /** What the port's lines find when they reset the board into its loader; null where they cannot. */
  tryDoor(): Promise<'open' | 'secure' | 'disabled' | null>;
}

/** Carries out the burns of `stages`, in the plan's order. See Board.burn. */
export async function* carryOut(
  bus: EfuseBus,
  table: EfuseTable,
  plan: BurnPlan,
  keys: KeyBytes,
  stages: readonly BurnStage[],
  known: KnownEfuses,
  watch: BoardWatch,
): AsyncGenerator<StepEvent, void, void> {
  if (plan.refusals.length > 0 || plan.table !== table.name) {
    throw new ProgramFault({
      code: 'burn.refused-plan',
      what: 'A burn plan that was refused, or made for other silicon, was to be carried out.',
      next: 'Keep the ledger and the log, and report this with the code.',
      safety: 'untouched',
    });
  }
  for (const burn of plan.burns.filter(({ stage }) => stages.includes(stage))) {
    const isDoor = burn.kind === 'bits' && burn.fields.some(({ field }) => shutsDownload(field));
    try {
      if (burn.kind === 'key') yield* burnKey(bus, table, burn, keys, known, watch);
      else if (burn.kind === 'block') yield* burnBlock(bus, table, burn, watch);
      else if (isDoor) yield* burnDoor(bus, burn, known, watch);
      else yield* burnBits(bus, burn, known, watch);
    } catch (error) {
      throw lostContact(error, isDoor);
    }
  }
}

/** Burns a codeword, for the first time or again; between its staging and the command that burns it this must be the board, and its supply hold. */
async function programOnce(
  bus: EfuseBus,
  codeword: Codeword,
  watch: BoardWatch,
  round: number,
  seen: { sent: boolean; answered: boolean } = { sent: false, answered: false },
): Promise<void> {
  if (round > 1) watch.repeated();
  const beforeCommit = async () => {
    await watch.same.assertSame();
    if (round > 1 && !watch.same.isTold) throw notSeen();
    watch.assertSupply();
    seen.sent = true;
  };
  await bus.program(codeword, beforeCommit, () => {
    seen.answered = true;
  });
}

/** Keys and digests into the block that is theirs. It may hold them already, whole or begun, from an earlier run. */
async function* burnKey(
  bus: EfuseBus,
  table: EfuseTable,
  { block, assignments }: KeyBurn,
  keys: KeyBytes,
  known: KnownEfuses,
  watch: BoardWatch,
): AsyncGenerator<StepEvent, void, void> {
  const name = table.blocks[block]!.name;
  const { slot } = assignments[0]!;
  const block0 = new BitSet(known.words);
  if (table.blocks[block]!.readDisableBits.some((bit) => block0.has(readDisablePlace(table, bit))))
    throw stalePlan(name, slot);
  const details = assignments.map((assignment) => detailOf(name, assignment));
  const codeword = codewordFor(table, block, assignments, keys);
  const shown = codeword.data.slice(0, table.blocks[block]!.words);
  try {
    const look = async () => {
      const seen = await compare(bus, table, codeword);
      await watch.same.assertUnchanged();
      if (seen === 'right') watch.same.noteKey(block, shown);
      else if (seen === 'begun' || seen === 'doubtful') watch.same.noteKey(block, null);
      return seen;
    };
    let state: KeyBlockState = known.blank.has(block) ? 'blank' : await look();
    if (state !== 'right' && state !== 'foreign') {
      for (const detail of details) yield { type: 'intend', what: 'key-block', detail };
      known.blank.delete(block);
      for (let round = 1; state !== 'right' && state !== 'foreign' && round <= tries; round++) {
        watch.same.forget(block);
        await programOnce(bus, codeword, watch, round);
        await bus.refresh(codeword);
        state = await look();
      }
      for (const detail of details) yield { type: 'burned', what: 'key-block', detail };
    }
    if (state !== 'right') {
      // Nothing is said of a board that is not known to be the one.
      await watch.same.assertWhole();
      yield { type: 'observed', what: 'key-block-given-up', value: { slot, block, name, state } };
      throw spoiled(table, assignments, state);
    }
    for (const detail of details) yield { type: 'verified', what: 'key-block', detail };
  } finally {
    shown.fill(0);
    wipe(codeword);
  }
}

/**
 * Public content of a block, burned as a whole: of a block with a code the identical codeword again where it was begun, of one without the
 * bits that are missing.
 */
async function* burnBlock(
  bus: EfuseBus,
  table: EfuseTable,
  { block, bytes, mac, field }: BlockBurn,
  watch: BoardWatch,
): AsyncGenerator<StepEvent, void, void> {
  const { name, coding } = table.blocks[block]!;
  const detail = { block, name, field, mac };
  const codeword = codewordOf(block, Uint8Array.from(bytes), coding);
  let state = await compareContent(bus, table, codeword);
  await watch.same.assertUnchanged();
  if (state !== 'right' && state !== 'foreign') {
    yield { type: 'intend', what: 'custom-mac', detail };
    for (let round = 1; state !== 'right' && state !== 'foreign' && round <= tries; round++) {
      await programOnce(bus, codeword, watch, round);
      await bus.refresh(codeword);
      state = await compareContent(bus, table, codeword);
      await watch.same.assertUnchanged();
    }
    yield { type: 'burned', what: 'custom-mac', detail };
  } else await watch.same.assertSame();
  const isIn = state === 'right';
  if (!isIn) {
    // Nothing is said of a board that is not known to be the one.
    await watch.same.assertWhole();
    throw new BoardFault({
      code: state === 'doubtful' ? 'burn.coding-error' : 'burn.readback-differs',
      what:
        state === 'foreign'
          ? `${name} holds bits that do not belong to the MAC address ${mac}.`
          : `${name} did not take the MAC address ${mac} in ${tries} tries.`,
      next: 'Set the board aside: this block takes an address once.',
      safety: 'condemned',
      details: { block },
    });
  }
  for (const [index, word] of codeword.data.slice(0, table.blocks[block]!.words).entries())
    watch.same.note(block, index, word);
  yield { type: 'verified', what: 'custom-mac', detail };
}

/** `compare`; of a block without code the words that hold nothing of this content are another's business. */
async function compareContent(bus: EfuseBus, table: EfuseTable, codeword: Codeword): Promise<KeyBlockState> {
  if (codeword.check.length > 0) {
    const state = await compare(bus, table, codeword);
    // Part of it that reads well is a whole content of another.
    return state === 'begun' ? 'foreign' : state;
  }
  const found = await bus.readWords(
    codeword.block,
    codeword.data.map((_, i) => i),
  );
  return codeword.data.every((word, i) => (word & ~found.get(i)!) === 0) ? 'right' : 'begun';
}

/** A hidden block shows nothing to compare: burning it by a plan made before would spoil it. */
function stalePlan(name: string, slot: number): ProgramFault {
  return new ProgramFault({
    code: 'burn.stale-plan',
    what: `${name} is hidden already, and the plan still wants to burn it.`,
    next: 'Insert the board again: the station plans it anew.',
    safety: 'resumable',
    details: { slot },
  });
}

/** Public facts of a key block for the ledger. */
function detailOf(name: string, { slot, block, purpose, material }: SlotAssignment): KeyBlockFact {
  return material.kind === 'secret'
    ? { slot, block, name, purpose, role: material.role, part: material.part }
    : { slot, block, name, purpose, digest: material.index, sha256: material.sha256 };
}

/** The bytes of a block, each material in its part and order, with their parity. The secrets that `keys` lends are destroyed here. */
function codewordFor(
  table: EfuseTable,
  block: number,
  assignments: readonly SlotAssignment[],
  keys: KeyBytes,
): Codeword {
  const data = new Uint8Array(32);
  try {
    for (const { purpose, material } of assignments) {
      const { part, reversed } = purposeRule(table, purpose);
      const bytes =
        material.kind === 'digest'
          ? digestBytes(material.sha256, part)
          : secretBytes(keys, material.role, material.part);
      try {
        if (8 * bytes.length !== part.length) throw wrongLength(purpose, bytes.length, part.length / 8);
        if (reversed) bytes.reverse();
        partOf(data, part).set(bytes);
      } finally {
        bytes.fill(0);
      }
    }
    return codewordOf(block, data, table.blocks[block]!.coding);
  } finally {
    data.fill(0);
  }
}

function wrongLength(purpose: string, length: number, wanted: number): ProgramFault {
  return new ProgramFault({
    code: 'burn.wrong-length',
    what: `The ${purpose} that was to be burned has ${length} bytes instead of ${wanted}.`,
    next: 'Keep the ledger and the log, and report this with the code.',
    safety: 'resumable',
  });
}

function secretBytes(keys: KeyBytes, ...key: Parameters<KeyBytes>): Uint8Array {
  const secret = keys(...key);
  try {
    return secret.use((bytes) => bytes.slice());
  } finally {
    secret.destroy();
  }
}

/** blank: nothing in it. begun: part of this codeword. doubtful: coding errors. foreign: bits that are not ours. */
type KeyBlockState = 'right' | 'blank' | 'begun' | 'doubtful' | 'foreign';

/** Looks at the block; what is not as it should be is looked at twice, since answers carry no checksum. */
async function compare(bus: EfuseBus, table: EfuseTable, codeword: Codeword): Promise<KeyBlockState> {
  const state = await compareOnce(bus, table, codeword);
  return state === 'right' || state === 'blank' ? state : compareOnce(bus, table, codeword);
}

async function compareOnce(bus: EfuseBus, table: EfuseTable, codeword: Codeword): Promise<KeyBlockState> {
  // What of the codeword the block shows: a short one less than there is in it.
  const shown = codeword.data.slice(0, table.blocks[codeword.block]!.words);
  const found = await bus.readWords(
    codeword.block,
    shown.map((_, i) => i),
  );
  const rsErrors = await bus.rsErrors(codeword.block);
  const health = blockHealth({ ...blankSnapshot(table), rsErrors }).find(({ block }) => block === codeword.block)!;
  const same = shown.every((word, i) => found.get(i) === word >>> 0);
  const blank = [...found.values()].every((word) => word === 0);
  const foreign = [...found].some(([i, word]) => (word & ~codeword.data[i]!) !== 0);
  found.clear();
  if (health.failed || health.correctedBytes > 0) return foreign && !health.failed ? 'foreign' : 'doubtful';
  if (same) return 'right';
  if (foreign) return 'foreign';
  return blank ? 'blank' : 'begun';
}

function spoiled(table: EfuseTable, assignments: readonly SlotAssignment[], state: KeyBlockState): BoardFault {
  const { slot, block } = assignments[0]!;
  const { name } = table.blocks[block]!;
  const purpose = assignments.map((assignment) => assignment.purpose).join(' and the ');
  // Where no other block can hold it there is nowhere to go on.
  const alone = !keySlotsOf(table).some(
    (other) =>
      other !== slot && assignments.every((one) => !purposeRule(table, one.purpose).forbiddenSlots.includes(other)),
  );
  const next = alone
    ? 'Condemn the board: this chip has no other block for it.'
    : 'Insert the board again: the station takes another block for this key and leaves this one behind.';
  const safety = alone ? 'condemned' : 'resumable';
  if (state === 'doubtful') {
    return new BoardFault({
      code: 'burn.coding-error',
      what: `${name} still has coding errors after the ${purpose} was burned ${tries} times.`,
      next,
      safety,
      details: { slot },
    });
  }
  return new BoardFault({
    code: 'burn.readback-differs',
    what:
      state === 'foreign'
        ? `${name} holds bits that do not belong to the ${purpose}.`
        : `${name} did not take the ${purpose} in ${tries} tries.`,
    next,
    safety,
    details: { slot },
  });
}

/** Nothing shows of a first burn, and nothing tells this chip from another of its MAC: the one that was burned may be gone. */
function notSeen(): BoardFault {
  return new BoardFault({
    code: 'burn.not-seen',
    what: 'A burn was sent and nothing shows of it. This chip has no number of its own beside its MAC, so nobody can tell whether it is the board that was burned.',
    next: 'Insert the board again: the station reads what is burned and goes on. Put it aside when this happens again.',
    safety: 'resumable',
  });
}

function bitsDetail({ block, stage, fields }: BitsBurn): BitsFact {
  return { block, stage, fields: fields.map(({ field, from, to }) => ({ field, from, to })) };
}

/** Bits of BLOCK0, or of a block without code: those that are missing, again where they did not take. */
async function* burnBits(
  bus: EfuseBus,
  burn: BitsBurn,
  known: KnownEfuses,
  watch: BoardWatch,
): AsyncGenerator<StepEvent, void, void> {
  const detail = bitsDetail(burn);
  const { block } = burn;
  const found = block === 0 ? known : await readFound(bus, burn);
  let open = stillOpen(burn.words, found);
  if (!open.empty) {
    yield { type: 'intend', what: 'bits', detail };
    for (let round = 1; !open.empty && round <= tries; round++) {
      const codeword: Codeword = { block, data: open.words, check: [] };
      await programOnce(bus, codeword, watch, round);
      await bus.refresh(codeword);
      await readBack(bus, block, open.words, found, watch);
      open = stillOpen(burn.words, found);
    }
    yield { type: 'burned', what: 'bits', detail };
  } else await watch.same.assertSame();
  if (!open.empty) {
    await watch.same.assertWhole();
    throw notTaken(burn, open, found);
  }
  yield { type: 'verified', what: 'bits', detail };
}

/** What stands in a block other than BLOCK0 now; it has no copies that could disagree. */
async function readFound(bus: EfuseBus, { block, words }: BitsBurn): Promise<KnownEfuses> {
  const read = await bus.readWords(
    block,
    words.map((_, i) => i),
  );
  return { words: words.map((_, i) => read.get(i)!), weak: words.map(() => 0), blank: new Set() };
}

/** Bits of `words` that are not 1, or 1 with disagreeing copies. */
function stillOpen(words: readonly number[], known: KnownEfuses): BitSet {
  return new BitSet(words.map((word, i) => word & ~(known.words[i]! & ~known.weak[i]!)));
}

/** Reads the words that `program` touched, with their error words, into `known`. What is not as it should be is read twice. */
async function readBack(
  bus: EfuseBus,
  block: number,
  program: readonly number[],
  known: KnownEfuses,
  watch: BoardWatch,
): Promise<void> {
  const touched = [...program.keys()].filter((index) => program[index] !== 0);
  const first = block === 0 ? await bus.readChecked(touched) : null;
  const plain = first === null ? await bus.readWords(block, touched) : null;
  for (const index of touched) {
    const before = known.words[index]!;
    const expected = (before | program[index]!) >>> 0;
    let now = (first?.get(index)?.word ?? plain?.get(index))!;
    if (now !== expected) now = (await bus.readWords(block, [index])).get(index)!;
    // Before it is judged: a read that was lost may have been answered by another board.
    await watch.same.assertUnchanged();
    if ((now & ~expected) !== 0 || (before & ~now) !== 0) {
      await watch.same.assertWhole();
      throw new BoardFault({
        code: 'burn.readback-differs',
        what: `BLOCK${block} word ${index} reads as 0x${now.toString(16)}: bits changed that were not burned.`,
        next: 'Set the board aside: what it is now nobody can say.',
        safety: 'condemned',
        details: { word: index, before, now },
      });
    }
    known.words[index] = now;
    if (first !== null) known.weak[index] = first.get(index)!.error && (await bus.repeatError(index));
    watch.same.note(block, index, now & ~known.weak[index]!);
  }
}

function notTaken(burn: BitsBurn, open: BitSet, known: KnownEfuses): BoardFault {
  const missing = open.words.some((word, i) => (word & ~known.words[i]!) !== 0);
  const fields = burn.fields.map(({ field }) => field).join(', ');
  return new BoardFault({
    code: missing ? 'burn.readback-differs' : 'burn.coding-error',
    what: `${missing ? 'Bits' : 'Copies'} of ${fields} did not take in ${tries} tries.`,
    next: 'Set the board aside: it cannot become this product.',
    safety: 'condemned',
    details: { fields },
  });
}

/**
 * The door, believed by its effect. Most ROMs answer nothing more once the fuse is in force: they reset themselves and come back in secure
 * download mode, or print that download mode is off (see Loader.writeToDoor). One that goes on (ESP32's, or a fuse that did not take) is
 * read back, and the effect is looked for with a reset where the port has lines for it.
 */
async function* burnDoor(
  bus: EfuseBus,
  burn: BitsBurn,
  known: KnownEfuses,
  door: BoardWatch,
): AsyncGenerator<StepEvent, void, void> {
  const detail = bitsDetail(burn);
  let state: DoorState = 'open';
  let open = stillOpen(burn.words, known);
  if (!open.empty) {
    yield { type: 'intend', what: 'bits', detail };
    let isSent = false;
    for (let round = 1; round <= tries && !open.empty && state === 'open'; round++) {
      const codeword: Codeword = { block: 0, data: open.words, check: [] };
      if (!(await programDoor(bus, codeword, door, round))) continue;
      isSent = true;
      state = await bus.refreshDoor(codeword, door);
      if (state === 'open') {
        await readBack(bus, 0, open.words, known, door);
      }
      open = stillOpen(burn.words, known);
    }
    if (!isSent) throw lineTooBad();
    yield { type: 'burned', what: 'bits', detail };
  } else await door.same.assertSame();
  if (state === 'open' && !open.empty) {
    await door.same.assertWhole();
    throw notTaken(burn, open, known);
  }
  const effect = await doorEffect(state, burn, door);
  yield { type: 'verified', what: 'bits', detail: { ...detail, effect } };
}

/**
 * Whether the command that shuts the door was sent, to the board that is meant. Every ROM answers it before the fuse is in force (FACTS 17.2,
 * recorded; 19.2, run in ROM): what is lost behind that answer is the door's effect, and the look at the door decides. Without it silence, or
 * a door that is shut, may be another board's: it has to show that it is the one.
 */
async function programDoor(bus: EfuseBus, codeword: Codeword, watch: BoardWatch, round: number): Promise<boolean> {
  const seen = { sent: false, answered: false };
  try {
    await programOnce(bus, codeword, watch, round, seen);
  } catch (error) {
    if (!seen.answered || (!isLostAnswer(error) && !isFault(error, 'protocol.secure-download'))) throw error;
  }
  if (!seen.answered) await watch.same.assertWhole();
  return seen.sent;
}

/** How the door was seen to be shut, as the record says it. BoardFault where it is open, or shut another way than it was to be. */
async function doorEffect(state: DoorState, burn: BitsBurn, door: BoardWatch): Promise<DoorEffect> {
  const wanted = burn.fields.some(({ field }) => field === 'ENABLE_SECURITY_DOWNLOAD') ? 'secure' : 'disabled';
  const seen = state === 'open' && (await door.secureDownload()) ? 'secure' : state;
  if (seen === wanted) return effects[seen];
  const found = await door.tryDoor();
  if (found === wanted) return effects[found];
  if (found === null && state === 'open') return 'read-back';
  if (found === null && state === 'silent') throw silentDoor();
  throw new BoardFault({
    code: 'burn.door-not-shut',
    what: `${burn.fields.map(({ field }) => field).join(', ')} was burned, and download mode is ${found ?? state} instead of ${wanted}.`,
    next: 'Set the board aside: its chip does not do what its eFuses say.',
    safety: 'resumable',
    details: { wanted, found: found ?? state },
  });
}

const effects = { secure: 'secure-download', disabled: 'download-disabled' } as const;

/** Neither an answer nor a word, and no lines to ask with. */
function silentDoor(): FixtureFault {
  return new FixtureFault({
    code: 'burn.door-silent',
    what: 'After the burn that shuts its door the board neither answered nor printed anything, and this port cannot reset it.',
    next: 'Reset the board by hand with its boot pin low, and look what it prints.',
    safety: 'resumable',
  });
}

/** Contact lost in the middle of burning, in the words of this room; every other fault as it is. */
function lostContact(error: unknown, isDoor: boolean): unknown {
  // A door that is shut before it was burned here: which board lies there nobody can read.
  const isShut = isDoor && (isFault(error, 'protocol.secure-download') || isFault(error, 'protocol.download-disabled'));
  if (!(error instanceof Fault) || (error.faultClass !== 'fixture' && !isShut)) return error;
  if (error.code === 'supply.brown-out') return error;
  return new BoardFault({
    code: 'burn.lost-contact',
    what: `The board was lost in the middle of ${isDoor ? 'the burn that shuts its door' : 'burning'}: ${error.what}`,
    next: isDoor
      ? 'Insert the board again: with its door open still the station reads what is burned and goes on; with it shut the board has to show which one it is, and is then sealed.'
      : 'Insert the board again: the station reads what is burned and goes on from there.',
    safety: 'resumable',
    details: { cause: error.code },
    cause: error,
  });
}
