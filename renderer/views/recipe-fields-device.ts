import type { FormField, FormGroup } from './recipe-field.ts';

// The fields of what is each device's own: its key and certificate, its values and credentials.

/** A text that may be left out. */
export const optional = { kind: 'text', unset: '' } as const;

const issued = { needs: ['identity', 'certificate'] } as const;
export const identity: FormGroup = {
  name: 'identity',
  fields: [
    {
      name: 'identity',
      path: ['identity', 'key'],
      kind: 'choice',
      choices: ['none', 'ecdsa-p256', 'ecdsa-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096'],
      section: {
        path: ['identity'],
        make: (key) => ({
          key,
          certificate: {
            ca: { label: 'device-ca' },
            issuer: { CN: 'Example Device CA' },
            subject: { CN: '{serial}' },
          },
        }),
      },
    },
    {
      name: 'identityPartition',
      path: ['identity', 'partition'],
      kind: 'text',
      unset: 'esp_secure_cert',
      needs: ['identity'],
    },
    { name: 'csr', path: ['identity', 'csr'], kind: 'switch', unset: false, needs: ['identity'] },
    { name: 'csrSubject', path: ['identity', 'csr_subject'], kind: 'pairs', needs: ['identity'] },
    {
      ...optional,
      name: 'caLabel',
      path: ['identity', 'certificate', 'ca', 'label'],
      whole: ['identity', 'certificate'],
      needs: ['identity'],
    },
    { ...optional, ...issued, name: 'caId', path: ['identity', 'certificate', 'ca', 'id'] },
    { ...optional, ...issued, name: 'caDigest', path: ['identity', 'certificate', 'ca', 'public_key_sha256'] },
    { name: 'caChain', path: ['identity', 'certificate', 'ca_chain'], kind: 'lines', ...issued },
    { name: 'issuer', path: ['identity', 'certificate', 'issuer'], kind: 'pairs', ...issued },
    { name: 'subject', path: ['identity', 'certificate', 'subject'], kind: 'pairs', ...issued },
    { name: 'dnsNames', path: ['identity', 'certificate', 'alternative_names', 'dns'], kind: 'lines', ...issued },
    { name: 'uriNames', path: ['identity', 'certificate', 'alternative_names', 'uri'], kind: 'lines', ...issued },
    { name: 'usages', path: ['identity', 'certificate', 'usages'], kind: 'lines', ...issued },
    { name: 'validYears', path: ['identity', 'certificate', 'valid_years'], kind: 'number', unset: '', ...issued },
    { ...optional, ...issued, name: 'notAfter', path: ['identity', 'certificate', 'not_after'] },
  ],
};

export const storage: FormGroup = {
  name: 'storage',
  fields: [
    {
      name: 'storage',
      path: ['storage'],
      kind: 'rows',
      row: {
        fresh: { partition: 'nvs', encryption: 'none' },
        fields: [
          { name: 'storedPartition', path: ['partition'], kind: 'text' },
          {
            name: 'storedEncryption',
            path: ['encryption'],
            kind: 'choice',
            choices: ['none', 'hmac', 'nvs_keys'],
          },
          { ...optional, name: 'keysPartition', path: ['keys_partition'] },
          { ...optional, name: 'deviceList', path: ['devices'] },
          {
            name: 'storedValues',
            path: ['values'],
            kind: 'rows',
            row: {
              fresh: { namespace: 'factory', key: '', type: 'string' },
              fields: [
                { name: 'valueNamespace', path: ['namespace'], kind: 'text' },
                { name: 'valueKey', path: ['key'], kind: 'text' },
                {
                  name: 'valueType',
                  path: ['type'],
                  kind: 'choice',
                  choices: [
                    ...['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'u64', 'i64'],
                    ...['string', 'hex2bin', 'base64', 'binary'],
                  ],
                },
                { ...optional, name: 'valueText', path: ['value'] },
                { ...optional, name: 'valueColumn', path: ['column'] },
                { ...optional, name: 'valueFile', path: ['file'] },
                { name: 'valueRandom', path: ['random'], kind: 'number', unset: '' },
                {
                  name: 'valueSecret',
                  path: ['secret'],
                  kind: 'choice',
                  choices: ['none', 'true', 'false'],
                  as: 'boolean',
                  unset: 'none',
                },
              ],
            },
          },
        ],
      },
    },
    {
      name: 'provisioning',
      path: ['provisioning', 'transport'],
      kind: 'choice',
      choices: ['none', 'ble', 'softap'],
      section: { path: ['provisioning'], make: (transport) => ({ transport, partition: 'nvs' }) },
    },
    ...(
      [
        ['provisioningPartition', 'partition'],
        ['provisioningNamespace', 'namespace', 'sec2'],
        ['provisioningUser', 'username', 'wifiprov'],
        ['provisioningService', 'service', 'PROV_{mac_end}'],
      ] as const
    ).map(
      ([name, key, unset]): FormField => ({
        name,
        path: ['provisioning', key],
        kind: 'text',
        needs: ['provisioning'],
        ...(unset !== undefined && { unset }),
      }),
    ),
    {
      ...optional,
      name: 'localUser',
      path: ['provisioning', 'local_control', 'username'],
      whole: ['provisioning', 'local_control'],
      needs: ['provisioning'],
    },
    {
      name: 'localNamespace',
      path: ['provisioning', 'local_control', 'namespace'],
      kind: 'text',
      unset: 'local_ctrl',
      needs: ['provisioning', 'local_control'],
    },
  ],
};
