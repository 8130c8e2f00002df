import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SecretBytes } from '../../../main/base/secret.ts';
import { profileOf } from '../../../main/chip/profiles.ts';
import type { DeviceHistory } from '../../../main/ledger/ledger.ts';
import type { ChipKind } from '../../../main/model/chip.ts';
import type { IdentityKey } from '../../../main/model/identity.ts';
import { identityRefusal } from '../../../main/recipe/checks/identity.ts';
import { loadRecipeText } from '../../../main/recipe/load.ts';
import { chainOf } from '../../../main/signing/chain.ts';
import type { Signer } from '../../../main/signing/signer.ts';
import { drawnBefore, drawSerial, refuseGivenSerial } from '../../../main/station/serial-number.ts';
import { selfSigned } from '../../self-signed.ts';
import { stationConfig } from '../config/station-config.ts';

const file = join(stationConfig, 'recipes/esp32p4-production.yaml');
const good = readFileSync(file, 'utf8');

test('each chip takes the keys that its silicon has, and says why not the others', () => {
  const cases: [ChipKind, number, IdentityKey, RegExp | null][] = [
    ['esp32p4', 301, 'ecdsa-p256', null],
    ['esp32p4', 301, 'ecdsa-p384', null],
    ['esp32p4', 103, 'ecdsa-p256', /v1\.3: /],
    ['esp32p4', 103, 'ecdsa-p384', /v1\.3: /],
    ['esp32p4', 103, 'rsa-4096', null],
    ['esp32c5', 100, 'ecdsa-p384', null],
    ['esp32c5', 100, 'rsa-4096', /at most 3072 bits/],
    ['esp32c61', 100, 'ecdsa-p256', null],
    ['esp32c61', 100, 'ecdsa-p384', /no P-384/],
    ['esp32c61', 100, 'rsa-2048', /no Digital Signature peripheral/],
    ['esp32h2', 102, 'ecdsa-p384', /no P-384/],
    ['esp32h2', 102, 'rsa-3072', null],
    ['esp32s3', 2, 'ecdsa-p256', /no ECDSA peripheral/],
    ['esp32s3', 2, 'rsa-4096', null],
    ['esp32c3', 4, 'rsa-3072', null],
    ['esp32c3', 4, 'rsa-4096', /at most 3072 bits/],
    ['esp32s2', 100, 'rsa-4096', null],
    ['esp32c6', 1, 'rsa-2048', null],
  ];
  for (const [kind, revision, key, reason] of cases) {
    const refusal = identityRefusal(key, profileOf(kind), revision);
    if (reason === null) assert.equal(refusal, null, `${kind} ${key}`);
    else assert.match(refusal ?? '', reason, `${kind} ${key}`);
  }
});

/** Errors of the production recipe with these texts exchanged, as `check path`. */
function errorsOf(...changes: readonly (readonly [string | RegExp, string])[]): string[] {
  return errorsIn(file, ...changes);
}

function errorsIn(at: string, ...changes: readonly (readonly [string | RegExp, string])[]): string[] {
  const text = changes.reduce((all, [from, to]) => {
    const next = all.replace(from, to);
    assert.notEqual(next, all, String(from));
    return next;
  }, good);
  return loadRecipeText(text, at)
    .findings.filter(({ severity, waived }) => severity === 'error' && waived === null)
    .map(({ check, path }) => `${check} ${path}`);
}

const issuer = /^ {4}issuer:.*\n {6}CN: .*\n {6}O: .*\n/m;

