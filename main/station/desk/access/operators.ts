import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { type Clock, isoTime } from '../../../base/clock.ts';
import type { RandomSource } from '../../../base/random.ts';
import { type Role, roles } from '../../../contract/contract.ts';
import type { OperatorView } from '../../../contract/views.ts';
import { ProgramFault, RecipeFault } from '../../../model/fault.ts';
import { type Language, languages } from '../../../words/languages.ts';
import { putFile } from '../../kept-file.ts';
import { keptSecret, keptSecretSchema, matches, nobodysPin } from './kept-secret.ts';
import { Lockout, ownCount, sharedCount } from './lockout.ts';

const operatorSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  roles: z.array(z.enum(roles)),
  /** In which the station speaks to this person; null: in its own. One that it has no words of any more is none. */
  language: z.enum(languages).nullable().catch(null).default(null),
  /** When this person was made known (ISO 8601); null: before this was kept. */
  since: z.string().nullable().default(null),
  pin: keptSecretSchema.nullable(),
  badge: keptSecretSchema.nullable(),
  /** Of the credential file with which a script signs in as this person. */
  key: keptSecretSchema.nullable().default(null),
});

/** Version 1 lacked `since`, `cost` and `long`; it is read as what it meant. */
const fileSchema = z.strictObject({
  version: z.union([z.literal(1), z.literal(2)]),
  operators: z.array(operatorSchema),
});

type Operator = z.output<typeof operatorSchema>;

const shortestPin = 4;
/** Of those who decide: custodians and engineers. */
const shortestLongPin = 6;

/** Whether somebody with these roles decides what boards become or who may: two others have to agree to any change of theirs. */
export function decides(held: readonly Role[]): boolean {
  return held.includes('custodian') || held.includes('engineer');
}

export interface OperatorsOptions {
  /** JSON file, mode 0600. Wrong tries are counted in `lockout.json` beside it. */
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
  /** Left out: stays as it is. */
  readonly language?: Language | null | undefined;
}

/**
 * The people of a station, their roles, and by what they are known: a PIN, a badge. Both are kept only as salted scrypt hashes. Every try
 * is counted before it is judged (`Lockout`). Who may change whom is the business of `savePerson` (people.ts). RecipeFaults: `session.refused` (one
 * sentence for a wrong PIN and an unknown person alike), `session.wait`, `operators.*`.
 */
export class Operators {
  readonly #options: OperatorsOptions;
  #operators: Operator[];
  readonly #lockout: Lockout;

