import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { ProgramFault } from '../../model/fault.ts';
import type { FixtureSpec } from '../fixture.ts';
import { putFile } from '../kept-file.ts';

const schema = z.strictObject({
  version: z.literal(1),
  /** Null: those of the station file. */
  fixtures: z.array(z.strictObject({ name: z.string(), address: z.string() })).nullable(),
  printer: z.string().nullable(),
});

/** What people at the station decided: fixtures taught there, the label printer. Kept in one file of the data folder. */
export class DeskFile {
  readonly #file: string;
  #kept: z.infer<typeof schema>;

  constructor(file: string) {
    this.#file = file;
    this.#kept = existsSync(file) ? read(file) : { version: 1, fixtures: null, printer: null };
  }

  get fixtures(): readonly FixtureSpec[] | null {
    return this.#kept.fixtures;
  }

  get printer(): string | null {
    return this.#kept.printer;
  }

  keepFixtures(fixtures: readonly FixtureSpec[]): void {
    this.#keep({ ...this.#kept, fixtures: fixtures.map(({ name, address }) => ({ name, address })) });
  }

  keepPrinter(printer: string | null): void {
    this.#keep({ ...this.#kept, printer });
  }

  #keep(kept: z.infer<typeof schema>): void {
    putFile(this.#file, `${JSON.stringify(kept, null, 2)}\n`);
    this.#kept = kept;
  }
}

function read(file: string): z.infer<typeof schema> {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new ProgramFault({
      code: 'desk.damaged',
      what: `The settings ${file} cannot be read.`,
      next: 'Bring the file back from a backup, or remove it and teach fixtures and printer anew.',
      details: { file },
      cause,
    });
  }
}
