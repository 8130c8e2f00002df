import type { RandomSource } from '../base/random.ts';
import type { BurnFault } from './efuse/cells.ts';
import type { VirtualFault } from './silicon.ts';

type Kind = VirtualFault['kind'];
type Of<K extends Kind> = Extract<VirtualFault, { readonly kind: K }>;

/** What a chip that has lost its mind does instead of answering. */
export type Hostile = 'mute' | 'chatter' | 'half' | 'endless' | 'babble';

const hostile: Readonly<Partial<Record<Kind, Hostile>>> = {
  'mute-from': 'mute',
  'chatter-from': 'chatter',
  'half-from': 'half',
  'endless-from': 'endless',
  'babble-from': 'babble',
};

const burnFaults: readonly Kind[] = [
  'power-cut-in-burn',
  'power-cut-in-half',
  'power-cut-after-burn',
  'weak-burn',
  'dead-bit',
];

/** The faults ordered for one chip, each struck when its occasion comes. */
export class FaultPlan {
  readonly #faults: readonly VirtualFault[];
  readonly #random: RandomSource;
  #requests = 0;
  #answers = 0;
  #bytes = 0;
  #starts = 0;

  constructor(faults: readonly VirtualFault[], random: RandomSource) {
    this.#faults = faults;
    this.#random = random;
  }

  all<K extends Kind>(kind: K): Of<K>[] {
    return this.#faults.filter((fault): fault is Of<K> => fault.kind === kind);
  }

  get mute(): boolean {
    return this.all('mute').length > 0;
  }

  ofBurn(program: number): BurnFault | null {
    const found = this.#faults.find(
      (fault) => burnFaults.includes(fault.kind) && 'after' in fault && fault.after === program,
    );
    return (found?.kind as BurnFault | undefined) ?? null;
  }

  /** Length of the request in `buffer` after what the line did to it. */
  onRequest(buffer: Uint8Array, length: number): number {
    this.#requests++;
    if (!this.all('lost-request-byte').some(({ after }) => after === this.#requests) || length === 0) return length;
    const lost = this.#random(1)[0]! % length;
    buffer.copyWithin(lost, lost + 1, length);
    return length - 1;
  }

  /** What the chip does instead of the answer that would come next; null: it answers. */
  get insteadOfAnswer(): Hostile | null {
    const found = this.#faults.find(
      (fault) => hostile[fault.kind] !== undefined && 'after' in fault && this.#answers + 1 >= fault.after,
    );
    return found === undefined ? null : hostile[found.kind]!;
  }

  /** Whether the supply breaks down now, instead of the answer that would come next. */
  breaksDown(): boolean {
    const strikes = this.all('brown-out').some(({ after }) => after === this.#answers + 1);
    if (strikes) this.#answers++;
    return strikes;
  }

  /** The same at a start of the chip. */
  onStart(): boolean {
    this.#starts++;
    return this.all('brown-out-at-start').some(({ after }) => after === this.#starts);
  }

  /** Bytes by chance. */
  noise(length: number): Uint8Array {
    return this.#random(length);
  }

  /** The answer as it arrives; null where it does not. */
  onAnswer(frames: Uint8Array): Uint8Array | null {
    this.#answers++;
    const strikes = ({ after }: { readonly after: number }) => after === this.#answers;
    if (this.all('lost-answer').some(strikes)) return null;
    if (!this.all('garbled-answer').some(strikes)) return frames;
    const garbled = frames.slice();
    // not the frame marks: the bytes between are what a host has to doubt
    const at = 1 + (this.#random(1)[0]! % Math.max(1, garbled.length - 2));
    garbled[at] = garbled[at]! ^ (1 << (this.#random(1)[0]! & 7));
    return garbled;
  }

  /** Counts bytes of both directions; true once when the plug is pulled. */
  onBytes(count: number): boolean {
    const before = this.#bytes;
    this.#bytes += count;
    return this.all('unplug').some(({ afterBytes }) => before < afterBytes && this.#bytes >= afterBytes);
  }

  /** Whether a rate set by CHANGE_BAUDRATE does not carry. */
  tooFast(rate: number): boolean {
    return this.all('baud-limit').some((limit) => rate > limit.rate);
  }
}
