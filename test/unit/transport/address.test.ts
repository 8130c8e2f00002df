import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isFault } from '../../../main/model/fault.ts';
import { parseAddress } from '../../../main/transport/address.ts';
import { openPort } from '../../../main/transport/open.ts';

describe('addresses of ports', () => {
  it('are taken apart', () => {
    assert.deepEqual(parseAddress('/dev/ttyUSB0'), { kind: 'serial', path: '/dev/ttyUSB0' });
    assert.deepEqual(parseAddress('COM7'), { kind: 'serial', path: 'COM7' });
    assert.deepEqual(parseAddress('\\\\.\\COM12'), { kind: 'serial', path: '\\\\.\\COM12' });
    assert.deepEqual(parseAddress('usb:1-2.3'), { kind: 'usb', place: '1-2.3' });
    assert.deepEqual(parseAddress('socket://bench-4:4000'), { kind: 'socket', host: 'bench-4', port: 4000 });
    assert.deepEqual(parseAddress('rfc2217://[fe80::1]:2217'), { kind: 'rfc2217', host: 'fe80::1', port: 2217 });
    assert.deepEqual(parseAddress('virtual:esp32p4?rev=3.0'), { kind: 'virtual', spec: 'esp32p4?rev=3.0' });
  });

  for (const wrong of [
    '',
    'ttyUSB0',
    'http://x:1',
    'socket://host',
    'socket://host:0',
    'rfc2217://host:70000',
    'usb:',
  ]) {
    it(`refuses "${wrong}" and names the forms`, () => {
      assert.throws(
        () => parseAddress(wrong),
        (error: unknown) => isFault(error, 'transport.address') && /rfc2217:\/\/host:port/.test(error.next),
      );
    });
  }

  it('leaves virtual chips to the room that has them', async () => {
    await assert.rejects(openPort('virtual:esp32p4', { baudRate: 115200 }), (error) =>
      isFault(error, 'transport.address'),
    );
  });
});
