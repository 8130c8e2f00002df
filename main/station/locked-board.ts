import { toHex } from '../base/bytes.ts';
import { type Clock, isoTime } from '../base/clock.ts';
import { digestOf } from '../base/json.ts';
import type { RandomSource } from '../base/random.ts';
import { consoleRateOf, openShutBoard } from '../chip/connect.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { StepEvent } from '../model/event.ts';
import type { IdentifiedBy } from '../model/evidence/run.ts';
import { BoardFault, type Fault, isFault } from '../model/fault.ts';
import { bareMac, macPattern, macsOn } from '../model/mac.ts';
import type { RunRecord, SealedRecord } from '../model/record.ts';
import type { LoadedRecipe } from '../recipe/load.ts';
import { awaitsReset } from '../recipe/steps/boot-proof.ts';
import { type BootProof, macMs, otherShown, proveByBoot, signatureFits } from '../recipe/steps/proof.ts';
import type { OpenPort } from '../transport/port.ts';
import { type BootRule, bootRuleOf } from './boot-rule.ts';
import { identityIn, sealedRecordOf } from './sealed-record.ts';
import { isHalfEnabled, isNamed, isToBeShut, type WaitingBoard, waitingBoards } from './waiting-boards.ts';

/** Whether a fault says that the chip is there and its door is shut. */
export function isLocked(fault: unknown): fault is Fault {
  return isFault(fault, 'protocol.download-disabled') || isFault(fault, 'admission.secure-download');
}

/** What finishing a locked board needs of the fixture. */
export interface LockedBoardParts {
  readonly station: string;
  readonly software: SealedRecord['software'];
  readonly ledger: Ledger;
  readonly openPort: OpenPort;
  readonly clock: Clock;
  readonly random: RandomSource;
}

export interface LockedBoardTask {
  readonly loaded: Pick<LoadedRecipe, 'recipe' | 'ref'>;
  /** Whether the firmware of this recipe answers a challenge. */
  readonly offersProof: boolean;
  readonly resetBy: 'lines' | 'operator';
  /** What a person says that the board is: its MAC or serial number; null: nothing was said. Asked with the boards that it may be. */
  named(waiting: readonly WaitingBoard[]): string | null;
  readonly address: string;
  /** What the board said that its door is shut by. */
  readonly fault: unknown;
  /** The run that found the board locked: its events go on from there. */
  readonly run: RunRecord;
  /** Writes an event of that run, and shows it. */
  say(step: string | null, event: StepEvent): Promise<void>;
  readonly signal: AbortSignal;
}

/** Boards that are asked in one boot: the same lines are awaited of them, and all can sign or none. */
interface Likely {
  readonly rule: BootRule;
  readonly keyed: boolean;
  readonly boards: WaitingBoard[];
}

/** Which board it is, and by what that is known. */
interface Recognised {
  readonly board: WaitingBoard;
  readonly by: IdentifiedBy;
  readonly proof: BootProof;
  readonly nonce: Uint8Array | null;
}

/**
 * A board whose door was shut and whose seal was lost to a power cut, a full disk or a lost answer: it cannot be read any more, so it has to
 * show which one it is. With a device key it signs a fresh challenge, and the run whose certificate holds that key is the one. Without, the
 * MAC that its application prints tells, or else a person. It boots by the rule of the recipe it was made by. Appends the proof to the
 * finding run and seals under it; the record says by what the board was known. Null: no board of this ledger waits for its seal, so this
 * one is foreign or already sealed. Keys: the interrupted run's wrapped forms are dropped by the seal. BoardFaults:
 * `admission.half-enabled` where nobody can know whether its boot security took; `admission.which-shut-board` where neither board nor person tells; `admission.other-shut-board` where what the board shows contradicts;
 * those of the boot proof.
 */
export async function finishLockedBoard(
  parts: LockedBoardParts,
  task: LockedBoardTask,
): Promise<{ readonly board: WaitingBoard; readonly seal: { readonly row: number; readonly hash: string } } | null> {
  const way = isFault(task.fault, 'protocol.download-disabled') ? 'disabled' : 'secure';
  const waiting = (await waitingBoards(parts.ledger)).filter((board) => isToBeShut(board, way));
  if (waiting.length === 0) return null;
  const { board, by, proof, nonce } = await recognise(parts, task, waiting);
  if (isHalfEnabled(board)) throw halfEnabled(board);
  const { ledger, clock } = parts;
  const { run, mac } = board;
  await ledger.bindRun(task.run.id, { mac, ...(run.serial ? { serial: run.serial } : {}) });
  const { fixture, operator } = task.run;
  await task.say(null, {
    type: 'observed',
    what: 'finishes-run',
    value: { run: run.id, identifiedBy: by, fixture, operator },
  });
  await task.say('final-boot-proof', {
    type: 'verified',
    what: 'sealed-boot',
    detail: { lines: proof.lines, ...(nonce === null ? {} : { challenge: toHex(nonce), ...proof.answer }) },
  });
  await task.say('destroy-keys', { type: 'keys-destroyed', roles: [], livedMs: 0 });
  const events = [...board.events, ...(await ledger.events(task.run.id))];
  const record = sealedRecordOf({ ...run, id: task.run.id }, events, {
    station: parts.station,
    sealedAt: isoTime(clock.now()),
    software: parts.software,
  });
  return { board, seal: await ledger.seal(record) };
}

