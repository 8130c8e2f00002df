import type { ChipProfile } from '../../chip/board.ts';
import { planBurn } from '../../efuse/plan.ts';
import { blankSnapshot, isFrozen, readNumber } from '../../efuse/snapshot.ts';
import { fieldOf, hasField } from '../../efuse/tables.ts';
import type { EfuseSnapshot, EfuseTable } from '../../efuse/types.ts';
import { statedFlashSize } from '../../image/app-image.ts';
import { splitSigned } from '../../image/secure-boot.ts';
import type { Firmware } from '../../image/types.ts';
import type { Add } from '../finding.ts';
import { isUpTo, mayBeIn, parseIdfVersion } from '../lint/advisories.ts';
import { sdkconfigOf } from '../lint/sdkconfig.ts';
import { idfVersionOf } from '../lint/versions.ts';
import { wantedEfuses } from '../plan/wanted-efuses.ts';
import type { Recipe } from '../types.ts';
import { type StartUp, type StartUpRule, startUpRules, type Versions } from './start-up-rules.ts';

/**
 * Whether this build starts at all on a device that the recipe has made: each rule of start-up-rules.ts held against the eFuses as the
 * plan leaves them. Errors, and none can be waived: what they name is sealed once and never starts.
 */
export function checkStartUp(
  recipe: Recipe,
  firmware: Firmware,
  profile: ChipProfile,
  table: EfuseTable,
  add: Add,
): void {
  const config = sdkconfigOf(firmware);
  const is = (...options: string[]) => options.some((name) => config?.options.get(name)?.value === 'y');
  const appVersion = idfVersionOf(firmware, config);
  const image = firmware.parts.find(({ kind }) => kind === 'bootloader')?.image ?? null;
  const context: StartUp = {
    recipe,
    is,
    ...efusesAtEnd(recipe, profile, table),
    statedFlash: image === null ? null : statedFlashSize(image.header),
    number: (option) => Number(config?.options.get(option)?.value ?? Number.NaN),
    isSigned: (kind) => firmware.parts.some((part) => part.kind === kind && splitSigned(part.data) !== null),
  };
  for (const rule of startUpRules) {
    const option = rule.options.find((name) => is(name));
    if (rule.options.length > 0 && option === undefined) continue;
    if (rule.chips !== undefined && !rule.chips.includes(recipe.chip)) continue;
    const version = (rule.by === 'bootloader' ? image?.bootloader?.idfVersion : null) || appVersion;
    if (!concerns(rule.versions, version)) continue;
    const breaks = rule.breaks(context);
    if (breaks !== null)
      tell(rule, option, version, breaks, option === undefined ? null : (config?.options.get(option)?.line ?? 1), add);
  }
}

function tell(
  rule: StartUpRule,
  option: string | undefined,
  version: string | null,
  breaks: string,
  line: number | null,
  add: Add,
) {
  const built = version === null ? 'a version of ESP-IDF that it does not name' : `ESP-IDF ${version}`;
  const place = line === null ? { path: 'firmware' } : { file: 'sdkconfig', line };
  add({
    check: rule.check,
    ...place,
    what: `The build (${built}${option === undefined ? '' : `, CONFIG_${option}`}) does not get on with this recipe: ${breaks}.`,
    remedy: `${rule.remedy} Source: ESP-IDF components/${rule.source}.`,
  });
}

/**
 * Of a build that does not say its version, or one between two releases, the worst is assumed: what is refused wrongly is built anew, what is
 * sealed wrongly is lost.
 */
function concerns(versions: Versions | undefined, text: string | null): boolean {
  const version = text === null ? null : parseIdfVersion(text);
  if (versions === undefined || version === null) return true;
  const { upTo, from, within } = versions;
  return mayBeIn(version, (branch, bugfix) => {
    if (upTo !== undefined && isUpTo(branch, upTo)) return true;
    if (from !== undefined && isUpTo(from, branch)) return true;
    const span = within?.[branch];
    return span !== undefined && bugfix >= span[0] && bugfix <= span[1];
  });
}

/** The eFuses of a blank chip of this line once the plan is carried out. */
function efusesAtEnd(recipe: Recipe, profile: ChipProfile, table: EfuseTable): Pick<StartUp, 'value' | 'frozen'> {
  const revision = Math.max(recipe.silicon.min, table.revisions.min);
  const digests = (recipe.secureBoot?.keys ?? []).map((_, index) => String(index + 1).repeat(64));
  const wanted = wantedEfuses(recipe, profile, table, revision, digests);
  const { bits } = planBurn(blankSnapshot(table), wanted, { slots: [] });
  const blank = blankSnapshot(table);
  const blocks = blank.blocks.map((words) => [...words]);
  for (const { block, bit } of bits) {
    const words = blocks[block];
    if (words !== undefined) words[bit >>> 5] = ((words[bit >>> 5] ?? 0) | (1 << (bit & 31))) >>> 0;
  }
  const snapshot: EfuseSnapshot = { ...blank, blocks };
  return {
    value: (name) => (hasField(table, name) ? readNumber(snapshot, name) : null),
    frozen: (name) => hasField(table, name) && isFrozen(snapshot, fieldOf(table, name).writeDisableBit),
  };
}
