import { fromHex, toHex } from '../base/bytes.ts';
import { isoTime } from '../base/clock.ts';
import { sha256, sha256Hex } from '../base/digest.ts';
import { RecipeFault } from '../model/fault.ts';
import { macRangesOf } from '../model/mac-range.ts';
import { isEncryptedKey, keyOfFile, type MessageSigner } from '../signing/file-key.ts';
import { publicKeyOfFile } from '../signing/public-key-file.ts';
import { bookedSigner } from '../station/booked-signer.ts';
import { readWorkOrder, unsignedOrder, type WorkOrderFacts } from '../station/work-order.ts';
import { type CliContext, type Exit, exit, type OpenOptions } from './context.ts';
import { readInput, writeOutput } from './files.ts';
import { type RecipeOptions, requireRecipe } from './recipe-input.ts';
import { type SignInOptions, signInWhereKnown } from './sign-in.ts';
import { table, wordsOf } from './words.ts';

export interface SigningOptions extends SignInOptions, OpenOptions {
  /** Label of a key of the station's token. */
  readonly key?: string;
  /** Private key in a file. */
  readonly keyFile?: string;
}

export interface OrderOptions extends SigningOptions, RecipeOptions {
  readonly recipe: string;
  readonly boards: number;
  readonly expires: string;
  readonly for: readonly string[];
  readonly mac?: readonly string[];
  readonly serials?: string;
  readonly leases?: string;
  readonly out: string;
  readonly json?: boolean;
}

/** What the owner of an order has to know of this station: its name, its ledger, and the newest row, which the order will ask for. */
export async function orderAsk(options: OpenOptions & { readonly out?: string }, context: CliContext): Promise<Exit> {
  const ledger = await context.openLedger(options);
  try {
    const [genesis] = await ledger.plainRows(0, 1);
    const { row, hash } = await ledger.head();
    const { station, ledger: id } = JSON.parse(genesis?.body ?? '{}') as { station?: string; ledger?: string };
    const text = JSON.stringify({ station, ledger: id, row, hash });
    if (options.out === undefined) context.streams.answer(text);
    else writeOutput(options.out, new TextEncoder().encode(`${text}\n`), context);
    return exit.passed;
  } finally {
    await ledger.close();
  }
}

/** Signs an order: docs/work-orders.md. */
export async function orderSign(name: string, options: OrderOptions, context: CliContext): Promise<Exit> {
  const { recipe, ref, firmware } = requireRecipe(options.recipe, options, context);
  let next = 1;
  const stations = options.for.map((text) => {
    const { boards, ...book } = askedIn(text);
    const first = next;
    next += boards ?? 0;
    return { ...book, share: boards === null ? null : { first, boards } };
  });
  const facts: WorkOrderFacts = {
    order: name,
    issued: isoTime(context.clock.now()),
    expires: timeOption(options.expires),
    boards: options.boards,
    recipe: { name: ref.name, revision: ref.revision, hash: ref.hash },
    firmware: firmware.parts.map(({ name: part, data }) => ({ part, sha256: sha256Hex(data) })),
    chip: recipe.chip,
    macs: options.mac === undefined ? null : options.mac.flatMap(rangesOption),
    serials: options.serials === undefined ? null : serialsOption(options.serials),
    stations,
    leases: options.leases === undefined ? null : toHex(publicKeyOfFile(readInput(options.leases), options.leases)),
  };
  if (facts.leases === null && stations.some(({ share }) => share === null))
    throw wrong(
      '--for',
      'a station without a number of boards gets leases',
      'Give it one (--for FILE=500), or --leases.',
    );
  const digest = await withKey(options, context, async ({ spki, sign }) => {
    const unsigned = unsignedOrder(facts, spki);
    const bytes = unsigned.with(await sign(unsigned.toBeSigned));
    // as its readers will
    readWorkOrder(bytes, [spki], options.out);
    writeOutput(options.out, bytes, context);
    return sha256Hex(bytes);
  });
  if (options.json) context.streams.answer(JSON.stringify({ ...facts, digest }));
  context.streams.say(
    wordsOf(context).terminal.order.signed({
      ...{ order: name, boards: facts.boards, recipe: ref.name, revision: ref.revision },
      ...{ expires: facts.expires, digest },
    }),
  );
  return exit.passed;
}

