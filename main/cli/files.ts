import { readFileSync, writeFileSync } from 'node:fs';
import { bytesText } from '../base/number-text.ts';
import type { SecretBytes } from '../base/secret.ts';
import type { WrappedKey } from '../model/event.ts';
import { RecipeFault } from '../model/fault.ts';
import type { Signer } from '../signing/signer.ts';
import type { CliContext } from './context.ts';
import { wordsOf } from './words.ts';

/** A file that a command line names. Throws RecipeFault `image.not-found`. */
export function readInput(file: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(file));
  } catch (error) {
    throw new RecipeFault({
      code: 'image.not-found',
      what: `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
      next: 'Check the path.',
      cause: error,
    });
  }
}

/**
 * Writes the file that --out names and says so; with `secret` only its owner may read it. Throws RecipeFault `cli.missing` where no
 * name was given, `image.cannot-write` where the file exists or cannot be made.
 */
export function writeOutput(out: string | undefined, bytes: Uint8Array, context: CliContext, secret = false): void {
  if (out === undefined) {
    throw new RecipeFault({ code: 'cli.missing', what: 'No output file was named.', next: 'Give --out FILE.' });
  }
  try {
    writeFileSync(out, bytes, { flag: 'wx', mode: secret ? 0o600 : 0o666 });
  } catch (error) {
    throw new RecipeFault({
      code: 'image.cannot-write',
      what: `${out} cannot be written: ${error instanceof Error ? error.message : String(error)}.`,
      next: 'Name a new file; an existing one is never written over.',
      cause: error,
    });
  }
  context.streams.say(wordsOf(context).terminal.file.written({ size: bytesText(bytes.length), file: out }));
}

/** The JSON of a wrapped key in a file. Throws RecipeFault `image.not-found`, `cli.wrapped-key`. */
export function readWrappedKey(file: string): WrappedKey {
  let value: Partial<Record<keyof WrappedKey, unknown>> | null = null;
  try {
    value = JSON.parse(new TextDecoder().decode(readInput(file)));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (
    typeof value?.wrappingKeyId === 'string' &&
    typeof value.data === 'string' &&
    value.mechanism === 'AES_KEY_WRAP_PAD'
  )
    return { wrappingKeyId: value.wrappingKeyId, mechanism: value.mechanism, data: value.data };
  throw new RecipeFault({
    code: 'cli.wrapped-key',
    what: `${file} does not hold the JSON of a wrapped key.`,
    next: 'Give the line that image encrypt or nvs build printed when it made the key; a key in clear has no place here.',
  });
}

/**
 * A new key from the token; its wrapped form is the answer, so that the same key can be used (or burned) again, with the `id` of the
 * device where there are several. The caller destroys it.
 */
export async function newWrappedKey(
  signer: Signer,
  label: string,
  length: number,
  context: CliContext,
  id: string | null = null,
): Promise<SecretBytes> {
  const key = await signer.random(length);
  try {
    context.streams.answer(JSON.stringify({ ...(id === null ? {} : { id }), ...(await signer.wrap({ label }, key)) }));
    return key;
  } catch (error) {
    key.destroy();
    throw error;
  }
}

/** A whole number of bytes as 24576, 0x6000, 24K or 1M. Throws RecipeFault `cli.value`. */
export function sizeOption(text: string, option: string): number {
  const match = /^(0x[0-9a-f]+|\d+)([KM]?)$/i.exec(text.trim());
  const unit = { '': 1, K: 1024, M: 1024 * 1024 }[match?.[2]?.toUpperCase() ?? ''];
  const value = match && unit ? Number(match[1]) * unit : Number.NaN;
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new RecipeFault({
    code: 'cli.value',
    what: `${option} ${text} is no size.`,
    next: `Give bytes, as ${option} 0x6000 or ${option} 24K.`,
  });
}

/** What was to be a new file or folder of a ledger is none; `next`: what to name instead. */
export function cannotWrite(path: string, error: unknown, next: string): RecipeFault {
  return new RecipeFault({
    code: 'audit.cannot-write',
    what: `${path} cannot be written: ${error instanceof Error ? error.message : String(error)}.`,
    next,
    cause: error,
  });
}
