import { isoTime } from '../../../base/clock.ts';
import type { DeviceView, ExportedFile, QuestionView } from '../../../contract/views.ts';
import type { DeviceHistory, DeviceQuery, DeviceRow, LedgerReader } from '../../../ledger/ledger.ts';
import { RecipeFault } from '../../../model/fault.ts';
import { bootRuleOf } from '../../boot-rule.ts';
import type { Certificate } from '../../certificates.ts';
import { type KeptQuery, type SavedQuestion, savedQuestion, savedQuestions, saveQuestion } from '../../questions.ts';
import { proveSealedBoard } from '../../verify-device.ts';
import { condemnBoard, releaseBoard } from '../access/boards.ts';
import { type DeskAnswers, type DeskRoom, languageOf } from '../room.ts';
import { assuranceOfRecord, sumOf } from './assurance.ts';
import { batchSheet, type CertificateSheet, deviceSheet } from './certificate-page.ts';
import { deedView } from './deeds.ts';
import { type AssuredRow, exportDevices, reportDevice, stateOf } from './device-export.ts';
import { drawPdfApart } from './pdf-drawing.ts';
import { exportRegistration, registrationNamed } from './registration-file.ts';
import { historyLines } from './run-answers.ts';

type Answers = Pick<
  DeskAnswers,
  | 'devices.search'
  | 'devices.questions'
  | 'devices.saveQuestion'
  | 'devices.show'
  | 'devices.assurance'
  | 'devices.export'
  | 'devices.report'
  | 'devices.certificate'
  | 'batches.certificate'
  | 'devices.verify'
  | 'boards.condemn'
  | 'boards.release'
  | 'ledger.verify'
  | 'ledger.deeds'
>;

/** Devices in one exported file: what a spreadsheet still opens and a PDF still prints. */
const mostExported = 20_000;
/** Rows asked of the ledger at once. */
const page = 1000;
const usualLimit = 100;
const deedsAtOnce = 100;

export function deviceAnswers(room: DeskRoom): Answers {
  const { station, line, operators } = room;
  const { ledger, clock, random, openPort } = station.parts;
  const people = { operators, ledger };
  /** What leaves the station as a file is a row. */
  const exported = (by: string, form: string, detail: Readonly<Record<string, string | number>>) =>
    ledger.noteAct({ what: 'exported', by: [by], about: form, detail });
  const facts = () => ({ station: station.parts.name, at: isoTime(clock.now()) });
  return {
    async 'devices.search'(query) {
      const startedAt = clock.monotonic();
      const limit = query.limit ?? usualLimit;
      const rows = await search(ledger, query, limit + 1, query.offset ?? 0);
      return {
        rows: rows.slice(0, limit).map((row) => ({
          mac: row.mac,
          serial: row.serial,
          chip: row.chip,
          recipe: row.recipe,
          batch: row.batch,
          state: stateOf(row),
          lastAt: row.lastAt,
          attempts: row.attempts,
        })),
        more: rows.length > limit,
        ms: clock.monotonic() - startedAt,
      };
    },
    async 'devices.questions'() {
      return questionViews(await savedQuestions(ledger));
    },
    async 'devices.saveQuestion'({ name, query }, by) {
      await saveQuestion(ledger, name, query && (await asked(ledger, query)), [by]);
      return questionViews(await savedQuestions(ledger));
    },
    async 'devices.show'({ mac }) {
      return deviceViewOf(await known(ledger, mac));
    },
    async 'devices.assurance'({ mac }) {
      const { sealed } = await known(ledger, mac);
      return sealed && assuranceOfRecord(sealed);
    },
    async 'devices.export'({ query, form }, by) {
      const rows: DeviceRow[] = [];
      while (rows.length < mostExported) {
        const more = await search(ledger, query, page, rows.length);
        rows.push(...more);
        if (more.length < page) break;
      }
      await exported(by, form, { devices: rows.length, query: JSON.stringify(query) });
      const registration = registrationNamed(form);
      if (registration !== null) return exportRegistration(rows, registration, facts().at, ledger);
      return exportDevices(
        await withAssurance(rows, ledger),
        form as 'csv' | 'json' | 'pdf',
        facts(),
        languageOf(room, by),
      );
    },
    async 'devices.report'({ mac, form }, by) {
      const history = await known(ledger, mac);
      await exported(by, form, { device: mac });
      return reportDevice(history, form, facts(), languageOf(room, by));
    },
    async 'devices.certificate'({ mac, form }, by) {
      const certificate = await station.certifyDevice(mac.toLowerCase(), by);
      return certificateFile(certificate, form, deviceSheet(certificate, languageOf(room, by)));
    },
    async 'batches.certificate'({ batch, form }, by) {
      const certificate = await station.certifyBatch(batch, by);
      return certificateFile(certificate, form, batchSheet(certificate, languageOf(room, by)));
    },
    async 'ledger.deeds'({ before }) {
      const deeds = await ledger.deeds({ limit: deedsAtOnce + 1, ...(before === null ? {} : { before }) });
      return { rows: deeds.slice(0, deedsAtOnce).map(deedView), more: deeds.length > deedsAtOnce };
    },
    async 'devices.verify'({ fixture, mac }) {
      line.mustBeIdle();
      const spec = line.fixtures.find((candidate) => candidate.name === fixture);
      if (spec === undefined)
        throw new RecipeFault({
          code: 'line.no-fixture',
          what: `This station has no fixture ${JSON.stringify(fixture)}.`,
          next: 'Choose one of the line.',
        });
      const report = await proveSealedBoard(() => openPort(spec.address, { baudRate: 115200 }), {
        clock,
        random,
        record: mac === null ? null : await ledger.sealedDevice(mac.toLowerCase()),
        find: (id) => ledger.sealedDevice(id),
        ruleOf: (hash) => bootRuleOf(ledger, hash),
      });
      return {
        mac: report.record.chip.mac,
        ok: report.checks.every((check) => check.ok),
        checks: report.checks,
        unproven: report.unproven,
      };
    },
    async 'boards.condemn'({ mac, reason, second = null }, by) {
      await condemnBoard(people, { device: mac, reason, by, second });
      return deviceViewOf(await known(ledger, mac));
    },
    async 'boards.release'({ mac, reason, second = null }, by) {
      await releaseBoard(people, { device: mac, reason, by, second });
      return deviceViewOf(await known(ledger, mac));
    },
    async 'ledger.verify'() {
      const { rows, head, broken, edited } = await ledger.verify();
      if (broken !== null) return { rows, head, broken: `row ${broken.row}: ${broken.reason}` };
      return { rows, head, broken: edited === null ? null : `table ${edited.table}: ${edited.what}` };
    },
  };
}

