import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, wordsOf } from '../../../main/base/bytes.ts';
import { SecretBytes } from '../../../main/base/secret.ts';
import { planBurn } from '../../../main/efuse/plan.ts';
import { efuseTableFor } from '../../../main/efuse/tables.ts';
import type { ChipKind } from '../../../main/model/chip.ts';
import { isFault } from '../../../main/model/fault.ts';
import { allStages, Book, digest, keyBytes, meet, permitFor, production, secretOf, virtualChip } from './rig.ts';

/** The third: exchanges, where they are read one by one (see LoaderSession). */
const silicon: readonly (readonly [ChipKind, number, number?])[] = [
  ['esp32p4', 103],
  ['esp32p4', 301],
  ['esp32s3', 2, 165],
  ['esp32c3', 4],
  ['esp32c6', 1],
  ['esp32h2', 101],
  ['esp32h2', 102],
  ['esp32c5', 100],
  ['esp32s2', 100, 165],
  ['esp32c61', 100],
  ['esp32s31', 0],
  ['esp32h21', 0, 165],
];

for (const [kind, revision, exchanges = 85] of silicon)
  test(`${kind} ${revision}: a production burn set on blank silicon, within ${exchanges} exchanges`, async () => {
    const chip = virtualChip(kind, revision);
    const board = await meet(chip);
    const wanted = production(kind, revision);
    const plan = planBurn(await board.readEfuses(), wanted, { slots: [] });
    assert.deepEqual(plan.refusals, []);
    const before = board.counters.exchanges;
    for await (const _ of board.burn(plan, keyBytes, permitFor(plan), allStages));
    assert.ok(board.counters.exchanges - before <= exchanges, `${board.counters.exchanges - before} exchanges`);
    for (const { field, value } of wanted.fields) assert.equal(chip.efuse.field(field), value, field);
    assert.equal(chip.efuse.field('WR_DIS') & 1, 1);
    const secrets = plan.slots.filter(({ material }) => material.kind === 'secret');
    for (const { slot, block, material } of secrets) {
      assert.ok(material.kind === 'secret');
      assert.deepEqual(
        chip.efuse.hardwareBlock(block),
        wordsOf(secretOf(material.role, material.part).reverse()),
        'reversed',
      );
      assert.equal((chip.efuse.field('RD_DIS') >>> slot) & 1, 1);
    }
    const digestBlock = plan.slots.find(({ material }) => material.kind === 'digest')!;
    assert.deepEqual(chip.efuse.hardwareBlock(digestBlock.block), wordsOf(fromHex(digest)), 'as it is');
    assert.equal((chip.efuse.field('RD_DIS') >>> digestBlock.slot) & 1, 0, 'the ROM reads it');
    await board.close();
  });

test('no burn happens before its intention was taken, and none after the consumer stopped', async () => {
  const chip = virtualChip('esp32p4', 301);
  const board = await meet(chip);
  const plan = planBurn(await board.readEfuses(), production('esp32p4', 301), { slots: [] });
  const events = board.burn(plan, keyBytes, permitFor(plan), allStages);
  const { value } = await events.next();
  assert.ok(value && value.type === 'intend' && value.what === 'key-block');
  assert.ok(
    chip.efuse.burned()[4]!.every((byte) => byte === 0),
    'nothing is in before the book',
  );
  await events.return();
  assert.ok(
    chip.efuse.burned()[4]!.every((byte) => byte === 0),
    'nothing was asked for',
  );
  await board.close();
});

test('the stream of events: intend, burned, verified for each burn in the order of the plan, and no secret in it', async () => {
  const chip = virtualChip('esp32p4', 301);
  const board = await meet(chip);
  const book = new Book();
  const plan = await book.run(board, production('esp32p4', 301));
  assert.deepEqual(
    book.events.map(({ type }) => type),
    plan.burns.flatMap(() => ['intend', 'burned', 'verified']),
  );
  const text = JSON.stringify(book.events);
  for (const part of ['low', 'high']) {
    const hex = Buffer.from(secretOf('flash-encryption', part)).toString('hex');
    assert.ok(!text.includes(hex) && !text.includes(Buffer.from(hex, 'hex').reverse().toString('hex')));
  }
  assert.deepEqual(book.events.at(-1), {
    type: 'verified',
    what: 'bits',
    detail: {
      block: 0,
      stage: 'door',
      fields: [{ field: 'ENABLE_SECURITY_DOWNLOAD', from: 0, to: 1 }],
      effect: 'secure-download',
    },
  });
  await board.close();
});

