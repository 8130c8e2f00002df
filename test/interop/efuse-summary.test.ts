// `espefuse summary` and main/efuse read the same silicon: places, values and protections, field by field, fresh and burned all over.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { concat, fromHex, reversed, toHex } from '../../main/base/bytes.ts';
import { seededRandom } from '../../main/base/random.ts';
import { identityFromSnapshot } from '../../main/efuse/identity.ts';
import { rsEncode } from '../../main/efuse/reed-solomon.ts';
import { bitOf, decodeSnapshot, readValue } from '../../main/efuse/snapshot.ts';
import { readDisablePlace, widthOf } from '../../main/efuse/tables.ts';
import type { EfuseSnapshot } from '../../main/efuse/types.ts';
import type { VirtualChip } from '../../main/virtual/chip.ts';
import { judging } from './espressif-tools.ts';
import { allSiliconNames, onBench, type SiliconName, snapshotOf } from './virtual-bench.ts';

const { skip, judges, newPath } = await judging();

/** Fields of ESP-IDF's tables that espefuse does not list. */
const onlyOurs = ['DIS_USB_SERIAL_JTAG', 'JTAG_SEL_ENABLE'];

const keyManagerFields =
  'KM_DISABLE_DEPLOY_MODE KM_RND_SWITCH_CYCLE KM_DEPLOY_ONLY_ONCE FORCE_USE_KEY_MANAGER_KEY FORCE_DISABLE_SW_INIT_KEY ' +
  'KM_XTS_KEY_LENGTH_256 LOCK_KM_KEY';

/**
 * Where espefuse 5.6.0 and ESP-IDF 102122904ad say different things of a preview chip, and we follow ESP-IDF (FACTS 2.11): what freezes a
 * field of BLOCK0, none of which is ever burned here; whether BLOCK10 can be hidden; and fields that espefuse does not show.
 */
const conflicts: Partial<
  Record<SiliconName, { locks?: readonly string[]; hiding?: number; unshown?: readonly string[] }>
> = {
  'ESP32-H4': { locks: ['DIS_CORE1', ...keyManagerFields.split(' ')], unshown: ['PVT_GLITCH_EN', 'PVT_GLITCH_MODE'] },
  'ESP32-H21': { hiding: 10 },
};

interface TheirField {
  readonly name: string;
  readonly category: string;
  readonly block: number;
  readonly word: number | null;
  readonly pos: number | null;
  readonly bit_len: number;
  readonly raw_value: string;
  readonly value: number | boolean | string;
  readonly readable: boolean;
  readonly writeable: boolean;
  readonly efuse_type: string;
}

async function summaryOf(port: readonly string[]): Promise<TheirField[]> {
  const path = newPath();
  await judges.pass('espefuse', ...port, 'summary', '--format', 'json', '--file', path);
  return Object.values(JSON.parse(readFileSync(path, 'utf8')) as { [name: string]: TheirField });
}

/** Fields that espefuse makes up from others, without a place of their own. */
const isDerived = ({ name, block, word, pos }: TheirField) =>
  word === null ||
  pos === null ||
  name === 'MAC_EUI64' ||
  name === 'BLOCK3' ||
  (block === 0 && word === 0 && pos === 0 && name !== 'WR_DIS');

/** Byte strings in the order of the eFuse memory, numbers as they are: both are the bits of the field from the least significant on. */
function bitsOf({ efuse_type, raw_value, bit_len }: TheirField): string {
  const digits = raw_value.slice(2);
  const number = efuse_type.startsWith('bytes') ? toHex(reversed(fromHex(digits))) : digits;
  return [
    ...BigInt(raw_value.startsWith('0b') ? raw_value : `0x${number}`)
      .toString(2)
      .padStart(bit_len, '0'),
  ]
    .reverse()
    .join('');
}

const bitsOfRun = (snapshot: EfuseSnapshot, block: number, bit: number, length: number) =>
  Array.from({ length }, (_, i) => bitOf(snapshot.blocks[block]!, bit + i)).join('');

/** Must keep their zeros, or the tool could not come in to look: the doors, and what says which chip this is. */
const untouched = [
  'DIS_DOWNLOAD_MODE',
  'ENABLE_SECURITY_DOWNLOAD',
  'WR_DIS',
  'RD_DIS',
  // ESP32's own names, and what its key blocks mean
  'UART_DOWNLOAD_DIS',
  'CHIP_VER_REV1',
  'CHIP_VER_REV2',
  'CODING_SCHEME',
];

