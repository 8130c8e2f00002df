import type { SecretBytes } from '../../base/secret.ts';
import { buildNvs } from '../../image/nvs.ts';
import { buildNvsKeys, encryptNvs, nvsKeysFromHmac } from '../../image/nvs-encryption.ts';
import type { NvsEntry, NvsNamespace } from '../../image/nvs-format.ts';
import type { StepEvent } from '../../model/event.ts';
import { RecipeFault } from '../../model/fault.ts';
import type { StorageRecord, StoredPartition, StoredValue } from '../../model/storage.ts';
import { nameOfRow, readDeviceList } from '../device-list.ts';
import { valuesOf } from '../plan/storage-values.ts';
import type { StepContext } from '../steps/step.ts';
import { makeCredentials } from './credentials.ts';
import { fillIn, type MadePart } from './made-part.ts';

/**
 * The NVS partitions of this board, and the partition with their keys where the scheme has one. What they hold in clear lives only
 * here, and is zeroed where it is bytes; texts come from the recipe and the list, which hold them in clear themselves.
 */
export async function* makeStorage(context: StepContext): AsyncGenerator<StepEvent, readonly MadePart[], void> {
  const { recipe } = context;
  const stored = recipe.storage ?? [];
  const credentials = yield* makeCredentials(context);
  const made: MadePart[] = [];
  const keysOf = new Map<string, SecretBytes>();
  try {
    for (const name of new Set(stored.flatMap(({ keysPartition }) => keysPartition ?? []))) {
      const keys = await context.signer.random(64);
      keysOf.set(name, keys);
      using partition = buildNvsKeys(keys);
      made.push({ partition: name, bytes: partition.use((bytes) => new Uint8Array(bytes)), secret: true });
    }
    for (const one of stored) {
      const namespaces = await namespacesFor(one, context);
      const own = credentials.filter(({ partition }) => partition === one.partition);
      const all = merged(namespaces, own);
      const plain = buildNvs(all, sizeOf(one, context));
      made.push({ partition: one.partition, bytes: sealed(one, plain, context, keysOf), secret: true });
      wipe(all);
      yield { type: 'observed', what: 'storage', value: recordOf(one, all, context) };
    }
  } catch (error) {
    for (const { bytes } of made) bytes.fill(0);
    throw error;
  } finally {
    for (const keys of keysOf.values()) keys.destroy();
  }
  return made;
}

async function namespacesFor(one: StoredPartition, context: StepContext): Promise<NvsNamespace[]> {
  const bytes = randomBytesOf(one);
  // one call to the token a partition
  const random = bytes === 0 ? null : await context.signer.random(bytes);
  let used = 0;
  try {
    return valuesOf(
      one,
      {
        fill: (text) => fillIn(text, context),
        row: context.rows.get(one.partition) ?? null,
        files: context.files,
        random(length) {
          used += length;
          return random!.use((all) => all.slice(used - length, used));
        },
      },
      (at, what, remedy) => {
        throw unfit(one.values[at]!, what, remedy);
      },
    );
  } finally {
    random?.destroy();
  }
}

function randomBytesOf({ values }: StoredPartition): number {
  return values.reduce((sum, { source }) => sum + (source.kind === 'random' ? source.bytes : 0), 0);
}

function unfit({ namespace, key }: StoredValue, what: string, remedy: string): RecipeFault {
  return new RecipeFault({
    code: 'storage.value',
    what: `The value ${namespace}.${key} of this board cannot be stored: ${what}`,
    next: `${remedy} The board was not changed by this.`,
    safety: 'resumable',
  });
}

function sizeOf({ partition }: StoredPartition, { plan }: StepContext): number {
  return plan.parts.find((part) => part.kind === 'nvs' && part.name === partition)!.length!;
}

/** The partition as it lies in flash; `plain` is zeroed unless it is that itself. */
function sealed(
  one: StoredPartition,
  plain: Uint8Array,
  context: StepContext,
  keysOf: ReadonlyMap<string, SecretBytes>,
): Uint8Array {
  if (one.encryption === 'none') return plain;
  try {
    if (one.encryption === 'nvs_keys') return encryptNvs(plain, keysOf.get(one.keysPartition!)!);
    using keys = nvsKeysFromHmac(context.workspace.keys.get('hmac-up')!);
    return encryptNvs(plain, keys);
  } finally {
    plain.fill(0);
  }
}

function merged(namespaces: readonly NvsNamespace[], more: readonly NvsNamespace[]): NvsNamespace[] {
  const all = new Map<string, NvsEntry[]>();
  for (const { name, entries } of [...namespaces, ...more]) all.set(name, [...(all.get(name) ?? []), ...entries]);
  return [...all].map(([name, entries]) => ({ name, entries }));
}

function wipe(namespaces: readonly NvsNamespace[]): void {
  for (const { entries } of namespaces) for (const { value } of entries) if (value.type === 'blob') value.value.fill(0);
}

function recordOf(one: StoredPartition, namespaces: readonly NvsNamespace[], context: StepContext): StorageRecord {
  const row = context.rows.get(one.partition);
  const list = one.devices === null ? null : readDeviceList(context.files.get(one.devices)!).list;
  return {
    partition: one.partition,
    encryption: one.encryption,
    keys: namespaces.flatMap(({ name, entries }) => entries.map(({ key }) => `${name}.${key}`)),
    row: row && list ? nameOfRow(list, row) : null,
  };
}
