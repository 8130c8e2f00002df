import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { NotPlainFile, readPlainFileIn } from '../../../base/plain-file.ts';
import { RecipeFault } from '../../../model/fault.ts';
import type { SealedRecord } from '../../../model/record.ts';
import { textOfFile } from '../../../model/text-file.ts';

/** What a template's placeholders may stand for. */
export type LabelFacts = Readonly<
  Record<'serial' | 'mac' | 'chip' | 'recipe' | 'revision' | 'batch' | 'date' | 'certificate' | 'qr', string>
> & {
  /** Only in samples: those of a device are secret, see secret-label.ts. */
  readonly provisioning?: string;
  readonly proof?: string;
};

/** What a label says of a sealed device. The QR code holds serial number and MAC, as a scan-back reads them. */
export function labelFacts(record: SealedRecord): LabelFacts {
  const { mac } = record.chip;
  const serial = record.serial ?? serialOf(mac);
  return {
    serial,
    mac,
    chip: record.chip.kind,
    recipe: record.recipe.name,
    revision: String(record.recipe.revision),
    batch: record.batch ?? '',
    date: record.sealedAt.slice(0, 10),
    certificate: record.identity?.certificateSerial ?? '',
    qr: qrText(serial, mac),
  };
}

/** What stands for a serial number where the recipe takes it from the chip. */
function serialOf(mac: string): string {
  return mac.replaceAll(':', '');
}

function qrText(serial: string, mac: string): string {
  return `${serial} ${mac}`;
}

/** Whether a scanned text is the label of this device: its QR code, its serial number, or its MAC. */
export function isLabelOf(
  text: string,
  { mac, serial }: { readonly mac: string; readonly serial: string | null },
): boolean {
  const printed = serial ?? serialOf(mac);
  const read = text.trim();
  if (read === printed) return true;
  // A MAC is the same in either case, with colons or without.
  return [qrText(printed, mac), mac, serialOf(mac)].some((one) => one.toLowerCase() === read.toLowerCase());
}

/** Whether a scanned text is the code by which a device is provisioned: it holds its proof of possession, and is kept nowhere. */
export function isProvisioningCode(text: string): boolean {
  return /"pop"\s*:/.test(text);
}

/** A device that is none, for previews. */
export function sampleFacts(recipe: string, revision: number, chip: string): LabelFacts {
  const [serial, mac] = ['SAMPLE-0001', '00:11:22:33:44:55'];
  const rest = { batch: 'B-20260101-0badcafe', date: '2026-01-01', certificate: '00', qr: `${serial} ${mac}` };
  const proof = 'sample-0000-sample-00000';
  const credentials = {
    proof: proof,
    provisioning: `{"ver":"v1","name":"PROV_334455","username":"wifiprov","pop":"${proof}","transport":"ble"}`,
  };
  return { serial, mac, chip, recipe, revision: String(revision), ...rest, ...credentials };
}

/**
 * The ZPL of a label: the template with its placeholders filled in. What is filled in can give the printer no commands: `^` and `~`,
 * which begin them, go out as hexadecimal, for which every field data block (`^FD`, `^FV`) gets a `^FH_` before it. Where the template has a
 * `^FH` of its own (with whatever indicator), its escapes stay the characters that they stand for. RecipeFaults `label.placeholder`,
 * `label.placeholder-place` for one that no field data holds, `label.command-sign` where other signs are made to begin commands.
 */
export function fillLabel(template: string, facts: LabelFacts): string {
  refuseOtherSigns(template);
  return template
    .split(/(\^FS)/i)
    .map((field) => {
      const own = /\^FH([^^~\r\n]?)/i.exec(field);
      const indicator = own === null ? null : own[1] || '_';
      const data = /\^(F[DV])([^^]*)/gi;
      refusePlaceholders(field.replaceAll(data, '').replace(/\^FX[^^]*/i, ''), facts);
      return field
        .replaceAll(/\^FH[^^~\r\n]?/gi, '')
        .replaceAll(
          data,
          (_, command: string, text: string) => `^FH_^${command}${filled(withUnderscore(text, indicator), facts)}`,
        );
    })
    .join('');
}

/**
 * RecipeFault `label.not-whole` for ZPL (text, or UTF-8) that begins no label, or leaves one open: a printer keeps the half of it, and puts the
 * fields of the next board's label on it.
 */
