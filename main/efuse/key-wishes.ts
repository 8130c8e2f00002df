// Wished keys against the six key blocks: a slot for each, what is left to do there, and what stands against it.

import { bitsOfValue } from './bits.ts';
import type { WantedBit } from './block0-programs.ts';
import type { EfusePast, EfuseRefusal, SlotAssignment, WantedKey } from './plan-types.ts';
import {
  assignSlots,
  digestComplete,
  domainOf,
  keyName,
  keySlots,
  type SlotState,
  type SlotUse,
  sound,
} from './slots.ts';
import { isFrozen, readNumber } from './snapshot.ts';
import { fieldOf, keyBlockOf, purposeFieldOf } from './tables.ts';
import type { EfuseSnapshot, EfuseTable, KeyPurposeRule } from './types.ts';
import { mistake } from './wishes.ts';

/** Gives each wanted key a slot, or says why not. */
export function assignKeys(
  snapshot: EfuseSnapshot,
  wanted: readonly WantedKey[],
  states: readonly SlotState[],
  uses: readonly SlotUse[],
  past: EfusePast,
): { readonly slots: readonly SlotAssignment[]; readonly refusals: readonly EfuseRefusal[] } {
  const { table } = snapshot;
  const refusals: EfuseRefusal[] = [...slotRefusals(table, states, uses), ...pairRefusals(wanted)];
  const possible: { key: WantedKey; rule: KeyPurposeRule; domain: readonly number[] }[] = [];
  for (const [index, key] of wanted.entries()) {
    const rule = table.purposes.find(({ purpose }) => purpose === key.purpose);
    const refusal = rule === undefined ? noPurpose(table, key) : keyRefusal(table, key, rule);
    if (refusal !== null) refusals.push(refusal);
    else possible.push({ key, rule: rule!, domain: domainOf(index, key, rule!, uses) });
  }
  const assigned = assignSlots(possible.map(({ domain }) => domain));
  if ('colliding' in assigned) {
    const names = assigned.colliding.map((index) => keyName(possible[index]!.key));
    const free = uses.filter(({ use }) => use === 'free').length;
    refusals.push({
      code: 'efuse.no-free-slot',
      what: `No key slots can be found for ${names.join(', ')} together: ${free} of 6 are free${possible.some(({ key }) => key.slot !== null) ? ', and the recipe fixes some' : ''}.`,
      next: 'Let the recipe ask for fewer keys or fix fewer slots; where this board alone is short of slots, set it aside.',
      // On virgin silicon it is the recipe that asks too much.
      condemns: free < 6,
    });
    return { slots: [], refusals };
  }
  const slots = possible.map(({ key, rule }, i) =>
    assignmentOf(snapshot, key, rule, states[assigned.slots[i]!]!, past),
  );
  refusals.push(...slots.flatMap((slot) => lockRefusals(snapshot, slot, states[slot.slot]!)));
  const secretsFirst = (slot: SlotAssignment) => (slot.material.kind === 'secret' ? 0 : 1);
  return { slots: slots.sort((a, b) => secretsFirst(a) - secretsFirst(b) || a.slot - b.slot), refusals };
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
        what: `BLOCK_KEY${slot} holds something that this station did not burn (${name}).`,
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
  if (key.slot !== null && !keySlots.includes(key.slot))
    return mistake('efuse.no-such-slot', `There is no key slot ${key.slot}.`, 'Write a slot from 0 to 5.');
  if (key.slot !== null && rule.forbiddenSlots.includes(key.slot))
    return mistake(
      'efuse.forbidden-slot',
      `BLOCK_KEY${key.slot} of ${table.name} cannot hold ${key.purpose}: the hardware does not find it there.`,
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
  if (has('XTS_AES_128_KEY') && (has('XTS_AES_256_KEY_1') || has('XTS_AES_256_KEY_2')))
    refusals.push(
      mistake(
        'efuse.two-flash-keys',
        'A chip encrypts its flash with XTS-AES-128 or with XTS-AES-256, not with both.',
        'Choose one.',
      ),
    );
  if (has('XTS_AES_256_KEY_1') !== has('XTS_AES_256_KEY_2'))
    refusals.push(
      mistake(
        'efuse.half-flash-key',
        'An XTS-AES-256 key needs both its blocks.',
        'Ask for XTS_AES_256_KEY_1 and _KEY_2.',
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
  const earlier = past.slots.find(({ slot }) => slot === state.slot);
  const proven = earlier?.proven === true && !state.blank;
  const complete =
    material.kind === 'digest'
      ? digestComplete(state, material.sha256) && !state.blank
      : proven && (state.hidden || sound(state.health));
  return {
    slot: state.slot,
    block: state.block,
    purpose,
    material,
    todo: {
      content: !complete,
      purpose: readNumber(snapshot, `KEY_PURPOSE_${state.slot}`) !== rule.number,
      readProtect: rule.readProtect === 'required' && !state.hidden,
      writeProtect: !state.blockFrozen || !state.purposeFrozen,
    },
  };
}

/** What protections burned too early make impossible for a key. */
function lockRefusals(
  snapshot: EfuseSnapshot,
  { todo, material, purpose }: SlotAssignment,
  state: SlotState,
): EfuseRefusal[] {
  const refusals: EfuseRefusal[] = [];
  const condemned = (code: string, what: string) =>
    refusals.push({ code, what, next: 'Set the board aside: it cannot become this product.', condemns: true });
  const name = `BLOCK_KEY${state.slot}`;
  if (todo.readProtect && isFrozen(snapshot, fieldOf(snapshot.table, 'RD_DIS').writeDisableBit))
    condemned('efuse.rd-dis-locked', `RD_DIS is write-protected, so the ${purpose} of ${name} could never be hidden.`);
  if (todo.purpose && state.purposeFrozen)
    condemned('efuse.purpose-locked', `The purpose of ${name} is write-protected and is not ${purpose}.`);
  if (todo.content && state.blockFrozen && material.kind === 'digest')
    condemned('efuse.block-locked', `${name} is write-protected and does not hold the whole digest.`);
  if (state.hidden && !sound(state.health) && state.health.failed)
    condemned('efuse.key-unreadable', `${name} is hidden and has more wrong bytes than its code can set right.`);
  if (material.kind === 'digest') {
    if (state.hidden)
      condemned(
        'efuse.digest-hidden',
        `${name} holds a Secure Boot digest and is read-protected: the ROM cannot see it.`,
      );
    if (readNumber(snapshot, `SECURE_BOOT_KEY_REVOKE${material.index}`) !== 0)
      condemned('efuse.digest-revoked', `Secure Boot digest ${material.index} is revoked on this board.`);
  }
  return refusals;
}

/** BLOCK0 bits that the keys need, all of them: what is there already is taken off later. */
export function keyBits(table: EfuseTable, slots: readonly SlotAssignment[]): WantedBit[] {
  return slots.flatMap(({ slot, block, purpose }) => {
    const rule = table.purposes.find((candidate) => candidate.purpose === purpose)!;
    const { writeDisableBit, readDisableBit } = table.blocks[block]!;
    const field = purposeFieldOf(table, slot);
    const name = `BLOCK_KEY${slot}`;
    const bits: WantedBit[] = bitsOfValue(field, rule.number).map((bit) => ({
      bit,
      stage: 'keys',
      last: false,
      reason: `${name} is for ${purpose}`,
    }));
    const hide = (bit: number, reason: string) => bits.push({ bit, stage: 'hide', last: false, reason });
    hide(writeDisableBit!, `the ${purpose} in ${name} stays as it is`);
    hide(field.writeDisableBit!, `the purpose of ${name} stays ${purpose}`);
    if (rule.readProtect === 'required') hide(32 + readDisableBit!, `no software reads the ${purpose} in ${name}`);
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
    const { writeDisableBit, readDisableBit } = keyBlockOf(table, state.slot);
    const canHide = !isFrozen(snapshot, fieldOf(table, 'RD_DIS').writeDisableBit);
    const reason = `BLOCK_KEY${state.slot} was spoiled and serves nobody any more`;
    return [
      writeDisableBit!,
      purposeFieldOf(table, state.slot).writeDisableBit!,
      ...(canHide ? [32 + readDisableBit!] : []),
    ].map((bit) => ({
      bit,
      stage: 'hide' as const,
      last: false,
      reason,
    }));
  });
}
