import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ProgramFault } from '../model/fault.ts';
import type { StubImage } from './loader.ts';

/** The package's own form; base64 for the bytes. */
interface StubJson {
  readonly entry: number;
  readonly text: string;
  readonly text_start: number;
  readonly data?: string;
  readonly data_start?: number;
  readonly bss_start?: number;
}

/** Folder of the stub programs in the carrier package; it exports only its main module, so the files are found beside that. */
function stubFolder(): string {
  const main = createRequire(import.meta.url).resolve('esptool-js');
  return join(dirname(main), 'targets', 'stub_flasher');
}

/**
 * A flasher stub of the `esptool-js` package by the name of its file: `esp32p4`, `esp32p4-rev1` (silicon below v3.0), `esp32c3` ...
 * ProgramFault `protocol.no-stub` where the package has none of that name.
 */
export async function loadStubImage(name: string): Promise<StubImage> {
  const missing = (cause: unknown): ProgramFault =>
    new ProgramFault({
      code: 'protocol.no-stub',
      what: `There is no flasher stub named ${name}.`,
      next: 'Install the packages of this program again (npm ci).',
      cause,
    });
  if (!/^[a-z0-9-]+$/.test(name)) throw missing(undefined);
  let json: StubJson;
  try {
    json = JSON.parse(await readFile(join(stubFolder(), `${name}.json`), 'utf8')) as StubJson;
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
