import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { toHex } from '../base/bytes.ts';
import { bytesText } from '../base/number-text.ts';
import type { SecretBytes } from '../base/secret.ts';
import type { CsvMistake } from '../formats/csv.ts';
import { buildNvs } from '../image/nvs.ts';
import { parseNvsCsv } from '../image/nvs-csv.ts';
import { parseNvsDevices } from '../image/nvs-devices.ts';
import { decryptNvs, encryptNvs, nvsKeysFromHmac } from '../image/nvs-encryption.ts';
import type { NvsNamespace, NvsValue } from '../image/nvs-format.ts';
import { type NvsReading, readNvs } from '../image/nvs-read.ts';
import { RecipeFault } from '../model/fault.ts';
import { textOfFile } from '../model/text-file.ts';
import type { Messages } from '../words/messages.ts';
import { type CliContext, type Exit, exit } from './context.ts';
import { newWrappedKey, readInput, readWrappedKey, sizeOption, writeOutput } from './files.ts';
import { type SignInOptions, withWrappingKeys } from './sign-in.ts';
import { table, wordsOf } from './words.ts';

export interface NvsOptions extends SignInOptions {
  readonly json?: boolean;
  readonly size?: string;
  readonly out?: string;
  /** JSON of a wrapped key: 32 bytes of an HMAC_UP block, or the 64 bytes of the NVS keys themselves. */
  readonly keys?: string;
  /** Make a new HMAC key and print its wrapped form. */
  readonly newKey?: boolean;
  /** Label of the token key under which it is wrapped. */
  readonly key?: string;
  /** build: the file with a line of values for each device. */
  readonly values?: string;
  /** show: what is in it too. */
  readonly showValues?: boolean;
}

/**
 * An NVS partition from a CSV of values, in clear or encrypted under a key that the token wraps; with --values a partition for each of
 * its lines, into a folder. Every mistake of the CSV is told.
 */
export async function nvsBuildCommand(file: string, options: NvsOptions, context: CliContext): Promise<Exit> {
  const size = sizeOption(options.size ?? '', '--size');
  const parts =
    options.values === undefined ? oneDevice(file, context, options) : devices(file, options.values, context, options);
  if (parts === null) return exit.badInput;
  const seal = options.keys !== undefined || options.newKey === true;
  if (!seal) {
    for (const { out, namespaces } of parts) writeImage(out, buildNvs(namespaces, size), null, context);
    context.streams.say(wordsOf(context).terminal.nvs.inClear);
    return exit.passed;
  }
  await withKeys(options, context, async (keysFor) => {
    for (const { out, id, namespaces } of parts) {
      using keys = await keysFor(id);
      writeImage(out, buildNvs(namespaces, size), keys, context);
    }
  });
  return exit.passed;
}

interface Part {
  readonly out: string | undefined;
  /** Of the device, where there are several. */
  readonly id: string | null;
  readonly namespaces: readonly NvsNamespace[];
}

function oneDevice(file: string, context: CliContext, options: NvsOptions): Part[] | null {
  const { namespaces, mistakes } = parseNvsCsv(textFrom(file), readerBeside(file));
  return tellMistakes(file, mistakes, context, options) ? null : [{ out: options.out, id: null, namespaces }];
}

function devices(file: string, values: string, context: CliContext, options: NvsOptions): Part[] | null {
  if (options.out === undefined || options.keys !== undefined)
    throw new RecipeFault({
      code: 'cli.value',
      what: 'With --values each device gets a file of its own in the folder --out, and a key of its own.',
      next: 'Give --out FOLDER, and --new-key instead of --keys.',
    });
  const { devices, configurationMistakes, valueMistakes } = parseNvsDevices(
    textFrom(file),
    textFrom(values),
    readerBeside(values),
  );
  const ids = devices.map(({ id, line }) => id ?? `line-${line}`);
  const unfit = devices.flatMap(({ line }, at) =>
    /^[\w.-]{1,64}$/.test(ids[at]!) && ids.indexOf(ids[at]!) === at
      ? []
      : [
          {
            line,
            what: `The id ${JSON.stringify(ids[at])} stands twice or cannot be a file name.`,
            remedy: 'Use letters, digits, - and _.',
          },
        ],
  );
  const wrong = [
    tellMistakes(file, configurationMistakes, context, options),
    tellMistakes(values, [...valueMistakes, ...unfit], context, options),
  ];
  if (wrong.includes(true)) return null;
  mkdirSync(options.out, { recursive: true });
  return devices.map(({ namespaces }, at) => ({ out: join(options.out!, `${ids[at]}.bin`), id: ids[at]!, namespaces }));
}

