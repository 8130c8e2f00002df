import { boardMutants } from './boards.ts';
import { bookMutants } from './book.ts';
import { burnMutants } from './burn.ts';
import { efuseMutants } from './efuse.ts';
import { gateMutants } from './gates.ts';
import { lineMutants } from './line.ts';
import type { Mutant } from './mutant.ts';
import { plantMutants } from './plant.ts';
import { runMutants } from './run-of-a-board.ts';
import { tokenMutants } from './token.ts';

/** Every damage that the tests have to notice. Where code moves its text moves along: one that does not stand in its file once is a failure. */
export const mutants: readonly Mutant[] = [
  ...efuseMutants,
  ...burnMutants,
  ...runMutants,
  ...bookMutants,
  ...gateMutants,
  ...boardMutants,
  ...tokenMutants,
  ...lineMutants,
  ...plantMutants,
];
