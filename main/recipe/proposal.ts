// A recipe to begin with, from what a build says of itself. Nothing is decided by it: an engineer reads it, and the check judges it.
import { readFirmware } from '../image/firmware.ts';
import { type ChipKind, chipKinds } from '../model/chip.ts';
import { RecipeFault } from '../model/fault.ts';
import { textOfFile } from '../model/text-file.ts';
import { parseSdkconfig } from './lint/sdkconfig.ts';
import type { Recipe } from './types.ts';

/** What is proposed, and why: what the build says, and what was assumed where it says nothing. */
export interface Proposal {
  readonly text: string;
  readonly chip: ChipKind;
  readonly read: readonly string[];
  readonly assumed: readonly string[];
}

/** Sizes of flash keys by option (ESP-IDF, components/bootloader/Kconfig.projbuild). */
const flashKeys = {
  SECURE_FLASH_ENCRYPTION_AES128: 'xts-aes-128',
  SECURE_FLASH_ENCRYPTION_AES128_DERIVED: 'xts-aes-128-derived',
  SECURE_FLASH_ENCRYPTION_AES256: 'xts-aes-256',
} as const;

/**
 * `files`: of a build folder, by name. `folder`: how the recipe is to name it. `usual`: an example for the chip, for what the build does not
 * say. Faults: RecipeFault `recipe.no-proposal` where the build does not say which chip it is for; `text.encoding`; those of `readFirmware`.
 */
