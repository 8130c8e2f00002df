import type { ChipProfile } from '../../chip/board.ts';
import type { Firmware } from '../../image/types.ts';
import type { Add, Finding } from '../finding.ts';
import { sdkconfigOf } from '../lint/sdkconfig.ts';
import type { Recipe } from '../types.ts';

/** Whether a device of this chip and firmware can encrypt its flash itself, as the recipe leaves it to it. Pure. */
export function checkDeviceEncryption(recipe: Recipe, firmware: Firmware | null, profile: ChipProfile, add: Add): void {
  const encryption = recipe.flashEncryption;
  if (encryption?.by !== 'device') return;
  const refuse = (what: string, remedy: string, severity: Finding['severity'] = 'error') =>
    add({ check: 'device-encryption', path: 'flash_encryption.by', what, remedy, severity });
  const byHost = 'let the station encrypt (flash_encryption.by: host)';
  if (profile.kind === 'esp32c2')
    refuse(
      'The ESP32-C2 has one key block for flash key and Secure Boot digest, which is burned once: a device could not add its key beside a digest that the station burned.',
      `On this chip ${byHost}.`,
    );
  if (profile.kind === 'esp32')
    refuse(
      'The ESP32 has no security info, by which a station could see that a device has encrypted its flash once the door is shut.',
      `On this chip ${byHost}.`,
    );
  if (recipe.slots['flash-encryption'] !== undefined)
    refuse(
      'A bootloader puts its key into the first key block that is free: it cannot be told another.',
      'Leave slots.flash-encryption out.',
    );
  if (firmware === null) return;
  const options = sdkconfigOf(firmware)?.options;
  if (options === undefined) {
    refuse(
      'The build has no sdkconfig: whether its bootloader encrypts flash at the first start cannot be seen before a board is in.',
      'Put the sdkconfig of the build into its folder.',
      'warning',
    );
    return;
  }
  const isOn = (option: string) => options.get(option)?.value === 'y';
  const needs = [
    'SECURE_FLASH_ENC_ENABLED',
    encryption.mode === 'release' ? 'SECURE_FLASH_ENCRYPTION_MODE_RELEASE' : 'SECURE_FLASH_ENCRYPTION_MODE_DEVELOPMENT',
    ...(recipe.secureBoot === null ? [] : ['SECURE_BOOT_V2_ENABLED']),
  ];
  for (const option of needs)
    if (!isOn(option))
      refuse(
        `The device is to encrypt its flash itself, and the build is without CONFIG_${option}: its bootloader would not do what the recipe leaves to it.`,
        `Build with it, or ${byHost}.`,
      );
  if (isOn('SECURE_FLASH_REQUIRE_ALREADY_ENABLED'))
    refuse(
      'The bootloader refuses to encrypt flash by itself (CONFIG_SECURE_FLASH_REQUIRE_ALREADY_ENABLED).',
      `Build without it, or ${byHost}.`,
    );
}
