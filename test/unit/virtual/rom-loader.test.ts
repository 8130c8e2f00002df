import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { concat, equalBytes, reversed, toHex, utf8 } from '../../../main/base/bytes.ts';
import { rsEncode } from '../../../main/efuse/reed-solomon.ts';
import { fieldOf } from '../../../main/efuse/tables.ts';
import { encryptFlash } from '../../../main/image/flash-encryption.ts';
import { chipKinds } from '../../../main/model/chip.ts';
import { checksumOf } from '../../../main/virtual/loader/host.ts';
import { downloadChip, request, startStub, words } from './shared.ts';

const ok = /^c001..04.{8}.{8}00/;
const status = (answer: string) => answer.slice(18, 22);
const block = (data: Uint8Array, sequence: number) => concat(words(data.length, sequence, 0, 0), data);
const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + 3) & 0xff);

async function attach(talk: (hex: string) => Promise<string>, size: number): Promise<void> {
  assert.match(await talk(request(0x0d, words(0, 0))), ok);
  assert.match(await talk(request(0x0b, words(0, size, 0x10000, 0x1000, 0x100, 0xffff))), ok);
}

test('flash is reached only when attached, and beyond 2 MB only after SPI_SET_PARAMS', async () => {
  const { chip, talk } = downloadChip({ kind: 'esp32c3' });
  assert.equal(status(await talk(request(0x02, words(0x1000, 4, 0x400, 0, 0)))), '0106');
  await talk(request(0x0d, words(0, 0)));
  assert.equal(status(await talk(request(0x02, words(0x1000, 4, 0x400, 0x200000, 0)))), '0106');
  await attach(talk, chip.flash.size);
  assert.equal(status(await talk(request(0x02, words(0x1000, 4, 0x400, 0x200000, 0)))).slice(0, 2), '00');
});

test('a deflate stream in blocks lies in flash as it was', async () => {
  const { chip, talk } = downloadChip({ kind: 'esp32s3' });
  await attach(talk, chip.flash.size);
  const data = concat(pattern(60000), new Uint8Array(40000).fill(0x41));
  const packed = new Uint8Array(deflateSync(data, { level: 9 }));
  const blocks = Math.ceil(packed.length / 0x400);
  assert.match(await talk(request(0x10, words(0x19000, blocks, 0x400, 0x10000, 0))), ok);
  for (let n = 0; n < blocks; n++) {
    const piece = packed.slice(n * 0x400, (n + 1) * 0x400);
    assert.match(await talk(request(0x11, block(piece, n), checksumOf(piece))), ok);
  }
  assert.ok(equalBytes(chip.flash.read(0x10000, data.length), data));
  const md5 = createHash('md5').update(data).digest('hex');
  assert.ok((await talk(request(0x13, words(0x10000, data.length, 0, 0)))).includes(toHex(utf8(md5))));
});

test('an encrypted FLASH_BEGIN writes what the image room makes of it with the burned key, until the eFuse forbids it', async () => {
  const { chip, talk } = downloadChip({ kind: 'esp32c6' });
  await attach(talk, chip.flash.size);
  const key = pattern(32);
  const stored = reversed(key);
  chip.efuse.setFactoryBlock(4, concat(stored, rsEncode(stored)));
  chip.efuse.burnField('KEY_PURPOSE_0', 4);
  const data = pattern(0x400);
  assert.match(await talk(request(0x02, words(0x1000, 1, 0x400, 0x10000, 1))), ok);
  assert.match(await talk(request(0x03, block(data, 0), checksumOf(data))), ok);
  assert.ok(equalBytes(chip.flash.read(0x10000, 0x400), encryptFlash(data, 0x10000, key)));
  chip.efuse.burnField('DIS_DOWNLOAD_MANUAL_ENCRYPT', 1);
  assert.equal(status(await talk(request(0x02, words(0x1000, 1, 0x400, 0x20000, 1)))), '0164');
  assert.equal(status(await talk(request(0x02, words(0x1000, 1, 0x400, 0x20000, 0)))).slice(0, 2), '00');
});

test('eFuses are burned over the bus', async () => {
  const { chip, talk } = downloadChip({ kind: 'esp32p4' });
  const { base, registers } = chip.efuse.table;
  const write = (...pairs: readonly (readonly [number, number, number?])[]) =>
    talk(
      request(
        0x09,
        words(...pairs.flatMap(([offset, value, delay]) => [base + offset, value, 0xffffffff, delay ?? 0])),
      ),
    );
  const [bit] = fieldOf(chip.efuse.table, 'DIS_PAD_JTAG').pieces;
  await write(
    [registers.pgmData0 + 4 * (bit!.bit >>> 5), 1 << (bit!.bit & 31)],
    [registers.conf, 0x5a5a],
    [registers.cmd, 2],
  );
  assert.match(await talk(request(0x0a, words(base))), ok);
  assert.match(await write([registers.conf, 0x5aa5], [registers.cmd, 1]), /^c00109/);
  assert.equal(chip.efuse.field('DIS_PAD_JTAG'), 1);
});

