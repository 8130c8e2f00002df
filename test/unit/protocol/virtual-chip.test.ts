import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { utf8 } from '../../../main/base/bytes.ts';
import { systemClock } from '../../../main/base/clock.ts';
import { seededRandom } from '../../../main/base/random.ts';
import { isFault } from '../../../main/model/fault.ts';
import type { Loader } from '../../../main/protocol/loader.ts';
import { connectLoader } from '../../../main/protocol/loader-session.ts';
import { loadStubImage } from '../../../main/protocol/stub-images.ts';
import { openVirtualPort } from '../../../main/virtual/bench/port.ts';
import { bootFromFlash } from '../../../main/virtual/boot/boot.ts';
import { VirtualChip } from '../../../main/virtual/chip.ts';
import type { VirtualChipOptions, VirtualFault } from '../../../main/virtual/silicon.ts';

const flashSize = 16 << 20;

/** Runs `work` with the loader of a virtual chip; P4 v3.0, whose flash has power in its loader. */
async function withChip(
  options: Partial<VirtualChipOptions>,
  work: (loader: Loader, chip: VirtualChip) => Promise<void>,
): Promise<void> {
  const chip = new VirtualChip({ kind: 'esp32p4', revision: 300, seed: 1, flashSize, ...options }, bootFromFlash);
  const port = openVirtualPort(chip, 'virtual:test');
  try {
    await work(await connectLoader(port, { clock: systemClock }), chip);
  } finally {
    await port.close();
  }
}

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');
const noise = seededRandom(9)(70_001);
const text = utf8('Every good boy deserves flash. '.repeat(4000));

async function writeAndVerify(loader: Loader, offset: number, data: Uint8Array): Promise<void> {
  await loader.writeFlash({ offset, data });
  assert.equal(await loader.flashMd5(offset, data.length), md5(data));
}

describe('several registers at once', () => {
  const addresses = Array.from({ length: 20 }, (_, i) => 0x5012d02c + 4 * i);
  /** What a board reads as, one by one; how a loader that is asked for all of them gets on. */
  const read = async (options: Partial<VirtualChipOptions>, hold: (chip: VirtualChip) => void) => {
    let found: { one: number[]; all: number[]; exchanges: number; noted: number[] } | null = null;
    await withChip({ seed: 5, ...options }, async (loader, chip) => {
      const one: number[] = [];
      for (const address of addresses) one.push(await loader.readRegister(address));
      hold(chip);
      const before = loader.counters;
      const all = [...(await loader.readRegisters(addresses)), ...(await loader.readRegisters(addresses))];
      const { exchanges, retries, resyncs } = loader.counters;
      found = { one, all, exchanges: exchanges - before.exchanges, noted: [retries, resyncs] };
    });
    return found!;
  };

  it('take one exchange for eight of them', async () => {
    const { one, all, exchanges } = await read({}, () => undefined);
    assert.deepEqual(all, [...one, ...one]);
    assert.equal(exchanges, 6);
  });

  it('are asked for one by one, once a board has shown that it takes only the first', async () => {
    const { one, all, exchanges, noted } = await read({}, (chip) => {
      const receive = chip.receive.bind(chip);
      chip.receive = (bytes) => receive(bytes.subarray(0, bytes.indexOf(0xc0, 1) + 1));
    });
    assert.deepEqual(all, [...one, ...one]);
    assert.equal(exchanges, 1 + 1 + 2 * addresses.length, 'one trial, one SYNC');
    assert.deepEqual(noted, [0, 0], 'nothing is said of the fixture');
  });

  it('are asked for one by one of chips whose ROM nobody has run', async () => {
    await withChip({ kind: 'esp32s3', revision: 2 }, async (loader) => {
      const before = loader.counters.exchanges;
      await loader.readRegisters([0x60007044, 0x60007048]);
      assert.equal(loader.counters.exchanges - before, 2);
    });
  });
});

