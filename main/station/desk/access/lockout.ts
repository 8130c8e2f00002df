import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Clock, isoTime } from '../../../base/clock.ts';
import { ProgramFault, RecipeFault } from '../../../model/fault.ts';
import { putFile } from '../../kept-file.ts';

/** Wrong tries in a row that cost nothing, where nothing else is told. */
const usualTries = 3;
/** The first wait after them, in ms; each further wrong try doubles it, up to the longest. */
const firstWaitMs = 30_000;
const longestWaitMs = 300_000;
/** So long after the last wait its tries are forgotten: fewer guesses than waiting allows. */
const forgetMs = 3_600_000;

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

  /** Counts a try as wrong until `passed` is called, which is to be done when it was right. `free`: so many cost nothing. */
  begin(who: string, free = usualTries): { readonly passed: () => void } {
    const wrong = this.#read();
    const now = this.#clock.now();
    const known = wrong[who];
    const before = known !== undefined && now - Date.parse(known.until) < forgetMs ? known : undefined;
    // a clock that was put back makes nobody wait longer than the longest wait
    const left = before === undefined ? 0 : Math.min(Date.parse(before.until) - now, longestWaitMs);
    if (left > 0)
      throw new RecipeFault({
        code: 'session.wait',
        what: 'Too many wrong tries.',
        next: `Wait ${Math.ceil(left / 1000)} seconds, then try again, or ask a custodian for a new PIN.`,
      });
    const tries = (before?.tries ?? 0) + 1;
    const waitMs = tries < free ? 0 : Math.min(longestWaitMs, firstWaitMs * 2 ** (tries - free));
    this.#write({ ...wrong, [who]: { tries, until: isoTime(now + waitMs) } });
    return {
      passed: () => {
        const { [who]: _, ...others } = this.#read();
        this.#write(others);
      },
    };
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
