import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { isFilledWith } from '../../../main/base/bytes.ts';
import { seededRandom } from '../../../main/base/random.ts';
import { flashSizeOf } from '../../../main/chip/jedec.ts';
import { openBoard } from '../../../main/chip/live-board.ts';
import { profileByChipId, profileOf, profiles } from '../../../main/chip/profiles.ts';
import { planBurn } from '../../../main/efuse/plan.ts';
import { fieldOf } from '../../../main/efuse/tables.ts';
import { chipKinds } from '../../../main/model/chip.ts';
import { isFault } from '../../../main/model/fault.ts';
import type { Loader } from '../../../main/protocol/loader.ts';
import { connectLoader } from '../../../main/protocol/loader-session.ts';
import { openVirtualPort } from '../../../main/virtual/bench/port.ts';
import { VirtualChip } from '../../../main/virtual/chip.ts';
import { fastClock } from './clocks.ts';
import { allStages, Book, keyBytes, meet, oneByOne, permitFor, production, virtualChip } from './rig.ts';

test('a board says who it is: chip, revision, MAC, package', async () => {
  for (const [kind, revision] of [
    ['esp32p4', 103],
    ['esp32p4', 301],
    ['esp32s3', 2],
    ['esp32c3', 4],
    ['esp32h2', 102],
    ['esp32s2', 100],
    ['esp32c61', 100],
    ['esp32s31', 0],
    ['esp32h21', 0],
    ['esp32h4', 0],
  ] as const) {
    const chip = virtualChip(kind, revision);
    const board = await meet(chip);
    const { identity } = board;
    assert.deepEqual([identity.kind, identity.revision, identity.mac], [kind, revision, chip.identity.mac]);
    assert.equal(board.profile, profileOf(kind));
    await board.close();
  }
});

test('in secure download mode the chip is known, and nothing else; eFuses are closed', async () => {
  const chip = virtualChip('esp32c3', 4);
  const first = await meet(chip);
  await new Book().run(first, production('esp32c3', 4));
  await first.close();
  const board = await meet(chip);
  const { kind, revision, mac, packageVersion, security } = board.identity;
  assert.deepEqual([kind, revision, mac, packageVersion, security.secureDownload], ['esp32c3', null, null, null, true]);
  await assert.rejects(
    board.readEfuses(),
    (error) => isFault(error, 'chip.secure-download') && error.safety === 'shut',
  );
  assert.equal(await board.detectFlashSize(), null);
  assert.equal(await board.tryDownloadDoor(), 'secure');
  await board.close();
});

test('an ESP32-S2, whose security info names no chip, is known by its ROM, and by that silence behind a secure door', async () => {
  const chip = virtualChip('esp32s2', 100);
  const open = await meet(chip);
  assert.equal(open.identity.security.chipId, null);
  await new Book().run(open, production('esp32s2', 100));
  await open.close();
  const board = await meet(chip);
  const { kind, chipId, mac, security } = board.identity;
  assert.deepEqual([kind, chipId, mac, security.secureDownload], ['esp32s2', 2, null, true]);
  await board.close();
  // another ROM that tells as little
  const loader = await connectLoader(openVirtualPort(virtualChip('esp32s2', 100), 'virtual:test'), {
    clock: fastClock,
  });
  const foreign = tampered(loader, (address, value) => (address === 0x40001000 ? 0x00f01d83 : value));
  await assert.rejects(openBoard(foreign, { clock: fastClock }), (error) => isFault(error, 'chip.unknown'));
  await loader.close();
});

