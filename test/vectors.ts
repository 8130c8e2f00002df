// Everything in test/vectors is read here: vectors, recordings, consoles, eFuse tables. README.md says where each is from.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const vectorFolder = join(import.meta.dirname, 'vectors');

/** One turn of a recorded conversation with a loader: all bytes in hex, SLIP framing included. */
export interface RecordedExchange {
  readonly name: string;
  readonly send: string;
  readonly receive: string;
}

/** The text of a file, by its path below test/vectors: `efuse/esp32c3.csv`, `consoles/c3-rom-ar.txt`. */
export function vectorText(path: string): string {
  return readFileSync(join(vectorFolder, path), 'utf8');
}

/** A JSON file, by its path below test/vectors; the caller says what is in it. */
export function vectorFile<T>(path: string): T {
  return JSON.parse(vectorText(path)) as T;
}

/** The exchanges of a recording, in their order. */
export function recording(path: string): readonly RecordedExchange[] {
  return vectorFile<{ exchanges: readonly RecordedExchange[] }>(path).exchanges;
}
