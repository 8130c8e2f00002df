// Is the model around the ROM true? Everything recorded of a real ESP32-C3 comes out of the C3's ROM code run here, byte for byte.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromHex, toHex, utf8 } from '../../main/base/bytes.ts';
import { efuseTableFor, fieldOf } from '../../main/efuse/tables.ts';
import { type RecordedExchange, recording, vectorFile } from '../vectors.ts';
import { type Fuses, romOracle } from './oracle.ts';

const { skip, oracle } = await romOracle();

/**
 * The recorded chip has the ROM api1 of February 2021; the crate has the one before it (September 2020), the same loader but for what it
 * says of itself: `ours` is how that reads in the recording.
 */
const editions = [
  { what: 'name', run: toHex(utf8('esp32c3-20200918')), recorded: toHex(utf8('esp32c3-api1-20210207')) },
  { what: 'date', run: toHex(utf8('Build:Sep 18 2020')), recorded: toHex(utf8('Build:Feb  7 2021')) },
  { what: 'API word of GET_SECURITY_INFO', run: '0c0500000000000000', recorded: '0c0500000003000000' },
  { what: 'the word at 0x40001000', run: '6f502169', recorded: '6f50311b' },
];

const asRecorded = (hex: string) => editions.reduce((text, { run, recorded }) => text.replaceAll(run, recorded), hex);

const mac = fromHex('34853af96a3c').reverse();
const table = efuseTableFor('esp32c3', 3);

/** Fuses of the recorded chip: its MAC, and one bit of BLOCK0. */
function fuses(burned?: string): Fuses {
  const block0 = [0, 0, 0, 0, 0, 0];
  if (burned !== undefined) {
    const [piece] = fieldOf(table, burned).pieces;
    block0[piece!.bit >>> 5]! |= 1 << (piece!.bit & 31);
  }
  const view = new DataView(mac.buffer);
  return { 0: block0, 1: [view.getUint32(0, true), view.getUint16(4, true)] };
}

const asked = (exchanges: readonly RecordedExchange[]) => exchanges.filter(({ send }) => send !== '');

async function replay(exchanges: readonly RecordedExchange[], burned?: string) {
  const frames = asked(exchanges).map(({ send }) => send);
  const { console, replies } = await oracle.converse({
    chip: 'esp32c3-v0',
    fuses: fuses(burned),
    frames,
    slowRead: true,
    strap: 2,
  });
  return { console: asRecorded(console), replies: replies.map(({ receive }) => asRecorded(receive)) };
}

describe('the ROM code of an ESP32-C3 answers as the recorded chip', { skip }, () => {
  for (const [file, burned] of [
    ['rom_c3_fresh.json', undefined],
    ['rom_c3_secure_download.json', 'ENABLE_SECURITY_DOWNLOAD'],
  ] as const) {
    test(file, async () => {
      const exchanges = recording(file);
      const { console, replies } = await replay(exchanges, burned);
      const [first] = exchanges;
      // (a recording that began later has an empty first turn)
      if (first!.send === '' && first!.receive !== '') assert.equal(console, first!.receive, first!.name);
      for (const [n, { name, receive }] of asked(exchanges).entries()) assert.equal(replies[n], receive, name);
    });
  }

  const { captures } = vectorFile<{ captures: { state: string; exchanges: RecordedExchange[] }[] }>(
    'rom_c3_shut_door.json',
  );
  for (const { state, exchanges } of captures) {
    test(state, async () => {
      // a reset by EN ends the part that is one run
      const reset = exchanges.findIndex(({ name, send }, n) => n > 0 && send === '' && name.startsWith('reset'));
      const loops = state.includes('DIS_DOWNLOAD_MODE');
      const { replies } = await replay(exchanges.slice(0, reset));
      for (const [n, { name, receive }] of asked(exchanges.slice(0, reset)).entries()) {
        if (replies[n] === receive) continue;
        // the reset loop has no end: recorder and simulator cut it at different places
        assert.ok(loops && name === 'READ_REG CMD' && receive.startsWith(replies[n]!.slice(0, 300)), name);
        assert.equal(replies.length, n + 1, 'it does not answer any more');
        return;
      }
      assert.ok(!loops, 'the loop was seen');
    });
  }
});
