// A whole eFuse state as one line of text with a checksum: the token of espefuse 5.6 (`--token`, `dump --format token`).
//
//   EFSR:esp32p4:301:<BLOCK0>:<BLOCK1>: ... :<errors>:<crc>
//
// Each part is Base64url without padding: the words of a block, little-endian, empty for zeros alone; then the error registers, those of
// BLOCK0 first, empty for zeros alone; then the CRC-32 of all before it, its colon included, little-endian. 301 is the revision. EFSR is
// what was read; EFSW, what is staged, is nobody's state. What may be a secret is left out (withoutSecrets), as if it were read-protected.

import { crc32 } from 'node:zlib';
import { bytesOfWords, u32le, wordsOf } from '../base/bytes.ts';
import { chipKinds } from '../model/chip.ts';
import { isFault, RecipeFault } from '../model/fault.ts';
import { identityFromSnapshot } from './identity.ts';
import { withoutSecrets } from './snapshot.ts';
import { efuseTableFor } from './tables.ts';
import type { EfuseSnapshot, EfuseTable } from './types.ts';

const form = 'EFSR';

export function efuseToken(snapshot: EfuseSnapshot): string {
  const shown = withoutSecrets(snapshot);
  const { chip, registers } = snapshot.table;
  const errors = [...shown.repeatErrors, ...shown.rsErrors.slice(0, registers.rsErr1 === null ? 1 : 2)];
  const head = [
    form,
    chip,
    String(identityFromSnapshot(snapshot).revision).padStart(3, '0'),
    ...shown.blocks.map(part),
    part(errors),
    '',
  ].join(':');
  return head + base64url(u32le(crc32(head)));
}

function part(words: readonly number[]): string {
  return words.every((word) => word === 0) ? '' : base64url(bytesOfWords([...words]));
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

/**
 * The snapshot of a token. RecipeFault `efuse.bad-token` when it was cut or changed, holds what is staged instead of what was read, or
 * comes from a chip or silicon that this station does not know.
 */
export function parseEfuseToken(token: string): EfuseSnapshot {
  const text = token.trim();
  const parts = text.split(':');
  const [magic, chip, version] = parts;
  if (magic === 'EFSW' || magic === 'EFSRW') throw badToken(`${magic} holds what was to be burned, not what is burned`);
  if (magic !== form) throw badToken(`it does not begin with ${form}:`);
  const end = text.lastIndexOf(':') + 1;
  if (base64url(u32le(crc32(text.slice(0, end)))) !== text.slice(end)) throw badToken('its checksum does not fit');
  const table = tableOf(chip, version);
  const { blocks, registers } = table;
  if (parts.length !== blocks.length + 5) throw badToken(`it has another number of blocks than ${table.name}`);
  const errorWords = registers.repeatErrors.length + (registers.rsErr1 === null ? 1 : 2);
  const errors = wordsIn(parts.at(-2)!, errorWords);
  const snapshot: EfuseSnapshot = {
    table,
    blocks: blocks.map(({ words }, at) => wordsIn(parts[3 + at]!, words)),
    repeatErrors: errors.slice(0, registers.repeatErrors.length),
    rsErrors: [errors[registers.repeatErrors.length]!, errors[registers.repeatErrors.length + 1] ?? 0],
  };
  // What keeps a bit of its revision outside of eFuse cannot be compared.
  const { revision } = identityFromSnapshot(snapshot);
  if (table.revisionFields === 'wafer' && revision !== Number(version))
    throw badToken(`it says revision ${version}, and its blocks ${String(revision).padStart(3, '0')}`);
  return snapshot;
}

function tableOf(chip: string | undefined, version: string | undefined): EfuseTable {
  const kind = chipKinds.find((known) => known === chip);
  if (kind === undefined) throw badToken(`its chip ${chip} is not known`);
  if (!/^\d{3,}$/.test(version ?? '')) throw badToken(`${version} is no revision`);
  try {
    return efuseTableFor(kind, Number(version));
  } catch (error) {
    if (!isFault(error, 'efuse.unknown-silicon')) throw error;
    throw badToken(`the eFuses of ${kind} revision ${version} are not known`);
  }
}

/** The words of a part; all zero where it is empty. */
function wordsIn(text: string, count: number): number[] {
  const bytes = new Uint8Array(Buffer.from(text, 'base64url'));
  if (base64url(bytes) !== text || (text !== '' && bytes.length !== 4 * count))
    throw badToken(`${text} is no block of ${count} words`);
  return text === '' ? Array.from({ length: count }, () => 0) : wordsOf(bytes);
}

function badToken(why: string): RecipeFault {
  return new RecipeFault({
    code: 'efuse.bad-token',
    what: `The eFuse token cannot be read: ${why}.`,
    next: 'Copy the whole line again; espefuse dump --format token makes one, and device inspect --token.',
  });
}