export function refuseHalfLabel(zpl: string | Uint8Array): void {
  const text = typeof zpl === 'string' ? zpl : Buffer.from(zpl.buffer, zpl.byteOffset, zpl.length).toString('latin1');
  const marks = (text.match(/\^X[AZ]/gi) ?? []).map((mark) => mark.toUpperCase());
  const isWhole =
    marks.length > 0 && marks.length % 2 === 0 && marks.every((mark, at) => mark === (at % 2 ? '^XZ' : '^XA'));
  if (isWhole) return;
  throw new RecipeFault({
    code: 'label.not-whole',
    what: 'The label template has no ^XA at its beginning, or no ^XZ at its end: the printer would keep half a label and put the next one on top of it.',
    next: 'Look whether the file of the template was cut off, and put a whole one in its place.',
  });
}

/** `^CC` and `^CT` make another sign begin commands, against which nothing here is guarded. Drivers write them with the usual signs. */
function refuseOtherSigns(template: string): void {
  const other = /[\^~]C(?:C[^^]|T[^~])/i.exec(template);
  if (other === null) return;
  throw new RecipeFault({
    code: 'label.command-sign',
    what: `The label template makes another sign begin the printer's commands (${JSON.stringify(other[0])}): what is filled in could then be a command.`,
    next: 'Write the template with ^ and ~, and leave ^CC and ^CT out.',
  });
}

/** A placeholder that stands where a printer takes no text would be printed as it is, or nowhere. */
function refusePlaceholders(commands: string, facts: LabelFacts): void {
  const lost = [...commands.matchAll(/\{(\w+)\}/g)].find(([, name = '']) => Object.hasOwn(facts, name));
  if (lost === undefined) return;
  throw new RecipeFault({
    code: 'label.placeholder-place',
    what: `The label template has ${lost[0]} outside of field data, where nothing is filled in.`,
    next: 'Put it behind ^FD (or ^FV), in front of the ^FS of its field.',
  });
}

/** The text of a field as ^FH_ takes it; `indicator` is the sign that escapes in it begin with, null where it has none. */
function withUnderscore(data: string, indicator: string | null): string {
  return data.replaceAll(/[\s\S]/g, (sign, at: number) => {
    const escapes = sign === indicator && /^[0-9A-Fa-f]{2}/.test(data.slice(at + 1));
    if (escapes) return '_';
    return sign === '_' ? hexEscape(sign) : sign;
  });
}

function filled(data: string, facts: LabelFacts): string {
  return data.replaceAll(/\{(\w+)\}/g, (placeholder, name: string) => {
    if (!Object.hasOwn(facts, name))
      throw new RecipeFault({
        code: 'label.placeholder',
        what: `The label template names ${placeholder}, which no device has.`,
        next: `Use one of ${Object.keys(facts)
          .map((known) => `{${known}}`)
          .join(', ')}.`,
      });
    return [...facts[name as keyof LabelFacts]!].map((sign) => (isCommand(sign) ? hexEscape(sign) : sign)).join('');
  });
}

/** Signs that begin commands, and control characters: 0x02 and 0x03 are ^XA and ^XZ to a printer. */
function isCommand(sign: string): boolean {
  return sign < ' ' || '^~_\\\u007f'.includes(sign);
}

/** `_5E` for `^`: with ^FH_ a printer takes it as the character, not as a command. */
function hexEscape(character: string): string {
  return `_${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/**
 * The template of a recipe: the file that it names, else `<recipe>.zpl`, else `device.zpl`; the station's own before the program's. Null
 * where there is none. RecipeFault `label.template-file` for a name that leads out of these folders, or to what is no ordinary file,
 * `text.encoding`.
 */
export function findTemplate(recipe: string, folders: readonly string[], named: string | null = null): string | null {
  for (const name of named === null ? [`${recipe}.zpl`, 'device.zpl'] : [named])
    for (const folder of folders) {
      const file = join(folder, name);
      if (existsSync(file)) return readTemplate(folder, file, name);
    }
  return null;
}

/** No label printer keeps a longer one. */
const longestTemplate = 256 * 1024;

function readTemplate(folder: string, file: string, name: string): string {
  try {
    return textOfFile(readPlainFileIn([folder], file, longestTemplate), file);
  } catch (cause) {
    if (!(cause instanceof NotPlainFile)) throw cause;
    throw new RecipeFault({
      code: 'label.template-file',
      what: `The label template ${JSON.stringify(name)} is not used: ${cause.message}.`,
      next: `Name a ZPL file in ${folder}.`,
      cause,
    });
  }
}
