import type { Firmware } from '../../image/types.ts';
import type { Finding, Recipe } from '../types.ts';
import { advisories, advisoriesDate, endOfLife, isUpTo, parseIdfVersion } from './advisories.ts';
import { lintRules } from './rules.ts';
import { parseSdkconfig, type Sdkconfig } from './sdkconfig.ts';

/** Checks of the firmware's build that a waiver may let go, with what it lets go. */
export const lintChecks: Readonly<Record<string, string>> = {
  ...Object.fromEntries(lintRules.map(({ check, reason }) => [check, `a build in spite of: ${reason}`])),
  'lint-secure-boot-unasked': 'a build that switches Secure Boot on by itself',
  'lint-flash-encryption-unasked': 'a build that switches flash encryption on by itself',
  'lint-download-mode-other': 'a build that shuts download mode in another way than the recipe',
  'lint-nvs-hmac-key': 'a build that derives its NVS keys from a key block the recipe does not fix',
  'lint-idf-end-of-life': 'a version of ESP-IDF that gets no more security fixes',
  'lint-idf-prerelease': 'a version of ESP-IDF that is no release',
  ...Object.fromEntries(advisories.map(({ id, title }) => [checkOf(id), title])),
};

type Told = Pick<Finding, 'check' | 'severity' | 'what' | 'remedy'> & { readonly line?: number | undefined };

/**
 * Judges how the firmware was built: the options of its sdkconfig, where the folder has one, and its version of ESP-IDF. Pure. Only what
 * surely makes a device useless is an error (and cannot be waived); of a development recipe everything else is an info.
 */
