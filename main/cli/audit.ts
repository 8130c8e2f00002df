import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { utf8 } from '../base/bytes.ts';
import { hex } from '../base/number-text.ts';
import { profileOf } from '../chip/profiles.ts';
import { headKey } from '../ledger/checkpoint.ts';
import { verifyExport } from '../ledger/export-check.ts';
import { type AuditOptions as Against, type ChainReport, reasonWords } from '../ledger/ledger.ts';
import { type ChipKind, revisionText } from '../model/chip.ts';
import { LedgerFault, RecipeFault } from '../model/fault.ts';
import { finishedWords, identityWords, type SealedRecord } from '../model/record.ts';
import { storageRows } from '../model/storage.ts';
import { textOfFile } from '../model/text-file.ts';
import { type Assurance, assuranceOf } from '../recipe/assurance/assurance.ts';
import { deedView } from '../station/desk/reports/deeds.ts';
import { type KeptQuery, savedQuestion, savedQuestions, saveQuestion } from '../station/questions.ts';
import { registrationForms, registrationText, sealedOf } from '../station/registration.ts';
import type { Messages } from '../words/messages.ts';
import { phraseIn } from '../words/told.ts';
import { affectedLines, askedFor } from './affected.ts';
import { verifyArchive } from './archived.ts';
import { assuranceLines } from './assurance-words.ts';
import { oneOf } from './choice.ts';
import { type CliContext, type Exit, exit, type OpenOptions } from './context.ts';
import { eventSaid } from './event-said.ts';
import { exportedRows } from './exported-rows.ts';
import { cannotWrite, readInput, writeOutput } from './files.ts';
import { withLedger, withStation } from './opened.ts';
import { type SignInOptions, signInWhereKnown } from './sign-in.ts';
import { headed, stateSaid, table, wordsOf } from './words.ts';

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
    const words = wordsFor(context);
    const kept = options.question === undefined ? null : await savedQuestion(ledger, options.question);
    const query = { ...kept?.query, ...queryOf(options, asked) };
    if (kept !== null && !options.json)
      context.streams.answer(
        words.question({ name: kept.name, time: kept.at, people: kept.by.join(', ') || words.nobody }),
      );
    const { affects } = query;
    if (affects !== undefined) {
      const affected = await ledger.affected(affects);
      if (options.json) context.streams.answer(JSON.stringify({ type: 'affected', ...affected }));
      else
        for (const line of affectedLines(affected, { affects, beside: asked?.beside ?? [] }, context))
          context.streams.answer(line);
    }
    const rows = await ledger.devices({ ...query, limit: options.limit ?? 100 });
    if (options.json) {
      for (const row of rows) context.streams.answer(JSON.stringify(row));
    } else if (rows.length === 0) {
      context.streams.answer(words.noDevice);
    } else {
      const cells = rows.map((row) => [
        row.mac,
        row.serial ?? '-',
        row.chip ?? '-',
        `${row.recipe.name} r${row.recipe.revision}`,
        row.batch ?? '-',
        stateSaid(context, row.condemned ? 'condemned' : row.sealedAt ? 'sealed' : (row.outcome ?? 'open')),
        row.lastAt,
        `${row.attempts}`,
      ]);
      const head = headed(context, 'mac', 'serial', 'chip', 'recipe', 'batch', 'state', 'lastRun', 'tries');
      for (const line of table([head, ...cells])) context.streams.answer(line);
      context.streams.say(affects === undefined ? words.fromTables : words.fromTexts);
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
    const words = wordsFor(context);
    context.streams.answer(options.remove ? words.keptNoMore({ name }) : words.keptAs({ name }));
    return exit.passed;
  });
}

/** The questions that are kept. */
export function auditQuestions(options: AuditOptions, context: CliContext): Promise<Exit> {
  return withLedger(options, context, async (ledger) => {
    const questions = await savedQuestions(ledger);
    if (options.json) for (const question of questions) context.streams.answer(JSON.stringify(question));
    else if (questions.length === 0) context.streams.answer(wordsFor(context).noQuestion);
    else
      for (const line of table([
        headed(context, 'question', 'saved', 'by', 'asks'),
        ...questions.map(({ name, at, by, query }) => [name, at, by.join('+') || '-', JSON.stringify(query)]),
      ]))
        context.streams.answer(line);
    return exit.passed;
  });
}

