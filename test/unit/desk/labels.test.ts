import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFault } from '../../../main/model/fault.ts';
import { stationConfigFolder } from '../../../main/start/program-folder.ts';
import { drawLabel } from '../../../main/station/desk/labels/label-preview.ts';
import { fillLabel, findTemplate, sampleFacts } from '../../../main/station/desk/labels/label-template.ts';
import { parsePrinter, printLabel, testLabel } from '../../../main/station/desk/labels/printer.ts';

const facts = sampleFacts('sensor', 3, 'esp32p4');
const template = findTemplate('sensor', [join(stationConfigFolder, 'labels')])!;

test('the label of the program holds serial number, MAC and a QR code with both', () => {
  const zpl = fillLabel(template, facts);
  assert.match(zpl, /^\^XA/);
  assert.match(zpl, /\^FH_\^FDSAMPLE-0001\^FS/);
  assert.match(zpl, /\^BQN,2,4\^FH_\^FDQA,SAMPLE-0001 00:11:22:33:44:55\^FS/);
  const svg = drawLabel(zpl);
  assert.match(svg, /^<svg .*<\/svg>$/s);
  assert.ok(svg.includes('>SAMPLE-0001</text>'));
  assert.ok((svg.match(/<path/g) ?? []).length >= 1);
  // The drawing's modules are the code's: another text is another drawing.
  assert.notEqual(svg, drawLabel(fillLabel(template, { ...facts, qr: 'other' })));
});

test('what a device is called gives the printer no commands and the page no tags', () => {
  const zpl = fillLabel('^XA^FO1,1^A0N,20,20^FD{serial}^FS^XZ', { ...facts, serial: 'A^XZ~JR_1<b>&"' });
  assert.equal(zpl, '^XA^FO1,1^A0N,20,20^FH_^FDA_5EXZ_7EJR_5F1<b>&"^FS^XZ');
  assert.ok(drawLabel(zpl).includes('>A^XZ~JR_1&lt;b&gt;&amp;&quot;</text>'));
  assert.throws(() => fillLabel('^FD{colour}^FS', facts), { code: 'label.placeholder' });
});

test('escapes of the template itself stay the characters that they stand for', () => {
  const named = { ...facts, serial: 'A_^7E' };
  for (const [template, zpl] of [
    ['^FH^FDGer_C3_A4t {serial}^FS', '^FH_^FDGer_C3_A4t A_5F_5E7E^FS'],
    ['^FH_^FDa_b_5Ec^FS', '^FH_^FDa_5Fb_5Ec^FS'],
    ['^FH\\^FD\\5E_5E {serial}^FS', '^FH_^FD_5E_5F5E A_5F_5E7E^FS'],
    ['^FHa^FO1,1^FDa5Eb^FS^FD_5E^FS', '^FO1,1^FH_^FD_5Eb^FS^FH_^FD_5F5E^FS'],
  ] as const)
    assert.equal(fillLabel(template, named), zpl);
  assert.ok(drawLabel(`^FO1,1^A0N,20${fillLabel('^FH^FDGer_C3_A4t^FS', facts)}`).includes('>Gerät</text>'));
});

test('templates that a printer would read otherwise than it is filled in are refused', () => {
  // in lower case, as variable data, with a comment, and with the head that printer drivers write
  for (const [text, zpl] of [
    ['^xa^fh^fd_41 {serial}^fs^xz', '^xa^FH_^fd_41 SAMPLE-0001^fs^xz'],
    ['^FV{serial}^FS', '^FH_^FVSAMPLE-0001^FS'],
    ['^FX the {serial}^FS^FD{mac}^FS', '^FX the {serial}^FS^FH_^FD00:11:22:33:44:55^FS'],
    ['CT~~CD,~CC^~CT~^XA^FD{serial}^FS^XZ', 'CT~~CD,~CC^~CT~^XA^FH_^FDSAMPLE-0001^FS^XZ'],
  ] as const)
    assert.equal(fillLabel(text, facts), zpl);
  for (const text of ['^XA^CC/ /FD{serial}/FS/XZ', '~cc+\n+XA+FD{serial}+FS+XZ', '^XA~CT!^FD{serial}^FS'])
    assert.throws(() => fillLabel(text, facts), { code: 'label.command-sign' }, text);
  for (const text of ['^XA^SN{serial},1,Y^FS^XZ', '^XA{serial}^XZ', '^FD{mac}^FS{serial}', '^FO{revision},1^FDx^FS'])
    assert.throws(() => fillLabel(text, facts), { code: 'label.placeholder-place' }, text);
});

test('labels go to a file or to a raw port, and a printer that is not there is a fault in words', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-label-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'labels.zpl');
  await printLabel('file:///labels.zpl', '^XA1^XZ', folder);
  await printLabel('file:///labels.zpl', '^XA2^XZ', folder);
  assert.equal(readFileSync(file, 'utf8'), '^XA1^XZ^XA2^XZ');

  const printed: string[] = [];
  const server = createServer((socket) => socket.on('data', (data) => printed.push(String(data))));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await printLabel(`tcp://127.0.0.1:${port}`, '^XA3^XZ', folder);
  await new Promise((resolve) => server.close(resolve));
  assert.deepEqual(printed, ['~JX^XA3^XZ']);
  await assert.rejects(printLabel(`tcp://127.0.0.1:${port}`, '^XA^XZ', folder), { code: 'printer.unreachable' });
});