export function lintFirmware(recipe: Recipe, firmware: Firmware): Finding[] {
  const config = firmware.sdkconfig === null ? null : parseSdkconfig(firmware.sdkconfig);
  const told = [...(config === null ? [] : lintOptions(recipe, config)), ...lintVersion(firmware, config)];
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

function lintOptions(recipe: Recipe, { options }: Sdkconfig): Told[] {
  const is = (...names: string[]) => names.some((name) => options.get(name)?.value === 'y');
  const lineOf = (...names: string[]) =>
    names.map((name) => options.get(name)?.line).find((line) => line !== undefined);
  const told: Told[] = [];
  for (const rule of lintRules) {
    if (rule.when !== undefined && !rule.when({ recipe, chip: recipe.chip, is })) continue;
    const known = rule.options.filter((name) => options.has(name));
    const guilty =
      rule.want === 'n'
        ? known.filter((name) => is(name))
        : is(...known) || (known.length === 0 && !rule.absentIsOff)
          ? []
          : [known[0] ?? rule.options[0]!];
    // Names of one option in two generations are one finding.
    const [name] = guilty;
    if (name === undefined) continue;
    told.push({
      check: rule.check,
      severity: rule.severity,
      line: lineOf(name) ?? 1,
      what: `CONFIG_${name} is ${rule.want === 'y' ? 'off' : 'on'}: ${rule.reason}.`,
      remedy: rule.remedy || `Set it ${rule.want === 'y' ? 'on' : 'off'} and build again.`,
    });
  }
  return [...lintAgainstRecipe(recipe, is, lineOf, options), ...told];
}

/** What the build and the recipe must agree on. */
function lintAgainstRecipe(
  recipe: Recipe,
  is: (...names: string[]) => boolean,
  lineOf: (...names: string[]) => number | undefined,
  options: Sdkconfig['options'],
): Told[] {
  const told: Told[] = [];
  const tell = (check: string, severity: Told['severity'], option: string, what: string, remedy: string) =>
    told.push({ check, severity, line: lineOf(option) ?? 1, what, remedy });
  const boot = recipe.secureBoot;
  if (boot === null && is('SECURE_BOOT'))
    tell(
      'lint-secure-boot-unasked',
      'warning',
      'SECURE_BOOT',
      'CONFIG_SECURE_BOOT is on, but the recipe has no secure_boot: the bootloader burns Secure Boot by itself at its first start.',
      'Add secure_boot to the recipe, or set the option off.',
    );
  const isRsa = boot?.scheme === 'rsa3072';
  const foreign = isRsa ? 'SECURE_SIGNED_APPS_ECDSA_V2_SCHEME' : 'SECURE_SIGNED_APPS_RSA_SCHEME';
  if (boot !== null && is(foreign))
    tell(
      'lint-secure-boot-scheme',
      'error',
      foreign,
      `The bootloader verifies ${isRsa ? 'ECDSA' : 'RSA'} signatures (CONFIG_${foreign}), but the recipe signs with ${boot.scheme}: no application would start.`,
      'Build for the scheme of the recipe, or change secure_boot.scheme.',
    );
  const key = recipe.flashEncryption?.key;
  const otherSize = key === 'xts-aes-256' ? 'SECURE_FLASH_ENCRYPTION_AES128' : 'SECURE_FLASH_ENCRYPTION_AES256';
  if (key === undefined && is('SECURE_FLASH_ENC_ENABLED'))
    tell(
      'lint-flash-encryption-unasked',
      'warning',
      'SECURE_FLASH_ENC_ENABLED',
      'CONFIG_SECURE_FLASH_ENC_ENABLED is on, but the recipe has no flash_encryption: the bootloader makes and burns a key of its own at its first start.',
      'Add flash_encryption to the recipe, or set the option off.',
    );
  if (key !== undefined && is('SECURE_FLASH_ENC_ENABLED') && is(otherSize))
    tell(
      'lint-flash-encryption-key-size',
      'error',
      otherSize,
      `The build is for ${otherSize.endsWith('128') ? 'xts-aes-128' : 'xts-aes-256'} (CONFIG_${otherSize}), but the recipe burns a key for ${key}: the bootloader would not find its key.`,
      'Build for the key of the recipe, or change flash_encryption.key.',
    );
  const doors = { disabled: 'SECURE_DISABLE_ROM_DL_MODE', secure: 'SECURE_ENABLE_SECURE_ROM_DL_MODE' } as const;
  for (const [way, option] of Object.entries(doors))
    if (is(option) && recipe.doors.downloadMode !== way)
      tell(
        'lint-download-mode-other',
        'warning',
        option,
        `The application makes download mode ${way} by itself (CONFIG_${option}), but the recipe says ${recipe.doors.downloadMode}.`,
        `Set doors.download_mode to ${way}, or choose the option that fits.`,
      );
  if (is('NVS_ENCRYPTION') && is('NVS_SEC_KEY_PROTECT_USING_HMAC')) {
    const option = 'NVS_SEC_HMAC_EFUSE_KEY_ID';
    const wanted = Number(options.get(option)?.value ?? -1);
    const slot = recipe.slots['hmac-up'];
    if (!recipe.hmacUp || slot !== wanted)
      tell(
        'lint-nvs-hmac-key',
        'warning',
        option,
        `The application derives its NVS keys from the HMAC key in key block ${wanted}, ${recipe.hmacUp ? `but the recipe ${slot === undefined ? 'does not fix its block' : `puts it into block ${slot}`}` : 'but the recipe burns none'}: it would try to burn a key of its own.`,
        `Set hmac_up to true and slots.hmac-up to ${Math.max(wanted, 0)}.`,
      );
  }
  return told;
}

/** The version of ESP-IDF as the application states it (else the sdkconfig), against the table of what is known. */
function lintVersion(firmware: Firmware, config: Sdkconfig | null): Told[] {
  const app = firmware.parts.find((part) => part.image?.app)?.image?.app;
  const text = app?.idfVersion || config?.idfVersion;
  const version = text ? parseIdfVersion(text) : null;
  if (!text || version === null) return [];
  const told: Told[] = [];
  const asOf = `(as of ${advisoriesDate})`;
  if (isUpTo(version.branch, endOfLife.branch))
    told.push({
      check: 'lint-idf-end-of-life',
      severity: 'warning',
      what: `The firmware is built with ESP-IDF ${text}; its branch gets no more security fixes ${version.branch === endOfLife.branch ? `since ${endOfLife.ended}` : `(${endOfLife.branch}, a later one, ended in ${endOfLife.ended})`} ${asOf}.`,
      remedy: `Move to a supported branch. Source: ${endOfLife.source}.`,
    });
  if (version.prerelease)
    told.push({
      check: 'lint-idf-prerelease',
      severity: 'warning',
      what: `The firmware is built with ESP-IDF ${text}, which is no release: no support period covers it.`,
      remedy: 'Build with a release.',
    });
  for (const { id, title, fixed, options, source } of advisories) {
    const first = fixed[version.branch];
    if (first === undefined || version.bugfix >= first) continue;
    // Without an sdkconfig nobody knows what is in the build.
    const inBuild = options.length === 0 || options.some((name) => config?.options.get(name)?.value === 'y');
    if (config !== null && !inBuild) continue;
    told.push({
      check: checkOf(id),
      severity: config === null ? 'info' : 'warning',
      what: `ESP-IDF ${text} has ${id}: ${title} ${asOf}.`,
      remedy: `Build with ${version.branch}.${first} or later${config === null ? ', or make sure that the firmware does not use it' : ''}. Source: ${source}.`,
    });
  }
  return told;
}

function checkOf(id: string): string {
  return `lint-${id.toLowerCase()}`;
}
