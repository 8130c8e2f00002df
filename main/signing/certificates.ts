import { createHash } from 'node:crypto';
import { Attributes, CertificationRequest, CertificationRequestInfo } from '@peculiar/asn1-csr';
import { ECDSASigValue, id_ecdsaWithSHA256, id_ecdsaWithSHA384 } from '@peculiar/asn1-ecc';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  Attribute,
  Certificate,
  Extensions,
  type Name,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';
import { equalBytes, toHex } from '../base/bytes.ts';
import { RecipeFault, TokenFault } from '../model/fault.ts';
import { type CaCertificate, readCaCertificate } from './ca-certificate.ts';
import {
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
import type { KeyRef, Signer, TokenKey } from './signer.ts';
import { type CurveName, coordinateLength, spkiOfPoint } from './spki.ts';

export interface IssuedCertificate {
  readonly der: Uint8Array;
  /** Lower-case hex, two digits a byte. */
  readonly serialNumber: string;
}

/** What certificates of devices have in common; from the recipe. */
export interface DeviceCertificateProfile {
  /** Extended key usage; what the device shows the certificate for. */
  readonly purposes: readonly CertificatePurpose[];
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
    /** Uncompressed SEC1 point of the device's key. */
    readonly publicKey: Uint8Array;
    /** The curve of it; P-256 unless told. */
    readonly curve?: CurveName;
    readonly profile?: DeviceCertificateProfile;
  },
): Promise<IssuedCertificate> {
  const { issuer, publicKey, profile = tlsClient } = options;
  const key = await caKey(options.signer, options.ca);
  const spki = parseSpki(spkiOfPoint(options.curve ?? 'P-256', publicKey));
  const ca =
    issuer instanceof Uint8Array
      ? checkedCa(readCaCertificate(issuer), key, options)
      : { subject: nameOf(issuer), keyId: undefined };
  return issue(options, key, ca.subject, spki, [
    deviceConstraints(),
    deviceUsage(),
    purposesOf(profile.purposes),
    subjectKeyId(spki),
    authorityKeyId(ca.keyId ?? parseSpki(key.spki)),
  ]);
}

/** A self-signed CA certificate for a key of the token: CA, path length 0 (critical), keyCertSign and cRLSign (critical), SKI, AKI. */
export async function issueCaCertificate(options: Issue): Promise<IssuedCertificate> {
  const key = await caKey(options.signer, options.ca);
  const spki = parseSpki(key.spki);
  const extensions = [caConstraints(), caUsage(), subjectKeyId(spki), authorityKeyId(spki)];
  return issue(options, key, nameOf(options.subject), spki, extensions);
}

/** A PKCS #10 request (RFC 2986, DER) for a CA key of the token, asking to be a CA of path length 0. For a company's own PKI. */
export async function buildCaCsr(options: {
  readonly subject: readonly NameAttribute[];
  readonly ca: KeyRef;
  readonly signer: Signer;
}): Promise<Uint8Array> {
  const key = await caKey(options.signer, options.ca);
  const wanted = AsnConvert.serialize(new Extensions([caConstraints(), caUsage()]));
  const info = new CertificationRequestInfo({
    subject: nameOf(options.subject),
    subjectPKInfo: parseSpki(key.spki),
    attributes: new Attributes([new Attribute({ type: extensionRequest, values: [wanted] })]),
  });
  const signature = await signDer(options.signer, key, AsnConvert.serialize(info));
  const request = new CertificationRequest({
    certificationRequestInfo: info,
    signatureAlgorithm: algorithmOf(key),
    signature,
  });
  return new Uint8Array(AsnConvert.serialize(request));
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

/** PKCS #9 extensionRequest. */
const extensionRequest = '1.2.840.113549.1.9.14';

interface CaKey extends TokenKey {
  readonly spki: Uint8Array;
  readonly curve: CurveName;
}

async function caKey(signer: Signer, ref: KeyRef): Promise<CaKey> {
  const key = await signer.findKey(ref);
  const curve = key.algorithm === 'ecdsa-p256' ? 'P-256' : key.algorithm === 'ecdsa-p384' ? 'P-384' : null;
  if (curve !== null && key.spki !== null && key.use !== 'secure-boot') return { ...key, spki: key.spki, curve };
  const why =
    curve === null
      ? `is of the kind ${key.algorithm}; certificates are signed with P-256 or P-384 here`
      : key.spki === null
        ? 'has no public key beside it in the token'
        : 'signs firmware, and a key has one use only';
  throw new TokenFault({
    code: 'token.refused',
    what: `The key '${key.label}' cannot sign certificates: it ${why}.`,
    next: 'Name or make a key for device-ca.',
    details: { label: key.label, algorithm: key.algorithm, use: key.use },
  });
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
  if (
    !(secondsOf(notBefore) < secondsOf(notAfter)) ||
    notBefore.getUTCFullYear() < 1950 ||
    notAfter.getUTCFullYear() > 9999
  )
    throw refusal('validity', 'The certificate would end before it begins, or lie outside the years 1950 to 9999');
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

/** The CA's certificate, once it is clear that it is the one of this key and lasts longer than what is issued under it. */
function checkedCa(ca: CaCertificate, key: CaKey, { notBefore, notAfter }: Issue): CaCertificate {
  if (!equalBytes(ca.spki, key.spki))
    throw refusal('issuer', `The CA certificate is for another key than '${key.label}' of the token`);
  if (!ca.mayIssue) throw refusal('issuer', 'The certificate given as the issuer is not one of a CA');
  // certificates know whole seconds only
  if (secondsOf(notBefore) < secondsOf(ca.notBefore) || secondsOf(notAfter) > secondsOf(ca.notAfter))
    throw refusal('validity', "The device's certificate would be valid outside the time of the CA's");
  return ca;
}

/** Signs DER with the CA key; a DER Ecdsa-Sig-Value. */
async function signDer(signer: Signer, key: CaKey, der: ArrayBuffer): Promise<ArrayBuffer> {
  const digest = createHash(key.curve === 'P-256' ? 'sha256' : 'sha384')
    .update(new Uint8Array(der))
    .digest();
  // by id and public key: the very key whose name and identifier stand in the certificate
  const ref = { label: key.label, id: key.id, publicKeySha256: key.publicKeySha256! };
  const signature = await signer.sign(ref, 'ecdsa', digest);
  const half = coordinateLength[key.curve];
  const [r, s] = [integerOf(signature.subarray(0, half)), integerOf(signature.subarray(half))];
  return AsnConvert.serialize(new ECDSASigValue({ r, s }));
}

/** Content of a DER INTEGER: no leading zeros, but one where the number would look negative. */
function integerOf(bytes: Uint8Array): ArrayBuffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const digits = bytes.subarray(start);
  const padded = new Uint8Array(digits.length + (digits[0]! > 0x7f ? 1 : 0));
  padded.set(digits, padded.length - digits.length);
  return padded.buffer;
}

function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

function algorithmOf(key: CaKey): AlgorithmIdentifier {
  return new AlgorithmIdentifier({ algorithm: key.curve === 'P-256' ? id_ecdsaWithSHA256 : id_ecdsaWithSHA384 });
}

function parseSpki(spki: Uint8Array): SubjectPublicKeyInfo {
  return AsnConvert.parse(spki, SubjectPublicKeyInfo);
}

function refusal(what: string, sentence: string): RecipeFault {
  return new RecipeFault({
    code: `certificate.${what}`,
    what: `${sentence}.`,
    next: 'Correct the certificate section of the recipe, or the CA certificate that it names.',
  });
}
