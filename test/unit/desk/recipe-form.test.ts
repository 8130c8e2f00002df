// The form over a recipe's text: it reaches all that a recipe can say, and what it changes leaves the rest as it was.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseRecipe } from '../../../main/config/recipe-schema.ts';
import { stationConfigFolder } from '../../../main/start/program-folder.ts';
import type { FormField } from '../../../renderer/views/recipe-field.ts';
import { formGroups } from '../../../renderer/views/recipe-fields.ts';
import { beyondForm, shownOf, withField, withoutRow, withRow } from '../../../renderer/views/recipe-form.ts';
import { readYaml, valueAt, type YamlPath } from '../../../renderer/views/yaml-edit.ts';

const recipes = join(stationConfigFolder, 'recipes');
const examples = readdirSync(recipes).map((name) => [name, readFileSync(join(recipes, name), 'utf8')] as const);
const provisioning = examples.find(([name]) => name === 'esp32p4-provisioning.yaml')![1];
const fields = formGroups.flatMap((group) => group.fields);

/** A recipe that says everything that one can say, whether or not it fits together beyond form. */
const everything = `fuseline: 1
name: all
revision: 3
description: 'All: of it # and more'
purpose: development
chip: esp32p4
silicon: { min: v3.0, max: v3.99 }
firmware: { folder: ../firmware/x, sbom: x.spdx }
flash: { size: 16MB, baud_rate: 460800, stub: never }
secure_boot:
  scheme: ecdsa-p384
  keys:
    - { label: a, id: '01ff', public_key_sha256: '${'ab'.repeat(32)}', token: spare }
    - { public_key: keys/offline.pem }
  existing_signatures: keep
  revoke_unused: false
  aggressive_revocation: true
flash_encryption: { key: xts-aes-256, mode: development, by: device, timeout_seconds: 90, pseudo_rounds: 2 }
identity:
  key: ecdsa-p384
  partition: certs
  csr: true
  certificate:
    ca: { label: ca, id: '02' }
    issuer: { CN: 'The CA = ours', O: Example }
    subject: { CN: '{serial}', serialNumber: '{mac}' }
    alternative_names: { dns: ['{serial}.example'], uri: ['urn:dev:sn:{serial}'] }
    usages: [client-auth, server-auth]
    not_after: 2049-12-31
hmac_up: true
hmac_down: shared
storage:
  - partition: fctry
    encryption: nvs_keys
    keys_partition: nvs_key
    devices: devices.csv
    values:
      - { namespace: f, key: serial, type: string, value: '{serial}' }
      - { namespace: f, key: big, type: u64, value: '18446744073709551615' }
      - { namespace: f, key: n, type: u8, value: 3 }
      - { namespace: f, key: pin, type: string, column: pin, secret: false }
      - { namespace: f, key: file, type: binary, file: x.bin, secret: true }
      - { namespace: f, key: seed, type: binary, random: 32 }
  - { partition: nvs, encryption: none }
provisioning:
  username: u
  partition: fctry
  namespace: s
  transport: softap
  service: 'P_{mac_end}'
  local_control: { username: l, namespace: n }
doors:
  jtag: soft
  direct_boot: leave
  download_mode: secure
  force_download: 'off'
  rom_print: silent
  usb_download: 'off'
  usb_jtag: 'off'
  usb_serial_jtag: 'off'
secure_version: 2
bootloader: { recovery: 0x3F0000, anti_rollback: { secure_version: 1, raised_by: rom } }
custom_mac: { list: macs.csv, column: mine }
efuses: { VDD_SPI_FORCE: 1, FLASH_TPUW: 0x5 }
slots: { hmac-up: 4, secure-boot-digest-0: 2 }
serial: { from: random, format: 'FL-{random}', length: 12, pattern: 'FL-.*' }
boot_proof:
  when: after-door
  timeout_seconds: 20
  expect: ['app_init: Project name:', '^x = [0-9]+$']
  reject: [Guru]
  challenge: none
label: { template: own.zpl, scan_back: true }
wrapping_key: { label: w, id: '03', public_key_sha256: '${'cd'.repeat(32)}' }
escrow_key: { label: e, id: '04', public_key_sha256: '${'ef'.repeat(32)}' }
ota:
  encryption: rsa3072
  public_key: ota.pem
  applications: [ota_0, ota_1]
  manifest_key: { label: m, id: '05', public_key_sha256: '${'09'.repeat(32)}', token: other }
  min_firmware: 1.2.0
waivers:
  - { check: boot-proof, reason: 'Because: it is a development board.' }
`;
const requested = everything
  .replace(/ {2}certificate:[\s\S]*?2049-12-31\n/, '  csr_subject: { CN: x }\n')
  .replace('recovery: 0x3F0000', 'recovery: never');
const dated = everything
  .replace('not_after: 2049-12-31', 'valid_years: 7')
  .replace(/ {4}issuer:.*\n/, '    ca_chain: [ca.pem]\n');
function recipeIn(text: string) {
  const { recipe, problems } = parseRecipe(text, 'r.yaml');
  assert.deepEqual(problems, [], text);
  return recipe;
}

