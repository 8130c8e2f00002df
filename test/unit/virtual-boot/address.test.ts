import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isFault } from '../../../main/model/fault.ts';
import { parseVirtualAddress } from '../../../main/virtual/bench/bench.ts';

describe('addresses of virtual chips', () => {
  it('names a kind alone', () => {
    assert.deepEqual(parseVirtualAddress('virtual:esp32c3'), { options: { kind: 'esp32c3' }, name: null });
    assert.deepEqual(parseVirtualAddress('virtual:esp32c3?'), { options: { kind: 'esp32c3' }, name: null });
  });

  it('takes every key', () => {
    const address =
      'virtual:esp32p4?rev=v3.1&blocks=v1.3&mac=AA:bb:cc:dd:ee:01&seed=7&flash=16MB&state=%2Ftmp%2Fa%20b&pacing=line&latency=16' +
      '&baud=460800&shuts-doors=yes&name=left&fault=power-cut-in-burn:3&fault=bad-flash:0x20000&fault=mute&fault=unplug:4096';
    assert.deepEqual(parseVirtualAddress(address), {
      name: 'left',
      options: {
        kind: 'esp32p4',
        revision: 301,
        blockVersion: 103,
        mac: 'aa:bb:cc:dd:ee:01',
        seed: 7,
        flashSize: 16 * 1024 * 1024,
        stateFile: '/tmp/a b',
        pacing: 'line',
        latencyMs: 16,
        firmwareShutsDoors: true,
        faults: [
          { kind: 'baud-limit', rate: 460800 },
          { kind: 'power-cut-in-burn', after: 3 },
          { kind: 'bad-flash', address: 0x20000 },
          { kind: 'mute' },
          { kind: 'unplug', afterBytes: 4096 },
        ],
      },
    });
  });

  const refused: readonly (readonly [string, RegExp])[] = [
    ['virtual:esp8266', /esp32p4/],
    ['virtual:', /esp32p4/],
    ['/dev/ttyUSB0', /esp32p4/],
    ['virtual:esp32p4?colour=red', /rev, blocks, octal, mac, seed/],
    ['virtual:esp32p4?rev=three', /rev=v3\.1/],
    ['virtual:esp32p4?mac=12:34', /mac=/],
    ['virtual:esp32p4?blocks=one', /blocks=v1\.2/],
    ['virtual:esp32s3?octal=8', /octal=yes/],
    ['virtual:esp32c3?octal=yes', /such flash/],
    ['virtual:esp32p4?flash=15MB', /flash=16MB/],
    ['virtual:esp32p4?seed=-1', /seed=7/],
    ['virtual:esp32p4?pacing=fast', /pacing=line/],
    ['virtual:esp32p4?latency=soon', /milliseconds/],
    ['virtual:esp32p4?baud=0', /baud=/],
    ['virtual:esp32p4?fault=power-cut-in-burn', /fault=KIND/],
    ['virtual:esp32p4?fault=power-cut-in-burn:0', /fault=KIND/],
    ['virtual:esp32p4?fault=earthquake:1', /power-cut-in-flash/],
    ['virtual:esp32p4?fault=mute:1', /fault=KIND/],
    ['virtual:esp32p4?seed=1&seed=2', /seed once/],
    ['virtual:esp32p4?name=', /name=TEXT/],
  ];
  for (const [address, known] of refused) {
    it(`refuses ${address} and says what is known`, () => {
      assert.throws(
        () => parseVirtualAddress(address),
        (error) => isFault(error, 'virtual.address') && error.faultClass === 'recipe' && known.test(error.next),
      );
    });
  }
});
