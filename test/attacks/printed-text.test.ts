// Text from outside that a spreadsheet would run, a terminal would obey, or a reader would read backwards.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { printable } from '../../main/base/printable.ts';
import { faultLines, table } from '../../main/cli/words.ts';
import { csvLine } from '../../main/formats/csv-line.ts';
import { shown, shownAnswer } from '../../main/ipc/shown.ts';
import { run, testFolder } from '../stories/terminal.ts';

/** Control characters but tab and line end, and what turns or hides text. */
const obeyed = /[^\P{Cc}\t\n]|\p{Cf}|[\u115f\u1160\u3164\uffa0\u2028\u2029]/u;

test('no cell of any export is a formula; PEM stays what it is', () => {
  for (const begin of ['=', '+', '-', '@', '\t', '\r', '\n', '\uff1d', '\uff0b', '\uff0d', '\uff20']) {
    const cell = `${begin}cmd|'/c calc'!A0`;
    assert.match(csvLine([cell]), /^"?'/, JSON.stringify(begin));
  }
  const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
  assert.equal(csvLine([pem, 'SN-1']), `"${pem}",SN-1\r\n`);
  assert.equal(csvLine(['-----BEGIN X-----=1']), "'-----BEGIN X-----=1\r\n");
  // where a semicolon parts cells
  assert.equal(csvLine(["SN-1;=cmd|'/c calc'!A0", 'a;b', 'x; @SUM(1)']), "SN-1;'=cmd|'/c calc'!A0,a;b,x; '@SUM(1)\r\n");
});

test('what a terminal obeys is shown, and JSON stays the same value', () => {
  const evil = '\u001b[2J\u009b31m\u0007\u202eelif\u2066\u200b\u0000\u00ad\u206f\u3164\ufffa\u{e0041}ü\tok\n';
  const shown = printable(evil);
  assert.doesNotMatch(shown, obeyed);
  assert.ok(shown.includes('ü\tok\n') && shown.includes('\\u001b[2J'));
  const line = JSON.stringify({ text: '\u009b31m\u202e' });
  assert.deepEqual(JSON.parse(printable(line)), JSON.parse(line));
});

test('a name with a line end in it says no line of its own', () => {
  const evil = 'SN-1\nVERIFIED  all is well\r\n[0]';
  for (const lines of [
    table([[evil, 'x']]),
    faultLines({ what: `No device ${evil}.`, next: 'Look.', safety: 'no-board', code: 'a.b' }),
  ])
    assert.ok(!lines.some((line) => /^(VERIFIED|\[0\])/.test(line) || line.includes('\n')), lines.join('|'));
});

test('what turns text is written out in all that a page shows, and in nothing that it gives back', () => {
  const evil = { name: 'gnp.\u202etxt', list: [{ serial: 'SN\u200b-1\u2066', at: 3, none: null }], '\ufeffkey': true };
  assert.deepEqual(shownAnswer('devices.search', evil), {
    name: 'gnp.\\u202etxt',
    list: [{ serial: 'SN\\u200b-1\\u2066', at: 3, none: null }],
    '\\ufeffkey': true,
  });
  for (const name of ['recipes.read', 'recipes.save', 'devices.export', 'devices.report', 'labels.preview'] as const)
    assert.equal(shownAnswer(name, evil), evil, name);
  const plain = { name: 'Jürgen', rows: [{ serial: 'SN-1', bytes: new Uint8Array(2) }], text: 'a\tb\r\n' };
  assert.equal(shown(plain), plain, 'what is plain is not even copied');
});

test('a recipe cannot paint the terminal of whoever checks it', { timeout: 120_000 }, async (t) => {
  const file = join(testFolder(t), 'evil.yaml');
  writeFileSync(file, 'fuseline: 1\n"\\e[2J\\e[31mPASSED\\u202e": 1\nname: "a\\u009b31m"\n');
  const { out, err } = await run(['recipe', 'check', file]);
  assert.match(out + err, /\\u001b\[2J/);
  assert.doesNotMatch(out + err, obeyed);
});
