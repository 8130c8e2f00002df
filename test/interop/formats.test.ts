// esptool and Espressif's certificate tool read what main/image builds, and main/image reads what they build.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { concat, equalBytes, utf8 } from '../../main/base/bytes.ts';
import { defaultMmuPageSize, parseImage } from '../../main/image/app-image.ts';
import { securePad } from '../../main/image/build-image.ts';
import { buildSecureCert, parseSecureCert, tlvBytes, tlvTypes } from '../../main/image/secure-cert.ts';
import { demoFirmware } from '../tools/make-demo-firmware.ts';
import { judging } from './espressif-tools.ts';

const { skip, judges, file, folder, contentOf } = await judging();

for (const [variant, files] of demoFirmware())
  for (const name of ['bootloader.bin', 'fuseline_demo.bin']) {
    const image = files.get(name)!;
    test(`${variant}/${name}: esptool finds checksum and hash right, and the same segments as we`, {
      skip,
    }, async () => {
      const said = await judges.pass('esptool', 'image-info', file(image));
      assert.match(said, /Checksum: 0x[0-9a-f]{2} \(valid\)/);
      assert.match(said, /Validation hash: [0-9a-f]{64} \(valid\)/);
      const { segments, header } = parseImage(image);
      assert.match(said, new RegExp(`Segments: ${segments.length}\\b`));
      assert.match(said, new RegExp(`Entry point: 0x0*${header.entry.toString(16)}\\b`));
      for (const { loadAddress } of segments)
        if (loadAddress !== 0) assert.match(said, new RegExp(`0x0*${loadAddress.toString(16)}\\b`));
    });

    test(`${variant}/${name}: an image with a flipped bit is bad for esptool too`, { skip }, async () => {
      const changed = image.slice();
      changed[parseImage(image).segments[0]!.offset]! ^= 1;
      assert.match((await judges.run('esptool', 'image-info', file(changed))).output, /invalid/i);
    });
  }

test('an image that we padded for Secure Boot is whole for esptool', { skip }, async () => {
  for (const [variant, files] of demoFirmware()) {
    const padded = securePad(files.get('fuseline_demo.bin')!, defaultMmuPageSize);
    assert.equal(padded.length % defaultMmuPageSize, 0);
    const said = await judges.pass('esptool', 'image-info', file(padded));
    assert.match(said, /Checksum: .* \(valid\)[\s\S]*Validation hash: .* \(valid\)/, variant);
  }
});

// P-256, self-signed, made for this test; its private key was thrown away
const certificate = `-----BEGIN CERTIFICATE-----
MIIBQjCB6aADAgECAgEBMAoGCCqGSM49BAMCMCoxFjAUBgNVBAoMDUZ1c2VsaW5l
IHRlc3QxEDAOBgNVBAMMB2ludGVyb3AwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAx
MDEwMDAwMDBaMCoxFjAUBgNVBAoMDUZ1c2VsaW5lIHRlc3QxEDAOBgNVBAMMB2lu
dGVyb3AwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAROUFufJtJnhlsxtzY9UMUH
WRAuqLw1Kc/MHz46x7SwjtNTeg9eYuzRfu4Sa6R3YMjaeKz2C1to1jEPQByBAAOK
MAoGCCqGSM49BAMCA0gAMEUCIQDWsa9N2WbRCb8+pSD0i+HMKWvudY0FDCKrjoR2
6HP/TAIgXHAxz+mE5skJHNgsiVoZzNNNozVQIkfM0BVYXxxtRuM=
-----END CERTIFICATE-----
`;
const der = new Uint8Array(Buffer.from(certificate.replaceAll(/-----.*-----/g, ''), 'base64'));

test("Espressif's certificate tool reads our partition: certificates and the eFuse key of the ECDSA peripheral", {
  skip,
}, async () => {
  const partition = buildSecureCert(
    [
      { type: 'device-certificate', data: utf8(certificate) },
      { type: 'ca-certificate', data: der },
      { type: 'ecdsa-peripheral-key', efuseBlock: 5 },
    ],
    0x2000,
  );
  const said = await judges.pass('configure_esp_secure_cert', '--parse_bin', file(partition));
  assert.match(said, /4 valid entries parsed/);
  const parsed = join(folder, 'esp_secure_cert_parsed_data');
  const table = readFileSync(join(parsed, 'esp_secure_cert_parsed.csv'), 'utf8');
  assert.match(table, /SEC_CFG_TLV,.*,ecdsa_peripheral,ECDSA,256,1,/, 'key id 1 is BLOCK5');
  assert.equal(readFileSync(join(parsed, 'contents/devcert_1_0.pem'), 'utf8').trim(), certificate.trim());
  assert.ok(equalBytes(contentOf(join(parsed, 'contents/cacert_0_0.der')), der));
  const raw = readFileSync(join(parsed, 'tlv_entries_raw.txt'), 'utf8');
  assert.equal(raw.match(/CRC32: .*VALID\)/g)?.length, 4);
  assert.ok(!/CRC32: .*INVALID/i.test(raw));
});

test("we read the partition of Espressif's certificate tool, and write each entry again byte for byte", {
  skip,
}, async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = file(privateKey.export({ format: 'pem', type: 'sec1' }));
  const pem = file(certificate);
  const certificates = ['--device-cert', pem, '--ca-cert', pem];
  const options = ['--target_chip', 'esp32p4', '--secure_cert_type', 'cust_flash_tlv', '--skip_flash'];
  await judges.pass('configure_esp_secure_cert', '--private-key', key, ...certificates, ...options);
  const theirs = contentOf(join(folder, 'esp_secure_cert_data/esp_secure_cert.bin'));
  const tlvs = parseSecureCert(theirs);
  assert.deepEqual(
    tlvs.map(({ type }) => type).toSorted((a, b) => a - b),
    [tlvTypes.caCertificate, tlvTypes.deviceCertificate, tlvTypes.privateKey, tlvTypes.integrity],
  );
  const ours = concat(...tlvs.map(tlvBytes));
  assert.ok(equalBytes(ours, theirs.subarray(0, ours.length)));
});
