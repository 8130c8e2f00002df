// What a host may send to a serial loader: good, bad and odd, as conversations that each begin with a reset.
import { deflateSync } from 'node:zlib';
import { bytesOfWords, concat, toHex, u32le } from '../../main/base/bytes.ts';
import { frameOf } from '../../main/virtual/loader/frames.ts';
import { checksumOf, opcode as op } from '../../main/virtual/loader/host.ts';

export interface NamedFrame {
  readonly name: string;
  /** Hex, SLIP framing included. */
  readonly send: string;
}

export interface TalkOf {
  readonly name: string;
  readonly frames: readonly NamedFrame[];
}

/** Where the frames point: the eFuse controller, the first word of the MAC in it, RAM that code may be loaded to. */
export interface Places {
  readonly efuse: number;
  readonly mac: number;
  readonly ram: number;
}

interface Odd {
  readonly checksum?: number;
  /** What the header says instead of the length. */
  readonly length?: number;
  readonly direction?: number;
}

const words = (...values: readonly number[]) => bytesOfWords(values.map((value) => value >>> 0));
const none = new Uint8Array(0);
const all = 0xffffffff;

function frame(
  name: string,
  opcode: number,
  data: Uint8Array = none,
  { checksum = 0, length, direction = 0 }: Odd = {},
): NamedFrame {
  const size = length ?? data.length;
  const head = Uint8Array.of(direction, opcode, size & 0xff, size >>> 8);
  return { name, send: toHex(frameOf(concat(head, u32le(checksum), data))) };
}

const twenty = Array.from({ length: 20 }, (_, n) => n);

const raw = (name: string, send: string): NamedFrame => ({ name, send });

/** A block of data; `says`: the length in its sub-header. */
function block(
  name: string,
  opcode: number,
  data: Uint8Array,
  sequence: number,
  odd: { checksum?: number; says?: number } = {},
) {
  const { checksum = checksumOf(data), says = data.length } = odd;
  return frame(name, opcode, concat(words(says, sequence, 0, 0), data), { checksum });
}

export const sync = frame('SYNC', op.sync, concat(Uint8Array.of(7, 7, 0x12, 0x20), new Uint8Array(32).fill(0x55)));
const info = frame('GET_SECURITY_INFO', op.securityInfo);
const attach = frame('SPI_ATTACH', op.spiAttach, words(0, 0));
const params = frame('SPI_SET_PARAMS 4 MB', op.spiSetParams, words(0, 0x400000, 0x10000, 0x1000, 0x100, 0xffff));
const ready = [sync, attach, params];

const pattern = Uint8Array.from({ length: 1024 }, (_, i) => (7 * i + 3) & 0xff);
const aa = (length: number) => new Uint8Array(length).fill(0xaa);
const stream = new Uint8Array(
  deflateSync(
    Uint8Array.from({ length: 4096 }, (_, i) => i & 0xff),
    { level: 9 },
  ),
);
/** `j .` on RISC-V: code that runs for ever. */
const loop = Uint8Array.from({ length: 16 }, (_, i) => [0x01, 0xa0][i & 1]!);

const begin = (name: string, ...values: readonly number[]) => frame(name, op.flashBegin, words(...values));
const deflBegin = (name: string, ...values: readonly number[]) => frame(name, op.deflBegin, words(...values));
const flashEnd = (name: string, ...values: readonly number[]) => frame(name, op.flashEnd, words(...values));
const deflEnd = (name: string, ...values: readonly number[]) => frame(name, op.deflEnd, words(...values));
const read = (name: string, address: number) => frame(name, op.readReg, words(address));
const write = (name: string, ...values: readonly number[]) => frame(name, op.writeReg, words(...values));

