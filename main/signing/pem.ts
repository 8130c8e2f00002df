import { RecipeFault } from '../model/fault.ts';

export type PemLabel = 'CERTIFICATE' | 'CERTIFICATE REQUEST' | 'PUBLIC KEY';

/** RFC 7468 text of DER bytes, 64 characters a line. */
export function pemOf(label: PemLabel, der: Uint8Array): string {
  const base64 = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** DER bytes of the first PEM block of this label; text around it is passed over. Throws RecipeFault `certificate.pem` without one. */
export function derOfPem(label: PemLabel, text: string): Uint8Array {
  const block = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`).exec(text);
  if (block === null)
    throw new RecipeFault({
      code: 'certificate.pem',
      what: `The text holds no PEM block '${label}'.`,
      next: 'Give the right file, in PEM form.',
    });
  return new Uint8Array(Buffer.from(block[1]!, 'base64'));
}
