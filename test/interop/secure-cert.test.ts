// Espressif's certificate tool builds the same partition from the same certificates and the same RSA key.
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFilledWith, toHex, utf8 } from '../../main/base/bytes.ts';
import { SecretBytes } from '../../main/base/secret.ts';
import { buildDsContext, buildDsData, readRsaKey } from '../../main/image/ds.ts';
import { buildSecureCert, parseSecureCert, tlvTypes, withIntegrity } from '../../main/image/secure-cert.ts';
import { selfSigned } from '../self-signed.ts';
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
