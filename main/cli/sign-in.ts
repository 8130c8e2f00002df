import { closeSync, fstatSync, openSync } from 'node:fs';
import { sha256Hex } from '../base/digest.ts';
import { readPlainFile } from '../base/plain-file.ts';
import type { SecretBytes } from '../base/secret.ts';
import type { Role } from '../contract/contract.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { isFault, RecipeFault } from '../model/fault.ts';
import type { Signer } from '../signing/signer.ts';
import { bookedWrapping } from '../station/booked-signer.ts';
import type { Second } from '../station/desk/access/second.ts';
import type { CliContext, OpenOptions } from './context.ts';
import { wordsOf } from './words.ts';

/** Who says that they type: by PIN, or by a file. */
export interface SignInOptions extends OpenOptions {
  /** Id of a person; the PIN is asked for. */
  readonly by?: string;
  /** A file made by `people credential`, for automation. */
  readonly credential?: string;
}

/** What a credential file holds. */
interface Credential {
  readonly id: string;
  readonly key: string;
}

/** A credential file is a line. */
const largestCredential = 4096;

/**
 * The person who types, proven, with one of these roles; each sign-in and each refusal is a row of the ledger. To be called when the
 * station is open: the count of wrong tries belongs to the process that holds its ledger. RecipeFault `session.nobody`, `session.role`,
 * `session.refused`, `session.wait`, `cli.credential`.
 */
export async function signIn(
  ledger: Ledger,
  options: SignInOptions,
  roles: readonly Role[],
  context: CliContext,
): Promise<string> {
  const people = context.people(options);
  const credential = options.credential === undefined ? null : readCredential(options.credential);
  const id = credential?.id ?? options.by;
  if (id === undefined) throw nobodySignedIn('--by ID and type the PIN, or --credential FILE');
  const how = credential === null ? 'PIN' : 'credential';
  let person: { readonly roles: readonly Role[] };
  try {
    person =
      credential === null
        ? await people.login(id, await askPin(id, context))
        : await people.keyLogin(id, await known(ledger, credential));
  } catch (error) {
    if (isFault(error))
      await ledger.noteSession({
        what: 'login-refused',
        face: 'terminal',
        operator: people.find(id) === null ? null : id,
        detail: `${how}: ${error.code}`,
      });
    throw error;
  }
  if (!roles.some((role) => person.roles.includes(role))) {
    await ledger.noteSession({ what: 'call-refused', face: 'terminal', operator: id, detail: roles.join(' or ') });
    throw new RecipeFault({
      code: 'session.role',
      what: `${id} may not do this: it takes the role ${roles.join(' or ')}.`,
      next: 'Let somebody who has it sign in.',
    });
  }
  await ledger.noteSession({ what: 'login', face: 'terminal', operator: id, detail: how });
  return id;
}

export function nobodySignedIn(how: string): RecipeFault {
  return new RecipeFault({
    code: 'session.nobody',
    what: 'This asks for a person whom the station knows, and nobody signed in.',
    next: `Give ${how}. People are made under Station in the window.`,
  });
}

/**
 * The same for what a station without people may do with keys that protect nothing: null on one for development, and on one with the
 * private SoftHSM token and nobody to ask for.
 */
export async function signInWhereKnown(
  ledger: Ledger,
  options: SignInOptions,
  roles: readonly Role[],
  context: CliContext,
): Promise<string | null> {
  const isAsked = options.by !== undefined || options.credential !== undefined;
  const isFree =
    context.settings(options).development || (context.hasEmbeddedToken(options) && context.people(options).isEmpty);
  return isFree && !(isAsked && !context.people(options).isEmpty)
    ? null
    : await signIn(ledger, options, roles, context);
}

/**
 * Lends the token to whoever works on one file with keys that it wraps: an engineer where the station knows people, and each use of a
 * wrapping key a row of the ledger (`use`: for what).
 */
export async function withWrappingKeys<T>(
  options: SignInOptions,
  context: CliContext,
  use: string,
  work: (signer: Signer) => Promise<T>,
): Promise<T> {
  const station = await context.openStation(options);
  const { ledger, signer } = station.parts;
  try {
    const by = await signInWhereKnown(ledger, options, ['engineer'], context);
    return await work(bookedWrapping(signer, ledger, by, use));
  } finally {
    await station.close();
  }
}

/** Asks for the PIN of a person, in the reader's language. */
export function askedPin(who: string, context: CliContext): Promise<SecretBytes> {
  return context.askSecret(`${wordsOf(context).terminal.asked.pin({ who })} `);
}

/** The PIN that a person types. Rejects where nobody is there to ask. */
export async function askPin(id: string, context: CliContext): Promise<string> {
  using pin = await askedPin(id, context);
  return pin.use((bytes) => new TextDecoder().decode(bytes));
}

/** The other custodian of an act that takes two, by a typed PIN; null: nobody was named. */
export async function secondOf(id: string | undefined, context: CliContext): Promise<Second | null> {
  return id === undefined ? null : { id, pin: await askPin(id, context) };
}

/** The key of a file that the ledger knows as this person's newest one. */
async function known(ledger: Ledger, { id, key }: Credential): Promise<string> {
  const [made] = await ledger.acts({ what: 'credential-made', about: id, limit: 1 });
  if (made?.detail.fingerprint === sha256Hex(key)) return key;
  throw new RecipeFault({
    code: 'cli.credential',
    what: `The ledger does not know this credential file as the newest one of ${id}.`,
    next: 'Have a new one made: people credential ID --out FILE.',
  });
}

function readCredential(file: string): Credential {
  const refused = (what: string, cause?: unknown) =>
    new RecipeFault({
      code: 'cli.credential',
      what: `The credential file ${file} ${what}.`,
      next: 'Give the file that people credential made, readable by its owner alone (chmod 600).',
      cause,
    });
  if (process.platform !== 'win32' && isOpenToOthers(file, refused))
    throw refused('can be reached by others than its owner');
  let value: Partial<Credential>;
  try {
    value = JSON.parse(new TextDecoder().decode(readPlainFile(file, largestCredential)));
  } catch (cause) {
    // what it holds stands in no fault
    throw refused('cannot be read as one', cause instanceof SyntaxError ? undefined : cause);
  }
  if (typeof value?.id !== 'string' || typeof value.key !== 'string') throw refused('cannot be read as one');
  return { id: value.id, key: value.key };
}

function isOpenToOthers(file: string, refused: (what: string, cause?: unknown) => RecipeFault): boolean {
  let opened: number;
  try {
    opened = openSync(file, 'r');
  } catch (cause) {
    throw refused('cannot be opened', cause);
  }
  try {
    return (fstatSync(opened).mode & 0o077) !== 0;
  } finally {
    closeSync(opened);
  }
}
