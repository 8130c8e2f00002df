import type { LabelPreview } from '../../contract/views.ts';
import type { LedgerReader } from '../../ledger/ledger.ts';
import { type FaultRecord, faultOf, RecipeFault } from '../../model/fault.ts';
import type { SealedRecord } from '../../model/record.ts';
import type { Recipe } from '../../recipe/types.ts';
import type { DeskFile } from './desk-file.ts';
import { drawLabel } from './label-preview.ts';
import { fillLabel, findTemplate, labelFacts, sampleFacts } from './labels.ts';
import { printLabel } from './printer.ts';

/** Prints labels where there is a printer, one after the other; a printer's trouble never touches a board. */
export class LabelDesk {
  readonly #ledger: LedgerReader;
  readonly #file: DeskFile;
  readonly #folders: readonly string[];
  #printing: Promise<void> = Promise.resolve();
  #fault: FaultRecord | null = null;
  /** Called when a printer's trouble comes or goes. */
  onFault: () => void = () => undefined;

  /** `folders`: where templates are looked for, the station's own first. */
  constructor(ledger: LedgerReader, file: DeskFile, folders: readonly string[]) {
    this.#ledger = ledger;
    this.#file = file;
    this.#folders = folders;
  }

  /** What the printer said when it took the last label badly; null when it took it well. */
  get fault(): FaultRecord | null {
    return this.#fault;
  }

  /** Another printer is set: what the one before said is past. */
  forget(): void {
    this.#tell(null);
  }

  /** Prints the label of a sealed board when those before are out. Without a printer that is a fault only where the label is `needed`. */
  print(mac: string, needed: boolean): void {
    if (this.#file.printer === null && !needed) return;
    this.#printing = this.#printing
      .then(async () => {
        const record = await this.#ledger.sealedDevice(mac);
        if (record !== null) await this.#send(record);
        this.#tell(null);
      })
      .catch((error: unknown) => this.#tell(faultOf(error).toJSON()));
  }

  #tell(fault: FaultRecord | null): void {
    if (fault === null && this.#fault === null) return;
    this.#fault = fault;
    this.onFault();
  }

  async #send(record: SealedRecord): Promise<void> {
    const { printer } = this.#file;
    if (printer === null)
      throw refusal('printer.none', 'This station has no label printer.', 'Set its address: Station, Label printer.');
    const kept = await this.#ledger.recipe(record.recipe.hash);
    const named = kept === null ? null : (JSON.parse(kept.text) as { recipe: Recipe }).recipe.label?.template;
    await printLabel(printer, fillLabel(this.template(record.recipe.name, named ?? null), labelFacts(record)));
  }

  /** The template for this recipe; `named`: the file that it asks for. RecipeFault `label.no-template`. */
  template(recipe: string, named: string | null): string {
    const template = findTemplate(recipe, this.#folders, named);
    if (template !== null) return template;
    throw refusal(
      'label.no-template',
      `There is no label template${named === null ? '' : ` ${named}`}.`,
      `Put a ${named ?? 'device.zpl'} into ${this.#folders[0]}.`,
    );
  }

  /** Prints the label of a sealed device again. RecipeFault `label.not-sealed`: labels are printed on pass only. */
  async again(mac: string): Promise<{ readonly said: string }> {
    const record = await this.#ledger.sealedDevice(mac.toLowerCase());
    if (record === null)
      throw refusal(
        'label.not-sealed',
        `The board ${mac} is not sealed, and only sealed devices get a label.`,
        'Finish the board first.',
      );
    await this.#send(record);
    this.#tell(null);
    return { said: `The label of ${record.serial ?? mac} went to the printer.` };
  }

  /** A label as it would come out for a sample device of this recipe. */
  preview(
    recipe: { readonly name: string; readonly revision: number; readonly chip: string; readonly named: string | null },
    template: string | null,
  ): LabelPreview {
    const zpl = fillLabel(
      template ?? this.template(recipe.name, recipe.named),
      sampleFacts(recipe.name, recipe.revision, recipe.chip),
    );
    return { zpl, svg: drawLabel(zpl) };
  }

  /** Resolves when what was to be printed is out, or has failed. */
  async close(): Promise<void> {
    await this.#printing;
  }
}

function refusal(code: string, what: string, next: string): RecipeFault {
  return new RecipeFault({ code, what, next });
}
