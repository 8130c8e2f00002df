import { type Fault, LedgerFault, RecipeFault } from '../model/fault.ts';

/** Nobody answered: a network, a server that is down or too busy. It may pass by itself, and the station file says what boards do meanwhile. */
export function mesAway(url: string, why: string, cause?: unknown): LedgerFault {
  return new LedgerFault({
    code: 'mes.away',
    what: `The factory's system at ${url} does not answer: ${why}.`,
    next: 'Look at the network and the server. Results wait in the ledger and are sent when it is back.',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Somebody answered, and not as agreed: no outage, so that no board goes on past it. */
export function mesWrong(url: string, why: string, cause?: unknown): LedgerFault {
  return new LedgerFault({
    code: 'mes.wrong-answer',
    what: `What answers at ${url} does not answer as the factory's system: ${why}.`,
    next: 'Correct mes.url in the station file, or what stands there (docs/factory.md). Boards wait until it is right.',
    ...(cause === undefined ? {} : { cause }),
  });
}

export function mesNotLetIn(url: string, status: number): LedgerFault {
  return new LedgerFault({
    code: 'mes.not-let-in',
    what: `The factory's system at ${url} does not let this station in (${status}).`,
    next: 'Put a token that counts into the file that mes.token_file names. Boards wait until then.',
  });
}

export function mesNotProven(url: string, why: string, cause: unknown): LedgerFault {
  return new LedgerFault({
    code: 'mes.not-proven',
    what: `The server at ${url} does not prove that it is the factory's system: ${why}.`,
    next: "Name the authority of its certificate ('mes.ca'), and the server by the name in it. Nothing was sent.",
    cause,
  });
}

/** A result that the factory's system will not have. */
export function resultRefused(run: string, words: string, more: number): LedgerFault {
  return new LedgerFault({
    code: 'mes.result-refused',
    what: `The factory's system does not take the result of run ${run}${more === 0 ? '' : ` and of ${more} more`}: ${words}`,
    next: 'Find out there what is wrong, then say so: mes settle. The board and its record are as they are; the refusal stands in the ledger.',
    details: { run },
  });
}

/** RecipeFault `mes.token-file`, `mes.ca`. */
export function mesFile(code: 'mes.token-file' | 'mes.ca', file: string, why: string, cause: unknown): Fault {
  return new RecipeFault({
    code,
    what: `The file ${file} of the factory's system ${why}.`,
    next:
      code === 'mes.ca'
        ? 'Name the PEM file of the authority that signed its certificate.'
        : 'Name a file with the token in one line, for the account of the station alone (chmod 600).',
    cause,
  });
}