test('every kind tells its flash through the SPI registers', async () => {
  for (const kind of chipKinds) {
    // P4 v1.3: the flash of v3.1 has no supply yet
    const revision = kind === 'esp32p4' ? { revision: 103 } : {};
    const { chip, talk } = downloadChip({ kind, flashSize: 8 * 1024 * 1024, ...revision });
    await attach(talk, chip.flash.size);
    const bases: Partial<Record<typeof kind, number>> = {
      esp32p4: 0x5008d000,
      esp32s2: 0x3f402000,
      esp32c3: 0x60002000,
      esp32c2: 0x60002000,
      esp32s3: 0x60002000,
      esp32: 0x3ff42000,
      esp32s31: 0x20501000,
      esp32h4: 0x60099000,
    };
    const at =
      kind === 'esp32'
        ? { usr: 0x1c, usr2: 0x24, miso: 0x2c, w0: 0x80 }
        : { usr: 0x18, usr2: 0x20, miso: 0x28, w0: 0x58 };
    const base = bases[kind] ?? 0x60003000;
    const write = (offset: number, value: number) => talk(request(0x09, words(base + offset, value, 0xffffffff, 0)));
    await write(at.miso, 23);
    await write(at.usr, (1 << 31) | (1 << 28));
    await write(at.usr2, (7 << 28) | 0x9f);
    await write(0, 1 << 18);
    assert.equal((await talk(request(0x0a, words(base)))).slice(10, 18), '00000000', kind);
    assert.equal((await talk(request(0x0a, words(base + at.w0)))).slice(10, 18), 'c8401700', kind);
  }
});

test('a P4 v3.1 has no flash in download mode until its supply is switched on', async () => {
  const { chip, talk } = downloadChip({ kind: 'esp32p4', revision: 301 });
  await attach(talk, chip.flash.size);
  assert.equal(status(await talk(request(0x02, words(0x1000, 1, 0x400, 0x2000, 0)))), '0106');
  await talk(request(0x09, words(0x5011010c, 1, 0xffffffff, 0, 0x501153fc, 3, 3, 0)));
  assert.match(await talk(request(0x02, words(0x1000, 1, 0x400, 0x2000, 0))), ok);
});

test('MEM_END runs what was loaded, hangs on what was not, and is barred by Secure Boot on a C3', async () => {
  const good = downloadChip({ kind: 'esp32c3' });
  assert.match(await startStub(good.talk), /c04f484149c0$/);
  assert.equal(good.chip.mode, 'stub');

  const lost = downloadChip({ kind: 'esp32c3' });
  assert.match(await lost.talk(request(0x06, words(0, 0x40380000))), ok);
  assert.equal(await lost.talk(request(0x14, new Uint8Array(0))), '');

  const secure = downloadChip({ kind: 'esp32c3' });
  secure.chip.efuse.burnField('SECURE_BOOT_EN', 1);
  assert.doesNotMatch(await startStub(secure.talk), /4f484149/);
  assert.equal(secure.chip.mode, 'rom');
});

test('on an S3 with Secure Boot a stub is started through the pointer that READ_FLASH_SLOW jumps by', async () => {
  const { chip, talk } = downloadChip({ kind: 'esp32s3' });
  chip.efuse.burnField('SECURE_BOOT_EN', 1);
  await startStub(talk);
  assert.equal(chip.mode, 'rom');
  await talk(request(0x09, words(0x3fcef688, 0x40380000, 0xffffffff, 0)));
  assert.equal(await talk(request(0x0e, words(0, 0))), 'c04f484149c0');
  assert.equal(chip.mode, 'stub');
});

test('a stub refuses the ROM form of SPI_ATTACH, as after a stub run on a chip that was not reset', async () => {
  const { talk } = downloadChip({ kind: 'esp32c3' });
  await startStub(talk);
  assert.equal(await talk(request(0x0d, words(0, 0))), 'c0010d020000000000dbdc00c0');
});

test('the MAC and the revision that were asked for are burned, with check words that fit', () => {
  for (const kind of chipKinds) {
    const { chip } = downloadChip({ kind, mac: '02:00:00:12:34:56' });
    assert.equal(chip.identity.mac, '02:00:00:12:34:56');
    const { registers, blocks } = chip.efuse.table;
    assert.equal(chip.efuse.readRegister(registers.rsErr0), 0, kind);
    // ESP32 keeps it behind the first word of BLOCK0, with its check byte (esp_rom_crc8) above
    const own = blocks[kind === 'esp32c2' ? 2 : 1]!.readOffset;
    const at = kind === 'esp32' ? blocks[0]!.readOffset + 4 : own;
    assert.equal(chip.efuse.readRegister(at), 0x00123456, kind);
    const high = kind === 'esp32' ? 0x007b0000 : chip.efuse.readRegister(at + 4) & 0xffff0000;
    assert.equal(chip.efuse.readRegister(at + 4), (high | 0x0200) >>> 0, kind);
  }
});

test('a stub that works on a block holds one more frame and loses what comes then; the ROM answers when the flash is done', async () => {
  const { chip, talk } = downloadChip({ kind: 'esp32c3', flashTimes: 'typical' });
  await startStub(talk);
  const data = pattern(0x1000);
  const blockOf = (n: number) => request(0x03, block(data, n), checksumOf(data));
  assert.equal(status(await talk(request(0x02, words(0x4000, 4, 0x1000, 0, 0)))), '0000');
  const answer = 'c001030200000000000000c0';
  // all at once: the first is written, the second waits, the third finds no buffer
  assert.equal(await talk(blockOf(0) + blockOf(1) + blockOf(2)), answer + answer);
  assert.equal(chip.flash.read(0x2000, 1)[0], 0xff);
  assert.equal(await talk(blockOf(2)), answer);
  assert.equal(chip.flash.read(0x2000, 1)[0], data[0]);

  const rom = downloadChip({ kind: 'esp32c3', flashTimes: 'typical' });
  await attach(rom.talk, rom.chip.flash.size);
  rom.chip.flash.program(0, data);
  let early = true;
  const begun = rom.talk(request(0x02, words(0x1000, 4, 0x400, 0, 0))).then((text) => {
    assert.equal(early, false);
    return text;
  });
  early = false;
  assert.match(await begun, ok);
});
