import { X509Certificate } from 'node:crypto';
import { equalBytes, utf8 } from '../base/bytes.ts';
import { sha256Hex } from '../base/digest.ts';
import type { SecretBytes } from '../base/secret.ts';
import { buildDsContext, buildDsData, openDsData, readRsaKey } from '../image/ds.ts';
import { type SecureCertEntry, type SecureCertTlv, tlvTypes } from '../image/secure-cert.ts';
import { type ChipKind, chipKinds } from '../model/chip.ts';
import { isFault, RecipeFault } from '../model/fault.ts';
import { identityKeys, rsaBitsOfKey } from '../model/identity.ts';
import type { NameAttribute } from '../model/recipe.ts';
import { makeRsaDeviceKey } from '../signing/device-key.ts';
import { pemOf } from '../signing/pem.ts';
import { buildDeviceCsr } from '../signing/requests.ts';
import { spkiOfRsa } from '../signing/spki.ts';
import type { Messages } from '../words/messages.ts';
import type { CliContext } from './context.ts';
import { newWrappedKey, readWrappedKey, writeOutput } from './files.ts';
import { type SignInOptions, withWrappingKeys } from './sign-in.ts';

/** Options of `cert build` and `cert show` about the DS peripheral. */
export interface DsOptions extends SignInOptions {
  /** build: make an RSA key of this kind, as rsa-3072. */
  readonly rsa?: string;
  readonly chip?: string;
  readonly dsKeyId?: string;
  readonly subject?: string;
  readonly csr?: string;
  /** JSON of a wrapped key: the 32 bytes of the HMAC key block. */
  readonly keys?: string;
  readonly newKey?: boolean;
  /** Label of the wrapping key. */
  readonly key?: string;
}

/**
 * What the station does for an RSA identity, by hand: a new RSA key whose request is written to --csr and whose DS parameters are the
 * entries that come back. The key itself is kept nowhere.
 */
export async function dsEntries(options: DsOptions, context: CliContext): Promise<SecureCertEntry[]> {
  const kind = identityKeys.find((candidate) => candidate === options.rsa);
  const bits = kind === undefined ? null : rsaBitsOfKey(kind);
  if (kind === undefined || bits === null)
    throw wrongValue('--rsa', options.rsa, 'Give rsa-2048, rsa-3072 or rsa-4096.');
  if (!/^[0-5]$/.test(options.dsKeyId ?? '')) throw wrongValue('--ds-key-id', options.dsKeyId, 'Give 0 to 5.');
  const chip = chipOption(options.chip);
  const subject = nameOption(options.subject ?? '');
  if (options.csr === undefined)
    throw wrongValue(
      '--csr',
      undefined,
      'Name the file of the certificate request: without it nobody could certify the key.',
    );
  const rsa = await makeRsaDeviceKey(bits);
  try {
    const request = await buildDeviceCsr({ subject, key: { kind, ...rsa } });
    const data = await withHmacKey(options, context, (hmacKey) => {
      const key = rsa.privateKey.use(readRsaKey);
      try {
        return buildDsData(key, hmacKey, context.random(16), chip);
      } finally {
        key.exponent.destroy();
      }
    });
    writeOutput(options.csr, utf8(pemOf('CERTIFICATE REQUEST', request)), context);
    return [
      { type: 'ds-data', data },
      { type: 'ds-context', data: buildDsContext(Number(options.dsKeyId), bits) },
    ];
  } finally {
    rsa.privateKey.destroy();
  }
}

/** What the DS parameters of a partition hold, under the wrapped HMAC key of --keys: whether they are the key of its certificate. */
export async function describeDs(
  tlvs: readonly SecureCertTlv[],
  options: DsOptions,
  context: CliContext,
  words: Messages['terminal']['cert'],
): Promise<string> {
  const data = tlvs.find(({ type }) => type === tlvTypes.dsData)?.data;
  if (data === undefined) return words.noDs;
  const chip = chipOption(options.chip);
  return withHmacKey(options, context, (hmacKey) => {
    try {
      const { modulus, exponent, bits } = openDsData(data, hmacKey, chip);
      exponent.destroy();
      const spki = spkiOfRsa(modulus, Uint8Array.of(1, 0, 1));
      const certificate = tlvs.find(({ type }) => type === tlvTypes.deviceCertificate)?.data;
      const whose =
        certificate === undefined
          ? words.noneBeside
          : fits(certificate, spki)
            ? words.ofCertificate
            : words.notOfCertificate;
      return words.ds({ bits, digest: sha256Hex(spki), whose });
    } catch (error) {
      if (isFault(error)) return words.notUnder({ why: error.what });
      throw error;
    }
  });
}

function fits(certificate: Uint8Array, spki: Uint8Array): boolean {
  const der = certificate.at(-1) === 0 ? certificate.subarray(0, -1) : certificate;
  const certified = new X509Certificate(der).publicKey.export({ format: 'der', type: 'spki' });
  return equalBytes(new Uint8Array(certified), spki);
}

async function withHmacKey<T>(options: DsOptions, context: CliContext, use: (key: SecretBytes) => T): Promise<T> {
  if ((options.keys === undefined) === (options.newKey !== true))
    throw wrongValue('--keys', options.keys, 'Give --keys FILE, the wrapped HMAC key, or --new-key to make one.');
  const label = options.key ?? 'fuseline-wrapping';
  return await withWrappingKeys(options, context, 'cert', async (signer) => {
    using key =
      options.keys === undefined
        ? await newWrappedKey(signer, label, 32, context)
        : await signer.unwrap({ label }, readWrappedKey(options.keys));
    return use(key);
  });
}

function chipOption(chip: string | undefined): ChipKind {
  const kind = chipKinds.find((candidate) => candidate === chip);
  if (kind === undefined) throw wrongValue('--chip', chip, `Give one of ${chipKinds.join(', ')}.`);
  return kind;
}

/** `CN=device 1,O=Example`. What is no name is told when the request is made. */
function nameOption(text: string): NameAttribute[] {
  return text.split(',').map((part) => {
    const at = part.indexOf('=');
    if (at < 1) throw wrongValue('--subject', text, 'Write it as CN=device 1,O=Example.');
    return { type: part.slice(0, at).trim(), value: part.slice(at + 1).trim() };
  });
}

function wrongValue(option: string, value: string | undefined, next: string): RecipeFault {
  const what = value === undefined ? `${option} is missing.` : `${option} ${value} cannot be taken.`;
  return new RecipeFault({ code: 'cli.value', what, next });
}