/** What people did: sign-ins, refusals, acts, approvals, exports, secrets given out; newest first. */
export function auditDeeds(options: AuditOptions, context: CliContext): Promise<Exit> {
  return withLedger(options, context, async (ledger) => {
    const said = wordsOf(context);
    const views = (await ledger.deeds(options.limit === undefined ? {} : { limit: options.limit })).map(deedView);
    if (options.json) for (const view of views) context.streams.answer(JSON.stringify({ type: 'deed', ...view }));
    else
      for (const line of table([
        headed(context, 'row', 'when', 'who', 'what', 'about', 'more'),
        ...views.map(({ row, at, by, what, about, detail }) => [
          `${row}`,
          at,
          by.join('+') || '-',
          phraseIn(said, 'deeds', what),
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
    const said = wordsOf(context);
    context.streams.answer(said.paper.device.title({ mac }));
    const { condemned, released } = history;
    const words = said.terminal.ledger;
    if (condemned) context.streams.answer(words.condemned({ time: condemned.at, reason: reasonWords(condemned) }));
    if (released) context.streams.answer(words.released({ time: released.at, reason: reasonWords(released) }));
    if (sealed) for (const line of recordLines(sealed, context)) context.streams.answer(line);
    for (const { run, events } of history.runs) {
      context.streams.answer('');
      context.streams.answer(
        words.run({
          ...{ run: run.id, time: run.startedAt, fixture: run.fixture, operator: run.operator ?? '-' },
          outcome: stateSaid(context, run.outcome ?? 'notEnded'),
        }),
      );
      for (const stored of events)
        context.streams.answer(
          `  ${stored.at.slice(11, 23)}  ${(stored.step ?? '').padEnd(16)}  ${eventSaid(stored.event, context.streams.language)}`,
        );
    }
    return exit.passed;
  });
}

/** How the device stands to each recommendation of the guide. */
function assurance(record: SealedRecord): Assurance[] {
  return assuranceOf(record, profileOf(record.chip.kind as ChipKind));
}

function recordLines(record: SealedRecord, context: CliContext): string[] {
  const said = wordsOf(context);
  const { names, ...words } = said.paper.device;
  const own = said.terminal.record;
  return [
    ...table([
      [names.sealed, words.sealedAt({ time: record.sealedAt, run: record.run, batch: record.batch ?? '-' })],
      [
        names.station,
        words.stationIs({ station: record.station, fixture: record.fixture, operator: record.operator ?? '-' }),
      ],
      [names.recipe, words.recipeIs({ ...record.recipe })],
      [names.plan, record.planDigest],
      [
        names.chip,
        own.chip({
          ...{ kind: record.chip.kind, revision: revisionText(record.chip.revision) },
          package: record.chip.packageVersion,
        }),
      ],
      [names.serial, record.serial ?? '-'],
      [
        names.secureBoot,
        record.secureBoot ? `${record.secureBoot.scheme} ${record.secureBoot.keyDigests.join(' ')}` : said.paper.off,
      ],
      [names.identity, record.identity ? identityWords(record.identity) : '-'],
      ...storageRows(record).map((row) => [...row]),
      ...(record.ota ? [[names.updateKey, `${record.ota.scheme} ${record.ota.publicKey}`]] : []),
      ...(record.flashEncryptedBy === 'device' ? [[own.flashKey, own.madeInDevice]] : []),
      ...(record.escrows ? [[own.escrow, record.escrows.map(({ what }) => what).join(', ')]] : []),
      [names.keysDestroyed, record.keysDestroyedAt ?? words.no],
      ...(record.finishedLater ? [[names.finishedLater, finishedWords(record.finishedLater)]] : []),
      [
        names.waivers,
        record.waivers.map(({ check, reason, by }) => `${check} (${reason}${by ? `; ${by}` : ''})`).join('; ') || '-',
      ],
      [names.software, `${record.software.name} ${record.software.version}`],
    ]),
    '',
    own.keys,
    ...table(record.keys.map((key) => [`  ${key.role}`, `BLOCK ${key.blocks.join(', ')}`, key.fingerprint])),
    '',
    own.flash,
    ...table(
      record.images.map((image) => [
        `  ${hex(image.offset)}`,
        image.name,
        image.encrypted ? own.encrypted : own.plain,
        own.signed({ digest: image.plainSha256?.slice(0, 16) ?? own.holdsSecrets }),
        own.written({ digest: image.flashSha256.slice(0, 16) }),
      ]),
    ),
    '',
    words.assurance,
    ...assuranceLines(assurance(record), context.streams.language),
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
      context.streams.say(wordsFor(context).written({ rows, file: options.out! }));
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
    context.streams.say(wordsFor(context).sealedDevices({ count: records.length, batch: options.batch }));
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
function wordsFor(context: CliContext) {
  return wordsOf(context).terminal.ledger;
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
  const { whose } = words;
  const them = changes.length === 0 ? whose.all : by === 'given key' ? whose.counted : whose.newest;
  lines.push((by === 'given key' ? words.byGivenKey : words.byOwnKey)({ whose: them, key: String(key) }));
  for (const { acceptedIn, by: people, key: later } of changes)
    lines.push(words.otherKey({ key: later, row: acceptedIn, people: people.join(', ') || words.nobody }));
  for (const seen of witnessed)
    lines.push(
      (seen.by === 'given key' ? words.seenByGivenKey : words.seenByOwnKey)({
        ...{ rows: seen.size, name: seen.name, time: String(seen.time) },
        key: String(seen.key),
      }),
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
