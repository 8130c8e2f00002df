import { readFileSync } from 'node:fs';
import { secretLineIn } from '../base/secret-line.ts';
import { mesFile } from './faults.ts';
import type { FactoryDoor } from './post.ts';

/** Where the factory's system is, as the station file says. */
export interface MesPlaces {
  readonly url: string;
  /** File; null: the authorities that this computer trusts. */
  readonly ca: string | null;
  readonly tokenFile: string | null;
}

/** The door, read anew. RecipeFault `mes.ca`, `mes.token-file`. */
export function mesDoor({ url, ca, tokenFile }: MesPlaces): FactoryDoor {
  return {
    url: url.replace(/\/+$/, ''),
    ca: ca === null ? null : authorityIn(ca),
    token: tokenFile === null ? null : tokenIn(tokenFile),
  };
}

function authorityIn(file: string): string {
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw mesFile('mes.ca', file, 'cannot be read', cause);
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw mesFile('mes.ca', file, 'holds no certificate', undefined);
}

function tokenIn(file: string): string {
  try {
    return secretLineIn(file);
  } catch (cause) {
    throw mesFile('mes.token-file', file, (cause as Error).message, cause);
  }
}
