import { constants, createInflate, type Inflate } from 'node:zlib';

/** A zlib stream taken apart block by block, in order. After a fault every further call rejects. */
export class Inflater {
  readonly #stream: Inflate;
  #out: Uint8Array[] = [];
  #failure: Error | null = null;
  #overrun = false;
  #reject: ((error: Error) => void) | null = null;

  constructor() {
    this.#stream = createInflate({ flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH });
    this.#stream.on('readable', () => this.#drain());
    // only where input is left over: zlib does not tell the end of a stream by itself
    this.#stream.on('end', () => {
      this.#overrun = true;
    });
    this.#stream.on('error', (error: Error) => {
      this.#failure = error;
      this.#reject?.(error);
    });
  }

  /** What `block` unpacks to. Rejects on a corrupt stream. The block must not change until then. */
  async push(block: Uint8Array): Promise<readonly Uint8Array[]> {
    await new Promise<void>((resolve, reject) => {
      if (this.#failure !== null) {
        reject(this.#failure);
        return;
      }
      this.#reject = reject;
      this.#stream.write(block, () => resolve());
    });
    this.#drain();
    if (this.#failure !== null) throw this.#failure;
    const out = this.#out;
    this.#out = [];
    return out;
  }

  /** Whether the stream is whole; nothing can be pushed after it. */
  async hasEnded(): Promise<boolean> {
    // one byte more than there may be
    if (!this.#overrun) await this.push(new Uint8Array(1)).catch(() => undefined);
    return this.#overrun;
  }

  /** Whether something came behind the end of the stream. */
  get overrun(): boolean {
    return this.#overrun;
  }

  close(): void {
    this.#failure ??= new Error('the stream was given up');
    this.#reject?.(this.#failure);
    this.#stream.destroy();
  }

  #drain(): void {
    for (let chunk = this.#stream.read(); chunk !== null; chunk = this.#stream.read()) this.#out.push(chunk);
  }
}
