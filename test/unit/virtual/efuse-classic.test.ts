import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOfWords, fromHex, toHex, wordsOf } from '../../../main/base/bytes.ts';
import { seededRandom } from '../../../main/base/random.ts';
import { decode34, encode34 } from '../../../main/efuse/coding-34.ts';
import { efuseTableFor } from '../../../main/efuse/tables.ts';
import type { BurnFault } from '../../../main/virtual/efuse/cells.ts';
import { ClassicEfuseController } from '../../../main/virtual/efuse/classic-controller.ts';

const table = efuseTableFor('esp32', 301);
const { conf, cmd, status } = table.registers;

function controller(fault: BurnFault | null = null) {
  let cuts = 0;
  const efuse = new ClassicEfuseController(table, seededRandom(3), {
    faultOf: (program) => (program === 1 ? fault : null),
    cutPower: () => {
      cuts++;
    },
  });
  efuse.powerOn();
  const stage = (block: number, bytes: Uint8Array) => {
    for (const [i, word] of wordsOf(bytes).entries())
      efuse.writeRegister(table.blocks[block]!.writeOffset! + 4 * i, word);
  };
  const command = (opcode: number, value: number) => {
    efuse.writeRegister(conf, opcode);
    efuse.writeRegister(cmd, value);
    efuse.advance(Number.POSITIVE_INFINITY);
  };
  const burn = () => {
    command(0x5a5a, 2);
    command(0x5aa5, 1);
  };
  const read = (block: number) => {
    const { readOffset, words } = table.blocks[block]!;
    return bytesOfWords(Array.from({ length: words }, (_, i) => efuse.readRegister(readOffset + 4 * i)));
  };
  return { efuse, stage, command, burn, read, cuts: () => cuts };
}

const bits = (...set: number[]) => {
  const bytes = new Uint8Array(28);
  for (const bit of set) bytes[bit >>> 3]! |= 1 << (bit & 7);
  return bytes;
};

test('24 bytes in 3/4 code as espefuse 5.3.1 makes them (FACTS 2.10), and a wrong group is told', () => {
  const data = Uint8Array.from({ length: 24 }, (_, i) => i);
  const coded = encode34(data);
  assert.equal(toHex(coded), '000102030405011e060708090a0b012f0c0d0e0f101101321213141516170141');
  assert.deepEqual(decode34(coded), { data, wrong: [] });
  coded[9]! ^= 0x10;
  assert.deepEqual(decode34(coded).wrong, [1]);
  assert.throws(() => encode34(data.subarray(1)), RangeError);
});

test('one command burns what is staged for any block, and shows it only after a read command', () => {
  const { efuse, stage, command, read } = controller();
  const key = seededRandom(1)(32);
  stage(1, key);
  stage(3, bits(0));
  command(0x5aa5, 2);
  assert.deepEqual(efuse.burned()[1], new Uint8Array(32), 'not with the opcode of reading');
  command(0x5a5a, 2);
  assert.deepEqual(read(1), new Uint8Array(32));
  command(0x5aa5, 1);
  assert.deepEqual(read(1), key);
  assert.equal(read(3)[0], 1);
  assert.equal(efuse.readRegister(cmd), 0);
});

test('write protection holds for blocks, for fields, for RD_DIS and for WR_DIS itself; hidden blocks read as zeros', () => {
  const { efuse, stage, burn, read } = controller();
  stage(2, seededRandom(2)(32));
  stage(0, bits(7, 16, 2, 20));
  burn();
  assert.equal(efuse.field('FLASH_CRYPT_CNT'), 1);
  stage(1, seededRandom(4)(32));
  stage(0, bits(21, 27, 0, 18));
  burn();
  assert.deepEqual(efuse.burned()[1], new Uint8Array(32), 'BLOCK1 is frozen by WR_DIS bit 7');
  assert.deepEqual([efuse.field('FLASH_CRYPT_CNT'), efuse.field('UART_DOWNLOAD_DIS')], [1, 0], 'both by bit 2');
  assert.equal(efuse.field('RD_DIS'), 5);
  stage(0, bits(17, 1));
  burn();
  assert.equal(efuse.field('RD_DIS'), 5, 'bit 0 freezes RD_DIS');
  stage(0, bits(3));
  burn();
  assert.equal(efuse.field('WR_DIS'), 0x87, 'bit 1 freezes WR_DIS');
  assert.notDeepEqual(read(2), new Uint8Array(32));
  assert.deepEqual(read(3), new Uint8Array(32));
});

test('RD_DIS bit 3 hides four fields of BLOCK0 and no more; the hardware still sees them', () => {
  const { efuse, stage, burn, read } = controller();
  stage(0, bits(188, 189, 196, 197, 202, 20));
  burn();
  const before = read(0);
  stage(0, bits(19));
  burn();
  assert.equal(efuse.field('FLASH_CRYPT_CONFIG'), 3);
  const [shown, was] = [wordsOf(read(0)), wordsOf(before)];
  assert.equal(shown[5], was[5]! & 0x0fffffff);
  assert.equal(shown[6], 0x30, 'ABS_DONE_0 and _1 stay, KEY_STATUS is hidden');
  assert.equal(shown[0], (was[0]! | (1 << 19)) >>> 0);
});

test('with CODING_SCHEME 1 blocks show 24 bytes, and DEC_STATUS the groups that do not fit', () => {
  const { efuse, stage, burn, read } = controller();
  efuse.burnField('CODING_SCHEME', 1);
  const key = seededRandom(6)(24);
  stage(1, encode34(key));
  burn();
  assert.deepEqual(read(1).subarray(0, 24), key);
  assert.equal(efuse.readRegister(status), 0);
  stage(1, new Uint8Array(32));
  stage(2, fromHex(`${'00'.repeat(16)}01${'00'.repeat(15)}`));
  burn();
  assert.equal(efuse.readRegister(status), 0x40, 'BLOCK2, third group');
});

for (const [fault, cut] of [
  ['power-cut-in-burn', 1],
  ['power-cut-after-burn', 1],
  ['weak-burn', 0],
  ['dead-bit', 0],
] as const)
  test(`${fault}: what gets in, and what a second burn does`, () => {
    const { efuse, stage, burn, cuts } = controller(fault);
    const key = seededRandom(9)(32);
    stage(1, key);
    burn();
    assert.equal(cuts(), cut);
    const first = efuse.burned()[1]!;
    assert.ok(first.every((byte, i) => (byte & ~key[i]!) === 0));
    assert.equal(toHex(first) === toHex(key), fault === 'power-cut-after-burn');
    efuse.powerOn();
    stage(1, key);
    burn();
    assert.equal(toHex(efuse.burned()[1]!) === toHex(key), fault !== 'dead-bit');
    const other = controller().efuse;
    other.restore(efuse.burned());
    assert.deepEqual(other.burned(), efuse.burned());
    assert.throws(() => other.restore(efuse.burned().slice(1)), RangeError);
  });
