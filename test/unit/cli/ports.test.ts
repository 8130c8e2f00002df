import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesOf } from '../../../main/cli/ports.ts';
import type { SerialPortInfo } from '../../../main/transport/serial/list.ts';
import { start } from '../../stories/terminal.ts';

const portAt = (usbPath: string, path: string): SerialPortInfo => ({
  path,
  usbPath,
  usb: { vendorId: 0x303a, productId: 0x1001 },
  serialNumber: null,
  manufacturer: 'Espressif',
});

test('what came and what went is told by its place', () => {
  const [left, right] = [portAt('usb:1-1.1:1.0', '/dev/ttyACM0'), portAt('usb:1-1.2:1.0', '/dev/ttyACM1')];
  const moved = { ...right, path: '/dev/ttyACM0' };
  assert.deepEqual(changesOf([], [left]), [{ change: 'came', port: left }]);
  assert.deepEqual(changesOf([left, right], [moved]), [
    { change: 'went', port: left },
    { change: 'went', port: right },
    { change: 'came', port: moved },
  ]);
  assert.deepEqual(changesOf([left], [left]), []);
});

test('the watch ends in good order', async () => {
  const watch = start(['device', 'ports', '--watch', '--json']);
  await watch.line((line) => line.startsWith('Plug fixtures'));
  watch.child.kill('SIGINT');
  const { status, out } = await watch.ended;
  assert.equal(status, 0);
  for (const line of out.split('\n').filter((text) => text !== '')) assert.equal(JSON.parse(line).change, 'came');
});
