import type { LabelPreview } from '../../contract/views.ts';
import { type FaultRecord, faultOf, RecipeFault } from '../../model/fault.ts';
import type { SealedRecord } from '../../model/record.ts';
import type { Station } from '../station.ts';
import type { DeskFile } from './desk-file.ts';
import { drawLabel } from './label-preview.ts';
import { fillLabel, findTemplate, labelFacts, sampleFacts } from './labels.ts';
import { printLabel } from './printer.ts';

/** Prints a label for every sealed board where there is a printer, one after the other; a printer's trouble never touches a board. */
export class LabelDesk {
  readonly #station: Station;
  readonly #file: DeskFile;
  readonly #folders: readonly string[];
  readonly #unlisten: () => void;
  #printing: Promise<void> = Promise.resolve();
  #fault: FaultRecord | null = null;

  /** `folders`: where templates are looked for, the station's own first. */
  constructor(station: Station, file: DeskFile, folders: readonly string[]) {
    this.#station = station;
    this.#file = file;
    this.#folders = folders;
    this.#unlisten = station.listen((event) => {
      if (event.type !== 'verdict' || event.outcome !== 'passed' || event.mac === null) return;
      if (this.#file.printer !== null) this.#print(event.mac);
    });
  }

  /** What the printer said when it took the last label badly; null when it took it well. */
  get fault(): FaultRecord | null {
    return this.#fault;
  }

  #print(mac: string): void {
    this.#printing = this.#printing
      .then(async () => {
        const record = await this.#station.parts.ledger.sealedDevice(mac);
        if (record !== null) await this.#send(record);
        this.#fault = null;
      })
      .catch((error: unknown) => {
        this.#fault = faultOf(error).toJSON();
      });
  }

  async #send(record: SealedRecord): Promise<void> {
    const { printer } = this.#file;
    if (printer === null)
      throw refusal('printer.none', 'This station has no label printer.', 'Set its address: Station, Label printer.');
    await printLabel(printer, fillLabel(this.#template(record.recipe.name), labelFacts(record)));
  }

  #template(recipe: string): string {
    const template = findTemplate(recipe, this.#folders);
    if (template !== null) return template;
    throw refusal('label.no-template', 'There is no label template.', `Put a device.zpl into ${this.#folders[0]}.`);
  }

  /** Prints the label of a sealed device again. RecipeFault `label.not-sealed`: labels are printed on pass only. */
  async again(mac: string): Promise<{ readonly said: string }> {
    const record = await this.#station.parts.ledger.sealedDevice(mac.toLowerCase());
    if (record === null)
      throw refusal(
        'label.not-sealed',
        `The board ${mac} is not sealed, and only sealed devices get a label.`,
        'Finish the board first.',
      );
    await this.#send(record);
    return { said: `The label of ${record.serial ?? mac} went to the printer.` };
  }

  /** A label as it would come out for a sample device of this recipe. */
  preview(
    recipe: { readonly name: string; readonly revision: number; readonly chip: string },
    template: string | null,
  ): LabelPreview {
    const zpl = fillLabel(
      template ?? this.#template(recipe.name),
      sampleFacts(recipe.name, recipe.revision, recipe.chip),
    );
    return { zpl, svg: drawLabel(zpl) };
  }

  async close(): Promise<void> {
    this.#unlisten();
    await this.#printing;
  }
}

function refusal(code: string, what: string, next: string): RecipeFault {
  return new RecipeFault({ code, what, next });
}
