// Which wishes for single fields cannot be had, and why. Pure; sources are named at each rule.

import { isSettledLast, shutsDownload } from './door-fields.ts';
import type { CheckedField, EfuseRefusal, WantedEfuses, WantedField } from './plan-types.ts';
import { isFrozen, onesIn, readNumber } from './snapshot.ts';
import { fieldKindOf } from './tables/meanings.ts';
import { fieldOf, hasField, widthOf } from './tables.ts';
import type { EfuseField, EfuseSnapshot, EfuseTable, KeyPurpose } from './types.ts';
import { isBurnedByBits } from './uncoded-blocks.ts';

/** Fields that count their ones from the lowest bit up (FACTS 3.5 and 14.1). */
const thermometers = new Set([
  'SPI_BOOT_CRYPT_CNT',
  'FLASH_CRYPT_CNT',
  'SECURE_VERSION',
  'BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION',
  'BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION_LO',
]);

/** Fields that are burned only as part of something else. */
const indirect = /^(WR_DIS|RD_DIS|KEY_PURPOSE_\d)$/;

/** Key Manager fields: this station deploys no keys to it, whatever ESP-IDF does (FACTS 0.9), so that they can only kill eFuse keys. */
const keyManager = /^(KM_|FORCE_USE_KEY_MANAGER|FORCE_DISABLE_SW_INIT|XTS_KEY_LENGTH|LOCK_KM|HUK_)/;

/** Fields that change what the product is: a 1 that nobody wants means that somebody else burned it. */
const mustBeWanted = [
  'SPI_BOOT_CRYPT_CNT',
  'SECURE_BOOT_EN',
  'ABS_DONE_0',
  'SECURE_BOOT_AGGRESSIVE_REVOKE',
  'SECURE_BOOT_SHA384_EN',
  'SECURE_VERSION',
  'DIS_DOWNLOAD_MODE',
  'ENABLE_SECURITY_DOWNLOAD',
  'FORCE_USE_KEY_MANAGER_KEY',
  // What changes the cipher text or opens a way back in (FACTS 2.11).
  'ENA_SPI_BOOT_CRYPT_SCRAMBLER',
  'RMA_ENA',
  // What the ROM starts, and which of it: a bootloader at a place that this product does not fill, or a floor above its own (FACTS 14.4).
  'RECOVERY_BOOTLOADER_FLASH_SECTOR',
  'BOOTLOADER_ANTI_ROLLBACK_EN',
  'BOOTLOADER_ANTI_ROLLBACK_UPDATE_IN_ROM',
  'BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION',
  'BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION_LO',
  'BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION_HI',
];

/** Security bits of ESP32-S31 whose effect nobody has shown, and which this station's flash and doors do not reckon with (FACTS 2.11). */
const unshown = /^(RMA_|ENA_XTS_SHADOW$|ENA_SPI_BOOT_CRYPT_SCRAMBLER$|RE_ENABLE_JTAG_SOURCE$|DIS_SM_CRYPT$)/;

/** Purposes of keys that decrypt the flash on boot. */
const flashPurpose = /^(XTS_AES_128_KEY(_DERIVED_FROM_128_EFUSE_BITS)?|XTS_AES_256_KEY_\d|FLASH_ENCRYPTION)$/;

