import type { FirmwareFacts, WaiverRecord } from './assurance.ts';
import type { EscrowedSecret } from './event.ts';
import type { BootFact } from './evidence/boot.ts';
import type { EfuseFields } from './evidence/efuses.ts';
import type { ImageFact } from './evidence/flash.ts';
import type { KeyMaterialName } from './evidence/keys.ts';
import { type IdentifiedBy, identifiedWords } from './evidence/run.ts';
import type { FaultRecord } from './fault.ts';
import type { IdentityKey } from './identity.ts';
import type { OtaDeviceKey } from './ota.ts';
import type { Outcome } from './outcome.ts';
import type { RecipeRef } from './refs.ts';
import type { ProvisioningRecord, StorageRecord } from './storage.ts';

/** A device's identity in a few words: its certificate, or the key that waits for one. */
export function identityWords({
  key = 'ecdsa-p256',
  certificateSerial,
}: NonNullable<SealedRecord['identity']>): string {
  return `${key}, ${certificateSerial === null ? 'a request for a certificate' : `certificate ${certificateSerial}`}`;
}

/** One board, one plan, one try. */
export interface RunRecord {
  readonly id: string;
  readonly batch: string | null;
  readonly fixture: string;
  readonly operator: string | null;
  readonly recipe: RecipeRef;
  /** MAC as `aa:bb:...`; null when the run ended before the chip was identified. */
  readonly mac: string | null;
  readonly serial: string | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly outcome: Outcome | null;
  readonly fault: FaultRecord | null;
}

/** Everything an auditor is shown of a sealed device. Written once, in the seal's transaction. */
export interface SealedRecord {
  readonly version: 1;
  readonly run: string;
  readonly batch: string | null;
  readonly station: string;
  readonly fixture: string;
  readonly operator: string | null;
  readonly startedAt: string;
  readonly sealedAt: string;
  readonly recipe: RecipeRef;
  readonly planDigest: string;
  readonly chip: {
    readonly kind: string;
    readonly revision: number;
    readonly mac: string;
    readonly packageVersion: number;
  };
  readonly serial: string | null;
  /** Digests of what was written: SHA-256 (hex) of plaintext (signed) and of what lies in flash. */
  readonly images: readonly ImageFact[];
  readonly secureBoot: { readonly scheme: string; readonly keyDigests: readonly string[] } | null;
  /** One entry a burned key: where it lies and its fingerprint, or digest for public ones. */
  readonly keys: readonly {
    readonly role: KeyMaterialName;
    readonly blocks: readonly number[];
    readonly fingerprint: string;
  }[];
  readonly identity: {
    /** Kind of the key; left out in records of P-256 keys from before there were others. */
    readonly key?: IdentityKey;
    /** DER SubjectPublicKeyInfo, hex; where `key` is left out the uncompressed SEC1 point. */
    readonly publicKey: string;
    /** Null where a CA elsewhere issues the certificate. */
    readonly certificatePem: string | null;
    readonly certificateSerial: string | null;
    /** The request that the device key signed, where the recipe asked for one. */
    readonly csrPem?: string;
  } | null;
  /** NVS partitions of the device, by the names of their values; left out in records from before there were any. */
  readonly storage?: readonly StorageRecord[];
  readonly provisioning?: ProvisioningRecord;
  /** Key under which update images for this device alone are encrypted; left out where it has none. */
  readonly ota?: OtaDeviceKey;
  /** The device encrypted its flash itself, under a key that it made: nobody has a copy. Left out where the station did. */
  readonly flashEncryptedBy?: 'device';
  /** Secrets of this device that were put away: the ledger has them wrapped. Left out where there are none. */
  readonly escrows?: readonly { readonly what: EscrowedSecret; readonly fingerprint: string | null }[];
  readonly secureVersion: number;
  /** As the board came. */
  readonly efusesBefore: EfuseFields;
  readonly efusesAfter: {
    /** The last read-out before the door. */
    readonly readOut: EfuseFields;
    /** Fields that the last burn set, which can be read no more: their values. */
    readonly burnedAfterwards: Readonly<Record<string, number>>;
  };
  /** How it started before its door was shut, and after; left out where the recipe asks for none. */
  readonly bootProof: { readonly beforeDoor?: BootFact; readonly afterDoor?: BootFact };
  /** Set where the board was shut before it could be sealed, and a later run finished it. */
  readonly finishedLater?: FinishedLater;
  readonly waivers: readonly WaiverRecord[];
  /** What was known of the firmware; left out in records that were sealed before it was kept. */
  readonly firmware?: FirmwareFacts;
  readonly keysDestroyedAt: string | null;
  readonly software: { readonly name: 'fuseline'; readonly version: string };
}

/** How a board was finished that had been shut, and not sealed, in an earlier run. */
export interface FinishedLater {
  readonly identifiedBy: IdentifiedBy;
  /** The run that made it. */
  readonly madeIn: string;
  readonly fixture: string;
  /** Who worked there then. */
  readonly operator: string | null;
}

/** The same with run, place and person. */
export function finishedWords({ identifiedBy, madeIn, fixture, operator }: FinishedLater): string {
  const who = operator === null ? '' : `, operator ${operator}`;
  return `${identifiedBy} (${identifiedWords[identifiedBy]}); made in run ${madeIn}, finished in fixture ${fixture}${who}`;
}

/** An order: so many boards of one recipe. */
export interface BatchRecord {
  readonly id: string;
  readonly order: string | null;
  readonly recipe: RecipeRef;
  /** Boards ordered; null: open. */
  readonly count: number | null;
  readonly openedAt: string;
  readonly closedAt: string | null;
}
