import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  efuseTableFor,
  efuseTableOfLine,
  efuseTables,
  fieldOf,
  keyBlockOf,
  keySlotsOf,
  purposeRule,
  widthOf,
} from '../../../main/efuse/tables.ts';
import type { EfuseField, EfuseTable } from '../../../main/efuse/types.ts';
import { isFault } from '../../../main/model/fault.ts';
import { vectorText } from '../../vectors.ts';

/** Runs that lie inside another field on purpose: a part of the product's own 256 bits. */
const isChild = (field: EfuseField) => field.name.includes('.');

for (const table of efuseTables) {
  test(`${table.name}: no two fields share a bit, and every bit lies inside its block`, () => {
    const owner = new Map<string, string>();
    for (const field of table.fields.filter((candidate) => !isChild(candidate)))
      for (const { block, bit, length } of field.pieces) {
        assert.ok(bit + length <= 32 * table.blocks[block]!.words, field.name);
        for (let at = bit; at < bit + length; at++) {
          const place = `${block}.${at}`;
          assert.equal(owner.get(place), undefined, `${field.name} and ${owner.get(place)} at ${place}`);
          owner.set(place, field.name);
        }
      }
  });

  test(`${table.name}: names are unique, and no alias is another field's name or alias`, () => {
    const seen = new Map<string, string>();
    for (const field of table.fields)
      for (const name of [field.name, ...field.aliases]) {
        assert.equal(seen.get(name), undefined, `${name} of ${field.name} and ${seen.get(name)}`);
        seen.set(name, field.name);
      }
  });

  test(`${table.name}: widths, write-disable bits and purposes hold together`, () => {
    assert.equal(widthOf(fieldOf(table, 'MAC')), 48);
    assert.deepEqual(Object.keys(table.timing).map(Number).sort(), [...table.crystalMHz].sort());
    if (table.keyBlocks.every(({ purposeField }) => purposeField === null)) {
      for (const { block } of table.keyBlocks) {
        const { writeDisableBit, readDisableBits } = table.blocks[block]!;
        assert.ok(writeDisableBit! < widthOf(fieldOf(table, 'WR_DIS')));
        for (const bit of readDisableBits) assert.ok(bit < widthOf(fieldOf(table, 'RD_DIS')));
      }
      assert.deepEqual([...new Set(table.purposes.map((rule) => rule.number))], [null]);
      return;
    }
    assert.equal(widthOf(fieldOf(table, 'WR_DIS')), 32);
    assert.equal(widthOf(fieldOf(table, 'RD_DIS')), 7);
    const purposeBits = widthOf(fieldOf(table, 'KEY_PURPOSE_0'));
    for (const slot of keySlotsOf(table)) {
      assert.equal(widthOf(fieldOf(table, `KEY_PURPOSE_${slot}`)), purposeBits);
      assert.equal(fieldOf(table, `KEY_PURPOSE_${slot}`).writeDisableBit, 8 + slot);
      assert.equal(keyBlockOf(table, slot).writeDisableBit, 23 + slot);
      assert.deepEqual(keyBlockOf(table, slot).readDisableBits, [slot]);
      assert.deepEqual(fieldOf(table, `BLOCK_KEY${slot}`).readDisableBits, [slot]);
    }
    for (const rule of table.purposes) assert.ok(rule.number! < 2 ** purposeBits, rule.purpose);
    assert.equal(new Set(table.purposes.map((rule) => rule.number)).size, table.purposes.length);
  });
}

test('revision chooses the table of ESP32-P4 and ESP32-H2', () => {
  assert.equal(efuseTableFor('esp32p4', 103).name, 'esp32p4-v1');
  assert.equal(efuseTableFor('esp32p4', 0).name, 'esp32p4-v1');
  assert.equal(efuseTableFor('esp32p4', 300).name, 'esp32p4-v3');
  assert.equal(efuseTableFor('esp32h2', 101).name, 'esp32h2-v0');
  assert.equal(efuseTableFor('esp32h2', 102).name, 'esp32h2-v1.2');
});