/** All refusals of the wanted fields, and the wishes that passed. */
export function checkFields(
  snapshot: EfuseSnapshot,
  wanted: WantedEfuses,
): { readonly wishes: readonly CheckedField[]; readonly refusals: readonly EfuseRefusal[] } {
  const refusals: EfuseRefusal[] = [];
  const wishes = new Map<string, CheckedField>();
  // Doors first: of a wish that stands twice with the same value they say when it is burned.
  const inOrder = wanted.fields.toSorted((a, b) => Number(b.stage === 'door') - Number(a.stage === 'door'));
  for (const wish of inOrder) {
    const refusal = refusalOf(snapshot, wish);
    if (refusal !== null) {
      refusals.push(refusal);
      continue;
    }
    const field = fieldOf(snapshot.table, wish.field);
    const other = wishes.get(field.name);
    if (other !== undefined && other.wanted.value !== wish.value)
      refusals.push(
        mistake(
          'efuse.wish-twice',
          `${field.name} is wanted as ${other.wanted.value} and as ${wish.value}.`,
          'Leave one of the two out.',
        ),
      );
    else if (other === undefined && wish.stage !== 'door' && wish.value !== 0 && isTooEarly(field.name, wish))
      refusals.push(doorTooEarly(field));
    // Wanted twice with the same value: once is enough.
    else if (other === undefined)
      wishes.set(field.name, { wanted: wish, field, present: readNumber(snapshot, field.name) });
  }
  refusals.push(
    ...foreignBits(snapshot, wanted),
    ...neverTogether(snapshot, wishes),
    ...codingOfEsp32(snapshot, wanted),
    ...softJtag(snapshot, wanted, wishes),
  );
  return { wishes: [...wishes.values()], refusals };
}

function isTooEarly(field: string, { early }: WantedField): boolean {
  return early ? shutsDownload(field) : isSettledLast(field);
}

function refusalOf(snapshot: EfuseSnapshot, { field: name, value }: WantedField): EfuseRefusal | null {
  const { table } = snapshot;
  if (!hasField(table, name)) {
    return mistake('efuse.unknown-field', `${table.name} has no eFuse field ${name}.`, "Write the manual's name.");
  }
  const field = fieldOf(table, name);
  if (indirect.test(field.name) || marksOf(table).has(field.name)) {
    return mistake(
      'efuse.not-by-name',
      `${field.name} is not burned by name.`,
      'Say which keys and write protections are wanted; the plan sets its bits.',
    );
  }
  if (keyManager.test(field.name)) {
    return mistake(
      'efuse.key-manager',
      `${field.name} belongs to the Key Manager. This station burns keys into eFuses and deploys none to it; burned, the field could only make eFuse keys useless. (ESP-IDF has the Key Manager on in some releases from 5.5.1 on, in 6.0 and in 6.1, and off again in master since July 2026.)`,
      'Leave it out.',
    );
  }
  if (unshown.test(field.name)) {
    return mistake(
      'efuse.unshown',
      `${field.name} (${field.meaning}) is described by ESP-IDF's table alone: what it does to a device that this station makes nobody has shown.`,
      'Leave it out.',
    );
  }
  if (fieldKindOf(field.name) !== 'security' || field.name === 'ECDSA_ENABLE_SOFT_K') {
    return mistake(
      'efuse.board-property',
      `${field.name} (${field.meaning}) is no matter of a product's security: a wrong value can make the board unusable.`,
      'Leave it out; what the board needs there its maker burns.',
    );
  }
  if (!isBurnedByBits(table, field)) {
    return mistake(
      'efuse.not-by-bits',
      `${field.name} lies in a block that can be burned only once and as a whole.`,
      'Leave it out.',
    );
  }
  if (widthOf(field) > 32) {
    return mistake(
      'efuse.not-by-bits',
      `${field.name} has ${widthOf(field)} bits: it is a number of one board, and a recipe is for many.`,
      'Leave it out.',
    );
  }
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** widthOf(field)) {
    return mistake(
      'efuse.value-too-wide',
      `${field.name} has ${widthOf(field)} bits and cannot hold ${value}.`,
      `Write a value from 0 to ${2 ** widthOf(field) - 1}.`,
    );
  }
  if (thermometers.has(field.name) && value !== 2 ** onesIn(value) - 1) {
    return mistake(
      'efuse.thermometer',
      `${field.name} counts its ones from the lowest bit up and cannot be ${value}.`,
      'Write 0, 1, 3, 7 and so on.',
    );
  }
  return presentRefusal(snapshot, field, value);
}

/**
 * A door that is shut before all else is burned leaves the board half done, and nobody reaches it any more. Whatever asked for it: a field by
 * its name is burned with the protections, unless the doors ask for the same.
 */
