import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concat, fromHex, toHex } from '../../../main/base/bytes.ts';
import { seededRandom } from '../../../main/base/random.ts';
import {
  blockChecksum,
  type Command,
  commands,
  type LoaderMode,
  requestHeader,
} from '../../../main/protocol/commands.ts';
import { SlipDecoder, slipFrame } from '../../../main/protocol/slip.ts';
import { vectorFile } from '../../vectors.ts';

function wire<A, R>(command: Command<A, R>, args: A, mode: LoaderMode = 'rom'): string {
  const body = command.encode(args, mode);
  return toHex(slipFrame(requestHeader(command.opcode, body), body.head, body.block ?? new Uint8Array(0)));
}

const flash = { size: 0x1234, blocks: 5, blockSize: 0x400, offset: 0x10000 };

/** What each request of serial_frames.json is in this house; null: not sent by it. */
const requests: Record<string, string | null> = {
  SYNC: wire(commands.sync, undefined),
  'READ_REG 0x40001000': wire(commands.readRegister, 0x40001000),
  'WRITE_REG efuse CONF=0x5a5a': wire(commands.writeRegisters, [{ address: 0x5012d1cc, value: 0x5a5a }]),
  'WRITE_REG efuse READ cmd with 1000us trailing delay': wire(commands.writeRegisters, [
    { address: 0x5012d1d4, value: 1 },
    { address: 0x500ca08c, value: 0, mask: 0, delayUs: 1000 },
  ]),
  GET_SECURITY_INFO: wire(commands.getSecurityInfo, undefined),
  'SPI_ATTACH default (ROM: 8 byte payload)': wire(commands.spiAttach, undefined),
  'SPI_ATTACH default (stub: 4 byte payload)': wire(commands.spiAttach, undefined, 'stub'),
  'SPI_SET_PARAMS 16 MB': wire(commands.spiSetParams, 16 << 20),
  'FLASH_BEGIN 0x1234 bytes at 0x10000, plain (ROM, 0x400 blocks)': wire(commands.flashBegin, {
    ...flash,
    encrypt: false,
  }),
  'FLASH_BEGIN same, encrypted': wire(commands.flashBegin, { ...flash, encrypt: true }),
  // The classic ESP32 is none of this house's chips.
  'FLASH_BEGIN classic ESP32 ROM (4 words only)': null,
  'FLASH_DATA 8 bytes c0 db 00 01 02 03 04 05 seq 0 (shows SLIP escapes + checksum; first of the 3 retries)': wire(
    commands.flashData,
    { sequence: 0, data: fromHex('c0db000102030405') },
  ),
  'FLASH_END stay (word 1)': wire(commands.flashEnd, 0),
  // The house resets by the lines, never by the loader.
  'FLASH_END reboot (word 0)': null,
  'FLASH_DEFL_BEGIN size 0x1234 comp 0x800 at 0x10000': wire(commands.deflateBegin, {
    size: 0x1400,
    blocks: 2,
    blockSize: 0x400,
    offset: 0x10000,
    encrypt: false,
  }),
  'SPI_FLASH_MD5 0x10000 len 0x1234': wire(commands.flashMd5, { offset: 0x10000, length: 0x1234 }),
  'CHANGE_BAUDRATE 921600 ROM': wire(commands.changeBaudRate, { rate: 921600, current: 115200 }),
  'CHANGE_BAUDRATE 921600 stub (old baud 115200)': wire(
    commands.changeBaudRate,
    { rate: 921600, current: 115200 },
    'stub',
  ),
  'MEM_BEGIN 0x2000 bytes 0x1800 blocks at 0x4ff40000': wire(commands.memBegin, {
    size: 0x2000,
    blocks: 2,
    blockSize: 0x1800,
    address: 0x4ff40000,
  }),
  'MEM_END run 0x4ff40000': wire(commands.memEnd, 0x4ff40000),
};

interface SerialFrames {
  readonly requests: readonly { readonly desc: string; readonly wire_hex: string }[];
  readonly replies: readonly { readonly desc: string; readonly wire_hex: string }[];
}
const vectors = vectorFile<SerialFrames>('serial_frames.json');

describe('commands on the wire', () => {
  it('are the bytes that esptool sends', () => {
    for (const { desc, wire_hex } of vectors.requests) {
      assert.notEqual(requests[desc], undefined, `no request for: ${desc}`);
      if (requests[desc] !== null) assert.equal(requests[desc], wire_hex, desc);
    }
  });

  it('read the security info that a P4 would answer', () => {
    const reply = vectors.replies.find(({ desc }) => desc.includes('GET_SECURITY_INFO'));
    let frame = new Uint8Array(0);
    new SlipDecoder({
      frame: (bytes) => {
        frame = bytes.slice();
        return true;
      },
      outside: () => undefined,
    }).push(fromHex(reply?.wire_hex ?? ''));
    const info = commands.getSecurityInfo.decode({ value: 0, payload: frame.subarray(8, 28) });
    assert.equal(info.chipId, 18);
    assert.equal(info.secureBoot, true);
    assert.equal(info.secureDownload, true);
    assert.equal(info.flashCryptCount, 7);
    assert.deepEqual(info.keyPurposes, [2, 3, 9, 0, 0, 0, 0]);
  });

  // FACTS 1.8, last line; checksum 0xF5.
  it('carry the golden block', () => {
    assert.equal(
      requests[
        'FLASH_DATA 8 bytes c0 db 00 01 02 03 04 05 seq 0 (shows SLIP escapes + checksum; first of the 3 retries)'
      ],
      'c000031800f500000008000000000000000000000000000000dbdcdbdd000102030405c0',
    );
  });

  it('sum a block the same wherever it lies in memory', () => {
    const bytes = seededRandom(5)(80);
    for (let start = 0; start < 9; start++) {
      for (let end = start; end < 60; end += 7) {
        const slow = bytes.subarray(start, end).reduce((sum, byte) => sum ^ byte, 0xef);
        assert.equal(blockChecksum(bytes.subarray(start, end)), slow, `${start} to ${end}`);
      }
    }
  });

  it('take the 12-byte form of the security info (S2)', () => {
    const info = commands.getSecurityInfo.decode({
      value: 0,
      payload: concat(fromHex('01000000'), fromHex('0102030405060708')),
    });
    assert.equal(info.chipId, null);
    assert.equal(info.apiVersion, null);
    assert.equal(info.flashCryptCount, 1);
  });
});