/** The loader with its register reads changed on the way. */
function tampered(loader: Loader, read: (address: number, value: number) => number): Loader {
  return new Proxy(loader, {
    get(target, name) {
      const readRegister = async (address: number) => read(address, await target.readRegister(address));
      if (name === 'readRegister') return readRegister;
      if (name === 'readRegisters') return oneByOne(readRegister);
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const macWord = 0x5012d044;

test('two answers to the question who it is are a fault before anything is done', async () => {
  const loader = await connectLoader(openVirtualPort(virtualChip('esp32p4', 301), 'virtual:test'), {
    clock: fastClock,
  });
  let asked = 0;
  const unsteady = tampered(loader, (address, value) => (address === macWord && ++asked === 2 ? value ^ 1 : value));
  await assert.rejects(openBoard(unsteady, { clock: fastClock }), (error) => isFault(error, 'chip.unsteady'));
  await loader.close();
});

test('another board in the same place is noticed after a reset, and is not burned', async () => {
  const loader = await connectLoader(openVirtualPort(virtualChip('esp32p4', 301), 'virtual:test'), {
    clock: fastClock,
  });
  let other = 0;
  const board = await openBoard(
    tampered(loader, (address, value) => (address === macWord ? value ^ other : value)),
    {
      clock: fastClock,
    },
  );
  const plan = planBurn(await board.readEfuses(), production('esp32p4', 301), { slots: [] });
  await board.prepareFlashing({ baudRate: 115200, flashSize: 1 << 20 });
  other = 0x100;
  // by the reset itself, whatever is asked of the board then
  await assert.rejects(board.returnToRom(), (error) => isFault(error, 'chip.other-board'));
  await assert.rejects(board.burn(plan, keyBytes, permitFor(plan), allStages).next(), (error) =>
    isFault(error, 'chip.other-board'),
  );
  await loader.close();
});

test('a BLOCK0 that reads differently the second time is read again, and is a fault when it does so again', async () => {
  for (const strange of [[1], [1, 4]]) {
    const chip = virtualChip('esp32p4', 301);
    const loader = await connectLoader(openVirtualPort(chip, 'virtual:test'), { clock: fastClock });
    let asked = 0;
    const board = await openBoard(
      tampered(loader, (address, value) =>
        address === 0x5012d030 && strange.includes(++asked) ? value | 0x80000 : value,
      ),
      { clock: fastClock },
    );
    if (strange.length === 1)
      assert.equal((await board.readEfuses()).blocks[0]![1]! & 0x80000, 0, 'what was read again');
    else await assert.rejects(board.readEfuses(), (error) => isFault(error, 'chip.unsteady'));
    await board.close();
  }
});

for (const [kind, revision] of [
  ['esp32p4', 103],
  ['esp32p4', 301],
  ['esp32c3', 4],
] as const)
  test(`${kind} ${revision}: flash through the stub, verified by digest, then back in the ROM`, async () => {
    const chip = virtualChip(kind, revision);
    const board = await meet(chip);
    assert.equal(await board.detectFlashSize(), chip.flash.size, 'the supply of the flash is on');
    const settled = await board.prepareFlashing({ baudRate: 921600, flashSize: chip.flash.size });
    assert.deepEqual(settled, { mode: 'stub', baudRate: 921600 });
    const data = seededRandom(1)(20000);
    await board.writeFlash({ offset: 0x10000, data, compression: 'none' });
    assert.deepEqual(await board.verifyFlash(0x10000, data), { md5: createHash('md5').update(data).digest('hex') });
    const different = data.slice();
    different[19999]! ^= 1;
    await assert.rejects(board.verifyFlash(0x10000, different), (error) => isFault(error, 'chip.flash-differs'));
    await board.returnToRom();
    const plan = planBurn(await board.readEfuses(), production(kind, revision, null), { slots: [] });
    for await (const _ of board.burn(plan, keyBytes, permitFor(plan), allStages));
    assert.equal(chip.efuse.field('SECURE_BOOT_EN'), 1);
    await board.close();
  });

test('burning straight after flashing leaves the stub by itself', async () => {
  const chip = virtualChip('esp32p4', 301);
  const board = await meet(chip);
  const plan = planBurn(await board.readEfuses(), production('esp32p4', 301, null), { slots: [] });
  await board.prepareFlashing({ baudRate: 921600, flashSize: chip.flash.size });
  for await (const _ of board.burn(plan, keyBytes, permitFor(plan), ['keys']));
  assert.equal(chip.mode, 'rom');
  await board.close();
});

test('a port without lines stays with the ROM for the whole visit', async () => {
  const loader = await connectLoader(openVirtualPort(virtualChip('esp32c3', 4), 'virtual:test'), { clock: fastClock });
  const noLines = new Proxy(loader, {
    get(target, name) {
      if (name === 'canReset') return false;
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const board = await openBoard(noLines, { clock: fastClock });
  const { mode } = await board.prepareFlashing({ baudRate: 115200, flashSize: 1 << 20 });
  assert.equal(mode, 'rom');
  await board.returnToRom();
  await board.close();
});

test('a stretch of flash is left blank: looked at, erased where it is not, and looked at again', async () => {
  const chip = virtualChip('esp32c3', 4);
  const board = await meet(chip);
  await board.prepareFlashing({ baudRate: 115200, flashSize: chip.flash.size });
  assert.deepEqual(await board.clearFlash(0, chip.flash.size), { erased: 0 });
  chip.flash.program(0x12345, Uint8Array.of(1, 2, 3));
  const done: number[] = [];
  const onProgress = (bytes: number) => done.push(bytes);
  assert.deepEqual(await board.clearFlash(0x10000, 0x20000, { onProgress }), { erased: 0x20000 });
  assert.ok(isFilledWith(chip.flash.read(0, chip.flash.size), 0xff));
  assert.deepEqual(done, [0x20000]);
  const stopped = AbortSignal.abort(new Error('stop'));
  await assert.rejects(board.clearFlash(0, 0x1000, { signal: stopped }), /stop/);
  // Flash that holds on to what it has: write protection, or worn out.
  chip.flash.erase = () => undefined;
  chip.flash.program(0x20000, Uint8Array.of(0));
  await assert.rejects(
    board.clearFlash(0x20000, 0x1000),
    (error) => isFault(error, 'chip.flash-not-blank') && error.safety === 'resumable',
  );
  await board.close();
});

describe('ESP32-P4 v3.2, whose ROM switches the flash on where an eFuse says so', () => {
  const switched = () => {
    const chip = virtualChip('esp32p4', 302);
    chip.efuse.burnField('DOWNLOAD_MODE_XPD_ON', 1);
    return chip;
  };

  test('is met again and again: its ROM must find the flash let go', async () => {
    const chip = switched();
    const board = await meet(chip);
    assert.equal(await board.detectFlashSize(), chip.flash.size);
    for (let round = 0; round < 2; round++) {
      assert.equal(await board.tryDownloadDoor(), 'open');
      assert.equal(await board.detectFlashSize(), chip.flash.size);
    }
    await board.close();
  });

  test('keeps its flash within reach in secure download mode from a cold start, which without the eFuse it does not', async () => {
    for (const [chip, reached] of [
      [virtualChip('esp32p4', 302), false],
      [switched(), true],
    ] as const) {
      chip.efuse.burnField('ENABLE_SECURITY_DOWNLOAD', 1);
      const loader = await connectLoader(openVirtualPort(chip, 'virtual:test'), { clock: fastClock });
      assert.equal(loader.secureDownload, true);
      await loader.attachFlash(chip.flash.size);
      const write = loader.writeFlash({ offset: 0x2000, data: Uint8Array.of(1, 2, 3, 4) });
      if (reached) await write;
      else await assert.rejects(write, (error) => isFault(error, 'protocol.refused'));
      await loader.close();
    }
  });
});

test('silicon that is newer than any source knows is refused before anything is read that a burn could rest on', async () => {
  const kinds = [
    ['esp32c6', 3],
    ['esp32p4', 303],
    ['esp32c3', 200],
    ['esp32h2', 200],
    ['esp32c2', 201],
    ['esp32', 302],
  ] as const;
  for (const [kind, revision] of kinds)
    await assert.rejects(
      meet(virtualChip(kind, revision)),
      (error) => isFault(error, 'efuse.unknown-silicon') && error.safety === 'untouched',
      kind,
    );
});

test('profiles: every chip has one, and every field it names exists on its silicon', () => {
  assert.deepEqual(
    profiles.map(({ kind }) => kind),
    [...chipKinds],
  );
  for (const profile of profiles) {
    assert.equal(profileByChipId(profile.chipId), profile);
    const { jtag, directBoot, flashEncryptionRelease, flashEncryptionWriteProtect } = profile.production;
    for (const table of profile.efuseTables) {
      for (const name of [...directBoot, ...flashEncryptionWriteProtect, ...jtag.map(({ field }) => field)])
        assert.equal(fieldOf(table, name).name, name);
      for (const { field, minRevision = 0 } of flashEncryptionRelease)
        if (minRevision <= table.revisions.min) assert.equal(fieldOf(table, field).name, field);
    }
  }
  assert.equal(profileByChipId(7), null);
  assert.match(profileOf('esp32p4').ecdsaRefusal(103) ?? '', /v1\.3.*v3\.0/);
  assert.equal(profileOf('esp32p4').ecdsaRefusal(301), null);
  assert.match(profileOf('esp32c3').ecdsaRefusal(4) ?? '', /no ECDSA/);
});

test('flash sizes by JEDEC id', () => {
  // Winbond W25Q128, GigaDevice GD25Q32, a 64 MiB part with a code of its own; nothing there, a short.
  for (const [id, size] of [
    [0x1840ef, 1 << 24],
    [0x1640c8, 1 << 22],
    [0x20ba20, 1 << 26],
    // Adesto codes the size in the middle byte, and 0x1f is no size of others
    [0x01871f, 1 << 22],
    [0x01841f, 1 << 19],
    [0x01891f, 1 << 24],
    [0x01831f, null],
    [0x168a1f, null],
    [0, null],
    [0xffffff, null],
    [0x0340ef, null],
  ] as const)
    assert.equal(flashSizeOf(id), size);
});

test('beyond 16 MB the loader in ROM, which sends three bytes of address, is asked for nothing', async () => {
  const chip = new VirtualChip({ kind: 'esp32s3', revision: 2, seed: 7, flashSize: 1 << 25 }, () => ({
    lines: [],
    state: 'halted',
    firmware: null,
  }));
  const loader = await connectLoader(openVirtualPort(chip, 'virtual:test'), { clock: fastClock });
  await loader.attachFlash(1 << 25);
  const offset = (1 << 24) - 0x1000;
  const refused = (error: unknown) => isFault(error, 'protocol.beyond-rom');
  await assert.rejects(loader.writeFlash({ offset, data: new Uint8Array(0x1004) }), refused);
  await assert.rejects(loader.readFlash(offset, 0x1001), refused);
  await assert.rejects(loader.flashMd5(offset, 0x1001), refused);
  await assert.rejects(loader.eraseRegion(offset, 0x2000), refused);
  await loader.writeFlash({ offset, data: new Uint8Array(0x1000) });
  await loader.close();
});
