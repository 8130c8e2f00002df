// A product's own MAC address: Espressif's espefuse burns the same bits for it as this station, and reads back what this station burns.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { customMacField, planCustomMac } from '../../main/efuse/custom-mac.ts';
import { hasField } from '../../main/efuse/tables.ts';
import { judging } from './espressif-tools.ts';
import { allSiliconNames, onBench, snapshotOf } from './virtual-bench.ts';

const { skip, judges } = await judging();
const mac = '02:ab:cd:12:34:56';

describe('a MAC address of its own', { concurrency: 3 }, () => {
  for (const name of allSiliconNames)
    test(name, { skip }, async (t) => {
      const { chip, port } = await onBench(t, name, 'pty');
      const { table } = chip.efuse;
      const { burns, refusals } = planCustomMac(snapshotOf(chip), mac);
      assert.deepEqual(refusals, []);
      await judges.pass('espefuse', ...port.slice(0, 4), '--do-not-confirm', 'burn-custom-mac', mac);
      chip.reset();
      const { block } = customMacField(table).pieces[0]!;
      const words = chip.efuse.hardwareBlock(block);
      const ours = new DataView(Uint8Array.from(burns[0]!.bytes).buffer);
      assert.deepEqual(
        words.map((word) => word >>> 0),
        words.map((_, at) => ours.getUint32(4 * at, true)),
      );
      if (hasField(table, 'CUSTOM_MAC_USED')) assert.equal(chip.efuse.field('CUSTOM_MAC_USED'), 1);
      assert.deepEqual(planCustomMac(snapshotOf(chip), mac), { burns: [], bits: [], refusals: [] }, 'nothing is left');
      assert.equal(planCustomMac(snapshotOf(chip), '02:ab:cd:12:34:57').refusals[0]?.code, 'efuse.custom-mac-foreign');
      const said = await judges.pass('espefuse', ...port.slice(0, 4), 'get-custom-mac');
      assert.match(said, /02:ab:cd:12:34:56/);
    });
});
