// What QA asks of the ledger: any run, the report of a batch by boards, two devices held against each other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../main/base/clock.ts';
import type { Ledger } from '../../../main/ledger/ledger.ts';
import type { FaultRecord } from '../../../main/model/fault.ts';
import type { RunRecord } from '../../../main/model/record.ts';
import { batchFile } from '../../../main/station/desk/reports/batch-page.ts';
import { readBatch } from '../../../main/station/desk/reports/batch-report.ts';
import { compareDevices } from '../../../main/station/desk/reports/compare.ts';
import { paperTime } from '../../../main/station/desk/reports/paper-time.ts';
import { runAnswers } from '../../../main/station/desk/reports/run-answers.ts';
import { book, mac, recipe, record, run, sealBoard, signHead } from '../ledger/book.ts';

const at = (minutes: number) => new Date(Date.parse('2026-11-22T10:00:00.000Z') + minutes * 60_000).toISOString();

const fault = (code: string): FaultRecord => ({
  ...{ class: 'board', code, what: `It is ${code}.`, next: 'Look.', safety: 'untouched', details: {} },
});

async function batchOf(ledger: Ledger, id: string, order: string | null, count: number | null): Promise<void> {
  await ledger.openBatch({ id, order, recipe, count, openedAt: at(0), closedAt: null });
}

async function tried(ledger: Ledger, id: string, n: number | null, facts: Partial<RunRecord>): Promise<void> {
  const { outcome = 'failed', fault: why = null, startedAt = at(1), endedAt = at(2), ...opened } = facts;
  await ledger.openRun(run(id, { ...opened, startedAt }));
  if (n !== null) await ledger.bindRun(id, { mac: mac(n) });
  await ledger.endRun(id, { at: endedAt!, outcome: outcome!, fault: why });
}

test('finds any run by what it has, also of a board that told no MAC, and goes on where it stopped', async (t) => {
  const { ledger } = await book(t);
  await batchOf(ledger, 'B-1', 'PO-7', 2);
  await tried(ledger, 'R-1', 1, { batch: 'B-1', fixture: 'nest-2', fault: fault('chip.flash-differs') });
  await tried(ledger, 'R-2', null, { batch: 'B-1', operator: 'ann', fault: fault('chip.silent') });
  // the ledger has no device of a board that was not let in, and knows which it was
  const refused = { ...fault('recipe.not-this-chip'), details: { mac: mac(3) } };
  await tried(ledger, 'R-3', null, { outcome: 'refused', fault: refused });
  await ledger.openRun(run('R-4', { fixture: 'nest-9', startedAt: at(9) }));
  const ids = async (query: Parameters<Ledger['findRuns']>[0]) =>
    (await ledger.findRuns(query)).runs.map(({ id }) => id);
  assert.deepEqual(await ids({}), ['R-4', 'R-3', 'R-2', 'R-1']);
  assert.deepEqual(await ids({ order: 'po-7' }), ['R-2', 'R-1']);
  assert.deepEqual(await ids({ batch: 'B-1', fault: 'chip.' }), ['R-2', 'R-1']);
  assert.deepEqual(await ids({ fault: 'CHIP.SILENT' }), ['R-2']);
  assert.deepEqual(await ids({ operator: 'ANN' }), ['R-2']);
  assert.deepEqual(await ids({ outcome: 'refused' }), ['R-3']);
  assert.deepEqual(await ids({ outcome: 'open' }), ['R-4']);
  assert.deepEqual(await ids({ text: 'NEST-2' }), ['R-1']);
  assert.deepEqual(await ids({ text: mac(3).replaceAll(':', '').slice(-5) }), ['R-3']);
  assert.deepEqual(await ids({ text: '100%' }), []);
  assert.deepEqual(await ids({ from: at(5) }), ['R-4']);
  assert.deepEqual(await ids({ to: '2026-11-22' }), ['R-4', 'R-3', 'R-2', 'R-1']);
  assert.deepEqual(await ids({ to: '2026-11-21' }), []);
  await assert.rejects(ledger.findRuns({ from: 'yesterday' }), { code: 'ledger.date' });
  const first = await ledger.findRuns({ limit: 3 });
  const rest = await ledger.findRuns({ limit: 3, before: first.next! });
  assert.deepEqual(
    [...first.runs, ...rest.runs].map(({ id }) => id),
    ['R-4', 'R-3', 'R-2', 'R-1'],
  );
  assert.equal(rest.next, null);
  assert.equal((await ledger.run('R-2'))?.operator, 'ann');
  assert.equal(await ledger.run('R-9'), null);
});

