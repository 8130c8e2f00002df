// What goes over the bus, register by register, against captures of espefuse's own burns.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex } from '../../../main/base/bytes.ts';
import { codewordOf, EfuseBus, type RegisterAccess, wipe } from '../../../main/chip/registers.ts';
import { efuseTableFor } from '../../../main/efuse/tables.ts';
import type { EfuseTable } from '../../../main/efuse/types.ts';
import { isFault } from '../../../main/model/fault.ts';
import type { RegisterWrite } from '../../../main/protocol/loader.ts';
import { vectorFile } from '../../vectors.ts';
import { fastClock } from './clocks.ts';
import { oneByOne } from './rig.ts';

const idleRegister = 0x500ca08c;
/** The board that lies there is the board. */
const sure = async () => undefined;

/** Registers and nothing behind them: every program command is noted with what was staged. */
class Recorder implements RegisterAccess {
  readonly registers = new Map<number, number>();
  readonly programs: { cmd: number; conf: number; data: string[]; check: string[] }[] = [];
  readonly packets: RegisterWrite[][] = [];
  /** How many registers each call wrote. */
  readonly writes: number[] = [];
  reads = 0;
  readonly baudRate = 115200;
  readonly #table: EfuseTable;
  /** Damages the n-th packet's first value (from 1). */
  damage = 0;

  constructor(table: EfuseTable) {
    this.#table = table;
  }

  async readRegister(address: number): Promise<number> {
    this.reads++;
    return this.registers.get(address) ?? 0;
  }

  readRegisters = oneByOne((address) => this.readRegister(address));

  async writeRegisters(writes: readonly RegisterWrite[]): Promise<void> {
    this.writes.push(writes.length);
    for (let at = 0; at < writes.length; at += 8)
      this.packets.push(writes.slice(at, at + 8).map((write) => ({ ...write })));
    this.damage--;
    for (const [index, { address, value, mask = 0xffffffff }] of writes.entries()) {
      const damaged = this.damage === 0 && index === 0 ? value ^ 0x10 : value;
      const { base, registers } = this.#table;
      this.registers.set(address, (((this.registers.get(address) ?? 0) & ~mask) | (damaged & mask)) >>> 0);
      if (address !== base + registers.cmd) continue;
      if ((damaged & 2) !== 0) this.#note(damaged);
      this.registers.set(address, 0);
    }
  }

  #note(cmd: number): void {
    const { base, registers } = this.#table;
    const word = (offset: number) => (this.registers.get(base + offset) ?? 0).toString(16).padStart(8, '0');
    const run = (offset: number, count: number) => Array.from({ length: count }, (_, i) => word(offset + 4 * i));
    this.programs.push({
      cmd,
      conf: this.registers.get(base + registers.conf) ?? 0,
      data: run(registers.pgmData0, 8),
      check: run(registers.checkValue0, 3),
    });
  }
}

const table = efuseTableFor('esp32p4', 103);
const busOf = (recorder: Recorder, of = table) => new EfuseBus(recorder, of, fastClock, idleRegister);

test('XTS key 00..1f on P4: words, check words, opcode and command of the capture', async () => {
  // Origin: test/vectors/efuse_p4_burns.json, first case (espefuse 5.3.1 --virt); the block holds the file reversed.
  const recorder = new Recorder(table);
  const block = Uint8Array.from({ length: 32 }, (_, i) => 31 - i);
  await busOf(recorder).program(codewordOf(4, block), sure);
  assert.deepEqual(recorder.programs, [
    {
      cmd: 0x12,
      conf: 0x5a5a,
      data: ['1c1d1e1f', '18191a1b', '14151617', '10111213', '0c0d0e0f', '08090a0b', '04050607', '00010203'],
      check: ['ae7c7c06', '79d61c6d', 'f2e11075'],
    },
  ]);
});

type Burn = {
  block: number;
  'PGM_DATA0..7': string[];
  'CHECK_VALUE0..2': string[];
  CONF: string;
  CMD: string;
};

test('every burn of every capture', async () => {
  const { cases } = vectorFile<{ cases: { name: string; burns_in_order: Burn[] }[] }>('efuse_p4_burns.json');
  for (const { name, burns_in_order: burns } of cases)
    for (const burn of burns) {
      const recorder = new Recorder(table);
      const data = burn['PGM_DATA0..7'].map((word: string) => Number.parseInt(word, 16));
      const bytes = fromHex(burn['PGM_DATA0..7'].map((word: string) => word.match(/../g)!.reverse().join('')).join(''));
      const codeword =
        burn.block === 0 ? { block: 0, data: data.slice(0, 6), check: [] } : codewordOf(burn.block, bytes);
      await busOf(recorder).program(codeword, sure);
      const [program] = recorder.programs;
      assert.deepEqual(
        [program!.data, program!.conf.toString(16), program!.cmd.toString(16).padStart(2, '0')],
        [burn['PGM_DATA0..7'], burn.CONF, burn.CMD],
        name,
      );
      if (burn.block !== 0) assert.deepEqual(program!.check, burn['CHECK_VALUE0..2'], name);
    }
});

test('after a key no register and no array of ours holds a bit of it', async () => {
  const recorder = new Recorder(table);
  const bus = busOf(recorder);
  const codeword = codewordOf(4, new Uint8Array(32).fill(0xa5));
  await bus.program(codeword, sure);
  await bus.refresh(codeword);
  for (let offset = 0; offset < 0x2c; offset += 4) assert.equal(recorder.registers.get(table.base + offset), 0);
  wipe(codeword);
  assert.ok([...codeword.data, ...codeword.check].every((word) => word === 0));
});

