import { AsnConvert } from '@peculiar/asn1-schema';
import {
  Certificate,
  type Extension,
  Extensions,
  type Name,
  type SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';
import { equalBytes, toHex } from '../base/bytes.ts';
import { RecipeFault } from '../model/fault.ts';
import { type CaCertificate, readCaCertificate } from './ca-certificate.ts';
import { algorithmOf, type CaKey, caKey, parseSpki, signDer } from './ca-key.ts';
import {
  type AlternativeNames,
  alternativeNames,
  authorityKeyId,
  type CertificatePurpose,
  caConstraints,
  caUsage,
  deviceConstraints,
  deviceUsage,
  purposesOf,
  subjectKeyId,
} from './extensions.ts';
import { type NameAttribute, nameOf } from './names.ts';
import type { KeyRef, Signer } from './signer.ts';

export interface IssuedCertificate {
  readonly der: Uint8Array;
  /** Lower-case hex, two digits a byte. */
  readonly serialNumber: string;
}

/** What certificates of devices have in common; from the recipe. */
export interface DeviceCertificateProfile {
  /** Extended key usage; what the device shows the certificate for. */
  readonly purposes: readonly CertificatePurpose[];
  /** Names beside the subject; none where left out. */
  readonly alternativeNames?: AlternativeNames;
}

export const tlsClient: DeviceCertificateProfile = { purposes: ['client-auth'] };

interface Issue {
  readonly subject: readonly NameAttribute[];
  /** 16 to 20 bytes big-endian, positive: see serialNumberFrom. */
  readonly serialNumber: Uint8Array;
  /** Whole seconds count. 9999-12-31T23:59:59Z says that it does not end (RFC 5280, 4.1.2.5). */
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly ca: KeyRef;
  readonly signer: Signer;
}

/**
 * An X.509 v3 certificate for a device, signed by a CA key of the token: not a CA (critical), digitalSignature (critical), extended key
 * usage of the profile, SKI and AKI; ECDSA with the hash of the CA's curve. DER.
 *
 * The issuer is best given as the CA's certificate (DER): its name and key identifier are taken over byte for byte, and it is checked
 * that it belongs to this very key and that it outlives the device's. A list of attributes serves where there is none yet.
 *
 * Rejects with RecipeFault `certificate.*` for what cannot become a valid certificate, TokenFault for the key or the token.
 */
export async function issueDeviceCertificate(
  options: Issue & {
    readonly issuer: readonly NameAttribute[] | Uint8Array;
    /** DER SubjectPublicKeyInfo of the device's key, ECDSA or RSA. */
    readonly spki: Uint8Array;
    readonly profile?: DeviceCertificateProfile;
  },
): Promise<IssuedCertificate> {
  const { issuer, profile = tlsClient } = options;
  const key = await caKey(options.signer, options.ca);
  const spki = parseSpki(options.spki);
  const ca =
    issuer instanceof Uint8Array
      ? checkedCa(readCaCertificate(issuer), key, options)
      : { subject: nameOf(issuer), keyId: undefined };
  return issue(options, key, ca.subject, spki, [
    ...deviceExtensions(profile),
    subjectKeyId(spki),
    authorityKeyId(ca.keyId ?? parseSpki(key.spki)),
  ]);
}

/** What every device of a profile is allowed and called, in certificates and requests alike. */
export function deviceExtensions({ purposes, alternativeNames: names }: DeviceCertificateProfile): Extension[] {
  const named = names === undefined ? null : alternativeNames(names);
  return [deviceConstraints(), deviceUsage(), purposesOf(purposes), ...(named === null ? [] : [named])];
}

/**
 * Whether a CA of the token could issue certificates for this time under its own certificate (DER; null: its name alone is known).
 * Rejects as issueDeviceCertificate does.
 */
export async function requireCa(
  options: Pick<Issue, 'signer' | 'ca' | 'notBefore' | 'notAfter'> & { readonly issuer: Uint8Array | null },
): Promise<void> {
  const key = await caKey(options.signer, options.ca);
  requireOrder(options);
  if (options.issuer !== null) checkedCa(readCaCertificate(options.issuer), key, options);
}

/** A self-signed CA certificate for a key of the token: CA, path length 0 (critical), keyCertSign and cRLSign (critical), SKI, AKI. */
export async function issueCaCertificate(options: Issue): Promise<IssuedCertificate> {
  const key = await caKey(options.signer, options.ca);
  const spki = parseSpki(key.spki);
  const extensions = [caConstraints(), caUsage(), subjectKeyId(spki), authorityKeyId(spki)];
  return issue(options, key, nameOf(options.subject), spki, extensions);
}

/**
 * Random bytes (16 to 20, of the token) as a serial number: positive and of full length, whatever the bytes are. At least 126 bits of
 * chance are left.
 */
export function serialNumberFrom(random: Uint8Array): Uint8Array {
  const serial = random.slice();
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  return serial;
}

async function issue(
  { subject, serialNumber, notBefore, notAfter, signer }: Issue,
  key: CaKey,
  issuer: Name,
  subjectPublicKeyInfo: SubjectPublicKeyInfo,
  extensions: ConstructorParameters<typeof Extensions>[0],
): Promise<IssuedCertificate> {
  if (serialNumber.length < 16 || serialNumber.length > 20 || serialNumber[0] === 0 || serialNumber[0]! > 0x7f)
    throw refusal('serial-number', 'The serial number is not a positive number of 16 to 20 bytes');
  requireOrder({ notBefore, notAfter });
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber.slice().buffer,
    signature: algorithmOf(key),
    issuer,
    validity: new Validity({ notBefore, notAfter }),
    subject: nameOf(subject),
    subjectPublicKeyInfo,
    extensions: new Extensions(extensions),
  });
  const signatureValue = await signDer(signer, key, AsnConvert.serialize(tbsCertificate));
  const certificate = new Certificate({ tbsCertificate, signatureAlgorithm: algorithmOf(key), signatureValue });
  return { der: new Uint8Array(AsnConvert.serialize(certificate)), serialNumber: toHex(serialNumber) };
}

function requireOrder({ notBefore, notAfter }: Pick<Issue, 'notBefore' | 'notAfter'>): void {
  const inOrder = secondsOf(notBefore) < secondsOf(notAfter);
  if (!inOrder || notBefore.getUTCFullYear() < 1950 || notAfter.getUTCFullYear() > 9999)
    throw refusal('validity', 'The certificate would end before it begins, or lie outside the years 1950 to 9999');
}

/** The CA's certificate, once it is clear that it is the one of this key and lasts longer than what is issued under it. */
function checkedCa(
  ca: CaCertificate,
  key: CaKey,
  { notBefore, notAfter }: Pick<Issue, 'notBefore' | 'notAfter'>,
): CaCertificate {
  if (!equalBytes(ca.spki, key.spki))
    throw refusal('issuer', `The CA certificate is for another key than '${key.label}' of the token`);
  if (!ca.mayIssue) throw refusal('issuer', 'The certificate given as the issuer is not one of a CA');
  // certificates know whole seconds only
  if (secondsOf(notBefore) < secondsOf(ca.notBefore) || secondsOf(notAfter) > secondsOf(ca.notAfter))
    throw refusal('validity', "The device's certificate would be valid outside the time of the CA's");
  return ca;
}

function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

function refusal(what: string, sentence: string): RecipeFault {
  return new RecipeFault({
    code: `certificate.${what}`,
    what: `${sentence}.`,
    next: 'Correct the certificate section of the recipe, or the CA certificate that it names.',
  });
}
