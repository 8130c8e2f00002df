import type { SecretBytes } from '../base/secret.ts';
import type { WrappedKey } from '../model/event.ts';
import { closedFault } from './pkcs11/token-signer.ts';
import type { KeyRef, KeyWish, Signer, SignScheme, TokenKey, TokenStatus } from './signer.ts';

/**
 * A token that could not be opened at the start: every call opens it first, and rejects with the fault of the opening until that succeeds.
 * `wait` says how long to wait for the next look, in `whenBack`.
 */
export class LateToken implements Signer {
  readonly #open: () => Promise<Signer>;
  readonly #wait: (signal: AbortSignal | undefined) => Promise<void>;
  #opening: Promise<Signer> | null = null;
  #isClosed = false;

  constructor(open: () => Promise<Signer>, wait: (signal: AbortSignal | undefined) => Promise<void>) {
    this.#open = open;
    this.#wait = wait;
  }

  async status(): Promise<TokenStatus> {
    return await (await this.#opened()).status();
  }

  async keys(): Promise<readonly TokenKey[]> {
    return await (await this.#opened()).keys();
  }

  async generateKey(wish: KeyWish): Promise<TokenKey> {
    return await (await this.#opened()).generateKey(wish);
  }

  async settleKey(id: string): Promise<TokenKey | null> {
    return await (await this.#opened()).settleKey(id);
  }

  async findKey(ref: KeyRef): Promise<TokenKey> {
    return await (await this.#opened()).findKey(ref);
  }

  async random(length: number): Promise<SecretBytes> {
    return await (await this.#opened()).random(length);
  }

  async sign(ref: KeyRef, scheme: SignScheme, digest: Uint8Array): Promise<Uint8Array> {
    return await (await this.#opened()).sign(ref, scheme, digest);
  }

  async wrap(wrappingKey: KeyRef, secret: SecretBytes): Promise<WrappedKey> {
    return await (await this.#opened()).wrap(wrappingKey, secret);
  }

  async unwrap(wrappingKey: KeyRef, wrapped: WrappedKey): Promise<SecretBytes> {
    return await (await this.#opened()).unwrap(wrappingKey, wrapped);
  }

  async whenBack(signal?: AbortSignal): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const opened = await this.#opened().catch((error: unknown) => {
        if (this.#isClosed) throw error;
        return null;
      });
      if (opened !== null) return await opened.whenBack(signal);
      await this.#wait(signal);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const opened = await this.#opening?.catch(() => null);
    await opened?.close();
  }

  #opened(): Promise<Signer> {
    if (this.#isClosed) return Promise.reject(closedFault());
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = null;
      throw error;
    });
    return this.#opening;
  }
}
