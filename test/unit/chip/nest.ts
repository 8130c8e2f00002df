// A place for boards, in which a hand changes one for another.

import type { ControlLines } from '../../../main/transport/port.ts';
import type { VirtualChip } from '../../../main/virtual/chip.ts';
import type { UartSink } from '../../../main/virtual/silicon.ts';

/** Requests that were written in one go, each with its two C0; what is none, as it is. */
function framesIn(bytes: Uint8Array): readonly Uint8Array[] {
  const ends = [...bytes.keys()].filter((at) => bytes[at] === 0xc0);
  const whole = ends.length % 2 === 0 && bytes[0] === 0xc0 && bytes.at(-1) === 0xc0;
  if (!whole) return [bytes];
  return ends.flatMap((end, at) => (at % 2 === 0 ? [bytes.slice(end, ends[at + 1]! + 1)] : []));
}

/** One place, and whichever of two boards lies in it. */
export class Nest {
  readonly chip: VirtualChip;
  requests = 0;
  /** Which of them lies in it. */
  current: VirtualChip;
  #other: VirtualChip;
  #sink: UartSink | null = null;
  #lines: ControlLines = {};

  /** `at`: the request at which the second board takes the place of the first (-1: `change` alone); `lost`: that request reaches neither. */
  constructor(first: VirtualChip, second: VirtualChip, { at, lost } = { at: -1, lost: false }) {
    this.current = first;
    this.#other = second;
    const own: Partial<VirtualChip> = {
      receive: (bytes) => {
        // Several may come at once: a hand can be between any two of them.
        for (const frame of framesIn(bytes)) {
          const isIt = this.requests++ === at;
          if (isIt) this.change();
          if (!isIt || !lost) this.current.receive(frame);
        }
      },
      onSend: (sink) => {
        this.#sink = sink;
        this.current.onSend(sink);
      },
      setLines: (lines) => {
        this.#lines = { ...this.#lines, ...lines };
        this.current.setLines(lines);
      },
    };
    this.chip = new Proxy(first, {
      get: (_, name: keyof VirtualChip) => {
        if (name in own) return own[name];
        const value = this.current[name];
        return typeof value === 'function' ? value.bind(this.current) : value;
      },
    });
  }

  /** The other board takes the place of the one that lies in it, with its supply as it is. */
  change(): void {
    this.current.onSend(null);
    this.current.powerOff();
    [this.current, this.#other] = [this.#other, this.current];
    this.current.onSend(this.#sink);
  }
}