function doorTooEarly({ name }: EfuseField): EfuseRefusal {
  return mistake(
    'efuse.door-too-early',
    `${name} ${shutsDownload(name) ? 'shuts download mode' : 'shuts a way to the board, or silences it'}, and is burned behind everything else or not at all.`,
    "Leave it out by name: the recipe's doors say it.",
  );
}

function presentRefusal(snapshot: EfuseSnapshot, field: EfuseField, value: number): EfuseRefusal | null {
  const present = readNumber(snapshot, field.name);
  if ((present & ~value) !== 0) {
    return {
      code: 'efuse.foreign-bits',
      what: `${field.name} is ${present} already; ${value} is wanted, and a burned bit never goes back.`,
      next: 'Set the board aside: it cannot become this product.',
      condemns: true,
    };
  }
  if (present !== value && isFrozen(snapshot, field.writeDisableBit)) {
    return {
      code: 'efuse.write-protected',
      what: `${field.name} is ${present} and write-protected; ${value} is wanted.`,
      next: 'Set the board aside: it cannot become this product.',
      condemns: true,
    };
  }
  return null;
}

/** Fields that are burned with a purpose of this silicon, each with the purposes that want it. */
function marksOf({ purposes }: EfuseTable): ReadonlyMap<string, readonly KeyPurpose[]> {
  const names = new Set(purposes.flatMap(({ marks }) => marks.map(({ field }) => field)));
  const wantedBy = (name: string) => purposes.filter(({ marks }) => marks.some(({ field }) => field === name));
  return new Map([...names].map((name) => [name, wantedBy(name).map(({ purpose }) => purpose)]));
}

function foreignBits(snapshot: EfuseSnapshot, { keys, fields }: WantedEfuses): EfuseRefusal[] {
  const named = new Set(
    fields
      .filter(({ field }) => hasField(snapshot.table, field))
      .map(({ field }) => fieldOf(snapshot.table, field).name),
  );
  const marks = [...marksOf(snapshot.table)]
    .filter(([, purposes]) => !keys.some(({ purpose }) => purposes.includes(purpose)))
    .map(([name]) => name);
  return [...mustBeWanted, ...marks]
    .filter((name) => hasField(snapshot.table, name))
    .map((name) => fieldOf(snapshot.table, name).name)
    .filter((name) => !named.has(fieldOf(snapshot.table, name).name) && readNumber(snapshot, name) !== 0)
    .map((name) => ({
      code: 'efuse.foreign-bits',
      what: `${name} is ${readNumber(snapshot, name)}, and this product wants it 0.`,
      next: 'Set the board aside: somebody burned it for another product.',
      condemns: true,
    }));
}

/**
 * Key blocks of an ESP32 with a coding scheme hold 24 bytes: no Secure Boot V2 digest. Silicon from v3.0 on has none (FACTS 2.10); value 3
 * means none too.
 */
function codingOfEsp32(snapshot: EfuseSnapshot, { keys }: WantedEfuses): EfuseRefusal[] {
  if (!hasField(snapshot.table, 'CODING_SCHEME') || keys.length === 0) return [];
  const scheme = readNumber(snapshot, 'CODING_SCHEME');
  if (scheme === 0 || scheme === 3) return [];
  return [
    {
      code: 'efuse.coding-scheme',
      what: `CODING_SCHEME is ${scheme}: the key blocks of this chip have no room for a whole key or digest.`,
      next: 'Set the board aside: this station makes ESP32 without coding scheme only.',
      condemns: true,
    },
  ];
}

/** Fields that this silicon cannot bear together (EfuseTable.neverTogether). */
function neverTogether(snapshot: EfuseSnapshot, wishes: ReadonlyMap<string, CheckedField>): EfuseRefusal[] {
  const set = (name: string) => (wishes.get(name)?.wanted.value ?? readNumber(snapshot, name)) !== 0;
  const { table } = snapshot;
  return table.neverTogether
    .filter(({ fields }) => fields.every(set))
    .map(({ code, fields, effect, leaveOut }) =>
      mistake(
        code,
        `${fields.join(' and ')} must never both be burned on ${table.chip}: ${effect}.`,
        `Leave ${leaveOut} out.`,
      ),
    );
}

