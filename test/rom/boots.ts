// Boards that the station made, booted by Espressif's own ROM: as they are to the second stage's entry, and no further where anything is
// wrong with bootloader, signature or digest.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fieldOf, hasField } from '../../main/efuse/tables.ts';
import { bootloaderOffsets } from '../../main/image/memory-map.ts';
import { ones } from '../../main/virtual/boot/keys.ts';
import type { VirtualChip } from '../../main/virtual/chip.ts';
import type { BootContext } from '../../main/virtual/silicon.ts';
import { recipeVariant } from '../faults/boards.ts';
import { faultsOf, setStage } from '../stories/stage.ts';
import { type Boot, type BootQuestion, type Fuses, type Oracle, romOf } from './oracle.ts';

type Scheme = 'p256' | 'p384';

export interface Chip {
  /** A shipped recipe is `NAME-production`, its build lies in `build`. */
  readonly name: string;
  readonly build: string;
  /** The virtual chip. */
  readonly silicon: string;
  /** What the recipe's own scheme is called in it. */
  readonly label: string;
  /** Schemes that it knows besides. */
  readonly schemes: readonly Scheme[];
}

const rsa = 'secure-boot';
/** Every chip with a shipped recipe whose ROM can be run. */
export const chips: readonly Chip[] = [
  { name: 'esp32p4', build: 'esp32p4-v3', silicon: 'esp32p4?rev=v3.1', label: rsa, schemes: ['p256', 'p384'] },
  { name: 'esp32p4-v1', build: 'esp32p4-v1', silicon: 'esp32p4?rev=v1.3', label: rsa, schemes: ['p256'] },
  { name: 'esp32c2', build: 'esp32c2', silicon: 'esp32c2?rev=v1.2', label: 'secure-boot-p256', schemes: [] },
  { name: 'esp32c3', build: 'esp32c3', silicon: 'esp32c3?rev=v1.1', label: rsa, schemes: [] },
  { name: 'esp32c5', build: 'esp32c5', silicon: 'esp32c5?rev=v1.0', label: rsa, schemes: ['p256', 'p384'] },
  { name: 'esp32c6', build: 'esp32c6', silicon: 'esp32c6?rev=v0.2', label: rsa, schemes: ['p256'] },
  { name: 'esp32c61', build: 'esp32c61', silicon: 'esp32c61?rev=v1.0', label: 'secure-boot-p256', schemes: [] },
  { name: 'esp32h2', build: 'esp32h2', silicon: 'esp32h2?rev=v1.2', label: rsa, schemes: ['p256'] },
  { name: 'esp32s31', build: 'esp32s31', silicon: 'esp32s31?rev=v0.0', label: rsa, schemes: [] },
];

export interface Wish {
  readonly scheme?: Scheme;
  readonly keys?: 1 | 2;
  readonly byDevice?: true;
}

/** What is changed in the recipe's text. */
function changesFor({ label }: Chip, { scheme, keys = 1, byDevice }: Wish): Record<string, string> {
  const changes: Record<string, string> = {};
  const own = `- label: ${label}-1\n`;
  const name = scheme === undefined ? label : `secure-boot-${scheme}`;
  if (scheme !== undefined) {
    changes['scheme: rsa3072'] = `scheme: ecdsa-${scheme}`;
    changes['\ndoors:'] = '\nwaivers:\n  - check: secure-boot-ecdsa\n    reason: it is tried here\n\ndoors:';
  }
  const labels = keys === 1 ? [`${name}-1`] : [`${name}-1`, `${name}-2`];
  changes[own] = labels.map((text) => `- label: ${text}\n`).join('    ');
  if (byDevice) changes['mode: release'] = 'mode: release\n  by: device\n  timeout_seconds: 8';
  return changes;
}

/** What of a chip a boot depends on. */
type Bare = Pick<BootContext, 'efuse' | 'flash'> & { readonly identity: Pick<BootContext, 'kind' | 'revision'> };

const fusesOf = ({ efuse }: Pick<Bare, 'efuse'>): Record<number, number[]> =>
  Object.fromEntries(efuse.table.blocks.map(({ number }) => [number, [...efuse.hardwareBlock(number)]]));

/** The chip as it is, for its ROM to boot. */
export function questionOf(chip: Bare, folder: string): BootQuestion {
  const { efuse, flash, identity } = chip;
  const path = join(folder, 'flash.bin');
  writeFileSync(path, flash.read(0, flash.size));
  const purposes = efuse.table.keyBlocks.flatMap(({ block, purposeField }) =>
    purposeField === null ? [] : [[block, efuse.field(purposeField)]],
  );
  return {
    chip: romOf(identity.kind, identity.revision)!,
    fuses: fusesOf(chip),
    flash: path,
    encrypted: ones(efuse.field('SPI_BOOT_CRYPT_CNT')) % 2 === 1,
    purposes: Object.fromEntries(purposes),
    longKey: efuse.field('XTS_KEY_LENGTH_256') === 1,
    bootloader: bootloaderOffsets[identity.kind],
  };
}

