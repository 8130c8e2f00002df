import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromHex, toHex } from '../../../main/base/bytes.ts';
import { isFault } from '../../../main/model/fault.ts';
import { commands } from '../../../main/protocol/commands.ts';
import { Exchange } from '../../../main/protocol/exchange.ts';
import { slipFrame } from '../../../main/protocol/slip.ts';
import { timeouts } from '../../../main/protocol/timeouts.ts';
import { HandClock, runInTime } from './clocks.ts';
import { FarEnd } from './far-end.ts';

// Frames of a real C3 ROM (rom_c3_fresh): READ_REG with the value 0x3af96a3c, and SYNC's answer.
const readAnswer = fromHex('c0010a04003c6af93a00000000c0');
const syncAnswers = fromHex('c0010804000707122000000000c0'.repeat(8));
const [syncOpcode, readOpcode] = [commands.sync.opcode, commands.readRegister.opcode];

function bench(answer: (opcode: number, count: number, port: FarEnd) => void) {
  const clock = new HandClock();
  const port = new FarEnd(clock);
  const exchange = new Exchange(port, clock);
  const asked: number[] = [];
  port.onWrite = (bytes) => {
    const opcode = bytes[bytes.lastIndexOf(0xc0, 1) + 2] as number;
    asked.push(opcode);
    answer(opcode, asked.filter((each) => each === opcode).length, port);
  };
  return { clock, port, exchange, asked };
}

