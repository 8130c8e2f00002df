import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, fromHex, toHex, utf8 } from '../../../main/base/bytes.ts';
import {
  buildSecureCert,
  ecdsaKeyBlockOf,
  parseSecureCert,
  tlvBytes,
  tlvTypes,
} from '../../../main/image/secure-cert.ts';
import { isFault } from '../../../main/model/fault.ts';
import { vectorFile } from '../../vectors.ts';

// The empty marker of a key that lies in an eFuse block (FACTS 10.1, hand-built there by the tool's rules).
const marker = '11ba5eba0800000002000000ad571dd6';
const certificate = Uint8Array.from({ length: 300 }, (_, i) => (i * 7 + 0x30) & 0xff);
const refused = (code: string) => (error: unknown) => isFault(error, code);

test('every TLV of esp_secure_cert_mgr', () => {
  interface Vector {
    type: number;
    data: string | object;
    tlv: string | object;
  }
  let compared = 0;
  for (const { type, data, tlv } of vectorFile<{ vectors: Vector[] }>('esp_secure_cert_tlv.json').vectors) {
    // One vector gives lengths and digests only; its data belong to another format.
    if (typeof data !== 'string' || typeof tlv !== 'string') continue;
    const flags = data === '' ? 0x08 : 0;
    assert.equal(toHex(tlvBytes({ type, subtype: 0, flags, data: fromHex(data) })), tlv);
    assert.deepEqual(parseSecureCert(fromHex(tlv)), [{ type, subtype: 0, flags, data: fromHex(data) }]);
    compared++;
  }
  assert.equal(compared, 5);
});

test('a device whose key lies in the ECDSA peripheral', () => {
  const bytes = buildSecureCert([
    { type: 'ca-certificate', data: certificate },
    { type: 'device-certificate', data: certificate.subarray(0, 200) },
    { type: 'ecdsa-peripheral-key', efuseBlock: 5 },
  ]);
  // SEC_CFG of block 5 as esp_secure_cert_mgr writes it, then the marker: key material stands first.
  assert.equal(
    toHex(bytes.subarray(0, 80)),
    `11ba5eba0000000006002800050000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000bdf62aa6${marker}`,
  );
  const tlvs = parseSecureCert(concat(bytes, new Uint8Array(32).fill(0xff)));
  assert.deepEqual(
    tlvs.map(({ type, flags, data }) => [type, flags, data.length]),
    [
      [tlvTypes.securityConfig, 0, 40],
      [tlvTypes.privateKey, 0x08, 0],
      [tlvTypes.deviceCertificate, 0, 200],
      [tlvTypes.caCertificate, 0, 300],
    ],
  );
  assert.equal(ecdsaKeyBlockOf(tlvs), 5);
  assert.equal(bytes.length % 16, 0);
});

test('DS entries come before everything, others keep their order', () => {
  const user = (type: number) => ({ type: 'tlv', tlv: { type, subtype: 0, flags: 0, data: fromHex('01') } }) as const;
  const tlvs = parseSecureCert(
    buildSecureCert([
      user(53),
      user(51),
      { type: 'device-certificate', data: certificate },
      { type: 'ds-context', data: new Uint8Array(8) },
      { type: 'ds-data', data: new Uint8Array(1604) },
    ]),
  );
  assert.deepEqual(
    tlvs.map(({ type }) => type),
    [3, 4, 1, 53, 51],
  );
  assert.equal(ecdsaKeyBlockOf(tlvs), null);
});

test('PEM gets the NUL its readers expect, once; DER stays as it is', () => {
  const pem = utf8('-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n');
  const lengthOf = (data: Uint8Array) =>
    parseSecureCert(buildSecureCert([{ type: 'device-certificate', data }]))[0]?.data.length;
  assert.equal(lengthOf(pem), pem.length + 1);
  assert.equal(lengthOf(concat(pem, Uint8Array.of(0))), pem.length + 1);
  assert.equal(lengthOf(fromHex('3000')), 2);
});

test('a whole partition is filled with erased flash', () => {
  const bytes = buildSecureCert([{ type: 'device-certificate', data: certificate }], 0x2000);
  assert.equal(bytes.length, 0x2000);
  assert.ok(bytes.subarray(320).every((byte) => byte === 0xff));
  assert.equal(parseSecureCert(bytes).length, 1);
  assert.throws(
    () => buildSecureCert([{ type: 'device-certificate', data: certificate }], 256),
    refused('image.cert-room'),
  );
});

test('each flipped bit is noticed', () => {
  const good = buildSecureCert([{ type: 'ecdsa-peripheral-key', efuseBlock: 9 }]);
  const before = parseSecureCert(good);
  for (let at = 0; at < good.length; at++) {
    const bad = good.slice();
    bad[at] = (bad[at] as number) ^ 4;
    let after: unknown;
    try {
      after = parseSecureCert(bad);
    } catch (error) {
      assert.ok(isFault(error), `byte ${at}`);
      continue;
    }
    // A wrong magic ends the list, as it does on the device.
    assert.ok((after as unknown[]).length < before.length, `byte ${at}`);
  }
});

test('a byte that was changed in an entry is told by its CRC', () => {
  const bad = buildSecureCert([{ type: 'device-certificate', data: certificate }]);
  bad[40]! ^= 1;
  assert.throws(() => parseSecureCert(bad), refused('image.cert-crc'));
});

test('a cut list is refused', () => {
  const good = buildSecureCert([{ type: 'device-certificate', data: certificate }]);
  assert.throws(() => parseSecureCert(good.subarray(0, good.length - 1)), refused('image.cert-truncated'));
  assert.deepEqual(parseSecureCert(new Uint8Array(0x2000).fill(0xff)), []);
});

test('what no device could use is refused', () => {
  for (const efuseBlock of [3, 10, 4.5])
    assert.throws(() => buildSecureCert([{ type: 'ecdsa-peripheral-key', efuseBlock }]), RangeError);
  const twice = { type: 'device-certificate', data: certificate } as const;
  assert.throws(() => buildSecureCert([twice, twice]), refused('image.cert-twice'));
  assert.throws(() => tlvBytes({ type: 51, subtype: 17, flags: 0, data: certificate }), RangeError);
  assert.throws(() => tlvBytes({ type: 51, subtype: 0, flags: 0, data: new Uint8Array(65536) }), RangeError);
});
