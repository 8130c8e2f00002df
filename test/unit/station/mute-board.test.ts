// A board that answers nothing is told from an empty place where the port itself says that one is in.
import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { systemClock } from '../../../main/base/clock.ts';
import { silentLog } from '../../../main/base/log.ts';
import { FixtureFault } from '../../../main/model/fault.ts';
import { BoardDetection } from '../../../main/station/board-detection.ts';
import type { FixtureState } from '../../../main/station/events.ts';
import { openPort } from '../../../main/transport/open.ts';
import type { Port } from '../../../main/transport/port.ts';
import { bootFromFlash } from '../../../main/virtual/boot/boot.ts';
import { VirtualChip } from '../../../main/virtual/chip.ts';
import { listenTcp } from '../../../main/virtual/listen/tcp.ts';

/** A port at whose other end nobody speaks; gives what the fixture shows of it. */
async function looks(usb: Port['usb']): Promise<readonly FixtureState[]> {
  const nobody = async () => {
    throw new FixtureFault({ code: 'protocol.no-answer', what: 'Nobody answers.', next: '' });
  };
  const port = {
    address: 'serial:somewhere',
    hasControlLines: true,
    hasBaudRate: true,
    baudRate: 115200,
    usb,
    write: nobody,
    drain: nobody,
    onData: () => undefined,
    onGone: () => undefined,
    setLines: nobody,
    setBaudRate: nobody,
    discardInput: nobody,
    close: async () => undefined,
  };
  const states: FixtureState[] = [];
  const stop = new AbortController();
  let opened = 0;
  await new BoardDetection({
    address: port.address,
    openPort: async () => {
      if (++opened === 3) stop.abort(new Error('seen enough'));
      return port;
    },
    clock: { ...systemClock, sleep: async () => undefined },
    log: silentLog,
    patience: { contacts: 1 },
    signal: stop.signal,
    show: (state) => states.push(state),
  }).next(true);
  return states;
}

/** A chip behind a port of a network that stops carrying anything back after so many bytes; how long the look goes on after a person ends it, ms. */
async function afterAbort(way: 'rfc2217' | 'tcp', bytes: number): Promise<number> {
  const chip = new VirtualChip({ kind: 'esp32c3', seed: 3 }, bootFromFlash);
  chip.powerOn();
  const listener = await listenTcp(chip, way, '127.0.0.1', 0);
  const sockets = new Set<Socket>();
  const dying = createServer((near) => {
    const far = connect(listener.port, '127.0.0.1');
    let left = bytes;
    far.on('data', (data) => {
      near.write(data.subarray(0, Math.max(0, left)));
      left -= data.length;
    });
    near.pipe(far);
    for (const socket of [near, far]) sockets.add(socket.on('error', () => undefined));
  });
  await new Promise<void>((resolve) => dying.listen(0, '127.0.0.1', resolve));
  const { port } = dying.address() as AddressInfo;
  const stop = new AbortController();
  let ended = 0;
  setTimeout(() => {
    ended = performance.now();
    stop.abort(new Error('a person has ended it'));
  }, 150);
  try {
    await new BoardDetection({
      address: `${way === 'tcp' ? 'socket' : way}://127.0.0.1:${port}`,
      openPort: (address) => openPort(address, { baudRate: 115200 }),
      clock: systemClock,
      log: silentLog,
      patience: { contacts: 1 },
      signal: stop.signal,
      show: () => undefined,
    }).next(true);
    return performance.now() - Math.max(ended, 1);
  } finally {
    for (const socket of sockets) socket.destroy();
    dying.close();
    await listener.close();
    chip.powerOff();
  }
}

test('a port of a network that dies at any byte of its opening or of the first words holds nobody who ends the look', async () => {
  const places = [0, 3, 9, 20, 40, 60, 90, 150];
  const waits = await Promise.all([
    ...places.map((bytes) => afterAbort('rfc2217', bytes)),
    ...places.map((bytes) => afterAbort('tcp', bytes)),
  ]);
  assert.ok(Math.max(...waits) < 1500, `${waits.map(Math.round).join(', ')} ms`);
});

test('a chip that is there by its own USB and silent is a silent board; behind a bridge nobody can know', async () => {
  assert.deepEqual(await looks({ vendorId: 0x303a, productId: 0x1001 }), ['waiting', 'mute']);
  assert.deepEqual(await looks({ vendorId: 0x10c4, productId: 0xea60 }), ['waiting'], 'a UART bridge is always there');
  assert.deepEqual(await looks(null), ['waiting']);
});
