import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { parseRecipe } from '../../../main/config/recipe-schema.ts';
import { parseStation } from '../../../main/config/station-file.ts';
import { schemaFiles } from '../../generate/schema-files.ts';
import { stationConfig } from './station-config.ts';

const recipes = readdirSync(`${stationConfig}/recipes`).filter((name) => name.endsWith('.yaml'));

test('every shipped recipe can be read, and fits the published schema', () => {
  const fits = new Ajv2020({ strict: false }).compile(JSON.parse(schemaFiles[0].text));
  assert.deepEqual(recipes, [
    'esp32-production.yaml',
    'esp32c2-production.yaml',
    'esp32c3-production.yaml',
    'esp32c5-production.yaml',
    'esp32c6-production.yaml',
    'esp32c61-production.yaml',
    'esp32h2-production.yaml',
    'esp32h21-production.yaml',
    'esp32h4-production.yaml',
    'esp32p4-development.yaml',
    'esp32p4-production.yaml',
    'esp32p4-provisioning.yaml',
    'esp32p4-v1-production.yaml',
    'esp32s2-production.yaml',
    'esp32s3-production.yaml',
    'esp32s31-production.yaml',
  ]);
  for (const name of recipes) {
    const text = readFileSync(`${stationConfig}/recipes/${name}`, 'utf8');
    const { recipe, problems } = parseRecipe(text, name);
    assert.deepEqual(problems, []);
    assert.equal(`${recipe?.name}.yaml`, name, 'a recipe is called as its file');
    assert.ok(fits(parse(text)), JSON.stringify(fits.errors));
  }
  assert.ok(!fits({ fuseline: 1, name: 'x' }), 'the schema refuses something');
});

test('the shipped station file can be read, and fits the published schema', () => {
  const fits = new Ajv2020({ strict: false }).compile(JSON.parse(schemaFiles[1].text));
  const text = readFileSync(`${stationConfig}/station.yaml`, 'utf8');
  assert.deepEqual(parseStation(text, 'station.yaml').problems, []);
  assert.ok(fits(parse(text)), JSON.stringify(fits.errors));
});

test('every key of the published schemas says what it means', () => {
  const silent: string[] = [];
  const visit = (node: unknown, path: string) => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key === 'properties' || path.endsWith('.properties')) {
        if (path.endsWith('.properties') && !('description' in (value as object))) silent.push(`${path}.${key}`);
      }
      visit(value, `${path}.${key}`);
    }
  };
  for (const { text } of schemaFiles) visit(JSON.parse(text), '');
  assert.deepEqual(silent, []);
});
