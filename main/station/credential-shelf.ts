import type { DeviceCredentials } from '../recipe/making/device-credentials.ts';

/** Boards that may lie between their seal and their label; a printer that takes no labels must not fill memory with secrets. */
const room = 64;

/**
 * Credentials of boards that were just sealed, on their way to the label: in memory only, taken once, destroyed when nobody takes them.
 * What was not printed then comes only out of the escrow.
 */
export class CredentialShelf {
  readonly #kept = new Map<string, DeviceCredentials>();
  #taker = false;

  /** Says that somebody prints labels: without a taker nothing is kept. */
  expectTaker(): void {
    this.#taker = true;
  }

  keep(mac: string, credentials: DeviceCredentials): void {
    if (!this.#taker) {
      credentials.proof.destroy();
      return;
    }
    this.#kept.get(mac)?.proof.destroy();
    this.#kept.delete(mac);
    this.#kept.set(mac, credentials);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > room && oldest !== undefined) this.take(oldest)?.proof.destroy();
  }

  /** The credentials become the caller's to destroy; null where there are none (any more). */
  take(mac: string): DeviceCredentials | null {
    const credentials = this.#kept.get(mac) ?? null;
    this.#kept.delete(mac);
    return credentials;
  }

  close(): void {
    for (const { proof } of this.#kept.values()) proof.destroy();
    this.#kept.clear();
  }
}
