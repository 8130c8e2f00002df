import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { toHex } from '../../../main/base/bytes.ts';
import { isFault } from '../../../main/model/fault.ts';
import { curveOfKey, type IdentityKey, rsaBitsOfKey } from '../../../main/model/identity.ts';
import {
  issueCaCertificate,
  issueDeviceCertificate,
  requireCa,
  serialNumberFrom,
} from '../../../main/signing/certificates.ts';
import { deviceKeyFrom, makeRsaDeviceKey, seedLength } from '../../../main/signing/device-key.ts';
import { derOfPem, pemOf } from '../../../main/signing/pem.ts';
import { buildCaCsr, buildDeviceCsr, type DeviceRequestKey } from '../../../main/signing/requests.ts';
import type { Signer } from '../../../main/signing/signer.ts';
import { spkiOfPoint } from '../../../main/signing/spki.ts';
import { openSoftToken, temporaryFolder, withoutSoftHsm } from './soft-token.ts';

const openssl = spawnSync('openssl', ['version']).status === 0;
const skip = withoutSoftHsm;
const skipOpenssl = skip || (openssl ? false : 'openssl is not installed');
const home = temporaryFolder();
let signer: Signer;

before(async () => {
  if (skip) return;
  signer = await openSoftToken(join(home.path, 'token'));
  await signer.generateKey({ label: 'ca-256', use: 'device-ca', algorithm: 'ecdsa-p256' });
  await signer.generateKey({ label: 'ca-384', use: 'device-ca', algorithm: 'ecdsa-p384' });
  await signer.generateKey({ label: 'boot', use: 'secure-boot', algorithm: 'ecdsa-p256' });
});
after(async () => {
  if (!skip) await signer.close();
  home.remove();
});

const caSubject = [
  { type: 'countryName', value: 'DE' },
  { type: 'organizationName', value: 'Müller & Söhne' },
  { type: 'commonName', value: 'Device CA 1' },
];
const subject = [
  { type: 'organizationName', value: 'Müller & Söhne' },
  { type: 'commonName', value: 'sensor-30:ed:a0:e1:22:04' },
  { type: 'serialNumber', value: 'SN-0001' },
  { type: '2.5.4.97', value: 'VATDE-123456789' },
];
const notBefore = new Date('2026-01-02T03:04:05Z');
const notAfter = new Date('2046-01-02T03:04:05Z');
const caEnd = new Date('2060-01-01T00:00:00Z');
const never = new Date('9999-12-31T23:59:59Z');

const serialNumber = async () => serialNumberFrom((await signer.random(20)).use((bytes) => bytes.slice()));
const deviceSpki = async () => spkiOfPoint('P-256', deviceKeyFrom(await signer.random(48)).publicKey);

async function caOf(label: string, end = caEnd) {
  const parts = { subject: caSubject, serialNumber: await serialNumber(), notBefore, notAfter: end };
  return issueCaCertificate({ ...parts, ca: { label }, signer });
}

async function device(label: string, issuer: Uint8Array | typeof caSubject, changes: object = {}) {
  return issueDeviceCertificate({
    subject,
    issuer,
    spki: await deviceSpki(),
    serialNumber: await serialNumber(),
    notBefore,
    notAfter,
    ca: { label },
    signer,
    ...changes,
  });
}

function write(name: string, der: Uint8Array, label: Parameters<typeof pemOf>[0] = 'CERTIFICATE'): string {
  const path = join(home.path, name);
  writeFileSync(path, pemOf(label, der));
  return path;
}

const ask = (...args: string[]) =>
  execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

