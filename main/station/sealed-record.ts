import { canonicalJson } from '../base/json.ts';
import type { FirmwareFacts, WaiverRecord } from '../model/assurance.ts';
import type { Fact, KeyRole, StoredEvent } from '../model/event.ts';
import { ProgramFault } from '../model/fault.ts';
import type { IdentityKey } from '../model/identity.ts';
import type { OtaDeviceKey } from '../model/ota.ts';
import type { FinishedLater, RunRecord, SealedRecord } from '../model/record.ts';
import type { ProvisioningRecord, StorageRecord } from '../model/storage.ts';

/** What the record says beside the events: who sealed it and when. */
export interface SealFacts {
  readonly station: string;
  readonly sealedAt: string;
  readonly software: SealedRecord['software'];
}

/**
 * The sealed record as a fold over the stored events of the run that did the work (and, where the board was locked before it could be
 * sealed, of the later run that proved it: pass both, in order). What the events do not say is not in the record. Pure.
 * Throws ProgramFault `seal.incomplete` when a fact that every record must state is missing.
 */
export function sealedRecordOf(run: RunRecord, events: readonly StoredEvent[], facts: SealFacts): SealedRecord {
  const all = events.map((stored) => stored.event);
  const identified = all.findLast((event) => event.type === 'identified');
  const planned = all.find((event) => event.type === 'planned');
  if (identified?.type !== 'identified' || planned?.type !== 'planned') throw incomplete(run.id, 'identity and plan');
  const identity = identified.identity as { kind: string; revision: number; mac: string; packageVersion: number };
  const fingerprints = fingerprintsOf(all);
  const observed = (what: string) =>
    all.flatMap((event) => (event.type === 'observed' && event.what === what ? [event.value] : []));
  const before = observed('efuses-before-door').at(-1);
  if (before === undefined) throw incomplete(run.id, 'the eFuse read-out before the door');
  const firmware = observed('firmware').at(-1);
  const destroyed = events.findLast((stored) => stored.event.type === 'keys-destroyed');
  return {
    version: 1,
    run: run.id,
    batch: run.batch,
    station: facts.station,
    fixture: run.fixture,
    operator: run.operator,
    startedAt: run.startedAt,
    sealedAt: facts.sealedAt,
    recipe: run.recipe,
    planDigest: planned.planDigest,
    chip: {
      kind: identity.kind,
      revision: identity.revision,
      mac: identity.mac,
      packageVersion: identity.packageVersion,
    },
    serial: planned.facts.serial,
    images: imagesOf(observed('image')),
    secureBoot: planned.facts.secureBoot,
    keys: keysOf(planned.facts.keys, fingerprints, run.id),
    identity: identityIn(events),
    ...storageOf(observed('storage'), observed('provisioning')),
    ...otaKeyOf(observed('ota-key').at(-1)),
    ...escrowsOf(all),
    ...(all.some((event) => event.type === 'intend' && event.what === 'device-encryption')
      ? { flashEncryptedBy: 'device' as const }
      : {}),
    secureVersion: planned.facts.secureVersion,
    efusesBefore: identified.efuses,
    efusesAfter: { readOut: before, burnedAfterwards: planned.facts.door },
    bootProof: bootProofOf(all),
    ...finishedOf(observed('finishes-run').at(-1)),
    waivers: waiversOf(all),
    ...(firmware === undefined ? {} : { firmware: firmware as unknown as FirmwareFacts }),
    keysDestroyedAt: destroyed?.at ?? null,
    software: facts.software,
  };
}

/** Runs from before it was kept said only in words how they knew the board. */
function finishedOf(value: Fact | undefined): Pick<SealedRecord, 'finishedLater'> {
  const { run, fixture, operator, identifiedBy } = (value ?? {}) as unknown as Partial<FinishedLater> & {
    run?: string;
  };
  if (run === undefined || identifiedBy === undefined || fixture === undefined) return {};
  return { finishedLater: { identifiedBy, madeIn: run, fixture, operator: operator ?? null } };
}

/** What was let go; where two runs made the device, what both said stands once. */
function waiversOf(events: readonly StoredEvent['event'][]): WaiverRecord[] {
  const said = new Map<string, WaiverRecord>();
  for (const event of events) {
    if (event.type !== 'waived') continue;
    const { type: _, ...waiver } = event;
    said.set(canonicalJson(waiver), waiver);
  }
  return [...said.values()];
}

/** The last secret of each kind that was put away: a step that was carried out anew puts it away again. */
function escrowsOf(events: readonly StoredEvent['event'][]): Pick<SealedRecord, 'escrows'> {
  const last = new Map<string, NonNullable<SealedRecord['escrows']>[number]>();
  for (const event of events)
    if (event.type === 'escrowed') last.set(event.what, { what: event.what, fingerprint: event.fingerprint });
  return last.size === 0 ? {} : { escrows: [...last.values()] };
}

