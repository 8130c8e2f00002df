import { AsnConvert } from '@peculiar/asn1-schema';
import {
  BasicConstraints,
  Certificate,
  id_ce_basicConstraints,
  id_ce_keyUsage,
  id_ce_subjectKeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  type Name,
  SubjectKeyIdentifier,
} from '@peculiar/asn1-x509';
import { RecipeFault } from '../model/fault.ts';

/** What a CA's certificate says that matters to those it issues. */
export interface CaCertificate {
  readonly subject: Name;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** Its subject key identifier; absent where it has none. */
  readonly keyId?: ArrayBuffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** basicConstraints says CA, and key usage, where there is one, lets it sign certificates. */
  readonly mayIssue: boolean;
}

/** Reads a CA's certificate (DER). Throws RecipeFault `certificate.issuer` for bytes that are none. Verifies no signature. */
export function readCaCertificate(der: Uint8Array): CaCertificate {
  try {
    const { tbsCertificate } = AsnConvert.parse(der, Certificate);
    const contentOf = (oid: string) =>
      tbsCertificate.extensions?.find(({ extnID }) => extnID === oid)?.extnValue.buffer;
    const constraints = contentOf(id_ce_basicConstraints);
    const usage = contentOf(id_ce_keyUsage);
    const keyId = contentOf(id_ce_subjectKeyIdentifier);
    const isCa = constraints !== undefined && AsnConvert.parse(constraints, BasicConstraints).cA;
    const signsCertificates =
      usage === undefined || (AsnConvert.parse(usage, KeyUsage).toNumber() & KeyUsageFlags.keyCertSign) !== 0;
    return {
      subject: tbsCertificate.subject,
      spki: new Uint8Array(AsnConvert.serialize(tbsCertificate.subjectPublicKeyInfo)),
      ...(keyId === undefined ? {} : { keyId: AsnConvert.parse(keyId, SubjectKeyIdentifier).buffer }),
      notBefore: tbsCertificate.validity.notBefore.getTime(),
      notAfter: tbsCertificate.validity.notAfter.getTime(),
      mayIssue: isCa && signsCertificates,
    };
  } catch (cause) {
    throw new RecipeFault({
      code: 'certificate.issuer',
      what: 'The CA certificate cannot be read.',
      next: 'Give the certificate of the CA in DER or PEM form.',
      cause,
    });
  }
}
