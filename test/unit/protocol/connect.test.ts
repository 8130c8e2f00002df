import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromHex, utf8 } from '../../../main/base/bytes.ts';
import { isFault } from '../../../main/model/fault.ts';
import { commands } from '../../../main/protocol/commands.ts';
import { connectLoader } from '../../../main/protocol/loader-session.ts';
import { loadStubImage } from '../../../main/protocol/stub-images.ts';
import { HandClock, runInTime } from './clocks.ts';
import { FarEnd } from './far-end.ts';

// Recorded: rom_c3_fresh, rom_c3_secure_download, stub_c3.
const romSync = 'c0010804000707122000000000c0'.repeat(8);
const stubSync = 'c001080200000000000000c0'.repeat(8);
const freshInfo = 'c0011418000707122000000000000000000000000c050000000300000000000000c0';
const secureInfo = 'c0011418000707122004000000000000000000000c050000000300000000000000c0';
const stubInfo = 'c0011416000000000000000000000000000000000c05000000030000000000c0';

function bench(answers: Readonly<Record<number, string>>, ready: (port: FarEnd) => boolean = () => true) {
  const clock = new HandClock();
  const port = new FarEnd(clock);
  const asked: number[] = [];
  port.onWrite = (bytes) => {
    if (!ready(port)) return;
    const opcode = bytes[bytes.lastIndexOf(0xc0, 1) + 2] as number;
    asked.push(opcode);
    const answer = answers[opcode];
    if (answer) port.send(fromHex(answer));
  };
  return { clock, port, asked };
}

describe('meeting a loader', () => {
  it('resets, greets, and asks for security info first of all', async () => {
    const { clock, port, asked } = bench({ 8: romSync, 20: freshInfo });
    const loader = await runInTime(clock, connectLoader(port, { clock }));
    assert.equal(loader.mode, 'rom');
    assert.equal(loader.security?.chipId, 5);
    assert.equal(loader.secureDownload, false);
    assert.deepEqual(asked, [commands.sync.opcode, commands.getSecurityInfo.opcode]);
    assert.ok(port.lines.length > 0);
  });

  it('understands a chip in secure download mode, and says so for what is closed', async () => {
    const { clock, port, asked } = bench({ 8: romSync, 20: secureInfo });
    const loader = await runInTime(clock, connectLoader(port, { clock }));
    assert.equal(loader.secureDownload, true);
    const stub = await loadStubImage('esp32c3');
    const closedWays: readonly (() => Promise<unknown>)[] = [
      () => loader.readRegister(0x40001000),
      () => loader.writeRegisters([{ address: 0, value: 0 }]),
      () => loader.flashMd5(0, 4096),
      () => loader.readFlash(0, 64),
    ];
    for (const closed of closedWays) {
      await assert.rejects(runInTime(clock, closed()), (error) => isFault(error, 'protocol.secure-download'));
    }
    await assert.rejects(runInTime(clock, loader.startStub(stub)), (error) => isFault(error, 'protocol.stub-unusable'));
    assert.equal(asked.length, 2);
  });

  it('notices secure download mode that came into force after it was met', async () => {
    const answers: Record<number, string> = { 8: romSync, 20: freshInfo };
    const { clock, port } = bench(answers);
    const loader = await runInTime(clock, connectLoader(port, { clock }));
    answers[0x14] = secureInfo;
    answers[0x0a] = 'c0011404000707122001050000c0';
    await assert.rejects(runInTime(clock, loader.readRegister(0)), (error) =>
      isFault(error, 'protocol.secure-download'),
    );
    assert.equal(loader.secureDownload, true);
  });

  it('says that a sealed board has its download mode off, long before it would give up', async () => {
    const { clock, port } = bench({});
    port.onLines = ({ dtr }) => {
      if (dtr === false) port.send(utf8('rst:0x3 (RTC_SW_SYS_RST),boot:0x2\r\nDownload boot modes disabled\r\n'));
    };
    await assert.rejects(runInTime(clock, connectLoader(port, { clock })), (error) => {
      // who only speaks with the board has read no ledger
      assert.ok(
        isFault(error, 'protocol.download-disabled') &&
          !/\bno board\b|set it aside/i.test(`${error.what} ${error.next}`),
      );
      return true;
    });
    assert.ok(clock.monotonic() < 400);
  });

  it('says that nothing answers', async () => {
    const { clock, port } = bench({});
    await assert.rejects(
      runInTime(clock, connectLoader(port, { clock })),
      (error) => isFault(error, 'protocol.no-answer') && /power/.test(error.next),
    );
  });

  it('says that the board starts from flash', async () => {
    const { clock, port } = bench({});
    port.onLines = ({ rts }) => {
      if (rts === false) port.send(utf8('ESP-ROM:x\r\nrst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)\r\n'));
    };
    await assert.rejects(
      runInTime(clock, connectLoader(port, { clock })),
      (error) => isFault(error, 'protocol.no-answer') && /boot pin/.test(error.next),
    );
  });

  it('finds a stub that an earlier session left at another rate, on a port without lines', async () => {
    const { clock, port } = bench({ 8: stubSync, 20: stubInfo }, ({ baudRate }) => baudRate === 921600);
    port.hasControlLines = false;
    const loader = await runInTime(clock, connectLoader(port, { clock }));
    assert.equal(loader.mode, 'stub');
    assert.equal(loader.baudRate, 921600);
    assert.equal(loader.security?.chipId, 5);
    assert.deepEqual(port.lines, []);
    await assert.rejects(runInTime(clock, loader.resetToLoader()), (error) => isFault(error, 'protocol.no-reset'));
  });

  it('can be stopped', async () => {
    const { clock, port } = bench({});
    const stop = new AbortController();
    setImmediate(() => stop.abort(new Error('enough')));
    await assert.rejects(runInTime(clock, connectLoader(port, { clock, signal: stop.signal })), /enough/);
    assert.equal(port.closed, false);
  });

  it('goes back to the old rate where the new one does not carry, and says so', async () => {
    let dead = false;
    const { clock, port } = bench(
      { 8: romSync, 20: freshInfo, 15: 'c0010f04006f50311b00003035c0' },
      ({ baudRate }) => !dead && baudRate === 115200,
    );
    const loader = await runInTime(clock, connectLoader(port, { clock }));
    assert.equal(await runInTime(clock, loader.changeBaudRate(3_000_000)), false);
    assert.equal(loader.baudRate, 115200);
    assert.deepEqual(port.rates, [3_000_000, 115200]);
    dead = true;
    port.hasControlLines = false;
    await assert.rejects(runInTime(clock, loader.changeBaudRate(921600)));
  });
});

describe('stub images', () => {
  // Start addresses as esp-flasher-stub v1.4.1 has them.
  it('are those of NOTICE', async () => {
    const stub = await loadStubImage('esp32p4');
    assert.equal(stub.entry, 1341461622);
    assert.equal(stub.text.length, 8208);
    assert.equal(stub.data.length, 204);
    assert.notEqual((await loadStubImage('esp32p4-rev1')).textStart, stub.textStart);
  });

  it('are refused where there is none of the name', async () => {
    await assert.rejects(loadStubImage('../esp32'), (error) => isFault(error, 'protocol.no-stub'));
    await assert.rejects(loadStubImage('esp99'), (error) => isFault(error, 'protocol.no-stub'));
  });
});