test('silicon beyond the newest that is known is refused with the reason, on every chip', () => {
  for (const kind of new Set(efuseTables.map(({ chip }) => chip))) {
    const newest = Math.max(...efuseTables.filter(({ chip }) => chip === kind).map(({ revisions }) => revisions.max));
    assert.equal(efuseTableFor(kind, newest), efuseTableOfLine(kind, newest + 1));
    for (const revision of [newest + 1, newest + 100])
      assert.throws(
        () => efuseTableFor(kind, revision),
        (error) =>
          isFault(error, 'efuse.unknown-silicon') && error.faultClass === 'board' && /newer than/.test(error.what),
        `${kind} ${revision}`,
      );
  }
  // Between two lines: an ESP32-P4 that nobody has described.
  assert.throws(
    () => efuseTableFor('esp32p4', 104),
    (error) => isFault(error, 'efuse.unknown-silicon') && /v0\.0 to v1\.3 and v3\.0 to v3\.2/.test(error.what),
  );
});

test('newer silicon of a preview chip is no silicon that is known', () => {
  for (const kind of ['esp32s31', 'esp32h21', 'esp32h4'] as const) {
    assert.equal(efuseTableFor(kind, 0).name, kind);
    assert.throws(
      () => efuseTableFor(kind, 1),
      (error) => isFault(error, 'efuse.unknown-silicon'),
    );
  }
});

test('places that differ between the two ESP32-P4 (FACTS 2.7)', () => {
  const [v1, v3] = [efuseTableFor('esp32p4', 103), efuseTableFor('esp32p4', 301)];
  assert.deepEqual(fieldOf(v1, 'KEY_PURPOSE_5').pieces, [{ block: 0, bit: 108, length: 4 }]);
  assert.deepEqual(fieldOf(v3, 'KEY_PURPOSE_5').pieces, [
    { block: 0, bit: 108, length: 4 },
    { block: 0, bit: 164, length: 1 },
  ]);
  assert.equal(fieldOf(v1, 'USB_DEVICE_EXCHG_PINS').pieces[0]!.block, 0);
  assert.equal(fieldOf(v3, 'USB_DEVICE_EXCHG_PINS').pieces[0]!.block, 10);
  assert.deepEqual(fieldOf(v3, 'DOWNLOAD_MODE_XPD_ON').pieces, [{ block: 0, bit: 80, length: 1 }]);
  for (const table of [v1, v3])
    assert.deepEqual(fieldOf(table, 'DIS_USB_SERIAL_JTAG').pieces, [{ block: 0, bit: 43, length: 1 }]);
});

test('purposes: numbers, byte order, quirk slots and refusals (FACTS 2.5)', () => {
  const v1 = efuseTableFor('esp32p4', 103);
  const v3 = efuseTableFor('esp32p4', 300);
  assert.equal(purposeRule(v3, 'ECDSA_KEY_P384_H').number, 18);
  assert.ok(purposeRule(v3, 'XTS_AES_256_KEY_1').reversed);
  assert.ok(!purposeRule(v3, 'HMAC_UP').reversed);
  assert.match(purposeRule(v1, 'ECDSA_KEY').refusal ?? '', /v3\.0/);
  assert.equal(purposeRule(v3, 'ECDSA_KEY').refusal, null);
  assert.throws(
    () => purposeRule(v1, 'ECDSA_KEY_P192'),
    (error) => isFault(error, 'efuse.purpose-unsupported'),
  );
  assert.deepEqual(purposeRule(efuseTableFor('esp32c6', 1), 'XTS_AES_128_KEY').forbiddenSlots, [5]);
  assert.deepEqual(purposeRule(v3, 'XTS_AES_128_KEY').forbiddenSlots, []);
});

// Read off soc/efuse_reg.h of ESP-IDF (esp32s2, esp32c61), which espefuse 5.6.0 agrees with and older espefuse does not.
test('error words of ESP32-S2 and ESP32-C61 stand where the registers have them', () => {
  const [s2, c61] = [efuseTableFor('esp32s2', 100).registers, efuseTableFor('esp32c61', 100).registers];
  assert.deepEqual([...s2.repeatErrors, s2.rsErr0, s2.rsErr1], [0x17c, 0x180, 0x184, 0x188, 0x190, 0x1c0, 0x1c4]);
  assert.deepEqual([...c61.repeatErrors, c61.rsErr0, c61.rsErr1], [0x17c, 0x180, 0x184, 0x188, 0x18c, 0x190, 0x194]);
  assert.deepEqual([c61.cmd, c61.date], [0x1d4, 0x198]);
});

test('an unknown field is refused with near names; aliases are known', () => {
  const table = efuseTableFor('esp32p4', 300);
  assert.equal(fieldOf(table, 'CUSTOM_MAC').name, 'USER_DATA.MAC_CUSTOM');
  assert.throws(
    () => fieldOf(table, 'DIS_PAD_JTG'),
    (error) => isFault(error, 'efuse.unknown-field') && error.next.includes('DIS_PAD_JTAG'),
  );
});

