import type { TokenView } from '../../../contract/views.ts';
import { faultOf, TokenFault } from '../../../model/fault.ts';
import type { Station } from '../../station.ts';

/** How often the token is asked while nobody asks, in ms: a token that is gone shows before a board needs it. */
const lookEveryMs = 20_000;

/** The token as people see it: which one, whether it signs, its keys. Tells when that changes. */
export class TokenWatch {
  readonly #station: Station;
  readonly #embedded: boolean;
  readonly #listeners = new Set<(view: TokenView) => void>();
  readonly #unlisten: () => void;
  #timer: NodeJS.Timeout;
  #last: TokenView | null = null;
  #looking: Promise<TokenView> | null = null;

  constructor(station: Station, embedded: boolean) {
    this.#station = station;
    this.#embedded = embedded;
    this.#unlisten = station.listen((event) => {
      if (event.type === 'token') this.#hearSilence(event.isSilent);
      if (event.type === 'run' && (event.event.type === 'parked' || event.event.type === 'resumed')) void this.look();
    });
    this.#timer = setInterval(() => void this.look(), lookEveryMs);
    this.#timer.unref();
  }

  /** A board waits for an answer: a look would wait behind it, so what is known is told now. */
  #hearSilence(isSilent: boolean): void {
    if (!isSilent) {
      void this.look();
      return;
    }
    const nothing = {
      label: '',
      serial: '',
      model: '',
      embedded: this.#embedded,
      keys: [],
      sessions: null,
      spare: null,
    };
    const known: Omit<TokenView, 'healthy' | 'signMs' | 'fault'> = this.#last ?? nothing;
    const view = { ...known, healthy: false, signMs: null, fault: silentToken().toJSON() };
    this.#last = view;
    for (const listener of this.#listeners) listener(view);
  }

  /** A look just now; looks that overlap are one. Never rejects: a fault is part of the view. */
  look(): Promise<TokenView> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #look(): Promise<TokenView> {
    const { signer, token } = this.#station.parts;
    let view: TokenView;
    try {
      const status = await signer.status();
      const keys = await signer.keys();
      const refusal = (await (token?.spare ?? token?.known)?.refusal()) ?? null;
      const spare = await this.#spare();
      view = {
        label: status.label,
        serial: status.serial,
        model: `${status.manufacturer} ${status.model}`.trim(),
        healthy: refusal === null && status.healthy,
        signMs: status.signMs,
        embedded: this.#embedded,
        keys: keys.map(({ label, algorithm, use, publicKeySha256, extractable }) => ({
          label,
          algorithm,
          use,
          publicKeySha256,
          extractable,
        })),
        sessions: status.sessions ?? null,
        spare,
        fault: refusal?.toJSON() ?? null,
      };
    } catch (error) {
      const { label, serial, model, keys } = this.#last ?? { label: '', serial: '', model: '', keys: [] };
      const fault = faultOf(error).toJSON();
      const spare = await this.#spare();
      view = {
        ...{ label, serial, model, healthy: false, signMs: null, embedded: this.#embedded, keys },
        sessions: null,
        spare,
        fault,
      };
    }
    const before = this.#last;
    this.#last = view;
    if (before !== null && essence(before) !== essence(view)) for (const listener of this.#listeners) listener(view);
    return view;
  }

  async #spare(): Promise<TokenView['spare']> {
    const standing = await this.#station.parts.token?.spare?.look();
    return standing === undefined ? null : { ...standing, fault: standing.fault?.toJSON() ?? null };
  }

  listen(listener: (view: TokenView) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#unlisten();
    this.#listeners.clear();
  }
}

/** The view without what differs at every look. */
function essence(view: TokenView): string {
  const spare = view.spare && { ...view.spare, signMs: null };
  return JSON.stringify({ ...view, signMs: null, sessions: null, spare });
}

function silentToken(): TokenFault {
  return new TokenFault({
    code: 'token.silent',
    what: 'The HSM does not answer, and boards wait for it.',
    next: 'Leave the boards in. Look at the HSM, its cable and its program; work goes on by itself once it answers.',
  });
}
