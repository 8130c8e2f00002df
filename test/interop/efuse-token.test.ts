// eFuse tokens: espefuse's say the same of a chip as ours, and each reads the other's.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { decodeSnapshot, withoutSecrets } from '../../main/efuse/snapshot.ts';
import { efuseToken, parseEfuseToken } from '../../main/efuse/token.ts';
import { openBenchChip } from '../../main/virtual/bench/bench.ts';
import { judging } from './espressif-tools.ts';
import { allSiliconNames, onBench, snapshotOf } from './virtual-bench.ts';

const { skip, judges, newPath } = await judging();

// the tools wait more than they work
describe('an eFuse token', { concurrency: 3 }, () => {
  for (const name of allSiliconNames)
    test(`${name}: espefuse's and ours are one`, { skip }, async (t) => {
      const { chip, port, reset } = await onBench(t, name, 'pty');
      chip.efuse.burnField('SPI_BOOT_CRYPT_CNT', 1);
      chip.efuse.burnField('SECURE_VERSION', 5);
      reset();
      const path = newPath();
      await judges.pass('espefuse', ...port.slice(0, 4), 'dump', '--format', 'token', '--file_name', path);
      const theirs = readFileSync(path, 'utf8').trim();
      const snapshot = snapshotOf(chip);
      assert.equal(efuseToken(snapshot), theirs);
      assert.deepEqual(parseEfuseToken(theirs), withoutSecrets(snapshot));

      // a chip that is born with it shows the same, to us and to them
      const kind = chip.identity.kind;
      const born = openBenchChip(`virtual:${kind}?seed=2`, { efuses: parseEfuseToken(theirs) });
      assert.deepEqual(decodeSnapshot(snapshotOf(born)), decodeSnapshot(snapshot));
      assert.deepEqual([born.identity.mac, born.identity.revision], [chip.identity.mac, chip.identity.revision]);
      const said = await judges.pass('espefuse', '--token', efuseToken(snapshotOf(born)), 'summary');
      assert.match(said, new RegExp(`${chip.identity.mac}`));
    });
});
