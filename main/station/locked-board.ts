import { toHex } from '../base/bytes.ts';
import { type Clock, isoTime } from '../base/clock.ts';
import type { RandomSource } from '../base/random.ts';
import { openShutBoard } from '../chip/connect.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { StoredEvent } from '../model/event.ts';
import { isFault } from '../model/fault.ts';
import type { RunRecord, SealedRecord } from '../model/record.ts';
import { type BootProof, proveByBoot, signatureFits } from '../recipe/proof.ts';
import type { Recipe } from '../recipe/types.ts';
import type { OpenPort } from '../transport/port.ts';
import { sealedRecordOf } from './sealed-record.ts';

/** Whether a fault says that the chip is there and its door is shut. */
export function isLocked(fault: unknown): boolean {
  return isFault(fault, 'protocol.download-disabled') || isFault(fault, 'admission.secure-download');
}

/** A run that shut a door and was cut off before its board was sealed. */
export interface UnsealedRun {
  readonly run: RunRecord;
  readonly events: readonly StoredEvent[];
}

/** How many of the latest runs are searched for one that was cut off: a fixture's interrupted board comes back soon. */
const searchedRuns = 500;

/**
 * Runs whose last burn was at least intended and whose board is neither sealed nor condemned: what a locked board may be. With a serial
 * number only that board's; else only those of the fixture.
 */
export async function unsealedRuns(
  ledger: Ledger,
  where: { readonly fixture: string; readonly serial: string | null },
): Promise<UnsealedRun[]> {
  const found: UnsealedRun[] = [];
  for (const run of await ledger.runs({ limit: searchedRuns })) {
    if (run.mac === null || run.outcome === 'passed') continue;
    if (where.serial === null ? run.fixture !== where.fixture : run.serial !== where.serial) continue;
    const events = await ledger.events(run.id);
    const doorMeant = events.some((stored) => stored.step === 'shut-doors' && stored.event.type === 'intend');
    if (!doorMeant || found.some((other) => other.run.mac === run.mac)) continue;
    const history = await ledger.history(run.mac);
    if (history.sealed === null && history.condemned === null) found.push({ run, events });
  }
  return found;
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
  readonly fixture: string;
  readonly address: string;
  /** The run that found the board locked: its events go on from there. */
  readonly run: RunRecord;
  readonly signal: AbortSignal;
}

/**
 * A board whose door was shut and whose seal was lost to a power cut or a full disk: it cannot be read any more, so it has to prove which
 * one it is. With a device key it signs a fresh challenge, and the run whose certificate holds that key is the one. Without, only a scanned
 * serial number tells. Appends the proof to the finding run and seals under it. Null: nothing in the ledger fits, so the board is foreign or
 * already sealed. Keys: the interrupted run's wrapped forms are dropped by the seal.
 */
export async function finishLockedBoard(
  parts: LockedBoardParts,
  task: LockedBoardTask,
): Promise<{ readonly run: UnsealedRun; readonly seal: { readonly row: number; readonly hash: string } } | null> {
  const { ledger, clock, random } = parts;
  const candidates = await unsealedRuns(ledger, task);
  if (candidates.length === 0) return null;
  const keyed = task.offersProof ? candidates.filter((candidate) => publicKeyOf(candidate) !== null) : [];
  if (keyed.length === 0 && (task.serial === null || candidates.length > 1)) return null;
  const nonce = keyed.length > 0 ? random(32) : null;
  const port = await parts.openPort(task.address, { baudRate: 115200 });
  const board = openShutBoard(port, { clock });
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
      : keyed.find((candidate) => signatureFits(proof.signature!, nonce, publicKeyOf(candidate)!));
  if (found === undefined) return null;
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
    detail: { lines: proof.lines, ...(nonce === null ? {} : { challenge: toHex(nonce), signature: proof.signature }) },
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

/** The public key of the certificate that the run issued last. */
function publicKeyOf({ events }: UnsealedRun): string | null {
  const certificates = events.flatMap(({ event }) =>
    event.type === 'observed' && event.what === 'certificate' ? [event.value as { publicKey: string }] : [],
  );
  return certificates.at(-1)?.publicKey ?? null;
}