function commands({ efuse, mac, ram }: Places): NamedFrame[] {
  return [
    sync,
    info,
    read('READ_REG of the MAC', mac),
    frame('READ_REG without an address', op.readReg),
    write('WRITE_REG one entry', efuse, 0x12345678, all, 0),
    read('READ_REG it back', efuse),
    write('WRITE_REG three entries', efuse, 0x11, all, 0, efuse + 4, 0x22, all, 0, efuse + 8, 0x33, all, 0),
    read('READ_REG the third', efuse + 8),
    write('WRITE_REG with a mask', efuse, 0xaaaaaaaa, 0xff00, 0),
    read('READ_REG after the mask', efuse),
    write('WRITE_REG of 12 bytes', efuse, 0x5555, all),
    read('READ_REG after 12 bytes', efuse),
    frame('WRITE_REG of 17 bytes', op.writeReg, concat(words(efuse, 5, all, 0), Uint8Array.of(1))),
    read('READ_REG after 17 bytes', efuse),
    frame('WRITE_REG whose header says 8', op.writeReg, words(efuse, 7, all, 0), { length: 8 }),
    read('READ_REG after a header of 8', efuse),
    frame('WRITE_REG empty', op.writeReg),
    write('WRITE_REG twenty entries', ...twenty.flatMap((n) => [efuse + 4 * (n % 11), 0x100 + n, all, n])),
    ...[0, 8, 9, 10].map((n) => read(`READ_REG ${n} of them`, efuse + 4 * n)),
    raw(
      'eight READ_REG in one go',
      twenty
        .slice(0, 8)
        .map((n) => read('', efuse + 4 * n).send)
        .join(''),
    ),
    write('WRITE_REG clears twenty', ...twenty.flatMap((n) => [efuse + 4 * (n % 11), 0, all, 0])),
    write('WRITE_REG clears', efuse, 0, all, 0, efuse + 4, 0, all, 0, efuse + 8, 0, all, 0),
    frame('unknown opcode 0x77', 0x77),
    frame('unknown opcode 0x01', 0x01),
    frame('unknown opcode 0x00', 0x00),
    frame('unknown opcode 0x15', 0x15),
    frame('opcode 0x0c', 0x0c, words(0, 0)),
    frame('stub opcode ERASE_REGION', op.eraseRegion, words(0x30000, 0x1000)),
    raw('a frame shorter than a header', 'c0000824c0'),
    raw('a bad escape inside a frame', 'c000140000db01000000c0'),
    raw('noise before a frame', `55aa00${info.send}`),
    frame('direction 1', op.securityInfo, none, { direction: 1 }),
    raw('empty frames', 'c0c0c0'),
    frame('READ_REG whose header says 8', op.readReg, words(efuse), { length: 8 }),
    frame('GET_SECURITY_INFO with data', op.securityInfo, words(1, 2)),
    attach,
    frame('SPI_ATTACH one word', op.spiAttach, words(0)),
    params,
    frame('SPI_SET_PARAMS short', op.spiSetParams, words(0, 0x400000)),
    frame('READ_FLASH_SLOW 64', op.readFlashSlow, words(0, 64)),
    frame('READ_FLASH_SLOW 65', op.readFlashSlow, words(0, 65)),
    frame('READ_FLASH_SLOW 3', op.readFlashSlow, words(0, 3)),
    frame('READ_FLASH_SLOW beyond the flash', op.readFlashSlow, words(0x400000, 64)),
    frame('MEM_BEGIN', op.memBegin, words(16, 1, 16, ram)),
    frame('MEM_BEGIN short', op.memBegin, words(16, 1, 16)),
    frame('MEM_BEGIN block too large', op.memBegin, words(16, 1, 0x1801, ram)),
    frame('MEM_BEGIN again', op.memBegin, words(16, 1, 16, ram)),
    block('MEM_DATA longer than its blocks', op.memData, aa(32), 0),
    block('MEM_DATA bad checksum', op.memData, aa(16), 0, { checksum: 0 }),
    block('MEM_DATA 6 bytes', op.memData, aa(6), 1),
    block('MEM_DATA out of order', op.memData, aa(16), 5),
    block('MEM_DATA more than announced', op.memData, aa(16), 2),
    frame('MEM_END stay', op.memEnd, words(1, 0)),
    frame('CHANGE_BAUDRATE', op.changeBaudRate, words(921600, 0)),
    info,
    sync,
    frame('unknown after SYNC', 0x77),
  ];
}

