import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import type { RunRecord } from '../../../main/model/record.ts';
import type { Operators } from '../../../main/station/desk/access/operators.ts';
import { batchPage } from '../../../main/station/desk/reports/batch-page.ts';
import { batchReportOf } from '../../../main/station/desk/reports/batch-report.ts';
import { type AssuredRow, exportDevices, stateOf } from '../../../main/station/desk/reports/device-export.ts';
import { drawPdfApart } from '../../../main/station/desk/reports/pdf-drawing.ts';
import { Paper } from '../../../main/station/desk/reports/pdf-paper.ts';
import { languageOf } from '../../../main/station/desk/room.ts';
import { saying } from '../../../main/words/saying.ts';

const facts = { station: 's', at: '2026-11-22T10:00:00.000Z' };
const rows: AssuredRow[] = Array.from({ length: 600 }, (_, n) => ({
  mac: `30:00:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`,
  serial: n === 1 ? '=1+1,"x"' : `SN${n}`,
  chip: 'esp32p4',
  recipe: { name: 'lamp', revision: 1, hash: '0' },
  batch: null,
  outcome: 'passed',
  sealedAt: facts.at,
  lastRun: `run-${n}`,
  lastAt: facts.at,
  attempts: 1,
  condemned: false,
  assurance: null,
}));

/** The file's bytes, and how often the event loop came round meanwhile. */
async function exported(form: 'csv' | 'json' | 'pdf'): Promise<{ bytes: Buffer; turns: number }> {
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const file = await exportDevices(rows, form, facts);
  isOver = true;
  return { bytes: Buffer.from(file.data, 'base64'), turns };
}

test('a long list is written while boards are made: the event loop has its turn between rows', async () => {
  const csv = await exported('csv');
  const lines = csv.bytes.toString().trimEnd().split('\r\n');
  assert.equal(lines.length, rows.length + 1);
  assert.ok(lines[2]!.includes(`"'=1+1,""x"""`), 'what a spreadsheet would take as a formula stays a text');
  const json = await exported('json');
  assert.deepEqual(JSON.parse(json.bytes.toString()), { ...facts, devices: rows });
  const pdf = await exported('pdf');
  assert.equal(pdf.bytes.subarray(0, 5).toString(), '%PDF-');
  for (const { turns } of [csv, json, pdf]) assert.ok(turns >= rows.length / 20, String(turns));
});

test('a PDF that takes too long, or too much memory, is told as that, and the thread is gone', async () => {
  const page = { title: 'Devices', sections: [{ heading: '', rows: rows.map(({ mac }) => [mac, 'x'] as const) }] };
  await assert.rejects(drawPdfApart(page, { ms: 1, mb: 256 }), { code: 'export.too-much' });
  assert.equal(
    Buffer.from(await drawPdfApart(page))
      .subarray(0, 5)
      .toString(),
    '%PDF-',
  );
});

test('an empty list is a whole file as well', async () => {
  const { data } = await exportDevices([], 'json', facts);
  assert.deepEqual(JSON.parse(Buffer.from(data, 'base64').toString()), { ...facts, devices: [] });
});

test('a list on paper says how devices stand in the language of whoever asks', async () => {
  const one = rows[0]!;
  const { data } = await exportDevices([one], 'pdf', facts, 'zh-CN');
  const state = saying(() => 'zh-CN').terminal.states[stateOf(one)];
  const chars = copied(Buffer.from(data, 'base64'));
  for (const char of state) assert.ok(chars.has(char), `${state}: ${char}`);
});

test('a list says of each sealed device how much of the guide is met, and names what is not', async () => {
  const assurance = {
    met: 40,
    notApplicable: 3,
    waived: ['Debug interfaces: JTAG is off'],
    notShown: [],
    notMet: ['A: b', 'A: c'],
  };
  const { data } = await exportDevices([{ ...rows[0]!, assurance }, rows[1]!], 'csv', facts);
  const [head, first, second] = Buffer.from(data, 'base64').toString().split('\r\n');
  assert.ok(head!.endsWith('guide: met,guide: not applicable,guide: waived,guide: not shown,guide: not met'));
  assert.ok(first!.endsWith(',40,3,Debug interfaces: JTAG is off,,A: b; A: c'));
  assert.ok(second!.endsWith(',,,,,'));
});