/** Random bits into every field of BLOCK0 and every block that the factory left empty; some protections at the end. */
function burnAllOver(chip: VirtualChip, seed: number) {
  const random = seededRandom(seed);
  const { efuse } = chip;
  for (const { number } of efuse.table.blocks) {
    if (number < 2 || efuse.hardwareBlock(number).some((word) => word !== 0)) continue;
    const data = random(32);
    efuse.setFactoryBlock(number, concat(data, rsEncode(data)));
  }
  for (const field of efuse.table.fields) {
    if (field.pieces.some(({ block }) => block !== 0) || untouched.includes(field.name)) continue;
    efuse.burnField(
      field.name,
      Number(
        BigInt.asUintN(
          widthOf(field),
          random(8).reduce((n, b) => n * 256n + BigInt(b), 0n),
        ),
      ),
    );
  }
  efuse.burnField('RD_DIS', random(1)[0]! & 0x7f);
  efuse.burnField(
    'WR_DIS',
    random(4).reduce((n, byte) => n * 256 + byte, 0),
  );
}

for (const name of allSiliconNames)
  for (const state of ['fresh from the factory', 'burned all over'])
    test(`${name}, ${state}: espefuse and we read the same values and protections`, { skip }, async (t) => {
      const { chip, port } = await onBench(t, name, 'pty');
      if (state === 'burned all over') {
        burnAllOver(chip, 5);
        chip.reset();
      }
      const theirs = await summaryOf(port.slice(0, 4));
      const snapshot = snapshotOf(chip);
      const { fields } = snapshot.table;
      const ours = decodeSnapshot(snapshot);
      const named = new Map(fields.flatMap((field) => [field.name, ...field.aliases].map((name) => [name, field])));
      const seen = new Set<string>();
      const { locks = [], hiding, unshown = [] } = conflicts[name] ?? {};
      assert.ok(theirs.length > fields.length / 2);

      for (const field of theirs.filter((each) => !isDerived(each))) {
        const at = 32 * field.word! + field.pos!;
        // the same field, or one of ours that espefuse also lists in parts
        const host = fields.find(({ pieces }) =>
          pieces.some(
            ({ block, bit, length }) => block === field.block && bit <= at && at + field.bit_len <= bit + length,
          ),
        );
        const whole = named.get(field.name) ?? host;
        // espefuse is newer than ESP-IDF's tables of the preview chips in what the factory measures
        if (whole === undefined && field.category === 'calibration') continue;
        assert.ok(whole !== undefined, `${field.name} has no place in our table`);
        const { writeProtected, readProtected } = ours[whole.name]!;
        if (!locks.includes(field.name))
          assert.equal(writeProtected, !field.writeable, `write protection of ${field.name}`);
        if (field.block === hiding) continue;
        assert.equal(readProtected, !field.readable, `read protection of ${field.name}`);
        for (let i = 0; i < field.bit_len; i++) seen.add(`${field.block}.${at + i}`);
        const bits = bitsOfRun(snapshot, field.block, at, field.bit_len);
        if (field.readable) assert.equal(bits, bitsOf(field), `bits of ${field.name}`);
        // of a block with a bit for each half one may still read
        else if (
          whole.readDisableBits.every((bit) => bitOf(snapshot.blocks[0]!, readDisablePlace(snapshot.table, bit)) === 1)
        )
          assert.ok(!bits.includes('1'), `${field.name} is hidden`);
      }

      for (const field of theirs) {
        const known = named.get(field.name);
        if (known === undefined || field.efuse_type.startsWith('bytes') || widthOf(known) !== field.bit_len) continue;
        assert.equal(readValue(snapshot, field.name), Number(field.raw_value), `value of ${field.name}`);
      }

      const { revision, mac } = identityFromSnapshot(snapshot);
      const numberOf = (name: string) => Number(theirs.find((field) => field.name === name)!.raw_value);
      assert.equal(numberOf('WAFER_VERSION_MAJOR'), Math.floor(revision / 100));
      assert.equal(numberOf('WAFER_VERSION_MINOR'), revision % 100);
      assert.equal(String(theirs.find((field) => field.name === 'MAC')!.value).slice(0, 17), mac);

      for (const { name: known, pieces } of fields)
        for (const { block, bit, length } of pieces)
          if (block === 0 && !onlyOurs.includes(known) && !unshown.includes(known))
            for (let i = bit; i < bit + length; i++) assert.ok(seen.has(`0.${i}`), `espefuse does not know ${known}`);
    });