async function certificateFile(
  { bytes }: Certificate,
  form: 'cose' | 'pdf',
  sheet: CertificateSheet,
): Promise<ExportedFile> {
  const { name } = sheet.attached;
  if (form === 'cose') return { name, mime: 'application/cose', data: Buffer.from(bytes).toString('base64') };
  const pdf = await drawPdfApart(sheet);
  return {
    name: name.replace(/cose$/, 'pdf'),
    mime: 'application/pdf',
    data: Buffer.from(pdf).toString('base64'),
  };
}

/** What a face shows of a device; its wrapped keys stay here. */
function deviceViewOf({ mac, sealed, condemned, released = null, runs }: DeviceHistory): DeviceView {
  const label = runs
    .flatMap(({ events }) => events)
    .findLast(({ event }) => event.type === 'label-scanned' && event.fits);
  return {
    mac,
    sealed,
    condemned,
    released,
    labelledAt: label?.at ?? null,
    runs: runs.map(({ run, events }) => ({
      run,
      history: historyLines(events),
    })),
  };
}

/** The rows of a list with how each sealed device stands to the guide. */
async function withAssurance(rows: readonly DeviceRow[], ledger: LedgerReader): Promise<AssuredRow[]> {
  const assured: AssuredRow[] = [];
  for (const row of rows) {
    const sealed = row.sealedAt === null ? null : await ledger.sealedDevice(row.mac);
    assured.push({ ...row, assurance: sealed && sumOf(assuranceOfRecord(sealed)) });
  }
  return assured;
}

interface Asked {
  readonly text?: string | undefined;
  readonly question?: string | undefined;
  readonly batch?: string | undefined;
  readonly recipe?: string | undefined;
  readonly outcome?: DeviceQuery['outcome'] | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** The ledger looks for a recipe by its text; where there is another text as well, its rows are sifted by recipe. */
async function search(
  ledger: LedgerReader,
  query: Asked,
  limit: number,
  offset: number,
): Promise<readonly DeviceRow[]> {
  const { recipe } = query;
  const rows = await ledger.devices({ ...(await asked(ledger, query)), limit, offset });
  return recipe === undefined ? rows : rows.filter((row) => row.recipe.name === recipe);
}

/** What is asked of the ledger: a question that is kept, with what else is told. RecipeFault `question.unknown`. */
async function asked(ledger: LedgerReader, query: Asked): Promise<KeptQuery> {
  const { recipe, question, batch, outcome, from, to } = query;
  const kept = question === undefined ? {} : (await savedQuestion(ledger, question)).query;
  const text = query.text?.trim() || recipe;
  return {
    ...kept,
    ...(text ? { text } : {}),
    ...(batch ? { batch } : {}),
    ...(outcome ? { outcome } : {}),
    ...(from ? { from } : {}),
    ...(to ? { to } : {}),
  };
}

function questionViews(questions: readonly SavedQuestion[]): QuestionView[] {
  return questions.map(({ name, by, at }) => ({ name, by, at }));
}

async function known(ledger: LedgerReader, mac: string) {
  const history = await ledger.history(mac.toLowerCase());
  if (history.runs.length > 0) return history;
  throw new RecipeFault({
    code: 'devices.unknown',
    what: `The ledger knows no device ${mac}.`,
    next: 'Search by MAC, serial number or batch.',
  });
}
