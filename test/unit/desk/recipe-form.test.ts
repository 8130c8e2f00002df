// The form over a recipe's text: what it does not show it says, and what it changes leaves the rest as it was.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseRecipe } from '../../../main/config/recipe-schema.ts';
import { stationConfigFolder } from '../../../main/start/program-folder.ts';
import { beyondForm, formGroups } from '../../../renderer/views/recipe-form.ts';
import { changeYaml, readYaml, valueAt } from '../../../renderer/views/yaml-edit.ts';

const example = readFileSync(join(stationConfigFolder, 'recipes/esp32p4-provisioning.yaml'), 'utf8');

test('what no field shows is named, each once, and nothing that a field shows', () => {
  const named = beyondForm(readYaml(example));
  assert.ok(named.includes('storage') && named.includes('wrapping_key'), named.join());
  assert.ok(!named.some((path) => path.startsWith('doors') || path === 'name'), named.join());
  assert.deepEqual(beyondForm({ fuseline: 1, waivers: [1], doors: { jtag: 'off', new_door: 'off' } }), [
    'waivers',
    'doors.new_door',
  ]);
  assert.deepEqual(beyondForm(null), []);
});

test('a second and third key, and further doors, come and go by the form, and the text stays a recipe', () => {
  const label = (at: string) => ['secure_boot', 'keys', at, 'label'];
  const two = changeYaml(example, label('1'), 'secure-boot-2');
  const shut = changeYaml(two, ['doors', 'force_download'], 'off');
  const { recipe, problems } = parseRecipe(shut, 'r.yaml');
  assert.deepEqual(problems, []);
  assert.equal(recipe?.secureBoot?.keys.length, 2);
  assert.equal(recipe?.doors.forceDownload, 'off');
  const field = formGroups.flatMap(({ fields }) => fields).find(({ name }) => name === 'secureBootKey1')!;
  const back = changeYaml(shut, field.whole!, null);
  assert.equal(parseRecipe(back, 'r.yaml').recipe?.secureBoot?.keys.length, 1);
  assert.equal(valueAt(readYaml(back), label('1')), undefined);
});
