import type { Firmware } from '../../image/types.ts';
import type { Recipe } from '../types.ts';
import {
  advisories,
  advisoriesDate,
  type ChipAdvisory,
  chipAdvisories,
  endsOfLife,
  isUpTo,
  mayBeIn,
  parseIdfVersion,
} from './advisories.ts';
import type { Sdkconfig } from './sdkconfig.ts';
import type { Told } from './told.ts';

const asOf = `(as of ${advisoriesDate})`;
const section = 'Advisories';

/** The version of ESP-IDF as the application states it, else the sdkconfig; null where neither does. */
export function idfVersionOf(firmware: Firmware, config: Sdkconfig | null): string | null {
  const app = firmware.parts.find((part) => part.image?.app)?.image?.app;
  return app?.idfVersion || config?.idfVersion || null;
}

/** The version of ESP-IDF against the table of what is known. Pure. */
export function lintVersion(recipe: Recipe, firmware: Firmware, config: Sdkconfig | null): Told[] {
  const text = idfVersionOf(firmware, config);
  const version = text ? parseIdfVersion(text) : null;
  if (!text || version === null)
    return [
      {
        check: 'lint-idf-version-unknown',
        section: 'Software Updates',
        severity: 'info',
        what: `The build does not say of which release of ESP-IDF it is${text ? ` (${JSON.stringify(text)})` : ''}: neither the end of its support nor advisories can be looked up.`,
        remedy: 'Build from a tag of ESP-IDF, with the application descriptor in, and put sdkconfig beside it.',
      },
    ];
  const told: Told[] = [];
  const ended = endsOfLife.find(({ branch }) => isUpTo(version.branch, branch));
  if (ended)
    told.push({
      check: 'lint-idf-end-of-life',
      section: 'Software Updates',
      severity: 'warning',
      what: `The firmware is built with ESP-IDF ${text}; its branch gets no more security fixes ${version.branch === ended.branch ? `since ${ended.ended}` : `(${ended.branch}, a later one, ended in ${ended.ended})`} ${asOf}.`,
      remedy: `Move to a supported branch. Source: ${ended.source}.`,
    });
  if (version.prerelease)
    told.push({
      check: 'lint-idf-prerelease',
      section: 'Software Updates',
      severity: 'warning',
      what: `The firmware is built with ESP-IDF ${text}, which is no release: no support period covers it, and it may hold faults that its release has no more.`,
      remedy: 'Build with a release.',
    });
  for (const { id, title, fixed, unfixed = [], options, source, chips, onUse } of advisories) {
    const has = (branch: string, bugfix: number) => bugfix < (fixed[branch] ?? 0) || unfixed.includes(branch);
    const first = fixed[version.branch];
    const affected = version.prerelease ? mayBeIn(version, has) : has(version.branch, version.bugfix);
    if (!affected) continue;
    if (chips !== undefined && !chips.includes(recipe.chip)) continue;
    // Without an sdkconfig nobody knows what is in the build.
    const inBuild = options.length === 0 || options.some((name) => config?.options.get(name)?.value === 'y');
    if (config !== null && !inBuild) continue;
    const surely = config !== null && onUse !== true && !version.prerelease;
    told.push({
      check: checkOf(id),
      section,
      severity: surely ? 'warning' : 'info',
      what: `ESP-IDF ${text} ${version.prerelease ? 'may have' : 'has'} ${id}: ${title} ${asOf}.`,
      remedy: `${version.prerelease ? 'Build with a release that has the fix' : first === undefined ? 'Look into the advisory for the first release with the fix: this table knows none' : `Build with ${version.branch}.${first} or later`}${surely ? '' : ', or make sure that the firmware does not use it'}. Source: ${source}.`,
    });
  }
  return told;
}

/** What is published against the chip and touches what the recipe uses. Pure. */
export function lintChip(recipe: Recipe): Told[] {
  return chipAdvisories
    .filter((advisory) => advisory.chips.includes(recipe.chip) && concerns(advisory, recipe))
    .map(({ id, title, remedy, source }) => ({
      check: checkOf(id),
      section,
      severity: 'info',
      what: `Of this chip it is known (${id}) that ${title} ${asOf}.`,
      remedy: `${remedy} Source: ${source}.`,
    }));
}

function concerns({ concerns: what }: ChipAdvisory, recipe: Recipe): boolean {
  const scheme = recipe.secureBoot?.scheme;
  if (what === 'ecdsa-secure-boot') return scheme === 'ecdsa-p256' || scheme === 'ecdsa-p384';
  if (what === 'flash-encryption') return recipe.flashEncryption !== null;
  return scheme !== undefined || recipe.flashEncryption !== null;
}

/** The name by which an advisory is waived. */
export function checkOf(id: string): string {
  return `lint-${id.toLowerCase()}`;
}
