import assert from 'node:assert/strict';
import { createECDH, createPublicKey, verify } from 'node:crypto';
import { describe, it } from 'node:test';
import { fromHex } from '../../../main/base/bytes.ts';
import { fieldOf } from '../../../main/efuse/tables.ts';
import { bootFromFlash } from '../../../main/virtual/boot/boot.ts';
import type { RunningFirmware } from '../../../main/virtual/silicon.ts';
import { type TestBoard, testBoard } from './board.ts';
import { appImage, bootloaderImage, place, tableImage } from './build.ts';

/** Scalar 0102..20: the key of the shared ecdsa_keys vectors (FACTS 8). */
const scalar = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
const challenge = 'c3'.repeat(32);

function booted(
  board: TestBoard,
  options: { chipId: number; marker?: boolean; secureVersion?: number },
): ReturnType<typeof bootFromFlash> {
  const loader = board.context.kind === 'esp32p4' || board.context.kind === 'esp32c5' ? 0x2000 : 0;
  const range =
    board.context.kind === 'esp32p4'
      ? board.context.revision >= 300
        ? { minRevision: 300, maxRevision: 399 }
        : { minRevision: 1, maxRevision: 199 }
      : {};
  const build = { ...options, ...range };
  place(board.flash, [
    [loader, bootloaderImage(build)],
    [0x10000, tableImage()],
    [0x20000, appImage(build)],
  ]);
  return bootFromFlash(board.context);
}

function running(board: TestBoard, options: Parameters<typeof booted>[1]): RunningFirmware | null {
  const boot = booted(board, options);
  assert.equal(boot.state, 'running');
  return boot.firmware;
}

