// What a shipped recipe burns against power and timing analysis, by espefuse and by us: the same eFuses, bit for bit.
import assert from 'node:assert/strict';
import { createECDH, createPrivateKey } from 'node:crypto';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fromHex } from '../../main/base/bytes.ts';
import { profileOf } from '../../main/chip/profiles.ts';
import { planBurn } from '../../main/efuse/plan.ts';
import { purposeRule } from '../../main/efuse/tables.ts';
import type { ChipKind, Revision } from '../../main/model/chip.ts';
import { loadRecipe } from '../../main/recipe/load.ts';
import { wantedEfuses } from '../../main/recipe/plan/wanted-efuses.ts';
import { allStages, digest, keyBytesOf, meet, permitFor, secretOf } from '../unit/chip/rig.ts';
import { judging } from './espressif-tools.ts';
import { type BenchChip, onBench, type SiliconName, snapshotOf } from './virtual-bench.ts';

const { skip, judges, file } = await judging();

const espefuse = ({ port }: BenchChip, ...words: string[]) =>
  judges.pass('espefuse', ...port.slice(0, 4), '--do-not-confirm', ...words);

/** A P-256 key of this scalar as espefuse takes it. */
function pemOf(scalar: Uint8Array): string {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(scalar);
  const point = ecdh.getPublicKey();
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
  const jwk = { kty: 'EC', crv: 'P-256', d: text(scalar), x: text(point.subarray(1, 33)), y: text(point.subarray(33)) };
  return createPrivateKey({ key: jwk, format: 'jwk' }).export({ format: 'pem', type: 'sec1' }) as string;
}

const boards: readonly (readonly [SiliconName, ChipKind, Revision, readonly string[]])[] = [
  ['ESP32-H2 v0.1', 'esp32h2', 1, ['ECDSA_FORCE_USE_HARDWARE_K']],
  ['ESP32-H2', 'esp32h2', 102, ['ECC_FORCE_CONST_TIME', 'XTS_DPA_PSEUDO_LEVEL']],
  ['ESP32-C5', 'esp32c5', 100, ['ECC_FORCE_CONST_TIME', 'XTS_DPA_PSEUDO_LEVEL']],
  ['ESP32-C2', 'esp32c2', 102, []],
];

// the tools wait more than they work
describe('a shipped recipe by espefuse and by us', { concurrency: 3 }, () => {
  for (const [name, kind, revision, expected] of boards)
    test(name, { skip }, async (t) => {
      const [theirs, ours] = [await onBench(t, name, 'pty'), await onBench(t, name, 'pty')];
      const snapshot = snapshotOf(ours.chip);
      const read = loadRecipe(join(import.meta.dirname, `../../station-config/recipes/${kind}-production.yaml`))
        .recipe!;
      // A P-384 key lies in two blocks, which espefuse fills by a command of its own.
      const recipe = kind === 'esp32c5' ? { ...read, identity: null } : read;
      const wanted = wantedEfuses(recipe, profileOf(kind), snapshot.table, revision, [digest]);
      for (const field of expected)
        assert.ok(
          wanted.fields.some((wish) => wish.field === field),
          field,
        );
      const plan = planBurn(snapshot, wanted, { slots: [] });
      assert.deepEqual(plan.refusals, []);
      await ours.close();
      const board = await meet(ours.chip);
      const stages = allStages.filter((stage) => stage !== 'door');
      for await (const _ of board.burn(plan, keyBytesOf(kind), permitFor(plan), stages));
      await board.close();

      const keys = plan.slots.flatMap(({ slot, material, purpose }) => {
        const bytes = material.kind === 'digest' ? fromHex(digest) : secretOf(material.role, material.part);
        const { length } = purposeRule(snapshot.table, purpose).part;
        const content = purpose === 'ECDSA_KEY' ? pemOf(bytes) : bytes.subarray(0, length / 8);
        const theirName = kind === 'esp32c2' ? purpose.replace(/^SECURE_BOOT_DIGEST0$/, 'SECURE_BOOT_DIGEST') : purpose;
        return [`BLOCK_KEY${slot}`, file(content), theirName];
      });
      await espefuse(theirs, 'burn-key', ...keys);
      // espefuse burns the nonces of an H2 below v1.2 with the key, by itself.
      const own = wanted.fields.filter(
        ({ stage, field }) => stage !== 'door' && field !== 'ECDSA_FORCE_USE_HARDWARE_K',
      );
      await espefuse(theirs, 'burn-efuse', ...own.flatMap(({ field, value }) => [field, String(value)]));
      await espefuse(theirs, 'write-protect-efuse', ...wanted.writeProtect.map(({ field }) => field));
      for (const [block, bytes] of ours.chip.efuse.burned().entries())
        assert.deepEqual(bytes, theirs.chip.efuse.burned()[block], `BLOCK${block}`);
    });
});
