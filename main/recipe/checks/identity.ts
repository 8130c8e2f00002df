import type { ChipProfile } from '../../chip/board.ts';
import { efuseTableOfLine } from '../../efuse/tables.ts';
import { dsLongestKey } from '../../image/ds.ts';
import { dataSubtypes, partitionSubtypeName, partitionTypeName, partitionTypes } from '../../image/partition-table.ts';
import type { Firmware, Partition } from '../../image/types.ts';
import { type Revision, revisionText } from '../../model/chip.ts';
import { isFault } from '../../model/fault.ts';
import { curveOfKey, type IdentityKey, rsaBitsOfKey } from '../../model/identity.ts';
import { programDate } from '../../model/program-date.ts';
import { chainOf } from '../../signing/chain.ts';
import { alternativeNames } from '../../signing/extensions.ts';
import { nameOf } from '../../signing/names.ts';
import type { Add } from '../finding.ts';
import type { NamedFiles } from '../named-files.ts';
import { fillPlaceholders } from '../plan/placeholders.ts';
import type { Recipe } from '../types.ts';

/** Why this chip cannot have a device key of this kind; null: it can (FACTS 7, 8). */
export function identityRefusal(key: IdentityKey, profile: ChipProfile, revision: Revision): string | null {
  const bits = rsaBitsOfKey(key);
  if (bits !== null) {
    const longest = dsLongestKey[profile.kind];
    if (longest === null) return `${profile.title} has no Digital Signature peripheral`;
    return bits <= longest
      ? null
      : `the Digital Signature peripheral of the ${profile.title} takes at most ${longest} bits`;
  }
  const refusal = profile.ecdsaRefusal(revision);
  if (refusal !== null || curveOfKey(key) === 'P-256') return refusal;
  const hasHalves = efuseTableOfLine(profile.kind, revision).purposes.some(
    ({ purpose }) => purpose === 'ECDSA_KEY_P384_H',
  );
  return hasHalves ? null : `the ECDSA peripheral of the ${profile.title} ${revisionText(revision)} has no P-384`;
}

/** The identity section against chip, files and firmware: key kind, names, CA chain, and the partition that takes it all. */
export function checkIdentity(
  recipe: Recipe,
  firmware: Firmware | null,
  profile: ChipProfile,
  files: NamedFiles,
  add: Add,
): void {
  if (recipe.identity === null) return;
  const { key, certificate } = recipe.identity;
  const reason = identityRefusal(key, profile, recipe.silicon.min);
  if (reason !== null)
    add({
      check: 'identity-key',
      path: 'identity.key',
      what: `A device key of the kind ${key} is not possible here: ${reason}.`,
      remedy: 'Name another kind of key, use silicon that has this one, or leave identity out.',
    });
  checkNames(recipe, add);
  if (certificate?.notAfter != null && certificate.notAfter < programDate)
    add({
      check: 'certificate-ended',
      path: 'identity.certificate.not_after',
      what: `Every certificate would end on ${certificate.notAfter}, before it is made.`,
      remedy: 'Give a later day, or valid_years.',
    });
  if (certificate !== null && certificate.caChain.length > 0) checkChain(certificate.caChain, files, add);
  if (firmware !== null) checkPartition(recipe, firmware, profile, files, add);
}

/** Names as they would be for some board: what no certificate can hold is found before there is one. */
function checkNames(recipe: Recipe, add: Add): void {
  const { certificate, csr } = recipe.identity!;
  const sample = { serial: 'S0', mac: '30:ed:a0:00:00:00', chip: recipe.chip, batch: 'B0' };
  const fill = (text: string) => fillPlaceholders(text, sample);
  const filled = (name: readonly { type: string; value: string }[]) =>
    name.map(({ type, value }) => ({ type, value: fill(value) }));
  const tried = (path: string, work: () => unknown) => {
    try {
      work();
    } catch (error) {
      if (!isFault(error)) throw error;
      add({ check: error.code, path, what: error.what, remedy: error.next });
    }
  };
  if (certificate === null) {
    if (csr !== null) tried('identity.csr_subject', () => nameOf(filled(csr.subject)));
    return;
  }
  const { subject, issuer, alternativeNames: names } = certificate;
  tried('identity.certificate.subject', () => nameOf(filled(subject)));
  if (issuer !== null) tried('identity.certificate.issuer', () => nameOf(filled(issuer)));
  tried('identity.certificate.alternative_names', () =>
    alternativeNames({ dns: names.dns.map(fill), uri: names.uri.map(fill) }),
  );
}

