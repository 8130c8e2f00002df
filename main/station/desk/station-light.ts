// A stack light at the station: it shows from afar what the desk shows. It has a port of its own, hears a few bytes for each colour, and
// never holds the line up: where it is away it is looked for again.
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { LightConfig } from '../../config/station-file.ts';
import type { LineChange } from '../../contract/contract.ts';
import type { BatchView, FixtureView } from '../../contract/views.ts';
import { faultOf } from '../../model/fault.ts';
import type { OpenPort, Port } from '../../transport/port.ts';

export type LightColour = keyof LightConfig['say'];

/** So often the colour is said again: a light that was plugged in anew shows it, and one that hears nothing can tell that nobody is there. */
const againMs = 3000;

type Seen = Pick<LineChange, 'printerFault' | 'plantFaults'> & {
  readonly fixtures: readonly Pick<FixtureView, 'state' | 'needs' | 'tokenIsSilent' | 'verdict'>[];
  readonly batch: Pick<BatchView, 'endedAt' | 'fault'> | null;
};

/**
 * The colour of a line. Red: a board is to be put aside, an engineer is wanted, or the batch was ended by a fault. Yellow: somebody has to
 * do something that no alarm is about: a scan, a key, the board once more, labels, a token or plant that is away. Green: a batch runs.
 */
export function colourOf({ fixtures, batch, printerFault, plantFaults }: Seen): LightColour {
  const isRunning = batch !== null && batch.endedAt === null;
  const acts = fixtures.map(({ verdict }) => verdict?.act);
  if (acts.includes('put-aside') || acts.includes('call-engineer') || (batch?.fault ?? null) !== null) return 'red';
  const isWanted = fixtures.some(
    ({ state, needs, tokenIsSilent, verdict }) =>
      tokenIsSilent ||
      verdict?.act === 'insert-again' ||
      (isRunning && ((needs !== null && needs !== 'plc') || state === 'absent' || state === 'mute')),
  );
  if (isWanted || printerFault !== null || plantFaults.length > 0) return 'yellow';
  return isRunning ? 'green' : 'off';
}

export class StationLight {
  readonly #settings: LightConfig;
  readonly #parts: { readonly open: OpenPort; readonly clock: Clock; readonly log: Log };
  readonly #ended = new AbortController();
  #changed = Promise.withResolvers<void>();
  #colour: LightColour = 'off';
  #port: Port | null = null;
  /** It was away when it was last asked for; that is logged once. */
  #isAway = false;
  readonly #work: Promise<void>;

  constructor(settings: LightConfig, parts: { readonly open: OpenPort; readonly clock: Clock; readonly log: Log }) {
    this.#settings = settings;
    this.#parts = parts;
    this.#work = this.#shine();
  }

  show(colour: LightColour): void {
    if (colour === this.#colour) return;
    this.#colour = colour;
    this.#changed.resolve();
  }

  /** Puts the light out. */
  async close(): Promise<void> {
    this.#ended.abort();
    await this.#work;
    this.#colour = 'off';
    await this.#say().catch(() => undefined);
    await this.#port?.close().catch(() => undefined);
  }

  async #shine(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      this.#changed = Promise.withResolvers();
      await this.#say().then(
        () => this.#tell(null),
        (error: unknown) => this.#tell(error),
      );
      const waited = new AbortController();
      const again = this.#parts.clock.sleep(againMs, AbortSignal.any([signal, waited.signal])).catch(() => undefined);
      await Promise.race([again, this.#changed.promise]);
      waited.abort();
    }
  }

  async #say(): Promise<void> {
    const { port, baud, say } = this.#settings;
    const text = say[this.#colour];
    try {
      this.#port ??= await this.#opened(port, baud);
      await this.#port.write(new TextEncoder().encode(text));
    } catch (error) {
      const gone = this.#port;
      this.#port = null;
      await gone?.close().catch(() => undefined);
      throw error;
    }
  }

  async #opened(address: string, baudRate: number): Promise<Port> {
    const port = await this.#parts.open(address, { baudRate, clock: this.#parts.clock });
    // what it answers is of no interest; where it goes the next word finds another
    port.onData(null);
    port.onGone(() => {
      if (this.#port === port) this.#port = null;
    });
    return port;
  }

  #tell(error: unknown): void {
    const isAway = error !== null;
    if (isAway === this.#isAway) return;
    this.#isAway = isAway;
    const { log } = this.#parts;
    if (isAway) log.warn('light-away', { light: this.#settings.port, error: faultOf(error).code });
    else log.info('light-back', { light: this.#settings.port });
  }
}