test('what a certificate cannot say is found before a board is in', () => {
  assert.deepEqual(errorsOf(['valid_years: 30', 'not_after: 2049-12-31']), []);
  for (const [to, expected] of [
    ['valid_years: 30\n    not_after: 2049-12-31', 'wrong-value identity.certificate.not_after'],
    ['not_after: 2049-13-31', 'wrong-value identity.certificate.not_after'],
    [
      "alternative_names: {dns: ['{mac}.example.com']}",
      'certificate.alternative-name identity.certificate.alternative_names',
    ],
    ["alternative_names: {uri: ['no scheme']}", 'certificate.alternative-name identity.certificate.alternative_names'],
    ["alternative_names: {dns: ['{name}']}", 'wrong-value identity.certificate.alternative_names.dns.0'],
    ['ca_chain: [absent.pem]', 'wrong-value identity.certificate.issuer'],
  ] as const)
    assert.deepEqual(errorsOf(['valid_years: 30', to]), [expected], to);
  assert.deepEqual(errorsOf([issuer, '']), ['wrong-value identity.certificate.issuer']);
  assert.deepEqual(errorsOf([issuer, '    ca_chain: [absent.pem]\n']), [
    'recipe.no-file identity.certificate.ca_chain.0',
  ]);
  assert.deepEqual(errorsOf([/ {4}subject:.*\n {6}CN: .*/m, '    subject:\n      C: Germany']), [
    'certificate.name identity.certificate.subject',
  ]);
  assert.deepEqual(errorsOf([/^ {2}certificate:\n(?: {4}.*\n)*/m, '']), ['wrong-value identity.certificate']);
  assert.deepEqual(
    errorsOf([/^ {2}certificate:\n(?: {4}.*\n)*/m, "  csr: true\n  csr_subject: {CN: '{serial}'}\n"]),
    [],
  );
});

test('a serial number that is drawn has the form that the recipe says, and no other', async () => {
  const serial = { from: 'random', pattern: null, format: 'FL-{random}-X', length: 12 } as const;
  let drawn = 0;
  const signer = {
    random: async (length: number) => {
      drawn += length;
      return SecretBytes.adopt(Uint8Array.from({ length }, (_, i) => 0xe0 + i));
    },
  } as unknown as Signer;
  assert.equal(await drawSerial(signer, serial), 'FL-0123456789AB-X');
  assert.equal(drawn, 12, 'one byte of the token a letter');

  const history = (...serials: (string | null)[]) =>
    ({ runs: serials.map((value) => ({ run: { serial: value }, events: [] })) }) as unknown as DeviceHistory;
  assert.equal(drawnBefore(history(), serial), null);
  assert.equal(drawnBefore(history('30eda0e12204', null), serial), null, 'a number from a MAC is not kept');
  assert.equal(drawnBefore(history('FL-0123456789AU-X'), serial), null, 'U is no letter of ours');
  assert.equal(drawnBefore(history('FL-0123456789AB-X', null), serial), 'FL-0123456789AB-X');

  const { recipe } = loadRecipeText(good.replace('from: mac', 'from: random'), file);
  assert.ok(recipe);
  assert.equal(refuseGivenSerial(recipe, 'CHOSEN', null)?.code, 'admission.serial-drawn');
  assert.equal(refuseGivenSerial(recipe, 'OWN', 'OWN'), null, 'its own number may be scanned again');
  assert.equal(refuseGivenSerial(recipe, null, null), null);
  assert.deepEqual(errorsOf(['from: mac', 'from: random\n  format: FL']), ['wrong-value serial.format']);
});

test('a file of a CA chain that is none is named', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  assert.throws(() => chainOf([bytes('nothing')]), /Certificate 1 of the CA chain is no X\.509/);
  assert.throws(() => chainOf([bytes(selfSigned())]), /may not issue/);
  assert.throws(() => chainOf([bytes(selfSigned() + selfSigned())]), /several certificates/);
});

test('a chain that no partition of the build can hold is told before a board is in', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-chain-'));
  try {
    writeFileSync(join(folder, 'ca.pem'), `${selfSigned()}${'\n'.repeat(8000)}`);
    const build = join(stationConfig, 'firmware/esp32p4-v3');
    const found = errorsIn(
      join(folder, 'recipe.yaml'),
      [issuer, '    ca_chain: [ca.pem]\n'],
      ['../firmware/esp32p4-v3', build],
    );
    assert.deepEqual(found, ['certificate.chain identity.certificate.ca_chain', 'certificate-room identity.partition']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
