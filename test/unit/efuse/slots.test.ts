import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../../main/base/random.ts';
import { planBurn } from '../../../main/efuse/plan.ts';
import type { WantedKey } from '../../../main/efuse/plan-types.ts';
import { assignSlots } from '../../../main/efuse/slots.ts';
import { blankSnapshot } from '../../../main/efuse/snapshot.ts';
import { efuseTableFor } from '../../../main/efuse/tables.ts';
import type { KeyPurpose } from '../../../main/efuse/types.ts';
import type { KeyRole } from '../../../main/model/event.ts';

/** Whether every wish can have a slot of its own, by trying all ways. */
function exists(domains: readonly (readonly number[])[], taken: readonly number[] = []): boolean {
  const [first, ...rest] = domains;
  if (first === undefined) return true;
  return first.some((slot) => !taken.includes(slot) && exists(rest, [...taken, slot]));
}

/** Hall's theorem, the other way to say it: any k wishes have k slots between them. */
function hallHolds(domains: readonly (readonly number[])[]): boolean {
  for (let set = 1; set < 2 ** domains.length; set++) {
    const chosen = domains.filter((_, i) => (set >> i) & 1);
    if (new Set(chosen.flat()).size < chosen.length) return false;
  }
  return true;
}

test('whatever is wished, an assignment is found exactly when there is one, and who collides is told', () => {
  const random = seededRandom(61);
  let found = 0;
  for (let round = 0; round < 400; round++) {
    const [count, dense] = random(2) as unknown as [number, number];
    const domains = Array.from({ length: 1 + (count % 9) }, () => {
      const [mask] = random(1) as unknown as [number];
      return [0, 1, 2, 3, 4, 5].filter((slot) => (dense % 3 === 0 ? mask | 0x2d : mask) & (1 << slot));
    });
    const said = JSON.stringify(domains);
    const assigned = assignSlots(domains);
    assert.equal('slots' in assigned, hallHolds(domains), said);
    if ('slots' in assigned) {
      found++;
      assert.equal(new Set(assigned.slots).size, domains.length, said);
      assert.ok(
        assigned.slots.every((slot, i) => domains[i]!.includes(slot)),
        said,
      );
      continue;
    }
    const { colliding, tooMany } = assigned;
    // Those named have so many slots too few between them, and everybody else has one.
    const theirs = new Set(colliding.flatMap((wish) => domains[wish]!));
    assert.equal(colliding.length - theirs.size, tooMany, said);
    const others = domains.filter((_, i) => !colliding.includes(i)).map((slots) => slots.filter((s) => !theirs.has(s)));
    assert.ok(exists(others), said);
  }
  assert.ok(found > 50 && found < 350, `${found} of 400 could be had`);
});

const secret = (role: KeyRole, purpose: KeyPurpose, part: 'whole' | 'low' | 'high' = 'whole'): WantedKey => ({
  material: { kind: 'secret', role, part },
  purpose,
  slot: null,
});
const digest = (index: 0 | 1 | 2): WantedKey => ({
  material: { kind: 'digest', index, sha256: `${index + 1}`.repeat(64) },
  purpose: `SECURE_BOOT_DIGEST${index}`,
  slot: null,
});

/** Everything that a P4 v3 could be asked for: ten blocks of wishes. */
const everything: readonly WantedKey[] = [
  secret('flash-encryption', 'XTS_AES_256_KEY_1', 'low'),
  secret('flash-encryption', 'XTS_AES_256_KEY_2', 'high'),
  secret('ecdsa-identity', 'ECDSA_KEY_P384_H', 'high'),
  secret('ecdsa-identity', 'ECDSA_KEY_P384_L', 'low'),
  secret('hmac-up', 'HMAC_UP'),
  secret('hmac-down-ds', 'HMAC_DOWN_DIGITAL_SIGNATURE'),
  secret('hmac-down-jtag', 'HMAC_DOWN_JTAG'),
  digest(0),
  digest(1),
  digest(2),
];

function refusalOf(keys: readonly WantedKey[], chip: 'esp32p4' | 'esp32c3' = 'esp32p4') {
  const table = efuseTableFor(chip, chip === 'esp32p4' ? 301 : 4);
  const wanted = { keys: [...keys], fields: [], writeProtect: [] };
  const plan = planBurn(blankSnapshot(table), wanted, { slots: [] });
  return plan.refusals.filter(({ code }) => code === 'efuse.no-free-slot');
}

test('ten blocks of wishes: all that compete are named once, and how many blocks have to go', () => {
  const [refusal] = refusalOf(everything);
  assert.equal(
    refusal?.what,
    'No key slots can be found for the flash-encryption key (two blocks), the ecdsa-identity key (two blocks), the hmac-up key, the hmac-down-ds key, the hmac-down-jtag key, Secure Boot digest 0, Secure Boot digest 1 and Secure Boot digest 2 together: 6 of 6 are free, 4 too few for these.',
  );
  assert.match(refusal.next, /^Let the recipe do without keys of 4 blocks among these;/);
  assert.equal(refusal.condemns, false);
});

test('of every choice among them, six blocks fit and seven never do', () => {
  for (let set = 0; set < 2 ** everything.length; set++) {
    const keys = everything.filter((_, i) => (set >> i) & 1);
    // Halves of keys and gaps between digests are refused for other reasons: here only the room counts.
    if (keys.length !== 6 && keys.length !== 7) continue;
    assert.equal(refusalOf(keys).length, keys.length === 7 ? 1 : 0, keys.map(({ purpose }) => purpose).join(' '));
  }
});

test('a slot that a purpose cannot have is given to a wish that can: C3 has no flash key in its last block', () => {
  const others = [everything[4]!, everything[5]!, everything[6]!, digest(0), digest(1)];
  assert.deepEqual(refusalOf([...others, secret('flash-encryption', 'XTS_AES_128_KEY')], 'esp32c3'), []);
  const fixed = [...others.slice(1), { ...everything[4]!, slot: 0 }, { ...digest(2), slot: 0 }];
  const [refusal] = refusalOf(fixed, 'esp32c3');
  assert.match(refusal?.what ?? '', /found for the hmac-up key and Secure Boot digest 2 together/);
});
