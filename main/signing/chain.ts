import { X509Certificate } from 'node:crypto';
import { concat, utf8 } from '../base/bytes.ts';
import { RecipeFault } from '../model/fault.ts';
import { readCaCertificate } from './ca-certificate.ts';
import { pemOf } from './pem.ts';

/** A device CA's certificate and those above it, checked: each was issued by the next. */
export interface CaChain {
  /** DER, the device CA's own first. */
  readonly certificates: readonly Uint8Array[];
}

/**
 * The certificates of the files (one each, PEM or DER), the device CA's own first. Throws RecipeFault `certificate.chain` where a file
 * holds none or several, one is not a CA's, or one was not issued by the next. Validity in time is not judged.
 */
export function chainOf(files: readonly Uint8Array[]): CaChain {
  const certificates = files.map((file, at) => {
    const text = Buffer.from(file.buffer, file.byteOffset, file.length).toString('latin1');
    if (text.split('-----BEGIN CERTIFICATE-----').length > 2)
      throw chainFault(`Certificate ${at + 1} of the CA chain is a file with several certificates`);
    try {
      return new X509Certificate(file);
    } catch (error) {
      throw chainFault(`Certificate ${at + 1} of the CA chain is no X.509 certificate`, error);
    }
  });
  for (const [at, certificate] of certificates.entries()) {
    if (!readCaCertificate(new Uint8Array(certificate.raw)).mayIssue)
      throw chainFault(`Certificate ${at + 1} of the CA chain may not issue certificates`);
    const above = certificates[at + 1];
    if (above !== undefined && !wasIssuedBy(certificate, above))
      throw chainFault(`Certificate ${at + 1} of the CA chain was not issued by certificate ${at + 2}`);
  }
  return { certificates: certificates.map(({ raw }) => new Uint8Array(raw)) };
}

/** What an esp_secure_cert partition takes as its CA certificate: the DER of a single one, PEM texts behind each other of several. */
export function chainForPartition({ certificates }: CaChain): Uint8Array {
  if (certificates.length === 1) return certificates[0]!;
  return concat(...certificates.map((der) => utf8(pemOf('CERTIFICATE', der))));
}

/** Throws RecipeFault `certificate.chain` unless the chain's first certificate verifies the device's (DER). */
export function requireChain(device: Uint8Array, { certificates }: CaChain): void {
  if (!wasIssuedBy(new X509Certificate(device), new X509Certificate(certificates[0]!)))
    throw chainFault('The certificate that was issued is not verified by the first certificate of the CA chain');
}

function wasIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function chainFault(what: string, cause?: unknown): RecipeFault {
  return new RecipeFault({
    code: 'certificate.chain',
    what: `${what}.`,
    next: "Name one file a certificate in identity.certificate.ca_chain: the device CA's first, then the one that issued it, and so on.",
    cause,
  });
}
