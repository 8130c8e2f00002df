import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOfWords, concat, wordsOf } from '../../../main/base/bytes.ts';
import { seededRandom } from '../../../main/base/random.ts';
import { rsEncode } from '../../../main/efuse/reed-solomon.ts';
import { efuseTableFor } from '../../../main/efuse/tables.ts';
import type { ChipKind } from '../../../main/model/chip.ts';
import type { BurnFault } from '../../../main/virtual/efuse/cells.ts';
import { EfuseController } from '../../../main/virtual/efuse/controller.ts';
import { vectorFile } from '../../vectors.ts';

interface Burn {
  readonly 'PGM_DATA0..7': readonly string[];
  readonly 'CHECK_VALUE0..2': readonly string[];
  readonly CMD: string;
}
interface Case {
  readonly name: string;
  readonly burns_in_order: readonly Burn[];
  readonly read_registers_after: Readonly<Record<string, readonly string[]>>;
}

const noWords = [0, 0, 0, 0, 0, 0, 0, 0];

function controller(faults: Readonly<Record<number, BurnFault>> = {}, kind: ChipKind = 'esp32p4', revision = 103) {
  let cuts = 0;
  const efuse = new EfuseController(efuseTableFor(kind, revision), seededRandom(3), {
    faultOf: (program) => faults[program] ?? null,
    cutPower: () => cuts++,
  });
  efuse.powerOn();
  const { registers, blocks } = efuse.table;
  const idle = () => efuse.advance(1e6);
  return {
    efuse,
    cuts: () => cuts,
    program(block: number, data: readonly number[], check: readonly number[] = [0, 0, 0]) {
      [...noWords.map((_, i) => data[i] ?? 0), ...check].forEach((word, i) => {
        efuse.writeRegister(registers.pgmData0 + 4 * i, word);
      });
      efuse.writeRegister(registers.conf, 0x5a5a);
      efuse.writeRegister(registers.cmd, (block << 2) | 2);
      idle();
    },
    /** A block with the check words that belong to it. */
    programRs(block: number, data: readonly number[]) {
      this.program(block, data, wordsOf(rsEncode(bytesOfWords(noWords.map((_, i) => data[i] ?? 0)))));
    },
    load() {
      efuse.writeRegister(registers.conf, 0x5aa5);
      efuse.writeRegister(registers.cmd, 1);
      idle();
    },
    block: (n: number) =>
      Array.from({ length: blocks[n]!.words }, (_, i) => efuse.readRegister(blocks[n]!.readOffset + 4 * i)),
    rsErrors: () => [efuse.readRegister(registers.rsErr0), efuse.readRegister(registers.rsErr1!)],
    repeatErrors: () => registers.repeatErrors.map((offset) => efuse.readRegister(offset)),
  };
}

const key = [0x11111111, 0x22222222, 0x33333333, 0x44444444, 0x55555555, 0x66666666, 0x77777777, 0x88888888];

test('what espefuse burns in its captures reads back as it read there (efuse_p4_burns)', () => {
  const { cases } = vectorFile<{ cases: readonly Case[] }>('efuse_p4_burns.json');
  for (const { name, burns_in_order: burns, read_registers_after: after } of cases) {
    const chip = controller({}, 'esp32p4', name.includes('v3.0') ? 300 : 103);
    for (const burn of burns) {
      const words = (texts: readonly string[]) => texts.map((text) => Number.parseInt(text, 16));
      chip.program(Number.parseInt(burn.CMD, 16) >> 2, words(burn['PGM_DATA0..7']), words(burn['CHECK_VALUE0..2']));
      chip.load();
    }
    for (const [block, words] of Object.entries(after)) {
      if (block === 'BLOCK1') continue; // set by the capture's own preparation, not burned
      const read = chip.block(Number(block.slice(5))).map((word) => word.toString(16).padStart(8, '0'));
      assert.deepEqual(read, words, `${name} ${block}`);
    }
    assert.deepEqual(chip.rsErrors(), [0, 0], name);
    assert.deepEqual(chip.repeatErrors(), [0, 0, 0, 0, 0], name);
  }
});

