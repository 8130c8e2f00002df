import { Socket } from 'node:net';
import pg from 'pg';
import { secretLineIn } from '../base/secret-line.ts';
import { LedgerFault, RecipeFault } from '../model/fault.ts';
import { addressText, isOnThisComputer, type PlantAddress } from './address.ts';

/** A question of fixed text and values: each `${value}` goes beside the text, never into it. Numbers of 64 bits come as text. */
export type Sql = {
  <Row extends object = Record<string, unknown>>(
    text: TemplateStringsArray,
    ...values: readonly unknown[]
  ): Promise<Row[]>;
  /** Statements without values, as they stand. */
  script(text: string): Promise<void>;
};

/** A connection, which somebody has to end. */
export interface OwnSql extends Sql {
  /** What `work` gives in a transaction, which is taken back where it throws. `mode`: as it stands behind BEGIN. */
  transaction<Value>(work: (sql: Sql) => Promise<Value>, mode?: string): Promise<Value>;
  /** Hears a channel. */
  listen(channel: string, hear: (payload: string) => void): Promise<void>;
  /** Ends it at once, also in the middle of a question, which then fails. */
  end(): void;
}

/** How a connection is made, and by whom. */
export interface PlantDoor {
  readonly address: PlantAddress;
  readonly user: string;
  /** PEM of the authority that signed the server's certificate; null: those that this computer trusts. */
  readonly ca: string | null;
  /** Null: none is asked for, as on a socket whose server knows the account. */
  readonly password: string | null;
}

/** A name as it stands in a statement. */
export const escapeName = (name: string): string => pg.escapeIdentifier(name);

const connectMs = 10_000;

/**
 * One connection, made at the first question. TLS with a certificate for the server's name, unless nothing leaves this computer. Nothing of
 * the environment counts, and a connection that broke is not made anew: whoever asks opens another.
 */
export function openSql({ address, user, ca, password }: PlantDoor): OwnSql {
  const { host, port, database } = address;
  const socket = new Socket();
  const client = new pg.Client({
    ...{ host, port, database, user, stream: () => socket, connectionTimeoutMillis: connectMs, keepAlive: true },
    // an empty text would have the driver look for one in the environment and in files
    password: () => password ?? '',
    ssl: isOnThisComputer(address)
      ? false
      : { host, rejectUnauthorized: true, minVersion: 'TLSv1.2' as const, ...(ca === null ? {} : { ca }) },
    ...{
      application_name: 'fuseline',
      client_encoding: 'UTF8',
      sslnegotiation: 'postgres' as const,
      replication: 'false',
    },
    // what the plant says it has is on its disk
    options: '-c synchronous_commit=on',
  });
  // what broke is told to whoever asks
  client.on('error', () => undefined);
  let connected: Promise<unknown> | null = null;
  let asking = 0;
  const ask = async <Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]> => {
    connected ??= client.connect();
    asking++;
    try {
      await connected;
      return (await client.query(text, values === undefined ? undefined : [...values])).rows as Row[];
    } finally {
      asking--;
    }
  };
  const sql: Sql = Object.assign(
    <Row extends object>(text: TemplateStringsArray, ...values: readonly unknown[]) =>
      ask<Row>(
        text.reduce((whole, part, at) => `${whole}$${at}${part}`),
        values,
      ),
    {
      script: async (text: string) => void (await ask(text)),
    },
  );
  return Object.assign(sql, {
    async transaction<Value>(work: (sql: Sql) => Promise<Value>, mode = ''): Promise<Value> {
      await sql.script(`BEGIN ${mode}`);
      try {
        const value = await work(sql);
        await sql.script('COMMIT');
        return value;
      } catch (error) {
        await sql.script('ROLLBACK').catch(() => undefined);
        throw error;
      }
    },
    async listen(channel: string, hear: (payload: string) => void) {
      client.on('notification', (notice) => {
        if (notice.channel === channel) hear(notice.payload ?? '');
      });
      await sql.script(`LISTEN ${escapeName(channel)}`);
    },
    end() {
      connected ??= Promise.resolve();
      client.end().catch(() => undefined);
      // a word of farewell goes out where nothing is under way; what is would wait for a line that is silent
      if (asking > 0) socket.destroy();
      else socket.destroySoon();
    },
  });
}

export function silentPlant({ address }: PlantDoor): LedgerFault {
  return new LedgerFault({
    code: 'plant.silent',
    what: `The plant at ${addressText(address)} does not answer.`,
    next: 'Look at the network and the server. Boards are made and booked as before; rows are sent when it answers.',
  });
}

/** What an error of the driver or the server means. Ours stay as they are. */
export function plantFault(error: unknown, { address, user }: PlantDoor): Error {
  if (!(error instanceof Error) || error instanceof LedgerFault || error instanceof RecipeFault) return error as Error;
  const code = String((error as { code?: unknown }).code ?? '');
  const where = addressText(address);
  if (code === '28P01' || code === '28000')
    return new LedgerFault({
      code: 'plant.not-let-in',
      what: `The plant at ${where} does not let '${user}' in.`,
      next: 'Enroll the station (plant enroll), and name the file with its newest password in the station file.',
      cause: error,
    });
  const isClear = error.message === 'The server does not support SSL connections';
  if (isClear || /^(ERR_TLS|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|EPROTO|ERR_SSL)/.test(code))
    return new LedgerFault({
      code: 'plant.not-proven',
      what: `The server at ${where} does not prove that it is the plant: ${error.message}.`,
      next: "Name the authority of its certificate ('ca'), and the server by the name in it. Nothing was sent.",
      cause: error,
    });
  if (code === '3F000' || code === '42P01' || code === '42883')
    return new LedgerFault({
      code: 'plant.none',
      what: `The database ${where} is no plant.`,
      next: 'Make one in it with plant init, or name another database.',
      cause: error,
    });
  if (code === '42501')
    return new LedgerFault({
      code: 'plant.no-right',
      what: `The role '${user}' may not do that in the plant at ${where}: ${error.message}.`,
      next: 'Use the role for it: the owner of the database for plant commands, the station its own.',
      cause: error,
    });
  return new LedgerFault({
    code: 'plant.away',
    what: `The plant at ${where} cannot be reached: ${error.message}.`,
    next: 'Look at the network and the server. Boards are made and booked as before; rows are sent when it is back.',
    details: { code },
    cause: error,
  });
}

/** The password of a role: one line in a file that nobody else may read. RecipeFault `plant.password-file`. */
export function passwordIn(file: string): string {
  try {
    return secretLineIn(file);
  } catch (cause) {
    throw new RecipeFault({
      code: 'plant.password-file',
      what: `The file with the password of the plant, ${file}, ${(cause as Error).message}.`,
      next: 'Name the file that plant enroll wrote, for the account of the station alone (chmod 600).',
      cause,
    });
  }
}
