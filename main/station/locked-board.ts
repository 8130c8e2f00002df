import { toHex } from '../base/bytes.ts';
import { type Clock, isoTime } from '../base/clock.ts';
import type { RandomSource } from '../base/random.ts';
import { consoleRateOf, openShutBoard } from '../chip/connect.ts';
import { shutsDownload } from '../efuse/field-checks.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Fact, StoredEvent } from '../model/event.ts';
import { BoardFault, isFault } from '../model/fault.ts';
import type { RunRecord, SealedRecord } from '../model/record.ts';
import { type BootProof, proveByBoot, signatureFits } from '../recipe/steps/proof.ts';
import type { Recipe } from '../recipe/types.ts';
import type { OpenPort } from '../transport/port.ts';
import { burnHistoryOf, recordedBefore } from './burn-history.ts';
import { identityIn, sealedRecordOf } from './sealed-record.ts';

/** Whether a fault says that the chip is there and its door is shut. */
export function isLocked(fault: unknown): boolean {
  return isFault(fault, 'protocol.download-disabled') || isFault(fault, 'admission.secure-download');
}

/** A run that shut a door and was cut off before its board was sealed. */
interface UnsealedRun {
  readonly run: RunRecord;
  /** Those of its record. */
  readonly events: readonly StoredEvent[];
}

/** How many of the latest runs are searched for one that was cut off: a fixture's interrupted board comes back soon. */
const searchedRuns = 500;

/**
 * Runs whose last burn was at least intended and whose board is neither sealed nor condemned: what a locked board may be, in whichever
 * fixture it lies now. With a serial number only that board's.
 */
async function unsealedRuns(ledger: Ledger, serial: string | null): Promise<UnsealedRun[]> {
  const found: UnsealedRun[] = [];
  for (const run of await ledger.runs({ limit: searchedRuns })) {
    if (run.mac === null || run.outcome === 'passed' || (serial !== null && run.serial !== serial)) continue;
    const events = await ledger.events(run.id);
    const doorMeant = events.some(({ event }) => event.type === 'intend' && shutsDoor(event.detail));
    if (!doorMeant || found.some((other) => other.run.mac === run.mac)) continue;
    const history = await ledger.history(run.mac);
    if (history.sealed !== null || history.condemned !== null) continue;
    const wroteFlash = events.some(({ event }) => event.type === 'step-started' && event.step === 'write-flash');
    found.push({ run, events: [...recordedBefore(burnHistoryOf(history), wroteFlash), ...events] });
  }
  return found;
}

/** Whether a burn (its detail as main/chip writes it) shuts download mode. */
function shutsDoor(detail: Fact): boolean {
  const { fields } = detail as { fields?: readonly { readonly field: string }[] };
  return fields?.some(({ field }) => shutsDownload(field)) ?? false;
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
  readonly recipe: Recipe;
  /** Whether the firmware answers a challenge. */
  readonly offersProof: boolean;
  readonly resetBy: 'lines' | 'operator';
  readonly serial: string | null;
  readonly address: string;
  /** What the board said that its door is shut by. */
  readonly fault: unknown;
  /** The run that found the board locked: its events go on from there. */
  readonly run: RunRecord;
  readonly signal: AbortSignal;
}

/**
 * A board whose door was shut and whose seal was lost to a power cut or a full disk: it cannot be read any more, so it has to prove which
 * one it is. With a device key it signs a fresh challenge, and the run whose certificate holds that key is the one. Without, only a scanned
 * serial number tells. Appends the proof to the finding run and seals under it. Null: no board of this ledger waits for its seal, so this one
 * is foreign or already sealed. Keys: the interrupted run's wrapped forms are dropped by the seal. BoardFaults: `admission.which-shut-board`
 * where nothing but a serial number can tell; `admission.other-shut-board` where the signature is none of ours; those of the boot proof.
 */
export async function finishLockedBoard(
  parts: LockedBoardParts,
  task: LockedBoardTask,
): Promise<{ readonly run: UnsealedRun; readonly seal: { readonly row: number; readonly hash: string } } | null> {
  const { ledger, clock, random } = parts;
  const candidates = await unsealedRuns(ledger, task.serial);
  if (candidates.length === 0) return null;
  const keyed = task.offersProof ? candidates.filter((candidate) => publicKeyOf(candidate) !== null) : [];
  if (keyed.length === 0 && (task.serial === null || candidates.length > 1)) throw nobodyKnowsWhich(candidates.length);
  const nonce = keyed.length > 0 ? random(32) : null;
  const port = await parts.openPort(task.address, { baudRate: 115200 });
  const board = openShutBoard(port, { clock, ...consoleRateOf(task.fault) });
  let proof: BootProof;
  try {
    proof = await proveByBoot(board, {
      clock,
      resetBy: task.resetBy,
      rule: task.recipe.bootProof,
      nonce,
      signal: task.signal,
    });
  } finally {
    await board.close();
  }
  const found =
    nonce === null
      ? candidates[0]!
      : keyed.find((candidate) => signatureFits(proof.answer!, nonce, publicKeyOf(candidate)!));
  if (found === undefined) throw otherBoard(keyed.length);
  const mac = found.run.mac!;
  await ledger.bindRun(task.run.id, { mac, ...(found.run.serial ? { serial: found.run.serial } : {}) });
  await ledger.append(task.run.id, null, {
    type: 'observed',
    what: 'finishes-run',
    value: { run: found.run.id, by: nonce === null ? 'serial number' : 'signature of the device key' },
  });
  await ledger.append(task.run.id, 'final-boot-proof', {
    type: 'verified',
    what: 'sealed-boot',
    detail: { lines: proof.lines, ...(nonce === null ? {} : { challenge: toHex(nonce), ...proof.answer }) },
  });
  await ledger.append(task.run.id, 'destroy-keys', { type: 'keys-destroyed', roles: [], livedMs: 0 });
  const events = [...found.events, ...(await ledger.events(task.run.id))];
  const record = sealedRecordOf({ ...found.run, id: task.run.id }, events, {
    station: parts.station,
    sealedAt: isoTime(clock.now()),
    software: parts.software,
  });
  return { run: found, seal: await ledger.seal(record) };
}

/** How many boards wait for their seal behind a shut door, in words. */
const waiting = (count: number) => (count === 1 ? 'one board waits' : `${count} boards wait`);

function nobodyKnowsWhich(count: number): BoardFault {
  return new BoardFault({
    code: 'admission.which-shut-board',
    what: `The door of this board is shut, and ${waiting(count)} here for the seal: nothing tells whether this is one of them.`,
    next: 'Start it with the serial number of its label (--serial S), which for a recipe without labels is its MAC without colons.',
    safety: 'resumable',
    details: { waiting: count },
  });
}

function otherBoard(count: number): BoardFault {
  return new BoardFault({
    code: 'admission.other-shut-board',
    what: `The door of this board is shut, and ${waiting(count)} here for the seal: its signature shows that this is another one.`,
    next: 'Set the board aside: it was sealed before, or made elsewhere. It was not changed.',
    safety: 'untouched',
    details: { waiting: count },
  });
}

/** The public key that the run certified, or asked a certificate for, last. */
function publicKeyOf({ events }: UnsealedRun): string | null {
  return identityIn(events)?.publicKey ?? null;
}
