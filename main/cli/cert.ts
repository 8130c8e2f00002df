import { X509Certificate } from 'node:crypto';
import { viewOf } from '../base/bytes.ts';
import { sha256Hex } from '../base/digest.ts';
import { bytesText } from '../base/number-text.ts';
import {
  buildSecureCert,
  parseSecureCert,
  type SecureCertEntry,
  type SecureCertTlv,
  tlvNameOf,
  tlvTypes,
  withIntegrity,
} from '../image/secure-cert.ts';
import { RecipeFault } from '../model/fault.ts';
import type { Messages } from '../words/messages.ts';
import { english } from '../words/told.ts';
import { type DsOptions, describeDs, dsEntries } from './cert-ds.ts';
import { type CliContext, type Exit, exit } from './context.ts';
import { readInput, sizeOption, writeOutput } from './files.ts';
import { table, wordsOf } from './words.ts';

export interface CertOptions extends DsOptions {
  /** build: take over the entries of an earlier partition. */
  readonly from?: string;
  readonly json?: boolean;
  readonly device?: string;
  readonly ca?: string;
  readonly ecdsaKeyId?: string;
  readonly dsData?: string;
  readonly dsContext?: string;
  readonly tlv?: readonly string[];
  readonly integrity?: boolean;
  readonly size?: string;
  readonly out?: string;
}

/** An esp_secure_cert partition from certificates and key entries. No private key has a place in it: it is in the chip. */
export async function certBuildCommand(options: CertOptions, context: CliContext): Promise<Exit> {
  const entries: SecureCertEntry[] = [];
  const add = (type: 'device-certificate' | 'ca-certificate' | 'ds-data' | 'ds-context', file: string | undefined) => {
    if (file === undefined) return;
    const data = readInput(file);
    if (type.endsWith('certificate')) certificateOf(data, file);
    entries.push({ type, data });
  };
  add('device-certificate', options.device);
  add('ca-certificate', options.ca);
  add('ds-data', options.dsData);
  add('ds-context', options.dsContext);
  if (options.ecdsaKeyId !== undefined) {
    if (!/^[0-5]$/.test(options.ecdsaKeyId)) throw wrongValue('--ecdsa-key-id', options.ecdsaKeyId, 'Give 0 to 5.');
    entries.push({ type: 'ecdsa-peripheral-key', efuseBlock: Number(options.ecdsaKeyId) + 4 });
  }
  for (const text of options.tlv ?? []) entries.push({ type: 'tlv', tlv: tlvOption(text) });
  if (options.from !== undefined)
    for (const tlv of entriesOf(options.from)) if (tlv.type !== tlvTypes.integrity) entries.push({ type: 'tlv', tlv });
  if (options.rsa !== undefined) entries.push(...(await dsEntries(options, context)));
  if (entries.length === 0)
    throw new RecipeFault({
      code: 'cli.missing',
      what: 'No entry was named.',
      next: 'Give --device FILE, --ca FILE and what else the partition is to hold.',
    });
  const size = options.size === undefined ? undefined : sizeOption(options.size, '--size');
  const list = options.integrity ? withIntegrity(buildSecureCert(entries), size) : buildSecureCert(entries, size);
  writeOutput(options.out, list, context);
  return exit.passed;
}

/** The entries of an esp_secure_cert partition; with --keys also whether its DS parameters are the key of its certificate. */
export async function certShowCommand(file: string, options: CertOptions, context: CliContext): Promise<Exit> {
  const tlvs = entriesOf(file);
  // machines read English
  const words = (options.json ? english : wordsOf(context)).terminal.cert;
  const opened = options.keys === undefined ? null : await describeDs(tlvs, options, context, words);
  const saying = (tlv: SecureCertTlv) =>
    tlv.type === tlvTypes.dsData && opened !== null ? opened : describe(tlv, words);
  const described = tlvs.map((tlv) => ({ ...tlv, name: tlvNameOf(tlv.type), says: saying(tlv) }));
  if (options.json) {
    const plain = described.map(({ data, says, ...tlv }) => ({ ...tlv, bytes: data.length, says }));
    context.streams.answer(JSON.stringify({ kind: 'esp_secure_cert', entries: plain }));
    return exit.passed;
  }
  const rows = described.map(({ type, subtype, name, data, says }) => [
    `${type}.${subtype}`,
    name,
    bytesText(data.length),
    says,
  ]);
  for (const line of table(rows)) context.streams.answer(line);
  return exit.passed;
}

function entriesOf(file: string): SecureCertTlv[] {
  const tlvs = parseSecureCert(readInput(file));
  if (tlvs.length > 0) return tlvs;
  throw new RecipeFault({
    code: 'cert.empty',
    what: `${file} holds no entry of an esp_secure_cert partition.`,
    next: 'Give the partition in clear, from its first byte; its older forms (cust_flash, nvs) are not read.',
  });
}

function describe({ type, flags, data }: SecureCertTlv, words: Messages['terminal']['cert']): string {
  switch (type) {
    case tlvTypes.deviceCertificate:
    case tlvTypes.caCertificate:
      try {
        const { subject, serialNumber, validTo } = new X509Certificate(data.at(-1) === 0 ? data.subarray(0, -1) : data);
        return words.certificate({ subject: subject.replaceAll('\n', ', '), serial: serialNumber, time: validTo });
      } catch {
        return words.noCertificate;
      }
    case tlvTypes.privateKey:
      // Never shown, not even as a digest: a short key could be found by it.
      return flags & 0x08 ? words.inEfuse : data.length > 0 ? words.inClear : words.empty;
    case tlvTypes.securityConfig:
      return words.block({ block: data[0]!, id: data[0]! - 4 });
    case tlvTypes.dsContext:
      return data.length === 8
        ? words.context({ id: data[4]!, bits: viewOf(data).getUint16(6, true) })
        : words.notEight;
    default:
      return data.length > 0 ? `SHA-256 ${sha256Hex(data)}` : words.empty;
  }
}

function certificateOf(data: Uint8Array, file: string): X509Certificate {
  try {
    return new X509Certificate(data.at(-1) === 0 ? data.subarray(0, -1) : data);
  } catch (error) {
    throw new RecipeFault({
      code: 'cert.not-a-certificate',
      what: `${file} holds no X.509 certificate.`,
      next: 'Give a certificate as PEM or DER. A private key must never be written into this partition.',
      cause: error,
    });
  }
}

/** `TYPE=FILE` or `TYPE.INSTANCE=FILE`. */
function tlvOption(text: string): SecureCertTlv {
  const match = /^(\d{1,3})(?:\.(\d{1,2}))?=(.+)$/.exec(text);
  const [type, subtype] = [Number(match?.[1]), Number(match?.[2] ?? 0)];
  if (match === null || type > 254 || subtype > 16)
    throw wrongValue('--tlv', text, 'Write TYPE=FILE or TYPE.INSTANCE=FILE, as --tlv 51=calibration.bin.');
  if (type === tlvTypes.privateKey)
    throw wrongValue('--tlv', text, 'A private key does not belong into flash; burn it and give --ecdsa-key-id.');
  return { type, subtype, flags: 0, data: readInput(match[3]!) };
}

function wrongValue(option: string, value: string, next: string): RecipeFault {
  return new RecipeFault({ code: 'cli.value', what: `${option} ${value} cannot be taken.`, next });
}