test('a key is staged, its board asked for, and burned by a packet of its own; then what was staged is cleared', async () => {
  const recorder = new Recorder(table);
  const bus = busOf(recorder);
  const codeword = codewordOf(4, new Uint8Array(32).fill(0xa5));
  await bus.program(codeword, async () => assert.deepEqual([recorder.writes, recorder.programs.length], [[11], 0]));
  await bus.refresh(codeword);
  assert.deepEqual(recorder.writes, [11, 3, 14]);
  assert.equal(recorder.reads, 3, 'one look after programming, two after reading');
  assert.deepEqual(recorder.packets.at(-1)!.at(-1), { address: idleRegister, value: 0, mask: 0, delayUs: 1000 });
});

test('another board in its place: nothing is burned, and what was staged is cleared', async () => {
  for (const codeword of [
    codewordOf(4, new Uint8Array(32).fill(0xa5)),
    { block: 0, data: [0, 1, 0, 0, 0, 0], check: [] },
  ]) {
    const recorder = new Recorder(table);
    const other = new Error('another board');
    await assert.rejects(
      busOf(recorder).program(codeword, () => Promise.reject(other)),
      other,
    );
    assert.deepEqual(recorder.programs, []);
    for (let offset = 0; offset < 0x2c; offset += 4)
      assert.ok(!recorder.registers.get(table.base + offset), `register ${offset}`);
  }
});

test('programming times are set before the first burn, where the chip needs them', async () => {
  for (const [kind, revision, expected] of [
    ['esp32p4', 301, {}],
    ['esp32c3', 4, { 488: 0x1fe28, 496: 0x300000, 500: 0x190 }],
    ['esp32s3', 2, { 488: 0x1fe28, 500: 0x300000, 504: 0x190 }],
    ['esp32c5', 100, { 492: 0x1fe28, 500: 0x300000, 504: 0x190 }],
    ['esp32c61', 100, { 488: 0x1fe28, 496: 0x300000, 500: 0x190 }],
    ['esp32s31', 0, {}],
    ['esp32h21', 0, { 488: 0x1fe28, 496: 0x300000, 500: 0x190 }],
    ['esp32h4', 0, { 492: 0x1fe28, 500: 0x300000, 504: 0x190 }],
    // its manual's times at 40 MHz
    ['esp32s2', 100, { 488: 0x50, 492: 0x10201, 496: 0x1900201, 500: 0x510001, 504: 0x80 }],
  ] as const) {
    const chip = efuseTableFor(kind, revision);
    const recorder = new Recorder(chip);
    await busOf(recorder, chip).prepare();
    const others = [...recorder.registers].filter(([, value]) => value !== 0);
    assert.deepEqual(Object.fromEntries(others.map(([address, value]) => [address - chip.base, value])), expected);
  }
});

test('ESP32-C2 is burned with the times of its crystal, which the divider of its UART tells', async () => {
  const chip = efuseTableFor('esp32c2', 102);
  const divider = 0x60000014;
  const common = { 264: 0x1fe28, 276: 0x300000, 280: 0x190 };
  // TPGM_INACTIVE 200 at 40 MHz, 130 at 26 MHz (espefuse, set_efuse_timing); the fraction above bit 19 counts for nothing
  for (const [megahertz, inactive] of [
    [40, 200],
    [26, 130],
    [40.6, 200],
  ] as const) {
    const recorder = new Recorder(chip);
    recorder.registers.set(divider, Math.round((megahertz * 1e6) / recorder.baudRate) | (5 << 20));
    await new EfuseBus(recorder, chip, fastClock, idleRegister, divider).prepare();
    recorder.registers.delete(divider);
    const others = [...recorder.registers].filter(([, value]) => value !== 0);
    assert.deepEqual(Object.fromEntries(others.map(([address, value]) => [address - chip.base, value])), {
      ...common,
      272: inactive << 8,
    });
  }
  const recorder = new Recorder(chip);
  recorder.registers.set(divider, Math.round(33e6 / recorder.baudRate));
  await assert.rejects(new EfuseBus(recorder, chip, fastClock, idleRegister, divider).prepare(), (error) =>
    isFault(error, 'chip.unknown-crystal'),
  );
  assert.ok(recorder.packets.length === 0, 'nothing was written');
});

test('BLOCK0 bits that came out wrong on the way are noticed before they are burned', async () => {
  const recorder = new Recorder(table);
  recorder.damage = 1;
  await busOf(recorder).program({ block: 0, data: [0, 0x80000, 0, 0, 0, 0], check: [] }, sure);
  assert.deepEqual(
    recorder.programs.map(({ data }) => data[1]),
    ['00080000'],
  );
  const hopeless = new Recorder(table);
  hopeless.writeRegisters = async () => undefined;
  await assert.rejects(busOf(hopeless).program({ block: 0, data: [0, 1, 0, 0, 0, 0], check: [] }, sure), (error) =>
    isFault(error, 'chip.staging-differs'),
  );
});

test('a controller that stays busy is a fault, not a wait without end', async () => {
  const recorder = new Recorder(table);
  recorder.readRegister = async () => 2;
  await assert.rejects(busOf(recorder).prepare(), (error) => isFault(error, 'chip.efuse-busy'));
});