describe('the demonstration firmware', () => {
  it('signs a challenge with the key in eFuse', () => {
    const board = testBoard('esp32p4', 301);
    board.burnKey(3, 'ECDSA_KEY', scalar);
    const firmware = running(board, { chipId: 18 });
    assert.ok(firmware);

    const ecdh = createECDH('prime256v1');
    ecdh.setPrivateKey(scalar);
    const point = ecdh.getPublicKey();
    assert.deepEqual(firmware.answer('pubkey'), [`pubkey ${point.toString('hex')}`]);

    const [line = ''] = firmware.answer(`prove ${challenge}`);
    const signature = /^proof ([0-9a-f]{128})$/.exec(line)?.[1];
    assert.ok(signature, line);
    const b64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
    const jwk = { kty: 'EC', crv: 'P-256', x: b64(point.subarray(1, 33)), y: b64(point.subarray(33)) };
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const good = (text: string) =>
      verify('sha256', fromHex(text), { key, dsaEncoding: 'ieee-p1363' }, fromHex(signature));
    assert.equal(good(challenge), true);
    assert.equal(good('c4'.repeat(32)), false);
  });

  it('has no key to sign with on silicon without the peripheral or before the burn', () => {
    for (const [kind, revision, chipId] of [
      ['esp32p4', 103, 18],
      ['esp32p4', 301, 18],
      ['esp32c6', 1, 13],
      ['esp32h2', 102, 16],
    ] as const) {
      const board = testBoard(kind, revision);
      // the purpose exists on P4 v1, the peripheral is not usable there (FACTS 0.8)
      if (revision === 103) board.burnKey(3, 'ECDSA_KEY', scalar);
      const firmware = running(board, { chipId });
      assert.deepEqual(firmware?.answer(`prove ${challenge}`), ['proof error no-key']);
      assert.deepEqual(firmware?.answer('pubkey'), ['proof error no-key']);
    }
  });

  it('answers what it does not know with an error', () => {
    const firmware = running(testBoard('esp32p4', 301), { chipId: 18 });
    assert.deepEqual(firmware?.answer('reboot now'), ['error unknown command']);
    assert.deepEqual(firmware?.answer(`prove ${challenge}00`), ['proof error bad-challenge']);
    assert.deepEqual(firmware?.answer('  '), []);
  });

  it('is silent without the marker', () => {
    assert.equal(running(testBoard('esp32p4', 301), { chipId: 18, marker: false }), null);
  });

  it('reports its own eFuse view', () => {
    const board = testBoard('esp32p4', 301);
    board.burn('DIS_PAD_JTAG', 1);
    board.burn('SOFT_DIS_JTAG', 7);
    board.burn('ENABLE_SECURITY_DOWNLOAD', 1);
    board.burn('SECURE_VERSION', 0b111);
    const [line = ''] = running(board, { chipId: 18, secureVersion: 3 })?.answer('security') ?? [];
    assert.match(line, /^security \{/);
    assert.deepEqual(JSON.parse(line.slice('security '.length)), {
      secureBoot: {
        enabled: false,
        aggressiveRevoke: false,
        revoked: [],
        digestSlots: [null, null, null],
        readProtectionLocked: false,
      },
      flashEncryption: { enabled: false, count: 0, release: false },
      jtag: { DIS_PAD_JTAG: 1, DIS_USB_JTAG: 0, SOFT_DIS_JTAG: 7 },
      downloadMode: 'secure',
      directBoot: true,
      secureVersion: 3,
    });
  });
});

describe('a release application', () => {
  it('shuts the download door at its start, once', () => {
    const board = testBoard('esp32p4', 301, { firmwareShutsDoors: true });
    running(board, { chipId: 18 });
    bootFromFlash(board.context);
    assert.deepEqual(board.burned, [['ENABLE_SECURITY_DOWNLOAD', 1]]);
  });

  it('does nothing of the kind when it is none', () => {
    const board = testBoard('esp32p4', 301);
    running(board, { chipId: 18 });
    assert.deepEqual(board.burned, []);
  });
});

describe('what an application demands of its eFuses at its start', () => {
  const lockOf = (board: TestBoard, name: string) => 2 ** fieldOf(board.context.efuse.table, name).writeDisableBit!;

  for (const [kind, revision, chipId] of [
    ['esp32h2', 102, 16],
    ['esp32c5', 102, 23],
  ] as const)
    it(`constant time of the elliptic-curve engine on ${kind}: burned, or endless restarts where it is frozen`, () => {
      const forces = { firmwareForcesConstantTime: true };
      const open = testBoard(kind, revision, forces);
      running(open, { chipId });
      assert.deepEqual(open.burned, [['ECC_FORCE_CONST_TIME', 1]]);
      const frozen = testBoard(kind, revision, forces);
      frozen.burn('WR_DIS', lockOf(frozen, 'ECC_FORCE_CONST_TIME'));
      const boot = booted(frozen, { chipId });
      assert.equal(boot.state, 'resetting');
      assert.match(boot.lines.at(-1) ?? '', /esp_security: Enabling ECC constant time operations forcefully failed/);
    });

  it('nonces of the hardware on ESP32-H2 below v1.2, where it has a key to sign with', () => {
    const without = testBoard('esp32h2', 1);
    running(without, { chipId: 16 });
    assert.deepEqual(without.burned, []);
    const board = testBoard('esp32h2', 1);
    board.burnKey(3, 'ECDSA_KEY', scalar);
    running(board, { chipId: 16 });
    assert.deepEqual(board.burned, [['ECDSA_FORCE_USE_HARDWARE_K', 1]]);
    const frozen = testBoard('esp32h2', 1);
    frozen.burnKey(3, 'ECDSA_KEY', scalar);
    frozen.burn('WR_DIS', lockOf(frozen, 'ECDSA_FORCE_USE_HARDWARE_K'));
    assert.equal(booted(frozen, { chipId: 16 }).state, 'resetting');
  });

  it('calls ESP32-C2 in development mode until what says how its key block is read is frozen', () => {
    const board = testBoard('esp32c2', 102);
    const firmware = running(board, { chipId: 12 });
    const isRelease = () => JSON.parse(firmware!.answer('security')[0]!.slice(9)).flashEncryption.release;
    for (const name of ['DIS_DOWNLOAD_MANUAL_ENCRYPT', 'DIS_DOWNLOAD_ICACHE']) board.burn(name, 1);
    board.burn('SPI_BOOT_CRYPT_CNT', 7);
    assert.equal(isRelease(), false);
    board.burn('WR_DIS', lockOf(board, 'SPI_BOOT_CRYPT_CNT'));
    assert.equal(isRelease(), true);
  });
});
