import { createHash, createPrivateKey, sign as createSignature } from 'node:crypto';
import { Attributes, CertificationRequest, CertificationRequestInfo } from '@peculiar/asn1-csr';
import { id_ecdsaWithSHA256, id_ecdsaWithSHA384 } from '@peculiar/asn1-ecc';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  Attribute,
  Certificate,
  type Extension,
  Extensions,
  type Name,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';
import { equalBytes, toHex } from '../base/bytes.ts';
import type { SecretBytes } from '../base/secret.ts';
import { RecipeFault, TokenFault } from '../model/fault.ts';
import { curveOfKey, type IdentityKey } from '../model/identity.ts';
import { type CaCertificate, readCaCertificate } from './ca-certificate.ts';
import { signEcdsa } from './device-key.ts';
import { ecdsaDer } from './ecdsa-der.ts';
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
import type { KeyRef, Signer, TokenKey } from './signer.ts';
import type { CurveName } from './spki.ts';

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
function deviceExtensions({ purposes, alternativeNames: names }: DeviceCertificateProfile): Extension[] {
  const named = names === undefined ? null : alternativeNames(names);
  return [deviceConstraints(), deviceUsage(), purposesOf(purposes), ...(named === null ? [] : [named])];
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
  const sign = (info: ArrayBuffer) => signDer(options.signer, key, info);
  return request(options.subject, key.spki, [caConstraints(), caUsage()], algorithmOf(key), sign);
}

/** What signs a device's request: its own key, while the station still has it. */
export interface DeviceRequestKey {
  readonly kind: IdentityKey;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** ECDSA: the scalar, big-endian; RSA: DER RSAPrivateKey (PKCS #1). Only lent. */
  readonly privateKey: SecretBytes;
}

/**
 * A PKCS #10 request (RFC 2986, DER) by a device's own key for a certificate of this profile: for a company whose CA is elsewhere. ECDSA
 * with the hash of the curve; RSA as sha256WithRSAEncryption.
 */
export function buildDeviceCsr(options: {
  readonly subject: readonly NameAttribute[];
  readonly key: DeviceRequestKey;
  readonly profile?: DeviceCertificateProfile;
}): Promise<Uint8Array> {
  const { subject, key, profile = tlsClient } = options;
  const curve = curveOfKey(key.kind);
  const algorithm = curve === null ? sha256WithRSAEncryption : ecdsaAlgorithm(curve);
  const sign = (info: ArrayBuffer) =>
    key.privateKey.use((bytes) =>
      bufferOf(curve === null ? signRsa(bytes, info) : signEcdsa(curve, bytes, new Uint8Array(info))),
    );
  return request(subject, key.spki, deviceExtensions(profile), algorithm, async (info) => sign(info));
}

function signRsa(pkcs1: Uint8Array, message: ArrayBuffer): Uint8Array {
  // not copied: the Buffer is a view of the lent bytes
  const der = Buffer.from(pkcs1.buffer, pkcs1.byteOffset, pkcs1.length);
  return createSignature(
    'sha256',
    new Uint8Array(message),
    createPrivateKey({ key: der, format: 'der', type: 'pkcs1' }),
  );
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

async function request(
  subject: readonly NameAttribute[],
  spki: Uint8Array,
  wanted: Extension[],
  signatureAlgorithm: AlgorithmIdentifier,
  sign: (info: ArrayBuffer) => Promise<ArrayBuffer>,
): Promise<Uint8Array> {
  const info = new CertificationRequestInfo({
    subject: nameOf(subject),
    subjectPKInfo: parseSpki(spki),
    attributes: new Attributes([
      new Attribute({ type: extensionRequest, values: [AsnConvert.serialize(new Extensions(wanted))] }),
    ]),
  });
  const signature = await sign(AsnConvert.serialize(info));
  const whole = new CertificationRequest({ certificationRequestInfo: info, signatureAlgorithm, signature });
  return new Uint8Array(AsnConvert.serialize(whole));
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
  return ecdsaDer(await signer.sign(ref, 'ecdsa', digest));
}

function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

function algorithmOf(key: CaKey): AlgorithmIdentifier {
  return ecdsaAlgorithm(key.curve);
}

function ecdsaAlgorithm(curve: CurveName): AlgorithmIdentifier {
  return new AlgorithmIdentifier({ algorithm: curve === 'P-256' ? id_ecdsaWithSHA256 : id_ecdsaWithSHA384 });
}

/** RFC 4055, section 5: its parameters are NULL. */
const sha256WithRSAEncryption = new AlgorithmIdentifier({
  algorithm: '1.2.840.113549.1.1.11',
  parameters: Uint8Array.of(5, 0).buffer,
});

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
