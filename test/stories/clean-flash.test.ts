// What lay in a board's flash before: nothing of it is in a sealed device, whatever the way it was written.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isFilledWith } from '../../main/base/bytes.ts';
import { seededRandom } from '../../main/base/random.ts';
import type { VirtualChip } from '../../main/virtual/chip.ts';
import { flashHoldsFirmware, flashHoldsNothingElse } from './judge.ts';
import { faultsOf, noToken, recipeAt, recipeNamed, recipes, type Stage, setStage } from './stage.ts';

const mebi = 1024 * 1024;

/** Flash as a test firmware leaves it: something in every sector. */
function soil(chip: VirtualChip): void {
  const junk = seededRandom(5)(0x1000);
  for (let at = 0; at < chip.flash.size; at += junk.length) chip.flash.program(at, junk);
}

/** A board that was used before, on the stage's bench. */
async function usedBoard(stage: Stage, address: string): Promise<VirtualChip> {
  const port = await stage.bench.open(address, { baudRate: 115_200 });
  await port.close();
  const chip = stage.chip(address);
  soil(chip);
  return chip;
}

/** The development recipe's text with changes. */
function edited(name: string, edit: (text: string) => string) {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-clean-'));
  const text = readFileSync(join(recipes, `${name}.yaml`), 'utf8').replace(
    'folder: ../firmware/',
    `folder: ${join(recipes, '../firmware')}/`,
  );
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, edit(text));
  try {
    return recipeAt(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const cleaningOf = (stage: Stage) =>
  stage.events.flatMap((event) =>
    event.type === 'run' && event.event.type === 'verified' && event.event.what === 'flash-blank'
      ? [event.event.detail as unknown as { size: number; bytes: number; erased: number }]
      : [],
  );

describe('a board that was used before', { skip: noToken, concurrency: 2 }, () => {
  for (const [name, address] of [
    ['esp32p4-production', 'virtual:esp32p4?rev=v3.1&pacing=none&name=used-p4'],
    ['esp32c3-production', 'virtual:esp32c3?pacing=none&name=used-c3'],
    ['esp32-production', 'virtual:esp32?pacing=none&name=used-esp32'],
  ] as const)
    for (const stub of ['auto', 'never'] as const)
      it(`${name}, flash.stub ${stub}: sealed with nothing of it left`, async () => {
        const stage = await setStage();
        try {
          const loaded = edited(name, (text) => text.replace(/^flash:$/m, `flash:\n  stub: ${stub}`));
          const chip = await usedBoard(stage, address);
          const result = await stage.provision(loaded, [address]);
          assert.equal(result.counts.passed, 1, faultsOf(stage));
          const record = (await stage.station.parts.ledger.history(chip.identity.mac)).sealed!;
          flashHoldsFirmware(chip, record, loaded);
          const [cleaned] = cleaningOf(stage);
          assert.equal(cleaned?.size, chip.flash.size);
          assert.equal(cleaned?.erased, cleaned?.bytes, 'every piece of it was dirty');
        } finally {
          await stage.close();
        }
      });

  it('whose device encrypts its flash itself: only what it encrypts is left', async () => {
    const stage = await setStage();
    try {
      const loaded = edited('esp32p4-production', (text) =>
        text.replace('mode: release', 'mode: release\n  by: device\n  timeout_seconds: 20'),
      );
      const address = 'virtual:esp32p4?rev=v3.1&pacing=none&encrypts=yes&name=used-by-device';
      const chip = await usedBoard(stage, address);
      const result = await stage.provision(loaded, [address]);
      assert.equal(result.counts.passed, 1, faultsOf(stage));
      // What no partition takes stays blank, to the end.
      const { partitions } = loaded.firmware.table;
      const end = Math.max(...partitions.map(({ offset, size }) => offset + size));
      assert.ok(isFilledWith(chip.flash.read(end, chip.flash.size - end), 0xff));
      const nvs = partitions.find(({ name }) => name === 'nvs');
      if (nvs !== undefined && !nvs.encrypted) assert.ok(isFilledWith(chip.flash.read(nvs.offset, nvs.size), 0xff));
    } finally {
      await stage.close();
    }
  });

  it('of 32 MiB is clean to its end by the stub, and refused unburned where the ROM alone would write it', async () => {
    const stage = await setStage();
    try {
      const address = 'virtual:esp32p4?rev=v3.1&pacing=none&flash=32MB&name=large';
      const chip = await usedBoard(stage, address);
      const rom = edited('esp32p4-production', (text) => text.replace(/^flash:$/m, 'flash:\n  stub: never'));
      const before = chip.efuse.burned();
      const refused = await stage.provision(rom, [address]);
      assert.equal(refused.counts.passed, 0);
      assert.match(faultsOf(stage), /^flash\.beyond-rom: /);
      assert.deepEqual(chip.efuse.burned(), before);
      const loaded = recipeNamed('esp32p4-production');
      const result = await stage.provision(loaded, [address]);
      assert.equal(result.counts.passed, 1, faultsOf(stage));
      const record = (await stage.station.parts.ledger.history(chip.identity.mac)).sealed!;
      flashHoldsNothingElse(chip, record);
      assert.equal(chip.flash.size, 32 * mebi);
    } finally {
      await stage.close();
    }
  });
});

it('a blank board is looked at, and nothing of it erased', { skip: noToken }, async () => {
  const stage = await setStage();
  try {
    const result = await stage.provision(recipeNamed('esp32c3-production'), ['virtual:esp32c3?pacing=none&name=new']);
    assert.equal(result.counts.passed, 1, faultsOf(stage));
    assert.equal(cleaningOf(stage)[0]?.erased, 0);
  } finally {
    await stage.close();
  }
});
