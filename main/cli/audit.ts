import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { utf8 } from '../base/bytes.ts';
import { hex } from '../base/number-text.ts';
import { profileOf } from '../chip/profiles.ts';
import { headKey } from '../ledger/checkpoint.ts';
import { verifyExport } from '../ledger/export-check.ts';
import { type AuditOptions as Against, type ChainReport, reasonWords } from '../ledger/ledger.ts';
import { type ChipKind, revisionText } from '../model/chip.ts';
import { eventText } from '../model/evidence/event-text.ts';
import { LedgerFault, RecipeFault } from '../model/fault.ts';
import { finishedWords, identityWords, type SealedRecord } from '../model/record.ts';
import { storageRows } from '../model/storage.ts';
import { textOfFile } from '../model/text-file.ts';
import { type Assurance, assuranceOf } from '../recipe/assurance/assurance.ts';
import { deedView } from '../station/desk/reports/deeds.ts';
import { type KeptQuery, savedQuestion, savedQuestions, saveQuestion } from '../station/questions.ts';
import { registrationForms, registrationText, sealedOf } from '../station/registration.ts';
import type { Messages } from '../words/messages.ts';
import { saying } from '../words/saying.ts';
import { affectedLines, askedFor } from './affected.ts';
import { verifyArchive } from './archived.ts';
import { assuranceLines } from './assurance-words.ts';
import { oneOf } from './choice.ts';
import { type CliContext, type Exit, exit, type OpenOptions } from './context.ts';
import { exportedRows } from './exported-rows.ts';
import { cannotWrite, readInput, writeOutput } from './files.ts';
import { withLedger, withStation } from './opened.ts';
import { type SignInOptions, signInWhereKnown } from './sign-in.ts';
import { table } from './words.ts';

export interface AuditOptions extends OpenOptions {
  readonly json?: boolean;
  readonly text?: string;
  readonly component?: string;
  readonly advisory?: string;
  readonly question?: string;
  readonly batch?: string;
  readonly outcome?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit?: number;
  readonly out?: string;
  readonly file?: string;
  readonly archive?: string;
  readonly key?: string;
  readonly witness?: readonly string[];
  readonly new?: boolean;
  readonly head?: readonly string[];
  readonly witnessKey?: readonly string[];
}

const outcomes = ['passed', 'failed', 'refused', 'errored', 'aborted', 'sealed', 'open'] as const;

/** Devices of the ledger, newest first. */
export function auditList(options: AuditOptions, context: CliContext): Promise<Exit> {
  return withLedger(options, context, async (ledger) => {
    const asked = askedFor(options);
    const kept = options.question === undefined ? null : await savedQuestion(ledger, options.question);
    const query = { ...kept?.query, ...queryOf(options, asked) };
    if (kept !== null && !options.json)
      context.streams.answer(`Question ${kept.name}, saved ${kept.at} by ${kept.by.join(' and ') || 'nobody known'}.`);
    const { affects } = query;
    if (affects !== undefined) {
      const affected = await ledger.affected(affects);
      if (options.json) context.streams.answer(JSON.stringify({ type: 'affected', ...affected }));
      else
        for (const line of affectedLines(affected, { affects, beside: asked?.beside ?? [] }))
          context.streams.answer(line);
    }
    const rows = await ledger.devices({ ...query, limit: options.limit ?? 100 });
    if (options.json) {
      for (const row of rows) context.streams.answer(JSON.stringify(row));
    } else if (rows.length === 0) {
      context.streams.answer(wordsFor(context).noDevice);
    } else {
      const cells = rows.map((row) => [
        row.mac,
        row.serial ?? '-',
        row.chip ?? '-',
        `${row.recipe.name} r${row.recipe.revision}`,
        row.batch ?? '-',
        row.condemned ? 'condemned' : row.sealedAt ? 'sealed' : (row.outcome ?? 'open'),
        row.lastAt,
        `${row.attempts}`,
      ]);
      for (const line of table([['MAC', 'serial', 'chip', 'recipe', 'batch', 'state', 'last run', 'tries'], ...cells]))
        context.streams.answer(line);
      context.streams.say(
        affects === undefined
          ? wordsFor(context).fromTables
          : 'Recipes by their texts, which give their hashes; each sealed device by its own row, which gives its hash. Boards that are not sealed, and the counts, from the tables: audit verify holds them against the chain.',
      );
    }
    return exit.passed;
  });
}

