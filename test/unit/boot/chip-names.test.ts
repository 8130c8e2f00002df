// The check that no code asks a chip for its name, tried with the ways in which it could.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chipsNamed } from '../../check-chip-names.ts';

const lines = (text: string, file = 'main/chip/any.ts') => chipsNamed(file, text).map(({ line }) => line);

test('a chip that is named outside of the tables is found, however it is written', () => {
  assert.deepEqual(lines("if (kind === 'esp32p4') x();"), [1]);
  assert.deepEqual(lines("if ('esp32' !== table.chip) x();"), [1]);
  assert.deepEqual(lines('\nif (kind === `esp32c2`) x();'), [2]);
  assert.deepEqual(lines("switch (kind) {\n case 'esp32s3': x();\n}"), [2]);
  assert.deepEqual(lines("const old = ['esp32', 'esp32s2'];\nold.includes(kind);"), [1, 1]);
  assert.deepEqual(lines("if (table.name === 'esp32p4-v3') x();"), [1]);
  assert.deepEqual(lines('const wide = { esp32h2: true };'), [1]);
  assert.deepEqual(lines('if (id === chipIds.esp32c6) x();'), [1]);
  assert.deepEqual(lines('if (info?.chipId === 12) x();'), [1]);
  assert.deepEqual(lines("if (profile.title === 'ESP32-C61') x();"), [1]);
});

test('words for people, foreign names and other numbers are none', () => {
  assert.deepEqual(lines("say('Give virtual:esp32p4, or a port.');"), []);
  assert.deepEqual(lines("const file = 'esp32p4-production.yaml';"), []);
  assert.deepEqual(lines('// esp32 says nothing here\nconst esp32 = table;'), []);
  assert.deepEqual(lines('if (length === 12 || info.chipId === 99) x();'), []);
});

test('a table may name them', () => {
  for (const file of ['main/chip/profiles.ts', 'main/efuse/tables/esp32.ts', 'main/virtual/kinds.ts'])
    assert.deepEqual(lines("const kind = 'esp32';", file), [], file);
  assert.deepEqual(lines("const kind = 'esp32';", 'main/efuse/tables-of-old.ts'), [1]);
});
