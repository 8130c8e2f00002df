// Who the board is, asked twice: what decides which bits are burned is not believed from one answer, which carries no checksum.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identify } from '../../../main/chip/identify.ts';
import { fieldOf } from '../../../main/efuse/tables.ts';
import type { ChipKind } from '../../../main/model/chip.ts';
import { isFault } from '../../../main/model/fault.ts';
import type { Loader } from '../../../main/protocol/loader.ts';
import { connectLoader } from '../../../main/protocol/loader-session.ts';
import { openVirtualPort } from '../../../main/virtual/bench/port.ts';
import { fastClock } from './clocks.ts';
import { oneByOne, virtualChip } from './rig.ts';

/** A loader of this chip, whose n-th read of a register is changed by a test. */
async function hold(kind: ChipKind, revision: number) {
  const chip = virtualChip(kind, revision);
  const loader = await connectLoader(openVirtualPort(chip, 'virtual:test'), { clock: fastClock });
  let see = (_address: number, _nth: number, value: number) => value;
  const asked = new Map<number, number>();
  const held = new Proxy(loader, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      const readRegister = async (address: number) => {
        const nth = (asked.get(address) ?? 0) + 1;
        asked.set(address, nth);
        return see(address, nth, await target.readRegister(address)) >>> 0;
      };
      if (name === 'readRegister') return readRegister;
      if (name === 'readRegisters') return oneByOne(readRegister);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  }) as Loader;
  const { table } = chip.efuse;
  /** Address and mask of the first bit of a field. */
  const placeOf = (name: string) => {
    const { block, bit } = fieldOf(table, name).pieces[0]!;
    return { address: table.base + table.blocks[block]!.readOffset + 4 * (bit >>> 5), mask: 1 << (bit & 31) };
  };
  return {
    chip,
    loader,
    placeOf,
    identified: (change: typeof see = (_address, _nth, value) => value) => {
      see = change;
      asked.clear();
      return identify(held);
    },
  };
}

for (const [kind, revision, minor] of [
  ['esp32p4', 301, 'WAFER_VERSION_MINOR'],
  ['esp32c6', 1, 'WAFER_VERSION_MINOR'],
  ['esp32c3', 4, 'WAFER_VERSION_MINOR_LO'],
  ['esp32', 300, 'CHIP_VER_REV1'],
] as const)
  test(`${kind}: a steady board is known; one that answers differently the second time is not`, async () => {
    const { identified, placeOf, chip, loader } = await hold(kind, revision);
    const { identity } = await identified();
    assert.deepEqual([identity.kind, identity.revision, identity.mac], [kind, revision, chip.identity.mac]);
    for (const field of ['MAC', minor])
      for (const nth of [1, 2]) {
        const { address, mask } = placeOf(field);
        await assert.rejects(
          identified((at, n, value) => (at === address && n === nth ? value ^ mask : value)),
          (error) => isFault(error, 'chip.unsteady') && error.safety === 'untouched',
          `${field}, answer ${nth}`,
        );
      }
    await loader.close();
  });

test('an answer that is wrong twice alike is believed by nobody here: it is the same answer', async () => {
  const { identified, placeOf, loader, chip } = await hold('esp32c6', 1);
  const { address, mask } = placeOf('MAC');
  const { identity } = await identified((at, _n, value) => (at === address ? value ^ mask : value));
  assert.notEqual(identity.mac, chip.identity.mac, 'what is read is what is told: nothing is made up');
  await loader.close();
});

test('a chip that this station does not make says so, or says nothing', async () => {
  const { loader } = await hold('esp32c3', 4);
  const claiming = (security: Loader['security'], magic = 0) =>
    new Proxy(loader, {
      get(target, name) {
        if (name === 'security') return security;
        if (name === 'readRegister') return async () => magic;
        if (name === 'readRegisters') return oneByOne(async () => magic);
        const value = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }) as Loader;
  const { security } = loader;
  for (const [strange, words] of [
    [claiming({ ...security!, chipId: 0x7777 }), /number 30583/],
    [claiming({ ...security!, chipId: null }, 0x12345678), /does not say what it is/],
    [claiming(null, 0x12345678), /does not say what it is/],
  ] as const)
    await assert.rejects(
      identify(strange),
      (error) => isFault(error, 'chip.unknown') && words.test(error.what) && error.safety === 'untouched',
    );
  await loader.close();
});

test('in secure download mode nothing is asked that the ROM would not answer', async () => {
  const chip = virtualChip('esp32c6', 1);
  chip.efuse.burnField('ENABLE_SECURITY_DOWNLOAD', 1);
  const loader = await connectLoader(openVirtualPort(chip, 'virtual:test'), { clock: fastClock });
  const { identity } = await identify(loader);
  assert.deepEqual(
    [identity.kind, identity.mac, identity.revision, identity.packageVersion],
    ['esp32c6', null, null, null],
  );
  await loader.close();
});
