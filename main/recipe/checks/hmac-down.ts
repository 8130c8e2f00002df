import type { EfuseTable } from '../../efuse/types.ts';
import type { Firmware } from '../../image/types.ts';
import type { Add } from '../finding.ts';
import { isUpTo, parseIdfVersion } from '../lint/advisories.ts';
import { sdkconfigOf } from '../lint/sdkconfig.ts';
import { idfVersionOf } from '../lint/versions.ts';
import { hmacUses } from '../plan/hmac-down.ts';
import type { Recipe } from '../types.ts';

const path = 'hmac_down';

/** Whether one HMAC block can serve an RSA device key and soft JTAG here, and whether the firmware would use it. Pure. */
export function checkHmacDown(
  recipe: Recipe,
  firmware: Firmware | null,
  tables: readonly EfuseTable[],
  title: string,
  add: Add,
): void {
  if (recipe.hmacDown !== 'shared') return;
  const uses = hmacUses(recipe);
  const lacking = tables.find((table) => !table.purposes.some(({ purpose }) => purpose === 'HMAC_DOWN_ALL'));
  if (lacking !== undefined) {
    add({
      check: 'hmac-down-shared',
      path,
      what: `${lacking.name} (${title}) has no key purpose HMAC_DOWN_ALL.`,
      remedy: 'Set hmac_down to separate.',
    });
    return;
  }
  if (uses.length < 2)
    add({
      check: 'hmac-down-shared',
      path,
      what: `A shared HMAC block serves an RSA device key and soft JTAG, and this recipe has ${uses.length === 0 ? 'neither' : uses[0] === 'ds' ? 'the key alone' : 'soft JTAG alone'}: a block of a purpose that it does not need is open to more than it should be.`,
      remedy: 'Set hmac_down to separate, or ask for both (identity.key: rsa-..., doors.jtag: soft).',
    });
  const fixed = (['hmac-down-ds', 'hmac-down-jtag'] as const).find((role) => recipe.slots[role] !== undefined);
  if (fixed !== undefined)
    add({
      check: 'hmac-down-shared',
      path: `slots.${fixed}`,
      what: `slots.${fixed} fixes a block that a recipe with a shared HMAC block does not burn.`,
      remedy: 'Name slots.hmac-down-all, or set hmac_down to separate.',
    });
  if (firmware === null || !uses.includes('ds')) return;
  const text = idfVersionOf(firmware, sdkconfigOf(firmware));
  const version = text === null ? null : parseIdfVersion(text);
  if (version !== null && isUpTo(version.branch, '5.99')) return;
  add({
    severity: 'warning',
    check: 'hmac-down-driver',
    path,
    what: `The build (${text === null ? 'a version of ESP-IDF that it does not name' : `ESP-IDF ${text}`}) may use the RSA key through the PSA driver of ESP-IDF 6, which takes a block of purpose HMAC_DOWN_DIGITAL_SIGNATURE alone and answers PSA_ERROR_NOT_PERMITTED to a shared one; esp_ds by itself takes it.`,
    remedy:
      'Have the firmware sign by esp_ds_start_sign, set hmac_down to separate, or waive hmac-down-driver with the reason. Source: ESP-IDF components/mbedtls/port/psa_driver/esp_rsa_ds.',
  });
}
