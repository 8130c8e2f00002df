import { toHex } from '../base/bytes.ts';
import { sha256Hex } from '../base/digest.ts';
import { Mutex } from '../base/mutex.ts';
import type { RandomSource } from '../base/random.ts';
import { SecretBytes } from '../base/secret.ts';
import { headKeyLabel } from '../ledger/checkpoint.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { WrappedKey } from '../model/event.ts';
import { type Fault, faultOf, isFault } from '../model/fault.ts';
import type { KeyRef } from '../model/refs.ts';
import { newKeyId } from '../signing/key-id.ts';
import type { KeyWish, Signer, SignScheme, TokenKey, TokenStatus } from '../signing/signer.ts';
import {
  isSameKey,
  type KnownKey,
  keyText,
  knowledgeOf,
  type TokenKnowledge,
  type TokenRole,
} from './token-knowledge.ts';
import { foreignKey, foreignToken, lostKey, strangeToSpare } from './token-refusals.ts';

export interface KnownTokenParts {
  readonly ledger: Pick<Ledger, 'acts' | 'noteAct'>;
  readonly role: TokenRole;
  readonly random: RandomSource;
  /** It stands in for the token that the ledger knows: another serial number, the same keys. It teaches the ledger nothing. */
  readonly isSpare?: boolean;
}

/** What was wrapped to tell wrapping keys apart; no secret, and as long as a key of a chip. */
const checkConstant = new TextEncoder().encode('fuseline wrapping key check, v1.');

/**
 * A token held to what the ledger knows of it. The first use writes down which token it is, the first use of a key writes down that key;
 * from then on another token, another key of the same name, or a missing one is refused (`token.other`, `token.other-key`,
 * `token.key-lost`) until `accept` says that it is right. No key is made under a name that the ledger knows. Every making is written down
 * before, with the key's id, and one that was cut short is finished or undone before the token is used again.
 */
export class KnownToken implements Signer {
  readonly #token: Signer;
  readonly #parts: KnownTokenParts;
  readonly #turn = new Mutex();
  #known: TokenKnowledge | null = null;
  /** Wrapping keys, by id, that proved in this life to be the known ones. */
  readonly #proven = new Set<string>();
  #admitted: Promise<void> | null = null;

  constructor(token: Signer, parts: KnownTokenParts) {
    this.#token = token;
    this.#parts = parts;
  }

  status(): Promise<TokenStatus> {
    return this.#token.status();
  }

  keys(): Promise<readonly TokenKey[]> {
    return this.#token.keys();
  }

  async findKey(ref: KeyRef): Promise<TokenKey> {
    return await this.#with(ref, (pinned) => this.#token.findKey(pinned));
  }

  async random(length: number): Promise<SecretBytes> {
    await this.#admit();
    return await this.#token.random(length);
  }

  async sign(ref: KeyRef, scheme: SignScheme, digest: Uint8Array): Promise<Uint8Array> {
    return await this.#with(ref, (pinned) => this.#token.sign(pinned, scheme, digest));
  }

  async wrap(ref: KeyRef, secret: SecretBytes): Promise<WrappedKey> {
    return await this.#with(ref, (pinned) => this.#token.wrap(pinned, secret));
  }

  async unwrap(ref: KeyRef, wrapped: WrappedKey): Promise<SecretBytes> {
    return await this.#with(ref, (pinned) => this.#token.unwrap(pinned, wrapped));
  }

