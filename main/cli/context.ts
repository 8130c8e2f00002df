import type { Clock } from '../base/clock.ts';
import type { RandomSource } from '../base/random.ts';
import type { SecretBytes } from '../base/secret.ts';
import type { StationConfig } from '../config/station-file.ts';
import type { LedgerReader, RestoreReport } from '../ledger/ledger.ts';
import type { Fault } from '../model/fault.ts';
import type { Signer } from '../signing/signer.ts';
import type { OpenToken } from '../signing/token-ring.ts';
import type { Operators } from '../station/desk/access/operators.ts';
import type { TokenLook } from '../station/spare-token.ts';
import type { Station } from '../station/station.ts';
import type { OpenPort } from '../transport/port.ts';
import type { Language } from '../words/languages.ts';
import type { Messages } from '../words/messages.ts';

/** Where words and data go. Machines read `data` (one JSON object a line on stdout); people read `say`. */
export interface Streams {
  /** A line of the answer itself, on stdout. */
  answer(line: string): void;
  /** A line about what goes on, on stderr. */
  say(line: string): void;
  /** In which people are spoken to; left out: English. Machines read English. */
  readonly language?: Language;
  /** Whether stderr is a terminal whose lines can be written over. */
  readonly live: boolean;
  readonly columns: number;
  /** Writes over the last `lines` of live display; empty: leaves them standing. */
  redraw(lines: readonly string[]): void;
}

/** What every command is given by the front door. Opening is lazy: a command opens only what it needs. */
export interface CliContext {
  readonly version: string;
  readonly streams: Streams;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly openPort: OpenPort;
  /** Folder of the program's own example configuration. */
  readonly stationConfig: string;
  openStation(options: OpenOptions): Promise<Station>;
  openLedger(options: OpenOptions): Promise<LedgerReader>;
  /** Puts a backup in the place of the ledger, which then says at whose word; no station may have it open. */
  restoreLedger(options: OpenOptions, from: string, by: readonly string[]): Promise<RestoreReport>;
  /** The station's token, and how to open others that its file lists. */
  openSigner(options: OpenOptions): Promise<{
    readonly signer: Signer;
    readonly embedded: boolean;
    readonly openToken: OpenToken;
    /** Why the station would do nothing with this token; null: nothing stands against it. */
    refusal(): Promise<Fault | null>;
    /** How the token is that would take over; null: the station file names none. */
    lookAtSpare(): Promise<TokenLook | null>;
  }>;
  /** Whether the token is the private SoftHSM of the data folder, in which missing keys may be made without asking. */
  hasEmbeddedToken(options: OpenOptions): boolean;
  dataFolder(options: OpenOptions): string;
  /** The station file as it was read, or what counts without one. */
  settings(options: OpenOptions): StationConfig;
  /** The people of the station. */
  people(options: OpenOptions): Operators;
  /** Asks a person at the terminal for a secret, which is not shown; where there is none, takes the next line of stdin. */
  askSecret(question: string): Promise<SecretBytes>;
  /**
   * Opens the station with its window in a browser. `onNextLink` hears the link for the next browser when one was used, `say` what is
   * done meanwhile, in these words.
   */
  serveDesk(
    options: OpenOptions & { readonly port?: number },
    onNextLink: (link: string) => void,
    told: { say(line: string): void; readonly words: Messages },
  ): Promise<{
    readonly link: string;
    readonly demonstration: boolean;
    /** A sentence on each board that is worked on at this moment. */
    boards(words: Messages): readonly string[];
    close(): Promise<void>;
  }>;
  /** Asks the desktop to open a link; false where there is none. */
  openInBrowser(link: string): boolean;
  /** Fixtures of the station file, for commands without --port. */
  fixtures(options: OpenOptions): readonly { readonly name: string; readonly address: string }[];
  /**
   * Calls at Ctrl-C and termination instead of ending the program, with the number of the time; the third one ends it at once, whoever
   * listens. Gives back the way to stop listening: from then on any ends it at once.
   */
  onInterrupt(listener: (time: number) => void): () => void;
  /** Ends the program now. */
  leave(status: Exit): void;
  /** Fresh data folder that is removed by the function given back: rehearsals. */
  temporaryFolder(): { readonly folder: string; remove(): void };
}

/** Options that all commands share. */
export interface OpenOptions {
  readonly data?: string;
  readonly station?: string;
}

/** Exit status (docs/architecture.md#exit-status): the numbers are a promise to scripts. */
export const exit = { passed: 0, board: 1, badInput: 2, station: 3 } as const;
export type Exit = (typeof exit)[keyof typeof exit];