/** Bits that shut JTAG for good. */
const hardJtag = ['DIS_PAD_JTAG', 'DIS_USB_JTAG'];

/** A key that opens JTAG again serves only while JTAG is shut by SOFT_DIS_JTAG alone (FACTS 6, 13.3). */
function softJtag(
  snapshot: EfuseSnapshot,
  { keys }: WantedEfuses,
  wishes: ReadonlyMap<string, CheckedField>,
): EfuseRefusal[] {
  const key = keys.find(({ purpose }) => purpose === 'HMAC_DOWN_JTAG' || purpose === 'HMAC_DOWN_ALL');
  if (key === undefined) return [];
  const { table } = snapshot;
  const names = hardJtag.filter((name) => hasField(table, name)).map((name) => fieldOf(table, name).name);
  const wished = names.filter((name) => (wishes.get(name)?.wanted.value ?? 0) !== 0);
  const there = names.filter((name) => readNumber(snapshot, name) !== 0);
  if (wished.length > 0)
    return [
      mistake(
        'efuse.jtag-both',
        `${wished.join(' and ')} would shut JTAG for good, and a key is wanted that opens it again.`,
        'Shut JTAG softly or for good, not both.',
      ),
    ];
  if (there.length > 0)
    return [
      {
        code: 'efuse.jtag-hard-already',
        what: `${there.join(' and ')} is burned on this board: JTAG is shut for good, and no token could open it again.`,
        next: 'Set the board aside: it cannot become this product.',
        condemns: true,
      },
    ];
  if ((wishes.get('SOFT_DIS_JTAG')?.wanted.value ?? 0) !== 0) return [];
  return [
    mistake(
      'efuse.jtag-key-unused',
      'A key that opens JTAG again is wanted, and SOFT_DIS_JTAG is not: JTAG would stay open to everybody.',
      'Set SOFT_DIS_JTAG as well, or leave the key out.',
    ),
  ];
}

/** Switches that would make a board useless for want of what they need. */
export function switchRefusals(wanted: WantedEfuses, wishes: readonly CheckedField[]): EfuseRefusal[] {
  const on = (name: string) =>
    wishes.some(({ field, wanted: { value } }) => (field.name === name || field.aliases.includes(name)) && value !== 0);
  const purposes = [...wanted.keys.map(({ purpose }) => purpose), ...(wanted.deviceKeys ?? [])];
  const refusals: EfuseRefusal[] = [];
  if (on('SECURE_BOOT_EN') && !purposes.some((purpose) => purpose.startsWith('SECURE_BOOT_DIGEST')))
    refusals.push(
      mistake(
        'efuse.secure-boot-without-key',
        'SECURE_BOOT_EN is wanted without any Secure Boot digest: the chip would never boot again.',
        'Name the keys, or leave Secure Boot off.',
      ),
    );
  if (on('SPI_BOOT_CRYPT_CNT') && !purposes.some((purpose) => flashPurpose.test(purpose)))
    refusals.push(
      mistake(
        'efuse.encryption-without-key',
        'SPI_BOOT_CRYPT_CNT is wanted without a flash key: the board would make one that nobody knows.',
        'Ask for a flash key, or leave flash encryption off.',
      ),
    );
  for (const { material } of wanted.keys)
    if (material.kind === 'digest' && on(`SECURE_BOOT_KEY_REVOKE${material.index}`))
      refusals.push(
        mistake(
          'efuse.revokes-wanted-key',
          `Secure Boot digest ${material.index} is wanted and its revocation too.`,
          'Leave one of the two out.',
        ),
      );
  return refusals;
}

/** A refusal whose cause is the recipe, not the board. */
export function mistake(code: string, what: string, next: string): EfuseRefusal {
  return { code, what, next, condemns: false };
}
