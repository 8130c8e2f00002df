import { X509Certificate } from 'node:crypto';
import { sha256Hex } from '../base/digest.ts';
import { csvLine, isFormula } from '../formats/csv-line.ts';
import type { LedgerReader } from '../ledger/ledger.ts';
import { RecipeFault } from '../model/fault.ts';
import type { SealedRecord } from '../model/record.ts';
import { recordSpki } from '../recipe/steps/proof.ts';

/** What a cloud is told of the devices of a batch. */
export const registrationForms = ['csv', 'aws', 'azure'] as const;
export type RegistrationForm = (typeof registrationForms)[number];

export interface RegistrationOptions {
  /** PEM of the certificate of the CA that issued the devices' (form aws): added to every line. */
  readonly caPem?: string;
}

/**
 * A file that registers devices in bulk, as pieces of text.
 *
 * csv: a line of names (`registrationColumns`), then one record a device (RFC 4180, CRLF); the public key is the base64 of its DER
 *   SubjectPublicKeyInfo, digests are hex, PEM texts keep their line ends.
 * aws: newline-delimited JSON for AWS IoT's StartThingRegistrationTask, each line the parameters of one thing: ThingName, SerialNumber and
 *   CertificatePem (with CACertificatePem where the CA is given), or CSR for a device that waits for its certificate. AWS IoT Core
 *   developer guide, "Bulk registration" and "Provisioning templates".
 * azure: each line the body of one "Individual Enrollment - Run Bulk Operation" (POST enrollments?api-version=2021-10-01) of the Device
 *   Provisioning Service: {mode, enrollments} with at most ten enrollments, attested by the device certificate (PEM). The registration id
 *   is the common name of the certificate's subject, as the service demands it. Azure REST reference, Device Provisioning Service.
 *
 * Throws RecipeFault `registration.no-identity`, `registration.no-certificate` and `registration.name` for a device that the form cannot
 * tell of.
 */
export function* registrationText(
  records: Iterable<SealedRecord>,
  form: RegistrationForm,
  options: RegistrationOptions = {},
): Generator<string> {
  if (form === 'csv') {
    yield csvLine(registrationColumns);
    for (const record of records) yield csvLine(csvCells(record));
  } else if (form === 'aws') {
    for (const record of records) yield `${JSON.stringify(awsParameters(record, options))}\n`;
  } else {
    let enrollments: unknown[] = [];
    for (const record of records) {
      enrollments.push(azureEnrollment(record));
      if (enrollments.length < azureMost) continue;
      yield `${JSON.stringify({ mode: 'create', enrollments })}\n`;
      enrollments = [];
    }
    if (enrollments.length > 0) yield `${JSON.stringify({ mode: 'create', enrollments })}\n`;
  }
}

export const registrationColumns = [
  ...['serial', 'mac', 'key', 'certificate_serial', 'certificate_sha256', 'public_key', 'certificate_pem', 'csr_pem'],
] as const;

/** Enrollments that one bulk operation takes. */
const azureMost = 10;

function csvCells(record: SealedRecord): string[] {
  const identity = identityOf(record);
  // what a machine reads must not be another text than the device's, and what a person opens must not run
  if (record.serial !== null && isFormula(record.serial))
    throw unfitName(record, record.serial, 'a cell that a spreadsheet leaves alone: it begins as a formula does');
  const { certificatePem, certificateSerial, key = 'ecdsa-p256', csrPem } = identity;
  const digest = certificatePem === null ? '' : sha256Hex(new X509Certificate(certificatePem).raw);
  const publicKey = Buffer.from(recordSpki(identity.publicKey)).toString('base64');
  return [
    ...[record.serial ?? '', record.chip.mac, key, certificateSerial ?? '', digest, publicKey],
    ...[certificatePem ?? '', csrPem ?? ''],
  ];
}

function awsParameters(record: SealedRecord, { caPem }: RegistrationOptions): Record<string, string> {
  const { certificatePem, csrPem } = identityOf(record);
  const name = record.serial ?? record.chip.mac;
  if (!/^[a-zA-Z0-9:_-]{1,128}$/.test(name))
    throw unfitName(
      record,
      name,
      'a thing name of AWS IoT: letters, digits, colon, hyphen and underscore, 128 at most',
    );
  const told = { ThingName: name, SerialNumber: record.serial ?? name };
  if (certificatePem !== null)
    return { ...told, CertificatePem: certificatePem, ...(caPem === undefined ? {} : { CACertificatePem: caPem }) };
  return { ...told, CSR: csrPem! };
}

function azureEnrollment(record: SealedRecord): Record<string, unknown> {
  const { certificatePem } = identityOf(record);
  if (certificatePem === null)
    throw new RecipeFault({
      code: 'registration.no-certificate',
      what: `The device ${record.chip.mac} has a request for a certificate and no certificate, by which Azure would know it.`,
      next: 'Register it where its certificate was issued, or choose the form csv.',
    });
  const subject = new X509Certificate(certificatePem).toLegacyObject().subject as { readonly CN?: unknown };
  const name = subject.CN;
  if (typeof name !== 'string' || !/^[A-Za-z0-9]([A-Za-z0-9:._-]{0,126}[A-Za-z0-9])?$/.test(name))
    throw unfitName(
      record,
      typeof name === 'string' ? name : '(no common name)',
      'a registration id of Azure: letters and digits, between them also colon, dot, hyphen and underscore; it must be the common name of the certificate',
    );
  return {
    registrationId: name,
    deviceId: name,
    attestation: { type: 'x509', x509: { clientCertificates: { primary: { certificate: certificatePem } } } },
    provisioningStatus: 'enabled',
  };
}

function identityOf({ identity, chip }: SealedRecord): NonNullable<SealedRecord['identity']> {
  if (identity !== null) return identity;
  throw new RecipeFault({
    code: 'registration.no-identity',
    what: `The device ${chip.mac} has no identity by which a cloud could know it.`,
    next: 'Choose devices whose recipe has an identity.',
  });
}

function unfitName({ chip }: SealedRecord, name: string, form: string): RecipeFault {
  return new RecipeFault({
    code: 'registration.name',
    what: `The device ${chip.mac} is called ${JSON.stringify(name)}, which is not ${form}.`,
    next: 'Let the recipe give names of that form (serial, or CN in identity.certificate.subject), or choose the form csv.',
  });
}

/** Devices asked of the ledger at once. */
const page = 1000;

/**
 * The sealed devices of a batch, or of every batch of an order, oldest batch first. Throws RecipeFault `registration.no-batch` where the
 * ledger knows neither.
 */
export async function* sealedOf(ledger: LedgerReader, batchOrOrder: string): AsyncGenerator<SealedRecord> {
  const batches = (await ledger.batches()).filter(({ id, order }) => id === batchOrOrder || order === batchOrOrder);
  if (batches.length === 0)
    throw new RecipeFault({
      code: 'registration.no-batch',
      what: `The ledger knows no batch and no order ${JSON.stringify(batchOrOrder)}.`,
      next: 'Give the id of a batch or the order it was started with; audit list shows batches.',
    });
  for (const { id } of batches)
    for (let offset = 0; ; offset += page) {
      const rows = await ledger.devices({ batch: id, outcome: 'sealed', limit: page, offset });
      for (const { mac } of rows) {
        const record = await ledger.sealedDevice(mac);
        if (record !== null) yield record;
      }
      if (rows.length < page) break;
    }
}
