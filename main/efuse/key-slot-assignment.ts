// Wished keys against the key blocks: a slot for each, what is left to do there, and what stands against it.

import { bitsOfValue } from './bits.ts';
import type { WantedBit } from './block0-programs.ts';
import { deviceKey, roomFor } from './device-keys.ts';
import { mistake } from './field-checks.ts';
import { overlap, readDisableBitsOf } from './parts.ts';
import type { EfusePast, EfuseRefusal, SlotAssignment, WantedEfuses, WantedKey } from './plan-types.ts';
import {
  assignSlots,
  blockName,
  digestComplete,
  domainOf,
  isPartHidden,
  keyName,
  keyNames,
  type SlotState,
  type SlotUse,
  sound,
} from './slots.ts';
import { isFrozen, readNumber } from './snapshot.ts';
import { fieldOf, hasField, keyBlockOf, keySlotsOf, purposeFieldOf, purposeRule, readDisablePlace } from './tables.ts';
import type { EfuseSnapshot, EfuseTable, KeyPurposeRule } from './types.ts';

/** Gives each wanted key a slot, or says why not. */
export function assignKeySlots(
  snapshot: EfuseSnapshot,
  { keys: wanted, deviceKeys = [] }: Pick<WantedEfuses, 'keys' | 'deviceKeys'>,
  states: readonly SlotState[],
  uses: readonly SlotUse[],
  past: EfusePast,
): { readonly slots: readonly SlotAssignment[]; readonly refusals: readonly EfuseRefusal[] } {
  const { table } = snapshot;
  const refusals: EfuseRefusal[] = [
    ...slotRefusals(table, states, uses),
    ...pairRefusals([...wanted, ...deviceKeys.map(deviceKey)]),
  ];
  const possible: { key: WantedKey; rule: KeyPurposeRule; domain: readonly number[] }[] = [];
  for (const [index, key] of wanted.entries()) {
    const rule = table.purposes.find(({ purpose }) => purpose === key.purpose);
    const refusal = rule === undefined ? noPurpose(table, key) : keyRefusal(table, key, rule);
    if (refusal !== null) refusals.push(refusal);
    else possible.push({ key, rule: rule!, domain: domainOf(index, key, rule!, uses) });
  }
  const asked = possible.length;
  for (const key of roomFor(deviceKeys, table, states)) {
    const rule = purposeRule(table, key.purpose);
    possible.push({ key, rule, domain: domainOf(-1, key, rule, uses) });
  }
  const assigned = assignSlots(
    possible.map(({ domain }) => domain),
    (a, b) => overlap(possible[a]!.rule.part, possible[b]!.rule.part),
  );
  if ('colliding' in assigned) {
    const { colliding, tooMany } = assigned;
    const names = keyNames(colliding.map((index) => possible[index]!.key));
    const free = uses.filter(({ use }) => use === 'free').length;
    const all = table.keyBlocks.length;
    const fixes = possible.some(({ key }) => key.slot !== null) ? ', and the recipe fixes some' : '';
    refusals.push({
      code: 'efuse.no-free-slot',
      what:
        all === 1 && free === 1
          ? `The one key block of ${table.name} has no room for ${listed(names)} together.`
          : `No key slots can be found for ${listed(names)} together: ${free} of ${all} are free${fixes}, ${tooMany === 1 ? 'one' : tooMany} too few for these.`,
      next: `Let the recipe do without keys of ${tooMany === 1 ? 'one block' : `${tooMany} blocks`} among these${fixes === '' ? '' : ', or fix fewer slots'}; where this board alone is short of slots, set it aside.`,
      // On virgin silicon it is the recipe that asks too much.
      condemns: free < all,
    });
    return { slots: [], refusals };
  }
  const slots = possible
    .slice(0, asked)
    .map(({ key, rule }, i) => assignmentOf(snapshot, key, rule, states[assigned.slots[i]!]!, past));
  for (const [at, slot] of slots.entries())
    refusals.push(...lockRefusals(snapshot, slot, possible[at]!.rule, states[slot.slot]!, slots));
  const secretsFirst = (slot: SlotAssignment) => (slot.material.kind === 'secret' ? 0 : 1);
  return { slots: slots.sort((a, b) => secretsFirst(a) - secretsFirst(b) || a.slot - b.slot), refusals };
}

/** 'a, b and c' */
function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function slotRefusals(table: EfuseTable, states: readonly SlotState[], uses: readonly SlotUse[]): EfuseRefusal[] {
  return uses.flatMap((use, slot) => {
    if (use.use === 'refused') return [use.refusal];
    if (use.use !== 'foreign') return [];
    const { purpose } = states[slot]!;
    const name = table.purposes.find(({ number }) => number === purpose)?.purpose ?? `purpose ${purpose}`;
    return [
      {
        code: 'efuse.foreign-key',
        what: `${blockName(table, slot)} holds something that this station did not burn${purpose === null ? '' : ` (${name})`}.`,
        next: 'Set the board aside: somebody else has put a key into it.',
        condemns: true,
      },
    ];
  });
}