function checkChain(paths: readonly string[], files: NamedFiles, add: Add): void {
  const found = paths.flatMap((path) => files.get(path) ?? []);
  // what cannot be read is told by who reads the files
  if (found.length < paths.length) return;
  try {
    chainOf(found);
  } catch (error) {
    if (!isFault(error)) throw error;
    add({ check: error.code, path: 'identity.certificate.ca_chain', what: error.what, remedy: error.next });
  }
}

/** Bytes of an ordinary device certificate, entries' heads and all: with less left of the partition the first board would fail. */
const certificateBytes = 1024;

/** Bytes that the entries of every board take at least. */
function leastBytes({ identity }: Recipe, { kind }: ChipProfile, files: NamedFiles): number {
  const { key, certificate } = identity!;
  const longest = rsaBitsOfKey(key) === null ? null : dsLongestKey[kind];
  const chain = (certificate?.caChain ?? []).reduce((sum, path) => sum + (files.get(path)?.length ?? 0), 0);
  return (longest === null ? 0 : (3 * longest) / 8) + (certificate === null ? 0 : certificateBytes + chain);
}

/** Whether ESP-IDF has a use of its own for partitions of this type; what it leaves to the product may hold certificates. */
function isOfOthers({ type, subtype }: Partition): boolean {
  if (type !== partitionTypes.data) return type < 0x3f;
  return subtype !== dataSubtypes.undefined && !partitionSubtypeName(type, subtype).startsWith('0x');
}

function checkPartition(recipe: Recipe, firmware: Firmware, profile: ChipProfile, files: NamedFiles, add: Add): void {
  const name = recipe.identity!.partition;
  const partition = firmware.table.partitions.find((candidate) => candidate.name === name);
  if (partition === undefined) {
    add({
      check: 'certificate-partition',
      path: 'identity.partition',
      what: `The firmware's partition table has no partition ${JSON.stringify(name)} for the device certificate.`,
      remedy: `Add it to partitions.csv (esp_secure_cert, 0x3F, , 0xD000, 0x2000, encrypted), or name one of: ${firmware.table.partitions.map((candidate) => candidate.name).join(', ')}.`,
    });
  } else if (isOfOthers(partition) || firmware.parts.some((part) => part.partition === partition)) {
    const fills = firmware.parts.find((part) => part.partition === partition)?.file;
    add({
      check: 'certificate-partition-taken',
      path: 'identity.partition',
      what: `The partition ${name} is ${fills === undefined ? `of type ${partitionTypeName(partition.type)}, subtype ${partitionSubtypeName(partition.type, partition.subtype)}, which firmware uses for something else` : `filled by the build (${fills})`}: certificates would be written over it.`,
      remedy: 'Add one of its own to partitions.csv (esp_secure_cert, 0x3F, , 0xD000, 0x2000, encrypted).',
    });
  } else if (partition.size < leastBytes(recipe, profile, files)) {
    add({
      check: 'certificate-room',
      path: 'identity.partition',
      what: `The partition ${name} has ${partition.size} bytes, and certificate, chain and key entries need about ${leastBytes(recipe, profile, files)}.`,
      remedy: 'Make it larger in partitions.csv, or leave certificates out of ca_chain that devices need not send.',
    });
  } else if (recipe.flashEncryption && !partition.encrypted) {
    add({
      severity: 'warning',
      check: 'certificate-partition-plain',
      path: 'identity.partition',
      what: `The partition ${name} has no 'encrypted' flag: the certificate lies in clear in flash.`,
      remedy: 'Set the flag in partitions.csv; a certificate is public, so this is no leak.',
    });
  }
}