async function recognise(
  parts: LockedBoardParts,
  task: LockedBoardTask,
  waiting: readonly WaitingBoard[],
): Promise<Recognised> {
  const name = task.named(waiting);
  const meant = name === null ? null : (waiting.find((board) => isNamed(board, name)) ?? null);
  let failed: unknown = null;
  for (const likely of await likelies(parts.ledger, task, waiting, meant)) {
    let booted: Omit<Recognised, 'board' | 'by'>;
    try {
      booted = await boot(parts, task, likely);
    } catch (error) {
      // Boards of another recipe say other lines: theirs are awaited in a boot of its own.
      if (!isFault(error, 'boot-proof.failed')) throw error;
      failed ??= error;
      continue;
    }
    if (likely.keyed && !waiting.some((board) => isSignedBy(board, booted)))
      throw otherBoard(waiting.length, 'its signature is by none of their keys');
    const known = likely.keyed ? bySignature(likely, booted) : byConsole(likely, booted, waiting);
    if (known !== null) {
      if (meant !== null && meant.mac !== known.board.mac) throw notTheNamed(meant, known);
      return { ...booted, ...known };
    }
    if (likely.keyed) continue;
    if (meant !== null && likely.boards.includes(meant)) {
      const other = await otherShown(booted.proof.heard, [meant.mac], (mac) => isOfLedger(parts.ledger, mac));
      if (other !== null) throw otherBoard(waiting.length, `it prints the MAC of ${other}`);
      return { ...booted, board: meant, by: 'operator' };
    }
    throw nobodyKnowsWhich(waiting, name);
  }
  throw meant !== null || !isFault(failed) ? failed : notProven(failed, waiting.length);
}

