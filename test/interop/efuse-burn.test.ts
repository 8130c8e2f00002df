// espefuse burns virtual chips of every kind; what is in the silicon then is what main/efuse says it must be, and what our own burns leave.
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { bytesOfWords, fromHex, reversed } from '../../main/base/bytes.ts';
import { partOf } from '../../main/efuse/parts.ts';
import { planBurn } from '../../main/efuse/plan.ts';
import { decodeSnapshot } from '../../main/efuse/snapshot.ts';
import { fieldOf, hasField, keyBlockOf, purposeFieldOf, purposeRule } from '../../main/efuse/tables.ts';
import type { EfuseTable, KeyPurpose, KeyPurposeRule } from '../../main/efuse/types.ts';
import { keyDigestOf } from '../../main/image/secure-boot.ts';
import { trustedDigests, xtsKey } from '../../main/virtual/boot/keys.ts';
import { allStages, digest, keyBytesOf, meet, permitFor, production, secretOf } from '../unit/chip/rig.ts';
import { judging } from './espressif-tools.ts';
import { type BenchChip, onBench, siliconNames, snapshotOf } from './virtual-bench.ts';

const { skip, judges, file } = await judging();

const espefuse = ({ port }: BenchChip, ...words: string[]) =>
  judges.pass('espefuse', ...port.slice(0, 4), '--do-not-confirm', ...words);

/** One of each sort of key, where the silicon has it and may be given it; six slots are enough for them. */
const sorts: readonly KeyPurpose[] = [
  'XTS_AES_128_KEY',
  'HMAC_UP',
  'HMAC_DOWN_DIGITAL_SIGNATURE',
  'SECURE_BOOT_DIGEST0',
  'ECDSA_KEY',
  'USER',
];
const rulesOf = (table: EfuseTable) =>
  isShared(table)
    ? table.purposes.filter(({ part }) => part.length < 256)
    : sorts
        .flatMap((purpose) => table.purposes.filter((rule) => rule.purpose === purpose && rule.refusal === null))
        .slice(0, table.keyBlocks.length);

/** ESP32-C2 has one block for all its keys. */
const isShared = ({ keyBlocks }: EfuseTable) => keyBlocks.length === 1;
const theirName = (table: EfuseTable, purpose: KeyPurpose) =>
  isShared(table) ? purpose.replace(/^SECURE_BOOT_DIGEST0$/, 'SECURE_BOOT_DIGEST') : purpose;

/** A key as espefuse takes it, and its bytes. */
function keyFor({ purpose, part }: KeyPurposeRule): { readonly path: string; readonly bytes: Uint8Array } {
  if (purpose !== 'ECDSA_KEY') {
    const bytes = new Uint8Array(randomBytes(part.length / 8));
    return { path: file(bytes), bytes };
  }
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const scalar = Buffer.from(privateKey.export({ format: 'jwk' }).d!, 'base64url');
  return { path: file(privateKey.export({ format: 'pem', type: 'sec1' })), bytes: new Uint8Array(scalar) };
}

