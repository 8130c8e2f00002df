import { createHash } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AuthorityKeyIdentifier,
  BasicConstraints,
  ExtendedKeyUsage,
  Extension,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectKeyIdentifier,
  id_kp_clientAuth,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
} from '@peculiar/asn1-x509';

export type CertificatePurpose = 'client-auth' | 'server-auth';

const purposeOids: Readonly<Record<CertificatePurpose, string>> = {
  'client-auth': id_kp_clientAuth,
  'server-auth': id_kp_serverAuth,
};

export function deviceConstraints(): Extension {
  return extension(id_ce_basicConstraints, true, new BasicConstraints());
}

export function deviceUsage(): Extension {
  return extension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.digitalSignature));
}

export function purposesOf(purposes: readonly CertificatePurpose[]): Extension {
  return extension(id_ce_extKeyUsage, false, new ExtendedKeyUsage(purposes.map((purpose) => purposeOids[purpose])));
}

/** A CA that issues devices and no further CA. */
export function caConstraints(): Extension {
  return extension(id_ce_basicConstraints, true, new BasicConstraints({ cA: true, pathLenConstraint: 0 }));
}

export function caUsage(): Extension {
  return extension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign));
}

export function subjectKeyId(key: SubjectPublicKeyInfo): Extension {
  return extension(id_ce_subjectKeyIdentifier, false, new SubjectKeyIdentifier(keyIdOf(key)));
}

/** The CA's key, or the identifier that its own certificate gives it. */
export function authorityKeyId(ca: SubjectPublicKeyInfo | ArrayBuffer): Extension {
  const keyIdentifier = new KeyIdentifier(ca instanceof SubjectPublicKeyInfo ? keyIdOf(ca) : ca);
  return extension(id_ce_authorityKeyIdentifier, false, new AuthorityKeyIdentifier({ keyIdentifier }));
}

/** RFC 7093, 2, method 1: the leftmost 160 bits of SHA-256 over the key bits. */
function keyIdOf(key: SubjectPublicKeyInfo): ArrayBuffer {
  const hash = createHash('sha256').update(new Uint8Array(key.subjectPublicKey)).digest();
  return new Uint8Array(hash.subarray(0, 20)).buffer;
}

function extension(extnID: string, critical: boolean, value: object): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}
