import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { seededRandom } from '../../../main/base/random.ts';
import { isFault } from '../../../main/model/fault.ts';
import { createVirtualBench } from '../../../main/virtual/bench/bench.ts';

const slow = { baudRate: 115200 };

describe('a bench of virtual boards', () => {
  it('gives a new board at every opening', async () => {
    const bench = createVirtualBench({ random: seededRandom(1) });
    const address = 'virtual:esp32c3';
    const first = await bench.open(address, slow);
    const one = bench.chip(address);
    const second = await bench.open(address, slow);
    const two = bench.chip(address);
    assert.ok(one && two && one !== two);
    assert.notEqual(one.identity.mac, two.identity.mac);
    await first.close();
    await second.close();
    assert.equal(bench.chip(address), two, 'the last one stays at hand');
    assert.notEqual(two.mode, 'off');
    assert.equal(one.mode, 'off', 'nobody can reach the first any more');
    await bench.close();
  });

  it('gives the same board for a name, one owner at a time', async () => {
    const bench = createVirtualBench();
    const address = 'virtual:esp32p4?name=left&rev=v3.1';
    const port = await bench.open(address, slow);
    const chip = bench.chip(address);
    await assert.rejects(bench.open(address, slow), (error) => isFault(error, 'transport.busy'));
    await port.close();
    const again = await bench.open(address, slow);
    assert.equal(bench.chip(address), chip);
    assert.equal(again.address, address);
    await bench.close();
    assert.equal(chip?.mode, 'off');
  });

  it('refuses a name for a board that is another', async () => {
    const bench = createVirtualBench();
    await bench.open('virtual:esp32p4?name=left&rev=v3.1', slow);
    await assert.rejects(bench.open('virtual:esp32p4?name=left&rev=v1.3', slow), (error) =>
      isFault(error, 'virtual.address'),
    );
    await bench.close();
  });

  it('makes the same boards from the same randomness', async () => {
    const macOf = async () => {
      const bench = createVirtualBench({ random: seededRandom(7) });
      await bench.open('virtual:esp32c6', slow);
      const mac = bench.chip('virtual:esp32c6')?.identity.mac;
      await bench.close();
      return mac;
    };
    assert.equal(await macOf(), await macOf());
  });

  it('finds a board again in its state file, on another bench', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fuseline-bench-'));
    const address = `virtual:esp32c3?state=${encodeURIComponent(join(folder, 'board'))}`;
    const bench = createVirtualBench();
    const port = await bench.open(address, slow);
    const chip = bench.chip(address);
    chip?.flash.program(0x1000, Uint8Array.of(0x12, 0x34));
    chip?.efuse.burnField('SECURE_BOOT_KEY_REVOKE2', 1);
    await port.close();
    await bench.close();

    const other = createVirtualBench();
    await other.open(address, slow);
    const found = other.chip(address);
    assert.equal(found?.identity.mac, chip?.identity.mac);
    assert.deepEqual(found?.flash.read(0x1000, 2), Uint8Array.of(0x12, 0x34));
    assert.equal(found?.efuse.field('SECURE_BOOT_KEY_REVOKE2'), 1);
    await other.close();
    await rm(folder, { recursive: true });
  });

  it('sets the rate that was asked for', async () => {
    const bench = createVirtualBench();
    const port = await bench.open('virtual:esp32c3', { baudRate: 460800 });
    assert.equal(port.baudRate, 460800);
    await bench.close();
  });

  it('says nothing of addresses that were never opened', () => {
    assert.equal(createVirtualBench().chip('virtual:esp32c3'), undefined);
  });
});