test('burned bits show after a read command, and only the right opcodes do anything', () => {
  const chip = controller();
  const { registers } = chip.efuse.table;
  chip.program(0, [0, 0, 0x00040000]);
  assert.equal(chip.efuse.field('SPI_BOOT_CRYPT_CNT'), 0);
  chip.load();
  assert.equal(chip.efuse.field('SPI_BOOT_CRYPT_CNT'), 1);
  chip.efuse.writeRegister(registers.pgmData0 + 8, 0x00080000);
  chip.efuse.writeRegister(registers.conf, 0x5aa5);
  chip.efuse.writeRegister(registers.cmd, 2);
  chip.load();
  assert.equal(chip.efuse.field('SPI_BOOT_CRYPT_CNT'), 1, 'a program command under the read opcode');
});

test('a command in the same breath as another is lost while the controller is busy', () => {
  const chip = controller();
  const { registers } = chip.efuse.table;
  chip.efuse.writeRegister(registers.pgmData0 + 8, 0x00040000);
  chip.efuse.writeRegister(registers.conf, 0x5a5a);
  chip.efuse.writeRegister(registers.cmd, 2);
  assert.equal(chip.efuse.readRegister(registers.cmd), 2);
  chip.efuse.writeRegister(registers.conf, 0x5aa5);
  chip.efuse.writeRegister(registers.cmd, 1);
  assert.equal(chip.efuse.field('SPI_BOOT_CRYPT_CNT'), 0);
  chip.efuse.advance(2000);
  assert.equal(chip.efuse.readRegister(registers.cmd), 0);
  chip.efuse.writeRegister(registers.cmd, 1);
  assert.equal(chip.efuse.field('SPI_BOOT_CRYPT_CNT'), 1);
});

test('bits of BLOCK0 only go up, one burn after the other', () => {
  const chip = controller();
  chip.program(0, [0, 0, 0x00040000]);
  chip.program(0, [0, 0, 0x00180000]);
  chip.load();
  assert.equal(chip.efuse.field('SPI_BOOT_CRYPT_CNT'), 7);
  chip.program(0, noWords);
  chip.load();
  assert.equal(chip.efuse.field('SPI_BOOT_CRYPT_CNT'), 7);
});

test('a second value in a Reed-Solomon block spoils it; the same codeword again does not', () => {
  const chip = controller();
  chip.programRs(4, key);
  chip.programRs(4, key);
  chip.load();
  assert.deepEqual(chip.block(4), key);
  assert.deepEqual(chip.rsErrors(), [0, 0]);
  chip.programRs(4, [...key].reverse());
  chip.load();
  assert.notDeepEqual(chip.block(4), key);
  assert.equal((chip.rsErrors()[0]! >>> 12) & 8, 8);
});

test('data without its check words gives a coding error', () => {
  const chip = controller();
  chip.program(4, key);
  chip.load();
  assert.equal((chip.rsErrors()[0]! >>> 12) & 8, 8);
});

test('C3 shows fail bits one nibble later than the counts', () => {
  const chip = controller({}, 'esp32c3', 4);
  chip.program(4, key);
  chip.program(8, key);
  chip.load();
  assert.equal((chip.rsErrors()[0]! >>> 12) & 0xf, 7);
  assert.equal((chip.rsErrors()[0]! >>> 16) & 0xf, 8);
  assert.equal(chip.rsErrors()[1]! & 8, 8, 'KEY4 fails in the first nibble of ERR1');
});

test('a read-protected block shows zeros on the bus and its key to the hardware', () => {
  const chip = controller();
  chip.programRs(5, key);
  chip.load();
  assert.deepEqual(chip.block(5), key);
  chip.program(0, [0, 1 << 1]);
  assert.deepEqual(chip.block(5), key, 'not before the next read command');
  chip.load();
  assert.deepEqual(chip.block(5), noWords);
  assert.deepEqual(chip.efuse.hardwareBlock(5), key);
});