for (const [label, algorithm] of [
  ['ca-256', 'ecdsa-with-SHA256'],
  ['ca-384', 'ecdsa-with-SHA384'],
] as const)
  test(`openssl finds the chain of ${label} right in every strictness`, { skip: skipOpenssl }, async () => {
    const ca = await caOf(label);
    // ten, so that r and s of both signs and lengths are met
    for (let i = 0; i < 10; i++) {
      const { der } = await device(label, ca.der);
      const verdict = ask(
        ...['verify', '-x509_strict', '-purpose', 'sslclient', '-check_ss_sig', '-attime', '1800000000'],
        ...['-CAfile', write('ca.pem', ca.der), write('device.pem', der)],
      );
      assert.match(verdict, /device\.pem: OK/);
    }
    const text = ask(
      'x509',
      '-noout',
      '-text',
      '-nameopt',
      'utf8,sep_comma_plus',
      '-in',
      join(home.path, 'device.pem'),
    );
    for (const line of [
      /Version: 3 \(0x2\)/,
      new RegExp(`Signature Algorithm: ${algorithm}`),
      /Issuer: C=DE,\s?O=Müller & Söhne,\s?CN=Device CA 1/,
      /Subject: O=Müller & Söhne,\s?CN=sensor-30:ed:a0:e1:22:04,\s?serialNumber=SN-0001,\s?organizationIdentifier=VATDE-123456789/,
      /Not Before: Jan {2}2 03:04:05 2026 GMT/,
      /Not After : Jan {2}2 03:04:05 2046 GMT/,
      /Basic Constraints: critical\s+CA:FALSE/,
      /Key Usage: critical\s+Digital Signature\n/,
      /Extended Key Usage: \s+TLS Web Client Authentication\n/,
      /NIST CURVE: P-256/,
    ])
      assert.match(text, line);
    const idOf = (path: string, name: string) =>
      ask('x509', '-noout', '-ext', name, '-in', path).match(/(?:[0-9A-F]{2}:){19}[0-9A-F]{2}/)?.[0];
    assert.equal(
      idOf(join(home.path, 'device.pem'), 'authorityKeyIdentifier'),
      idOf(join(home.path, 'ca.pem'), 'subjectKeyIdentifier'),
    );
    const caText = ask('x509', '-noout', '-text', '-in', join(home.path, 'ca.pem'));
    assert.match(caText, /Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
    assert.match(caText, /Key Usage: critical\s+Certificate Sign, CRL Sign/);
  });

test('string and time types are those of RFC 5280', { skip: skipOpenssl }, async () => {
  const ca = await caOf('ca-256', never);
  const shown = ask('asn1parse', '-in', write('typed.pem', (await device('ca-256', ca.der, { notAfter: never })).der));
  for (const line of [
    /countryName\n.*PRINTABLESTRING\s+:DE/,
    /organizationName\n.*UTF8STRING/,
    /:serialNumber\n.*PRINTABLESTRING\s+:SN-0001/,
    /UTCTIME\s+:260102030405Z/,
    /GENERALIZEDTIME\s+:99991231235959Z/,
  ])
    assert.match(shown, line);
});

test('DER is canonical: lengths, integers, booleans, bit strings and defaults', { skip }, async () => {
  const ca = await caOf('ca-256');
  for (let i = 0; i < 10; i++) {
    const { der } = await device('ca-256', ca.der);
    assert.equal(checkDer(der), der.length);
    assert.deepEqual(derOfPem('CERTIFICATE', pemOf('CERTIFICATE', der)), der);
    const hex = toHex(der);
    // basicConstraints, critical, an empty SEQUENCE: cA FALSE is the default and left out
    assert.ok(hex.includes('300c0603551d130101ff04023000'));
    // keyUsage, critical, one bit of a bit string whose seven unused bits are told
    assert.ok(hex.includes('300e0603551d0f0101ff040403020780'));
    assert.equal(hex.includes('010100'), false, 'no critical FALSE');
  }
});

/** Walks the DER of `bytes` and asserts what X.690 asks beyond BER; the length that was walked. */
function checkDer(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at++]!;
    let length = bytes[at++]!;
    if (length >= 0x80) {
      const digits = bytes.subarray(at, at + (length & 0x7f));
      length = digits.reduce((value, byte) => value * 256 + byte, 0);
      assert.ok(length >= 0x80 && digits[0] !== 0, 'lengths are as short as they can be');
      at += digits.length;
    }
    const content = bytes.subarray(at, at + length);
    assert.equal(content.length, length);
    if (tag & 0x20) checkDer(content);
    if (tag === 1) assert.equal(toHex(content), 'ff');
    if (tag === 2 && length > 1) assert.ok(!(content[0] === 0 && content[1]! < 0x80), 'integers are minimal');
    if (tag === 3) assert.equal(content.at(-1)! & ((1 << content[0]!) - 1), 0, 'unused bits are zero');
    at += length;
  }
  return at;
}

test('the certificate is for the key of the device, under the number that was given', { skip }, async () => {
  const { publicKey } = deviceKeyFrom(await signer.random(48));
  const number = await serialNumber();
  const ca = await caOf('ca-256');
  const issued = await device('ca-256', ca.der, { spki: spkiOfPoint('P-256', publicKey), serialNumber: number });
  const read = new X509Certificate(issued.der);
  assert.equal(read.serialNumber.toLowerCase(), toHex(number));
  assert.equal(issued.serialNumber, toHex(number));
  const { x, y } = read.publicKey.export({ format: 'jwk' }) as { x: string; y: string };
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  assert.equal(point.toString('hex'), toHex(publicKey));
  const caKey = await signer.findKey({ label: 'ca-256' });
  assert.ok(read.verify(createPublicKey({ key: Buffer.from(caKey.spki!), format: 'der', type: 'spki' })));
  assert.ok(read.checkIssued(new X509Certificate(ca.der)));
});

