import { type Fault, FixtureFault, LedgerFault, RecipeFault } from '../model/fault.ts';

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
    next: 'Find out there what is wrong, then say so: Throughput, Shift (terminal: mes settle). The board and its record are as they are; the refusal stands in the ledger.',
    details: { run },
  });
}

/** Why a broker did not let somebody in, by its code (MQTT 3.1.1, section 3.2.2.3). */
export class NotLetIn extends Error {
  readonly returnCode: number;

  constructor(returnCode: number) {
    super(`it answers with code ${returnCode}`);
    this.returnCode = returnCode;
  }
}

/** What keeps a station from a broker, by what the network and the broker say. */
export function mqttFault(url: string, error: unknown): LedgerFault {
  const { code = '', message } = error as { readonly code?: string; readonly message: string };
  if (error instanceof NotLetIn && [4, 5, 128].includes(error.returnCode))
    return new LedgerFault({
      code: 'mqtt.not-let-in',
      what: `The broker at ${url} does not let this station in (${error.returnCode}).`,
      next: 'Correct mqtt.user, the file of mqtt.password_file, or what the broker allows. Results wait in the ledger.',
    });
  if (isTlsTrouble(code))
    return new LedgerFault({
      code: 'mqtt.not-proven',
      what: `The server at ${url} does not prove that it is the broker: ${message}.`,
      next: "Name the authority of its certificate ('mqtt.ca'), and the server by the name in it. Nothing was sent.",
      cause: error,
    });
  if (error instanceof NotLetIn || code === 'EPROTO')
    return new LedgerFault({
      code: 'mqtt.wrong-answer',
      what: `What answers at ${url} does not answer as an MQTT broker: ${message}.`,
      next: 'Correct mqtt.url in the station file, or what stands there. Results wait in the ledger.',
      cause: error,
    });
  return new LedgerFault({
    code: 'mqtt.away',
    what: `The broker at ${url} does not answer: ${message || code}.`,
    next: 'Look at the network and the broker. Results wait in the ledger and are told when it is back; no board waits.',
    cause: error,
  });
}

/** What keeps a station from its CFX broker, by what the network and the broker say. */
export function cfxFault(url: string, error: unknown): LedgerFault {
  const { code = '', message } = error as { readonly code?: string; readonly message: string };
  const next = (what: string) => `${what} Results wait in the ledger.`;
  if (code === 'amqp:unauthorized-access' || /sasl|auth/i.test(message))
    return new LedgerFault({
      code: 'cfx.not-let-in',
      what: `The CFX broker at ${url} does not let this station in: ${message}.`,
      next: next('Correct cfx.user, the file of cfx.password_file, or what the broker allows.'),
      cause: error,
    });
  if (isTlsTrouble(code))
    return new LedgerFault({
      code: 'cfx.not-proven',
      what: `The server at ${url} does not prove that it is the CFX broker: ${message}.`,
      next: "Name the authority of its certificate ('cfx.ca'), and the server by the name in it. Nothing was sent.",
      cause: error,
    });
  if (code === 'EPROTO' || code.startsWith('amqp:') || /protocol/i.test(message))
    return new LedgerFault({
      code: 'cfx.wrong-answer',
      what: `What answers at ${url} does not answer as the CFX broker: ${message}.`,
      next: next('Correct cfx.url and cfx.address in the station file, or what stands there.'),
      cause: error,
    });
  return new LedgerFault({
    code: 'cfx.away',
    what: `The CFX broker at ${url} does not answer: ${message || code}.`,
    next: next('Look at the network and the broker; no board waits.'),
    cause: error,
  });
}

/** What keeps a station from its PLC, by what the network and the PLC say. */
export function plcFault(url: string, error: unknown): FixtureFault {
  const { code = '', message } = error as { readonly code?: string; readonly message: string };
  if (code === 'EPROTO')
    return new FixtureFault({
      code: 'plc.wrong-answer',
      what: `What answers at ${url} does not answer as the PLC: ${message}.`,
      next: 'Correct plc.url, plc.unit, plc.read_at and plc.write_at in the station file, or what stands there. No board starts; those under way go on.',
      cause: error,
    });
  return new FixtureFault({
    code: 'plc.away',
    what: `The PLC at ${url} does not answer: ${message || code}.`,
    next: 'Look at its network and power. No board starts until it is back and says start anew; those under way go on.',
    cause: error,
  });
}

/** Somebody answers, and no program stands behind the registers. */
export function plcSilent(url: string, register: number, counter: number, ms: number): FixtureFault {
  return new FixtureFault({
    code: 'plc.silent',
    what: `The PLC at ${url} answers, and its counter (register ${register}) stands at ${counter} for more than ${ms / 1000} seconds.`,
    next: 'Look whether its program runs. No board starts until it counts and says start anew; those under way go on.',
  });
}

export function plcWrongForm(url: string, register: number, word: number): FixtureFault {
  return new FixtureFault({
    code: 'plc.wrong-form',
    what: `Register ${register} of the PLC at ${url} is ${word}, where 17969 says that its program knows this station.`,
    next: 'Correct plc.read_at in the station file, or the program of the PLC (docs/factory.md). Nothing was written to it.',
  });
}

/** Of an error of Node's TLS, by its code. */
export function isTlsTrouble(code: string): boolean {
  return /^(ERR_TLS|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|ERR_SSL)/.test(code);
}

const filesNext = {
  'mes.ca': 'Name the PEM file of the authority that signed its certificate.',
  'mes.token-file': 'Name a file with the token in one line, for the account of the station alone (chmod 600).',
  'mqtt.ca': 'Name the PEM file of the authority that signed the certificate of the broker.',
  'cfx.ca': 'Name the PEM file of the authority that signed the certificate of the CFX broker.',
  'cfx.password-file': 'Name a file with the password in one line, for the account of the station alone (chmod 600).',
  'mqtt.password-file': 'Name a file with the password in one line, for the account of the station alone (chmod 600).',
} as const;

export function factoryFile(code: keyof typeof filesNext, file: string, why: string, cause: unknown): Fault {
  const whose = code.startsWith('mes.') ? "the factory's system" : 'the broker';
  return new RecipeFault({ code, what: `The file ${file} of ${whose} ${why}.`, next: filesNext[code], cause });
}
