import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { readYaml } from '../../../main/config/yaml.ts';

const schema = z.strictObject({
  name: z.string().describe('A name.'),
  count: z.int().min(1).max(9).default(3).describe('One to nine.'),
  mode: z.enum(['quick', 'thorough']).default('quick').describe('How.'),
  on: z.boolean().default(false).describe('Whether.'),
  list: z.array(z.strictObject({ label: z.string().describe('A label.') })).default([]),
  names: z.partialRecord(z.enum(['CN', 'O']), z.string()).default({}),
  group: z
    .strictObject({ deep: z.string().nullable().default(null) })
    .nullable()
    .default(null),
});

const read = (text: string) => readYaml(text, 'some.yaml', schema);
/** 'line:column check path' of every problem. */
const places = (text: string) =>
  read(text).problems.map(({ line, column, check, path }) => `${line}:${column} ${check} ${path}`);

test('a file without mistakes gives its values with the defaults filled in', () => {
  const { value, problems } = read('name: a # comment\nlist:\n  - label: x\nnames: {O: b, CN: c}\n');
  assert.deepEqual(problems, []);
  assert.deepEqual(value, {
    name: 'a',
    count: 3,
    mode: 'quick',
    on: false,
    list: [{ label: 'x' }],
    names: { O: 'b', CN: 'c' },
    group: null,
  });
  assert.deepEqual(Object.keys(value?.names ?? {}), ['O', 'CN'], 'names keep the order in which they are written');
});

test('every mistake is told with its line, not only the first', () => {
  const text =
    'nmae: a\ncount: 12\nmode: quik\non: yes\nlist:\n  - label: 5\n    lable: x\n  - {}\nnames: {CM: x}\ngroup: {deep: [1]}\n';
  assert.deepEqual(places(text), [
    '1:1 missing-key name',
    '1:1 unknown-key nmae',
    '2:1 wrong-value count',
    '3:1 wrong-value mode',
    '4:1 wrong-type on',
    '6:5 wrong-type list.0.label',
    '7:5 unknown-key list.0.lable',
    '8:5 missing-key list.1.label',
    '9:9 unknown-key names.CM',
    '10:9 wrong-type group.deep',
  ]);
});

test('a remedy says what to write instead', () => {
  const remedy = (text: string) => read(text).problems.map((problem) => problem.remedy);
  assert.deepEqual(remedy('nmae: a\nname: b'), ["Did you mean 'name'?"]);
  assert.deepEqual(remedy('name: a\nmode: quik'), ["Did you mean 'quick'?"]);
  assert.deepEqual(remedy('name: a\nmode: slow'), ['Choose one of quick, thorough.']);
  assert.deepEqual(remedy('name: a\non: yes'), ['Write true.']);
  assert.deepEqual(remedy("name: a\ncount: '4'"), ['Write it without quotes: 4.']);
  assert.deepEqual(remedy('name: a\ncount: 40'), ['One to nine.']);
  assert.deepEqual(remedy('name: a\nnames: {CNAMES: x}'), ['Known here: CN, O.']);
  assert.deepEqual(remedy('name: 007'), ['Write it as a text, between quotes where it looks like a number. A name.']);
});

test('tabs, duplicate keys, broken syntax and second documents are found at their line', () => {
  assert.deepEqual(places('name: a\ngroup:\n\tdeep: b'), ['3:1 yaml-syntax null']);
  assert.deepEqual(places('name: a\ncount: 1\nname: b\ncount: 99'), [
    '2:1 wrong-value count',
    '3:1 duplicate-key null',
    '4:1 duplicate-key null',
  ]);
  assert.deepEqual(places('name: a\n---\nname: b'), ['2:1 yaml-syntax null']);
  assert.equal(places('name: "a\ncount: 1').length > 0, true);
  assert.deepEqual(places('name: *nowhere'), ['null:null yaml-syntax ']);
  assert.deepEqual(places('name: !secret a'), ['1:7 yaml-syntax null']);
  assert.deepEqual(places(''), ['null:null missing-key ']);
  assert.deepEqual(places('- name: a'), ['1:1 wrong-type ']);
});

test('no text makes the reader throw', () => {
  const bomb = `name: a\nlist: &a [{label: x}]\n${'names: {CN: *a}\n'.repeat(3)}`;
  for (const text of [
    bomb,
    '\0',
    '? ?',
    '{',
    '&a *a',
    '%YAML 9.9\n---\na',
    '__proto__: {name: x}',
    'name: a\n? [b]\n: c',
  ])
    assert.ok(read(text).problems.length > 0, JSON.stringify(text));
});

test('a windows file with a byte order mark reads the same', () => {
  assert.deepEqual(read('\uFEFFname: a\r\ncount: 2\r\n').problems, []);
  assert.deepEqual(places('\uFEFFname: a\r\ncount: 20\r\n'), ['2:1 wrong-value count']);
});

test('the place of any key can be asked for; of a missing one, its parent', () => {
  const { placeOf } = read('name: a\ngroup:\n  deep: b\nlist:\n  - label: x\n');
  assert.deepEqual(placeOf('group.deep'), { line: 3, column: 3 });
  assert.deepEqual(placeOf('group.missing'), { line: 2, column: 1 });
  assert.deepEqual(placeOf('list.0.label'), { line: 5, column: 5 });
  assert.deepEqual(placeOf(''), { line: 1, column: 1 });
});
