// ESP32-C2: two materials in one block, burned by one program command; and nowhere to go when that block fails.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOfWords, concat, fromHex, reversed } from '../../../main/base/bytes.ts';
import { planBurn } from '../../../main/efuse/plan.ts';
import type { WantedEfuses } from '../../../main/efuse/plan-types.ts';
import { isFault } from '../../../main/model/fault.ts';
import { xtsKey } from '../../../main/virtual/boot/keys.ts';
import { VirtualChip } from '../../../main/virtual/chip.ts';
import { allStages, Book, digest, keyBytes, meet, permitFor, production, secretOf, virtualChip } from './rig.ts';

const wanted = production('esp32c2', 102);
const secret = secretOf('flash-encryption', 'whole').slice(0, 16);
/** The key reversed as XTS keys are, then the first half of the digest as it is (FACTS 2.9). */
const content = concat(reversed(secret), fromHex(digest).slice(0, 16));

test('both halves are in after one burn, whose events name them one by one', async () => {
  const chip = virtualChip('esp32c2', 102);
  const board = await meet(chip);
  const book = new Book();
  await book.run(board, wanted, ['keys', 'read-protect']);
  await board.close();
  assert.deepEqual(bytesOfWords([...chip.efuse.hardwareBlock(3)]), content);
  assert.deepEqual([chip.efuse.field('RD_DIS'), chip.efuse.field('WR_DIS')], [1, 0x80]);
  const told = book.events.map((event) => {
    const purpose = 'detail' in event && 'purpose' in event.detail ? event.detail.purpose : '';
    return `${event.type} ${purpose}`.trim();
  });
  const [key, boot] = ['XTS_AES_128_KEY_DERIVED_FROM_128_EFUSE_BITS', 'SECURE_BOOT_DIGEST0'];
  const both = (type: string) => [`${type} ${key}`, `${type} ${boot}`];
  assert.deepEqual(told, [...both('intend'), ...both('burned'), ...both('verified'), 'intend', 'burned', 'verified']);
});

test('nothing is in before both intentions were taken', async () => {
  const chip = virtualChip('esp32c2', 102);
  const board = await meet(chip);
  const plan = planBurn(await board.readEfuses(), wanted, { slots: [] });
  const keys = (...[role, part]: Parameters<typeof keyBytes>) => keyBytes(role, part).slice(0, 16);
  const events = board.burn(plan, keys, permitFor(plan), allStages);
  for (let i = 0; i < 2; i++) assert.equal((await events.next()).value?.type, 'intend');
  assert.ok(chip.efuse.burned()[3]!.every((byte) => byte === 0));
  await events.return();
  await board.close();
});

test('a block that keeps a coding error condemns the board', async () => {
  const chip = virtualChip('esp32c2', 102, [{ kind: 'dead-bit', after: 1 }]);
  const board = await meet(chip);
  const book = new Book();
  await assert.rejects(
    book.run(board, wanted),
    (error) => isFault(error, 'burn.coding-error') && error.safety === 'condemned' && /no other block/.test(error.next),
  );
  await board.close();
  assert.equal(chip.efuse.field('WR_DIS'), 0, 'nothing was locked');
});

test('a flash key of 256 bits is marked, found by the hardware, and hidden whole', async () => {
  const chip = virtualChip('esp32c2', 102);
  const board = await meet(chip);
  const whole: WantedEfuses = {
    keys: [
      {
        material: { kind: 'secret', role: 'flash-encryption', part: 'whole' },
        purpose: 'XTS_AES_128_KEY',
        slot: null,
      },
    ],
    fields: [],
    writeProtect: [],
  };
  const plan = planBurn(await board.readEfuses(), whole, { slots: [] });
  for await (const _ of board.burn(plan, keyBytes, permitFor(plan), allStages));
  await board.close();
  assert.deepEqual(xtsKey(chip.efuse), secretOf('flash-encryption', 'whole'));
  assert.deepEqual([chip.efuse.field('RD_DIS'), chip.efuse.field('XTS_KEY_LENGTH_256')], [3, 1]);
});

test('a board with a 26 MHz crystal is burned with its times, and its shut door is heard at 74880 baud', async () => {
  const chip = new VirtualChip({ kind: 'esp32c2', crystalMHz: 26, flashSize: 1 << 20 }, () => ({
    lines: ['booted'],
    state: 'halted',
    firmware: null,
  }));
  const board = await meet(chip);
  const plan = planBurn(
    await board.readEfuses(),
    { keys: [], fields: [{ field: 'DIS_DOWNLOAD_MODE', value: 1, stage: 'door', reason: 'test' }], writeProtect: [] },
    { slots: [] },
  );
  let effect: unknown;
  for await (const event of board.burn(plan, keyBytes, permitFor(plan), allStages)) {
    if (event.type === 'intend') assert.equal(chip.efuse.readRegister(0x110), 130 << 8, 'TPGM_INACTIVE at 26 MHz');
    if (event.type === 'verified' && event.what === 'bits') effect = event.detail.effect;
  }
  assert.equal(effect, 'download-disabled');
  const said: string[] = [];
  for await (const line of board.boot({ signal: AbortSignal.timeout(500) })) {
    said.push(line);
    if (line === 'booted') break;
  }
  assert.equal(said.at(-1), 'booted', 'its console is heard too');
  await board.close();
  await assert.rejects(
    () => meet(chip),
    (error) => isFault(error, 'protocol.download-disabled') && error.details.consoleRate === 74880,
  );
});
