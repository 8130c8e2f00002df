// Ledgers of earlier programs, kept in test/vectors/ledgers: how they were made stands there.
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const vectors = fileURLToPath(new URL('../../vectors/ledgers/schema-3/', import.meta.url));

/** Name of the station whose book it is. */
export const keptStation = 'fuseline';

/** MAC of the board of the kept ledger that ends so. */
export const keptBoard = (end: string) => `30:ed:a0:00:00:${end}`;

/** Puts the ledger of the program before rows had versions into `folder`, with the witness beside it; gives its file. */
export function layKeptLedger(folder: string): string {
  const file = join(folder, 'ledger.sqlite');
  unpack('ledger.sqlite', file);
  cpSync(join(vectors, 'ledger.sqlite.head'), `${file}.head`);
  return file;
}

/** The same with its token, and the eFuses and flash of its half-done board as `half-done.chip`. */
export function layKeptStation(folder: string): void {
  layKeptLedger(folder);
  unpack('half-done.chip', join(folder, 'half-done.chip'));
  const token = join(folder, 'token');
  mkdirSync(token, { mode: 0o700 });
  cpSync(join(vectors, 'token'), token, { recursive: true });
  // Git keeps no modes: the token is for its owner alone.
  for (const name of ['pin', 'so-pin']) chmodSync(join(token, name), 0o600);
}

function unpack(name: string, file: string): void {
  writeFileSync(file, gunzipSync(readFileSync(join(vectors, `${name}.gz`))));
}
