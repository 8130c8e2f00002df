// A whole eFuse state as one short text with a checksum, for ledgers and tests:
//
//   efuse1 esp32p4-v3 0:800100.1.4000000 1:77665544.1122.30 s:10 #1f2e3d4c
//
// A block is its hex words joined by dots, zeros at the end left out; blocks of zeros are left out. r: repeat errors, s: RS errors.
// What may be a secret is left out as well (withoutSecrets), as if it were read-protected.

import { createHash } from 'node:crypto';
import { RecipeFault } from '../model/fault.ts';
import { blankSnapshot, withoutSecrets } from './snapshot.ts';
import { efuseTableNamed } from './tables.ts';
import type { EfuseSnapshot } from './types.ts';

const form = 'efuse1';

export function efuseToken(snapshot: EfuseSnapshot): string {
  const shown = withoutSecrets(snapshot);
  const body = [
    form,
    snapshot.table.name,
    ...shown.blocks.map((words, block) => part(String(block), words)),
    part('r', shown.repeatErrors),
    part('s', shown.rsErrors),
  ]
    .filter((text) => text !== '')
    .join(' ');
  return `${body} #${checksum(body)}`;
}

function part(name: string, words: readonly number[]): string {
  const used = words.findLastIndex((word) => word !== 0) + 1;
  if (used === 0) return '';
  return `${name}:${words
    .slice(0, used)
    .map((word) => (word >>> 0).toString(16))
    .join('.')}`;
}

function checksum(body: string): string {
  return createHash('sha256').update(body).digest('hex').slice(0, 8);
}

/** The snapshot of a token. RecipeFault `efuse.bad-token` when it was cut, changed or names a table that this station does not know. */
export function parseEfuseToken(token: string): EfuseSnapshot {
  const [, body, sum] = /^(.*) #([0-9a-f]{8})$/.exec(token.trim()) ?? [];
  if (body === undefined || checksum(body) !== sum) throw badToken('its checksum does not fit');
  const [version, name, ...parts] = body.split(' ');
  const table = version === form ? efuseTableNamed(name ?? '') : undefined;
  if (table === undefined) throw badToken(`its table ${name} is not known`);
  const blank = blankSnapshot(table);
  const rows = new Map<string, number[]>([
    ...blank.blocks.map((words, block) => [String(block), [...words]] as [string, number[]]),
    ['r', [...blank.repeatErrors]] as [string, number[]],
    ['s', [...blank.rsErrors]] as [string, number[]],
  ]);
  for (const text of parts) {
    const [key = '', words = ''] = text.split(':');
    const row = rows.get(key);
    const values = words.split('.').map((word) => Number.parseInt(word, 16));
    if (row === undefined || values.length > row.length || values.some((value) => !(value >= 0 && value < 2 ** 32)))
      throw badToken(`it has a part ${text}`);
    row.splice(0, values.length, ...values);
  }
  const [rs0 = 0, rs1 = 0] = rows.get('s')!;
  return {
    table,
    blocks: table.blocks.map(({ number }) => rows.get(String(number))!),
    repeatErrors: rows.get('r')!,
    rsErrors: [rs0, rs1],
  };
}

function badToken(why: string): RecipeFault {
  return new RecipeFault({
    code: 'efuse.bad-token',
    what: `The eFuse text cannot be read: ${why}.`,
    next: 'Copy the whole line again from the ledger or the report.',
  });
}