test('without the certificate of the CA its name may be given', { skip }, async () => {
  const { der } = await device('ca-256', caSubject);
  assert.ok(new X509Certificate(der).checkIssued(new X509Certificate((await caOf('ca-256')).der)));
});

test('the CA certificate must be of this key, be one of a CA, and outlive the device’s', { skip }, async () => {
  const ca = await caOf('ca-256');
  const wrong: [string, Parameters<typeof device>][] = [
    ['certificate.issuer', ['ca-256', (await caOf('ca-384')).der]],
    ['certificate.issuer', ['ca-256', new Uint8Array(100)]],
    ['certificate.validity', ['ca-256', ca.der, { notAfter: never }]],
    ['certificate.validity', ['ca-256', ca.der, { notBefore: new Date('2025-01-01T00:00:00Z') }]],
    ['certificate.validity', ['ca-256', ca.der, { notAfter: notBefore }]],
    ['certificate.validity', ['ca-256', ca.der, { notAfter: new Date(Number.NaN) }]],
    ['certificate.serial-number', ['ca-256', ca.der, { serialNumber: new Uint8Array(20).fill(0x80) }]],
    ['certificate.serial-number', ['ca-256', ca.der, { serialNumber: new Uint8Array(20) }]],
    ['certificate.serial-number', ['ca-256', ca.der, { serialNumber: new Uint8Array(8).fill(1) }]],
    ['certificate.name', ['ca-256', ca.der, { subject: [] }]],
    ['certificate.name', ['ca-256', ca.der, { subject: [{ type: 'countryName', value: 'Germany' }] }]],
    ['certificate.name', ['ca-256', ca.der, { subject: [{ type: 'commonName', value: 'x'.repeat(65) }] }]],
    ['certificate.name', ['ca-256', ca.der, { subject: [{ type: 'serialNumber', value: 'Nr_1' }] }]],
    ['certificate.name', ['ca-256', ca.der, { subject: [{ type: 'nickname', value: 'x' }] }]],
    ['token.refused', ['boot', caSubject]],
    ['token.no-key', ['no such CA', caSubject]],
  ];
  for (const [code, args] of wrong)
    await assert.rejects(device(...args), (fault) => isFault(fault, code), `${code} ${JSON.stringify(args[2])}`);
  // a device's certificate is for another key, and would not be one of a CA either
  const { der } = await device('ca-256', ca.der);
  await assert.rejects(device('ca-256', der), (fault) => isFault(fault, 'certificate.issuer'));
});

/** A device key of each kind, as the station has it while it prepares a board. */
async function keyOfKind(kind: IdentityKey): Promise<DeviceRequestKey> {
  const bits = rsaBitsOfKey(kind);
  if (bits !== null) return { kind, ...(await makeRsaDeviceKey(bits)) };
  const curve = curveOfKey(kind)!;
  const { scalar, publicKey } = deviceKeyFrom(await signer.random(seedLength(curve)), curve);
  return { kind, privateKey: scalar, spki: spkiOfPoint(curve, publicKey) };
}

for (const [kind, algorithm, shown] of [
  ['ecdsa-p256', 'ecdsa-with-SHA256', /NIST CURVE: P-256/],
  ['ecdsa-p384', 'ecdsa-with-SHA384', /NIST CURVE: P-384/],
  ['rsa-2048', 'sha256WithRSAEncryption', /Public-Key: \(2048 bit\)/],
] as const)
  test(`${kind}: openssl verifies the device's request and its certificate, with every name`, {
    skip: skipOpenssl,
  }, async () => {
    const key = await keyOfKind(kind);
    const alternativeNames = { dns: ['sn-1.example.com', 'localhost'], uri: ['urn:dev:sn:SN-1'] };
    const profile = { purposes: ['client-auth', 'server-auth'], alternativeNames } as const;
    const csr = write('device.csr', await buildDeviceCsr({ subject, key, profile }), 'CERTIFICATE REQUEST');
    const request = ask('req', '-verify', '-noout', '-text', '-in', csr);
    const ca = await caOf('ca-256');
    const issued = await device('ca-256', ca.der, { spki: key.spki, profile });
    const path = write('kind.pem', issued.der);
    const [strict, trust] = [
      ['-x509_strict', '-purpose', 'sslserver', '-attime', '1800000000'],
      write('ca.pem', ca.der),
    ];
    assert.match(ask('verify', ...strict, '-verify_hostname', 'localhost', '-CAfile', trust, path), /OK/);
    for (const text of [request, ask('x509', '-noout', '-text', '-in', path)]) {
      assert.match(text, shown);
      assert.match(text, /DNS:sn-1\.example\.com, DNS:localhost, URI:urn:dev:sn:SN-1/);
      assert.match(text, /TLS Web Client Authentication, TLS Web Server Authentication/);
      assert.match(text, /Key Usage: critical\s+Digital Signature\n/);
    }
    assert.match(request, new RegExp(`Signature Algorithm: ${algorithm}`));
    assert.equal(ask('req', '-noout', '-pubkey', '-in', csr), ask('x509', '-noout', '-pubkey', '-in', path));
    key.privateKey.destroy();
  });

