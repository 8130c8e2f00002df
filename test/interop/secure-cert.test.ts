// Espressif's certificate tool builds the same partition from the same certificates and the same RSA key.
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFilledWith, toHex, utf8 } from '../../main/base/bytes.ts';
import { SecretBytes } from '../../main/base/secret.ts';
import { parseCsv } from '../../main/formats/csv.ts';
import { buildDsContext, buildDsData, readRsaKey } from '../../main/image/ds.ts';
import { buildSecureCert, parseSecureCert, tlvTypes, withIntegrity } from '../../main/image/secure-cert.ts';
import { flashView } from '../../main/virtual/boot/flash-view.ts';
import { selfSigned } from '../self-signed.ts';
import { faultsOf, noToken, recipeAt, recipes, setStage } from '../stories/stage.ts';
import { judging } from './espressif-tools.ts';

const { skip, judges, file, folder, contentOf } = await judging();

for (const [chip, bits] of [
  ['esp32p4', 4096],
  ['esp32s3', 3072],
  ['esp32c3', 2048],
  ['esp32c6', 3072],
  ['esp32h2', 2048],
] as const)
  test(`${chip}: certificates and RSA-${bits} parameters for the DS peripheral, byte for byte`, { skip }, async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: bits });
    const hmacKey = randomBytes(32);
    const certificate = selfSigned();
    await judges.pass(
      'configure_esp_secure_cert',
      ...['--private-key', file(privateKey.export({ format: 'pem', type: 'pkcs1' }))],
      ...['--device-cert', file(certificate), '--target_chip', chip, '--skip_flash'],
      ...['--configure_ds', '--priv_key_algo', 'RSA', `${bits}`, '--efuse_key_id', '3'],
      ...['--efuse_key_file', file(hmacKey)],
    );
    const theirs = contentOf(join(folder, 'esp_secure_cert_data/esp_secure_cert.bin'));
    const data = parseSecureCert(theirs).find(({ type }) => type === tlvTypes.dsData)!.data;
    const key = readRsaKey(new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs1' })));
    // Their IV is random, so ours is theirs.
    const ours = buildDsData(key, SecretBytes.adopt(new Uint8Array(hmacKey)), data.subarray(4, 20), chip);
    assert.equal(toHex(ours), toHex(data));
    const list = withIntegrity(
      buildSecureCert([
        { type: 'ds-data', data: ours },
        { type: 'ds-context', data: buildDsContext(3, bits) },
        { type: 'device-certificate', data: utf8(certificate) },
      ]),
    );
    assert.equal(toHex(list), toHex(theirs.subarray(0, list.length)));
    assert.ok(isFilledWith(theirs.subarray(list.length), 0xff));
  });

test('the partition that a board was given is parsed by the tool: certificates, DS parameters and their key block', {
  skip: skip || noToken,
}, async () => {
  const stage = await setStage();
  try {
    const recipe = join(stage.folder, 'recipe.yaml');
    const identity =
      'identity: {key: rsa-2048, certificate: {ca: {label: device-ca}, issuer: {CN: Line}, subject: {CN: "{serial}"}}}';
    const text = readFileSync(join(recipes, 'esp32s3-production.yaml'), 'utf8');
    writeFileSync(
      recipe,
      `${text.replace(/folder: \S+/, `folder: ${join(recipes, '../firmware/esp32s3')}`)}\n${identity}\n`,
    );
    const address = 'virtual:esp32s3?pacing=none&name=ds';
    const { counts } = await stage.provision(recipeAt(recipe), [address]);
    assert.equal(counts.passed, 1, faultsOf(stage));
    const chip = stage.chip(address);
    const record = await stage.station.parts.ledger.sealedDevice(chip.identity.mac);
    const { offset } = record!.images.find(({ name }) => name === 'esp_secure_cert')!;
    const partition = flashView(chip.efuse, chip.flash).read(offset, 0x2000);

    await judges.pass('configure_esp_secure_cert', '--parse_bin', file(partition));
    const parsed = join(folder, 'esp_secure_cert_parsed_data');
    const listed = readdirSync(parsed).find((name) => name.endsWith('.csv'))!;
    const { rows } = parseCsv(readFileSync(join(parsed, listed), 'utf8'), ['tlv_type'], 'taken');
    const row = (type: string) => rows.find(({ fields }) => fields.tlv_type === `ESP_SECURE_CERT_${type}_TLV`)!.fields;
    const { blocks } = record!.keys.find(({ role }) => role === 'hmac-down-ds')!;
    assert.equal(row('DS_CONTEXT').efuse_id, String(blocks[0]! - 4));
    assert.deepEqual([row('DS_CONTEXT').key_size, row('DS_DATA').key_size], ['2048', '2048']);
    const certificate = new X509Certificate(contentOf(join(parsed, row('DEV_CERT').data_value!)));
    assert.equal(certificate.toString(), new X509Certificate(record!.identity!.certificatePem!).toString());
    assert.equal(rows.length, 3, 'and no private key');
  } finally {
    await stage.close();
  }
});
