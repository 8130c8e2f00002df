import { concat, equalBytes, isFilledWith } from '../base/bytes.ts';
import { SecretBytes } from '../base/secret.ts';
import { bitName } from '../efuse/bits.ts';
import { macNumber } from '../efuse/custom-mac.ts';
import { partOf } from '../efuse/parts.ts';
import { digestBytes, isPartHidden, type SlotState, slotState, sound } from '../efuse/slots.ts';
import { bitOf, bitsOfField, decodeSnapshot } from '../efuse/snapshot.ts';
import { contradictions } from '../efuse/successor.ts';
import { fieldOf, hasField, keySlotsOf } from '../efuse/tables.ts';
import type { EfuseSnapshot, EfuseTable } from '../efuse/types.ts';
import type { DeviceHistory } from '../ledger/ledger.ts';
import type { ChipIdentity } from '../model/chip.ts';
import type { KeyRole, StoredEvent } from '../model/event.ts';
import type { BitsFact, KeyBlockFact } from '../model/evidence/burns.ts';
import type { EfuseFields } from '../model/evidence/efuses.ts';
import { BoardFault, type Fault } from '../model/fault.ts';
import { noteFingerprint } from './burn-history.ts';

type SecretOnRecord = Extract<KeyBlockFact, { readonly role: KeyRole }> & { readonly fingerprint: string | null };

/** What is on record of the chip that a MAC belongs to: what was read of it, and what was read back after it was burned. */
interface OnRecord {
  readonly kind: string | null;
  /** Every read-out, oldest first. */
  readonly readOuts: readonly EfuseFields[];
  readonly bits: readonly BitsFact[];
  readonly keys: readonly (KeyBlockFact & { readonly fingerprint: string | null })[];
  /** Fields that somebody began to burn and nobody saw whole: any of their bits may be in, and read either way. */
  readonly unsure: ReadonlySet<string>;
  /** The latest run that read it. */
  readonly run: { readonly id: string; readonly fixture: string; readonly startedAt: string } | null;
}

/**
 * How the chip at hand contradicts what the ledger knows of the chip of this MAC, in words; empty: it may be that one. Bits that were read
 * back must be in, what was hidden must be hidden, a key block must hold its key where it can be read. A burn that was cut off may have left
 * any of its bits. Pure.
 */
export function contradictionsOf(history: DeviceHistory, kind: string, snapshot: EfuseSnapshot): string[] {
  return contradictionsWith(onRecordOf(history), kind, snapshot);
}

function contradictionsWith(known: OnRecord, kind: string, snapshot: EfuseSnapshot): string[] {
  if (known.kind !== null && known.kind !== kind) return [`it was an ${known.kind} and is an ${kind}`];
  const decoded = decodeSnapshot(snapshot);
  return [
    ...new Set([
      ...known.readOuts.flatMap((fields) => contradictions(fields, snapshot, decoded, known.unsure)),
      ...known.bits.flatMap((fact) => missingBits(fact, snapshot)),
      ...wrongKeys(known.keys, snapshot),
    ]),
  ];
}

/** Whether another chip lies in the fixture than the one that the ledger knows by this MAC. Null: it may be that one. */
export function refuseOtherChip(
  history: DeviceHistory,
  { kind, mac }: Pick<ChipIdentity, 'kind' | 'mac'>,
  snapshot: EfuseSnapshot,
  fixture: string,
): Fault | null {
  const known = onRecordOf(history);
  const found = contradictionsWith(known, kind, snapshot);
  if (found.length === 0) return null;
  const { run } = known;
  const more = found.length > shownReasons ? `, and ${found.length - shownReasons} more` : '';
  const sealed = history.sealed === null ? '' : `, sealed in run ${history.sealed.run}`;
  return new BoardFault({
    code: 'admission.other-chip',
    what: `Two chips say that they are ${mac}: the one of this ledger (fixture ${run?.fixture}, run ${run?.id}, ${run?.startedAt}${sealed}), and the one in fixture ${fixture}, which is another: ${found.slice(0, shownReasons).join('; ')}${more}.`,
    next: 'Set this board aside and keep it: a MAC exists twice, by mistake of its maker or by somebody who copies. The other board goes on when it comes again. Nothing was burned into this one, and no key was taken up for it.',
    safety: 'untouched',
    details: { mac, recordedRun: run?.id ?? null, recordedFixture: run?.fixture ?? null, differences: found.length },
  });
}

/** How many differences a message names. */
const shownReasons = 4;

function onRecordOf({ runs }: DeviceHistory): OnRecord {
  const readOuts: EfuseFields[] = [];
  const bits: BitsFact[] = [];
  const keys = new Map<string, KeyBlockFact & { fingerprint: string | null }>();
  const unsure = new Set<string>();
  let kind: string | null = null;
  let run: OnRecord['run'] = null;
  for (const { run: earlier, events } of runs) {
    const fingerprints = new Map<KeyRole, string>();
    for (const { event } of events) {
      noteFingerprint(fingerprints, event);
      if (event.type === 'identified') {
        readOuts.push(event.efuses);
        kind = event.identity.kind;
        run = earlier;
      }
      if (event.type === 'observed' && event.what === 'efuses-before-door') readOuts.push(event.value);
      noteBits(event, bits, unsure);
      if (event.type === 'verified' && event.what === 'key-block') {
        const fingerprint = 'role' in event.detail ? (fingerprints.get(event.detail.role) ?? null) : null;
        keys.set(nameOfKey(event.detail), { ...event.detail, fingerprint });
      }
    }
  }
  return { kind, readOuts, bits, keys: [...keys.values()], unsure, run };
}