export function proposeRecipe(
  files: ReadonlyMap<string, Uint8Array>,
  { name, folder, usual }: { readonly name: string; readonly folder: string; usual(chip: ChipKind): Recipe | null },
): Proposal {
  const textOf = (file: string) => {
    const bytes = files.get(file);
    return bytes === undefined ? null : textOfFile(bytes, file);
  };
  const config = textOf('sdkconfig');
  const options = config === null ? null : parseSdkconfig(config).options;
  const value = (option: string) => options?.get(option)?.value;
  const is = (option: string) => value(option) === 'y';
  const chip = chipOf(value('IDF_TARGET') ?? targetOf(textOf('flasher_args.json')));
  const { table } = readFirmware(files, chip);
  const [read, assumed]: [string[], string[]] = [[`chip ${chip}`], []];
  const lines: string[] = [];
  const say = (...more: string[]) => lines.push(...more);

  const example = usual(chip);
  const asExample = (what: string) => assumed.push(`${what}, as in the example for this chip`);
  const revision = (which: 'MIN' | 'MAX') => {
    const full = value(`${chip.toUpperCase()}_REV_${which}_FULL`);
    return full !== undefined && /^\d+$/.test(full) ? Number(full) : null;
  };
  const [min, max] = [revision('MIN'), revision('MAX')];
  const silicon = min !== null && max !== null ? { min, max } : (example?.silicon ?? { min: 0, max: 399 });
  const range = `v${versionText(silicon.min)} to v${versionText(silicon.max)}`;
  if (min !== null && max !== null) read.push(`chip revisions ${range}`);
  else asExample(`chip revisions ${range}`);
  say('silicon:', `  min: v${versionText(silicon.min)}`, `  max: v${versionText(silicon.max)}`, '');
  say('firmware:', `  folder: ${JSON.stringify(folder)}`, '');

  const schemes = {
    SECURE_SIGNED_APPS_RSA_SCHEME: 'rsa3072',
    SECURE_SIGNED_APPS_ECDSA_V2_SCHEME: 'ecdsa-p256',
  } as const;
  const named = Object.entries(schemes).find(([option]) => is(option))?.[1];
  const said = named === 'ecdsa-p256' && is('SECURE_BOOT_ECDSA_KEY_LEN_384_BITS') ? 'ecdsa-p384' : named;
  const scheme = said ?? example?.secureBoot?.scheme ?? null;
  if (options !== null && !is('SECURE_BOOT'))
    assumed.push('no secure boot, as the build: a production recipe should have it');
  else if (scheme !== null) {
    if (said !== undefined) read.push(`secure boot by ${scheme}`);
    else asExample(`secure boot by ${scheme}`);
    say('secure_boot:', `  scheme: ${scheme}`, '  keys:', '    - label: secure-boot-1', '  revoke_unused: true', '');
  }

  const size = Object.entries(flashKeys).find(([option]) => is(option))?.[1];
  const key = size ?? example?.flashEncryption?.key ?? null;
  if (options !== null && !is('SECURE_FLASH_ENC_ENABLED'))
    assumed.push('no flash encryption, as the build: a production recipe should have it');
  else if (key !== null) {
    if (size !== undefined) read.push(`flash encryption by ${key}`);
    else asExample(`flash encryption by ${key}`);
    say('flash_encryption:', `  key: ${key}`, '  mode: release', '');
    if (is('SECURE_FLASH_ENCRYPTION_MODE_DEVELOPMENT'))
      assumed.push('release mode, where the build says development: build it for release');
  }

  if (table.partitions.some(({ name: one }) => one === 'esp_secure_cert')) {
    const kind = example?.identity?.key ?? null;
    read.push('a partition esp_secure_cert: its firmware looks for a key and a certificate');
    if (kind === null) assumed.push('no identity, as in the example for this chip');
    else {
      asExample(`an identity with a key ${kind}, and the token key device-ca`);
      const certificate = [
        '    ca:',
        '      label: device-ca',
        '    issuer:',
        '      CN: Example Device CA',
        '    subject:',
        "      CN: '{serial}'",
      ];
      say('identity:', `  key: ${kind}`, '  certificate:', ...certificate, '');
    }
  }
  if (example?.hmacUp === true) {
    asExample('an HMAC key for the firmware');
    say('hmac_up: true', '');
  }
  const version = Number(value('BOOTLOADER_APP_SECURE_VERSION'));
  if (is('BOOTLOADER_APP_ANTI_ROLLBACK') && version > 0) {
    read.push(`secure version ${version}`);
    say(`secure_version: ${version}`, '');
  }
  const shut = is('SECURE_ENABLE_SECURE_ROM_DL_MODE') ? 'secure' : is('SECURE_DISABLE_ROM_DL_MODE') ? 'disabled' : null;
  const mode = shut ?? example?.doors.downloadMode ?? 'disabled';
  if (shut !== null) read.push(`download mode ${mode}`);
  else asExample(`download mode ${mode}`);
  const { jtag = 'off', directBoot = 'off' } = example?.doors ?? {};
  asExample(`JTAG ${jtag}, direct boot ${directBoot}`);
  assumed.push('the token keys secure-boot-1 and fuseline-wrapping');
  say('doors:', `  jtag: '${jtag}'`, `  direct_boot: '${directBoot}'`, `  download_mode: ${mode}`, '');
  say(
    'boot_proof:',
    '  when: both',
    '  expect:',
    "    - 'app_init: Project name:'",
    '  reject:',
    "    - 'Guru Meditation'",
    '',
  );
  say('wrapping_key:', '  label: fuseline-wrapping');
  if (options === null) assumed.push('everything about protection: the folder has no sdkconfig');

  const notes = [
    '# Proposed from a build; read every line of it before it is rehearsed.',
    ...read.map((one) => `#   the build says: ${one}`),
    ...assumed.map((one) => `#   assumed: ${one}`),
    `#   partitions: ${table.partitions.map(({ name: one }) => JSON.stringify(one)).join(', ')}`,
  ];
  const head = ['fuseline: 1', `name: ${name}`, 'revision: 1', 'purpose: production', '', `chip: ${chip}`];
  return { text: `${[...notes, '', ...head, ...lines].join('\n')}\n`, chip, read, assumed };
}

function targetOf(listing: string | null): string | undefined {
  try {
    const { extra_esptool_args: args } = JSON.parse(listing ?? '{}') as { extra_esptool_args?: { chip?: unknown } };
    return typeof args?.chip === 'string' ? args.chip : undefined;
  } catch {
    return undefined;
  }
}

function chipOf(target: string | undefined): ChipKind {
  const chip = chipKinds.find((kind) => kind === target);
  if (chip !== undefined) return chip;
  throw new RecipeFault({
    code: 'recipe.no-proposal',
    what:
      target === undefined
        ? 'The build does not say which chip it is for.'
        : `The build is for ${JSON.stringify(target)}, which no recipe can be for.`,
    next: 'Take a whole build folder of ESP-IDF, with flasher_args.json and sdkconfig.',
  });
}

/** 301 as 3.1 (ESP-IDF writes major * 100 + minor). */
function versionText(full: number): string {
  return `${Math.floor(full / 100)}.${full % 100}`;
}