// the tools wait more than they work
describe('espefuse burns', { concurrency: 3 }, () => {
  for (const name of siliconNames) {
    test(`${name}: each sort of key that espefuse burns lies in its block as our table says, hidden or not`, {
      skip,
    }, async (t) => {
      const bench = await onBench(t, name, 'pty');
      const { table } = bench.chip.efuse;
      const shared = isShared(table);
      const keys = rulesOf(table).map((rule, at) => ({ rule, slot: shared ? 0 : at, ...keyFor(rule) }));
      assert.ok(keys.length >= (shared ? 2 : 4));
      await espefuse(
        bench,
        'burn-key',
        ...keys.flatMap(({ rule, slot, path }) => [`BLOCK_KEY${slot}`, path, theirName(table, rule.purpose)]),
      );
      const snapshot = snapshotOf(bench.chip);
      const decoded = decodeSnapshot(snapshot);
      for (const { rule, slot, bytes } of keys) {
        const { number } = keyBlockOf(table, slot);
        const burned = rule.reversed ? reversed(bytes) : bytes;
        const partIn = (words: readonly number[]) => partOf(bytesOfWords([...words]), rule.part);
        assert.deepEqual(partIn(bench.chip.efuse.hardwareBlock(number)), burned, rule.purpose);
        const hidden = rule.readProtect === 'required';
        assert.deepEqual(
          partIn(snapshot.blocks[number]!),
          hidden ? new Uint8Array(burned.length) : burned,
          rule.purpose,
        );
        assert.equal(decoded[`KEY${slot}`]!.writeProtected, true);
        const field = purposeFieldOf(table, slot);
        if (field === null) continue;
        const purpose = decoded[field.name]!;
        assert.equal(purpose.text, rule.purpose);
        assert.equal(purpose.writeProtected, true);
      }
      assert.match(await espefuse(bench, 'check-error'), /No errors detected/);
    });

    test(`${name}: single fields, their write protection, and a field that is frozen`, { skip }, async (t) => {
      const bench = await onBench(t, name, 'pty');
      const { efuse } = bench.chip;
      const directBoot = fieldOf(efuse.table, 'DIS_DIRECT_BOOT').name;
      await espefuse(bench, 'burn-efuse', 'SPI_BOOT_CRYPT_CNT', '1', 'SECURE_VERSION', '5', directBoot, '1');
      assert.equal(efuse.field('SPI_BOOT_CRYPT_CNT'), 1);
      assert.equal(efuse.field('SECURE_VERSION'), 5);
      await espefuse(bench, 'burn-efuse', 'SPI_BOOT_CRYPT_CNT', '7');
      await espefuse(bench, 'write-protect-efuse', 'SPI_BOOT_CRYPT_CNT', 'RD_DIS');
      const decoded = decodeSnapshot(snapshotOf(bench.chip));
      assert.deepEqual(decoded.SPI_BOOT_CRYPT_CNT, {
        value: 7,
        text: 'Enable',
        writeProtected: true,
        readProtected: false,
      });
      assert.equal(decoded.SECURE_VERSION!.text, 'version 2');
      assert.equal(decoded[directBoot]!.value, 1);
      assert.equal(decoded.RD_DIS!.writeProtected, true);

      const before = efuse.burned();
      await judges.fail('espefuse', ...bench.port.slice(0, 4), '--do-not-confirm', 'read-protect-efuse', 'BLOCK_KEY0');
      assert.deepEqual(efuse.burned(), before, 'nothing was burned');
    });

    test(`${name}: a key block that is in use is not burned over`, { skip }, async (t) => {
      const bench = await onBench(t, name, 'pty');
      const { table } = bench.chip.efuse;
      const block = isShared(table) ? 'BLOCK_KEY0' : 'BLOCK_KEY1';
      const bytes = new Uint8Array(randomBytes(32));
      const burn = ['burn-key', block, file(bytes), 'XTS_AES_128_KEY'];
      await espefuse(bench, ...burn);
      assert.deepEqual(xtsKey(bench.chip.efuse), bytes, 'the hardware finds its key');
      const before = bench.chip.efuse.burned();
      await judges.fail('espefuse', ...bench.port.slice(0, 4), '--do-not-confirm', ...burn);
      assert.deepEqual(bench.chip.efuse.burned(), before);
    });

    test(`${name}: a production burn set by espefuse and by us leaves the same eFuses, bit for bit`, {
      skip,
    }, async (t) => {
      const [theirs, ours] = [await onBench(t, name, 'pty'), await onBench(t, name, 'pty')];
      const { kind, revision } = ours.chip.identity;
      const wanted = production(kind, revision);
      const plan = planBurn(snapshotOf(ours.chip), wanted, { slots: [] });
      assert.deepEqual(plan.refusals, []);
      await ours.close();
      const board = await meet(ours.chip);
      for await (const _ of board.burn(plan, keyBytesOf(kind), permitFor(plan), allStages));
      await board.close();

      const { table } = ours.chip.efuse;
      const keyFile = ({ material, purpose }: (typeof plan.slots)[number]) => {
        const bytes = material.kind === 'digest' ? fromHex(digest) : secretOf(material.role, material.part);
        return file(bytes.subarray(0, purposeRule(table, purpose).part.length / 8));
      };
      await espefuse(
        theirs,
        'burn-key',
        ...plan.slots.flatMap((slot) => [`BLOCK_KEY${slot.slot}`, keyFile(slot), theirName(table, slot.purpose)]),
      );
      const [doors, fields] = [
        wanted.fields.filter(({ stage }) => stage === 'door'),
        wanted.fields.filter(({ stage }) => stage !== 'door'),
      ];
      const burn = (list: typeof fields) =>
        espefuse(theirs, 'burn-efuse', ...list.flatMap(({ field, value }) => [field, String(value)]));
      await burn(fields);
      await espefuse(theirs, 'write-protect-efuse', ...wanted.writeProtect.map(({ field }) => field));
      await burn(doors);

      for (const [block, bytes] of ours.chip.efuse.burned().entries())
        assert.deepEqual(bytes, theirs.chip.efuse.burned()[block], `BLOCK${block}`);
      assert.ok(hasField(ours.chip.efuse.table, 'ENABLE_SECURITY_DOWNLOAD'));
      assert.equal(theirs.chip.efuse.field('ENABLE_SECURITY_DOWNLOAD'), 1);
    });
  }

  test('ESP32-C2: what espefuse burns of a public key is the half digest that the ROM trusts', { skip }, async (t) => {
    const bench = await onBench(t, 'ESP32-C2', 'pty');
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = file(publicKey.export({ format: 'pem', type: 'spki' }));
    await espefuse(bench, 'burn-key-digest', pem);
    const whole = keyDigestOf('ecdsa-p256', new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })));
    assert.deepEqual(trustedDigests(bench.chip.efuse), [{ index: 0, slot: 0, digest: whole.slice(0, 16) }]);
  });
});