function queryOf(options: AuditOptions, asked: ReturnType<typeof askedFor>): KeptQuery {
  const outcome = options.outcome === undefined ? undefined : oneOf(options.outcome, outcomes, '--outcome');
  return {
    ...(asked === null ? {} : { affects: asked.affects }),
    ...(options.text ? { text: options.text } : {}),
    ...(options.batch ? { batch: options.batch } : {}),
    ...(outcome ? { outcome } : {}),
    ...(options.from === undefined ? {} : { from: options.from }),
    ...(options.to === undefined ? {} : { to: options.to }),
  };
}

/** Keeps the same question under a name, in the ledger. */
export function auditSave(
  name: string,
  options: AuditOptions & SignInOptions & { readonly remove?: boolean },
  context: CliContext,
): Promise<Exit> {
  return withStation(options, context, async ({ parts: { ledger } }) => {
    const by = await signInWhereKnown(ledger, options, ['qa', 'engineer', 'custodian'], context);
    const query = options.remove ? null : queryOf(options, askedFor(options));
    await saveQuestion(ledger, name, query, by === null ? [] : [by]);
    context.streams.answer(options.remove ? `Question ${name} is kept no more.` : `Kept as ${name}.`);
    return exit.passed;
  });
}

/** The questions that are kept. */
export function auditQuestions(options: AuditOptions, context: CliContext): Promise<Exit> {
  return withLedger(options, context, async (ledger) => {
    const questions = await savedQuestions(ledger);
    if (options.json) for (const question of questions) context.streams.answer(JSON.stringify(question));
    else if (questions.length === 0) context.streams.answer('No question is kept.');
    else
      for (const line of table([
        ['question', 'saved', 'by', 'asks'],
        ...questions.map(({ name, at, by, query }) => [name, at, by.join('+') || '-', JSON.stringify(query)]),
      ]))
        context.streams.answer(line);
    return exit.passed;
  });
}

/** What people did: sign-ins, refusals, acts, approvals, exports, secrets given out; newest first. */
export function auditDeeds(options: AuditOptions, context: CliContext): Promise<Exit> {
  return withLedger(options, context, async (ledger) => {
    const views = (await ledger.deeds(options.limit === undefined ? {} : { limit: options.limit })).map(deedView);
    if (options.json) for (const view of views) context.streams.answer(JSON.stringify({ type: 'deed', ...view }));
    else
      for (const line of table([
        ['row', 'when', 'who', 'what', 'of whom or what', 'more'],
        ...views.map(({ row, at, by, what, about, detail }) => [
          `${row}`,
          at,
          by.join('+') || '-',
          what,
          about,
          detail,
        ]),
      ]))
        context.streams.answer(line);
    return exit.passed;
  });
}

/** The history of one device: every attempt, and the sealed record where there is one. */
export function auditShow(device: string, options: AuditOptions, context: CliContext): Promise<Exit> {
  return withLedger(options, context, async (ledger) => {
    const sealed = await ledger.sealedDevice(device);
    const mac = sealed?.chip.mac ?? (await ledger.claimedBy('serial', device)) ?? device.toLowerCase();
    const history = await ledger.history(mac);
    if (history.runs.length === 0) {
      throw new RecipeFault({
        code: 'audit.unknown-device',
        what: `The ledger knows no device ${JSON.stringify(device)}.`,
        next: 'Give a MAC (aa:bb:cc:dd:ee:ff) or a serial number; audit list shows them.',
      });
    }
    if (options.json) {
      context.streams.answer(
        JSON.stringify({
          mac,
          sealed,
          assurance: sealed && assurance(sealed),
          condemned: history.condemned,
          released: history.released ?? null,
          runs: history.runs,
        }),
      );
      return exit.passed;
    }
    context.streams.answer(`Device ${mac}`);
    const { condemned, released } = history;
    if (condemned) context.streams.answer(`CONDEMNED ${condemned.at}: ${reasonWords(condemned)}`);
    if (released) context.streams.answer(`RELEASED ${released.at}: ${reasonWords(released)}`);
    if (sealed) for (const line of recordLines(sealed)) context.streams.answer(line);
    for (const { run, events } of history.runs) {
      context.streams.answer('');
      context.streams.answer(
        `Run ${run.id}  ${run.startedAt}  fixture ${run.fixture}  operator ${run.operator ?? '-'}  ${run.outcome ?? 'not ended'}`,
      );
      for (const stored of events)
        context.streams.answer(
          `  ${stored.at.slice(11, 23)}  ${(stored.step ?? '').padEnd(16)}  ${eventText(stored.event)}`,
        );
    }
    return exit.passed;
  });
}

/** How the device stands to each recommendation of the guide. */
function assurance(record: SealedRecord): Assurance[] {
  return assuranceOf(record, profileOf(record.chip.kind as ChipKind));
}

