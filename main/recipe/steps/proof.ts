import { constants, createPublicKey, verify } from 'node:crypto';
import { fromHex, toHex } from '../../base/bytes.ts';
import { type Clock, unlessAborted } from '../../base/clock.ts';
import { type Pattern, patternOf } from '../../base/pattern.ts';
import { BoardFault } from '../../model/fault.ts';
import { bareMac, colons, macForm, macsOn, namesMac } from '../../model/mac.ts';
import { type ProofScheme, proofMarker, proofSchemes } from '../../model/proof.ts';
import { spkiOfPoint } from '../../signing/spki.ts';
import type { Recipe } from '../types.ts';

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
  /** What `{mac}` in a line of the rule stands for, with colons; null: any MAC. */
  readonly mac: string | null;
  /** Once every line was seen, to wait so long for one more that fits. */
  readonly listenFor?: { readonly pattern: RegExp; readonly ms: number };
  readonly signal?: AbortSignal;
}

export interface BootProof {
  /** The last lines of the console. */
  readonly lines: readonly string[];
  /** All of them. */
  readonly heard: readonly string[];
  /** The answer to the challenge; null where none was asked for. */
  readonly answer: ProofAnswer | null;
}

/** A challenge as a device signed it. */
export interface ProofAnswer {
  readonly scheme: ProofScheme;
  /** Hex: see ProofScheme. */
  readonly signature: string;
}

/** A line of a rule: `{mac}` in it stands for this MAC in any notation, or for any where none is known. Throws as `patternOf`. */
export function linePattern(source: string, mac: string | null): Pattern {
  return patternOf(source.replaceAll(namesMac, macForm(mac)));
}

/** How often the challenge is put again, ms: firmware that is still starting loses what comes too early. */
const askAgainMs = 500;

/** A person needs so long to reset a board that the port cannot, ms: what the recipe allows for the boot comes to it. */
const handMs = 60_000;

/** Console lines that a record keeps. */
const keptLines = 80;

/**
 * Boots the board, waits for every expected line, and has the firmware sign the challenge (it answers the line `prove HEX` with
 * `proof HEX`). BoardFault `boot-proof.failed` when a line is rejected, missing when the time is up, or the challenge is not answered.
 */
export async function proveByBoot(board: ProvingBoard, task: ProofTask): Promise<BootProof> {
  const { clock, rule, nonce, mac, signal } = task;
  const sought = new Map(rule.expect.map((pattern) => [pattern, linePattern(pattern, mac)]));
  const unwanted = rule.reject.map((pattern) => linePattern(pattern, mac));
  const seen: string[] = [];
  const limit = new AbortController();
  const stop = signal ? AbortSignal.any([signal, limit.signal]) : limit.signal;
  const ms = rule.timeoutSeconds * 1000 + (task.resetBy === 'operator' ? handMs : 0);
  const timer = clock.sleep(ms, limit.signal).then(
    () => limit.abort(),
    () => undefined,
  );
  const { listenFor } = task;
  let listening: Promise<void> | null = null;
  let asking: Promise<void> | null = null;
  let said: string | null = null;
  let unsent: { readonly error: unknown } | null = null;
  try {
    for await (const line of board.boot({ signal: stop, resetBy: task.resetBy })) {
      seen.push(line);
      if (unwanted.some((pattern) => pattern.test(line))) {
        throw failed(`The console shows a line that the recipe rejects: ${JSON.stringify(line)}.`, seen);
      }
      for (const [pattern, expression] of sought) if (expression.test(line)) sought.delete(pattern);
      if (sought.size > 0) continue;
      if (nonce === null && listenFor === undefined) break;
      if (nonce === null) {
        if (seen.some((one) => listenFor!.pattern.test(one))) break;
        listening ??= clock.sleep(listenFor!.ms, limit.signal).then(
          () => limit.abort(),
          () => undefined,
        );
        continue;
      }
      if (asking === null) {
        // Handled here and at once: nobody waits for it yet, and a port that goes away now must not end the program.
        asking = askAgainAndAgain(board, `prove ${toHex(nonce)}`, clock, stop).catch((error: unknown) => {
          if (!stop.aborted) unsent = { error };
          limit.abort();
        });
      } else if (line.startsWith('proof ')) {
        said = line.slice('proof '.length).trim();
        break;
      }
    }
  } finally {
    limit.abort();
    await timer;
    await listening;
    await asking;
  }
  signal?.throwIfAborted();
  if (unsent !== null && said === null) throw (unsent as { readonly error: unknown }).error;
  if (sought.size > 0) {
    const missing = [...sought.keys()].map((pattern) => `/${pattern}/`).join(' and ');
    throw failed(`Within ${ms / 1000} s the console did not show ${missing}.`, seen);
  }
  const answer = said === null ? null : answerOf(said);
  if (nonce !== null && answer === null) {
    const instead = said === null ? '' : ` but with ${JSON.stringify(said.slice(0, 200))}`;
    throw failed(`The firmware did not answer the challenge with a signature${instead}.`, seen);
  }
  return { lines: seen.slice(-keptLines), heard: seen, answer };
}

