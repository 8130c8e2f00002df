import { sha256Hex } from '../../base/digest.ts';
import type { Firmware } from '../../image/types.ts';
import type { Finding } from '../finding.ts';
import type { Recipe } from '../types.ts';
import { advisories, chipAdvisories } from './advisories.ts';
import { agreementChecks, lintAgreement } from './agreement.ts';
import { type LintContext, lintRules } from './rules.ts';
import { type Sdkconfig, sdkconfigOf } from './sdkconfig.ts';
import type { Told } from './told.ts';
import { checkOf, lintChip, lintVersion } from './versions.ts';

/** Checks of the firmware's build that a waiver may let go, with what it lets go. */
export const lintChecks: Readonly<Record<string, string>> = {
  ...Object.fromEntries(lintRules.map(({ check, reason }) => [check, `a build in spite of: ${reason}`])),
  ...Object.fromEntries(
    Object.entries(agreementChecks).flatMap(([check, { letsGo }]) => (letsGo === null ? [] : [[check, letsGo]])),
  ),
  'lint-no-sdkconfig': 'a build of which nobody can say how it was configured',
  'lint-idf-end-of-life': 'a version of ESP-IDF that gets no more security fixes',
  'lint-idf-prerelease': 'a version of ESP-IDF that is no release',
  'lint-idf-version-unknown': 'a build of which nobody knows the version of ESP-IDF',
  ...Object.fromEntries([...advisories, ...chipAdvisories].map(({ id, title }) => [checkOf(id), title])),
};

/**
 * Judges how the firmware was built: the options of its sdkconfig, where the folder has one, its version of ESP-IDF, and what is published
 * against the chip. Pure. Only what surely makes a device useless is an error (and cannot be waived); of a development recipe everything
 * else is an info.
 */
export function lintFirmware(recipe: Recipe, firmware: Firmware): Finding[] {
  const config = sdkconfigOf(firmware);
  const told = [
    ...(config === null ? [noConfig] : lintOptions(recipe, firmware, config)),
    ...lintVersion(recipe, firmware, config),
    ...lintChip(recipe),
  ];
  return told.map(({ line, ...finding }) => ({
    ...finding,
    severity: finding.severity === 'warning' && recipe.purpose !== 'production' ? 'info' : finding.severity,
    waivable: finding.severity !== 'error',
    file: line === undefined ? null : 'sdkconfig',
    line: line ?? null,
    column: null,
    path: line === undefined ? 'firmware' : null,
    waived: null,
  }));
}

/** Rules of the table that the build is known to keep: what must be on is on, what must be off is off or cannot be on. Pure. */
export function rulesKept(recipe: Recipe, firmware: Firmware): string[] {
  const config = sdkconfigOf(firmware);
  if (config === null) return [];
  const context = contextOf(recipe, firmware, config);
  return lintRules
    .filter((rule) => rule.when === undefined || rule.when(context))
    .filter(({ want, options }) => context.is(...options) === (want === 'y'))
    .map(({ check }) => check);
}

/** SHA-256 (hex) of the build's sdkconfig; null where it has none. */
export function sdkconfigDigest({ sdkconfig }: Firmware): string | null {
  return sdkconfig === null ? null : sha256Hex(sdkconfig);
}

function contextOf(recipe: Recipe, { table }: Firmware, { options }: Sdkconfig): LintContext {
  return { recipe, table, is: (...names) => names.some((name) => options.get(name)?.value === 'y') };
}

const noConfig: Told = {
  check: 'lint-no-sdkconfig',
  section: 'Goals: only trusted code runs',
  severity: 'info',
  what: 'The firmware folder has no sdkconfig: nobody can say which of the guide’s options the build has.',
  remedy: 'Copy sdkconfig from the project into the build folder that the recipe names.',
};

function lintOptions(recipe: Recipe, firmware: Firmware, config: Sdkconfig): Told[] {
  const { options } = config;
  const context = contextOf(recipe, firmware, config);
  const told: Told[] = [];
  for (const rule of lintRules) {
    if (rule.when !== undefined && !rule.when(context)) continue;
    const known = rule.options.filter((name) => options.has(name));
    const guilty =
      rule.want === 'n'
        ? known.filter((name) => context.is(name))
        : context.is(...known) || (known.length === 0 && !rule.absentIsOff)
          ? []
          : [known[0] ?? rule.options[0]!];
    // Names of one option in two generations are one finding.
    const [name] = guilty;
    if (name === undefined) continue;
    const option = options.get(name);
    told.push({
      check: rule.check,
      section: rule.section,
      severity: rule.severity,
      line: option?.line ?? 1,
      what: `CONFIG_${option?.oldName ?? name} is ${rule.want === 'y' ? 'off' : 'on'}: ${rule.reason}.`,
      remedy: rule.remedy || `Set it ${rule.want === 'y' ? 'on' : 'off'} and build again.`,
    });
  }
  return [...lintAgreement(context, config, firmware), ...told];
}
