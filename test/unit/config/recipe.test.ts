import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseRecipe } from '../../../main/config/recipe-schema.ts';
import { stationConfig } from './station-config.ts';

const production = readFileSync(`${stationConfig}/recipes/esp32p4-production.yaml`, 'utf8');
const problemsOf = (text: string) =>
  parseRecipe(text, 'r.yaml').problems.map(({ line, check, path }) => `${line} ${check} ${path}`);
/** The production recipe with one text exchanged for another. */
const changed = (from: string, to: string) => {
  assert.ok(production.includes(from), from);
  return production.replace(from, to);
};

test('the production recipe is read into what the planner works with', () => {
  const { recipe } = parseRecipe(production, 'r.yaml');
  assert.ok(recipe);
  assert.deepEqual(recipe.silicon, { min: 300, max: 399 });
  assert.deepEqual(recipe.flash, { size: null, baudRate: 2_000_000, stub: 'auto' });
  assert.deepEqual(recipe.secureBoot, {
    scheme: 'rsa3072',
    keys: [{ label: 'secure-boot-1' }],
    existingSignatures: 'replace',
    revokeUnused: true,
    aggressiveRevocation: false,
  });
  assert.deepEqual(recipe.flashEncryption, { key: 'xts-aes-256', mode: 'release', by: 'host', timeoutSeconds: 300 });
  assert.deepEqual(recipe.doors, {
    jtag: 'off',
    directBoot: 'off',
    downloadMode: 'disabled',
    forceDownload: 'leave',
    romPrint: 'on',
    usbDownload: 'leave',
    usbJtag: 'leave',
    usbSerialJtag: 'leave',
  });
  assert.equal(recipe.bootProof.when, 'both');
  assert.equal(recipe.bootProof.challenge, 'required');
  assert.deepEqual(recipe.identity?.certificate?.subject, [
    { type: 'CN', value: 'fuseline {serial}' },
    { type: 'O', value: 'Example' },
  ]);
  assert.deepEqual(recipe.waivers, []);
});

test('a small recipe gets safe defaults, and leaves off what it does not name', () => {
  const small = `fuseline: 1
name: small
revision: 1
purpose: development
chip: esp32c3
silicon: {min: v0.3, max: v1.99}
firmware: {folder: build}
flash: {size: 16MB}
doors: {jtag: leave, direct_boot: leave, download_mode: open}
wrapping_key: {label: w, id: AB01}
`;
  const { recipe, problems } = parseRecipe(small, 'r.yaml');
  assert.deepEqual(problems, []);
  assert.deepEqual(
    [recipe?.secureBoot, recipe?.flashEncryption, recipe?.identity, recipe?.hmacUp, recipe?.secureVersion],
    [null, null, null, false, 0],
  );
  assert.equal(recipe?.flash.size, 16 * 1024 * 1024);
  assert.equal(recipe?.flash.baudRate, 921_600);
  assert.deepEqual(recipe?.serial, { pattern: null, from: 'mac', format: '{random}', length: 10 });
  assert.deepEqual(recipe?.wrappingKey, { label: 'w', id: 'ab01' });
  for (const key of ['jtag: leave, ', 'direct_boot: leave, ', ', download_mode: open'])
    assert.equal(
      parseRecipe(small.replace(key, ''), 'r.yaml').problems[0]?.check,
      'missing-key',
      'what cannot be undone is never a default',
    );
});

test('mistakes of a recipe are found where they stand', () => {
  const cases: [string, string, string][] = [
    ['chip: esp32p4', 'chip: esp32p5', 'wrong-value chip'],
    ['min: v3.0', 'min: 3.0', 'wrong-type silicon.min'],
    ['min: v3.0', "min: '3.0'", 'wrong-value silicon.min'],
    ['max: v3.99', 'max: v2.0', 'wrong-value silicon.max'],
    ['size: detect', 'size: 16 MB', 'wrong-value flash.size'],
    ['scheme: rsa3072', 'scheme: rsa-2048', 'wrong-value secure_boot.scheme'],
    ['    - label: secure-boot-1', '    - name: secure-boot-1', 'missing-key secure_boot.keys.0.label'],
    ['    - label: secure-boot-1', '    - public_key: 5', 'wrong-type secure_boot.keys.0.public_key'],
    ['    - label: secure-boot-1', '    - {label: a, tokn: b}', 'unknown-key secure_boot.keys.0.tokn'],
    [
      'secure_version: 0',
      'secure_version: 0\nota: {encryption: rsa3072, manifest_key: {label: m}}',
      'wrong-value ota.public_key',
    ],
    ['CN: fuseline {serial}', "CN: 'fuseline {SERIAL}'", 'wrong-value identity.certificate.subject.CN'],
    ["    - 'Guru Meditation'", "    - '('", 'wrong-value boot_proof.reject.0'],
    ["jtag: 'off'", 'jtag: false', 'wrong-value doors.jtag'],
    ['from: mac', "from: mac\n  pattern: '['", 'wrong-value serial.pattern'],
    ['secure_version: 0', 'secure_version: 0\nefuses: {dis_x: 1}', 'unknown-key efuses.dis_x'],
    ['secure_version: 0', 'secure_version: 0\nslots: {flash-encryption: 6}', 'wrong-value slots.flash-encryption'],
    ['secure_version: 0', 'secure_version: 0\nwaivers: [{check: x, reason: no}]', 'wrong-value waivers.0.reason'],
  ];
  for (const [from, to, expected] of cases) {
    const found = problemsOf(changed(from, to));
    const last = to.split('\n').at(-1) ?? '';
    const line =
      changed(from, to)
        .split('\n')
        .findIndex((text) => text.includes(last.trim())) + 1;
    assert.ok(found.includes(`${line} ${expected}`), `${to}: ${found.join('; ')} (line ${line})`);
  }
});

test('Secure Boot keys lie in the own token, in another one, or nowhere near', () => {
  const entries = '    - label: a\n    - {label: b, token: vault, id: AB01}\n    - {public_key: keys/c.pem}';
  const { recipe, problems } = parseRecipe(changed('    - label: secure-boot-1', entries), 'r.yaml');
  assert.deepEqual(problems, []);
  assert.deepEqual(recipe?.secureBoot?.keys, [
    { label: 'a' },
    { label: 'b', token: 'vault', id: 'ab01' },
    { publicKey: 'keys/c.pem' },
  ]);
});

test('updates under a key that the device derives ask for its HMAC key', () => {
  const ota = 'hmac_up: false\nota: {encryption: ecies-p256, manifest_key: {label: m}}';
  const { recipe } = parseRecipe(changed('hmac_up: true', ota), 'r.yaml');
  assert.equal(recipe?.hmacUp, true);
  assert.deepEqual(recipe?.ota, {
    encryption: 'ecies-p256',
    publicKey: null,
    applications: null,
    manifestKey: { label: 'm' },
    minFirmware: null,
  });
});

test('findings made later can be given their line', () => {
  const { placeOf } = parseRecipe(production, 'r.yaml');
  const line = production.split('\n').findIndex((text) => text.includes('scheme: rsa3072')) + 1;
  assert.deepEqual(placeOf('secure_boot.scheme'), { line, column: 3 });
});