/** As `readYaml`: most questions are about the text that was asked about just before. */
let last: { text: string; values: unknown } | null = null;
function read(text: string): unknown {
  if (last?.text !== text) last = { text, values: readYaml(text) };
  return last.values;
}

/** What a person would enter to make these fields say what they say in `values`, entered into `text`. */
function entered(text: string, from: readonly FormField[], values: unknown, at: YamlPath = []): string {
  return from.reduce((now, field) => {
    const path = [...at, ...field.path];
    const value = valueAt(values, path);
    if (field.row === undefined) {
      const shown = shownOf(field, value);
      const had = shownOf(field, valueAt(read(now), path));
      return shown === undefined || shown === had ? now : withField(now, field, shown, at);
    }
    const wanted = Array.isArray(value) ? value.length : 0;
    const count = () => ((valueAt(read(next), path) as unknown[] | undefined) ?? []).length;
    let next = now;
    while (count() > wanted) next = withoutRow(next, field, count() - 1, at);
    while (count() < wanted) next = withRow(next, field, at);
    for (let row = 0; row < wanted; row++) next = entered(next, field.row.fields, values, [...path, String(row)]);
    return next;
  }, text);
}

test('every recipe, entered field by field into an empty form, is the same recipe', () => {
  for (const [name, text] of [...examples, ['everything', everything] as const])
    assert.deepEqual(recipeIn(entered('fuseline: 1\n', fields, readYaml(text))), recipeIn(text), name);
  // and from one way of saying it to another
  for (const text of [requested, dated])
    assert.deepEqual(recipeIn(entered(everything, fields, readYaml(text))), recipeIn(text));
});

test('a form that is read and saved again changes nothing, comments neither; each field can be set anew to what it says', () => {
  for (const [name, text] of examples) assert.equal(entered(text, fields, readYaml(text)), text, name);
  const values = readYaml(everything);
  for (const field of fields.filter(({ row }) => row === undefined)) {
    const shown = shownOf(field, valueAt(values, field.path));
    const isThere = field.needs === undefined || valueAt(values, field.needs) != null;
    if (!isThere || shown === undefined || shown === '') continue;
    const again = withField(everything, field, shown);
    if (again !== everything) assert.deepEqual(recipeIn(again), recipeIn(everything), field.name);
  }
});

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** Leaves of a JSON schema by their path; a member of a list is *. */
function leaves(schema: Schema, path = ''): string[] {
  const found = (schema.anyOf ?? [schema]).flatMap(({ type, properties, items }) => {
    if (properties !== undefined)
      return Object.entries(properties).flatMap(([key, below]) => leaves(below, path === '' ? key : `${path}.${key}`));
    if (items?.properties !== undefined || items?.anyOf !== undefined) return leaves(items, `${path}.*`);
    return type === 'null' ? [] : [path];
  });
  return [...new Set(found)];
}

function reached(from: readonly FormField[], at = ''): string[] {
  return from.flatMap(({ path, row }) => {
    const here = at + path.join('.');
    return row === undefined ? [here] : reached(row.fields, `${here}.*.`);
  });
}

test('the form reaches all that a recipe can say, and nothing else', () => {
  const schema: Schema = JSON.parse(readFileSync(join(stationConfigFolder, 'schemas/recipe.schema.json'), 'utf8'));
  // the version of the form of recipes, and a scheme of which there is one
  const fixed = ['fuseline', 'provisioning.scheme'];
  assert.deepEqual(
    reached(fields).sort(),
    leaves(schema)
      .filter((path) => !fixed.includes(path))
      .sort(),
  );
});

test('what no field shows is named, each once, and nothing that a field shows', () => {
  assert.deepEqual(beyondForm(readYaml(everything)), []);
  assert.deepEqual(
    beyondForm({ fuseline: 1, waivers: [1], new: { key: 1 }, doors: { jtag: 'off', new_door: 'off' } }),
    ['new', 'doors.new_door'],
  );
  assert.deepEqual(beyondForm(null), []);
});

test('a second key comes and goes; what is emptied leaves no empty table behind', () => {
  const keys = fields.find(({ name }) => name === 'signingKeys')!;
  const two = withRow(provisioning, keys);
  const named = withField(two, keys.row!.fields[0]!, 'secure-boot-2', ['secure_boot', 'keys', '1']);
  assert.equal(recipeIn(named)?.secureBoot?.keys.length, 2);
  assert.deepEqual(recipeIn(withoutRow(named, keys, 1)), recipeIn(provisioning));
  const emptied = withField(named, keys.row!.fields[0]!, '', ['secure_boot', 'keys', '1']);
  assert.deepEqual(
    valueAt(readYaml(emptied), ['secure_boot', 'keys', '1']),
    {},
    'a row stays while it is written anew',
  );
  const recovery = fields.find(({ name }) => name === 'recoveryBootloader')!;
  const with2 = withField(provisioning, recovery, '0x3F0000');
  assert.match(with2, /recovery: 0x3f0000/i);
  assert.equal(recipeIn(with2)?.bootloader?.recovery, 0x3f0000);
  assert.deepEqual(readYaml(withField(with2, recovery, '')), readYaml(provisioning));
});
