// A board that answers nothing is told from an empty place where the port itself says that one is in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../main/base/clock.ts';
import { silentLog } from '../../../main/base/log.ts';
import { FixtureFault } from '../../../main/model/fault.ts';
import { BoardDetection } from '../../../main/station/board-detection.ts';
import type { FixtureState } from '../../../main/station/events.ts';
import type { Port } from '../../../main/transport/port.ts';

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

test('a chip that is there by its own USB and silent is a silent board; behind a bridge nobody can know', async () => {
  assert.deepEqual(await looks({ vendorId: 0x303a, productId: 0x1001 }), ['waiting', 'mute']);
  assert.deepEqual(await looks({ vendorId: 0x10c4, productId: 0xea60 }), ['waiting'], 'a UART bridge is always there');
  assert.deepEqual(await looks(null), ['waiting']);
});