describe('the loader against a virtual P4', () => {
  it('writes, reads and erases with ROM and stub, compressed where it pays', async () => {
    await withChip({}, async (loader) => {
      await loader.attachFlash(flashSize);
      const before = loader.counters.bytesSent;
      await writeAndVerify(loader, 0x10000, noise.subarray(0, 5001));
      await writeAndVerify(loader, 0x20000, text);
      assert.ok(loader.counters.bytesSent - before < 20_000, 'text went compressed');
      assert.deepEqual(await loader.readFlash(0x10000, 200), noise.slice(0, 200));
      await loader.eraseRegion(0x10000, 0x1000);
      assert.deepEqual(await loader.readFlash(0x10000, 8), new Uint8Array(8).fill(0xff));

      await loader.startStub(await loadStubImage('esp32p4'));
      assert.equal(loader.mode, 'stub');
      assert.equal(await loader.changeBaudRate(2_000_000), true);
      await loader.attachFlash(flashSize);
      await writeAndVerify(loader, 0x100000, noise);
      await writeAndVerify(loader, 0x200000, text);
      assert.deepEqual(await loader.readFlash(0x100001, 70_000), noise.slice(1));
      await loader.eraseRegion(0x100000, 0x2000);
      assert.deepEqual(await loader.readFlash(0x100000, 8), new Uint8Array(8).fill(0xff));

      await loader.resetToLoader();
      assert.equal(loader.mode, 'rom');
      assert.equal(loader.baudRate, 115200);
    });
  });

  it('lets the board boot, gives its lines, and comes back', async () => {
    await withChip({}, async (loader) => {
      const lines: string[] = [];
      for await (const line of loader.bootAndListen({})) {
        lines.push(line);
        if (/invalid header/.test(line)) break;
      }
      assert.match(lines[0] ?? '', /^ESP-ROM:esp32p4/);
      await assert.rejects(loader.sendLine('x'));
      await loader.resetToLoader();
      assert.equal(loader.security?.chipId, 18);
    });
  });

  it('stops listening when told to', async () => {
    await withChip({}, async (loader) => {
      const stop = new AbortController();
      for await (const _ of loader.bootAndListen({ signal: stop.signal })) stop.abort();
      await loader.resetToLoader();
    });
  });

  const verifiedThrough = (name: string, faults: readonly VirtualFault[]): void => {
    it(`gets the flash right through ${name}`, async () => {
      await withChip({ faults }, async (loader) => {
        await loader.startStub(await loadStubImage('esp32p4'));
        await loader.changeBaudRate(2_000_000);
        await loader.attachFlash(flashSize);
        await writeAndVerify(loader, 0x100000, noise);
        assert.ok(loader.counters.retries > 0, 'the fault struck');
      });
    });
  };
  // Before the first block: SYNC, security info, six requests for the stub and its greeting, the rate and its SYNC, attach, parameters, FLASH_BEGIN.
  verifiedThrough('a lost answer', [{ kind: 'lost-answer', after: 16 }]);
  verifiedThrough('a lost byte in a request', [{ kind: 'lost-request-byte', after: 16 }]);

  it('ends at once when the plug is pulled', async () => {
    await withChip({ faults: [{ kind: 'unplug', afterBytes: 40_000 }] }, async (loader) => {
      await loader.startStub(await loadStubImage('esp32p4'));
      await loader.attachFlash(flashSize);
      await assert.rejects(loader.writeFlash({ offset: 0, data: noise }), (error) => isFault(error, 'transport.gone'));
    });
  });

  it('is back in its stub at the old rate when a new rate does not carry', async () => {
    await withChip({ faults: [{ kind: 'baud-limit', rate: 1_000_000 }] }, async (loader) => {
      await loader.startStub(await loadStubImage('esp32p4'));
      await loader.attachFlash(flashSize);
      assert.equal(await loader.changeBaudRate(2_000_000), false);
      assert.equal(loader.mode, 'stub');
      assert.equal(loader.baudRate, 115200);
      assert.equal(await loader.changeBaudRate(921600), true);
      await writeAndVerify(loader, 0x100000, noise);
    });
  });
});
