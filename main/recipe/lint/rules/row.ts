import { profileOf } from '../../../chip/profiles.ts';
import { dataSubtypes, partitionTypes } from '../../../image/partition-table.ts';
import type { PartitionTable } from '../../../image/types.ts';
import type { Recipe } from '../../types.ts';

/** What a rule may look at beside its own option. */
export interface LintContext {
  readonly recipe: Recipe;
  readonly table: PartitionTable;
  /** Whether any of these options is on. */
  is(...options: string[]): boolean;
}

/** One line of the guide about one option of a build. */
export interface LintRule {
  /** Name by which it can be waived. */
  readonly check: string;
  /** Section of the Security overview on which it rests. */
  readonly section: string;
  /** Without CONFIG_: today's name first, then those of older versions of ESP-IDF. */
  readonly options: readonly string[];
  /** `y`: one of them must be on; `n`: none may be. */
  readonly want: 'y' | 'n';
  readonly severity: 'warning' | 'info';
  /** Why the guide asks for it. */
  readonly reason: string;
  /** What to do; empty: set the option as wanted. */
  readonly remedy: string;
  /** Where the rule holds; everywhere without it. A wanted option that is nowhere in the file is told only where this says so. */
  readonly when?: (context: LintContext) => boolean;
  /** Whether an option that is not in the file at all counts as off. Kconfig leaves out what a build cannot have. */
  readonly absentIsOff?: boolean;
}

export const secureBoot = ({ recipe }: LintContext) => recipe.secureBoot !== null;
export const encryption = ({ recipe }: LintContext) => recipe.flashEncryption !== null;
export const encryptedBuild = (context: LintContext) =>
  context.is('SECURE_FLASH_ENC_ENABLED', 'FLASH_ENCRYPTION_ENABLED');
/** Where the chip's only Secure Boot is ECDSA there is nothing better to choose. */
export const hasRsa = ({ recipe }: LintContext) => profileOf(recipe.chip).secureBootSchemes.includes('rsa3072');
/** Where flash encryption leaves external RAM in clear. */
export const plainExternalRam = (context: LintContext) =>
  encryption(context) && !profileOf(context.recipe.chip).encryptsExternalRam;
/** Whether a core dump would lie in flash for all to read. */
export const plainCoreDump = ({ table, recipe }: LintContext) =>
  recipe.flashEncryption === null ||
  !table.partitions.some(
    ({ type, subtype, encrypted }) => type === partitionTypes.data && subtype === dataSubtypes.coredump && encrypted,
  );

export type Row = readonly [
  check: string,
  options: readonly string[],
  want: 'y' | 'n',
  severity: 'warning' | 'info',
  reason: string,
  remedy?: string,
  more?: Pick<LintRule, 'when' | 'absentIsOff'>,
];

/** Rules that rest on one section of the ESP-IDF Security overview. */
export interface RuleGroup {
  readonly section: string;
  readonly rows: readonly Row[];
}
