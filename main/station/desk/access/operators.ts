import { createHash, scrypt, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { fromHex, toHex } from '../../../base/bytes.ts';
import type { Clock } from '../../../base/clock.ts';
import { makeFolder } from '../../../base/folder.ts';
import type { RandomSource } from '../../../base/random.ts';
import { type Role, roles } from '../../../contract/contract.ts';
import type { OperatorView } from '../../../contract/views.ts';
import { ProgramFault, RecipeFault } from '../../../model/fault.ts';

const secretSchema = z.strictObject({ salt: z.string(), hash: z.string() });

const fileSchema = z.strictObject({
  version: z.literal(1),
  operators: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      roles: z.array(z.enum(roles)),
      pin: secretSchema.nullable(),
      badge: secretSchema.nullable(),
    }),
  ),
});

type Operator = z.infer<typeof fileSchema>['operators'][number];

/** scrypt as RFC 7914 names its parameters: 16 MiB and some 50 ms a try, so that a stolen file does not give away four digits at once. */
const cost = { N: 16384, r: 8, p: 1 };
/** Wrong tries in a row that cost nothing. */
const freeTries = 3;
/** The first wait after them, in ms; each further wrong try doubles it, up to the longest. */
const firstWaitMs = 5_000;
const longestWaitMs = 300_000;
const shortestPin = 4;

export interface OperatorsOptions {
  /** JSON file, mode 0600. */
  readonly file: string;
  readonly clock: Clock;
  readonly random: RandomSource;
}

/** What a save changes; null leaves PIN or badge as it is. */
export interface OperatorChange {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly pin: string | null;
  readonly badge: string | null;
}

/**
 * The people of a station, their roles, and by what they are known: a PIN, a badge. Both are kept only as salted scrypt hashes. After
 * wrong PINs an operator waits, longer each time. RecipeFaults: `session.refused` (one sentence for a wrong PIN and an unknown person
 * alike), `session.wait`, `operators.*`.
 */
export class Operators {
  readonly #options: OperatorsOptions;
  #operators: Operator[];
  readonly #wrong = new Map<string, { tries: number; until: number }>();

  constructor(options: OperatorsOptions) {
    this.#options = options;
    this.#operators = existsSync(options.file) ? read(options.file) : [];
  }

  get isEmpty(): boolean {
    return this.#operators.length === 0;
  }

  list(): OperatorView[] {
    return this.#operators.map(view);
  }

  find(id: string): OperatorView | null {
    const found = this.#operators.find((operator) => operator.id === id);
    return found === undefined ? null : view(found);
  }

  async login(id: string, pin: string): Promise<OperatorView> {
    this.#mustNotWait(id);
    const operator = this.#operators.find((candidate) => candidate.id === id);
    // An unknown person takes as long as a wrong PIN.
    const fits = await matches(operator?.pin ?? nobody, pin);
    if (!fits || operator?.pin == null) {
      this.#countWrong(id);
      throw refused();
    }
    this.#wrong.delete(id);
    return view(operator);
  }