/** The waiting boards in the order in which they are tried; those that a person named, or that the running recipe made, first. */
async function likelies(
  ledger: Ledger,
  { loaded, offersProof }: LockedBoardTask,
  waiting: readonly WaitingBoard[],
  meant: WaitingBoard | null,
): Promise<Likely[]> {
  const groups = new Map<string, Likely>();
  const isOurs = ({ run }: WaitingBoard) => run.recipe.hash === loaded.ref.hash;
  const rank = (board: WaitingBoard) => (board === meant ? 0 : isOurs(board) ? 1 : 2);
  for (const board of [...waiting].sort((a, b) => rank(a) - rank(b))) {
    const rule = (await bootRuleOf(ledger, board.run.recipe.hash)) ?? loaded.recipe.bootProof;
    const signs = rule.challenge === 'required' || wasChallenged(board) || (isOurs(board) && offersProof);
    const keyed = signs && rule.challenge !== 'none' && publicKeyOf(board) !== null;
    const key = `${keyed} ${digestOf(rule)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { rule, keyed, boards: [board] });
    else group.boards.push(board);
  }
  return [...groups.values()];
}

/** One boot by the rule of these boards, with a challenge where they have keys. */
async function boot(
  { openPort, clock, random }: LockedBoardParts,
  { address, fault, resetBy, signal, say }: LockedBoardTask,
  { rule, keyed, boards }: Likely,
): Promise<Omit<Recognised, 'board' | 'by'>> {
  const nonce = keyed ? random(32) : null;
  const port = await openPort(address, { baudRate: 115200 });
  const board = openShutBoard(port, { clock, ...consoleRateOf(fault) });
  try {
    if (resetBy === 'operator') await say('final-boot-proof', awaitsReset(rule));
    const listenFor = keyed ? {} : { listenFor: { pattern: macPattern(boards.map(({ mac }) => mac)), ms: macMs } };
    return { nonce, proof: await proveByBoot(board, { clock, resetBy, rule, nonce, mac: null, signal, ...listenFor }) };
  } finally {
    await board.close();
  }
}

type Known = Pick<Recognised, 'board' | 'by'>;

function bySignature({ boards }: Likely, { proof, nonce }: Pick<Recognised, 'proof' | 'nonce'>): Known | null {
  const board = boards.find((one) => isSignedBy(one, { proof, nonce }));
  return board === undefined ? null : { board, by: 'signature' };
}

function isSignedBy(board: WaitingBoard, { proof, nonce }: Pick<Recognised, 'proof' | 'nonce'>): boolean {
  const publicKey = publicKeyOf(board);
  return publicKey !== null && nonce !== null && proof.answer !== null && signatureFits(proof.answer, nonce, publicKey);
}

/** Where the console shows the MAC of just one board that waits. */
function byConsole(
  { boards }: Likely,
  { proof }: Pick<Recognised, 'proof'>,
  waiting: readonly WaitingBoard[],
): Known | null {
  const shown = macsOn(proof.heard);
  const [board, ...more] = waiting.filter(({ mac }) => shown.has(bareMac(mac)));
  return board === undefined || more.length > 0 || !boards.includes(board) ? null : { board, by: 'console-mac' };
}

/** Whether any run of the ledger had this board. */
export async function isOfLedger(ledger: Pick<Ledger, 'runs'>, mac: string): Promise<boolean> {
  return (await ledger.runs({ mac, limit: 1 })).length > 0;
}

/** Whether it answered a challenge with its door open. */
function wasChallenged({ events }: WaitingBoard): boolean {
  return events.some(
    ({ event }) => event.type === 'verified' && event.what === 'boot' && event.detail.challenge !== undefined,
  );
}

/** The public key that the run certified, or asked a certificate for, last. */
function publicKeyOf({ events }: WaitingBoard): string | null {
  return identityIn(events)?.publicKey ?? null;
}

/** How many boards wait for their seal behind a shut door, in words. */
const waits = (count: number) => (count === 1 ? 'one board waits' : `${count} boards wait`);

/** How many of them a message names. */
const namedInMessage = 6;

function nobodyKnowsWhich(waiting: readonly WaitingBoard[], name: string | null): BoardFault {
  const list = waiting
    .slice(0, namedInMessage)
    .map(({ mac, run }) => `${mac}${run.serial === null || run.serial === bareMac(mac) ? '' : ` (${run.serial})`}`)
    .join(', ');
  const more = waiting.length > namedInMessage ? `, and ${waiting.length - namedInMessage} more` : '';
  const said = name === null ? '' : ` ${JSON.stringify(name)} is none of them.`;
  return new BoardFault({
    code: 'admission.which-shut-board',
    what: `The door of this board is shut, it prints no MAC, and ${waits(waiting.length)} here for the seal: ${list}${more}.${said}`,
    next: 'Name it by its label: in the window scan the label and insert the board again; in a terminal start with --device and its MAC or serial number. If it is none of these, set it aside.',
    safety: 'shut',
    details: { waiting: waiting.length },
  });
}

function notTheNamed(meant: WaitingBoard, { board, by }: Known): BoardFault {
  return new BoardFault({
    code: 'admission.other-shut-board',
    what: `This is the board ${board.mac}, by ${by === 'signature' ? 'its signature' : 'the MAC that it prints'}, and ${meant.mac} was named.`,
    next: 'Look at the label, and name the board that is in the fixture.',
    safety: 'shut',
    details: { found: board.mac, named: meant.mac },
  });
}

/** It does not start as any board that waits here does, and nobody said that it is one. */
function notProven({ code, what, details, cause }: Fault, count: number): BoardFault {
  return new BoardFault({
    code,
    what: `${what} The door of this board is shut; ${waits(count)} here for the seal, and whether it is one of them is not known.`,
    next: 'Insert it again. If it stays so, set it aside: it is none of them, or its firmware does not start.',
    safety: 'shut',
    details,
    cause,
  });
}

/** What nobody can read any more is not sealed. */
function halfEnabled({ mac }: WaitingBoard): BoardFault {
  return new BoardFault({
    code: 'admission.half-enabled',
    what: `The board ${mac} was lost while flash encryption and Secure Boot were being switched on, and its own firmware has shut the door since: whether every one of these bits took nobody can read any more.`,
    next: `Set the board aside: it is not sealed, and cannot be. Two people end it: board condemn ${mac}.`,
    safety: 'shut',
  });
}

/** What a shut board is told when `finishLockedBoard` found that none waits here. */
export function noneWaits(fault: Fault): Fault {
  if (fault.code !== 'protocol.download-disabled') return fault;
  const { code, what, details, cause } = fault;
  return new BoardFault({
    code,
    what: `${what} No board that was begun here waits for its seal behind such a door.`,
    next: "Look for its record by the serial number on its label (audit list): it may be sealed. Without a record it is somebody else's: set it aside.",
    safety: 'shut',
    details,
    cause,
  });
}

function otherBoard(count: number, why: string): BoardFault {
  return new BoardFault({
    code: 'admission.other-shut-board',
    what: `The door of this board is shut, and ${waits(count)} here for the seal, but this is another one: ${why}.`,
    next: 'Set the board aside: it was sealed before, or made elsewhere. It was booted and nothing was burned into it.',
    safety: 'shut',
    details: { waiting: count },
  });
}
