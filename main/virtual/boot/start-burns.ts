// What an ESP-IDF application burns and demands at its start, before app_main.
// Rank: from source, ESP-IDF components/efuse/src/esp_efuse_startup.c (init_efuse_secure) and components/esp_security/src/init.c.

import { fieldOf, hasField } from '../../efuse/tables.ts';
import type { BootContext } from '../silicon.ts';
import type { IdfConsole } from './console.ts';
import { slotOfPurpose } from './keys.ts';

/**
 * The start's own burns; false: one of them did not take, and the application restarts for ever. A release build
 * (`context.firmwareShutsDoors`) freezes with Secure Boot how signatures are verified.
 */
export function burnAtStart(context: BootContext, console: IdfConsole): boolean {
  const { efuse } = context;
  const has = (name: string) => hasField(efuse.table, name);
  const takes = (name: string) => {
    if (efuse.field(name) === 0) context.burn(name, 1);
    return efuse.field(name) === 1;
  };
  const nonce = 'ECDSA_FORCE_USE_HARDWARE_K';
  if (has(nonce) && slotOfPurpose(efuse, 'ECDSA_KEY') !== null && !takes(nonce)) {
    console.error('efuse_init', 'Failed to enable hardware k mode');
    return false;
  }
  const constantTime = 'ECC_FORCE_CONST_TIME';
  if (context.firmwareForcesConstantTime === true && has(constantTime) && !takes(constantTime)) {
    console.error('esp_security', 'Enabling ECC constant time operations forcefully failed.');
    return false;
  }
  if (context.firmwareShutsDoors !== true) return true;
  if (efuse.field('SECURE_BOOT_EN') === 0) return true;
  for (const name of ['ECDSA_CURVE_MODE', 'SECURE_BOOT_SHA384_EN']) {
    if (!has(name)) continue;
    const bit = fieldOf(efuse.table, name).writeDisableBit;
    if (bit !== null) context.burn('WR_DIS', 2 ** bit);
  }
  return true;
}
