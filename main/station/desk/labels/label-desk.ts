import type { SecretBytes } from '../../../base/secret.ts';
import type { LabelPreview } from '../../../contract/views.ts';
import type { LedgerReader } from '../../../ledger/ledger.ts';
import type { EscrowedSecret } from '../../../model/event.ts';
import { type FaultRecord, faultOf, RecipeFault } from '../../../model/fault.ts';
import type { SealedRecord } from '../../../model/record.ts';
import type { Recipe } from '../../../recipe/types.ts';
import { type Told, told } from '../../../words/told.ts';
import type { CredentialShelf } from '../../credential-shelf.ts';
import { asTyped } from '../access/escrow.ts';
import type { DeskFile } from '../desk-file.ts';
import { drawLabelApart } from './label-drawing.ts';
import { fillLabel, findTemplate, labelFacts, refuseHalfLabel, sampleFacts } from './label-template.ts';
import { parsePrinter, printLabel, refuseSecretInFile, testLabel } from './printer.ts';
import { fillPlainSecret, fillSecretLabel, wantsCredentials } from './secret-label.ts';

/** Prints labels where there is a printer, one after the other; a printer's trouble never touches a board. */
export class LabelDesk {
  readonly #ledger: LedgerReader;
  readonly #file: DeskFile;
  readonly #folders: readonly string[];
  readonly #printed: string;
  readonly #shelf: CredentialShelf;
  #printing: Promise<void> = Promise.resolve();
  #fault: FaultRecord | null = null;
  /** Called when a printer's trouble comes or goes. */
  onFault: () => void = () => undefined;

  /**
   * `folders`: where templates are looked for, the station's own first. `printed`: where a printer that is a file lies. `shelf`: where the
   * secrets of fresh labels come from.
   */
  constructor(
    ledger: LedgerReader,
    file: DeskFile,
    folders: readonly string[],
    printed: string,
    shelf: CredentialShelf,
  ) {
    this.#ledger = ledger;
    this.#file = file;
    this.#folders = folders;
    this.#printed = printed;
    this.#shelf = shelf;
    shelf.expectTaker();
  }

  /** What the printer said when it took the last label badly; null when it took it well. */
  get fault(): FaultRecord | null {
    return this.#fault;
  }

  /** Whether a label with a secret can go out: there is a printer, and it is no file. */
  get printsSecrets(): boolean {
    const { printer } = this.#file;
    return printer !== null && parsePrinter(printer).kind !== 'file';
  }

  /** Another printer is set: what the one before said is past. */
  forget(): void {
    this.#tell(null);
  }