  async generateKey({ label, use, algorithm }: KeyWish): Promise<TokenKey> {
    await this.#admit();
    return await this.#turn.run(async () => {
      const known = this.#known!.keys.find((key) => key.label === label);
      if (known !== undefined) throw lostKey(known, await this.#token.status());
      const id = toHex(newKeyId(use, this.#parts.random));
      await this.#note('key-making', { label, id, use, algorithm });
      this.#know({ meant: [...this.#known!.meant, { label, id }] });
      try {
        const key = await this.#token.generateKey({ label, use, algorithm, id });
        await this.#learn(key);
        return key;
      } catch (error) {
        // whatever there is of it is looked after before the next use
        this.#admitted = null;
        throw error;
      }
    });
  }

  async settleKey(id: string): Promise<TokenKey | null> {
    await this.#admit();
    return await this.#token.settleKey(id);
  }

  whenBack(signal?: AbortSignal): Promise<void> {
    return this.#token.whenBack(signal);
  }

  close(): Promise<void> {
    return this.#token.close();
  }

  /** Why nothing would be done with this token, or with one of its keys; null: nothing stands against it. For people who look; writes nothing. */
  async refusal(): Promise<Fault | null> {
    try {
      const known = this.#known ?? (await knowledgeOf(this.#parts.ledger, this.#parts.role));
      const status = await this.#token.status();
      if (known === null) return null;
      if (known.serial !== status.serial && !this.#parts.isSpare) return foreignToken(known, status);
      const held = await this.#token.keys();
      for (const key of known.keys) {
        // made by the first one alone, and no board waits for what it signs
        if (this.#parts.isSpare && key.label === headKeyLabel) continue;
        const named = held.filter(({ label }) => label === key.label);
        const same = named.find((one) => isSameKey(key, one));
        if (same === undefined) return named.length > 0 ? foreignKey(key, named[0]!, status) : lostKey(key, status);
        if (key.check !== null && (await this.#describe(same)).check !== key.check)
          return foreignKey(key, same, status);
      }
      return null;
    } catch (error) {
      return faultOf(error);
    }
  }

  /** A token tells how it is by a signature: one whose making was cut short may be the very key that it would sign with. */
  async #statusPastHalves(): Promise<TokenStatus> {
    try {
      return await this.#token.status();
    } catch (error) {
      const { meant = [] } = this.#known ?? {};
      if (meant.length === 0 || isFault(error, 'token.gone') || isFault(error, 'token.crashed')) throw error;
      for (const { id } of meant) await this.#token.settleKey(id);
      return await this.#token.status();
    }
  }

  /** Finishes or undoes key makings that were cut short before this start. */
  async settle(): Promise<void> {
    const known = await knowledgeOf(this.#parts.ledger, this.#parts.role);
    if (known !== null && known.meant.length > 0) await this.#admit();
  }

  /**
   * From here on the token in place, as it is, is the right one, at the word of `by` for this reason: a row of the ledger that says which token
   * was known before, and which of the known keys it holds, holds as others, or lacks. Keys that it lacks may be made anew.
   */
  async accept(by: readonly string[], reason: string): Promise<void> {
    await this.#turn.run(async () => {
      const before = await knowledgeOf(this.#parts.ledger, this.#parts.role);
      const held = await this.#token.keys();
      const names = new Set(before?.keys.map(({ label }) => label));
      const keys: KnownKey[] = [];
      for (const key of held) if (names.has(key.label)) keys.push(await this.#describe(key));
      const isKept = (known: KnownKey) => keys.some((key) => keyText(key) === keyText(known));
      const isHeld = ({ label }: KnownKey) => keys.some((key) => key.label === label);
      const labels = (some: readonly KnownKey[]) => some.map(({ label }) => label);
      const known = before?.keys ?? [];
      await this.#introduce(by, keys, {
        reason,
        serialBefore: before?.serial ?? null,
        kept: labels(known.filter(isKept)),
        others: labels(known.filter((key) => !isKept(key) && isHeld(key))),
        lost: labels(known.filter((key) => !isHeld(key))),
      });
      this.#proven.clear();
      this.#admitted = null;
    });
  }

  /** With exactly the key that the ledger knows by this reference; one that it has never heard of is written down first. */
  async #with<T>(ref: KeyRef, work: (pinned: KeyRef) => Promise<T>): Promise<T> {
    await this.#admit();
    const key = this.#fitting(ref) ?? (await this.#turn.run(async () => this.#fitting(ref) ?? (await this.#meet(ref))));
    if (key.check !== null && !this.#proven.has(key.id)) await this.#turn.run(() => this.#prove(key));
    try {
      const { label, id, publicKeySha256 } = key;
      return await work({ label, id, ...(publicKeySha256 === null ? {} : { publicKeySha256 }) });
    } catch (error) {
      if (isFault(error, 'token.no-key')) throw await this.#missing(key, error);
      throw error;
    }
  }

  #fitting({ label, id, publicKeySha256 }: KeyRef): KnownKey | null {
    const fitting = this.#known!.keys.filter(
      (key) =>
        key.label === label &&
        (id === undefined || key.id === id.toLowerCase()) &&
        (publicKeySha256 === undefined || key.publicKeySha256 === publicKeySha256.toLowerCase()),
    );
    return fitting.length === 1 ? fitting[0]! : null;
  }

  /** A key that no row names: written down, unless its name is known for another one. */
  async #meet(ref: KeyRef): Promise<KnownKey> {
    if (this.#parts.isSpare) {
      // the first token may have been taught it meanwhile
      this.#known = await knowledgeOf(this.#parts.ledger, this.#parts.role);
      const fitting = this.#fitting(ref);
      if (fitting === null) throw strangeToSpare(ref.label);
      return fitting;
    }
    const key = await this.#token.findKey(ref);
    const namesake = this.#known!.keys.find(({ label }) => label === key.label);
    if (namesake !== undefined) throw foreignKey(namesake, key, await this.#token.status());
    // half a pair is no key to be known by: the token says so itself, where it is to be used
    return key.algorithm === 'aes-256' || key.spki !== null ? await this.#learn(key) : await this.#describe(key);
  }

  async #missing(known: KnownKey, error: Fault): Promise<Fault> {
    const status = await this.#token.status();
    const namesakes = (await this.#token.keys()).filter(({ label }) => label === known.label);
    if (namesakes.length === 0) return lostKey(known, status);
    return namesakes.some((key) => isSameKey(known, key)) ? error : foreignKey(known, namesakes[0]!, status);
  }

  async #prove(known: KnownKey): Promise<void> {
    const key = await this.#token.findKey({ label: known.label, id: known.id }).catch(async (error: unknown) => {
      throw isFault(error, 'token.no-key') ? await this.#missing(known, error) : error;
    });
    const { check } = await this.#describe(key);
    if (check !== known.check) throw foreignKey(known, key, await this.#token.status());
    this.#proven.add(known.id);
  }

  async #learn(key: TokenKey): Promise<KnownKey> {
    const known = await this.#describe(key);
    const { label, id, publicKeySha256, check } = known;
    await this.#note('key-known', { label, id, publicKeySha256, check });
    const { keys, meant } = this.#known!;
    this.#know({ keys: [...keys, known], meant: meant.filter((one) => one.id !== id) });
    if (check !== null) this.#proven.add(id);
    return known;
  }

  async #describe(key: TokenKey): Promise<KnownKey> {
    const { label, id, publicKeySha256 } = key;
    const wraps = key.algorithm === 'aes-256' && key.use === 'wrapping' && key.sensitive && !key.extractable;
    if (!wraps) return { label, id, publicKeySha256, check: null };
    using constant = SecretBytes.take(checkConstant.slice());
    const { data } = await this.#token.wrap({ label, id }, constant);
    return { label, id, publicKeySha256, check: sha256Hex(data) };
  }

  /** Whether this is the known token; the first one of all is written down. */
  #admit(): Promise<void> {
    this.#admitted ??= this.#turn
      .run(async () => {
        this.#known ??= await knowledgeOf(this.#parts.ledger, this.#parts.role);
        const status = await this.#statusPastHalves();
        if (this.#parts.isSpare) {
          if (this.#known === null) throw strangeToSpare(null);
          return;
        }
        if (this.#known === null) await this.#introduce([], [], { reason: null, serialBefore: null });
        else if (this.#known.serial !== status.serial) throw foreignToken(this.#known, status);
        for (const { label, id } of this.#known!.meant) {
          const key = await this.#token.settleKey(id);
          if (key !== null) {
            await this.#learn(key);
            continue;
          }
          await this.#note('key-undone', { label, id });
          this.#know({ meant: this.#known!.meant.filter((one) => one.id !== id) });
        }
      })
      .catch((error: unknown) => {
        this.#admitted = null;
        throw error;
      });
    return this.#admitted;
  }

  async #introduce(
    by: readonly string[],
    keys: readonly KnownKey[],
    detail: Readonly<Record<string, string | null | readonly string[]>>,
  ): Promise<void> {
    const { label, serial } = await this.#token.status();
    const about = this.#parts.role;
    await this.#parts.ledger.noteAct({
      what: 'token-known',
      by,
      about,
      detail: { label, serial, keys: keys.map(keyText), ...detail },
    });
    this.#known = { label, serial, keys, meant: [] };
  }

  #note(
    what: 'key-making' | 'key-known' | 'key-undone',
    detail: Readonly<Record<string, string | null>>,
  ): Promise<void> {
    return this.#parts.ledger.noteAct({ what, by: [], about: this.#parts.role, detail });
  }

  #know(change: Partial<TokenKnowledge>): void {
    this.#known = { ...this.#known!, ...change };
  }
}
