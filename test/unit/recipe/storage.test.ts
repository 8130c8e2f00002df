import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { utf8 } from '../../../main/base/bytes.ts';
import { readDeviceList, rowOfDevice } from '../../../main/recipe/device-list.ts';
import { describeDifferences } from '../../../main/recipe/diff.ts';
import { type LoadResult, loadRecipeText } from '../../../main/recipe/load.ts';
import { settleStorage } from '../../../main/recipe/plan/settle-storage.ts';
import { storagePreview } from '../../../main/recipe/plan/storage-preview.ts';
import { previewPlan } from '../../../main/station/desk/library/recipe-views.ts';

const file = join(import.meta.dirname, '../../../station-config/recipes/esp32p4-provisioning.yaml');
const good = readFileSync(file, 'utf8');

const errorsOf = ({ findings }: LoadResult) =>
  findings.filter(({ severity, waived }) => severity === 'error' && waived === null);
const checksOf = (text: string, at = file) => errorsOf(loadRecipeText(text, at)).map(({ check }) => check);

/** The recipe beside files of its own. */
function beside(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-recipe-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return join(folder, 'recipe.yaml');
}
const absolute = good.replace('../firmware', join(file, '../../firmware'));

test('each thing that NVS, its partition or its keys cannot have is refused by name', () => {
  assert.deepEqual(checksOf(good), []);
  const cases: readonly [string, string, string][] = [
    ['partition: fctry\n    encryption', 'partition: nowhere\n    encryption', 'storage-partition'],
    ['partition: fctry\n    encryption', 'partition: otadata\n    encryption', 'storage-partition'],
    ['encryption: hmac', 'encryption: none', 'storage-plain'],
    ['slots:\n  hmac-up: 4\n', '', 'storage-hmac-slot'],
    ['key: hwrev, type: u8, value: 3', 'key: hwrev, type: u8, value: 300', 'storage-value'],
    ['key: hwrev', 'key: serial', 'storage-key-twice'],
    ['random: 32', 'random: 2048', 'storage-room'],
    ['value: 3 }', 'column: rev }', 'storage-no-list'],
    ['value: 3 }', 'file: nowhere.bin }', 'recipe.no-file'],
    ['  partition: fctry\n  namespace', '  partition: nvs\n  namespace', 'provisioning-partition'],
    ['namespace: local_ctrl', 'namespace: sec2', 'provisioning-namespace'],
    ['username: wifiprov', "username: 'a:b'", 'provisioning-username'],
    ['username: wifiprov', "username: '{color}'", 'provisioning-placeholder'],
    ["service: 'PROV_{mac_end}'", "service: 'A-VERY-LONG-NAME-OF-A-PRODUCT-{mac_end}'", 'provisioning-service'],
    ['username: wifiprov', `username: ${'u'.repeat(60)}`, 'provisioning-qr'],
  ];
  for (const [from, to, check] of cases) {
    assert.ok(good.includes(from), from);
    const large = (key: string) => `
      - { namespace: x, key: ${key}, type: binary, random: 2048 }`;
    const more = check === 'storage-room' ? `${to} }${large('a')}${large('b')}${large('c')} #` : to;
    assert.ok(checksOf(good.replace(from, more)).includes(check), `${check}: ${checksOf(good.replace(from, more))}`);
  }
  assert.deepEqual(
    checksOf(
      good.replace(/^flash_encryption:\n(?: .*\n)*/m, '').replace('encryption: hmac', 'encryption: nvs_keys'),
    ).sort(),
    ['no-flash-encryption', 'slot-unused', 'storage-keys-plain'],
  );
});

test('a finding about a value stands at its line', () => {
  const text = good.replace('value: 3', 'value: 300');
  const [finding] = errorsOf(loadRecipeText(text, file));
  assert.equal(finding?.line, text.split('\n').findIndex((line) => line.includes('value: 300')) + 1);
  assert.match(finding!.what, /factory\.hwrev: 300 does not fit u8/);
});

test('a secret has no place in the recipe, whose text goes into the ledger', () => {
  const [finding] = errorsOf(loadRecipeText(good.replace('value: 3 }', 'value: 3, secret: true }'), file));
  assert.match(finding!.what, /factory\.hwrev is called a secret and stands in the recipe/);
});

test('mistakes of a list are told at its own lines, without its secrets', (t) => {
  const at = beside(t, { 'list.csv': 'id,pin,psk\nD1,12,one\nD2,secret-word,two\nD2,7,three\n,8,four\n' });
  const text = absolute.replace('# devices: devices.csv', 'devices: list.csv #').replace('value: 3 }', 'column: pin }');
  const told = errorsOf(loadRecipeText(text, at));
  assert.deepEqual(
    told.map(({ file: where, line }) => [where, line]),
    [
      [join(at, '../list.csv'), 4],
      [join(at, '../list.csv'), 5],
    ],
  );
  const second = beside(t, { 'list.csv': 'id,pin\nD1,12\nD2,secret-word\n' });
  const [row, ...none] = errorsOf(loadRecipeText(text, second));
  assert.deepEqual([row?.check, row?.line, none.length], ['storage-value', 3, 0]);
  assert.ok(!JSON.stringify(row).includes('secret-word'));
  const third = beside(t, { 'list.csv': 'id,pan\nD1,12\n' });
  assert.deepEqual(checksOf(text, third), ['storage-column']);
});

