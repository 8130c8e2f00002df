import type { Firmware } from '../../image/types.ts';

/** One option of an sdkconfig: without CONFIG_, its value as it stands there ('n' for `is not set`), and its line from 1. */
export interface SdkOption {
  readonly value: string;
  readonly line: number;
  /** The name that the build has for it, where that is an older one. */
  readonly oldName?: string;
}

/** The options of a build's sdkconfig, and the version of ESP-IDF that its head names. */
export interface Sdkconfig {
  readonly options: ReadonlyMap<string, SdkOption>;
  readonly idfVersion: string | null;
}

/** Names that older versions of ESP-IDF have for options which the rules ask for (its sdkconfig.rename files, v4.4 to v6.0). */
const renamed: Readonly<Record<string, string>> = {
  FLASH_ENCRYPTION_ENABLED: 'SECURE_FLASH_ENC_ENABLED',
  SECURE_BOOT_ENABLED: 'SECURE_BOOT_V1_ENABLED',
  APP_ANTI_ROLLBACK: 'BOOTLOADER_APP_ANTI_ROLLBACK',
};

/**
 * Reads the text that Kconfig writes: `CONFIG_NAME=value`, strings in quotes, `# CONFIG_NAME is not set`. Of an option that stands
 * twice (deprecated names follow at the end) the first counts; one that has its old name alone is known by the new one as well. Lines of
 * another form are passed over.
 */
export function parseSdkconfig(text: string): Sdkconfig {
  const options = new Map<string, SdkOption>();
  let idfVersion: string | null = null;
  for (const [at, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    idfVersion ??=
      /^# Espressif IoT Development Framework \(ESP-IDF\) (\S+) Project Configuration/.exec(line)?.[1] ?? null;
    const unset = /^# CONFIG_(\w+) is not set$/.exec(line);
    const set = /^CONFIG_(\w+)=(?:"(.*)"|(.*))$/.exec(line);
    const name = unset?.[1] ?? set?.[1];
    if (name === undefined || options.has(name)) continue;
    options.set(name, { value: unset ? 'n' : (set?.[2] ?? set?.[3] ?? ''), line: at + 1 });
  }
  for (const [old, name] of Object.entries(renamed)) {
    const option = options.get(old);
    if (option !== undefined && !options.has(name)) options.set(name, { ...option, oldName: old });
  }
  return { options, idfVersion };
}

const known = new WeakMap<Firmware, Sdkconfig>();

/** The options of this build; null where it brought no sdkconfig. Thousands of lines are read once, however often they are asked for. */
export function sdkconfigOf(firmware: Firmware): Sdkconfig | null {
  if (firmware.sdkconfig === null) return null;
  const read = known.get(firmware) ?? parseSdkconfig(firmware.sdkconfig);
  known.set(firmware, read);
  return read;
}
