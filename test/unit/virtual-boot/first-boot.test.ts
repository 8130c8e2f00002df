// The first start of a bootloader that encrypts flash, against recordings of a real ESP32-C3 ROM with real ones (consoles/c3-rom-devota2.txt,
// c3-rom-selfstart.txt).

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { bootFromFlash } from '../../../main/virtual/boot/boot.ts';
import { vectorText } from '../../vectors.ts';
import { type TestBoard, testBoard } from './board.ts';
import { appImage, bootloaderImage, keyOfPem, partition, place, signed, tableImage } from './build.ts';

const layout = [
  partition('nvs', 1, 2, 0x10000, 0x6000),
  partition('otadata', 1, 0, 0x16000, 0x2000),
  partition('phy_init', 1, 1, 0x18000, 0x1000),
  partition('nvs_keys', 1, 4, 0x19000, 0x1000),
  partition('ota_0', 0, 0x10, 0x20000, 0x180000),
  partition('ota_1', 0, 0x11, 0x1a0000, 0x180000),
];

const rsa = generateKeyPairSync('rsa', {
  modulusLength: 3072,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const key = keyOfPem('rsa3072', rsa.privateKey);
const c3 = { chipId: 5 };

/** As the recorded board was: two key blocks of the station in use, Secure Boot on, flash in clear. */
function recordedBoard({ secureBoot = true } = {}): TestBoard {
  const board = testBoard('esp32c3', 3, { encrypts: true });
  place(board.flash, [
    [0, signed(bootloaderImage(c3), [key])],
    [0x8000, tableImage(layout)],
    [0x20000, signed(appImage(c3), [key])],
  ]);
  board.burnKey(0, 'SECURE_BOOT_DIGEST0', key.digest);
  board.burnKey(1, 'HMAC_UP', new Uint8Array(32).fill(7));
  if (secureBoot) board.burn('SECURE_BOOT_EN', 1);
  return board;
}

/** A line without what differs between two boards: times, addresses, lengths; lines that only count repeat once. */
function shapes(lines: readonly string[]): string[] {
  const shape = lines.map((line) =>
    line
      .replace(/^([IWE]) \(\d+\) /, '$1 ')
      .replace(/segment \d+: .*(map|load|\) ?)$/, (_, way: string) => `segment ${way.trim()}`)
      .replace(/(offset|image at|length) 0x[0-9a-f]+/g, '$1 #')
      .trimEnd(),
  );
  return shape.filter((line, at) => line !== shape[at - 1]);
}

const between = (lines: readonly string[], from: string, to: string) => {
  const [first, last] = [lines.findIndex((line) => line.includes(from)), lines.findIndex((line) => line.includes(to))];
  assert.ok(first >= 0 && last > first, `${from} ... ${to}`);
  return lines.slice(first, last + 1);
};

const firstStartOf = (recording: string) =>
  vectorText(`consoles/${recording}`)
    .split(/^=== .*\bEN high.*$/m)
    .map((part) => part.split('\n'))
    .find((lines) => lines.some((line) => line.includes('Generating new flash encryption key')));
const recorded = firstStartOf('c3-rom-devota2.txt');

test('its lines are those of the recording, from the partition table on', () => {
  const { context } = recordedBoard();
  const [from, to] = ['boot: Partition Table:', 'Resetting with flash encryption enabled...'];
  const real = between(recorded!, from, to);
  const ours = between(bootFromFlash(context).lines, from, to);
  assert.deepEqual(shapes(ours), shapes(real));
  const second = recorded!.slice(recorded!.findIndex((line) => line.includes(to)) + 1);
  const end = 'Disabling RNG early entropy source...';
  assert.deepEqual(shapes(between(bootFromFlash(context).lines, from, end)), shapes(between(second, from, end)));
});

test('it burns its key first, then protections, then what locks them, and the count last', () => {
  const { context, burned } = recordedBoard();
  bootFromFlash(context);
  const order = burned.map(([name]) => name);
  assert.deepEqual(order, [
    'BLOCK6',
    'RD_DIS',
    'KEY_PURPOSE_2',
    'DIS_DOWNLOAD_MANUAL_ENCRYPT',
    'DIS_DOWNLOAD_ICACHE',
    'DIS_PAD_JTAG',
    'DIS_USB_JTAG',
    'DIS_DIRECT_BOOT',
    'WR_DIS',
    'SPI_BOOT_CRYPT_CNT',
  ]);
  const { efuse } = context;
  // RD_DIS, the group of DIS_ICACHE, purpose and block of the key (FACTS 2.7)
  assert.equal(efuse.field('WR_DIS') & (1 | (1 << 2) | (1 << 10) | (1 << 25)), 1 | (1 << 2) | (1 << 10) | (1 << 25));
});

test('a bit that was frozen at 0 before ends every start, and the key is not taken for whole any more', () => {
  const { context, burn } = recordedBoard();
  burn('WR_DIS', 1 << 2);
  const first = bootFromFlash(context).lines.join('\n');
  assert.match(first, /efuse: BURN BLOCK0 - ERROR/);
  assert.match(first, /WR_DIS efuse was not burned \(deferred\)/);
  assert.match(first, /boot: Initialization of Flash Encryption key failed/);
  const { efuse } = context;
  assert.equal(efuse.field('KEY_PURPOSE_2'), 4);
  assert.equal(efuse.field('SPI_BOOT_CRYPT_CNT'), 0);
  assert.match(bootFromFlash(context).lines.join('\n'), /flash_encrypt: Invalid key state/);
});

test('a key that is whole and whose flash was not finished is used again', () => {
  const { context, burnKey, burn } = recordedBoard();
  burnKey(2, 'XTS_AES_128_KEY', new Uint8Array(32).fill(9));
  burn('WR_DIS', 1 | (1 << 10) | (1 << 25));
  const lines = bootFromFlash(context).lines.join('\n');
  assert.match(lines, /Using pre-loaded flash encryption key in efuse/);
  assert.match(lines, /Flash encryption completed/);
});

test('a start before Secure Boot is on switches that on as well, and shuts the door: as recorded', () => {
  const { context, burned } = recordedBoard({ secureBoot: false });
  const [from, to] = ['boot: Partition Table:', 'Resetting with flash encryption enabled...'];
  // The recorded application has a segment of padding more. ESP-IDF 5.5 burns WR_DIS with the rest of BLOCK0, later ones after it.
  const plain = (lines: readonly string[]) => {
    const loaded = shapes(lines).filter((line) => !/ segment( \)|$)/.test(line));
    return loaded.filter((line, at) => !(line === loaded[at - 2] && line.startsWith('I efuse: BURN BLOCK0')));
  };
  const real = between(firstStartOf('c3-rom-selfstart.txt')!, from, to);
  assert.deepEqual(plain(between(bootFromFlash(context).lines, from, to)), plain(real));
  const { efuse } = context;
  for (const field of ['SECURE_BOOT_EN', 'ENABLE_SECURITY_DOWNLOAD', 'DIS_DIRECT_BOOT', 'SECURE_BOOT_KEY_REVOKE1'])
    assert.equal(efuse.field(field), 1, field);
  const order = burned.map(([name]) => name);
  assert.ok(order.indexOf('ENABLE_SECURITY_DOWNLOAD') < order.indexOf('BLOCK6'), 'the door before its key');
});

test('without digests it burns those of its own signatures', () => {
  const board = testBoard('esp32c3', 3, { encrypts: true });
  place(board.flash, [
    [0, signed(bootloaderImage(c3), [key])],
    [0x8000, tableImage(layout)],
    [0x20000, signed(appImage(c3), [key])],
  ]);
  bootFromFlash(board.context);
  const { efuse } = board.context;
  assert.equal(efuse.field('KEY_PURPOSE_0'), 9);
  assert.equal(efuse.field('SECURE_BOOT_EN'), 1);
  assert.equal(efuse.field('SPI_BOOT_CRYPT_CNT'), 7);
});