function recordLines(record: SealedRecord): string[] {
  return [
    ...table([
      ['sealed', `${record.sealedAt} in run ${record.run}, batch ${record.batch ?? '-'}`],
      ['station', `${record.station}, fixture ${record.fixture}, operator ${record.operator ?? '-'}`],
      ['recipe', `${record.recipe.name} revision ${record.recipe.revision}, ${record.recipe.hash}`],
      ['plan', record.planDigest],
      ['chip', `${record.chip.kind} ${revisionText(record.chip.revision)}, package ${record.chip.packageVersion}`],
      ['serial', record.serial ?? '-'],
      [
        'secure boot',
        record.secureBoot ? `${record.secureBoot.scheme} ${record.secureBoot.keyDigests.join(' ')}` : 'off',
      ],
      ['identity', record.identity ? identityWords(record.identity) : '-'],
      ...storageRows(record).map((row) => [...row]),
      ...(record.ota ? [['update key', `${record.ota.scheme} ${record.ota.publicKey}`]] : []),
      ...(record.flashEncryptedBy === 'device' ? [['flash key', 'made in the device: nobody has a copy']] : []),
      ...(record.escrows ? [['in escrow', record.escrows.map(({ what }) => what).join(', ')]] : []),
      ['keys destroyed', record.keysDestroyedAt ?? 'no'],
      ...(record.finishedLater ? [['finished later by', finishedWords(record.finishedLater)]] : []),
      [
        'waivers',
        record.waivers.map(({ check, reason, by }) => `${check} (${reason}${by ? `; ${by}` : ''})`).join('; ') || '-',
      ],
      ['software', `${record.software.name} ${record.software.version}`],
    ]),
    '',
    'Keys',
    ...table(record.keys.map((key) => [`  ${key.role}`, `BLOCK ${key.blocks.join(' and ')}`, key.fingerprint])),
    '',
    'Flash',
    ...table(
      record.images.map((image) => [
        `  ${hex(image.offset)}`,
        image.name,
        image.encrypted ? 'encrypted' : 'plain',
        `signed image ${image.plainSha256?.slice(0, 16) ?? '(holds secrets)'}`,
        `as written ${image.flashSha256.slice(0, 16)}`,
      ]),
    ),
    '',
    'Assurance: the recommendations of the ESP-IDF security guide',
    ...assuranceLines(assurance(record)),
  ];
}

const newExport = 'Name a new file in a folder where you may write; an existing export is never written over.';

/** Every row of the chain as one JSON object a line. */
export function auditExport(options: AuditOptions, context: CliContext): Promise<Exit> {
  return withLedger(options, context, async (ledger) => {
    const file = options.out ? createWriteStream(options.out, { flags: 'wx', mode: 0o640 }) : null;
    if (file)
      await once(file, 'open').catch((error: unknown) => Promise.reject(cannotWrite(options.out!, error, newExport)));
    let rows = 0;
    for await (const { lines, count } of ledger.exportLines()) {
      if (file === null) context.streams.answer(lines.slice(0, -1));
      else if (!file.write(lines)) await once(file, 'drain');
      rows += count;
    }
    if (file) {
      file.end();
      await once(file, 'finish');
      context.streams.say(`${rows} rows written to ${options.out}.`);
    }
    return exit.passed;
  });
}

/** A file by which a cloud comes to know the devices of a batch. */
export function auditRegistration(
  options: AuditOptions & { readonly batch: string; readonly form: string; readonly ca?: string },
  context: CliContext,
): Promise<Exit> {
  const form = oneOf(options.form, registrationForms, '--form');
  const ca = options.ca === undefined ? {} : { caPem: textOfFile(readInput(options.ca), options.ca) };
  return withLedger(options, context, async (ledger) => {
    const records: SealedRecord[] = [];
    for await (const record of sealedOf(ledger, options.batch)) records.push(record);
    const text = Array.from(registrationText(records, form, ca)).join('');
    if (options.out === undefined) for (const line of text.split(/\r?\n/).slice(0, -1)) context.streams.answer(line);
    else writeOutput(options.out, utf8(text), context);
    context.streams.say(`${records.length} sealed devices of ${options.batch}.`);
    return exit.passed;
  });
}

