import { generateKeyPairSync, sign } from 'node:crypto';

/** The smallest certificate that a reader takes: DER by hand, signed by its own key, which nobody keeps. PEM. */
export function selfSigned(commonName = 'device'): string {
  return selfSignedPair(commonName).certificate;
}

/** The same with its key, both PEM. */
export function selfSignedPair(commonName: string): { readonly certificate: string; readonly key: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = (tag: number, ...parts: Uint8Array[]): Buffer => {
    const body = Buffer.concat(parts);
    const size =
      body.length < 128
        ? [body.length]
        : body.length < 256
          ? [0x81, body.length]
          : [0x82, body.length >> 8, body.length & 255];
    return Buffer.concat([Uint8Array.of(tag, ...size), body]);
  };
  const algorithm = der(0x30, Buffer.from('06082a8648ce3d040302', 'hex'));
  const name = der(0x30, der(0x31, der(0x30, Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from(commonName)))));
  const validity = der(0x30, der(0x17, Buffer.from('260101000000Z')), der(0x17, Buffer.from('460101000000Z')));
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const body = der(0x30, der(0x02, Uint8Array.of(7)), algorithm, name, validity, name, spki);
  const certificate = der(0x30, body, algorithm, der(0x03, Uint8Array.of(0), sign('sha256', body, privateKey)));
  const base64 = certificate.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n');
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    key: String(privateKey.export({ format: 'pem', type: 'pkcs8' })),
  };
}
