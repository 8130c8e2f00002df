import { join } from 'node:path';
import type { Log } from '../../base/log.ts';
import type { LineChange } from '../../contract/contract.ts';
import type { TokenView } from '../../contract/views.ts';
import type { StationAct } from '../../ledger/ledger.ts';
import type { FaultRecord } from '../../model/fault.ts';
import type { Language } from '../../words/languages.ts';
import type { Station } from '../station.ts';
import { escrowAnswers } from './access/escrow-answers.ts';
import type { Operators } from './access/operators.ts';
import { chooseLanguage } from './access/people.ts';
import { DeskFile } from './desk-file.ts';
import { factoryAnswers } from './factory-answers.ts';
import { LabelDesk } from './labels/label-desk.ts';
import { printedFolder } from './labels/printer.ts';
import { recipeAnswers } from './library/recipe-answers.ts';
import { RecipeShelf } from './library/recipe-shelf.ts';
import { BatchMemory } from './line/batch-memory.ts';
import { Line } from './line/line.ts';
import { lineAnswers } from './line/line-answers.ts';
import { TokenWatch } from './line/token-watch.ts';
import { plantAnswers } from './plant-answers.ts';
import { boardAnswers } from './reports/board-answers.ts';
import { deviceAnswers } from './reports/device-answers.ts';
import { runAnswers } from './reports/run-answers.ts';
import { shiftAnswers } from './reports/shift-answers.ts';
import type { DeskAnswers, DeskParts, DeskRoom } from './room.ts';
import { stationAnswers } from './station-answers.ts';

/** Real contacts bounce; virtual ones do not. */
function usualContacts(address: string): number {
  return address.startsWith('virtual:') ? 1 : 2;
}

/** The whole station as people at it use it: one object that answers every call of the contract and tells what changes. */
export class Desk {
  readonly answers: DeskAnswers;
  readonly operators: Operators;
  readonly version: string;
  /** In which the station speaks to whoever chose no language. */
  readonly language: Language;
  readonly #room: DeskRoom;
  readonly #unhear: readonly (() => void)[];

  constructor(parts: DeskParts) {
    const { station, dataFolder, stationConfig } = parts;
    const { ledger, software, plant, factory, events = [], plc } = station.parts;
    const file = new DeskFile(join(dataFolder, 'desk.json'));
    const shelf = new RecipeShelf({
      ledger,
      examples: join(stationConfig, 'recipes'),
      own: join(dataFolder, 'recipes'),
      unchangedSince: (id) => this.operators.unchangedSince(id),
    });
    const labels = new LabelDesk(
      ledger,
      file,
      [join(dataFolder, 'labels'), join(stationConfig, 'labels')],
      join(dataFolder, printedFolder),
      station.shelf,
    );
    const memory = new BatchMemory(join(dataFolder, 'batch.json'));
    const line = new Line(station, {
      fixtures: file.fixtures ?? parts.fixtures,
      demonstration: parts.demonstration,
      development: station.parts.development,
      showsPlant: parts.plantViewer !== undefined,
      contacts: parts.contacts ?? usualContacts,
      foreign: (text, recipe) => shelf.foreign(text, recipe),
      print: (mac, needed) => labels.print(mac, needed),
      printerFault: () => labels.fault,
      plantFaults: () => [plc, factory, ...events, plant].flatMap((one) => one?.standing.faults ?? []),
      ended: () => memory.forget(),
    });
    labels.onFault = () => line.show();
    const hear = (one: {
      listen(hear: (standing: { readonly faults: readonly FaultRecord[] }) => void): () => void;
    }) => {
      let told = '[]';
      return one.listen(({ faults }) => {
        const now = JSON.stringify(faults);
        if (now !== told) line.show();
        told = now;
      });
    };
    this.#unhear = [plant, factory, ...events, plc].flatMap((one) => (one === undefined ? [] : [hear(one)]));
    this.version = software.version;
    this.language = parts.language ?? 'en';
    this.operators = parts.people;
    this.#room = {
      ...parts,
      file,
      shelf,
      operators: this.operators,
      line,
      memory,
      labels,
      token: new TokenWatch(station, parts.embeddedToken),
    };
    this.answers = {
      ...lineAnswers(this.#room),
      ...deviceAnswers(this.#room),
      ...boardAnswers(this.#room),
      ...runAnswers(this.#room),
      ...shiftAnswers(this.#room),
      ...recipeAnswers(this.#room),
      ...stationAnswers(this.#room),
      ...factoryAnswers(this.#room),
      ...plantAnswers(this.#room),
      ...escrowAnswers(this.#room),
    };
  }

  /** Whether a board is being worked on: no window may close, no computer sleep. */
  get hasBoardUnderWay(): boolean {
    return this.#room.line.hasBoardUnderWay;
  }

  /** The program log of the station. */
  get log(): Log {
    return this.#room.station.log;
  }

  onLineChange(listener: (change: LineChange) => void): () => void {
    return this.#room.line.listen(listener);
  }

  /** The whole line as one change, for a face that missed some. */
  lineNow(): LineChange {
    const {
      demonstration: _,
      development: __,
      interrupted: ___,
      showsPlant: ____,
      ...snapshot
    } = this.#room.line.snapshot();
    return { ...snapshot, names: snapshot.fixtures.map(({ name }) => name), verdicts: [] };
  }

  onTokenChange(listener: (view: TokenView) => void): () => void {
    return this.#room.token.listen(listener);
  }

  /** Says who came, went, or was refused something, durably. */
  note(note: Parameters<Station['parts']['ledger']['noteSession']>[0]): Promise<void> {
    return this.#room.station.parts.ledger.noteSession(note);
  }

  /** In which language the station speaks to this person; null: in its own. */
  chooseLanguage(id: string, language: Language | null): Promise<void> {
    return chooseLanguage({ operators: this.operators, ledger: this.#room.station.parts.ledger }, id, language);
  }

  /** Says what was done to the station itself, durably. */
  noteAct(act: StationAct): Promise<void> {
    return this.#room.station.parts.ledger.noteAct(act);
  }

  /** Ends the batch after the current irreversible steps. The station itself stays open. */
  async close(): Promise<void> {
    for (const stop of this.#unhear) stop();
    await this.#room.line.close();
    await this.#room.labels.close();
    this.#room.token.close();
  }
}
