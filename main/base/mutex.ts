/** One holder at a time, first come first served. */
export class Mutex {
  #tail: Promise<void> = Promise.resolve();

  /** Runs `work` when all earlier work is done; gives back its answer. A failure of earlier work does not touch later work. */
  run<T>(work: () => Promise<T> | T): Promise<T> {
    const answer = this.#tail.then(work);
    this.#tail = answer.then(
      () => undefined,
      () => undefined,
    );
    return answer;
  }
}