/** Every text that a reader of this PDF can copy out of it, in fonts of its own, as characters. */
function copied(pdf: Buffer): Set<string> {
  const chars = new Set<string>();
  for (const [, stream] of pdf.toString('latin1').matchAll(/stream\n([\s\S]*?)\nendstream/g)) {
    const bytes = Buffer.from(stream!, 'latin1');
    const text = bytes[0] === 0x78 ? inflateSync(bytes).toString('latin1') : '';
    for (const [, list] of text.matchAll(/beginbfrange\n([\s\S]*?)endbfrange/g))
      for (const [, code] of list!.matchAll(/(?<=\[.*)<([0-9a-f]{4})>/g))
        chars.add(String.fromCodePoint(Number.parseInt(code!, 16)));
  }
  return chars;
}

test('Han texts stand in a PDF as people write them, to be read and copied; what turns text stands there by number', async () => {
  const order = '\u5e7f\u5c9b\u8ba2\u5355\uff1a\u5df2\u5bc6\u5c01\u3002';
  const sections = [{ heading: order, rows: [['\u5de5\u5382', `${order} PO 4711 \u202e`] as const] }];
  const pdf = Buffer.from(await drawPdfApart({ title: order, sections }));
  const chars = copied(pdf);
  for (const char of `${order}\u5de5\u5382`) assert.ok(chars.has(char), char);
  assert.ok(!chars.has('\u202e'));
  assert.ok(pdf.length < 60_000, `only what is needed of the font: ${pdf.length}`);
});

test('a paper is in the language of whoever asks: their own, else the station’s; what stands in records stays', async () => {
  const operators = { find: (id: string) => (id === 'li' ? { language: 'zh-CN' } : null) } as unknown as Operators;
  assert.equal(languageOf({ operators, language: 'es-MX' }, 'li'), 'zh-CN');
  assert.equal(languageOf({ operators, language: 'es-MX' }, 'ann'), 'es-MX');
  assert.equal(languageOf({ operators }, 'ann'), 'en');
  const recipe = { name: 'lamp', revision: 3, hash: 'ab' };
  const batch = { id: 'B-1', order: 'PO-7', recipe, count: 2, openedAt: facts.at, closedAt: null };
  const fault = { code: 'burn.lost-contact', what: 'Contact was lost.', next: 'Insert it again.', details: {} };
  const run = { id: 'R-1', mac: '30:00:00:00:00:01', serial: 'SN-1', fixture: 'nest-2', operator: 'ann', batch: 'B-1' };
  const report = batchReportOf(batch, [
    { ...run, startedAt: facts.at, endedAt: facts.at, outcome: 'failed', fault } as unknown as RunRecord,
  ]);
  const texts = (language: 'en' | 'zh-CN' | 'es-MX') => JSON.stringify(batchPage(report, facts, language).sections);
  assert.match(texts('en'), /"Ordered","2".*"First-pass yield","0.0 %".*"1 x burn.lost-contact","Contact was lost\."/);
  assert.match(texts('es-MX'), /"Pedidas","2".*"1 x burn.lost-contact","Se perdió la tarjeta a media grabación\."/);
  const chars = copied(Buffer.from(await drawPdfApart(batchPage(report, facts, 'zh-CN'))));
  for (const char of `${texts('zh-CN')}第页共`.match(/\p{Script=Han}/gu) ?? []) assert.ok(chars.has(char), char);
  assert.match(texts('zh-CN'), /"订购","2".*"失败","1","nest-2"/);
});

test('lines of Han end anywhere but before a closing mark, and other words stay whole', async () => {
  const text = '\u4e00\u4e8c\u4e09\u56db\uff0c\u4e94\uff08\u516d\uff09secure boot';
  const paper = await Paper.begin('t', 48, text);
  const face = { size: 10 };
  const lines = paper.lines(text, 41, face);
  await paper.end();
  assert.deepEqual(lines, ['\u4e00\u4e8c\u4e09', '\u56db\uff0c\u4e94', '\uff08\u516d\uff09', 'secure', 'boot']);
});