function textFrom(file: string): string {
  return textOfFile(readInput(file), file);
}

function readerBeside(file: string): (path: string) => Uint8Array {
  return (path) => new Uint8Array(readFileSync(resolve(dirname(file), path)));
}

/** Whether there were any. */
function tellMistakes(
  file: string,
  mistakes: readonly CsvMistake[],
  context: CliContext,
  options: NvsOptions,
): boolean {
  for (const { line, what, remedy } of mistakes) {
    if (options.json) context.streams.answer(JSON.stringify({ file, line, what, remedy }));
    context.streams.say(`${file}:${line}: ${what}`);
    context.streams.say(`    ${remedy}`);
  }
  return mistakes.length > 0;
}

/** Writes and zeroes. */
function writeImage(out: string | undefined, image: Uint8Array, keys: SecretBytes | null, context: CliContext): void {
  try {
    writeOutput(out, keys === null ? image : encryptNvs(image, keys), context, keys === null);
  } finally {
    image.fill(0);
  }
}

/** What an NVS partition holds; its values only where they are asked for. Exit status 1 for a damaged one. */
export async function nvsShowCommand(file: string, options: NvsOptions, context: CliContext): Promise<Exit> {
  const bytes = readInput(file);
  let reading: NvsReading | undefined;
  if (options.keys === undefined) reading = readNvs(bytes);
  else
    await withKeys(options, context, async (keysFor) => {
      using keys = await keysFor(null);
      reading = readNvs(decryptNvs(bytes, keys));
    });
  const { namespaces, pages, problems } = reading!;
  const words = wordsOf(context).terminal.nvs;
  const shown = (value: NvsValue) => (options.showValues ? valueText(value) : sizeText(value, words));
  if (options.json) {
    const plain = namespaces.map(({ name, entries }) => ({
      name,
      entries: entries.map(({ key, value }) => ({
        key,
        type: value.type,
        ...(options.showValues ? { value: valueText(value) } : {}),
      })),
    }));
    context.streams.answer(JSON.stringify({ kind: 'nvs', namespaces: plain, pages, problems }));
  } else {
    const rows = namespaces.flatMap(({ name, entries }) => [
      [name],
      ...entries.map(({ key, value }) => [`  ${key}`, value.type, shown(value)]),
    ]);
    for (const line of table(rows)) context.streams.answer(line);
    const used = pages.filter(({ sequence }) => sequence !== null).length;
    context.streams.say((options.showValues ? words.pages : words.pagesHidden)({ pages: pages.length, used }));
  }
  for (const { page, entry, what } of problems)
    context.streams.say(
      entry === null ? words.problem({ page: page ?? '-', what }) : words.problemAt({ page: page ?? '-', entry, what }),
    );
  return problems.length > 0 ? exit.board : exit.passed;
}

function sizeText(value: NvsValue, words: Messages['terminal']['nvs']): string {
  if (value.type === 'blob') return bytesText(value.value.length);
  return value.type === 'string' ? words.characters({ count: value.value.length }) : '';
}

function valueText(value: NvsValue): string {
  if (value.type === 'blob') return toHex(value.value);
  return value.type === 'string' ? JSON.stringify(value.value) : `${value.value}`;
}

/** Opens the token and lends a way to get the 64 bytes of the NVS keys: those of --keys, or new ones at each call. */
async function withKeys(
  options: NvsOptions,
  context: CliContext,
  use: (keysFor: (id: string | null) => Promise<SecretBytes>) => Promise<void>,
): Promise<void> {
  const label = options.key ?? 'fuseline-wrapping';
  await withWrappingKeys(options, context, 'nvs', (signer) =>
    use(async (id) => {
      using key = options.keys
        ? await signer.unwrap({ label }, readWrappedKey(options.keys))
        : await newWrappedKey(signer, label, 32, context, id);
      if (key.length !== 32 && key.length !== 64)
        throw new RecipeFault({
          code: 'cli.nvs-key',
          what: `The key in ${options.keys} has ${key.length} bytes.`,
          next: 'Give the 32 bytes of an HMAC key block, or the 64 bytes of data key and tweak key.',
        });
      return key.length === 32 ? nvsKeysFromHmac(key) : key.slice(0, 64);
    }),
  );
}
