import { concat, fromHex, isFilledWith, toHex } from '../../base/bytes.ts';
import { SecretBytes } from '../../base/secret.ts';
import { beginSrpSession, type SrpSession } from '../../formats/srp6a-device.ts';
import { decryptNvs, readNvsKeys } from '../../image/nvs-encryption.ts';
import type { NvsNamespace, NvsValue } from '../../image/nvs-format.ts';
import { readNvs } from '../../image/nvs-read.ts';
import { dataSubtypes, partitionTypes } from '../../image/partition-table.ts';
import type { Partition } from '../../image/types.ts';
import { isFault } from '../../model/fault.ts';
import { calculateHmac } from '../peripherals/hmac.ts';
import type { BootContext } from '../silicon.ts';
import type { IdfConsole } from './console.ts';
import { flashView } from './flash-view.ts';
import { slotOfPurpose } from './keys.ts';

/** An NVS partition as the firmware opened it. */
export interface OpenedStorage {
  readonly partition: string;
  readonly encryption: 'none' | 'hmac' | 'nvs_keys';
  readonly namespaces: readonly NvsNamespace[];
}

/**
 * Opens every NVS partition that is not erased, as the demonstration firmware does: in clear, with keys from the HMAC peripheral, or
 * with those of the nvs_keys partition. Says on the console what it found: names and the serial number, no other value.
 */
export function openStorage(
  context: BootContext,
  partitions: readonly Partition[],
  console: IdfConsole,
): OpenedStorage[] {
  const opened: OpenedStorage[] = [];
  for (const partition of partitions.filter(({ type, subtype }) => isNvs(type, subtype))) {
    // NVS reads past the decryption engine; a flagged partition it does not open at all (FACTS 9.4)
    const bytes = context.flash.read(partition.offset, partition.size);
    if (isFilledWith(bytes, 0xff)) continue;
    const storage = partition.encrypted ? null : open(context, partitions, partition, bytes);
    if (storage === null) {
      console.error('nvs', `${partition.name}: cannot be opened`);
      continue;
    }
    opened.push(storage);
    const values = storage.namespaces.flatMap(({ entries }) => entries);
    console.info('nvs', `${partition.name}: ${values.length} values, encryption ${storage.encryption}`);
    for (const { name, entries } of storage.namespaces)
      for (const { key, value } of entries)
        if (key === 'serial' && value.type === 'string') console.info('nvs', `${name} serial=${value.value}`);
  }
  return opened;
}

function isNvs(type: number, subtype: number): boolean {
  return type === partitionTypes.data && subtype === dataSubtypes.nvs;
}

function open(
  context: BootContext,
  partitions: readonly Partition[],
  { name }: Partition,
  bytes: Uint8Array,
): OpenedStorage | null {
  const plain = whole(bytes);
  if (plain !== null) return { partition: name, encryption: 'none', namespaces: plain };
  const schemes = [
    ['hmac', keysOfHmac(context)],
    ['nvs_keys', keysOfPartition(context, partitions)],
  ] as const;
  for (const [encryption, keys] of schemes) {
    if (keys === null) continue;
    using held = keys;
    const namespaces = whole(decryptNvs(bytes, held));
    if (namespaces !== null) return { partition: name, encryption, namespaces };
  }
  return null;
}

/** What a partition in clear holds; null where anything in it does not fit, as under other keys. */
function whole(bytes: Uint8Array): readonly NvsNamespace[] | null {
  try {
    const { namespaces, problems } = readNvs(bytes);
    return problems.length === 0 ? namespaces : null;
  } catch (error) {
    if (isFault(error)) return null;
    throw error;
  }
}

/** Data key and tweak key as nvs_sec_provider.c has the peripheral make them: over two words, eight times each (FACTS 6). */
function keysOfHmac({ efuse }: BootContext): SecretBytes | null {
  const slot = slotOfPurpose(efuse, 'HMAC_UP');
  if (slot === null) return null;
  const [data, tweak] = ['5a5abeae', 'a5a5dece'].map((word) =>
    calculateHmac(efuse, slot, fromHex(word.repeat(8)), 'HMAC_UP'),
  );
  return data && tweak ? SecretBytes.adopt(concat(data, tweak)) : null;
}

function keysOfPartition(context: BootContext, partitions: readonly Partition[]): SecretBytes | null {
  const partition = partitions.find(
    ({ type, subtype }) => type === partitionTypes.data && subtype === dataSubtypes.nvsKeys,
  );
  if (partition === undefined) return null;
  try {
    return readNvsKeys(flashView(context.efuse, context.flash).read(partition.offset, partition.size));
  } catch (error) {
    if (isFault(error)) return null;
    throw error;
  }
}

/**
 * Security 2 on the console of the demonstration firmware: `sec2 NAMESPACE USERNAME A` answers `sec2 SALT B`, and `sec2-proof M1`
 * answers `sec2-proof M2` (all numbers in hex).
 */
export function security2(
  context: BootContext,
  storage: readonly OpenedStorage[],
): (words: readonly string[]) => string[] {
  let session: SrpSession | null = null;
  return ([command, ...words]) => {
    if (command === 'sec2' && words.length === 3) {
      const [namespace, username, clientKey] = words as [string, string, string];
      const salt = blobOf(storage, namespace, 'salt');
      const verifier = blobOf(storage, namespace, 'verifier');
      if (salt === null || verifier === null) return ['sec2 error no-credentials'];
      if (!isHex(clientKey) || clientKey.length > 768) return ['sec2 error bad-key'];
      session = beginSrpSession(username, salt, verifier, fromHex(clientKey), context.random(32));
      return [session === null ? 'sec2 error bad-key' : `sec2 ${toHex(salt)} ${toHex(session.publicKey)}`];
    }
    if (command === 'sec2-proof' && words.length === 1) {
      const [proof] = words as [string];
      const answer = isHex(proof) ? session?.prove(fromHex(proof)) : null;
      session = null;
      return [answer ? `sec2-proof ${toHex(answer.proof)}` : 'sec2-proof error wrong-proof'];
    }
    return ['error unknown command'];
  };
}

function isHex(text: string): boolean {
  return /^([0-9a-fA-F]{2})+$/.test(text);
}

function blobOf(storage: readonly OpenedStorage[], namespace: string, key: string): Uint8Array | null {
  for (const { namespaces } of storage) {
    const value: NvsValue | undefined = namespaces
      .find(({ name }) => name === namespace)
      ?.entries.find((entry) => entry.key === key)?.value;
    if (value?.type === 'blob') return value.value;
  }
  return null;
}
