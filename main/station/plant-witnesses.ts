import type { Log } from '../base/log.ts';
import { Mutex } from '../base/mutex.ts';
import { parseCheckpoint } from '../ledger/checkpoint.ts';
import { cosignatureBy } from '../ledger/cosignature.ts';
import { givenWitness } from '../ledger/given-keys.ts';
import type { PlantOfStation } from '../model/plant.ts';
import { takeCosignature, type WitnessingParts } from './witnessing.ts';

/**
 * Books what witnesses said of this station's heads as it comes by the plant, of those witnesses alone whose keys the station file names. What
 * does not hold is no fault of the station: it is a line in the log.
 */
export class PlantWitnesses {
  readonly #parts: WitnessingParts & { readonly log: Log };
  readonly #plant: PlantOfStation;
  readonly #witnesses: readonly string[];
  readonly #unhear: () => void;
  readonly #turn = new Mutex();
  #told: readonly string[] = [];
  #closed = false;

  /** `witnesses`: verifier keys. */
  constructor(parts: WitnessingParts & { readonly log: Log }, plant: PlantOfStation, witnesses: readonly string[]) {
    this.#parts = parts;
    this.#plant = plant;
    this.#witnesses = witnesses;
    this.#unhear = plant.listen(() => this.#hear());
    this.#hear();
  }

  #hear(): void {
    const notes = this.#plant.cosignatures;
    if (notes === this.#told || this.#closed) return;
    this.#told = notes;
    void this.#turn.run(async () => {
      for (const note of notes) await this.#book(note);
    });
  }

  async #book(note: string): Promise<void> {
    const { ledger, log } = this.#parts;
    const head = parseCheckpoint(note);
    try {
      for (const witness of this.#witnesses) {
        const known = givenWitness(witness);
        if (head === null || cosignatureBy(head, known) === null) continue;
        const [last] = await ledger.acts({ what: 'head-cosigned', about: known.name, limit: 1 });
        // the plant may have been put back: what it has is older than what is booked
        if (Number(last?.detail.size ?? 0) >= head.size) continue;
        const { name, size, time } = await takeCosignature(this.#parts, { answer: note, witness }, null);
        log.info('head-cosigned', { witness: name, size, time });
      }
    } catch (error) {
      log.warn('head-not-cosigned', { size: head?.size, error: error instanceof Error ? error : String(error) });
    }
  }

  /** Ends behind what is being booked. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#unhear();
    await this.#turn.run(async () => undefined);
  }
}