test('the hash of a recipe covers its list, and by more than a digest that could be searched for', (t) => {
  const text = absolute.replace('# devices: devices.csv', 'devices: list.csv #').replace('value: 3 }', 'column: rev }');
  const [a, b] = ['id,rev\nD1,3\n', 'id,rev\nD1,4\n'].map((list) => {
    const at = beside(t, { 'list.csv': list });
    return loadRecipeText(text, at).loaded!;
  });
  assert.notEqual(a!.ref.hash, b!.ref.hash);
  const plain = createHash('sha256').update('id,rev\nD1,3\n').digest('hex');
  assert.ok(!a!.canonicalText.includes(plain));
  assert.ok(a!.canonicalText.includes('list.csv'));
});

test('whose row it is: by MAC in any spelling, by serial number, or in turn by id', () => {
  const listOf = (text: string) => readDeviceList(utf8(text)).list!;
  const device = { mac: '60:55:f9:00:11:22', serial: 'SN-7' };
  const byMac = listOf('mac,v\n60-55-F9-00-11-21,a\n6055F9001122,b\n');
  assert.equal(rowOfDevice(byMac, device)?.fields.v, 'b');
  const bySerial = listOf('serial,v\nSN-7,a\n');
  assert.equal(rowOfDevice(bySerial, device)?.fields.v, 'a');
  assert.equal(rowOfDevice(bySerial, { ...device, serial: null }), null);
  assert.equal(rowOfDevice(listOf('id,v\n1,a\n'), device), null);
  assert.equal(readDeviceList(utf8('v\na\n')).list, null, 'nothing tells rows apart');
  assert.equal(readDeviceList(utf8('mac,v\nnone,a\n')).list, null);
});

test('what the build decides is taken from it: the key block, the partition of the keys; and it must not contradict', () => {
  const { loaded } = loadRecipeText(good, file);
  const sdkconfig = (id: number) =>
    `CONFIG_NVS_ENCRYPTION=y\nCONFIG_NVS_SEC_KEY_PROTECT_USING_HMAC=y\nCONFIG_NVS_SEC_HMAC_EFUSE_KEY_ID=${id}\n`;
  const firmware = { ...loaded!.firmware, sdkconfig: sdkconfig(2) };
  const recipe = { ...loaded!.recipe, slots: {} };
  assert.equal(settleStorage(recipe, firmware).slots['hmac-up'], 2);
  assert.equal(
    settleStorage(loaded!.recipe, firmware).slots['hmac-up'],
    4,
    'what the recipe says stays, and is judged',
  );
  const byKeys = { ...recipe, storage: [{ ...recipe.storage![0]!, encryption: 'nvs_keys' as const }] };
  assert.equal(settleStorage(byKeys, loaded!.firmware).storage![0]!.keysPartition, 'nvs_keys');
});

test('a preview shows what will be stored, and of a secret only where it comes from', () => {
  const { loaded } = loadRecipeText(good, file);
  const [fctry] = storagePreview(loaded!.recipe);
  assert.deepEqual(previewPlan(loaded!).stored, [fctry], 'in the window as in the terminal');
  assert.match(fctry!.encryption, /HMAC/);
  assert.deepEqual(
    fctry!.values.map(({ name, shown }) => `${name} ${shown}`),
    [
      'factory.serial "{serial}"',
      'factory.batch "{batch}"',
      'factory.hwrev "3"',
      'factory.seed (secret) 32 random bytes',
      'sec2.salt 16 random bytes',
      'sec2.verifier (secret) of the proof of possession',
      'local_ctrl.salt 16 random bytes',
      'local_ctrl.verifier (secret) of the proof of possession',
    ],
  );
});

test('a difference in what is stored is told by the name of the value, and clear text as weaker', () => {
  const before = loadRecipeText(good, file).loaded!.recipe;
  const text = good.replace('value: 3 }', 'value: 4 }').replace('encryption: hmac', 'encryption: none');
  const after = loadRecipeText(text, file).recipe!;
  assert.deepEqual(
    describeDifferences(before, after)
      .filter(({ path }) => path.startsWith('storage'))
      .map(({ path, weaker }) => [path, weaker]),
    [
      ['storage.fctry.encryption', true],
      ['storage.fctry.values.factory.hwrev.source.text', false],
    ],
  );
  const without = loadRecipeText(good.replace(/^provisioning:\n(?: .*\n)*/m, ''), file).recipe!;
  assert.ok(describeDifferences(before, without).some(({ words, weaker }) => weaker && /removes the prov/.test(words)));
});

test('a chip without an HMAC peripheral is told so where storage asks for it', () => {
  const c61 = join(file, '../esp32c61-production.yaml');
  const section = 'storage:\n  - { partition: nvs, encryption: hmac }\nslots:\n  hmac-up: 4\n';
  const told = errorsOf(loadRecipeText(readFileSync(c61, 'utf8') + section, c61));
  const own = told.filter(({ check }) => check.startsWith('storage') || check === 'hmac');
  assert.deepEqual(
    own.map(({ check, path }) => [check, path]),
    [['storage-hmac', 'storage.0.encryption']],
  );
  assert.match(own[0]!.what, /ESP32-C61 has no HMAC peripheral/);
});
