import { z } from 'zod';
import { countText } from '../../base/number-text.ts';
import { define, type FactOf } from './define.ts';

export const storageRecord = z.object({
  partition: z.string(),
  encryption: z.enum(['none', 'hmac', 'nvs_keys']),
  /** `namespace.key` of every value. */
  keys: z.array(z.string()),
  /** Row of the list of devices; null where there is none. */
  row: z.string().nullable(),
});

/** What the record says of a device's NVS partition: names, never values. */
export type StorageRecord = FactOf<typeof storageRecord>;

export const storage = define({
  version: 1,
  schema: storageRecord,
  text: ({ partition, keys, encryption, row }) =>
    `made the NVS partition ${partition} of ${countText(keys.length, 'value')}${encryption === 'none' ? ', in clear' : `, encrypted (${encryption})`}${row === null ? '' : `, row ${row} of its list`}`,
});

export const provisioningRecord = z.object({
  scheme: z.literal('security2'),
  username: z.string(),
  service: z.string(),
  transport: z.enum(['ble', 'softap']),
  /** Fingerprint of the proof of possession, as the escrow names it. */
  fingerprint: z.string(),
});

/** What the record says of a device's provisioning credentials. The proof of possession itself is only in the escrow and on the label. */
export type ProvisioningRecord = FactOf<typeof provisioningRecord>;

export const provisioning = define({
  version: 1,
  schema: provisioningRecord,
  text: ({ username, service }) => `made Security 2 credentials for user ${username}, service ${service}`,
});

/** A row of a list of devices was given to this board, for ever. */
export const rowTaken = define({
  version: 1,
  schema: z.object({ list: z.string(), row: z.string() }),
  text: ({ row, list }) => `took row ${row} of the list ${list}`,
});
