import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isFault } from '../../../main/model/fault.ts';
import { loaderResets, parseReset, resetSequences, runReset } from '../../../main/protocol/reset.ts';
import { HandClock, runInTime } from './clocks.ts';
import { FarEnd } from './far-end.ts';

describe('reset sequences', () => {
  // FACTS 1.6: DTR=0 RTS=1, 100 ms, DTR=1 RTS=0, 50 ms, DTR=0.
  it('move the lines of the classic circuit in time', async () => {
    const clock = new HandClock();
    const port = new FarEnd(clock);
    await runInTime(clock, runReset(port, clock, resetSequences.classic));
    assert.deepEqual(port.lines, [
      { dtr: false, at: 0 },
      { rts: true, at: 0 },
      { dtr: true, at: 100 },
      { rts: false, at: 100 },
      { dtr: false, at: 150 },
    ]);
  });

  it('set both lines in one call where they are one word', () => {
    assert.deepEqual(parseReset('D1R0|W0.05'), [{ lines: { dtr: true, rts: false } }, { waitMs: 50 }]);
  });

  for (const wrong of ['', 'D2', 'X', 'D1||R0', 'W'])
    it(`refuse "${wrong}"`, () => {
      assert.throws(
        () => parseReset(wrong),
        (error: unknown) => isFault(error, 'protocol.reset-sequence'),
      );
    });

  it('are chosen by the port', () => {
    const port = new FarEnd(new HandClock());
    port.usb = { vendorId: 0x303a, productId: 0x1001 };
    assert.equal(loaderResets(port)[0], resetSequences.usbSerialJtag);
    port.usb = { vendorId: 0x10c4, productId: 0xea60 };
    assert.ok(!loaderResets(port).includes(resetSequences.usbSerialJtag));
    port.hasControlLines = false;
    assert.deepEqual(loaderResets(port), []);
  });

  it('can all be read', () => {
    for (const sequence of Object.values(resetSequences)) assert.ok(parseReset(sequence).length > 3);
  });
});