test('the report of a batch counts boards, says why some are missing, and which run decided each', async (t) => {
  const { ledger } = await book(t);
  await batchOf(ledger, 'B-1', 'PO-7', 3);
  await tried(ledger, 'R-1', 1, { batch: 'B-1', outcome: 'errored', fault: fault('token.away') });
  await sealBoard(ledger, 'R-2', 1, 'B-1');
  await tried(ledger, 'R-3', 2, { batch: 'B-1', fault: fault('chip.flash-differs') });
  // a sealed board that is inserted once more is refused, and stays a sealed one
  const refused4 = { ...fault('board.sealed'), details: { mac: mac(1) } };
  await tried(ledger, 'R-4', null, { batch: 'B-1', outcome: 'refused', fault: refused4 });
  await tried(ledger, 'R-5', null, { batch: 'B-1', fixture: 'nest-2', fault: fault('chip.silent') });
  assert.equal((await readBatch(ledger, 'B-1')).head, null);
  await signHead(ledger);
  const report = await readBatch(ledger, 'B-1');
  assert.match(report.head?.code ?? '', /^<svg /);
  assert.equal((await ledger.verify({ kept: [report.head!.line] })).broken, null);
  const { passed, failed, refused, unfinished, retries, done } = report.counts;
  assert.deepEqual(
    { passed, failed, refused, unfinished, retries, done, left: report.left },
    { passed: 1, failed: 2, refused: 0, unfinished: 0, retries: 2, done: 5, left: 2 },
  );
  assert.deepEqual(
    report.boards.map(({ mac: id, state, tries, run: decided, cause }) => [id, state, tries, decided, cause]),
    [
      [mac(1), 'passed', 3, 'R-2', null],
      [mac(2), 'failed', 1, 'R-3', 'chip.flash-differs'],
      [null, 'failed', 1, 'R-5', 'chip.silent'],
    ],
  );
  assert.deepEqual(
    report.causes.map(({ code, boards }) => [code, boards]),
    [
      ['chip.flash-differs', 1],
      ['chip.silent', 1],
    ],
  );
  await assert.rejects(readBatch(ledger, 'B-2'), { code: 'batches.unknown' });
  const facts = { station: 's', at: at(60) };
  const csv = Buffer.from((await batchFile(report, 'csv', facts)).data, 'base64').toString();
  assert.equal(csv.trim().split('\r\n').length, 4);
  assert.match(csv, /sealed/);
  const json = JSON.parse(Buffer.from((await batchFile(report, 'json', facts)).data, 'base64').toString());
  assert.equal(json.head, report.head!.line);
  const pdf = await batchFile(report, 'pdf', facts);
  assert.equal(Buffer.from(pdf.data, 'base64').subarray(0, 5).toString(), '%PDF-');
});

test('of two devices first that is shown which differs and should not', async (t) => {
  const { ledger } = await book(t);
  await sealBoard(ledger, 'R-1', 1);
  await ledger.openRun(run('R-2', {}));
  await ledger.bindRun('R-2', { mac: mac(2), serial: 'SN-2', chip: 'esp32p4' });
  const image = { name: 'app', offset: 65_536, length: 16, plainSha256: 'aa', flashSha256: 'bb', encrypted: true };
  await ledger.seal(
    record('R-2', 2, {
      images: [image],
      secureBoot: { scheme: 'rsa3072', keyDigests: ['00'.repeat(32)] },
      identity: { key: 'rsa-3072', publicKey: '30', certificatePem: '-----BEGIN', certificateSerial: 'C0FFEE2' },
      efusesAfter: {
        readOut: { DIS_PAD_JTAG: { value: 1, writeProtected: false, readProtected: false } },
        burnedAfterwards: {},
      },
    }),
  );
  const [a, b] = [await ledger.history(mac(1)), await ledger.history(mac(2))];
  const { rows } = compareDevices(a, b);
  const named = (kind: string) => rows.filter((row) => row.kind === kind).map(({ name }) => name);
  const differs = named('differs');
  for (const name of ['Sealed record: secure boot', 'Kind of device key', 'eFuses after: DIS_PAD_JTAG'])
    assert.ok(differs.includes(name), `${name} is not told as different: ${differs.join(', ')}`);
  assert.ok(
    differs.some((name) => name.includes('0x10000 app')),
    differs.join(),
  );
  const own = named('own');
  assert.ok(own.includes('Sealed record: serial') && own.includes('Keys (fingerprints): flash-encryption'), own.join());
  assert.ok(named('same').includes('Sealed record: recipe'));
  // what differs comes first
  assert.deepEqual(
    rows.slice(0, differs.length).map(({ kind }) => kind),
    differs.map(() => 'differs'),
  );
  assert.deepEqual(
    compareDevices(a, a).rows.filter(({ kind }) => kind !== 'same'),
    [],
  );
});

test('what is asked of runs, batches and devices that nobody knows is told as that', async (t) => {
  const { ledger } = await book(t);
  await batchOf(ledger, 'B-1', 'PO-7', 2);
  await sealBoard(ledger, 'R-1', 1, 'B-1');
  await batchOf(ledger, 'B-2', null, null);
  const operators = { find: () => null };
  const answers = runAnswers({ operators, station: { parts: { ledger, clock: systemClock, name: 's' } } } as never);
  await assert.rejects(async () => answers['runs.show']({ run: 'R-9' }, 'q'), { code: 'runs.unknown' });
  await assert.rejects(async () => answers['devices.compare']({ a: mac(1), b: mac(9) }, 'q'), {
    code: 'devices.unknown',
  });
  const { rows, more } = await answers['batches.search']({ limit: 1 }, 'q');
  assert.deepEqual([rows.map(({ batch }) => batch.id), more], [['B-2'], true]);
  const found = await answers['batches.search']({ text: 'po-7' }, 'q');
  assert.deepEqual(
    found.rows.map(({ batch, sealed, others }) => [batch.id, sealed, others]),
    [['B-1', 1, 0]],
  );
  assert.equal((await answers['runs.show']({ run: 'R-1' }, 'q')).history.length, 3);
  // what leaves the station as a file is a row
  await answers['batches.report']({ batch: 'B-1', form: 'json' }, 'q');
  const [act] = await ledger.acts({ what: 'exported' });
  assert.deepEqual([act?.by, act?.detail], [['q'], { batch: 'B-1' }]);
});

test('times on paper are local with their zone, and UTC', () => {
  const before = process.env.TZ;
  try {
    process.env.TZ = 'America/Mexico_City';
    assert.equal(paperTime('2026-11-26T03:15:07.000Z'), '2026-11-25 21:15:07 -06:00 (2026-11-26 03:15:07 UTC)');
    process.env.TZ = 'Asia/Kolkata';
    assert.equal(paperTime('2026-11-26T03:15:07.000Z'), '2026-11-26 08:45:07 +05:30 (03:15:07 UTC)');
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
});