describe('the exchange loop', () => {
  it('asks again for what may be asked twice, after finding the loader again', async () => {
    const { clock, exchange, asked } = bench((opcode, count, port) => {
      if (opcode === syncOpcode) port.send(syncAnswers);
      if (opcode === readOpcode && count === 2) port.send(readAnswer);
    });
    assert.equal(await runInTime(clock, exchange.request(commands.readRegister, 0x60008844)), 0x3af96a3c);
    assert.deepEqual(asked, [readOpcode, syncOpcode, readOpcode]);
    assert.equal(exchange.counters.retries, 1);
    assert.equal(exchange.counters.resyncs, 1);
    assert.ok(clock.monotonic() >= timeouts.command && clock.monotonic() < timeouts.command + 500);
  });

  it('leaves no byte of a register write behind: keys are written so', async () => {
    const { clock, exchange, port } = bench((_, __, far) =>
      far.send(slipFrame(Uint8Array.of(1, 9, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0))),
    );
    const lent: Uint8Array[] = [];
    const write = port.write.bind(port);
    port.write = (bytes) => {
      lent.push(bytes);
      return write(bytes);
    };
    await runInTime(clock, exchange.request(commands.writeRegisters, [{ address: 0x60008800, value: 0x5ec2e7 }]));
    assert.equal(port.written.length, 1);
    assert.ok(port.written[0]!.some((byte) => byte !== 0));
    assert.ok(lent[0]!.every((byte) => byte === 0));
  });

  it('never sends a register write twice', async () => {
    const { clock, exchange, asked } = bench(() => undefined);
    const work = exchange.request(commands.writeRegisters, [{ address: 0x60008800, value: 1 }]);
    await assert.rejects(runInTime(clock, work), (error) => isFault(error, 'protocol.timeout'));
    assert.deepEqual(asked, [commands.writeRegisters.opcode]);
  });

  it('finds the loader again before the next command after a lost answer', async () => {
    const { clock, exchange, asked } = bench((opcode, _, port) => {
      if (opcode === syncOpcode) port.send(syncAnswers);
      if (opcode === readOpcode) port.send(readAnswer);
    });
    const write = exchange.request(commands.writeRegisters, [{ address: 0x60008800, value: 1 }]);
    await assert.rejects(runInTime(clock, write));
    await runInTime(clock, exchange.request(commands.readRegister, 0));
    assert.deepEqual(asked, [commands.writeRegisters.opcode, syncOpcode, readOpcode]);
  });

  /** READ_REG's answer with this value, or the ROM's refusal of it. */
  const readOf = (value: number) => slipFrame(Uint8Array.of(1, readOpcode, 4, 0, value, 0, 0, 0, 0, 0, 0, 0));
  const readRefused = slipFrame(Uint8Array.of(1, readOpcode, 4, 0, 0, 0, 0, 0, 1, 5, 0, 0));

  it('asks several at once, and takes their answers in order', async () => {
    const { clock, port, exchange } = bench((_, __, far) => far.send(Buffer.concat([1, 2, 3].map(readOf)), 5));
    const asked = exchange.askTogether(commands.readRegister, [0x10, 0x14, 0x18], true);
    assert.deepEqual(await runInTime(clock, asked), [1, 2, 3]);
    assert.equal(port.written.length, 1, 'in one write');
    assert.deepEqual([exchange.counters.exchanges, exchange.counters.commands], [1, 3]);
  });

  it('believes none of several where one is lost; a trial is counted nowhere', async () => {
    for (const isTrial of [true, false]) {
      const { clock, exchange, asked } = bench((opcode, count, far) => {
        if (opcode === syncOpcode) far.send(Buffer.concat([readOf(3), syncAnswers]));
        // The third comes late: with the loader found again it is nobody's answer any more.
        if (opcode === readOpcode) far.send(count === 1 ? Buffer.concat([1, 2].map(readOf)) : readOf(9));
      });
      const together = exchange.askTogether(commands.readRegister, [0x10, 0x14, 0x18], isTrial);
      assert.equal(await runInTime(clock, together), null);
      assert.equal(await runInTime(clock, exchange.request(commands.readRegister, 0x10)), 9);
      assert.deepEqual(asked, [readOpcode, syncOpcode, readOpcode]);
      const { retries, resyncs } = exchange.counters;
      assert.deepEqual([retries, resyncs], isTrial ? [0, 0] : [1, 1]);
    }
  });

  it("finds the loader again where one of several was refused: the answers behind it are nobody's", async () => {
    let late = readOf(3);
    const lateAnd = (answers: Uint8Array) => {
      const both = Buffer.concat([late, answers]);
      late = new Uint8Array(0);
      return both;
    };
    const { clock, exchange } = bench((opcode, count, far) => {
      if (opcode === syncOpcode) far.send(lateAnd(syncAnswers));
      if (opcode === readOpcode) far.send(count === 1 ? Buffer.concat([readOf(1), readRefused]) : lateAnd(readOf(9)));
    });
    const together = exchange.askTogether(commands.readRegister, [0x10, 0x14, 0x18], false);
    await assert.rejects(runInTime(clock, together), (error) => isFault(error, 'protocol.refused'));
    assert.equal(await runInTime(clock, exchange.request(commands.readRegister, 0x10)), 9);
  });

  it('gives up when the loader cannot be found again', async () => {
    const { clock, exchange, asked } = bench(() => undefined);
    await assert.rejects(runInTime(clock, exchange.request(commands.readRegister, 0)), (error) =>
      isFault(error, 'protocol.timeout'),
    );
    assert.ok(asked.filter((opcode) => opcode === syncOpcode).length >= 7);
  });

  it('says that an answer came damaged', async () => {
    const { clock, exchange } = bench((opcode, _, port) => {
      // One byte of the frame was lost on the way: it is shorter than it says.
      if (opcode === commands.writeRegisters.opcode) port.send(fromHex('c00109040000000000000000c0'));
    });
    const work = exchange.request(commands.writeRegisters, [{ address: 0, value: 1 }]);
    await assert.rejects(runInTime(clock, work), (error) => isFault(error, 'protocol.garbled'));
  });

  it('knows at once that a command is refused under the opcode of the last accepted one', async () => {
    const { clock, exchange } = bench((opcode, _, port) => {
      if (opcode === readOpcode) port.send(readAnswer);
      if (opcode === commands.eraseRegion.opcode) port.send(fromHex('c0010a04006f50311b01053035c0'));
    });
    await runInTime(clock, exchange.request(commands.readRegister, 0));
    const work = exchange.request(commands.eraseRegion, { offset: 0, length: 4096 });
    await assert.rejects(
      runInTime(clock, work),
      (error) => isFault(error, 'protocol.refused') && error.details.opcode === 0xd1 && error.details.error === 5,
    );
    assert.equal(clock.monotonic(), 0);
  });

  it('drops the eight refusals under SYNC, so that the next command is not refused by them', async () => {
    const refusals = fromHex('c0010804000707122001050000c0'.repeat(8));
    const { clock, exchange } = bench((opcode, _, port) => {
      if (opcode === syncOpcode) port.send(syncAnswers);
      if (opcode === commands.flashMd5.opcode) port.send(refusals, 14);
      if (opcode === commands.spiAttach.opcode) port.send(fromHex('c0010d04000707122000000000c0'));
    });
    await runInTime(clock, exchange.trySync(0));
    const refused = exchange.request(commands.flashMd5, { offset: 0, length: 4096 });
    await assert.rejects(runInTime(clock, refused), (error) => isFault(error, 'protocol.refused'));
    await runInTime(clock, exchange.request(commands.spiAttach, undefined));
  });

  it('judges a ROM by its status byte alone: 00 05 is a success', async () => {
    const { clock, exchange } = bench((_, __, port) => port.send(fromHex('c0010204000088006000050000c0')));
    const begin = { size: 1024, blocks: 1, blockSize: 1024, offset: 0x30000, encrypt: false };
    await runInTime(clock, exchange.request(commands.flashBegin, begin));
  });

  it('names the error of a stub', async () => {
    const { clock, exchange } = bench((_, __, port) => port.send(fromHex('c00102020000000000c400c0')));
    exchange.mode = 'stub';
    const begin = { size: 1024, blocks: 1, blockSize: 1024, offset: 0x800000, encrypt: false };
    await assert.rejects(
      runInTime(clock, exchange.request(commands.flashBegin, begin)),
      (error) => isFault(error, 'protocol.refused') && /flash operation failed/.test(error.message),
    );
  });

  it('notices that a ROM answers where a stub ran', async () => {
    const { clock, exchange } = bench((opcode, _, port) => {
      if (opcode === syncOpcode) port.send(syncAnswers);
    });
    exchange.mode = 'stub';
    await assert.rejects(runInTime(clock, exchange.request(commands.readRegister, 0)), (error) =>
      isFault(error, 'protocol.restarted'),
    );
    assert.equal(exchange.mode, 'rom');
  });

  it('turns the phase of a stub that takes ends for beginnings: every other SYNC begins with one C0 more', async () => {
    const sent: string[] = [];
    const { clock, port, exchange } = bench(() => undefined);
    port.onWrite = (bytes) => {
      sent.push(toHex(bytes.subarray(0, 4)));
      if (sent.length === 3) port.send(syncAnswers);
    };
    await runInTime(
      clock,
      exchange.transact((wire) => wire.resync()),
    );
    assert.deepEqual(sent, ['c0000824', 'c0c00008', 'c0000824']);
  });

  it('keeps what the chip prints between frames', async () => {
    const { clock, exchange } = bench((_, __, port) => {
      port.send(fromHex('48690d0a'));
      port.send(readAnswer);
      port.send(fromHex('1b5b33326d6f6b1b5b306d0d0a'));
    });
    await runInTime(clock, exchange.request(commands.readRegister, 0));
    assert.deepEqual(exchange.console.lines, ['Hi', 'ok']);
  });

  it('ends every wait when the port goes away', async () => {
    const { clock, port, exchange } = bench(() => undefined);
    const work = exchange.request(commands.readRegister, 0);
    setImmediate(() => port.unplug(new Error('unplugged')));
    await assert.rejects(runInTime(clock, work), /unplugged/);
    await assert.rejects(runInTime(clock, exchange.request(commands.readRegister, 0)), /unplugged/);
  });

  it('does not wait for ever for a driver that takes nothing', async () => {
    const { clock, port, exchange } = bench(() => undefined);
    port.write = () => new Promise(() => undefined);
    await assert.rejects(runInTime(clock, exchange.request(commands.readRegister, 0)), (error) =>
      isFault(error, 'transport.io'),
    );
  });

  it('closes what secure download mode does not know, before sending it', async () => {
    const { clock, exchange, asked } = bench(() => undefined);
    exchange.secureDownload = true;
    await assert.rejects(runInTime(clock, exchange.request(commands.readRegister, 0)), (error) =>
      isFault(error, 'protocol.secure-download'),
    );
    assert.deepEqual(asked, []);
  });

  it('ends a wait at its time, however much a chip that chatters and a busy machine hold it up', async () => {
    const { clock, port, exchange } = bench(() => undefined);
    let waits = 0;
    const sleep = clock.sleep.bind(clock);
    // Whenever the wait's time is up, this process is held up past it, and a frame of another opcode has come in.
    clock.sleep = (ms, signal) =>
      sleep(ms, signal).then(() => {
        if (++waits > 100) return;
        clock.advance(timeouts.heldUp * 2);
        port.send(readAnswer);
      });
    const asked = runInTime(clock, exchange.request(commands.flashMd5, { offset: 0, length: 16 }));
    await assert.rejects(asked, { code: 'protocol.timeout' });
    assert.ok(waits < 100, 'the wait went on and on');
  });
});
