import { toHex, utf8 } from '../base/bytes.ts';
import { RecipeFault } from '../model/fault.ts';
import { requireClock } from '../model/program-date.ts';
import { keysOf } from '../recipe/making/token-keys.ts';
import { issueCaCertificate, serialNumberFrom } from '../signing/certificates.ts';
import { pemOf } from '../signing/pem.ts';
import { buildCaCsr } from '../signing/requests.ts';
import type { KeyAlgorithm, KeyRef, KeyUse, Signer } from '../signing/signer.ts';
import { bookedSigner } from '../station/booked-signer.ts';
import type { TokenLook } from '../station/spare-token.ts';
import { acceptToken } from '../station/token-ceremony.ts';
import type { Messages } from '../words/messages.ts';
import { oneOf } from './choice.ts';
import { type CliContext, type Exit, exit } from './context.ts';
import { writeOutput } from './files.ts';
import { makeMissingKeys, readRecipe } from './recipe-input.ts';
import { type SignInOptions, secondOf, signInWhereKnown } from './sign-in.ts';
import { headed, table, wordsOf } from './words.ts';

export interface TokenOptions extends SignInOptions {
  readonly json?: boolean;
  readonly recipe?: string;
  readonly make?: string;
  readonly use?: string;
  readonly label?: string;
  readonly second?: string;
  readonly reason?: string;
}

async function withSigner(
  options: TokenOptions,
  context: CliContext,
  work: (signer: Signer) => Promise<Exit>,
): Promise<Exit> {
  const { signer } = await context.openSigner(options);
  try {
    return await work(signer);
  } finally {
    await signer.close();
  }
}

/** The same for what changes the token or signs with it: by a custodian where the station knows people, and each act a row of the ledger. */
async function asCustodian(
  options: TokenOptions,
  context: CliContext,
  work: (signer: Signer, book: (about: string) => Promise<void>) => Promise<Exit>,
): Promise<Exit> {
  const station = await context.openStation(options);
  const { ledger, signer } = station.parts;
  try {
    const by = await signInWhereKnown(ledger, options, ['custodian'], context);
    const book = (about: string) =>
      ledger.noteAct({ what: 'keys-made', by: by === null ? [] : [by], about, detail: {} });
    return await work(bookedSigner(signer, station.parts, by), book);
  } finally {
    await station.close();
  }
}

/** Opens the token (making the private SoftHSM one where none is configured) and, with --recipe, the keys that the recipe names. */
export function tokenInit(options: TokenOptions, context: CliContext): Promise<Exit> {
  const { recipe: file } = options;
  if (file === undefined) return withSigner(options, context, (signer) => report(signer, options, context));
  return asCustodian(options, context, async (signer, book) => {
    const { recipe } = readRecipe(file, {}, context);
    if (recipe === null) return exit.badInput;
    await book(recipe.name);
    await makeMissingKeys(recipe, signer, context);
    for (const { ref } of keysOf(recipe)) await signer.findKey(ref);
    return report(signer, options, context);
  });
}

/** Health is a real signature. */
export async function tokenStatus(options: TokenOptions, context: CliContext): Promise<Exit> {
  const { signer, refusal, lookAtSpare } = await context.openSigner(options);
  try {
    const end = await report(signer, options, context, await lookAtSpare());
    const refused = await refusal();
    if (refused === null) return end;
    throw refused;
  } finally {
    await signer.close();
  }
}

/** The token in place is the right one from here on, at the word of two custodians. */
export async function tokenAccept(options: TokenOptions, context: CliContext): Promise<Exit> {
  const station = await context.openStation(options);
  const { ledger, signer, token } = station.parts;
  try {
    const by = await signInWhereKnown(ledger, options, ['custodian'], context);
    const second = await secondOf(options.second, context);
    const operators = context.people(options);
    if (token !== undefined)
      await acceptToken({ operators, ledger, token }, { by, second, reason: options.reason ?? '' });
    return await report(signer, options, context);
  } finally {
    await station.close();
  }
}

async function report(
  signer: Signer,
  options: TokenOptions,
  context: CliContext,
  spare: TokenLook | null = null,
): Promise<Exit> {
  const status = await signer.status();
  if (options.json) {
    context.streams.answer(JSON.stringify(spare === null ? status : { ...status, spare }));
  } else {
    const words = wordsOf(context).terminal.token;
    const { label, serial } = status;
    const health =
      status.healthy === null
        ? words.noKey
        : status.healthy
          ? words.signs({ ms: status.signMs?.toFixed(1) ?? '-' })
          : words.silent;
    const rows = [
      [words.token, words.named({ label, serial })],
      [words.module, status.module],
      [words.madeBy, `${status.manufacturer} ${status.model} ${status.firmware}`.trim()],
      [words.health, health],
      ...(status.signMs !== null && status.signMs > slowMs ? [[words.warning, words.slow]] : []),
      ...(spare === null ? [] : [[words.spare, spareWords(spare, words)]]),
      ...(status.pinCountLow ? [[words.warning, words.pin]] : []),
    ];
    for (const line of table(rows)) context.streams.answer(line);
  }
  return status.healthy === false ? exit.station : exit.passed;
}

