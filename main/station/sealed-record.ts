import { canonicalJson } from '../base/json.ts';
import { writeDisableBitNamed } from '../efuse/bits.ts';
import { efuseTableFor } from '../efuse/tables.ts';
import type { ChipKind } from '../model/chip.ts';
import type { StoredEvent } from '../model/event.ts';
import { checkedSealedRecord, sealedRecordVersion } from '../model/evidence/sealed-record.ts';
import { ProgramFault } from '../model/fault.ts';
import type { RunRecord, SealedRecord } from '../model/record.ts';
import { type Told, toldBy } from './told.ts';

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
  const told = toldBy(events);
  const { identified, planned, efusesBeforeDoor } = told;
  if (identified === null || planned === null) throw incomplete(run.id, 'identity and plan');
  if (efusesBeforeDoor === null) throw incomplete(run.id, 'the eFuse read-out before the door');
  const { kind, revision, mac, packageVersion } = identified.identity;
  return checkedSealedRecord({
    version: sealedRecordVersion,
    run: run.id,
    batch: run.batch,
    station: facts.station,
    fixture: run.fixture,
    operator: run.operator,
    startedAt: run.startedAt,
    sealedAt: facts.sealedAt,
    recipe: run.recipe,
    planDigest: planned.planDigest,
    chip: { kind, revision, mac, packageVersion },
    serial: planned.facts.serial,
    images: [...told.images.values()],
    secureBoot: planned.facts.secureBoot,
    keys: keysOf(planned.facts.keys, told, run.id),
    identity: identityOf(told),
    ...(told.storage.size > 0 ? { storage: [...told.storage.values()] } : {}),
    ...(told.provisioning === null ? {} : { provisioning: told.provisioning }),
    ...(told.ota === null ? {} : { ota: told.ota }),
    ...(told.escrows.size > 0 ? { escrows: [...told.escrows.values()] } : {}),
    ...(told.encryptsItself ? { flashEncryptedBy: 'device' as const } : {}),
    secureVersion: planned.facts.secureVersion,
    efusesBefore: identified.efuses,
    efusesAfter: { readOut: efusesBeforeDoor, burnedAfterwards: { ...enabledSince(told), ...planned.facts.door } },
    bootProof: told.bootProof,
    ...(told.finishedLater ? { finishedLater: told.finishedLater } : {}),
    waivers: [...new Map(told.waivers.map((waiver) => [canonicalJson(waiver), waiver])).values()],
    ...(told.firmware === null ? {} : { firmware: told.firmware }),
    keysDestroyedAt: told.keysDestroyedAt,
    software: facts.software,
  });
}

/** The fields behind the last read-out, by their final values. */
function enabledSince({ identified, efusesBeforeDoor: read, enabledSince: bits }: Told): Record<string, number> {
  const values: Record<string, number> = {};
  if (bits.length === 0) return values;
  const { kind, revision } = identified!.identity;
  const table = efuseTableFor(kind as ChipKind, revision);
  const before = (name: string) => Number(read?.[name]?.value ?? 0);
  for (const { field, to } of bits) {
    const frozen = writeDisableBitNamed(table, field);
    if (frozen === null) values[field] = to;
    else values.WR_DIS = ((values.WR_DIS ?? before('WR_DIS')) | (1 << frozen)) >>> 0;
  }
  return values;
}

/** The device's identity as events certified and asked for it last; null: none was made. */
export function identityIn(events: readonly StoredEvent[]): SealedRecord['identity'] {
  return identityOf(toldBy(events));
}

function identityOf({ certificate, request }: Told): SealedRecord['identity'] {
  const either = certificate ?? request;
  if (either === null) return null;
  return {
    ...(either.key === undefined ? {} : { key: either.key }),
    publicKey: either.publicKey,
    certificatePem: certificate?.pem ?? null,
    certificateSerial: certificate?.serial ?? null,
    ...(request === null ? {} : { csrPem: request.pem }),
  };
}

function keysOf(
  planned: NonNullable<Told['planned']>['facts']['keys'],
  { fingerprints }: Told,
  run: string,
): SealedRecord['keys'] {
  const keys = new Map<SealedRecord['keys'][number]['role'], { blocks: number[]; fingerprint: string }>();
  const prints: ReadonlyMap<string, string> = fingerprints;
  for (const { material, block, digest } of planned) {
    const fingerprint = keys.get(material)?.fingerprint ?? digest ?? prints.get(material);
    if (fingerprint === undefined) throw incomplete(run, `the fingerprint of the ${material} key`);
    keys.set(material, { blocks: [...(keys.get(material)?.blocks ?? []), block], fingerprint });
  }
  return [...keys].map(([role, key]) => ({ role, ...key }));
}

function incomplete(run: string, what: string): ProgramFault {
  return new ProgramFault({
    code: 'seal.incomplete',
    what: `The events of run ${run} do not state ${what}, so no record can be sealed from them.`,
    next: 'Keep the board aside and report this with the run number; the board itself is as the events say.',
    safety: 'resumable',
  });
}
