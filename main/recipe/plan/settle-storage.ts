import { dataSubtypes, partitionTypes } from '../../image/partition-table.ts';
import type { Firmware } from '../../image/types.ts';
import { sdkconfigOf } from '../lint/sdkconfig.ts';
import type { Recipe } from '../types.ts';

/** What the build says of NVS encryption; null for what it does not say (or where it has no sdkconfig). */
export interface NvsBuild {
  /** CONFIG_NVS_ENCRYPTION. */
  readonly encrypts: boolean | null;
  readonly scheme: 'hmac' | 'nvs_keys' | null;
  /** CONFIG_NVS_SEC_HMAC_EFUSE_KEY_ID, 0 to 5. */
  readonly hmacSlot: number | null;
}

/** The options of the build's sdkconfig that decide how its application opens NVS (FACTS 9.4). */
export function nvsBuildOf(firmware: Firmware): NvsBuild {
  const options = sdkconfigOf(firmware)?.options;
  if (options === undefined) return { encrypts: null, scheme: null, hmacSlot: null };
  const is = (name: string) => options.get(name)?.value === 'y';
  const slot = Number(options.get('NVS_SEC_HMAC_EFUSE_KEY_ID')?.value ?? -1);
  return {
    encrypts: is('NVS_ENCRYPTION'),
    scheme: is('NVS_SEC_KEY_PROTECT_USING_HMAC')
      ? 'hmac'
      : is('NVS_SEC_KEY_PROTECT_USING_FLASH_ENC')
        ? 'nvs_keys'
        : null,
    hmacSlot: Number.isInteger(slot) && slot >= 0 && slot <= 5 ? slot : null,
  };
}

/**
 * The recipe with what its build decides where the recipe leaves it open: the key block from which the application derives its NVS keys,
 * and the partition that takes the keys of the flash-encryption scheme. Pure.
 */
export function settleStorage(recipe: Recipe, firmware: Firmware | null): Recipe {
  if (firmware === null || !recipe.storage) return recipe;
  const { hmacSlot } = nvsBuildOf(firmware);
  const byHmac = recipe.storage.some(({ encryption }) => encryption === 'hmac');
  const takesSlot = byHmac && hmacSlot !== null && recipe.slots['hmac-up'] === undefined;
  const keys = firmware.table.partitions.find(
    ({ type, subtype }) => type === partitionTypes.data && subtype === dataSubtypes.nvsKeys,
  );
  return {
    ...recipe,
    slots: takesSlot ? { ...recipe.slots, 'hmac-up': hmacSlot } : recipe.slots,
    storage: recipe.storage.map((stored) =>
      stored.encryption === 'nvs_keys' && stored.keysPartition === null
        ? { ...stored, keysPartition: keys?.name ?? null }
        : stored,
    ),
  };
}
