import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Clock, isoTime } from '../../../base/clock.ts';
import { ProgramFault, RecipeFault } from '../../../model/fault.ts';
import { putFile } from '../../kept-file.ts';

/** Whose tries are counted together, and what they cost. */
export interface Count {
  readonly who: string;
  /** So many wrong tries in a row cost nothing. */
  readonly free: number;
  /** The longest wait, in ms. */
  readonly longestMs: number;
  /**
   * Tries of many people: a right one takes back itself alone, so that nobody clears the count with an own badge or PIN, and one is
   * forgotten each `forgetMs`. Otherwise they are one person's, and a right one clears them.
   */
  readonly isShared: boolean;
  readonly forgetMs: number;
}

/** The first wait after those that are free, in ms; each further wrong try doubles it, up to the longest. */
const firstWaitMs = 30_000;

/** Of one person: three are free, waits grow to five minutes, an hour after the last wait all is forgotten: fewer guesses than waiting allows. */
export function ownCount(who: string): Count {
  return { who, free: 3, longestMs: 300_000, isShared: false, forgetMs: 3_600_000 };
}

export function sharedCount(who: string, free: number, forgetMs: number, longestMs = 300_000): Count {
  return { who, free, longestMs, isShared: true, forgetMs };
}

const schema = z.strictObject({
  version: z.literal(1),
  /** Tries since the last right one, and until when (ISO 8601) the next has to wait, by whose. */
  wrong: z.record(z.string(), z.strictObject({ tries: z.number().int().positive(), until: z.string() })),
});

type Wrong = z.infer<typeof schema>['wrong'];

/**
 * Guesses at PINs, badges and credential files, by whose they are, for every face and over restarts: in a file that is read for each try
 * and written before its secret is compared, so that many tries at once are as many tries. Who may not be guessed at now waits, longer
 * each time. Only the process that holds the station's ledger may ask (the file has no lock of its own).
 *
 * RecipeFault `session.wait`; those of `putFile`; ProgramFault `lockout.damaged`, for which nobody gets in: a file that cannot be read is no clean slate.
 */
export class Lockout {
  readonly #file: string;
  readonly #clock: Clock;

  constructor(file: string, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  /** Counts a try as wrong, in each of these counts, until `passed` is called, which is to be done when it was right. */
  begin(...counts: readonly Count[]): { readonly passed: () => void } {
    const wrong = this.#read();
    const now = this.#clock.now();
    const next: Wrong = {};
    for (const count of counts) {
      const before = standing(wrong[count.who], count, now);
      // a clock that was put back makes nobody wait longer than the longest wait
      const left = Math.min(before.untilMs - now, count.longestMs);
      if (left > 0)
        throw new RecipeFault({
          code: 'session.wait',
          what: 'Too many wrong tries.',
          next: `Wait ${Math.ceil(left / 1000)} seconds, then try again, or ask a custodian for a new PIN.`,
        });
      const tries = before.tries + 1;
      const waitMs = tries < count.free ? 0 : Math.min(count.longestMs, firstWaitMs * 2 ** (tries - count.free));
      next[count.who] = { tries, until: isoTime(now + waitMs) };
    }
    this.#write({ ...wrong, ...next });
    return { passed: () => this.#takeBack(counts, wrong, next) };
  }

  /** `mine`: what this try wrote; a wait that came with it goes with it. */
  #takeBack(counts: readonly Count[], before: Wrong, mine: Wrong): void {
    const wrong = this.#read();
    for (const { who, isShared } of counts) {
      const { [who]: known } = wrong;
      if (known === undefined) continue;
      const tries = known.tries - 1;
      const isLast = known.tries === mine[who]?.tries && known.until === mine[who]?.until;
      if (!isShared || tries === 0) delete wrong[who];
      else wrong[who] = { tries, until: isLast ? (before[who]?.until ?? known.until) : known.until };
    }
    this.#write(wrong);
  }

  #read(): Wrong {
    if (!existsSync(this.#file)) return {};
    try {
      return schema.parse(JSON.parse(readFileSync(this.#file, 'utf8'))).wrong;
    } catch (cause) {
      throw new ProgramFault({
        code: 'lockout.damaged',
        what: `The count of wrong PINs and badges ${this.#file} cannot be read, so nobody is let in.`,
        next: 'Look who touched the file, then remove it.',
        details: { file: this.#file },
        cause,
      });
    }
  }

  #write(wrong: Wrong): void {
    putFile(this.#file, `${JSON.stringify({ version: 1, wrong }, null, 2)}\n`);
  }
}

/** How a count stands now: what is forgotten of it, and until when (ms since 1970) it waits. */
function standing(known: Wrong[string] | undefined, count: Count, now: number): { tries: number; untilMs: number } {
  if (known === undefined) return { tries: 0, untilMs: 0 };
  const untilMs = Date.parse(known.until);
  const passedMs = now - untilMs;
  if (count.isShared) {
    const forgotten = Math.max(0, Math.floor(passedMs / count.forgetMs));
    return { tries: Math.max(0, known.tries - forgotten), untilMs };
  }
  return passedMs < count.forgetMs ? { tries: known.tries, untilMs } : { tries: 0, untilMs: 0 };
}
