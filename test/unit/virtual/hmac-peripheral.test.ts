import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex, utf8 } from '../../../main/base/bytes.ts';
import { calculateHmac } from '../../../main/virtual/peripherals/hmac.ts';
import { testBoard } from '../virtual-boot/board.ts';

/** Key 40..5F of the team's vectors (hmac.json; FACTS 6), with answers as Python's hmac gives them. */
const key = Uint8Array.from({ length: 32 }, (_, i) => 0x40 + i);
const nvsDataKey = '21be2211d05c653f2a0033bcaad3a0af8eabde1a4f9802a04060e76acccf720f';
const dsKey = 'd43c9bf5aec6ea89f425b0296ffc60b02dbfd560e958f7c761f2b234d8a91250';
const jtagToken = 'b0c3d0a2aa5b239dd03962ea406e4629f36020ffba250c86c5bd8794bee6900d';

test('the peripheral answers with the block as it was written, only for the purpose it was burned for', () => {
  const board = testBoard('esp32p4', 301);
  board.burnKey(2, 'HMAC_UP', key);
  board.burnKey(3, 'HMAC_DOWN_ALL', key);
  board.burnKey(4, 'HMAC_DOWN_JTAG', key);
  const { efuse } = board.context;
  efuse.powerOn();
  const ask = (slot: number, message: Uint8Array, purpose: Parameters<typeof calculateHmac>[3]) => {
    const answer = calculateHmac(efuse, slot, message, purpose);
    return answer && toHex(answer);
  };
  assert.equal(ask(2, fromHex('5a5abeae'.repeat(8)), 'HMAC_UP'), nvsDataKey);
  assert.equal(ask(3, new Uint8Array(32).fill(0xff), 'HMAC_DOWN_DIGITAL_SIGNATURE'), dsKey);
  assert.equal(ask(3, new Uint8Array(32), 'HMAC_DOWN_JTAG'), jtagToken);
  assert.equal(ask(4, new Uint8Array(32), 'HMAC_DOWN_JTAG'), jtagToken);
  for (const [slot, purpose] of [
    [3, 'HMAC_UP'],
    [2, 'HMAC_DOWN_JTAG'],
    [4, 'HMAC_DOWN_DIGITAL_SIGNATURE'],
    [0, 'HMAC_UP'],
    [9, 'HMAC_UP'],
  ] as const)
    assert.equal(ask(slot, utf8('hello'), purpose), null, `${purpose} of slot ${slot}`);
});
