import { toHex } from '../base/bytes.ts';
import { bytesText, hex } from '../base/number-text.ts';
import { parseImage } from '../image/app-image.ts';
import { encryptOta, isEncryptedOta, otaSchemeOf } from '../image/encrypted-ota.ts';
import { encryptFlashFor } from '../image/flash-cipher.ts';
import { parsePartitionTable, partitionSubtypeName, partitionTypeName } from '../image/partition-table.ts';
import { splitSigned, verifySignatureBlock } from '../image/secure-boot.ts';
import type { SecureBootScheme } from '../image/types.ts';
import { revisionText } from '../model/chip.ts';
import { RecipeFault } from '../model/fault.ts';
import type { FlashEncryptionKey } from '../model/recipe.ts';
import { addSignatures } from '../recipe/making/release.ts';
import { signingKey } from '../recipe/making/secure-boot-keys.ts';
import { publicKeyOfFile } from '../signing/public-key-file.ts';
import { bookedSigner } from '../station/booked-signer.ts';
import { oneOf } from './choice.ts';
import { type CliContext, type Exit, exit } from './context.ts';
import { newWrappedKey, readInput, readWrappedKey, writeOutput } from './files.ts';
import { type SignInOptions, signInWhereKnown, withWrappingKeys } from './sign-in.ts';
import { table, wordsOf } from './words.ts';

export interface ImageOptions extends SignInOptions {
  readonly json?: boolean;
  readonly out?: string;
  readonly key?: readonly string[];
  readonly offset?: string;
  readonly wrappedKey?: string;
  readonly cipher?: string;
}

const schemeOf: Readonly<Record<string, SecureBootScheme>> = {
  'rsa-3072': 'rsa3072',
  'ecdsa-p256': 'ecdsa-p256',
  'ecdsa-p384': 'ecdsa-p384',
};

/**
 * Signs a bootloader or application with keys of the token; blocks that an image already has and that are good stay. Whoever asks signs in
 * where the station knows people, and each signature is a row of the ledger.
 */
export async function signCommand(file: string, options: ImageOptions, context: CliContext): Promise<Exit> {
  const image = readInput(file);
  const labels = options.key ?? [];
  if (labels.length === 0) {
    throw new RecipeFault({
      code: 'cli.missing',
      what: 'No key was named.',
      next: 'Give --key LABEL for each token key.',
    });
  }
  const station = await context.openStation(options);
  try {
    const by = await signInWhereKnown(station.parts.ledger, options, ['engineer'], context);
    const signer = bookedSigner(station.parts.signer, station.parts, by);
    const keys = await Promise.all(labels.map((label) => signer.findKey({ label })));
    const scheme = schemeOf[keys[0]!.algorithm];
    if (scheme === undefined || keys.some((key) => key.algorithm !== keys[0]!.algorithm)) {
      throw new RecipeFault({
        code: 'image.wrong-key',
        what: `The keys are ${keys.map((key) => `${key.label} (${key.algorithm})`).join(', ')}; one image takes signature keys of one scheme.`,
        next: 'Name rsa-3072 keys, or ecdsa-p256 keys, or ecdsa-p384 keys.',
      });
    }
    const signing = keys.map((key) => signingKey(scheme, key, signer));
    writeOutput(options.out, await addSignatures(image, scheme, signing), context);
  } finally {
    await station.close();
  }
  return exit.passed;
}

function wrongLength(cipher: FlashEncryptionKey, length: number): RecipeFault {
  return new RecipeFault({
    code: 'image.wrong-key',
    what: `The wrapped key has ${length} bytes, which ${cipher} does not take.`,
    next: 'Name the cipher that the key was made for (--cipher), or another wrapped key.',
  });
}

/** Bytes of a new key; a key that was wrapped before says by its own length which XTS it is. */
const keyLengths: Readonly<Record<FlashEncryptionKey, number>> = {
  'xts-aes-256': 64,
  'xts-aes-128': 32,
  'xts-aes-128-derived': 16,
  'aes-256': 32,
};

/**
 * Encrypts one file for its flash offset under a wrapped flash-encryption key (JSON as `WrappedKey`, from --wrapped-key FILE, unwrapped in
 * memory by the token's key --key LABEL): no key file in clear has a place here.
 */