function noPurpose(table: EfuseTable, key: WantedKey): EfuseRefusal {
  return mistake(
    'efuse.purpose-unsupported',
    `${table.name} has no key purpose ${key.purpose}, which ${keyName(key)} needs.`,
    'Leave the key out, or make the product from silicon that has it.',
  );
}

function keyRefusal(table: EfuseTable, key: WantedKey, rule: KeyPurposeRule): EfuseRefusal | null {
  if (rule.refusal !== null)
    return mistake(
      'efuse.purpose-unsupported',
      `${key.purpose} must not be burned on ${table.name}: ${rule.refusal}.`,
      'Leave the key out, or make the product from other silicon.',
    );
  const last = table.keyBlocks.length - 1;
  if (key.slot !== null && !keySlotsOf(table).includes(key.slot))
    return mistake(
      'efuse.no-such-slot',
      `${table.name} has no key slot ${key.slot}.`,
      last === 0 ? 'Write 0, or let the station choose.' : `Write a slot from 0 to ${last}.`,
    );
  if (key.slot !== null && rule.forbiddenSlots.includes(key.slot))
    return mistake(
      'efuse.forbidden-slot',
      `${blockName(table, key.slot)} of ${table.name} cannot hold ${key.purpose}: the hardware does not find it there.`,
      'Choose another slot, or let the station choose.',
    );
  return null;
}

/** Purposes that cannot stand beside each other (FACTS 2.5). */
function pairRefusals(wanted: readonly WantedKey[]): EfuseRefusal[] {
  const refusals: EfuseRefusal[] = [];
  const purposes = wanted.map(({ purpose }) => purpose);
  const has = (purpose: string) => purposes.some((name) => name === purpose);
  const twice = purposes.filter((purpose, i) => purpose !== 'USER' && purposes.indexOf(purpose) !== i);
  if (twice.length > 0)
    refusals.push(
      mistake(
        'efuse.purpose-twice',
        `${twice.join(', ')} is wanted twice, and the chip would use the first block of that purpose for both.`,
        'Ask for each purpose once.',
      ),
    );
  const forms = [
    has('XTS_AES_128_KEY'),
    has('XTS_AES_128_KEY_DERIVED_FROM_128_EFUSE_BITS'),
    has('XTS_AES_256_KEY_1') || has('XTS_AES_256_KEY_2'),
  ];
  if (forms.filter((form) => form).length > 1)
    refusals.push(
      mistake('efuse.two-flash-keys', 'A chip encrypts its flash with one form of key, not with two.', 'Choose one.'),
    );
  if (has('XTS_AES_256_KEY_1') !== has('XTS_AES_256_KEY_2'))
    refusals.push(
      mistake(
        'efuse.half-flash-key',
        'An XTS-AES-256 key needs both its blocks.',
        'Ask for XTS_AES_256_KEY_1 and _KEY_2.',
      ),
    );
  if (has('ECDSA_KEY_P384_L') !== has('ECDSA_KEY_P384_H'))
    refusals.push(
      mistake(
        'efuse.half-ecdsa-key',
        'A P-384 key needs both its blocks.',
        'Ask for ECDSA_KEY_P384_L and ECDSA_KEY_P384_H.',
      ),
    );
  return refusals;
}

function assignmentOf(
  snapshot: EfuseSnapshot,
  { material, purpose }: WantedKey,
  rule: KeyPurposeRule,
  state: SlotState,
  past: EfusePast,
): SlotAssignment {
  const { table } = snapshot;
  const hidden = isPartHidden(table, state, rule.part);
  const earlier =
    material.kind === 'secret' &&
    past.slots.find(({ slot, role, part }) => slot === state.slot && role === material.role && part === material.part);
  const proven = earlier !== false && earlier?.proven === true && !state.blank;
  const complete =
    material.kind === 'digest'
      ? digestComplete(state, rule.part, material.sha256) && !state.blank
      : proven && (hidden || sound(state.health));
  const unmarked = rule.marks.some(({ field, value }) => readNumber(snapshot, field) !== value);
  return {
    slot: state.slot,
    block: state.block,
    purpose,
    material,
    todo: {
      content: !complete,
      purpose: state.purpose !== rule.number || unmarked,
      readProtect: rule.readProtect === 'required' && !hidden,
      writeProtect: !state.blockFrozen || (state.purpose !== null && !state.purposeFrozen),
    },
  };
}

