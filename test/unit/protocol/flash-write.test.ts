import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { equalBytes } from '../../../main/base/bytes.ts';
import { seededRandom } from '../../../main/base/random.ts';
import { isFault } from '../../../main/model/fault.ts';
import type { Loader, TransferOptions } from '../../../main/protocol/loader.ts';
import { connectLoader } from '../../../main/protocol/loader-session.ts';
import { HandClock, runInTime } from './clocks.ts';
import { TwoBufferStub } from './two-buffer-stub.ts';

const blockSize = 0x4000;
const data = seededRandom(11)(12 * blockSize - 5);
const offset = 0x10000;

async function bench(baudRate = 2_000_000) {
  const clock = new HandClock();
  const stub = new TwoBufferStub(clock, baudRate);
  const loader = await runInTime(clock, connectLoader(stub.port, { clock }));
  assert.equal(loader.mode, 'stub');
  const write = (options: TransferOptions = {}, loaderOf: Loader = loader) =>
    runInTime(clock, loaderOf.writeFlash({ offset, data, compression: 'none' }, options));
  const written = () => equalBytes(stub.flash.subarray(offset, offset + data.length), data);
  return { clock, stub, loader, write, written };
}

/** Share of the wire: ten bits a byte of data, over the time it took. */
const share = (ms: number, rate: number): number => (data.length * 10_000) / rate / ms;

describe('writing flash with the stub', () => {
  for (const latencyMs of [0, 1, 16])
    it(`fills the wire although an answer takes ${latencyMs} ms to come`, async () => {
      const { clock, stub, write, written } = await bench();
      stub.latencyMs = latencyMs;
      stub.writeMs = () => 30;
      const start = clock.monotonic();
      await write();
      assert.ok(written());
      assert.equal(stub.dropped, 0);
      // The first two blocks go one by one, and twelve blocks are few: 16 ms cost four waits (two at the begin, one at each end).
      assert.ok(share(clock.monotonic() - start, 2_000_000) > (latencyMs === 16 ? 0.88 : 0.95));
    });

  it('never overruns a chip that writes slower than the wire carries', async () => {
    const { stub, write, written } = await bench();
    stub.writeMs = () => 180;
    await write();
    assert.ok(written());
    assert.equal(stub.dropped, 0);
    assert.equal(stub.begins, 1);
  });

  it('goes on from what is certain when one slow sector made the chip drop a block', async () => {
    const { stub, loader, write, written } = await bench();
    stub.writeMs = (block) => (block === 6 ? 400 : 30);
    await write();
    assert.ok(written());
    assert.ok(stub.dropped > 0);
    assert.equal(stub.begins, 2);
    assert.equal(loader.counters.retries, 1);
    // The window stays shut from then on: nothing is dropped again.
    const dropped = stub.dropped;
    stub.writeMs = () => 90;
    await write();
    assert.equal(stub.dropped, dropped);
  });

  it('begins again when a block is lost, wherever it is', async () => {
    for (const lost of [1, 2, 5, 12]) {
      const { stub, write, written } = await bench();
      stub.lose.add(lost);
      await write();
      assert.ok(written(), `block ${lost}`);
      assert.equal(stub.begins, 2, `block ${lost}`);
    }
  });

  it('gives up on a line that loses a block every time', async () => {
    const { stub, write } = await bench();
    for (let block = 1; block < 100; block++) if (block % 2 === 0) stub.lose.add(block);
    await assert.rejects(write(), (error) => isFault(error, 'protocol.timeout'));
    assert.equal(stub.begins, 4);
  });

  it('tells of a block that could not be written, the last one too', async () => {
    for (const block of [3, 12]) {
      const { stub, write } = await bench();
      stub.failWriting.add(block);
      await assert.rejects(write(), (error) => isFault(error, 'protocol.refused') && error.details.status === 0xc4);
    }
  });

  it('stops between blocks and can begin anew', async () => {
    const { stub, write, written } = await bench();
    const stop = new AbortController();
    const progress: number[] = [];
    const onProgress = (done: number) => {
      progress.push(done);
      if (progress.length === 4) stop.abort(new Error('enough'));
    };
    await assert.rejects(write({ signal: stop.signal, onProgress }), /enough/);
    assert.ok(progress.length < 8);
    assert.ok(!written());
    await write();
    assert.ok(written());
    assert.equal(stub.begins, 2);
  });

  it('tells progress up to the end', async () => {
    const { write } = await bench();
    const progress: number[] = [];
    await write({ onProgress: (done, total) => void (total === data.length && progress.push(done)) });
    assert.deepEqual(
      progress,
      Array.from({ length: 12 }, (_, i) => Math.min(data.length, (i + 1) * blockSize)),
    );
  });

  it('sends one block at a time where the port tells no rate', async () => {
    const { stub, write, written } = await bench();
    stub.port.hasBaudRate = false;
    stub.writeMs = () => 81;
    await write();
    assert.ok(written());
    assert.equal(stub.dropped, 0);
  });

  it('refuses what flash cannot take', async () => {
    const { clock, loader } = await bench();
    const wrong = (write: Parameters<Loader['writeFlash']>[0]) => runInTime(clock, loader.writeFlash(write));
    await assert.rejects(wrong({ offset: 2, data }), (error) => isFault(error, 'protocol.alignment'));
  });
});
