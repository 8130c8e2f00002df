import type { StoredValue } from '../../model/storage.ts';
import type { Recipe } from '../types.ts';

/** What a recipe will store in one partition, for people: values of the recipe as written, secret ones never. */
export interface StoragePreview {
  readonly partition: string;
  /** How it is encrypted, in words. */
  readonly encryption: string;
  readonly list: string | null;
  readonly values: readonly { readonly name: string; readonly type: string; readonly shown: string }[];
}

const encryptions = {
  none: 'in clear',
  hmac: 'encrypted under keys from the HMAC key in eFuse',
  nvs_keys: 'encrypted under random keys, which lie under flash encryption',
} as const;

/** What every device will find in its NVS, with the credentials where they go. Pure; holds no secret. */
export function storagePreview({ storage, provisioning }: Recipe): StoragePreview[] {
  return (storage ?? []).map(({ partition, encryption, devices, values }) => ({
    partition,
    encryption: encryptions[encryption],
    list: devices,
    values: [
      ...values.map((value) => ({ name: `${value.namespace}.${value.key}`, type: value.type, shown: shownOf(value) })),
      ...(provisioning?.partition === partition
        ? [provisioning.namespace, ...(provisioning.localControl ? [provisioning.localControl.namespace] : [])].flatMap(
            (namespace) => [
              { name: `${namespace}.salt`, type: 'binary', shown: '16 random bytes' },
              { name: `${namespace}.verifier`, type: 'binary', shown: '(secret) of the proof of possession' },
            ],
          )
        : []),
    ],
  }));
}

function shownOf({ source, secret }: StoredValue): string {
  switch (source.kind) {
    case 'text':
      return JSON.stringify(source.text);
    case 'column':
      return `${secret ? '(secret) ' : ''}of column ${source.column}`;
    case 'file':
      return `${secret ? '(secret) ' : ''}of file ${source.file}`;
    case 'random':
      return `(secret) ${source.bytes} random bytes`;
  }
}