test('write protection holds for blocks and for groups of BLOCK0, never for WR_DIS', () => {
  const chip = controller();
  chip.program(0, [(1 << 24) | (1 << 0) | (1 << 4)]);
  chip.load();
  chip.programRs(5, key);
  chip.program(0, [1 << 20, 0x7f, 0x001c0000 | (1 << 21)]);
  chip.load();
  assert.deepEqual(chip.block(5), noWords);
  assert.equal(chip.efuse.field('RD_DIS'), 0);
  assert.equal(chip.efuse.field('SPI_BOOT_CRYPT_CNT'), 0);
  assert.equal(chip.efuse.field('SECURE_BOOT_KEY_REVOKE0'), 1);
  assert.equal(chip.efuse.field('WR_DIS'), (1 << 24) | (1 << 20) | (1 << 4) | 1);
});

test('power that goes within a burn leaves part of the bits; the identical codeword again heals the block', () => {
  const chip = controller({ 1: 'power-cut-in-burn' });
  chip.programRs(4, key);
  assert.equal(chip.cuts(), 1);
  chip.efuse.powerOn();
  assert.notEqual(chip.rsErrors()[0], 0);
  chip.programRs(4, key);
  chip.load();
  assert.deepEqual(chip.block(4), key);
  assert.deepEqual(chip.rsErrors(), [0, 0]);
});

test('power that goes within a burn of BLOCK0 shows in its error words until it is burned again', () => {
  const chip = controller({ 1: 'power-cut-in-burn' });
  const wanted = [0, 0, 0x00dc0000, 0x00100000];
  chip.program(0, wanted);
  chip.efuse.powerOn();
  assert.ok(chip.repeatErrors().some((word) => word !== 0));
  chip.program(0, wanted);
  chip.load();
  assert.deepEqual(chip.block(0), [...wanted, 0, 0]);
  assert.deepEqual(chip.repeatErrors(), [0, 0, 0, 0, 0]);
});

test('power that goes after a burn leaves all of it', () => {
  const chip = controller({ 1: 'power-cut-after-burn' });
  chip.programRs(4, key);
  assert.equal(chip.cuts(), 1);
  chip.efuse.powerOn();
  assert.deepEqual(chip.block(4), key);
});

test('a weak bit takes at the second try, a dead one never; Reed-Solomon corrects both and counts them', () => {
  for (const fault of ['weak-burn', 'dead-bit'] as const) {
    const chip = controller({ 1: fault });
    chip.programRs(4, key);
    chip.load();
    assert.deepEqual(chip.block(4), key);
    assert.equal((chip.rsErrors()[0]! >>> 12) & 0xf, 1, fault);
    chip.programRs(4, key);
    chip.load();
    assert.equal((chip.rsErrors()[0]! >>> 12) & 0xf, fault === 'weak-burn' ? 0 : 1, fault);

    const block0 = controller({ 1: fault });
    block0.program(0, [0, 0, 0x001c0000]);
    block0.load();
    assert.notEqual(block0.efuse.field('SPI_BOOT_CRYPT_CNT'), 7);
    block0.program(0, [0, 0, 0x001c0000]);
    block0.load();
    assert.equal(block0.efuse.field('SPI_BOOT_CRYPT_CNT') === 7, fault === 'weak-burn', fault);
  }
});

test('code on the chip burns fields of BLOCK0, under write protection too', () => {
  const chip = controller();
  chip.efuse.burnField('SECURE_VERSION', 5);
  chip.efuse.burnField('SECURE_VERSION', 2);
  assert.equal(chip.efuse.field('SECURE_VERSION'), 7);
  chip.efuse.burnField('WR_DIS', 2 ** 18);
  chip.efuse.burnField('SECURE_VERSION', 8);
  assert.equal(chip.efuse.field('SECURE_VERSION'), 7);
  assert.throws(() => chip.efuse.burnField('MAC', 1), RangeError);
});

test('an array is restored as it was burned, and one of another shape is refused', () => {
  const chip = controller();
  chip.programRs(4, key);
  const other = controller();
  other.efuse.restore(chip.efuse.burned());
  other.efuse.powerOn();
  assert.deepEqual(other.block(4), key);
  assert.throws(() => other.efuse.restore([concat()]), RangeError);
});