test('stages are burned when they are asked for', async () => {
  const chip = virtualChip('esp32p4', 103);
  const board = await meet(chip);
  const plan = planBurn(await board.readEfuses(), production('esp32p4', 103), { slots: [] });
  for await (const _ of board.burn(plan, keyBytes, permitFor(plan), ['keys', 'read-protect']));
  assert.equal(chip.efuse.field('SECURE_BOOT_EN'), 0);
  assert.equal(chip.efuse.field('RD_DIS'), 3);
  for await (const _ of board.burn(plan, keyBytes, permitFor(plan), ['protection', 'enable']));
  assert.equal(chip.efuse.field('SECURE_BOOT_EN'), 1);
  assert.equal(chip.efuse.field('ENABLE_SECURITY_DOWNLOAD'), 0);
  const again: string[] = [];
  for await (const event of board.burn(plan, keyBytes, permitFor(plan), ['read-protect', 'protection', 'enable']))
    again.push(event.type);
  assert.deepEqual(again, ['verified', 'verified', 'verified'], 'found as intended, nothing burned twice');
  await assert.rejects(
    board.burn(plan, keyBytes, permitFor(plan), ['keys']).next(),
    (error) => isFault(error, 'burn.stale-plan'),
    'hidden keys cannot be compared any more',
  );
  await board.close();
});

test('DIS_DOWNLOAD_MODE is believed when the board, reset, has no loader any more', async () => {
  const chip = virtualChip('esp32c3', 4);
  const board = await meet(chip);
  const book = new Book();
  await book.run(board, production('esp32c3', 4, 'DIS_DOWNLOAD_MODE'));
  const last = book.events.at(-1)!;
  assert.ok(last.type === 'verified' && JSON.stringify(last.detail).includes('"effect":"download-disabled"'));
  assert.equal(await board.tryDownloadDoor(), 'disabled');
  await board.close();
});

test('the secret that was lent is destroyed, and no staging register keeps a bit of it', async () => {
  const chip = virtualChip('esp32p4', 103);
  const board = await meet(chip);
  const plan = planBurn(await board.readEfuses(), production('esp32p4', 103, null), { slots: [] });
  const lent: SecretBytes[] = [];
  const lend = (role: string, part: string) => {
    const secret = SecretBytes.adopt(secretOf(role, part));
    lent.push(secret);
    return secret;
  };
  for await (const event of board.burn(plan, lend, permitFor(plan), ['keys'])) {
    if (event.type !== 'verified') continue;
    for (let offset = 0; offset < 0x2c; offset += 4) assert.equal(chip.efuse.readRegister(offset), 0);
  }
  assert.equal(lent.length, 2);
  assert.ok(lent.every(({ destroyed }) => destroyed));
  await board.close();
});

test('only the plan that the permit was given for is carried out', async () => {
  const chip = virtualChip('esp32p4', 301);
  const board = await meet(chip);
  const snapshot = await board.readEfuses();
  const permitted = planBurn(snapshot, production('esp32p4', 301), { slots: [] });
  const other = { ...permitted, burns: permitted.burns.slice(1) };
  await assert.rejects(board.burn(other, keyBytes, permitFor(permitted), allStages).next(), (error) =>
    isFault(error, 'burn.not-permitted'),
  );
  assert.ok(chip.efuse.burned()[4]!.every((byte) => byte === 0));
  await board.close();
});

test('a plan that was refused, or was made for other silicon, is not carried out', async () => {
  const chip = virtualChip('esp32p4', 301);
  const board = await meet(chip);
  const plan = planBurn(await board.readEfuses(), production('esp32p4', 301), { slots: [] });
  const refusal = { code: 'x', what: '', next: '', condemns: false };
  for (const wrong of [
    { ...plan, table: efuseTableFor('esp32p4', 103).name },
    { ...plan, refusals: [refusal] },
  ])
    await assert.rejects(board.burn(wrong, keyBytes, permitFor(wrong), allStages).next(), (error) =>
      isFault(error, 'burn.refused-plan'),
    );
  assert.ok(chip.efuse.burned()[4]!.every((byte) => byte === 0));
  await board.close();
});
