import type { ChipProfile } from '../../chip/board.ts';
import type { Firmware } from '../../image/types.ts';
import type { Add } from '../finding.ts';
import type { NamedFiles } from '../named-files.ts';
import type { Recipe } from '../types.ts';

/** What the sections about storage are judged against. */
export interface StorageCheck {
  readonly recipe: Recipe;
  readonly firmware: Firmware | null;
  readonly profile: ChipProfile;
  /** The recipe's own file. */
  readonly file: string;
  readonly files: NamedFiles;
  readonly add: Add;
}