/** What an order says, once its signature holds. */
export function orderShow(
  file: string,
  options: { readonly key: string; readonly json?: boolean },
  context: CliContext,
): Exit {
  const order = readWorkOrder(readInput(file), [publicKeyOfFile(readInput(options.key), options.key)], file);
  if (options.json) {
    context.streams.answer(JSON.stringify(order));
    return exit.passed;
  }
  const { recipe, macs, serials, stations } = order;
  const { order: words, columns } = wordsOf(context).terminal;
  const rows = [
    [columns.order, order.order],
    ['SHA-256', order.digest],
    [words.signedBy, order.by],
    [words.issued, `${order.issued}, ${order.expires}`],
    [columns.boards, `${order.boards}, ${order.chip}`],
    [columns.recipe, words.ofRecipe(recipe)],
    ...order.firmware.map(({ part, sha256: of }) => [part, of]),
    [words.macs, macs === null ? words.any : macs.map(({ first, last }) => `${first}..${last}`).join(', ')],
    [
      words.serials,
      serials === null
        ? words.asRecipe
        : words.andOn({ first: `${serials.before}${`${serials.first}`.padStart(serials.digits, '0')}` }),
    ],
    ...stations.map(({ station, row, share }) => [
      words.station({ name: station }),
      share === null
        ? words.byLeases({ row })
        : words.places({ first: share.first, last: share.first + share.boards - 1, row }),
    ]),
    [words.leasesBy, order.leases === null ? words.noOne : toHex(sha256(fromHex(order.leases)))],
  ];
  for (const line of table(rows)) context.streams.answer(line);
  return exit.passed;
}

/** A key of a file, or of the station's token: then the signature is a row of the ledger, at the word of an engineer. */
export async function withKey<T>(
  options: SigningOptions,
  context: CliContext,
  work: (key: MessageSigner) => Promise<T>,
): Promise<T> {
  const { key: label, keyFile } = options;
  if ((label === undefined) === (keyFile === undefined))
    throw new RecipeFault({
      code: 'cli.missing',
      what: 'One key signs, of the token or of a file.',
      next: 'Give --key LABEL or --key-file FILE.',
    });
  if (keyFile !== undefined) {
    const bytes = readInput(keyFile);
    if (!isEncryptedKey(bytes)) return await work(keyOfFile(bytes, keyFile, null));
    using passphrase = await context.askSecret(`${wordsOf(context).terminal.asked.passphrase({ file: keyFile })} `);
    return await work(passphrase.use((typed) => keyOfFile(bytes, keyFile, typed)));
  }
  const station = await context.openStation(options);
  try {
    const by = await signInWhereKnown(station.parts.ledger, options, ['engineer'], context);
    const signer = bookedSigner(station.parts.signer, station.parts, by);
    const { spki, id, algorithm } = await signer.findKey({ label: label! });
    if (spki === null || algorithm !== 'ecdsa-p256')
      throw wrong('--key', `${label} is ${algorithm}`, 'Orders are signed by an ecdsa-p256 key.');
    const ref = { label: label!, id };
    return await work({ spki, sign: (message) => signer.sign(ref, 'ecdsa', sha256(message)) });
  } finally {
    await station.close();
  }
}

/** `FILE` or `FILE=BOARDS`: what `order ask` wrote at a station. */
function askedIn(text: string) {
  const [, file = '', number] = /^(.*?)(?:=(\d{1,9}))?$/.exec(text) ?? [];
  const asked = parsed(readInput(file)) as Record<'station' | 'ledger' | 'row' | 'hash', unknown> | null;
  const { station, ledger, row, hash } = asked ?? {};
  if (
    typeof station !== 'string' ||
    typeof ledger !== 'string' ||
    typeof row !== 'number' ||
    typeof hash !== 'string' ||
    !/^[0-9a-f]{64}$/.test(hash)
  )
    throw wrong('--for', `${file} is not what order ask wrote`, 'Ask the station again (order ask --out FILE).');
  return { station, ledger, row, hash, boards: number === undefined ? null : Number(number) };
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

/** A date is good until its end, UTC. */
function timeOption(text: string): string {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T23:59:59.999Z`) : Date.parse(text);
  if (Number.isNaN(at) || !/^\d{4}-\d\d-\d\d(T.+(Z|[+-]\d\d:\d\d))?$/.test(text))
    throw wrong('--expires', `${text} is no day and no time`, 'Write 2027-03-31, or 2027-03-31T12:00:00Z.');
  return isoTime(at);
}

function rangesOption(text: string) {
  const ranges = macRangesOf(text);
  if (ranges === null)
    throw wrong('--mac', `${text} is no range of MACs`, 'Write espressif, 60:55:f9, one MAC or first..last.');
  return ranges;
}

/** The first serial number says how they go on: by its digits at the end. */
function serialsOption(text: string) {
  const [, before = '', digits] = /^(.*?)(\d{1,15})$/.exec(text) ?? [];
  if (digits === undefined) throw wrong('--serials', `${text} ends in no number`, 'Give the first one, as SN-00001.');
  return { before, first: Number(digits), digits: digits.length };
}

function wrong(option: string, what: string, next: string): RecipeFault {
  return new RecipeFault({ code: 'cli.value', what: `${option}: ${what}.`, next });
}
