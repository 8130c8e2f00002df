import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { profileOf } from '../../main/chip/profiles.ts';
import { assuranceLines } from '../../main/cli/assurance-words.ts';
import type { Assurance } from '../../main/model/assurance.ts';
import type { SealedRecord } from '../../main/model/record.ts';
import { assuranceOf } from '../../main/recipe/assurance/assurance.ts';
import { assuranceOfRecipe } from '../../main/recipe/assurance/foreseen.ts';
import { noteState } from '../../main/station/desk/library/approval.ts';
import { reportDevice } from '../../main/station/desk/reports/device-export.ts';
import { firmwareWith, sdkconfigBut } from '../unit/recipe/built-well.ts';
import { faultsOf, noToken, recipeAt, recipes, setStage } from './stage.ts';

const profile = profileOf('esp32p4');
const address = 'virtual:esp32p4?rev=v3.1&pacing=none&name=assured';
/** One finding that the recipe lets go, one that the operator does, and one that nobody does. */
const broken = ['lint-coredump', 'lint-log-debug', 'lint-protocomm-0'];
const coreDump = { check: 'lint-coredump', reason: 'no secret is ever in memory' };
const log = { check: 'lint-log-debug', reason: 'a pilot lot' };

describe('what an auditor is shown of the guide', { skip: noToken }, () => {
  it('each recommendation of a sealed device, as its recipe foresaw it, waived by whom', async () => {
    const firmwareFolder = firmwareWith(sdkconfigBut(...broken));
    const folder = mkdtempSync(join(tmpdir(), 'fuseline-recipe-'));
    const stage = await setStage();
    try {
      const file = join(folder, 'esp32p4.yaml');
      const waivers = `waivers:\n  - check: ${coreDump.check}\n    reason: ${coreDump.reason}\n`;
      writeFileSync(file, readFileSync(join(recipes, 'esp32p4-production.yaml'), 'utf8') + waivers);
      const { ledger } = stage.station.parts;
      await noteState(ledger, recipeAt(file, { firmwareFolder }), 'approved', 'anna');

      const loaded = recipeAt(file, { firmwareFolder, waivers: [log] });
      const result = await stage.provision(loaded, [address], { operator: 'otto' });
      assert.equal(result.counts.passed, 1, faultsOf(stage));
      const record = (await ledger.sealedDevice(stage.chip(address).identity.mac))!;
      const device = assuranceOf(record, profile);

      recordShowsBuild(record);
      showsWhoLetGo(device);
      asForeseen(device, assuranceOfRecipe(loaded, 'anna'));
      silenceShowsNothing(record);
      losesWhatSiliconLoses(record);
      const lines = assuranceLines(device);
      assert.ok(lines.includes('  met: Only signed firmware starts. SECURE_BOOT_EN=1, 1 digest.'));
      assert.match(
        lines.at(-1)!,
        /^Of \d+ recommendations \d+ are met, 2 waived, \d+ not met, \d+ not shown, \d+ not applicable\.$/,
      );

      const history = await ledger.history(record.chip.mac);
      const report = await reportDevice(history, 'json', { station: 'here', at: record.sealedAt });
      const told = JSON.parse(Buffer.from(report.data, 'base64').toString()) as { assurance: unknown };
      assert.deepEqual(told.assurance, JSON.parse(JSON.stringify(device)));
    } finally {
      await stage.close();
      rmSync(firmwareFolder, { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

function find(assurance: readonly Assurance[], recommendation: string): Assurance {
  const one = assurance.find((candidate) => candidate.recommendation === recommendation);
  assert.ok(one, recommendation);
  return one;
}

function recordShowsBuild({ firmware, waivers }: SealedRecord): void {
  assert.equal(firmware?.project, 'fuseline_demo');
  assert.match(firmware?.sdkconfigSha256 ?? '', /^[0-9a-f]{64}$/);
  assert.ok(firmware?.kept.includes('lint-memory-protection'));
  const found = Object.fromEntries((firmware?.findings ?? []).map(({ check, waived }) => [check, waived]));
  assert.deepEqual(
    broken.map((check) => found[check]),
    [true, true, false],
  );
  assert.deepEqual(waivers, [
    { ...coreDump, by: 'anna', from: 'recipe' },
    { ...log, by: 'otto', from: 'operator' },
  ]);
}

function showsWhoLetGo(device: readonly Assurance[]): void {
  assert.deepEqual(find(device, 'No core dump shows memory to who reads the flash').waiver, {
    ...coreDump,
    by: 'anna',
  });
  assert.deepEqual(find(device, 'The log gives no internals away').waiver, { ...log, by: 'otto' });
  assert.equal(find(device, 'Provisioning and control offer nothing weaker than Security 2').verdict, 'not met');
  assert.equal(find(device, 'Memory that can be written does not run').verdict, 'met');
  assert.equal(find(device, 'The device proved that it holds the key').verdict, 'met');
}

/** The recipe promised nothing that its device cannot show, and hid nothing. */
function asForeseen(device: readonly Assurance[], foreseen: readonly Assurance[]): void {
  const brief = (assurance: readonly Assurance[]) =>
    assurance.map(({ section, recommendation, verdict }) => `${section}: ${recommendation}: ${verdict}`);
  assert.deepEqual(brief(device), brief(foreseen));
}

/** Records from before builds were judged can be read, and claim nothing of the build. */
function silenceShowsNothing(record: SealedRecord): void {
  const { firmware: _, ...old } = record;
  const told = assuranceOf(old, profile);
  assert.equal(find(told, 'Memory that can be written does not run').verdict, 'not shown');
  assert.equal(find(told, 'Only signed firmware starts').verdict, 'met');
}

/** Every eFuse value that a line rests on: the line falls with it. */
function losesWhatSiliconLoses(record: SealedRecord): void {
  type Fields = Record<string, { value: number; writeProtected: boolean }>;
  const without = (change: (fields: Fields, burned: Record<string, number>) => void): Assurance[] => {
    const changed = structuredClone(record);
    const { readOut, burnedAfterwards } = changed.efusesAfter as unknown as {
      readOut: Fields;
      burnedAfterwards: Record<string, number>;
    };
    change(readOut, burnedAfterwards);
    return assuranceOf(changed, profile);
  };
  for (const [field, recommendation] of [
    ['SECURE_BOOT_EN', 'Only signed firmware starts'],
    ['SECURE_BOOT_KEY_REVOKE2', 'Unused digest slots are revoked'],
    ['SPI_BOOT_CRYPT_CNT', 'Flash is encrypted, for ever (release mode)'],
    ['RD_DIS', 'A key of its own that no software can read'],
    ['WR_DIS', 'A key of its own that no software can read'],
    ['DIS_PAD_JTAG', 'JTAG is off'],
    ['DIS_DIRECT_BOOT', 'No boot past the second stage'],
    ['XTS_DPA_PSEUDO_LEVEL', 'Flash is decrypted with pseudo rounds'],
    ['DIS_DOWNLOAD_MANUAL_ENCRYPT', 'DIS_DOWNLOAD_MANUAL_ENCRYPT is at least 1'],
    ['SPI_DOWNLOAD_MSPI_DIS', 'SPI_DOWNLOAD_MSPI_DIS is at least 1'],
    ['DIS_DOWNLOAD_MODE', 'Download mode is disabled or secure'],
  ] as const) {
    const told = without((fields, burned) => {
      fields[field]!.value = 0;
      delete burned[field];
    });
    assert.equal(find(told, recommendation).verdict, 'not met', field);
  }
  const unfrozen = without((fields) => {
    fields.RD_DIS!.writeProtected = false;
  });
  assert.equal(find(unfrozen, 'No key can be hidden from the ROM any more').verdict, 'not met');
}