const plainWrites: NamedFrame[] = [
  ...ready,
  begin('FLASH_BEGIN 2 blocks', 0x800, 2, 0x400, 0x30000, 0),
  block('FLASH_DATA 0', op.flashData, pattern, 0),
  block('FLASH_DATA 1, bad checksum', op.flashData, pattern, 1, { checksum: 1 }),
  block('FLASH_DATA 1 again', op.flashData, pattern, 1),
  block('FLASH_DATA 2', op.flashData, pattern, 2),
  block('FLASH_DATA 3, more than announced', op.flashData, pattern, 3),
  frame('SPI_FLASH_MD5', op.flashMd5, words(0x30000, 0x1000, 0, 0)),
  frame('SPI_FLASH_MD5 of 8 bytes', op.flashMd5, words(0x30000, 0x800)),
  frame('SPI_FLASH_MD5 beyond the flash', op.flashMd5, words(0x3ff000, 0x2000, 0, 0)),
  begin('FLASH_BEGIN for lengths', 0x1000, 4, 0x400, 0x34000, 0),
  block('wrong number, bad checksum', op.flashData, aa(1024), 3, { checksum: 0 }),
  block('too long, wrong number', op.flashData, aa(2048), 3),
  block('too long, bad checksum', op.flashData, aa(2048), 0, { checksum: 1 }),
  block('6 bytes, bad checksum', op.flashData, aa(6), 0, { checksum: 1 }),
  block('FLASH_DATA empty', op.flashData, none, 0),
  block('FLASH_DATA 512 of 1024', op.flashData, aa(512), 1),
  block('says 1024, 512 follow', op.flashData, aa(512), 2, { says: 1024, checksum: 0xef }),
  block('says 512, 1024 follow', op.flashData, aa(1024), 3, { says: 512, checksum: 0xef }),
  begin('FLASH_BEGIN four words', 0x400, 1, 0x400, 0x32000),
  begin('FLASH_BEGIN six words', 0x400, 1, 0x400, 0x32000, 0, 0),
  begin('FLASH_BEGIN just to the end', 0x1000, 4, 0x400, 0x3ff000, 0),
  begin('FLASH_BEGIN over the end', 0x2000, 4, 0x400, 0x3ff000, 0),
  begin('FLASH_BEGIN beyond the flash', 0x1000, 4, 0x400, 0x400000, 0),
  begin('FLASH_BEGIN unaligned', 0x1000, 4, 0x400, 0x36010, 0),
  block('FLASH_DATA all the same', op.flashData, aa(1024), 0),
  frame('SPI_FLASH_MD5 of it', op.flashMd5, words(0x36000, 0x1000, 0, 0)),
  begin('FLASH_BEGIN size 0', 0, 0, 0x400, 0x38000, 0),
  begin('FLASH_BEGIN block size 0', 0x1000, 4, 0, 0x38000, 0),
  block('FLASH_DATA too long for it', op.flashData, aa(16), 0),
  begin('FLASH_BEGIN block size 0x1800', 0x400, 1, 0x1800, 0x38000, 0),
  begin('FLASH_BEGIN block size 0x1801', 0x400, 1, 0x1801, 0x39000, 0),
  begin('FLASH_BEGIN of a huge size', 0xfffff000, 1, 0x400, 0x39000, 0),
];

const encryptedWrites: NamedFrame[] = [
  ...ready,
  begin('FLASH_BEGIN plain', 0x400, 1, 0x400, 0x37000, 0),
  begin('FLASH_BEGIN encrypt = 1', 0x400, 1, 0x400, 0x38000, 1),
  block('FLASH_DATA of it', op.flashData, pattern, 0),
  begin('FLASH_BEGIN encrypt = 2', 0x400, 1, 0x400, 0x39000, 2),
  block('8 bytes', op.flashData, aa(8), 0),
  block('1000 bytes', op.flashData, aa(1000), 1),
  block('6 bytes', op.flashData, aa(6), 2),
  block('16 bytes', op.flashData, aa(16), 2),
  begin('FLASH_BEGIN encrypt, unaligned', 0x1000, 4, 0x400, 0x3a010, 1),
  begin('FLASH_BEGIN encrypt, block size 0x1801', 0x1000, 4, 0x1801, 0x3a000, 1),
  deflBegin('FLASH_DEFL_BEGIN encrypt', 0x1000, 1, 0x400, 0x3b000, 1),
  deflBegin('FLASH_DEFL_BEGIN encrypt, block size 0x1801', 0x1000, 1, 0x1801, 0x3b000, 1),
];

const deflatedWrites: NamedFrame[] = [
  ...ready,
  deflBegin('FLASH_DEFL_BEGIN', 0x1000, 1, 0x400, 0x34000, 0),
  block('FLASH_DEFL_DATA', op.deflData, stream, 0),
  frame('SPI_FLASH_MD5 of it', op.flashMd5, words(0x34000, 0x1000, 0, 0)),
  deflBegin('FLASH_DEFL_BEGIN four words', 0x1000, 1, 0x400, 0x34000),
  deflBegin('FLASH_DEFL_BEGIN six words', 0x1000, 1, 0x400, 0x34000, 0, 0),
  deflBegin('FLASH_DEFL_BEGIN block size 0x1801', 0x1000, 1, 0x1801, 0x34000, 0),
  deflBegin('FLASH_DEFL_BEGIN beyond the flash', 0x1000, 1, 0x400, 0x400000, 0),
  deflBegin('FLASH_DEFL_BEGIN unaligned', 0x1000, 1, 0x400, 0x34010, 0),
  deflBegin('FLASH_DEFL_BEGIN in two', 0x1000, 2, 0x400, 0x35000, 0),
  block('7 bytes', op.deflData, stream.slice(0, 7), 0),
  block('a bad checksum', op.deflData, stream.slice(7), 1, { checksum: 0 }),
  block('too long', op.deflData, aa(2000), 2),
  block('the rest', op.deflData, stream.slice(7), 2),
  frame('SPI_FLASH_MD5 of both', op.flashMd5, words(0x35000, 0x1000, 0, 0)),
  begin('FLASH_BEGIN beside it', 0x1000, 4, 0x400, 0x36000, 0),
  block('FLASH_DATA 0', op.flashData, aa(1024), 0),
  deflBegin('FLASH_DEFL_BEGIN for garbage', 0x1000, 1, 0x400, 0x38000, 0),
  block('FLASH_DATA 1', op.flashData, aa(1024), 1),
  block('garbage', op.deflData, new Uint8Array(16).fill(0xff), 0),
  block('after garbage', op.deflData, stream, 1),
  info,
];

