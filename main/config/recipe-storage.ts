import { z } from 'zod';
import type { Provisioning, StoredPartition, ValueSource, ValueType } from '../model/storage.ts';
import { valueTypes } from '../model/storage.ts';

// The sections `storage` and `provisioning` of a recipe: form only.

const nvsName = z.string().min(1).max(15);
const placeholders = '{serial}, {mac}, {chip} and {batch} are filled in';

const sources = ['value', 'column', 'file', 'random'] as const;

const storedValue = z
  .strictObject({
    namespace: nvsName.describe('NVS namespace, 1 to 15 characters.'),
    key: nvsName.describe('Key in it, 1 to 15 characters.'),
    type: z
      .enum(valueTypes as [ValueType, ...ValueType[]])
      .describe("An integer type, string, or a blob written as hex2bin, base64 or binary (the value's own bytes)."),
    value: z
      .union([z.string(), z.int()])
      .optional()
      .describe(`The value for every device; ${placeholders}. Write 64-bit numbers between quotes.`),
    column: z.string().min(1).optional().describe("The column of `devices` that holds each device's value."),
    file: z.string().min(1).optional().describe('A file with the value, relative to this file.'),
    random: z
      .int()
      .min(1)
      .max(2048)
      .optional()
      .describe("So many bytes of the token's generator, new for each device; the type must be binary."),
    secret: z
      .boolean()
      .optional()
      .describe('Whether previews leave the value out. Left out: true for column and random, false for the others.'),
  })
  .superRefine((value, context) => {
    const given = sources.filter((source) => value[source] !== undefined);
    if (given.length !== 1)
      context.addIssue({
        code: 'custom',
        message:
          given.length === 0
            ? `Nothing says where the value of ${value.namespace}.${value.key} comes from.`
            : `The value of ${value.namespace}.${value.key} comes from ${given.join(' and ')}.`,
        params: { remedy: `Give exactly one of ${sources.join(', ')}.` },
      });
    if (value.value !== undefined && value.secret === true)
      context.addIssue({
        code: 'custom',
        path: ['value'],
        message: `The value of ${value.namespace}.${value.key} is called a secret and stands in the recipe, whose text goes into the ledger.`,
        params: { remedy: 'Put it into a file, or into a column of the list of devices.' },
      });
    if (value.random !== undefined && value.type !== 'binary')
      context.addIssue({
        code: 'custom',
        path: ['type'],
        message: `Random bytes are no ${value.type}.`,
        params: { remedy: 'Write type: binary.' },
      });
  })
  .describe('One value.');

export const storageSchema = z
  .array(
    z
      .strictObject({
        partition: z.string().min(1).max(16).describe('An NVS partition of the partition table (type data, nvs).'),
        encryption: z
          .enum(['none', 'hmac', 'nvs_keys'])
          .describe(
            "'hmac' derives the keys from the HMAC_UP key in eFuse, 'nvs_keys' keeps random ones in a partition under flash encryption, 'none' writes in clear.",
          ),
        keys_partition: z
          .string()
          .min(1)
          .max(16)
          .nullable()
          .default(null)
          .describe("Partition for the keys of 'nvs_keys'; left out: the table's first one of that subtype."),
        devices: z
          .string()
          .min(1)
          .nullable()
          .default(null)
          .describe(
            'CSV with a row for each device, relative to this file: its first line names the columns. A device takes the row of its column mac or serial, else the next one by id that none has taken.',
          ),
        values: z.array(storedValue).default([]).describe('What is stored.'),
      })
      .superRefine(({ encryption, keys_partition }, context) => {
        if (keys_partition !== null && encryption !== 'nvs_keys')
          context.addIssue({
            code: 'custom',
            path: ['keys_partition'],
            message: `Nothing takes keys from ${keys_partition}: the encryption is ${encryption}.`,
            params: { remedy: 'Set encryption to nvs_keys, or leave keys_partition out.' },
          });
      })
      .describe('One NVS partition.'),
  )
  .nullable()
  .default(null)
  .describe('NVS partitions made for every device from typed values. Leave out for none.');

export const provisioningSchema = z
  .strictObject({
    scheme: z.literal('security2').default('security2').describe('Security 2 of protocomm: SRP6a.'),
    username: z.string().min(1).max(64).default('wifiprov').describe(`User name; ${placeholders}.`),
    partition: z.string().min(1).max(16).describe('The partition of `storage` that takes salt and verifier.'),
    namespace: nvsName.default('sec2').describe('Namespace in it; the keys are salt and verifier.'),
    transport: z
      .enum(['ble', 'softap'])
      .default('ble')
      .describe('How a phone reaches the device; stands in the QR code.'),
    service: z
      .string()
      .min(1)
      .max(64)
      .default('PROV_{mac_end}')
      .describe(`Service name; ${placeholders}, and {mac_end}: the last three bytes of the MAC.`),
    local_control: z
      .strictObject({
        username: z.string().min(1).max(64).default('esp_local_ctrl').describe(`User name; ${placeholders}.`),
        namespace: nvsName.default('local_ctrl').describe('Namespace for its salt and verifier.'),
      })
      .nullable()
      .default(null)
      .describe('Salt and verifier for ESP Local Control too, for the same proof of possession.'),
  })
  .nullable()
  .default(null)
  .describe('A proof of possession of its own for every device, for secure provisioning. Leave out for none.');

/** The section as the station uses it; null where it names no partition. */
export function storageOf(yaml: z.output<typeof storageSchema>): readonly StoredPartition[] | null {
  if (yaml === null || yaml.length === 0) return null;
  return yaml.map(({ partition, encryption, keys_partition, devices, values }) => ({
    partition,
    encryption,
    keysPartition: keys_partition,
    devices,
    values: values.map((value) => {
      const source = sourceOf(value);
      const { namespace, key, type } = value;
      const secret = value.secret ?? (source.kind === 'column' || source.kind === 'random');
      return { namespace, key, type, source, secret };
    }),
  }));
}

function sourceOf(value: z.output<typeof storedValue>): ValueSource {
  if (value.column !== undefined) return { kind: 'column', column: value.column };
  if (value.file !== undefined) return { kind: 'file', file: value.file };
  if (value.random !== undefined) return { kind: 'random', bytes: value.random };
  return { kind: 'text', text: String(value.value ?? '') };
}

export function provisioningOf(yaml: z.output<typeof provisioningSchema>): Provisioning | null {
  if (yaml === null) return null;
  const { local_control: localControl, ...rest } = yaml;
  return { ...rest, localControl };
}