/** What protections burned too early make impossible for a key. */
function lockRefusals(
  snapshot: EfuseSnapshot,
  { todo, material, purpose, block }: SlotAssignment,
  { part }: KeyPurposeRule,
  state: SlotState,
  all: readonly SlotAssignment[],
): EfuseRefusal[] {
  const { table } = snapshot;
  const refusals: EfuseRefusal[] = [];
  const condemned = (code: string, what: string) =>
    refusals.push({ code, what, next: 'Set the board aside: it cannot become this product.', condemns: true });
  const name = blockName(table, state.slot);
  const hidden = isPartHidden(table, state, part);
  if (todo.readProtect && isFrozen(snapshot, fieldOf(table, 'RD_DIS').writeDisableBit))
    condemned('efuse.rd-dis-locked', `RD_DIS is write-protected, so the ${purpose} of ${name} could never be hidden.`);
  if (todo.purpose && state.purposeFrozen)
    condemned('efuse.purpose-locked', `The purpose of ${name} is write-protected and is not ${purpose}.`);
  if (todo.content && state.blockFrozen && material.kind === 'digest')
    condemned('efuse.block-locked', `${name} is write-protected and does not hold the whole digest.`);
  // What is proven beside it can be burned no second time: Reed-Solomon blocks are burned once.
  const done = all.find((other) => other.block === block && other.material.kind === 'secret' && !other.todo.content);
  if (todo.content && done !== undefined)
    condemned('efuse.block-burned-once', `${name} was burned for ${done.purpose} and lacks the ${purpose}.`);
  if (hidden && state.health.failed)
    condemned('efuse.key-unreadable', `${name} is hidden and has more wrong bytes than its code can set right.`);
  if (material.kind === 'digest') {
    if (hidden)
      condemned(
        'efuse.digest-hidden',
        `${name} holds a Secure Boot digest and is read-protected: the ROM cannot see it.`,
      );
    const revoked = `SECURE_BOOT_KEY_REVOKE${material.index}`;
    if (hasField(table, revoked) && readNumber(snapshot, revoked) !== 0)
      condemned('efuse.digest-revoked', `Secure Boot digest ${material.index} is revoked on this board.`);
  }
  return refusals;
}

/** BLOCK0 bits that the keys need, all of them: what is there already is taken off later. */
export function keyBits(table: EfuseTable, slots: readonly SlotAssignment[]): WantedBit[] {
  return slots.flatMap(({ slot, block, purpose }) => {
    const rule = purposeRule(table, purpose);
    const own = table.blocks[block]!;
    const field = purposeFieldOf(table, slot);
    const name = own.name;
    const said = [
      ...(field === null ? [] : bitsOfValue(field, rule.number ?? 0)),
      ...rule.marks.flatMap((mark) => bitsOfValue(fieldOf(table, mark.field), mark.value)),
    ];
    const bits: WantedBit[] = said.map((bit) => ({
      bit,
      stage: 'keys',
      last: false,
      reason: `${name} is for ${purpose}`,
    }));
    const readProtect = (bit: number, reason: string) => bits.push({ bit, stage: 'read-protect', last: false, reason });
    readProtect(own.writeDisableBit!, `the ${purpose} in ${name} stays as it is`);
    if (field !== null) readProtect(field.writeDisableBit!, `the purpose of ${name} stays ${purpose}`);
    if (rule.readProtect === 'required')
      for (const bit of readDisableBitsOf(own, rule.part))
        readProtect(readDisablePlace(table, bit), `no software reads the ${purpose} in ${name}`);
    return bits;
  });
}

/** A block that was given up is hidden and frozen as it is, without a purpose (FACTS 13.2). */
export function leftBehindBits(
  snapshot: EfuseSnapshot,
  states: readonly SlotState[],
  uses: readonly SlotUse[],
): WantedBit[] {
  return states.flatMap((state) => {
    const use = uses[state.slot]!;
    if (use.use !== 'none' || !use.leftBehind) return [];
    const { table } = snapshot;
    const { name, writeDisableBit, readDisableBits } = keyBlockOf(table, state.slot);
    const canHide = !isFrozen(snapshot, fieldOf(table, 'RD_DIS').writeDisableBit);
    const reason = `${name} was spoiled and serves nobody any more`;
    const field = purposeFieldOf(table, state.slot);
    return [
      writeDisableBit!,
      ...(field === null ? [] : [field.writeDisableBit!]),
      ...(canHide ? readDisableBits.map((bit) => readDisablePlace(table, bit)) : []),
    ].map((bit) => ({
      bit,
      stage: 'read-protect' as const,
      last: false,
      reason,
    }));
  });
}