/** How a write and a load end: each leaves the loader in its own way, so each is a conversation. */
function endings({ ram }: Places): TalkOf[] {
  const started = [...ready, begin('FLASH_BEGIN', 0x600, 2, 0x400, 0x30000, 0)];
  const half = [...started, block('FLASH_DATA 0', op.flashData, aa(1024), 0)];
  const whole = [...half, block('FLASH_DATA 1, the last 512 bytes', op.flashData, aa(512), 1)];
  const deflated = [...ready, deflBegin('FLASH_DEFL_BEGIN', 0x1000, 1, 0x400, 0x34000, 0)];
  const inflated = [...deflated, block('FLASH_DEFL_DATA', op.deflData, stream, 0)];
  const loaded = [sync, frame('MEM_BEGIN', op.memBegin, words(16, 1, 16, ram)), block('MEM_DATA', op.memData, loop, 0)];
  const after = [info, sync, info];
  const one = (name: string, ...frames: readonly NamedFrame[]): TalkOf => ({ name, frames: [...frames, ...after] });
  return [
    one('FLASH_END 0, all there', ...whole, flashEnd('FLASH_END 0', 0)),
    one('FLASH_END 1, all there', ...whole, flashEnd('FLASH_END 1', 1)),
    one('FLASH_END 0, too early', ...half, flashEnd('FLASH_END 0', 0)),
    one(
      'FLASH_END 1, more than announced',
      ...half,
      block('FLASH_DATA 1', op.flashData, aa(1024), 1),
      flashEnd('FLASH_END 1', 1),
    ),
    one('FLASH_END 0, nothing begun', ...ready, flashEnd('FLASH_END 0', 0)),
    one('FLASH_DEFL_END 0, all there', ...inflated, deflEnd('FLASH_DEFL_END 0', 0)),
    one('FLASH_DEFL_END 1, all there', ...inflated, deflEnd('FLASH_DEFL_END 1', 1)),
    one('FLASH_DEFL_END 0, too early', ...deflated, deflEnd('FLASH_DEFL_END 0', 0)),
    one('behind the end of a deflate stream', ...inflated, block('FLASH_DEFL_DATA more', op.deflData, stream, 1)),
    one('MEM_END into a loop', ...loaded, frame('MEM_END', op.memEnd, words(0, ram))),
    one('MEM_END 0, 0', ...loaded, frame('MEM_END', op.memEnd, words(0, 0))),
    one('before a SYNC', info, read('READ_REG', ram)),
  ];
}

/** Every conversation with a loader. */
export function conversations(places: Places): TalkOf[] {
  return [
    { name: 'commands', frames: commands(places) },
    { name: 'plain writes', frames: plainWrites },
    { name: 'encrypted writes', frames: encryptedWrites },
    { name: 'deflated writes', frames: deflatedWrites },
    ...endings(places),
  ];
}

/** A bit of BLOCK0 is burned over the loader, the controller reads its fuses, and the host goes on talking. */
export function burning(
  base: number,
  registers: { pgmData0: number; conf: number; cmd: number },
  bit: number,
): NamedFrame[] {
  const set = (name: string, offset: number, value: number) => write(name, base + offset, value, all, 0);
  return [
    sync,
    info,
    ...Array.from({ length: 8 }, (_, n) =>
      set(`PGM_DATA${n}`, registers.pgmData0 + 4 * n, n === bit >>> 5 ? 1 << (bit & 31) : 0),
    ),
    set('CONF = write', registers.conf, 0x5a5a),
    set('CMD = program', registers.cmd, 2),
    read('READ_REG CMD', base + registers.cmd),
    info,
    set('CONF = read', registers.conf, 0x5aa5),
    set('CMD = read', registers.cmd, 1),
    read('READ_REG CMD', base + registers.cmd),
    read('READ_REG', base + registers.cmd),
    sync,
    info,
    read('READ_REG', base + registers.cmd),
  ];
}