/** How long after the last expected line an application may still print its MAC, ms. */
export const macMs = 2000;

/**
 * The MAC on a console that is another board's: one that `isKnown` knows, where none of the board's own (`own`, with colons) stands there.
 * What nobody knows says nothing: an application may print any address.
 */
export async function otherShown(
  heard: readonly string[],
  own: readonly string[],
  isKnown: (mac: string) => Promise<boolean>,
): Promise<string | null> {
  const shown = macsOn(heard);
  if (own.some((mac) => shown.has(bareMac(mac)))) return null;
  for (const bare of shown) if (await isKnown(colons(bare))) return colons(bare);
  return null;
}

/** What stands behind the word `proof`: see proofMarker. Null: no signature. */
function answerOf(text: string): ProofAnswer | null {
  const words = text.split(' ');
  const signature = words.at(-1) ?? '';
  const scheme = words.length === 1 ? 'ecdsa-p256' : proofSchemes.find((candidate) => candidate === words[0]);
  const whole = words.length <= 2 && scheme !== undefined && /^([0-9a-f]{2})+$/.test(signature);
  if (!whole || (scheme.startsWith('ecdsa') && signature.length !== ecdsaDigits[scheme as 'ecdsa-p256'])) return null;
  return { scheme, signature };
}

/** Hex digits of r‖s. */
const ecdsaDigits = { 'ecdsa-p256': 128, 'ecdsa-p384': 192 } as const;

async function askAgainAndAgain(board: ProvingBoard, line: string, clock: Clock, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await unlessAborted(board.sendLine(line), stop);
    await clock.sleep(askAgainMs, stop).catch(() => undefined);
  }
}

/** Whether an application among these parts of flash says that it answers a challenge. */
export function offersProof(parts: readonly { readonly kind: string; readonly data: Uint8Array }[]): boolean {
  return parts.some(
    ({ kind, data }) => kind === 'app' && Buffer.from(data.buffer, data.byteOffset, data.length).includes(proofMarker),
  );
}

/** DER SubjectPublicKeyInfo of a record's public key: older records have the point of a P-256 key (hex 04...). */
export function recordSpki(publicKey: string): Uint8Array {
  const bytes = fromHex(publicKey);
  return bytes[0] === 4 ? spkiOfPoint('P-256', bytes) : bytes;
}

/** Whether the answer is the key's signature over the challenge. `publicKey` as a sealed record has it. */
export function signatureFits({ scheme, signature }: ProofAnswer, nonce: Uint8Array, publicKey: string): boolean {
  const key = createPublicKey({ key: Buffer.from(recordSpki(publicKey)), format: 'der', type: 'spki' });
  const curve = key.asymmetricKeyType === 'ec' ? key.asymmetricKeyDetails?.namedCurve : key.asymmetricKeyType;
  const { fits, hash, ...way } = ways[scheme];
  return curve === fits && verify(hash, nonce, { key, ...way }, fromHex(signature));
}

/** How each scheme is verified, and which key it belongs to: OpenSSL's name of the curve, or `rsa`. */
const ways = {
  'ecdsa-p256': { fits: 'prime256v1', hash: 'sha256', dsaEncoding: 'ieee-p1363' },
  'ecdsa-p384': { fits: 'secp384r1', hash: 'sha384', dsaEncoding: 'ieee-p1363' },
  'rsa-pss': { fits: 'rsa', hash: 'sha256', padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
  'rsa-pkcs1': { fits: 'rsa', hash: 'sha256', padding: constants.RSA_PKCS1_PADDING },
} as const;

/** BoardFault `boot-proof.failed` for a signature by another key than the one in the certificate. */
export function requireSignature(proof: BootProof, nonce: Uint8Array, publicKey: string): void {
  if (proof.answer === null || !signatureFits(proof.answer, nonce, publicKey)) {
    throw failed('The device signed the challenge with another key than the one that was made for it.', proof.lines);
  }
}

function failed(what: string, seen: readonly string[]): BoardFault {
  return new BoardFault({
    code: 'boot-proof.failed',
    what,
    next: 'Look at the console lines in the record, and insert the board again; set it aside when it fails a second time.',
    safety: 'resumable',
    details: { lastLine: seen.at(-1) ?? '(the console stayed silent)', lines: seen.length },
  });
}