test('a request for a CA certificate is one that openssl verifies', { skip: skipOpenssl }, async () => {
  const der = await buildCaCsr({ subject: caSubject, ca: { label: 'ca-384' }, signer });
  const path = write('ca.csr', der, 'CERTIFICATE REQUEST');
  const asked = spawnSync('openssl', ['req', '-verify', '-noout', '-text', '-in', path], { encoding: 'utf8' });
  assert.equal(asked.status, 0, asked.stderr);
  assert.match(asked.stderr + asked.stdout, /self-signature verify OK|verify OK/);
  assert.match(asked.stdout, /CA:TRUE, pathlen:0/);
  assert.match(asked.stdout, /ecdsa-with-SHA384/);
});

test("under a company's own PKI: its certificate for our request is taken over as it is", {
  skip: skipOpenssl,
}, async () => {
  const at = (name: string) => join(home.path, name);
  const csr = write(
    'own.csr',
    await buildCaCsr({ subject: caSubject, ca: { label: 'ca-384' }, signer }),
    'CERTIFICATE REQUEST',
  );
  ask(
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '9000'],
    ...[
      '-subj',
      '/CN=Company Root',
      '-addext',
      'keyUsage=critical,keyCertSign',
      '-keyout',
      at('root.key'),
      '-out',
      at('root.pem'),
    ],
  );
  // OpenSSL's own way to name a key (SHA-1) is not ours: the device must point to this one
  writeFileSync(at('ca.ext'), 'subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n');
  ask(
    ...['x509', '-req', '-in', csr, '-CA', at('root.pem'), '-CAkey', at('root.key'), '-CAcreateserial'],
    ...['-copy_extensions', 'copy', '-extfile', at('ca.ext'), '-days', '8000', '-out', at('line-ca.pem')],
  );
  const ca = derOfPem('CERTIFICATE', readFileSync(at('line-ca.pem'), 'utf8'));
  const begin = new X509Certificate(ca).validFromDate;
  const times = { notBefore: begin, notAfter: new Date(begin.getTime() + 7000 * 86_400_000) };
  const { der } = await device('ca-384', ca, times);
  const verdict = ask(
    ...['verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', at('root.pem'), '-untrusted', at('line-ca.pem')],
    write('under.pem', der),
  );
  assert.match(verdict, /OK/);
  assert.ok(new X509Certificate(der).checkIssued(new X509Certificate(ca)));
});

test('before a batch it is clear whether the CA of the token can issue at all', { skip }, async () => {
  const issuer = (await caOf('ca-256')).der;
  const good = { signer, ca: { label: 'ca-256' }, issuer, notBefore, notAfter };
  await requireCa(good);
  await requireCa({ ...good, issuer: null });
  for (const [code, wrong] of [
    ['certificate.issuer', { ca: { label: 'ca-384' } }],
    ['certificate.validity', { notAfter: new Date('2061-01-01T00:00:00Z') }],
    ['certificate.validity', { issuer: null, notAfter: notBefore }],
    ['token.refused', { issuer: null, ca: { label: 'boot' } }],
    ['token.no-key', { ca: { label: 'no such CA' } }],
  ] as const)
    await assert.rejects(requireCa({ ...good, ...wrong }), (fault) => isFault(fault, code), code);
});

test('serial numbers are positive and of full length, whatever the random bytes', () => {
  for (const byte of [0x00, 0x7f, 0x80, 0xff]) {
    const serial = serialNumberFrom(new Uint8Array(20).fill(byte));
    assert.equal(serial.length, 20);
    assert.ok(serial[0]! >= 0x40 && serial[0]! <= 0x7f);
  }
});

test('a text without the block that is looked for is a fault', () => {
  assert.throws(
    () => derOfPem('CERTIFICATE', pemOf('PUBLIC KEY', Uint8Array.of(1))),
    (fault) => isFault(fault, 'certificate.pem'),
  );
});
