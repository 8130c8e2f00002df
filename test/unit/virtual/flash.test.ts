import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { isFilledWith, toHex } from '../../../main/base/bytes.ts';
import { NorFlash } from '../../../main/virtual/flash.ts';

const bytes = (length: number, value: number) => new Uint8Array(length).fill(value);

test('programming only clears bits, erasing sets whole sectors', () => {
  const flash = new NorFlash(64 * 1024);
  assert.ok(isFilledWith(flash.read(0, 4096), 0xff));
  flash.program(0x1ffe, Uint8Array.of(0xf0, 0xf0, 0xf0, 0xf0));
  flash.program(0x1fff, Uint8Array.of(0x3c, 0x3c));
  assert.equal(toHex(flash.read(0x1ffd, 6)), 'fff03030f0ff');
  flash.erase(0x2000, 1);
  assert.equal(toHex(flash.read(0x1ffd, 6)), 'fff030ffffff');
  flash.program(0x3000, bytes(4096, 0));
  flash.program(0x3000, bytes(4096, 0xff));
  assert.ok(isFilledWith(flash.read(0x3000, 4096), 0), 'ones do not bring bits back');
});

test('addresses wrap at the end, the JEDEC id tells the size, MD5 is that of what lies there', () => {
  const flash = new NorFlash(1024 * 1024);
  flash.program(0xfffff, Uint8Array.of(1, 2));
  assert.equal(toHex(flash.read(0xfffff, 2)), '0102');
  assert.equal(toHex(flash.read(0, 1)), '02');
  assert.equal(flash.jedecId, 0x1440c8);
  const md5 = createHash('md5').update(flash.read(0xff000, 0x2000)).digest('hex');
  assert.equal(toHex(flash.md5(0xff000, 0x2000)), md5);
  assert.throws(() => new NorFlash(3 * 1024 * 1024), RangeError);
});

test('a dead cell stays erased and a supply that goes stops a write in its middle', () => {
  const flash = new NorFlash(64 * 1024);
  let cuts = 0;
  flash.setTrouble({ deadAddresses: new Set([0x1002]), bytesLeft: 6, onCut: () => cuts++ });
  flash.program(0x1000, bytes(4, 0x11));
  assert.equal(toHex(flash.read(0x1000, 4)), '1111ff11');
  flash.program(0x1004, bytes(4, 0x22));
  assert.equal(toHex(flash.read(0x1004, 4)), '2222ffff');
  assert.equal(cuts, 1);
  flash.program(0x1006, bytes(2, 0x22));
  assert.equal(toHex(flash.read(0x1004, 4)), '22222222');
  assert.equal(cuts, 1);
});
