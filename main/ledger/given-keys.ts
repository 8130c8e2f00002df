// What people bring from elsewhere to hold a book against.
import type { KeyObject } from 'node:crypto';
import { RecipeFault } from '../model/fault.ts';
import { type Head, headKey, parseHeadLine } from './checkpoint.ts';
import { parseWitness, type Witness } from './cosignature.ts';

/** The public key of a book's heads. RecipeFault `audit.key` for what is none. */
export function givenHeadKey(text: string): KeyObject {
  const key = headKey(text);
  if (key !== null) return key;
  throw new RecipeFault({
    code: 'audit.key',
    what: 'The key that was given for the signed heads is no public key of ECDSA P-256.',
    next: 'Give the file that audit key wrote, or the key as PEM or as hex of its SubjectPublicKeyInfo, from somewhere else than this ledger.',
  });
}

/** A witness by its verifier key. RecipeFault `audit.witness-key` for what is none. */
export function givenWitness(text: string): Witness {
  const witness = parseWitness(text);
  if (witness !== null && witness.name.length <= longestName) return witness;
  throw new RecipeFault({
    code: 'audit.witness-key',
    what: 'What was given as the key of a witness is none: it is one line, NAME+ID+KEY, with a key of Ed25519.',
    next: 'Give what the witness says of itself (heads key at a station of this kind), from somewhere else than this ledger.',
  });
}

/** A head in one line. RecipeFault `audit.head` for what is none. */
export function givenHead(line: string): Head {
  const head = parseHeadLine(line);
  if (head !== null) return head;
  throw new RecipeFault({
    code: 'audit.head',
    what: 'What was given as a kept head is none: it is one line, head ORIGIN ROWS ROOT.',
    next: 'Give the line below the QR code of a batch report, or as a scanner reads that, in quotes.',
  });
}

const longestName = 512;