/** The chip's fuses with the first `count` digests revoked. */
function revoked(chip: VirtualChip, count: number): Fuses {
  const fuses = fusesOf(chip);
  for (let key = 0; key < count; key++)
    for (const { block, bit } of fieldOf(chip.efuse.table, `SECURE_BOOT_KEY_REVOKE${key}`).pieces)
      fuses[block]![bit >>> 5] = (fuses[block]![bit >>> 5]! | (1 << (bit & 31))) >>> 0;
  return fuses;
}

/** The same with a bit of every digest flipped. C2 keeps the half of one in the upper half of its key block. */
function withForeignDigests(chip: VirtualChip, { purposes }: BootQuestion): Fuses {
  const fuses = fusesOf(chip);
  const digests = Object.keys(purposes).filter((block) => [9, 10, 11].includes(purposes[Number(block)]!));
  for (const block of digests.length > 0 ? digests.map(Number) : [3]) fuses[block]![5] = (fuses[block]![5]! ^ 1) >>> 0;
  return fuses;
}

/** What a ROM prints up to its jump; how it sets the flash up is told by a function that the model leaves out. */
export const upToEntry = (lines: readonly string[]) =>
  lines
    .slice(0, lines.findIndex((line) => line.startsWith('entry ')) + 1)
    .filter((line) => !/^(SPI mode:|SPIWP:|mode:)/.test(line));

/** The ROM of P4 v0.0 is run; v1.3 has the one after it, of which only the name is known. */
const asOurs = (text: string) =>
  text.replace('esp32p4-20230811\nBuild:Aug 11 2023', 'esp32p4-eco2-20240710\nBuild:Jul 10 2024');

const entered = ({ console }: Boot) => /^entry 0x/m.test(console);

/** The ROM boots it as it is, and refuses it damaged, with foreign digests and, where there are such fuses, with revoked ones. */
async function judge(oracle: Oracle, chip: VirtualChip, folder: string, keys: number) {
  const question = questionOf(chip, folder);
  assert.ok(question.encrypted);
  const good = await oracle.boot(question);
  assert.ok(entered(good), good.console);
  assert.match(good.console, /secure boot verification succeeded/);
  assert.equal(good.resets, 0);
  assert.deepEqual(upToEntry(chip.console), upToEntry(asOurs(good.console).split('\n')), 'VirtualChip prints the same');
  assert.ok(!good.log.some((line) => line.includes('Key Manager')), 'the flash is read with the eFuse key');

  const revocable = hasField(chip.efuse.table, 'SECURE_BOOT_KEY_REVOKE0');
  const wrong: Readonly<Record<string, BootQuestion>> = {
    'a bit of its code flipped': { ...question, damage: 'code' },
    'a bit of every signature flipped': { ...question, damage: 'signature' },
    'foreign digests': { ...question, fuses: withForeignDigests(chip, question) },
    ...(revocable ? { 'its digests revoked': { ...question, fuses: revoked(chip, keys) } } : {}),
  };
  for (const [what, changed] of Object.entries(wrong)) {
    const refused = await oracle.boot(changed);
    assert.ok(!entered(refused), `${what}: ${refused.console}`);
    assert.doesNotMatch(refused.console, /verification succeeded/, what);
    assert.match(refused.console, /fail|untrusted|Check|invalid|hash|No valid|digest/i, what);
  }
  if (keys === 1) return;
  const second = await oracle.boot({ ...question, fuses: revoked(chip, 1) });
  assert.ok(entered(second), `with the first key revoked: ${second.console}`);
}

/** A board made by the station with the recipe of this chip and these wishes, judged by its ROM. */
export async function makeAndJudge(t: TestContext, oracle: Oracle, chip: Chip, wish: Wish) {
  const loaded = recipeVariant(t, `${chip.name}-production`, chip.build, changesFor(chip, wish));
  const stage = await setStage();
  const device = wish.byDevice ? '&encrypts=yes' : '';
  const address = `virtual:${chip.silicon}&pacing=none&name=board${device}&state=${join(stage.folder, 'board.bin')}`;
  try {
    const result = await stage.provision(loaded, [address]);
    assert.equal(result.counts.passed, 1, faultsOf(stage));
    await judge(oracle, stage.chip(address), stage.folder, wish.keys ?? 1);
  } finally {
    await stage.close();
  }
}