  /** Prints a label that is no device's. RecipeFault `printer.none`, FixtureFault `printer.unreachable`, `printer.silent`. */
  async printTest(station: string, at: string): Promise<void> {
    const { printer } = this.#file;
    if (printer === null) throw noPrinter();
    await printLabel(printer, testLabel(station, at), this.#printed);
    this.#tell(null);
  }

  /** Prints the label of a sealed board when those before are out. Without a printer that is a fault only where the label is `needed`. */
  print(mac: string, needed: boolean): void {
    if (this.#file.printer === null && !needed) {
      this.#forgetCredentials(mac);
      return;
    }
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
    if (printer === null) throw noPrinter();
    const template = await templateOf(record, this.#ledger, this.#folders);
    if (wantsCredentials(template)) await this.#sendSecret(printer, template, record);
    else {
      this.#forgetCredentials(record.chip.mac);
      await printLabel(printer, fillLabel(template, labelFacts(record)), this.#printed);
    }
  }

  /** No label will show them: from now on only the escrow has them. */
  #forgetCredentials(mac: string): void {
    this.#shelf.take(mac)?.proof.destroy();
  }

  /**
   * A label with the device's proof of possession, which the station has only until the label is out. RecipeFault `label.no-credentials`,
   * `label.in-escrow`, `label.secret-in-file`.
   */
  async #sendSecret(printer: string, template: string, record: SealedRecord): Promise<void> {
    const { mac } = record.chip;
    if (record.provisioning === undefined)
      throw refusal(
        'label.no-credentials',
        `The label template asks for a proof of possession, and the recipe ${record.recipe.name} makes none.`,
        'Take {provisioning} and {proof} out of the template, or add provisioning to the recipe.',
      );
    // while the station still has them: they stay for a printer that is set now
    refuseSecretInFile(printer);
    const credentials = this.#shelf.take(mac);
    if (credentials === null)
      throw refusal(
        'label.in-escrow',
        `The station has the proof of possession of ${record.serial ?? mac} no more: it keeps it until the label is out, and no longer than it runs. It is in escrow.`,
        'Two custodians release it, in the terminal: audit escrow release, with --as label.',
      );
    try {
      using label = fillSecretLabel(template, labelFacts(record), credentials);
      await label.use((bytes) => printLabel(printer, bytes, this.#printed));
      credentials.proof.destroy();
    } catch (error) {
      // not out yet: it may be tried again
      this.#shelf.keep(mac, credentials);
      throw error;
    }
  }

  /** The template for this recipe; `named`: the file that it asks for. RecipeFault `label.no-template`. */
  template(recipe: string, named: string | null): string {
    return templateIn(this.#folders, recipe, named);
  }

  /** Prints the label of a sealed device again. RecipeFault `label.not-sealed`: labels are printed on pass only. */
  async again(mac: string): Promise<Told> {
    const record = await this.#ledger.sealedDevice(mac.toLowerCase());
    if (record === null)
      throw refusal(
        'label.not-sealed',
        `The board ${mac} is not sealed, and only sealed devices get a label.`,
        'Finish the board first.',
      );
    await this.#send(record);
    this.#tell(null);
    return told('labelSent', { device: record.serial ?? mac });
  }

  /**
   * The way of a secret that is about to come out of escrow: its own device's label where the template shows it, else one with nothing but the
   * secret. All that can fail before the printer is asked fails here. RecipeFault `printer.none`, `label.secret-in-file`, `label.no-template`.
   */
  async released(mac: string, what: EscrowedSecret): Promise<(secret: SecretBytes) => Promise<void>> {
    const { printer } = this.#file;
    if (printer === null) throw noPrinter();
    refuseSecretInFile(printer);
    const record = await this.#ledger.sealedDevice(mac);
    const template =
      record?.provisioning === undefined || what !== 'proof-of-possession'
        ? null
        : await templateOf(record, this.#ledger, this.#folders);
    return async (secret) => {
      using typed = asTyped(secret, what);
      const provisioning = record?.provisioning;
      using label =
        record !== null && provisioning !== undefined && template !== null && wantsCredentials(template)
          ? fillSecretLabel(template, labelFacts(record), { ...provisioning, proof: typed })
          : fillPlainSecret(`${what} ${record?.serial ?? ''} ${mac}`, typed);
      await this.#printing;
      await label.use((bytes) => printLabel(printer, bytes, this.#printed));
    };
  }

  /** A label as it would come out for a sample device of this recipe. RecipeFault `label.too-much`. */
  async preview(
    recipe: { readonly name: string; readonly revision: number; readonly chip: string; readonly named: string | null },
    template: string | null,
  ): Promise<LabelPreview> {
    const zpl = fillLabel(
      template ?? this.template(recipe.name, recipe.named),
      sampleFacts(recipe.name, recipe.revision, recipe.chip),
    );
    refuseHalfLabel(zpl);
    return { zpl, svg: await drawLabelApart(zpl) };
  }

  /** Resolves when what was to be printed is out, or has failed. */
  async close(): Promise<void> {
    await this.#printing;
  }
}

/** The template for the label of a sealed device, by what its recipe asked for. RecipeFault `label.no-template`. */
export async function templateOf(
  { recipe }: SealedRecord,
  ledger: Pick<LedgerReader, 'recipe'>,
  folders: readonly string[],
): Promise<string> {
  const kept = await ledger.recipe(recipe.hash);
  const named = kept === null ? null : (JSON.parse(kept.text) as { recipe: Recipe }).recipe.label?.template;
  return templateIn(folders, recipe.name, named ?? null);
}

function templateIn(folders: readonly string[], recipe: string, named: string | null): string {
  const template = findTemplate(recipe, folders, named);
  if (template !== null) return template;
  throw refusal(
    'label.no-template',
    `There is no label template${named === null ? '' : ` ${named}`}.`,
    `Put a ${named ?? 'device.zpl'} into ${folders[0]}.`,
  );
}

function noPrinter(): RecipeFault {
  return refusal('printer.none', 'This station has no label printer.', 'Set its address: Station, Label printer.');
}

function refusal(code: string, what: string, next: string): RecipeFault {
  return new RecipeFault({ code, what, next });
}
