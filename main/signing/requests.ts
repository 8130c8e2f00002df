import { createPrivateKey, sign as createSignature } from 'node:crypto';
import { Attributes, CertificationRequest, CertificationRequestInfo } from '@peculiar/asn1-csr';
import { AsnConvert } from '@peculiar/asn1-schema';
import { AlgorithmIdentifier, Attribute, type Extension, Extensions } from '@peculiar/asn1-x509';
import type { SecretBytes } from '../base/secret.ts';
import { curveOfKey, type IdentityKey } from '../model/identity.ts';
import { algorithmOf, caKey, ecdsaAlgorithm, parseSpki, signDer } from './ca-key.ts';
import { type DeviceCertificateProfile, deviceExtensions, tlsClient } from './certificates.ts';
import { signEcdsa } from './device-key.ts';
import { caConstraints, caUsage } from './extensions.ts';
import { type NameAttribute, nameOf } from './names.ts';
import type { KeyRef, Signer } from './signer.ts';

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

/** PKCS #9 extensionRequest. */
const extensionRequest = '1.2.840.113549.1.9.14';

/** RFC 4055, section 5: its parameters are NULL. */
const sha256WithRSAEncryption = new AlgorithmIdentifier({
  algorithm: '1.2.840.113549.1.1.11',
  parameters: Uint8Array.of(5, 0).buffer,
});
