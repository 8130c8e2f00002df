import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProgramFault } from '../model/fault.ts';
import type { StubImage } from './loader.ts';

/** The form of the files, as esp-flasher-stub releases them: base64 for the bytes. S3's has a plugin besides, for NAND flash. */
interface StubJson {
  readonly entry: number;
  readonly text: string;
  readonly text_start: number;
  readonly data?: string;
  readonly data_start?: number;
  readonly bss_start?: number;
}

/**
 * The stubs as esptool 5.6.0 ships them lie in the repository, whole and unmodified, with source, licence and SHA-256 in NOTICE: no npm
 * package carries them (esptool-js 0.7.0 has older ones, and none for ESP32-H21), and a station must not depend on what a registry serves
 * for a program that it runs on every board.
 */
const stubFolder = join(import.meta.dirname, 'stubs');

/**
 * A flasher stub by the name of its file: `esp32p4`, `esp32p4-rev1` (silicon below v3.0), `esp32c3` ... ProgramFault `protocol.no-stub`
 * where there is none of that name.
 */
export async function loadStubImage(name: string): Promise<StubImage> {
  const missing = (cause: unknown): ProgramFault =>
    new ProgramFault({
      code: 'protocol.no-stub',
      what: `There is no flasher stub named ${name}.`,
      next: 'Install this program again.',
      cause,
    });
  if (!/^[a-z0-9-]+$/.test(name)) throw missing(undefined);
  let json: StubJson;
  try {
    json = JSON.parse(await readFile(join(stubFolder, `${name}.json`), 'utf8')) as StubJson;
  } catch (cause) {
    throw missing(cause);
  }
  const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
  return {
    name,
    entry: json.entry,
    text: bytes(json.text),
    textStart: json.text_start,
    data: bytes(json.data ?? ''),
    dataStart: json.data_start ?? 0,
    bssStart: json.bss_start ?? null,
  };
}
