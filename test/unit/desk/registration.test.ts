import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { parseCsv } from '../../../main/formats/csv.ts';
import { isFault } from '../../../main/model/fault.ts';
import type { SealedRecord } from '../../../main/model/record.ts';
import {
  type RegistrationForm,
  type RegistrationOptions,
  registrationColumns,
  registrationText,
} from '../../../main/station/registration.ts';
import { selfSigned } from '../../self-signed.ts';

const mac = (n: number) => `30:ed:a0:00:00:${n.toString(16).padStart(2, '0')}`;
const spkiOf = (pem: string) => new X509Certificate(pem).publicKey.export({ format: 'der', type: 'spki' });

/** The parts of a record that a registration tells; the rest is never read. */
function record(n: number, changes: Partial<SealedRecord> = {}, commonName = `device-${n}`): SealedRecord {
  const certificatePem = selfSigned(commonName);
  const identity = { key: 'ecdsa-p256' as const, publicKey: spkiOf(certificatePem).toString('hex'), certificatePem };
  return {
    serial: `SN-${n}`,
    chip: { kind: 'esp32p4', revision: 301, mac: mac(n), packageVersion: 0 },
    identity: { ...identity, certificateSerial: '07' },
    ...changes,
  } as SealedRecord;
}

const csrPem = '-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----\n';
const asking = (n: number) =>
  record(n, { identity: { ...record(n).identity!, certificatePem: null, certificateSerial: null, csrPem } });
const text = (records: readonly SealedRecord[], form: RegistrationForm, options?: RegistrationOptions) =>
  [...registrationText(records, form, options)].join('');
const refused = (records: readonly SealedRecord[], form: RegistrationForm, code: string) =>
  assert.throws(
    () => text(records, form),
    (error) => isFault(error, code),
  );

test('CSV: a reader of RFC 4180 gets every cell back, PEM texts and awkward serial numbers too', () => {
  const records = [record(1), record(2, { serial: 'n-"a,b"' }), asking(3)];
  const read = parseCsv(text(records, 'csv'), registrationColumns);
  assert.deepEqual(read.mistakes, []);
  assert.equal(read.rows.length, 3);
  for (const serial of ['=1+1', '-SN', '@SN']) refused([record(1, { serial })], 'csv', 'registration.name');
  for (const [at, { fields }] of read.rows.entries()) {
    const { identity, serial, chip } = records[at]!;
    assert.equal(fields.serial, serial);
    assert.equal(fields.mac, chip.mac);
    assert.equal(Buffer.from(fields.public_key!, 'base64').toString('hex'), identity!.publicKey);
    assert.equal(fields.certificate_pem ?? '', identity!.certificatePem ?? '');
    assert.equal(fields.csr_pem ?? '', identity!.csrPem ?? '');
    const raw = identity!.certificatePem && new X509Certificate(identity!.certificatePem).raw;
    assert.equal(fields.certificate_sha256, raw ? createHash('sha256').update(raw).digest('hex') : '');
  }
});

test('the point of an older record is told as a SubjectPublicKeyInfo too', () => {
  const now = record(1);
  const spki = Buffer.from(now.identity!.publicKey, 'hex');
  const { key: _, ...older } = now.identity!;
  const before = record(1, { identity: { ...older, publicKey: spki.subarray(-65).toString('hex') } });
  const [row] = parseCsv(text([before], 'csv'), registrationColumns).rows;
  assert.equal(row?.fields.key, 'ecdsa-p256');
  assert.equal(row?.fields.public_key, spki.toString('base64'));
});

test('AWS IoT: one JSON object a line, parameters of one thing, with certificate or request', () => {
  const records = [record(1), asking(2), record(3, { serial: null })];
  const lines = text(records, 'aws', { caPem: 'CA' }).trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [
      {
        ThingName: 'SN-1',
        SerialNumber: 'SN-1',
        CertificatePem: records[0]!.identity!.certificatePem,
        CACertificatePem: 'CA',
      },
      { ThingName: 'SN-2', SerialNumber: 'SN-2', CSR: csrPem },
      {
        ThingName: mac(3),
        SerialNumber: mac(3),
        CertificatePem: records[2]!.identity!.certificatePem,
        CACertificatePem: 'CA',
      },
    ],
  );
  refused([record(1, { serial: 'no thing' })], 'aws', 'registration.name');
  refused([record(1, { identity: null })], 'aws', 'registration.no-identity');
});

test('Azure: operations of ten enrollments at most, known by the common name of their certificates', () => {
  const records = Array.from({ length: 21 }, (_, n) => record(n));
  const operations = text(records, 'azure')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { mode: string; enrollments: Record<string, unknown>[] });
  assert.deepEqual(
    operations.map(({ mode, enrollments }) => [mode, enrollments.length]),
    [
      ['create', 10],
      ['create', 10],
      ['create', 1],
    ],
  );
  assert.deepEqual(operations[2]!.enrollments[0], {
    registrationId: 'device-20',
    deviceId: 'device-20',
    attestation: {
      type: 'x509',
      x509: { clientCertificates: { primary: { certificate: records[20]!.identity!.certificatePem } } },
    },
    provisioningStatus: 'enabled',
  });
  refused([record(1, {}, 'fuseline 1')], 'azure', 'registration.name');
  refused([asking(1)], 'azure', 'registration.no-certificate');
});