/** Recomputes the whole book: the ledger, or an export of it (which needs no ledger, only the file). */
export async function auditVerify(options: AuditOptions, context: CliContext): Promise<Exit> {
  const against: Against = {
    ...(options.key === undefined ? {} : { key: keyIn(options.key) }),
    ...(options.new === true ? { news: true } : {}),
    ...(options.head === undefined ? {} : { kept: options.head }),
    cosigners: (options.witnessKey ?? []).map((file) => textOfFile(readInput(file), file)),
    witnesses: (options.witness ?? []).map((file) => textOfFile(readInput(file), file)),
  };
  const report = options.archive
    ? verifyArchive(options.archive, against)
    : options.file
      ? verifyExport(exportedRows(options.file), against)
      : await (async () => {
          const ledger = await context.openLedger(options);
          try {
            return await ledger.verify(against);
          } finally {
            await ledger.close();
          }
        })();
  if (options.json) context.streams.answer(JSON.stringify(report));
  else if (report.broken === null && report.edited === null)
    for (const line of wholeLines(report, wordsFor(context))) context.streams.answer(line);
  if (report.edited !== null) {
    throw new LedgerFault({
      code: 'ledger.table-edited',
      what: `The chain is whole, but the table ${report.edited.table} does not say what it says: ${report.edited.what}.`,
      next: 'Keep this ledger as it is and find out who wrote into it. The chain is what counts: restore a backup, or ask whoever helps you to have the tables made anew from it.',
      details: { table: report.edited.table },
    });
  }
  if (report.broken !== null) {
    throw new LedgerFault({
      code: 'ledger.chain-broken',
      what: `The chain is broken at row ${report.broken.row}: ${report.broken.reason}.`,
      next: 'Keep this ledger as it is, stop the station, and compare with an earlier export.',
    });
  }
  return exit.passed;
}

/** In the language of whoever sits at the terminal. */
function wordsFor({ streams }: CliContext) {
  return saying(() => streams.language ?? 'en').terminal.ledger;
}

/** What was seen, and what nobody signed or held against a key from elsewhere. */
function wholeLines(
  { rows, head, signed, readBefore, readBeforeAt }: ChainReport,
  words: Messages['terminal']['ledger'],
): string[] {
  const lines =
    readBefore === 0
      ? [words.whole({ rows, head })]
      : [
          words.holds({ from: readBefore + 1, rows, head }),
          words.heldBefore({ rows: readBefore, time: String(readBeforeAt) }),
        ];
  if (signed === null) return [...lines, words.unsigned];
  const { heads, size, time, unsigned, key, by, changes = [], witnessed = [] } = signed;
  lines.push(words.heads({ heads, size, time: time ?? words.noTime, unsigned }));
  const whose = changes.length === 0 ? 'All of them' : by === 'given key' ? 'All that are counted' : 'The newest';
  lines.push(
    by === 'given key'
      ? `${whose} by the given key, ${key}`
      : `${whose} by the key ${key}, which only this ledger names: give it from elsewhere with --key`,
  );
  for (const { acceptedIn, by: people, key: later } of changes)
    lines.push(
      `Heads went on under another key, ${later}: a token without the one before was taken for the right one in row ${acceptedIn} by ${people.join(' and ') || 'nobody whom the ledger knew'}. Hold the ledger against each key from elsewhere`,
    );
  for (const seen of witnessed)
    lines.push(
      `Rows 1 to ${seen.size} were seen by ${seen.name} at ${seen.time}, ${seen.by === 'given key' ? 'by the given key' : `by the key ${seen.key}, which only this ledger names: give it from elsewhere with --witness-key`}`,
    );
  return lines;
}

function keyIn(file: string): string {
  return textOfFile(readInput(file), file);
}

/** The newest signed head as a file for others to keep: who holds it sees an older copy, a cut and rows written anew. */
export function auditWitness(options: AuditOptions & { readonly out?: string }, context: CliContext): Promise<Exit> {
  return withLedger(options, context, async (ledger) => {
    const note = await ledger.newestCheckpoint();
    if (note === null) throw noHead();
    if (options.out === undefined) for (const line of note.slice(0, -1).split('\n')) context.streams.answer(line);
    else writeOutput(options.out, utf8(note), context);
    return exit.passed;
  });
}

/** The public key of the heads, as PEM: to be kept where whoever can write the ledger cannot reach it. */
export function auditKey(options: AuditOptions & { readonly out?: string }, context: CliContext): Promise<Exit> {
  return withLedger(options, context, async (ledger) => {
    const { signedBefore } = await ledger.treeHead();
    const pem = signedBefore === null ? null : headKey(signedBefore.publicKey)?.export({ type: 'spki', format: 'pem' });
    if (!pem) throw noHead();
    if (options.out === undefined) for (const line of String(pem).trim().split('\n')) context.streams.answer(line);
    else writeOutput(options.out, utf8(String(pem)), context);
    return exit.passed;
  });
}

function noHead(): RecipeFault {
  return new RecipeFault({
    code: 'audit.no-head',
    what: 'No head of this ledger was signed yet.',
    next: 'A head is signed at the end of a batch, every 32 seals and every hour, where the token can sign.',
  });
}
