import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concat, fromHex, toHex } from '../../../main/base/bytes.ts';
import { seededRandom } from '../../../main/base/random.ts';
import {
  comPortMessage,
  escapeIac,
  negotiation,
  TelnetAgreement,
  TelnetDecoder,
} from '../../../main/transport/network/telnet.ts';

function decode(stream: Uint8Array, cut: number) {
  const data: Uint8Array[] = [];
  const words: string[] = [];
  const decoder = new TelnetDecoder({
    data: (bytes) => data.push(bytes.slice()),
    negotiate: (verb, option) => words.push(`${verb} ${option}`),
    subnegotiate: (option, payload) => words.push(`sub ${option} ${toHex(payload)}`),
  });
  for (let at = 0; at < stream.length; at += cut) decoder.push(stream.slice(at, at + cut));
  return { data: toHex(concat(...data)), words };
}

describe('telnet', () => {
  it('doubles FF and gives it back, however the stream is cut', () => {
    const random = seededRandom(3);
    for (let round = 0; round < 30; round++) {
      const bytes = random(1 + ((round * 7) % 50)).map((byte) => (byte & 3 ? byte : 0xff));
      const wire = concat(
        negotiation('do', 44),
        escapeIac(bytes),
        comPortMessage(1, fromHex('0001c2ff')),
        escapeIac(bytes),
      );
      for (const cut of [1, 2, 3, 5, wire.length]) {
        assert.deepEqual(decode(wire, cut), {
          data: toHex(concat(bytes, bytes)),
          words: ['do 44', 'sub 44 010001c2ff'],
        });
      }
    }
  });

  it('copies nothing where there is nothing to escape', () => {
    const bytes = fromHex('0102fe');
    assert.equal(escapeIac(bytes), bytes);
    assert.equal(toHex(escapeIac(fromHex('01ff02ff'))), '01ffff02ffff');
  });

  // RFC 2217, section 3: SET-BAUDRATE 115200 = 0x0001C200, network byte order.
  it('words SET-BAUDRATE as the RFC does', () => {
    assert.equal(toHex(comPortMessage(1, fromHex('0001c200'))), 'fffa2c010001c200fff0');
  });

  it('passes over commands without an option', () => {
    assert.deepEqual(decode(fromHex('41fff142'), 1), { data: '4142', words: [] });
  });

  it('answers a request only where it changes something', () => {
    const sent: string[] = [];
    const agreement = new TelnetAgreement((bytes) => sent.push(toHex(bytes)), { we: [0, 44], they: [0] });
    agreement.offer(44);
    agreement.take('do', 44);
    agreement.take('do', 0);
    agreement.take('do', 0);
    agreement.take('do', 31);
    agreement.take('will', 1);
    agreement.take('dont', 44);
    assert.deepEqual(sent, [
      'fffb2c', // our offer; the DO that answers it is not answered again
      'fffb00', // DO BINARY agreed once
      'fffc1f', // an unknown option is refused
      'fffe01',
      'fffc2c', // DONT is obeyed
    ]);
  });
});
