// Signed heads of the ledger: who holds one, and the public key, needs to trust neither this computer nor whoever can write its files.
import { fromHex, toHex } from '../base/bytes.ts';
import { type Clock, inTime, unlessAborted } from '../base/clock.ts';
import { sha256Hex } from '../base/digest.ts';
import type { Log } from '../base/log.ts';
import { checkpointText, headKeyLabel, signedNote } from '../ledger/checkpoint.ts';
import { acceptsOtherHeadKey } from '../ledger/heads.ts';
import type { Ledger, TreeHead } from '../ledger/ledger.ts';
import { faultOf, isFault, TokenFault } from '../model/fault.ts';
import { ecdsaDer } from '../signing/ecdsa-der.ts';
import type { Signer, TokenKey } from '../signing/signer.ts';

/** Boards sealed between two heads; a batch's end and every hour make one as well. */
const sealsOfHead = 32;
const hourMs = 3_600_000;
/** How long a head is waited for by who leaves, in ms. */
const momentMs = 3000;
/** Acceptances of a token since the newest head that are looked at: more than there ever are. */
const mostCeremonies = 100;

export interface CheckpointParts {
  readonly ledger: Pick<Ledger, 'treeHead' | 'noteCheckpoint' | 'acts'>;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly log: Log;
  /** The token is the private SoftHSM of the data folder: a missing key is made in it without asking. */
  readonly embeddedToken?: boolean;
}

/**
 * Signs heads beside the line: no board waits for one, and a token that is away delays a head, never a board. What could not be signed is
 * in the program log, and `audit verify` says how many rows no head covers.
 */
export class Checkpoints {
  readonly #parts: CheckpointParts;
  readonly #hour: NodeJS.Timeout;
  #seals = 0;
  #last: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(parts: CheckpointParts) {
    this.#parts = parts;
    this.#hour = setInterval(() => void this.sign('hour'), hourMs);
    this.#hour.unref();
  }

  /** To be called at every seal. */
  sealed(): void {
    this.#seals++;
    if (this.#seals >= sealsOfHead) void this.sign(`${this.#seals} seals`);
  }

  /**
   * Signs the rows as they are, if there are some that no head covers. Never rejects. Where people have stopped the work (`signal`) nobody
   * waits for more than a moment: a token that hangs signs the next head.
   */
  async sign(reason: string, signal?: AbortSignal): Promise<void> {
    const head = this.#next(reason);
    await unlessAborted(head, signal).catch(() => this.#aMoment(head));
  }

  async #aMoment(head: Promise<void>): Promise<void> {
    await inTime(this.#parts.clock, momentMs, head, () => new Error('the token is late')).catch(() => undefined);
  }

  #next(reason: string): Promise<void> {
    this.#seals = 0;
    this.#last = this.#last
      .then(() => (this.#closed ? undefined : this.#sign(reason)))
      .catch((error: unknown) => {
        this.#parts.log.warn('ledger-head-not-signed', { reason, error: faultOf(error) });
      });
    return this.#last;
  }

  async close(): Promise<void> {
    clearInterval(this.#hour);
    await this.#aMoment(this.#last);
    this.#closed = true;
  }

  async #sign(reason: string): Promise<void> {
    const { ledger, signer, clock } = this.#parts;
    const before = await ledger.treeHead();
    // the newest row may be the head before this one itself
    if (before.signedBefore !== null && before.size <= before.signedBefore.size + 1) return;
    const key = await this.#key(await this.#bound(before.signedBefore));
    const head = await ledger.treeHead();
    const text = checkpointText(head, clock.now(), reason);
    const digest = fromHex(sha256Hex(text));
    const signature = await signer.sign({ label: key.label, id: key.id }, 'ecdsa', digest);
    const note = signedNote(text, head.origin, key.spki!, new Uint8Array(ecdsaDer(signature)));
    await ledger.noteCheckpoint({ note, publicKey: toHex(key.spki!) });
  }

  /** The key that the next head has to be by; null: none was signed, or people took a token without it for the right one since. */
  async #bound(signedBefore: TreeHead['signedBefore']): Promise<string | null> {
    if (signedBefore === null) return null;
    const acts = await this.#parts.ledger.acts({ what: 'token-known', about: 'own', limit: mostCeremonies });
    const isAccepted = acts.some((act) => act.row > signedBefore.size && acceptsOtherHeadKey(act));
    return isAccepted ? null : signedBefore.publicKey;
  }

  /** The key of the heads: `bound` is never replaced by another; a new one is made in an embedded token only, elsewhere by a person. */
  async #key(bound: string | null): Promise<TokenKey> {
    const { signer, embeddedToken = false } = this.#parts;
    const key = await signer.findKey({ label: headKeyLabel }).catch(async (error: unknown) => {
      if (!embeddedToken || bound !== null || !isFault(error, 'token.no-key')) throw error;
      return await signer.generateKey({ label: headKeyLabel, use: 'ledger', algorithm: 'ecdsa-p256' });
    });
    if (key.spki === null || key.algorithm !== 'ecdsa-p256' || (bound !== null && toHex(key.spki) !== bound))
      throw new TokenFault({
        code: 'token.head-key',
        what: `The token's key '${headKeyLabel}' is not the one that signed the ledger's heads until now.`,
        next: 'Put the right token in; where it is lost, two custodians take another one for the right one (token accept). Until then no head is signed; boards are made and booked as before.',
        details: { signedBefore: bound, found: key.spki === null ? null : toHex(key.spki) },
      });
    return key;
  }
}
