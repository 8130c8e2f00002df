import { createHash } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AuthorityKeyIdentifier,
  BasicConstraints,
  ExtendedKeyUsage,
  Extension,
  GeneralName,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_clientAuth,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
} from '@peculiar/asn1-x509';
import { RecipeFault } from '../model/fault.ts';

export type CertificatePurpose = 'client-auth' | 'server-auth';

/** Names of a device beside its subject. */
export interface AlternativeNames {
  /** Host names, in ASCII (RFC 1123). */
  readonly dns: readonly string[];
  /** Absolute URIs, such as urn:dev:mac:30eda0e12204. */
  readonly uri: readonly string[];
}

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

/** Null without any name. Throws RecipeFault `certificate.alternative-name` for one that is neither a host name nor an absolute URI. */
export function alternativeNames({ dns, uri }: AlternativeNames): Extension | null {
  if (dns.length + uri.length === 0) return null;
  for (const name of dns)
    if (name.length > 253 || !/^(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*$/.test(name))
      throw nameFault(`${JSON.stringify(name)} is no host name`, 'letters, digits and hyphens, with dots between them');
  for (const name of uri)
    if (!/^[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-Z_a-z~[\]%]+$/.test(name))
      throw nameFault(
        `${JSON.stringify(name)} is no absolute URI`,
        'a scheme, a colon and more, as urn:dev:mac:30eda0e12204',
      );
  const names = [
    ...dns.map((dNSName) => new GeneralName({ dNSName })),
    ...uri.map((uniformResourceIdentifier) => new GeneralName({ uniformResourceIdentifier })),
  ];
  return extension(id_ce_subjectAltName, false, new SubjectAlternativeName(names));
}

function nameFault(what: string, form: string): RecipeFault {
  return new RecipeFault({
    code: 'certificate.alternative-name',
    what: `The alternative name ${what}.`,
    next: `Write ${form}: identity.certificate.alternative_names in the recipe.`,
  });
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
