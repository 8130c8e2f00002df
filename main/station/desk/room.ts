import type { z } from 'zod';
import type { SecretBytes } from '../../base/secret.ts';
import type { CallAnswers, CallName, calls } from '../../contract/contract.ts';
import type { EscrowedSecret } from '../../model/event.ts';
import type { PlantViewer } from '../../model/plant.ts';
import type { Language } from '../../words/languages.ts';
import type { FixtureSpec } from '../fixture.ts';
import type { Station } from '../station.ts';
import type { Operators } from './access/operators.ts';
import type { DeskFile } from './desk-file.ts';
import type { LabelDesk } from './labels/label-desk.ts';
import type { RecipeShelf } from './library/recipe-shelf.ts';
import type { OpenRehearsal } from './library/rehearsal.ts';
import type { BatchMemory } from './line/batch-memory.ts';
import type { Line } from './line/line.ts';
import type { TokenWatch } from './line/token-watch.ts';

/** Calls about the station; those about who sits at a face are the face's own. */
export type DeskCallName = Exclude<CallName, `session.${string}`>;

/** Answers every such call; `by` is who asks, by id. Inputs were checked by the contract's schema, and the caller's role. */
export type DeskAnswers = {
  readonly [Name in DeskCallName]: (
    input: z.output<(typeof calls)[Name]['input']>,
    by: string,
  ) => CallAnswers[Name] | Promise<CallAnswers[Name]>;
};

/** A secret that came out of escrow, as people type it. */
export interface ShownSecret {
  readonly mac: string;
  readonly what: EscrowedSecret;
  readonly typed: SecretBytes;
}

export interface DeskParts {
  readonly station: Station;
  /** Who is known to the station: the same that it asks itself. */
  readonly people: Operators;
  readonly dataFolder: string;
  /** Folder of the configuration that comes with the program: recipes, labels. */
  readonly stationConfig: string;
  /** Fixtures of the station file; those taught at the desk take their place. */
  readonly fixtures: readonly FixtureSpec[];
  readonly demonstration: boolean;
  /** In which the station speaks to whoever chose no language; left out: English. */
  readonly language?: Language;
  /** The token is the private SoftHSM of the data folder, in which missing keys are made without asking. */
  readonly embeddedToken: boolean;
  readonly openRehearsal: OpenRehearsal;
  /** Shows a secret that was given out in a box of the program itself; left out: this desk has only pages. The secret is the caller's. */
  readonly showSecret?: (shown: ShownSecret) => void;
  /** Looks at all stations of the plant; left out: nothing does. */
  readonly plantViewer?: PlantViewer;
  /** Local times of day (06:00) at which shifts begin; left out: three a day. */
  readonly shifts?: readonly string[];
  /** How often in a row a board must answer at this address before its contact counts as stable; left out: once where virtual, else twice. */
  readonly contacts?: (address: string) => number;
}

/** What the parts of the desk share. */
/** In which language the station speaks to this person: their own, else that of the station. */
export function languageOf({ operators, language }: Pick<DeskRoom, 'operators' | 'language'>, id: string): Language {
  return operators.find(id)?.language ?? language ?? 'en';
}

export interface DeskRoom extends DeskParts {
  readonly line: Line;
  readonly memory: BatchMemory;
  readonly shelf: RecipeShelf;
  readonly operators: Operators;
  readonly file: DeskFile;
  readonly labels: LabelDesk;
  readonly token: TokenWatch;
}