  /** The operator whose badge this is, or null. */
  async byBadge(badge: string): Promise<OperatorView | null> {
    this.#mustNotWait(anyBadge);
    // Every hash is computed, so that the time tells nothing of who has one.
    const fits = await Promise.all(
      this.#operators.map(async (operator) => operator.badge !== null && (await matches(operator.badge, badge))),
    );
    const at = fits.indexOf(true);
    return at < 0 ? null : view(this.#operators[at]!);
  }

  async badgeLogin(badge: string): Promise<OperatorView> {
    const operator = await this.byBadge(badge);
    if (operator === null) {
      this.#countWrong(anyBadge);
      throw refused();
    }
    this.#wrong.delete(anyBadge);
    return operator;
  }

  async save(change: OperatorChange): Promise<void> {
    const { id, name, pin, badge } = change;
    const before = this.#operators.find((operator) => operator.id === id);
    if (pin !== null && pin.length < shortestPin)
      throw refusal('operators.pin', `A PIN has at least ${shortestPin} characters.`, 'Choose a longer one.');
    if (badge !== null && badge.length < 6)
      throw refusal('operators.badge', 'A badge with so short a number is guessed too easily.', 'Use another badge.');
    if (badge !== null && ((await this.#badgeOwner(badge)) ?? id) !== id)
      throw refusal('operators.badge', 'This badge belongs to somebody else.', 'Use another badge.');
    const operator: Operator = {
      id,
      name,
      roles: roles.filter((role) => change.roles.includes(role)),
      pin: pin === null ? (before?.pin ?? null) : await this.#hashed(pin),
      badge: badge === null ? (before?.badge ?? null) : await this.#hashed(badge),
    };
    if (operator.pin === null && operator.badge === null)
      throw refusal('operators.no-way-in', `${name} would have neither a PIN nor a badge.`, 'Give one of both.');
    this.#replace([...this.#operators.filter((other) => other.id !== id), operator]);
  }

  remove(id: string): void {
    if (this.find(id) === null)
      throw refusal('operators.unknown', `There is no operator ${JSON.stringify(id)}.`, 'Choose one of the list.');
    this.#replace(this.#operators.filter((operator) => operator.id !== id));
  }

  /** Somebody must be left who can let others in. */
  #replace(operators: Operator[]): void {
    if (!operators.some((operator) => operator.roles.includes('custodian')))
      throw refusal(
        'operators.no-custodian',
        'Nobody would be left who may change the list of operators.',
        'Give the role custodian to one of them first.',
      );
    operators.sort((a, b) => (a.id < b.id ? -1 : 1));
    const { file } = this.#options;
    makeFolder(dirname(file));
    const text = `${JSON.stringify({ version: 1, operators }, null, 2)}\n`;
    writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
    renameSync(`${file}.new`, file);
    this.#operators = operators;
  }

  async #badgeOwner(badge: string): Promise<string | null> {
    for (const { id, badge: kept } of this.#operators) if (kept !== null && (await matches(kept, badge))) return id;
    return null;
  }

  async #hashed(secret: string): Promise<Operator['pin']> {
    const salt = this.#options.random(16);
    return { salt: toHex(salt), hash: toHex(await derive(secret, salt)) };
  }

  #mustNotWait(who: string): void {
    const left = (this.#wrong.get(who)?.until ?? 0) - this.#options.clock.monotonic();
    if (left <= 0) return;
    throw refusal(
      'session.wait',
      'Too many wrong tries.',
      `Wait ${Math.ceil(left / 1000)} seconds, then try again, or ask a custodian for a new PIN.`,
    );
  }

  #countWrong(who: string): void {
    const tries = (this.#wrong.get(who)?.tries ?? 0) + 1;
    const waitMs = tries < freeTries ? 0 : Math.min(longestWaitMs, firstWaitMs * 2 ** (tries - freeTries));
    this.#wrong.set(who, { tries, until: this.#options.clock.monotonic() + waitMs });
  }
}

/** Under which wrong badges are counted: a badge says no name. */
const anyBadge = ' badge';

/** Never fits; takes as long as one that could. */
const nobody = { salt: '00'.repeat(16), hash: '00'.repeat(32) };

function view({ id, name, roles: held, pin, badge }: Operator): OperatorView {
  return { id, name, roles: held, hasPin: pin !== null, hasBadge: badge !== null };
}

async function matches(kept: { readonly salt: string; readonly hash: string }, secret: string): Promise<boolean> {
  return timingSafeEqual(await derive(secret, fromHex(kept.salt)), fromHex(kept.hash));
}

function derive(secret: string, salt: Uint8Array): Promise<Uint8Array> {
  // scrypt's own password limit does not exist, ours keeps a hostile face from feeding it megabytes.
  const short = createHash('sha256').update(secret, 'utf8').digest();
  return new Promise((resolve, reject) => {
    scrypt(short, salt, 32, cost, (error, key) => (error === null ? resolve(new Uint8Array(key)) : reject(error)));
  });
}

function read(file: string): Operator[] {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).operators;
  } catch (cause) {
    throw new ProgramFault({
      code: 'operators.damaged',
      what: `The list of operators ${file} cannot be read.`,
      next: 'Bring it back from a backup; only where there is none, remove it and set all operators up anew.',
      details: { file },
      cause,
    });
  }
}

function refused(): RecipeFault {
  return refusal('session.refused', 'The PIN or badge does not fit.', 'Try again, or ask a custodian.');
}

function refusal(code: string, what: string, next: string): RecipeFault {
  return new RecipeFault({ code, what, next });
}