const nameOfKey = (key: KeyBlockFact) => `${key.slot} ${'role' in key ? `${key.role} ${key.part}` : key.digest}`;

/** Fields are unsure from the intent to burn them until they were read back. */
function noteBits(event: StoredEvent['event'], bits: BitsFact[], unsure: Set<string>): void {
  if (event.type === 'intend' && event.what === 'custom-mac')
    for (const field of fieldsOfBlock(event.detail.field)) unsure.add(field);
  else if (event.type === 'intend' && event.what !== 'key-block')
    for (const { field } of event.detail.fields) unsure.add(rootOf(field));
  if (event.type === 'verified' && event.what === 'custom-mac') {
    const { block, field, mac } = event.detail;
    bits.push({ block, stage: 'keys', fields: [{ field, from: 0, to: macNumber(mac) }] });
    for (const name of fieldsOfBlock(field)) unsure.delete(name);
  }
  if (event.type !== 'verified' || event.what !== 'bits') return;
  bits.push(event.detail);
  for (const { field } of event.detail.fields) unsure.delete(rootOf(field));
}

/** A field of a block that is burned as a whole, and the field that is the whole. */
function fieldsOfBlock(field: string): string[] {
  return [...new Set([field, field.split('.')[0]!])];
}

/** `WR_DIS.RD_DIS` is one bit of WR_DIS. */
const rootOf = (field: string) => /^(WR|RD)_DIS\./.exec(field)?.[0].slice(0, -1) ?? field;

function missingBits({ block, fields }: BitsFact, snapshot: EfuseSnapshot): string[] {
  const { table, blocks } = snapshot;
  const words = blocks[block] ?? [];
  return fields.flatMap(({ field, to }) => {
    const missing = placesOf(table, field, to).filter((bit) => bitOf(words, bit) === 0);
    return missing.length === 0 ? [] : [`${field} was burned to ${to} and is not`];
  });
}

/** Bits of its block that are 1 when a field, or a bit of WR_DIS or RD_DIS by the plan's name, holds a value. */
function placesOf(table: EfuseTable, name: string, value: number): number[] {
  if (/^(WR|RD)_DIS\./.test(name)) {
    const bits = Array.from({ length: 32 * table.blocks[0]!.words }, (_, bit) => bit);
    return value === 0 ? [] : bits.filter((bit) => bitName(table, bit) === name).slice(0, 1);
  }
  if (!hasField(table, name)) return [];
  return bitsOfField(fieldOf(table, name))
    .filter((_, weight) => Math.floor(value / 2 ** weight) % 2 === 1)
    .map(({ bit }) => bit);
}

/** Key blocks that were read back and hold now, where they can be read, nothing or something else. */
function wrongKeys(keys: OnRecord['keys'], snapshot: EfuseSnapshot): string[] {
  const { table } = snapshot;
  const states = new Map(keySlotsOf(table).map((slot) => [slot, slotState(snapshot, slot)]));
  const found: string[] = [];
  for (const key of keys) {
    const state = states.get(key.slot);
    const rule = table.purposes.find(({ purpose }) => purpose === key.purpose);
    if (state === undefined || rule === undefined || isPartHidden(table, state, rule.part)) continue;
    if (isEmpty(state, rule.part)) found.push(`${key.name} held the ${key.purpose} and is blank`);
    else if ('sha256' in key ? isOtherDigest(state, rule.part, key.sha256) : isOtherKey(key, keys, states, table))
      found.push(`${key.name} holds another ${key.purpose} than the one that was read back`);
  }
  return found;
}

function isEmpty({ content }: SlotState, part: Parameters<typeof partOf>[1]): boolean {
  return isFilledWith(partOf(content, part), 0);
}

function isOtherDigest({ content, health }: SlotState, part: Parameters<typeof partOf>[1], sha256: string): boolean {
  return sound(health) && !equalBytes(partOf(content, part), digestBytes(sha256, part));
}

/** Whether the bytes of a key that can be read have another fingerprint. Of a key in two blocks both have to be readable. */
function isOtherKey(
  key: SecretOnRecord,
  keys: OnRecord['keys'],
  states: ReadonlyMap<number, SlotState>,
  table: EfuseTable,
): boolean {
  const bytes = keyBytesOf(key, keys, states, table);
  if (bytes === null || key.fingerprint === null) return false;
  using secret = SecretBytes.adopt(bytes);
  return secret.fingerprint() !== key.fingerprint;
}

/** A key as it was before it went into its blocks: see `halfScalar` of the step that burns keys. Null: it cannot all be read. */
function keyBytesOf(
  key: SecretOnRecord,
  keys: OnRecord['keys'],
  states: ReadonlyMap<number, SlotState>,
  table: EfuseTable,
): Uint8Array | null {
  const read = (part: SecretOnRecord['part']): Uint8Array | null => {
    const block = keys.find(
      (one): one is SecretOnRecord =>
        'role' in one && one.role === key.role && one.part === part && one.fingerprint === key.fingerprint,
    );
    const state = block && states.get(block.slot);
    const rule = table.purposes.find(({ purpose }) => purpose === block?.purpose);
    if (state === undefined || rule === undefined) return null;
    if (isPartHidden(table, state, rule.part) || !sound(state.health)) return null;
    const bytes = partOf(state.content, rule.part).slice();
    return rule.reversed ? bytes.reverse() : bytes;
  };
  if (key.part === 'whole') return read('whole');
  const [low, high] = [read('low'), read('high')];
  if (low === null || high === null) return null;
  const whole = key.role === 'ecdsa-identity' ? concat(high.subarray(16), low) : concat(low, high);
  low.fill(0);
  high.fill(0);
  return whole;
}