test('a label that was cut off anywhere in a file is taken out before the next one; whole ones stay', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-label-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'labels.zpl');
  const [first, torn, next] = ['^XA^FDone^FS^XZ\n', '~SD20^xa^FDtwo^FS^xz\r\n', '^XA^FDthree^FS^XZ'];
  const whole = torn.indexOf('^xz') + 3;
  for (const before of ['', first, `${first}${'^XA^GFA^FS^XZ'.repeat(3)}`, `^XA^FX${'-'.repeat(200_000)}^XZ`])
    for (let cut = 0; cut <= torn.length; cut++) {
      writeFileSync(file, before + torn.slice(0, cut));
      await printLabel('file:///labels.zpl', next, folder);
      assert.equal(
        readFileSync(file, 'latin1'),
        before + (cut < whole ? '' : torn.slice(0, cut)) + next,
        `cut at ${cut}`,
      );
    }
  // a file system that had the length and not the bytes
  writeFileSync(file, `${first}${'\0'.repeat(70_000)}`);
  await printLabel('file:///labels.zpl', next, folder);
  assert.equal(readFileSync(file, 'latin1'), first + next);
  // an end across two looks
  for (let shift = 65_530; shift < 65_540; shift++) {
    writeFileSync(file, `${first}^XA${'-'.repeat(shift)}`);
    await printLabel('file:///labels.zpl', next, folder);
    assert.equal(readFileSync(file, 'latin1'), first + next);
  }
});

test('half a label is sent to no printer, and drawn for nobody', async () => {
  for (const half of ['', 'x', '^XA^FDone^FS', '^FDone^FS^XZ', '^XA^XA^XZ', '^XA^XZ^XA', '^XZ^XA'])
    for (const zpl of [half, Buffer.from(half)])
      await assert.rejects(printLabel('file:///labels.zpl', zpl, '/nowhere'), { code: 'label.not-whole' }, half);
});

test('control characters in what a device is called end no label', () => {
  const facts = { ...sampleFacts('p', 1, 'esp32c3'), serial: 'a\u0003b\u0002\u007fc' };
  assert.equal(fillLabel('^XA^FD{serial}^FS^XZ', facts), '^XA^FH_^FDa_03b_02_7Fc^FS^XZ');
});

test('a line that breaks with the label on its way: nobody claims that nothing was printed', async (t) => {
  const server = createServer((socket) =>
    socket.on('error', () => undefined).once('data', () => socket.resetAndDestroy()),
  );
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const label = `^XA^FX${'-'.repeat(4_000_000)}^XZ`;
  await assert.rejects(printLabel(`tcp://127.0.0.1:${port}`, label, '.'), (fault) => {
    assert.ok(isFault(fault, 'printer.broken'), String(fault));
    return /may have printed it or not/.test(fault.what);
  });
});

test('a printer that keeps the line, silent or chattering, ends the wait all the same, and nobody claims that it printed nothing', async (t) => {
  for (const chatters of [false, true]) {
    const sockets = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket.resume());
      const chatter = setInterval(() => chatters && socket.write('.'), 10);
      socket.on('error', () => undefined).on('close', () => clearInterval(chatter));
    });
    t.after(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await assert.rejects(printLabel(`tcp://127.0.0.1:${port}`, '^XA4^XZ', '.', 150), (fault) => {
      assert.ok(isFault(fault, 'printer.silent'));
      return /may have printed it or not/.test(fault.what);
    });
  }
});

test('addresses of printers', () => {
  assert.deepEqual(parsePrinter('tcp://printer.line'), { kind: 'tcp', host: 'printer.line', port: 9100 });
  assert.deepEqual(parsePrinter('tcp://[::1]:9101'), { kind: 'tcp', host: '::1', port: 9101 });
  // as the field of the desk shows it
  assert.deepEqual(parsePrinter('192.168.1.7:9100'), { kind: 'tcp', host: '192.168.1.7', port: 9100 });
  assert.deepEqual(parsePrinter('zebra.local:9100'), { kind: 'tcp', host: 'zebra.local', port: 9100 });
  for (const address of [
    'printer:',
    'printer:99999',
    '-x:9100',
    'a b:9100',
    'printer',
    'http://printer',
    'file://host/x',
    'tcp://',
    'tcp://a/b',
  ])
    assert.throws(() => parsePrinter(address), { code: 'printer.address' }, address);
});

test('a test label says which station asked for it, and no name of a station is a command of the printer', () => {
  const zpl = testLabel('Line ^XA~JA 7 ü', '2026-11-22T10:00:00.000Z');
  assert.match(zpl, /^\^XA.*Fuseline test label.*2026-11-22T10:00:00\.000Z.*\^XZ\n$/);
  assert.match(zpl, /\^FDLine \?XA\?JA 7 \?\^FS/);
});
