// The sealed record: what an auditor is shown of a device. Its builder makes it of this schema, the ledger refuses another form and reads
// every record through it, and what older programs sealed is brought up to the present version here.
import { z } from 'zod';
import { identityKeys } from '../identity.ts';
import { bootFact } from './boot.ts';
import type { FactOf, OldFact } from './define.ts';
import { efuseFields } from './efuses.ts';
import { imageFact } from './flash.ts';
import { otaDeviceKey } from './identity.ts';
import { escrowedSecret, keyMaterial } from './keys.ts';
import { firmwareFacts, waiverRecord } from './product.ts';
import { MisshapenFact, problemsOf } from './rows.ts';
import { identifiedBy } from './run.ts';
import { provisioningRecord, storageRecord } from './storage.ts';

/** How a board was finished that had been shut, and not sealed, in an earlier run. */
const finishedLater = z.strictObject({
  identifiedBy,
  /** The run that made it. */
  madeIn: z.string(),
  fixture: z.string(),
  /** Who worked there then. */
  operator: z.string().nullable(),
});
export type FinishedLater = FactOf<typeof finishedLater>;

/** The present version. A new one keeps the step that makes a record of the version before into one of it: `upgrades`. */
export const sealedRecordVersion = 1;

const upgrades: Readonly<Record<number, (old: OldFact) => OldFact>> = {};

/** Nothing beside these members: a record that says more than is read would be shown cut. */
export const sealedRecord = z.strictObject({
  version: z.literal(sealedRecordVersion),
  run: z.string(),
  batch: z.string().nullable(),
  station: z.string(),
  fixture: z.string(),
  operator: z.string().nullable(),
  startedAt: z.string(),
  sealedAt: z.string(),
  recipe: z.strictObject({ name: z.string(), revision: z.number(), hash: z.string() }),
  planDigest: z.string(),
  chip: z.strictObject({ kind: z.string(), revision: z.number(), mac: z.string(), packageVersion: z.number() }),
  serial: z.string().nullable(),
  /** Digests of what was written: SHA-256 (hex) of plaintext (signed) and of what lies in flash. */
  images: z.array(imageFact),
  secureBoot: z.strictObject({ scheme: z.string(), keyDigests: z.array(z.string()) }).nullable(),
  /** One entry a burned key: where it lies and its fingerprint, or digest for public ones. */
  keys: z.array(z.strictObject({ role: keyMaterial, blocks: z.array(z.number()), fingerprint: z.string() })),
  identity: z
    .strictObject({
      /** Kind of the key; left out in records of P-256 keys from before there were others. */
      key: z.enum(identityKeys).exactOptional(),
      /** DER SubjectPublicKeyInfo, hex; where `key` is left out the uncompressed SEC1 point. */
      publicKey: z.string(),
      /** Null where a CA elsewhere issues the certificate. */
      certificatePem: z.string().nullable(),
      certificateSerial: z.string().nullable(),
      /** The request that the device key signed, where the recipe asked for one. */
      csrPem: z.string().exactOptional(),
    })
    .nullable(),
  /** NVS partitions of the device, by the names of their values; left out in records from before there were any. */
  storage: z.array(storageRecord).exactOptional(),
  provisioning: provisioningRecord.exactOptional(),
  /** Key under which update images for this device alone are encrypted; left out where it has none. */
  ota: otaDeviceKey.exactOptional(),
  /** The device encrypted its flash itself, under a key that it made: nobody has a copy. Left out where the station did. */
  flashEncryptedBy: z.literal('device').exactOptional(),
  /** Secrets of this device that were put away: the ledger has them wrapped. Left out where there are none. */
  escrows: z.array(z.strictObject({ what: escrowedSecret, fingerprint: z.string().nullable() })).exactOptional(),
  secureVersion: z.number(),
  /** As the board came. */
  efusesBefore: efuseFields,
  efusesAfter: z.strictObject({
    /** The last read-out before the door. */
    readOut: efuseFields,
    /** Fields that the last burn set, which can be read no more: their values. */
    burnedAfterwards: z.record(z.string(), z.number()),
  }),
  /** How it started before its door was shut, and after; left out where the recipe asks for none. */
  bootProof: z.strictObject({ beforeDoor: bootFact.exactOptional(), afterDoor: bootFact.exactOptional() }),
  /** Set where the board was shut before it could be sealed, and a later run finished it. */
  finishedLater: finishedLater.exactOptional(),
  waivers: z.array(waiverRecord),
  /** What was known of the firmware; left out in records that were sealed before it was kept. */
  firmware: firmwareFacts.exactOptional(),
  keysDestroyedAt: z.string().nullable(),
  software: z.strictObject({ name: z.literal('fuseline'), version: z.string() }),
});

/** Everything an auditor is shown of a sealed device. Written once, in the seal's transaction. */
export type SealedRecord = FactOf<typeof sealedRecord>;

const kind = 'sealed record';
const versioned = z.looseObject({ version: z.int().min(1) });

/** A record of today's form; MisshapenFact for anything else. Its builder and the ledger's writer ask this. */
export function checkedSealedRecord(record: unknown): SealedRecord {
  const result = sealedRecord.safeParse(record);
  if (!result.success) throw new MisshapenFact(kind, problemsOf(result.error));
  return result.data;
}

/** A record as it stands in a row, of whatever version, in the form of today. MisshapenFact: also for one of a newer program. */
export function readSealedRecord(stored: unknown): SealedRecord {
  const row = versioned.safeParse(stored);
  if (!row.success) throw new MisshapenFact(kind, problemsOf(row.error));
  const { version } = row.data;
  if (version > sealedRecordVersion)
    throw new MisshapenFact(kind, `version ${version} is of a newer program; this one knows ${sealedRecordVersion}`);
  let record: OldFact = row.data;
  for (let at = version; at < sealedRecordVersion; at++) record = { ...upgrades[at]?.(record), version: at + 1 };
  return checkedSealedRecord(record);
}
