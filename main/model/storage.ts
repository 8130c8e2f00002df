// What a recipe has stored on each device: values in NVS partitions, and credentials for provisioning by Security 2.

import type { ProvisioningRecord, StorageRecord } from './evidence/storage.ts';

export type { ProvisioningRecord, StorageRecord };

/** Where a value comes from. */
export type ValueSource =
  /** Text for every device; `{serial}`, `{mac}`, `{chip}` and `{batch}` are filled in. */
  | { readonly kind: 'text'; readonly text: string }
  /** The device's row in the list `devices`. */
  | { readonly kind: 'column'; readonly column: string }
  /** Content of a file, named relative to the recipe. */
  | { readonly kind: 'file'; readonly file: string }
  /** So many bytes of the token's generator, new for each device. */
  | { readonly kind: 'random'; readonly bytes: number };

/** How a value is written and what it becomes in NVS: the encodings of Espressif's partition generator. */
export const valueTypes = [
  ...['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'u64', 'i64'],
  ...['string', 'hex2bin', 'base64', 'binary'],
] as readonly ValueType[];
export type ValueType =
  | ('u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'u64' | 'i64')
  | ('string' | 'hex2bin' | 'base64' | 'binary');

export interface StoredValue {
  /** 1 to 15 bytes, as the key. */
  readonly namespace: string;
  readonly key: string;
  readonly type: ValueType;
  readonly source: ValueSource;
  /** Whether previews leave it out. No event and no record ever holds a value, secret or not. */
  readonly secret: boolean;
}

/** An NVS partition that the run makes for each device. */
export interface StoredPartition {
  readonly partition: string;
  /** `hmac`: keys derived from the HMAC_UP key; `nvs_keys`: random keys in a partition under flash encryption (FACTS 9.4). */
  readonly encryption: 'none' | 'hmac' | 'nvs_keys';
  /** Partition that takes the keys of `nvs_keys`; null: the table's first one of that subtype, as ESP-IDF takes it. */
  readonly keysPartition: string | null;
  /** CSV with a row a device, relative to the recipe. */
  readonly devices: string | null;
  /** Whether rows are given in turn, whatever names them: only in rehearsals. */
  readonly inTurn?: boolean;
  readonly values: readonly StoredValue[];
}

/** Security 2 (SRP6a) credentials of each device (FACTS 11). */
export interface Provisioning {
  readonly scheme: 'security2';
  /** User name and service name: `{serial}`, `{mac}`, `{mac_end}`, `{chip}` and `{batch}` are filled in. */
  readonly username: string;
  readonly service: string;
  readonly transport: 'ble' | 'softap';
  /** One of the recipe's stored partitions; blobs `salt` and `verifier` go into the namespace. */
  readonly partition: string;
  readonly namespace: string;
  /** The same proof of possession for ESP Local Control, with a user name, salt and verifier of its own. */
  readonly localControl: { readonly username: string; readonly namespace: string } | null;
}

/** What was stored on a device, as rows of a record for people: how each partition is encrypted, and the names in it. */
export function storageRows(record: {
  readonly storage?: readonly StorageRecord[];
  readonly provisioning?: ProvisioningRecord;
}): (readonly [name: string, value: string])[] {
  const encryptions = { none: 'in clear', hmac: 'encrypted (HMAC scheme)', nvs_keys: 'encrypted (nvs_keys)' } as const;
  const { storage = [], provisioning } = record;
  return [
    ...storage.map(
      ({ partition, encryption, keys, row }) =>
        [
          `NVS ${partition}`,
          `${encryptions[encryption]}, ${row === null ? '' : `row ${row}, `}${keys.length === 0 ? 'empty' : keys.join(' ')}`,
        ] as const,
    ),
    ...(provisioning
      ? [
          [
            'provisioning',
            `${provisioning.scheme}, user ${provisioning.username}, service ${provisioning.service} over ${provisioning.transport}`,
          ] as const,
        ]
      : []),
  ];
}