export async function encryptCommand(file: string, options: ImageOptions, context: CliContext): Promise<Exit> {
  const plain = readInput(file);
  const offset = Number(options.offset);
  if (options.offset === undefined || !Number.isSafeInteger(offset) || offset < 0 || offset % 16 !== 0) {
    throw new RecipeFault({
      code: 'cli.value',
      what: `The flash offset ${options.offset ?? '(none)'} is not a multiple of 16.`,
      next: 'Give --offset 0x10000 as in the partition table: the ciphertext depends on it.',
    });
  }
  const cipher = oneOf(options.cipher ?? 'xts-aes-256', Object.keys(keyLengths) as FlashEncryptionKey[], '--cipher');
  return await withWrappingKeys(options, context, 'image encrypt', async (signer) => {
    const label = options.key?.[0] ?? 'fuseline-wrapping';
    using key = options.wrappedKey
      ? await signer.unwrap({ label }, readWrappedKey(options.wrappedKey))
      : await newWrappedKey(signer, label, keyLengths[cipher], context);
    if (!(cipher === 'aes-256' ? [32] : [16, 32, 64]).includes(key.length)) throw wrongLength(cipher, key.length);
    const bytes = key.use((lent) => lent.slice());
    try {
      const padded = new Uint8Array(Math.ceil(plain.length / 16) * 16).fill(0xff);
      padded.set(plain);
      writeOutput(options.out, await encryptFlashFor(cipher, padded, offset, bytes), context);
    } finally {
      bytes.fill(0);
    }
    return exit.passed;
  });
}

/**
 * Encrypts an update image for devices with this key, as `release build` does: RSA-3072 for a fleet, P-256 for the one device whose record
 * names the key.
 */
export function encryptOtaCommand(
  file: string,
  options: ImageOptions & { readonly publicKey: string },
  context: CliContext,
): Exit {
  const plain = readInput(file);
  const spki = publicKeyOfFile(readInput(options.publicKey), options.publicKey);
  if (splitSigned(plain) === null) context.streams.say(wordsOf(context).terminal.image.unsigned({ file }));
  writeOutput(options.out, encryptOta(otaSchemeOf(spki), plain, spki, context.random), context);
  return exit.passed;
}

/** What a file is, as the station reads it. */
export function inspectCommand(file: string, options: ImageOptions, context: CliContext): Exit {
  const bytes = readInput(file);
  const words = wordsOf(context).terminal.image;
  if (isEncryptedOta(bytes)) {
    if (options.json) context.streams.answer(JSON.stringify({ kind: 'encrypted-ota', length: bytes.length }));
    else context.streams.answer(words.preEncrypted({ size: bytesText(bytes.length) }));
    return exit.passed;
  }
  if (bytes[0] === 0xaa && bytes[1] === 0x50) return inspectTable(bytes, options, context);
  const split = splitSigned(bytes);
  const image = parseImage(split?.signed ?? bytes);
  const blocks = (split?.blocks ?? []).map((block) => ({
    scheme: block.scheme,
    keyDigest: toHex(block.keyDigest),
    verifies: verifySignatureBlock(block, split!.signed),
  }));
  if (options.json) {
    context.streams.answer(JSON.stringify({ kind: 'image', ...image, signatures: blocks }));
    return exit.passed;
  }
  const { yes, no } = wordsOf(context).page;
  const { header, app, bootloader } = image;
  const { checksum, hash } = image;
  const rows = [
    [words.chipId, `${header.chipId}`],
    [words.silicon, words.revisions({ from: revisionText(header.minRevision), to: revisionText(header.maxRevision) })],
    [words.length, words.extent({ bytes: image.length, segments: image.segments.length, entry: hex(header.entry) })],
    [words.checksum, checksum.stored === checksum.computed ? words.right : words.wrong],
    [
      words.hash,
      hash === null
        ? words.noHash
        : hash.stored === hash.computed
          ? words.hashRight({ hash: hash.stored })
          : words.hashWrong,
    ],
    [words.securePadding, image.securePadded ? yes : no],
    ...(app
      ? [
          [
            words.application,
            words.app({
              ...{ name: app.projectName, version: app.version, idf: app.idfVersion },
              secure: app.secureVersion,
            }),
          ],
        ]
      : []),
    ...(bootloader ? [[words.bootloader, `ESP-IDF ${bootloader.idfVersion}, ${bootloader.dateTime}`]] : []),
    ...blocks.map(({ scheme, keyDigest: digest, verifies }, at) => [
      words.signature({ number: at }),
      (verifies ? words.verifies : words.verifiesNot)({ scheme, digest }),
    ]),
  ];
  for (const line of table(rows)) context.streams.answer(line);
  return exit.passed;
}

function inspectTable(bytes: Uint8Array, options: ImageOptions, context: CliContext): Exit {
  const { partitions, md5 } = parsePartitionTable(bytes);
  if (options.json) {
    context.streams.answer(JSON.stringify({ kind: 'partition-table', partitions, md5 }));
    return exit.passed;
  }
  const words = wordsOf(context).terminal.image;
  const rows = partitions.map((partition) => [
    partition.name,
    partitionTypeName(partition.type),
    partitionSubtypeName(partition.type, partition.subtype),
    hex(partition.offset),
    bytesText(partition.size),
    partition.encrypted ? words.encrypted : '',
  ]);
  const { name, type, subtype, offset, size, flags } = words.columns;
  for (const line of table([[name, type, subtype, offset, size, flags], ...rows])) context.streams.answer(line);
  return exit.passed;
}
