import { p256 } from '@noble/curves/nist.js';
import { fromHex, toHex } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { BoardFault } from '../model/fault.ts';
import { proofMarker } from '../model/proof.ts';
import type { Recipe } from './types.ts';

/** What a proof talks to: a board, or the console of one whose door is shut. */
export interface ProvingBoard {
  boot(options: { readonly signal?: AbortSignal; readonly resetBy?: 'lines' | 'operator' }): AsyncIterable<string>;
  sendLine(text: string): Promise<void>;
}

export interface ProofTask {
  readonly clock: Clock;
  readonly resetBy: 'lines' | 'operator';
  readonly rule: Recipe['bootProof'];
  /** 32 fresh bytes to be signed, or null: no challenge. */
  readonly nonce: Uint8Array | null;
  readonly signal?: AbortSignal;
}

export interface BootProof {
  /** The last lines of the console. */
  readonly lines: readonly string[];
  /** The answer to the challenge, r‖s as 128 hex digits; null where none was asked for. */
  readonly signature: string | null;
}

/** How often the challenge is put again, ms: firmware that is still starting loses what comes too early. */
const askAgainMs = 500;

/** Console lines that a record keeps. */
const keptLines = 40;

/**
 * Boots the board, waits for every expected line, and has the firmware sign the challenge (it answers the line `prove HEX` with
 * `proof HEX`). BoardFault `boot-proof.failed` when a line is rejected, missing when the time is up, or the challenge is not answered.
 */
export async function proveByBoot(board: ProvingBoard, task: ProofTask): Promise<BootProof> {
  const { clock, rule, nonce, signal } = task;
  const sought = new Map(rule.expect.map((pattern) => [pattern, new RegExp(pattern)]));
  const unwanted = rule.reject.map((pattern) => new RegExp(pattern));
  const seen: string[] = [];
  const limit = new AbortController();
  const stop = signal ? AbortSignal.any([signal, limit.signal]) : limit.signal;
  const timer = clock.sleep(rule.timeoutSeconds * 1000, limit.signal).then(
    () => limit.abort(),
    () => undefined,
  );
  let asking: Promise<void> | null = null;
  let signature: string | null = null;
  try {
    for await (const line of board.boot({ signal: stop, resetBy: task.resetBy })) {
      seen.push(line);
      if (unwanted.some((pattern) => pattern.test(line))) {
        throw failed(`The console shows a line that the recipe rejects: ${JSON.stringify(line)}.`, seen);
      }
      for (const [pattern, expression] of sought) if (expression.test(line)) sought.delete(pattern);
      if (sought.size > 0) continue;
      if (nonce === null) break;
      if (asking === null) {
        asking = askAgainAndAgain(board, `prove ${toHex(nonce)}`, clock, stop);
      } else if (line.startsWith('proof ')) {
        signature = line.slice('proof '.length).trim();
        break;
      }
    }
  } finally {
    limit.abort();
    await timer;
    await asking;
  }
  signal?.throwIfAborted();
  if (sought.size > 0) {
    const missing = [...sought.keys()].map((pattern) => `/${pattern}/`).join(' and ');
    throw failed(`Within ${rule.timeoutSeconds} s the console did not show ${missing}.`, seen);
  }
  if (nonce !== null && (signature === null || !/^[0-9a-f]{128}$/.test(signature))) {
    const answer = signature === null ? '' : ` but with ${JSON.stringify(signature)}`;
    throw failed(`The firmware did not answer the challenge with a signature${answer}.`, seen);
  }
  return { lines: seen.slice(-keptLines), signature };
}

async function askAgainAndAgain(board: ProvingBoard, line: string, clock: Clock, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await board.sendLine(line);
    await clock.sleep(askAgainMs, stop).catch(() => undefined);
  }
}

/** Whether an application among these parts of flash says that it answers a challenge. */
export function offersProof(parts: readonly { readonly kind: string; readonly data: Uint8Array }[]): boolean {
  return parts.some(
    ({ kind, data }) => kind === 'app' && Buffer.from(data.buffer, data.byteOffset, data.length).includes(proofMarker),
  );
}

/** Whether r‖s (128 hex digits) is the key's ECDSA P-256 signature over SHA-256 of the challenge. `publicKey`: SEC1 point, hex. */
export function signatureFits(signature: string, nonce: Uint8Array, publicKey: string): boolean {
  return p256.verify(fromHex(signature), nonce, fromHex(publicKey), { lowS: false });
}

/** BoardFault `boot-proof.failed` for a signature by another key than the one in the certificate. */
export function requireSignature(proof: BootProof, nonce: Uint8Array, publicKey: string): void {
  if (proof.signature === null || !signatureFits(proof.signature, nonce, publicKey)) {
    throw failed('The device signed the challenge with another key than the one that was burned.', proof.lines);
  }
}

function failed(what: string, seen: readonly string[]): BoardFault {
  return new BoardFault({
    code: 'boot-proof.failed',
    what,
    next: 'Look at the console lines in the record. Before the door is shut the board can be inserted again; after it, set it aside.',
    safety: 'resumable',
    details: { lastLine: seen.at(-1) ?? '(the console stayed silent)', lines: seen.length },
  });
}
