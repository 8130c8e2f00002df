import { join } from 'node:path';
import type { z } from 'zod';
import type { CallAnswers, CallName, calls, LineChange } from '../../contract/contract.ts';
import type { TokenView } from '../../contract/views.ts';
import type { FixtureSpec } from '../fixture.ts';
import type { Station } from '../station.ts';
import { DeskFile } from './desk-file.ts';
import { deviceAnswers } from './device-answers.ts';
import { LabelDesk } from './label-desk.ts';
import { Line } from './line.ts';
import { lineAnswers } from './line-answers.ts';
import { Operators } from './operators.ts';
import { recipeAnswers } from './recipe-answers.ts';
import { RecipeShelf } from './recipes.ts';
import type { OpenRehearsal } from './rehearsal.ts';
import { stationAnswers } from './station-answers.ts';
import { TokenWatch } from './token-watch.ts';

/** Calls about the station; those about who sits at a face are the face's own. */
export type DeskCallName = Exclude<CallName, `session.${string}`>;

/** Answers every such call; `by` is who asks, by id. Inputs were checked by the contract's schema, and the caller's role. */
export type DeskAnswers = {
  readonly [Name in DeskCallName]: (
    input: z.output<(typeof calls)[Name]['input']>,
    by: string,
  ) => CallAnswers[Name] | Promise<CallAnswers[Name]>;
};

export interface DeskParts {
  readonly station: Station;
  readonly dataFolder: string;
  /** Folder of the configuration that comes with the program: recipes, labels. */
  readonly stationConfig: string;
  /** Fixtures of the station file; those taught at the desk take their place. */
  readonly fixtures: readonly FixtureSpec[];
  readonly demonstration: boolean;
  /** The token is the private SoftHSM of the data folder, in which missing keys are made without asking. */
  readonly embeddedToken: boolean;
  readonly openRehearsal: OpenRehearsal;
  /** How often in a row a board must answer at this address before its contact counts as stable; left out: once where virtual, else twice. */
  readonly contacts?: (address: string) => number;
}

/** What the parts of the desk share. */
export interface DeskRoom extends DeskParts {
  readonly line: Line;
  readonly shelf: RecipeShelf;
  readonly operators: Operators;
  readonly file: DeskFile;
  readonly labels: LabelDesk;
  readonly token: TokenWatch;
}

/** Real contacts bounce; virtual ones do not. */
function usualContacts(address: string): number {
  return address.startsWith('virtual:') ? 1 : 2;
}

/** The whole station as people at it use it: one object that answers every call of the contract and tells what changes. */
export class Desk {
  readonly answers: DeskAnswers;
  readonly operators: Operators;
  readonly version: string;
  readonly #room: DeskRoom;

  constructor(parts: DeskParts) {
    const { station, dataFolder, stationConfig } = parts;
    const { ledger, clock, random, software } = station.parts;
    const file = new DeskFile(join(dataFolder, 'desk.json'));
    const shelf = new RecipeShelf({
      ledger,
      examples: join(stationConfig, 'recipes'),
      own: join(dataFolder, 'recipes'),
    });
    const labels = new LabelDesk(
      ledger,
      file,
      [join(dataFolder, 'labels'), join(stationConfig, 'labels')],
      station.shelf,
    );
    const line = new Line(station, {
      fixtures: file.fixtures ?? parts.fixtures,
      demonstration: parts.demonstration,
      contacts: parts.contacts ?? usualContacts,
      foreign: (text, recipe) => shelf.foreign(text, recipe),
      print: (mac, needed) => labels.print(mac, needed),
      printerFault: () => labels.fault,
    });
    labels.onFault = () => line.show();
    this.version = software.version;
    this.operators = new Operators({ file: join(dataFolder, 'operators.json'), clock, random });
    this.#room = {
      ...parts,
      file,
      shelf,
      operators: this.operators,
      line,
      labels,
      token: new TokenWatch(station, parts.embeddedToken),
    };
    this.answers = {
      ...lineAnswers(this.#room),
      ...deviceAnswers(this.#room),
      ...recipeAnswers(this.#room),
      ...stationAnswers(this.#room),
    };
  }

  /** Whether a board is being worked on: no window may close, no computer sleep. */
  get hasBoardUnderWay(): boolean {
    return this.#room.line.hasBoardUnderWay;
  }

  onLineChange(listener: (change: LineChange) => void): () => void {
    return this.#room.line.listen(listener);
  }

  /** The whole line as one change, for a face that missed some. */
  lineNow(): LineChange {
    const { demonstration: _, ...snapshot } = this.#room.line.snapshot();
    return { ...snapshot, names: snapshot.fixtures.map(({ name }) => name), verdicts: [] };
  }

  onTokenChange(listener: (view: TokenView) => void): () => void {
    return this.#room.token.listen(listener);
  }

  /** Says who came, went, or was refused something, durably. */
  note(note: Parameters<Station['parts']['ledger']['noteSession']>[0]): Promise<void> {
    return this.#room.station.parts.ledger.noteSession(note);
  }

  /** Ends the batch after the current irreversible steps. The station itself stays open. */
  async close(): Promise<void> {
    await this.#room.line.close();
    await this.#room.labels.close();
    this.#room.token.close();
  }
}