interface CsvField {
  readonly name: string;
  readonly pieces: string[];
  readonly aliases: string[];
}

/**
 * Reads an ESP-IDF eFuse table: fields, and the write-disable bit of each name. A reader of its own beside the generator's, so that a slip
 * in that one does not pass.
 */
function readCsv(name: string): { fields: CsvField[]; writeDisable: Map<string, number> } {
  const fields: CsvField[] = [];
  const writeDisable = new Map<string, number>();
  for (const line of vectorText(`efuse/${name}`).split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const cells = line.split(',').map((cell) => cell.trim());
    // ESP32's key blocks are as long as their coding lets them be; without one, whole.
    const [name = '', block = '', start = '', length = '', ...comment] = cells.map((cell) =>
      cell === 'MAX_BLK_LEN' ? '256' : cell,
    );
    if (name.startsWith('RD_DIS.')) continue;
    if (/^WR_DIS[._]/.test(name)) writeDisable.set(name.slice(7), Number(start));
    else if (name === '') fields.at(-1)!.pieces.push(`${block.slice(9)}.${start}+${length}`);
    else
      fields.push({
        name,
        pieces: [`${block.slice(9)}.${start}+${length}`],
        aliases: (/\[([^\]]*)\]/.exec(comment.join(','))?.[1] ?? '').split(' ').filter((word) => word !== ''),
      });
  }
  return { fields, writeDisable };
}

const sources: Readonly<
  Record<string, { files: readonly string[]; extra?: readonly string[]; gone?: readonly string[] }>
> = {
  'esp32p4-v1': { files: ['esp32p4.csv'], extra: ['DIS_USB_SERIAL_JTAG'] },
  'esp32p4-v3': { files: ['esp32p4_v3.0.csv'], extra: ['DIS_USB_SERIAL_JTAG', 'DOWNLOAD_MODE_XPD_ON'] },
  esp32s3: { files: ['esp32s3.csv'] },
  esp32c3: { files: ['esp32c3.csv'] },
  esp32c6: { files: ['esp32c6.csv'] },
  esp32c5: { files: ['esp32c5.csv'] },
  esp32s2: { files: ['esp32s2.csv'] },
  esp32c61: { files: ['esp32c61.csv'] },
  esp32c2: { files: ['esp32c2.csv'] },
  esp32: { files: ['esp32.csv'] },
  'esp32h2-v1.2': { files: ['esp32h2.csv'] },
  esp32h21: { files: ['esp32h21.csv'] },
  esp32h4: { files: ['esp32h4.csv'] },
  esp32s31: { files: ['esp32s31.csv'] },
  'esp32h2-v0': {
    files: ['esp32h2.csv', 'esp32h2_v0.0_v1.1.csv'],
    gone: ['ECDSA_CURVE_MODE', 'ECC_FORCE_CONST_TIME', 'XTS_DPA_PSEUDO_LEVEL'],
  },
};

for (const table of efuseTables) compareWithCsv(table);

function compareWithCsv(table: EfuseTable): void {
  const { files, extra = [], gone = [] } = sources[table.name]!;
  test(`${table.name}: the same as ESP-IDF's own table, field by field`, () => {
    const tables = files.map(readCsv);
    const expected = tables.flatMap(({ fields }) => fields).filter(({ name }) => !gone.includes(name));
    const writeDisable = new Map(tables.flatMap((csv) => [...csv.writeDisable]));
    const ours = new Map(table.fields.map((field) => [field.name, field]));
    for (const { name, pieces, aliases } of expected) {
      const field = ours.get(name);
      assert.ok(field !== undefined, `${name} is missing`);
      assert.deepEqual(
        field.pieces.map(({ block, bit, length }) => `${block}.${bit}+${length}`),
        pieces,
        name,
      );
      for (const alias of aliases.filter((word) => word !== name)) assert.ok(field.aliases.includes(alias), alias);
      const bit = writeDisable.get(name) ?? writeDisable.get(`BLOCK_${name}`);
      // A field of blocks 1 to 10 without a line of its own is frozen with its block.
      const byBlock = table.blocks[field.pieces[0]!.block]!.writeDisableBit;
      assert.equal(field.writeDisableBit, bit ?? byBlock, `${name}: write-disable bit`);
      ours.delete(name);
    }
    assert.deepEqual([...ours.keys()].sort(), [...extra].sort());
  });
}