  constructor(options: OperatorsOptions) {
    this.#options = options;
    this.#operators = existsSync(options.file) ? read(options.file) : [];
    this.#lockout = new Lockout(join(dirname(options.file), 'lockout.json'), options.clock);
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

  /** How many custodians there are: with fewer than two the first start is not over. */
  get custodians(): number {
    return this.#operators.filter((operator) => operator.roles.includes('custodian')).length;
  }

  /** Since when (ms since 1970) this person exists with exactly these PIN, badge and credential file; before everything where that was not kept. */
  unchangedSince(id: string): number {
    const operator = this.#operators.find((candidate) => candidate.id === id);
    if (operator === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(
      ...[operator.since, operator.pin?.since, operator.badge?.since, operator.key?.since].map((at) =>
        at ? Date.parse(at) : 0,
      ),
    );
  }

  async login(id: string, pin: string): Promise<OperatorView> {
    const operator = this.#operators.find((candidate) => candidate.id === id);
    const attempt = this.#lockout.begin(
      ...(operator === undefined ? [counted.nobody] : [ownCount(`pin ${id}`), counted.everyone]),
    );
    // An unknown person takes as long as a wrong PIN.
    const fits = await matches(operator?.pin ?? nobodysPin, pin);
    if (!fits || operator?.pin == null) throw refused();
    attempt.passed();
    return view(operator);
  }

  /** By the key of a credential file. */
  async keyLogin(id: string, key: string): Promise<OperatorView> {
    const operator = this.#operators.find((candidate) => candidate.id === id);
    const attempt = this.#lockout.begin(operator === undefined ? counted.nobody : ownCount(`key ${id}`));
    if (operator?.key == null || !(await matches(operator.key, key))) throw refused();
    attempt.passed();
    return view(operator);
  }

  async badgeLogin(badge: string): Promise<OperatorView> {
    const attempt = this.#lockout.begin(counted.badge);
    const operator = await this.#badgeOwner(badge);
    if (operator === null) throw refused();
    attempt.passed();
    return view(operator);
  }

  /** The operator whose badge this scanned text is, or null: it is none, or after too many texts that were none, not looked at. */
  async scannedBadge(text: string): Promise<OperatorView | null> {
    try {
      const attempt = this.#lockout.begin(counted.scan);
      const operator = await this.#badgeOwner(text);
      if (operator !== null) attempt.passed();
      return operator === null ? null : view(operator);
    } catch (error) {
      if (error instanceof RecipeFault) return null;
      throw error;
    }
  }

  /** Judges a change without making it, but for the costly part. RecipeFault `operators.*`. */
  async judge(change: OperatorChange): Promise<void> {
    const { id, name, pin, badge } = change;
    const before = this.#operators.find((operator) => operator.id === id);
    if (pin !== null) refuseShortPin(change.roles, pin);
    else if (before?.pin != null && decides(change.roles) && !before.pin.long)
      throw refusal(
        'operators.pin',
        `${name} has a short PIN, and who decides has one of at least ${shortestLongPin} digits.`,
        'Let them choose a longer one now.',
      );
    if (badge !== null && badge.length < 6)
      throw refusal('operators.badge', 'A badge with so short a number is guessed too easily.', 'Use another badge.');
    if (badge !== null && ((await this.#badgeOwner(badge))?.id ?? id) !== id)
      throw refusal('operators.badge', 'This badge belongs to somebody else.', 'Use another badge.');
    if ((pin ?? before?.pin ?? badge ?? before?.badge ?? null) === null)
      throw refusal('operators.no-way-in', `${name} would have neither a PIN nor a badge.`, 'Give one of both.');
    mustKeepCustodian([...this.#operators.filter((other) => other.id !== id), change]);
  }

  async save(change: OperatorChange): Promise<void> {
    await this.judge(change);
    const { id, name, pin, badge } = change;
    const before = this.#operators.find((operator) => operator.id === id);
    const since = isoTime(this.#options.clock.now());
    const salt = () => this.#options.random(16);
    const operator: Operator = {
      id,
      name,
      roles: roles.filter((role) => change.roles.includes(role)),
      language: change.language === undefined ? (before?.language ?? null) : change.language,
      since: before === undefined ? since : before.since,
      pin:
        pin === null
          ? (before?.pin ?? null)
          : await keptSecret(pin, 'pin', salt(), { since, long: pin.length >= shortestLongPin }),
      badge: badge === null ? (before?.badge ?? null) : await keptSecret(badge, 'badge', salt(), { since, long: true }),
      key: before?.key ?? null,
    };
    this.#replace([...this.#operators.filter((other) => other.id !== id), operator]);
  }

  /** In which language the station speaks to this person. RecipeFault `operators.unknown`. */
  saveLanguage(id: string, language: Language | null): void {
    this.mustKnow(id);
    this.#replace(this.#operators.map((operator) => (operator.id === id ? { ...operator, language } : operator)));
  }

  /** Gives a person the key of a credential file, in place of the one before. RecipeFault `operators.unknown`. */
  async saveKey(id: string, key: string): Promise<void> {
    const since = isoTime(this.#options.clock.now());
    const kept = await keptSecret(key, 'key', this.#options.random(16), { since, long: true });
    this.mustKnow(id);
    this.#replace(this.#operators.map((operator) => (operator.id === id ? { ...operator, key: kept } : operator)));
  }

  /** RecipeFault `operators.unknown` where nobody has this id. */
  mustKnow(id: string): void {
    if (this.find(id) === null)
      throw refusal('operators.unknown', `There is no operator ${JSON.stringify(id)}.`, 'Choose one of the list.');
  }

  /** Whether this person can be forgotten. RecipeFault `operators.unknown`, `operators.no-custodian`. */
  judgeRemoval(id: string): void {
    this.mustKnow(id);
    mustKeepCustodian(this.#operators.filter((operator) => operator.id !== id));
  }

  remove(id: string): void {
    this.judgeRemoval(id);
    this.#replace(this.#operators.filter((operator) => operator.id !== id));
  }

  #replace(operators: Operator[]): void {
    mustKeepCustodian(operators);
    operators.sort((a, b) => (a.id < b.id ? -1 : 1));
    const { file } = this.#options;
    putFile(file, `${JSON.stringify({ version: 2, operators }, null, 2)}\n`);
    this.#operators = operators;
  }

  async #badgeOwner(badge: string): Promise<Operator | null> {
    // Every hash is computed, so that the time tells nothing of who has one.
    const fits = await Promise.all(
      this.#operators.map(async (operator) => operator.badge !== null && (await matches(operator.badge, badge))),
    );
    return this.#operators[fits.indexOf(true)] ?? null;
  }
}

/**
 * Tries that are not one known person's. No id of a person begins with a blank. `everyone`: PINs of all who are known, so that one PIN is not
 * tried at each of them in turn: thirty at once, then one a minute. `scan`: labels of other products are scanned by mistake.
 */
const counted = {
  nobody: ownCount(' nobody'),
  badge: sharedCount(' badge', 3, 300_000),
  scan: sharedCount(' scan', 12, 300_000),
  everyone: sharedCount(' everyone', 30, 60_000, 60_000),
} as const;

/** Somebody must be left who can let others in. */
function mustKeepCustodian(operators: readonly { readonly roles: readonly Role[] }[]): void {
  if (operators.some((operator) => operator.roles.includes('custodian'))) return;
  throw refusal(
    'operators.no-custodian',
    'Nobody would be left who may change the list of operators.',
    'Give the role custodian to one of them first.',
  );
}

function refuseShortPin(held: readonly Role[], pin: string): void {
  const least = decides(held) ? shortestLongPin : shortestPin;
  if (pin.length < least)
    throw refusal(
      'operators.pin',
      `A PIN ${decides(held) ? 'of a custodian or engineer ' : ''}has at least ${least} characters.`,
      'Choose a longer one.',
    );
  if (/^(.)\1*$/u.test(pin) && decides(held))
    throw refusal('operators.pin', 'A PIN of one character alone is the first that is tried.', 'Choose another one.');
}

function view({ id, name, roles: held, language, pin, badge }: Operator): OperatorView {
  return { id, name, roles: held, language, hasPin: pin !== null, hasBadge: badge !== null };
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
