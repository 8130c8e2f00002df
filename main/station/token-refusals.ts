// Why a token, or a key in it, is not the one that the ledger knows: in words, with what to do.
import { TokenFault } from '../model/fault.ts';
import type { TokenKey, TokenStatus } from '../signing/signer.ts';
import type { KnownKey, TokenKnowledge } from './token-knowledge.ts';

type Named = Pick<TokenStatus, 'label' | 'serial'>;

const ceremony =
  'Only where the known one is lost or was replaced on purpose, let two custodians say so: token accept --by ID --second ID --reason TEXT, or Station, HSM in the window.';

/** `token.other` */
export function foreignToken(known: TokenKnowledge, found: Named): TokenFault {
  return new TokenFault({
    code: 'token.other',
    what: `This is the token ${named(found)}, and the ledger of this station knows ${named(known)}: nothing is signed, wrapped or made with it.`,
    next: `Put the known token back. ${ceremony}`,
    details: { known: known.serial, found: found.serial },
  });
}

/** `token.key-lost` */
export function lostKey(known: KnownKey, token: Named): TokenFault {
  return new TokenFault({
    code: 'token.key-lost',
    what: `The token ${named(token)} does not hold the key '${known.label}' (${wordsOf(known)}) any more, which the ledger knows. No other one is made in its place.`,
    next: `Restore the token from its backup. ${ceremony}`,
    details: { label: known.label, id: known.id, publicKeySha256: known.publicKeySha256 },
  });
}

/** `token.other-key` */
export function foreignKey(known: KnownKey, found: TokenKey, token: Named): TokenFault {
  const isSame = known.id === found.id && known.publicKeySha256 === found.publicKeySha256;
  return new TokenFault({
    code: 'token.other-key',
    what: `The key '${found.label}' of the token ${named(token)} is not the one that the ledger knows by this name: it is ${isSame ? 'of the same id, and wraps otherwise' : wordsOf(found)}, and the known one ${wordsOf(known)}. Nothing is done with it.`,
    next: `Put the known key back, from the backup of the token. ${ceremony}`,
    details: { label: found.label, known: known.id, found: found.id },
  });
}

/** `token.away`: where the station would have made a token at its first start, and this is not the first. */
export function awayToken(folder: string): TokenFault {
  return new TokenFault({
    code: 'token.away',
    what: `The station's token is not in ${folder}, and the ledger says that this station has worked before: no other token is made in its place.`,
    next: `Bring the folder back, from where it was moved to or from its backup; the station goes on by itself. ${ceremony}`,
    details: { folder },
  });
}

/** `token.spare`: what the ledger does not know from the first token, the spare one does not serve. Null: it knows no token yet. */
export function strangeToSpare(label: string | null): TokenFault {
  return new TokenFault({
    code: 'token.spare',
    what: `The spare token serves what the ledger knows of the first one, and that is ${label === null ? 'nothing yet' : `no key '${label}'`}.`,
    next: 'Work with the first token once, then the spare one can stand in for it.',
  });
}

function named({ label, serial }: Named): string {
  return `'${label}' (serial ${serial})`;
}

function wordsOf({ id, publicKeySha256 }: Pick<KnownKey, 'id' | 'publicKeySha256'>): string {
  return publicKeySha256 === null ? `id ${id}` : `public key ${publicKeySha256.slice(0, 16)}…`;
}
