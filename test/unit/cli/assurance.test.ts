import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { assuranceCommand } from '../../../main/cli/assurance.ts';
import { type CliContext, exit } from '../../../main/cli/context.ts';
import { LedgerFault } from '../../../main/model/fault.ts';

const recipes = join(import.meta.dirname, '../../../station-config/recipes');

/** What a command answers where no station has ever worked: there is no ledger to open. */
async function answerOf(recipe: string, json: boolean): Promise<string[]> {
  const lines: string[] = [];
  const context = {
    streams: { answer: (line: string) => lines.push(line), say: () => {} },
    openLedger: () =>
      Promise.reject(new LedgerFault({ code: 'ledger.missing', what: 'There is none.', next: 'Start a station.' })),
  } as unknown as CliContext;
  assert.equal(await assuranceCommand(join(recipes, `${recipe}.yaml`), { json }, context), exit.passed);
  return lines;
}

test('a recipe tells what its devices will show, fit to be read aloud', async () => {
  const lines = await answerOf('esp32c61-production', false);
  assert.equal(lines[0], 'What a device made by esp32c61-production revision 1 will show of the guide');
  for (const line of [
    'Secure Boot V2',
    '  met: Only signed firmware starts. secure_boot: SECURE_BOOT_EN=1, 1 digest.',
    '  waived: A scheme that ESP-IDF recommends on this chip. secure_boot.scheme: ecdsa-p256; waived (secure-boot-ecdsa): the chip has no other Secure Boot; without it any firmware would run.',
    '  not shown: Memory that can be written does not run. firmware: the build brought no sdkconfig: nobody can show it.',
  ])
    assert.ok(lines.includes(line), line);
});

test('for machines the whole is one object', async () => {
  const [line, ...more] = await answerOf('esp32p4-production', true);
  assert.deepEqual(more, []);
  const { recipe, assurance } = JSON.parse(line!) as {
    recipe: { name: string };
    assurance: { recommendation: string; verdict: string }[];
  };
  assert.equal(recipe.name, 'esp32p4-production');
  assert.ok(assurance.some((one) => one.recommendation === 'JTAG is off' && one.verdict === 'met'));
});