/** Longer than this one signature is worth a word, in ms. */
const slowMs = 1000;

function spareWords({ label, serial, signMs, fault }: TokenLook, words: Messages['terminal']['token']): string {
  if (fault !== null) return words.spareNot({ why: fault.what });
  const does = signMs === null ? words.isThere : words.signs({ ms: signMs.toFixed(1) });
  return `${words.named({ label: `${label}`, serial: `${serial}` })} ${does}`;
}

/** Lists the token's keys; with --make, makes one. */
export function tokenKeys(options: TokenOptions, context: CliContext): Promise<Exit> {
  const { make } = options;
  if (make === undefined) return withSigner(options, context, (signer) => listKeys(signer, options, context));
  const label = required(options.label, '--label NAME');
  const algorithm = oneOf<KeyAlgorithm>(make, ['rsa-3072', 'ecdsa-p256', 'ecdsa-p384', 'ed25519', 'aes-256'], '--make');
  const use = oneOf<KeyUse>(
    options.use ?? defaultUse(make),
    ['secure-boot', 'device-ca', 'wrapping', 'ledger'],
    '--use',
  );
  return asCustodian(options, context, async (signer, book) => {
    await book(label);
    await signer.generateKey({ label, algorithm, use });
    return listKeys(signer, options, context);
  });
}

async function listKeys(signer: Signer, options: TokenOptions, context: CliContext): Promise<Exit> {
  const keys = await signer.keys();
  const words = wordsOf(context).terminal.token;
  if (options.json) {
    for (const key of keys) context.streams.answer(JSON.stringify({ ...key, spki: key.spki && toHex(key.spki) }));
  } else if (keys.length === 0) {
    context.streams.answer(words.none);
  } else {
    const rows = keys.map((key) => [
      key.label,
      key.algorithm,
      key.use,
      key.id,
      key.publicKeySha256?.slice(0, 16) ?? '',
      key.extractable ? words.extractable : words.notExtractable,
    ]);
    const head = headed(context, 'label', 'algorithm', 'use', 'id', 'publicKey', '');
    for (const line of table([head, ...rows])) context.streams.answer(line);
  }
  return exit.passed;
}

function defaultUse(algorithm: string): KeyUse {
  if (algorithm === 'ed25519') return 'ledger';
  return algorithm === 'aes-256' ? 'wrapping' : 'secure-boot';
}

/** Bytes of the token's generator as hex: for people who test it, not a source of keys. */
export function tokenRandom(count: number, options: TokenOptions, context: CliContext): Promise<Exit> {
  return withSigner(options, context, async (signer) => {
    using bytes = await signer.random(count);
    context.streams.answer(bytes.use(toHex));
    return exit.passed;
  });
}

function required(value: string | undefined, option: string): string {
  if (value !== undefined && value !== '') return value;
  throw new RecipeFault({ code: 'cli.missing', what: `The option ${option} is missing.`, next: `Give ${option}.` });
}

/** Device certificates may live this long less their own time: a CA outlives what it issues. */
const caYears = 60;

/**
 * The certificate of the device CA that the recipe names, self-signed: what verifiers of device certificates trust. With --csr the request
 * for one instead, for a company's own PKI.
 */
export async function tokenCertificate(
  options: TokenOptions & { readonly out?: string; readonly csr?: boolean },
  context: CliContext,
): Promise<Exit> {
  const { recipe } = readRecipe(options.recipe!, {}, context);
  if (recipe === null) return exit.badInput;
  const { ca, issuer } = recipe.identity?.certificate ?? {};
  if (ca === undefined || !issuer) {
    throw new RecipeFault({
      code: 'token.no-ca',
      what: ca
        ? `The recipe ${recipe.name} names the certificate of its device CA in ca_chain, so there is none to be made.`
        : `The recipe ${recipe.name} issues no device certificates.`,
      next: 'Name a recipe with identity.certificate and its issuer.',
    });
  }
  return asCustodian(options, context, async (signer) => {
    const pem = options.csr
      ? pemOf('CERTIFICATE REQUEST', await buildCaCsr({ signer, ca, subject: issuer }))
      : pemOf('CERTIFICATE', await selfSigned(signer, ca, issuer, context));
    if (options.out === undefined) context.streams.answer(pem.trimEnd());
    else writeOutput(options.out, utf8(pem), context);
    return exit.passed;
  });
}

async function selfSigned(
  signer: Signer,
  ca: KeyRef,
  subject: Parameters<typeof issueCaCertificate>[0]['subject'],
  context: CliContext,
): Promise<Uint8Array> {
  using random = await signer.random(20);
  requireClock(context.clock.now());
  const notBefore = new Date(context.clock.now());
  const notAfter = new Date(notBefore);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + caYears);
  const serialNumber = random.use(serialNumberFrom);
  return (await issueCaCertificate({ signer, ca, subject, serialNumber, notBefore, notAfter })).der;
}