/** The last account of each partition, and of the credentials. */
function storageOf(
  partitions: readonly Fact[],
  credentials: readonly Fact[],
): Pick<SealedRecord, 'storage' | 'provisioning'> {
  const storage = new Map((partitions as unknown as StorageRecord[]).map((one) => [one.partition, one]));
  const provisioning = credentials.at(-1) as unknown as ProvisioningRecord | undefined;
  return {
    ...(storage.size > 0 ? { storage: [...storage.values()] } : {}),
    ...(provisioning === undefined ? {} : { provisioning }),
  };
}

/** The key for update images of its own. */
function otaKeyOf(value: Fact | undefined): Pick<SealedRecord, 'ota'> {
  return value === undefined ? {} : { ota: value as unknown as OtaDeviceKey };
}

/** The last account of each place in flash: a step that was carried out anew says it again. */
function imagesOf(values: readonly Fact[]): SealedRecord['images'] {
  const byOffset = new Map<number, SealedRecord['images'][number]>();
  for (const value of values) {
    const image = value as unknown as SealedRecord['images'][number];
    byOffset.set(image.offset, image);
  }
  return [...byOffset.values()];
}

/** The device's identity as events certified and asked for it last; null: none was made. */
export function identityIn(events: readonly StoredEvent[]): SealedRecord['identity'] {
  const last = (what: string) =>
    events.findLast(({ event }) => event.type === 'observed' && event.what === what)?.event as
      | Extract<StoredEvent['event'], { type: 'observed' }>
      | undefined;
  return identityOf(last('certificate')?.value, last('certificate-request')?.value);
}

function identityOf(certificate: Fact | undefined, request: Fact | undefined): SealedRecord['identity'] {
  const [issued, asked] = [certificate, request] as unknown as (IdentityFact | undefined)[];
  const either = issued ?? asked;
  if (either === undefined) return null;
  return {
    ...(either.key === undefined ? {} : { key: either.key }),
    publicKey: either.publicKey,
    certificatePem: issued?.pem ?? null,
    certificateSerial: issued?.serial ?? null,
    ...(asked === undefined ? {} : { csrPem: asked.pem }),
  };
}

/** Value of the events `certificate` and `certificate-request`. Runs from before there were kinds of keys name none. */
interface IdentityFact {
  readonly key?: IdentityKey;
  readonly publicKey: string;
  readonly pem: string;
  readonly serial?: string;
}

/** The fingerprint of each role's key, whether it was made now or unwrapped from an earlier run. */
function fingerprintsOf(events: readonly StoredEvent['event'][]): Map<string, string> {
  const fingerprints = new Map<string, string>();
  for (const event of events) {
    if (event.type === 'key-made') fingerprints.set(event.role, event.fingerprint);
    if (event.type === 'observed' && event.what === 'key-unwrapped') {
      const value = event.value as { role: string; fingerprint: string };
      fingerprints.set(value.role, value.fingerprint);
    }
  }
  return fingerprints;
}

function keysOf(
  planned: readonly { readonly material: string; readonly block: number; readonly digest: string | null }[],
  fingerprints: ReadonlyMap<string, string>,
  run: string,
): SealedRecord['keys'] {
  const blocks = new Map<string, { blocks: number[]; digest: string | null }>();
  for (const key of planned) {
    const entry = blocks.get(key.material) ?? { blocks: [], digest: key.digest };
    entry.blocks.push(key.block);
    blocks.set(key.material, entry);
  }
  return [...blocks].map(([material, entry]) => {
    const fingerprint = entry.digest ?? fingerprints.get(material);
    if (fingerprint === undefined) throw incomplete(run, `the fingerprint of the ${material} key`);
    return { role: material as KeyRole, blocks: entry.blocks, fingerprint };
  });
}

function bootProofOf(events: readonly StoredEvent['event'][]): Fact {
  const proofs: Record<string, Fact> = {};
  for (const event of events) {
    if (event.type !== 'verified') continue;
    if (event.what === 'boot') proofs.beforeDoor = event.detail;
    if (event.what === 'sealed-boot') proofs.afterDoor = event.detail;
  }
  return proofs;
}

function incomplete(run: string, what: string): ProgramFault {
  return new ProgramFault({
    code: 'seal.incomplete',
    what: `The events of run ${run} do not state ${what}, so no record can be sealed from them.`,
    next: 'Keep the board aside and report this with the run number; the board itself is as the events say.',
    safety: 'resumable',
  });
}
