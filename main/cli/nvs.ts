import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { toHex } from '../base/bytes.ts';
import type { SecretBytes } from '../base/secret.ts';
import { buildNvs } from '../image/nvs.ts';
import { parseNvsCsv } from '../image/nvs-csv.ts';
import { decryptNvs, encryptNvs, nvsKeysFromHmac } from '../image/nvs-encryption.ts';
import type { NvsValue } from '../image/nvs-format.ts';
import { type NvsReading, readNvs } from '../image/nvs-read.ts';
import { RecipeFault } from '../model/fault.ts';
import { newWrappedKey, readInput, readWrappedKey, sizeOption, writeOutput } from './files.ts';
import { bytesText, table } from './words.ts';
import { type Exit, exit, type OpenOptions, type World } from './world.ts';

export interface NvsOptions extends OpenOptions {
  readonly json?: boolean;
  readonly size?: string;
  readonly out?: string;
  /** JSON of a wrapped key: 32 bytes of an HMAC_UP block, or the 64 bytes of the NVS keys themselves. */
  readonly keys?: string;
  /** Make a new HMAC key and print its wrapped form. */
  readonly newKey?: boolean;
  /** Label of the token key under which it is wrapped. */
  readonly key?: string;
  readonly values?: boolean;
}

/** An NVS partition from a CSV of values, in clear or encrypted under a key that the token wraps. Every mistake of the CSV is told. */
export async function nvsBuildCommand(file: string, options: NvsOptions, world: World): Promise<Exit> {
  const size = sizeOption(options.size ?? '', '--size');
  const text = new TextDecoder().decode(readInput(file));
  const { namespaces, mistakes } = parseNvsCsv(
    text,
    (path) => new Uint8Array(readFileSync(resolve(dirname(file), path))),
  );
  for (const { line, what, remedy } of mistakes) {
    if (options.json) world.streams.answer(JSON.stringify({ file, line, what, remedy }));
    world.streams.say(`${file}:${line}: ${what}`);
    world.streams.say(`    ${remedy}`);
  }
  if (mistakes.length > 0) return exit.badInput;
  const image = buildNvs(namespaces, size);
  try {
    if (options.keys === undefined && !options.newKey) {
      writeOutput(options.out, image, world, true);
      world.streams.say('Its values lie in it in clear.');
      return exit.passed;
    }
    await withKeys(options, world, (keys) => writeOutput(options.out, encryptNvs(image, keys), world));
  } finally {
    image.fill(0);
  }
  return exit.passed;
}

/** What an NVS partition holds; its values only where they are asked for. Exit status 1 for a damaged one. */
export async function nvsShowCommand(file: string, options: NvsOptions, world: World): Promise<Exit> {
  const bytes = readInput(file);
  let reading: NvsReading | undefined;
  if (options.keys === undefined) reading = readNvs(bytes);
  else
    await withKeys(options, world, (keys) => {
      reading = readNvs(decryptNvs(bytes, keys));
    });
  const { namespaces, pages, problems } = reading!;
  const shown = (value: NvsValue) => (options.values ? valueText(value) : sizeText(value));
  if (options.json) {
    const plain = namespaces.map(({ name, entries }) => ({
      name,
      entries: entries.map(({ key, value }) => ({
        key,
        type: value.type,
        ...(options.values ? { value: valueText(value) } : {}),
      })),
    }));
    world.streams.answer(JSON.stringify({ kind: 'nvs', namespaces: plain, pages, problems }));
  } else {
    const rows = namespaces.flatMap(({ name, entries }) => [
      [name],
      ...entries.map(({ key, value }) => [`  ${key}`, value.type, shown(value)]),
    ]);
    for (const line of table(rows)) world.streams.answer(line);
    const used = pages.filter(({ sequence }) => sequence !== null).length;
    world.streams.say(
      `${pages.length} pages, ${used} in use.${options.values ? '' : ' --values shows what is in it.'}`,
    );
  }
  for (const { page, entry, what } of problems)
    world.streams.say(`page ${page ?? '-'}${entry === null ? '' : `, entry ${entry}`} ${what}`);
  return problems.length > 0 ? exit.board : exit.passed;
}

function sizeText(value: NvsValue): string {
  if (value.type === 'blob') return bytesText(value.value.length);
  return value.type === 'string' ? `${value.value.length} characters` : '';
}

function valueText(value: NvsValue): string {
  if (value.type === 'blob') return toHex(value.value);
  return value.type === 'string' ? JSON.stringify(value.value) : `${value.value}`;
}

/** Lends the 64 bytes of the NVS keys to `use` and destroys them. */
async function withKeys(options: NvsOptions, world: World, use: (keys: SecretBytes) => void): Promise<void> {
  const { signer } = await world.openSigner(options);
  try {
    const label = options.key ?? 'fuseline-wrapping';
    using key = options.keys
      ? await signer.unwrap({ label }, readWrappedKey(options.keys))
      : await newWrappedKey(signer, label, 32, world);
    if (key.length !== 32 && key.length !== 64)
      throw new RecipeFault({
        code: 'cli.nvs-key',
        what: `The key in ${options.keys} has ${key.length} bytes.`,
        next: 'Give the 32 bytes of an HMAC key block, or the 64 bytes of data key and tweak key.',
      });
    using keys = key.length === 32 ? nvsKeysFromHmac(key) : key.slice(0, 64);
    use(keys);
  } finally {
    await signer.close();
  }
}
