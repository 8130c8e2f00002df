// What people at the desk cannot have, piece by piece.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { blankSnapshot } from '../../../main/efuse/snapshot.ts';
import { ledgerFaultOf } from '../../../main/ledger/sqlite/faults.ts';
import type { StoredEvent } from '../../../main/model/event.ts';
import { isFault } from '../../../main/model/fault.ts';
import { CredentialShelf } from '../../../main/station/credential-shelf.ts';
import { DeskFile } from '../../../main/station/desk/desk-file.ts';
import { LabelDesk } from '../../../main/station/desk/labels/label-desk.ts';
import { LabelReturns } from '../../../main/station/desk/labels/label-returns.ts';
import { Line, type LineOptions } from '../../../main/station/desk/line/line.ts';
import type { LineBatch } from '../../../main/station/desk/line/line-batch.ts';
import { readScan } from '../../../main/station/desk/line/line-scan.ts';
import { judgeSerial } from '../../../main/station/desk/line/serials.ts';
import { bootFromFlash } from '../../../main/virtual/boot/boot.ts';
import { VirtualChip } from '../../../main/virtual/chip.ts';
import { bornWith } from '../../../main/virtual/efuse/born-with.ts';
import { openPty } from '../../../main/virtual/listen/pty.ts';
import { recipeNamed } from '../../stories/stage.ts';
import { book, mac, sealBoard } from '../ledger/book.ts';
import { Rig, siliconOf } from '../station/parts.ts';
import { diskFull } from '../station/scripted-ledger.ts';

const plain = recipeNamed('esp32c3-production');

function place(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-desk-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('settings that cannot be read are a fault, never settings of nobody', (t) => {
  const file = join(place(t), 'desk.json');
  for (const text of ['', '{}', '{"version":2,"fixtures":null,"printer":null}', '{"version":1,"fixtures":{}}']) {
    writeFileSync(file, text);
    assert.throws(
      () => new DeskFile(file),
      (error) => isFault(error, 'desk.damaged') && error.details.file === file,
    );
  }
});

test('labels: no printer, no template, a template that asks for what there is none of', async (t) => {
  const { ledger } = await book(t);
  await sealBoard(ledger, 'r1', 1);
  const folder = place(t);
  const file = new DeskFile(join(folder, 'desk.json'));
  const desk = new LabelDesk(ledger, file, [folder], folder, new CredentialShelf());
  await assert.rejects(desk.again(mac(2)), (error) => isFault(error, 'label.not-sealed'));
  await assert.rejects(desk.again(mac(1)), (error) => isFault(error, 'printer.none'));
  file.keepPrinter('file:///out.zpl');
  await assert.rejects(desk.again(mac(1)), (error) => isFault(error, 'label.no-template'));
  writeFileSync(join(folder, 'device.zpl'), '^XA^FO1,1^A0N,20,20^FD{proof}^FS^XZ');
  await assert.rejects(desk.again(mac(1)), (error) => isFault(error, 'label.no-credentials'));
});

test('the label of another board is refused where the fixture is named, and stands in the book', async () => {
  const kept: unknown[] = [];
  const returns = new LabelReturns({
    append: async (run, step, event) => {
      kept.push(event);
      return { run, seq: 0, at: '', step, event: event as StoredEvent['event'] };
    },
  });
  const stop = new AbortController();
  const board = (fixture: string, n: number) => ({ fixture, run: `r${n}`, mac: mac(n), serial: `SN-${n}` });
  const waits = [returns.expect(board('a', 1), stop.signal), returns.expect(board('b', 2), stop.signal)];
  await assert.rejects(
    returns.take('SN-2', 'a', 'op-1'),
    (error) => isFault(error, 'label.other-board') && error.safety === 'sealed',
  );
  assert.equal(kept.length, 1);
  assert.ok(returns.waits('a') && returns.waits('b'));
  stop.abort(new Error('the batch ends'));
  await Promise.all(waits);
});

test('what is scanned: a provisioning code is never kept nor repeated; a number that nobody needs is said so', async () => {
  const secret = '{"ver":"v1","name":"PROV_1","pop":"abcd-1234","transport":"ble"}';
  await assert.rejects(
    readScan({ text: secret, fixture: null, by: 'op-1' }, {} as LineBatch, {} as never),
    (error) => isFault(error, 'label.provisioning-code') && !/abcd/.test(JSON.stringify(error.toJSON())),
  );
  const ledger = { claimedBy: async () => null, history: async () => assert.fail('nobody is asked') };
  await assert.rejects(
    judgeSerial('SN-1', { recipe: plain.recipe, ledger, taken: [], foreign: () => null }),
    (error) => isFault(error, 'serial.not-wanted') && error.safety === 'untouched',
  );
});

test('the label of a shut board that waits for its seal: without a fixture nobody knows on which board it is', async () => {
  const rig = new Rig(plain);
  const chip = siliconOf(plain);
  rig.book.beforeSeal = () => {
    throw diskFull();
  };
  assert.equal((await rig.run(chip)).fault?.code, 'ledger.full');
  const named: string[] = [];
  const batch = {
    scansLabels: false,
    gate: { name: (text: string, fixture: string) => named.push(`${text} ${fixture}`) },
  } as unknown as LineBatch;
  const text = chip.identity.mac.replaceAll(':', '');
  const rules = { ledger: rig.book.ledger, foreign: () => null };
  await assert.rejects(
    readScan({ text, fixture: null, by: 'op-1' }, batch, rules),
    (error) => isFault(error, 'line.which-fixture') && error.safety === 'shut',
  );
  assert.equal((await readScan({ text, fixture: 'nest', by: 'op-1' }, batch, rules)).fixture, 'nest');
  assert.deepEqual(named, [`${text} nest`]);
});

test('a line without fixtures starts nothing', async () => {
  const { station, book: kept } = new Rig(plain);
  const options: LineOptions = {
    fixtures: [],
    demonstration: false,
    development: false,
    contacts: () => 1,
    foreign: () => null,
    print: () => undefined,
    printerFault: () => null,
  };
  const line = new Line(station, options);
  await assert.rejects(
    line.start({
      loaded: plain,
      fingerprint: '',
      order: null,
      count: 1,
      operator: null,
      mode: null,
      targetPerHour: null,
    }),
    (error) => isFault(error, 'line.no-fixtures'),
  );
  assert.equal(kept.batchRecords.length, 0);
  await line.close();
});

test('what a disk says of the book is told as the disk’s, and only that', () => {
  const said = (code: string) => ledgerFaultOf(Object.assign(new Error('disk I/O error'), { code }), '/data/ledger');
  for (const [code, fault] of [
    ['SQLITE_IOERR_WRITE', 'ledger.disk'],
    ['EIO', 'ledger.disk'],
    ['SQLITE_FULL', 'ledger.full'],
    ['ENOSPC', 'ledger.full'],
    ['SQLITE_BUSY', 'ledger.locked'],
    ['SQLITE_NOTADB', 'ledger.damaged'],
    ['EROFS', 'ledger.read-only'],
    ['SQLITE_MISUSE', 'program.unexpected'],
  ] as const)
    assert.equal(said(code).code, fault, code);
});

test('virtual boards: a MAC that is none, a pseudo-terminal that cannot be made', async (t) => {
  for (const text of ['x', 'aa:bb:cc:dd:ee', 'aa:bb:cc:dd:ee:fg'])
    assert.throws(
      () => new VirtualChip({ kind: 'esp32c3', mac: text }, bootFromFlash),
      (error) => isFault(error, 'virtual.mac'),
    );
  const efuses = blankSnapshot(siliconOf(plain).efuse.table);
  for (const [options, saved] of [
    [{ kind: 'esp32c6' }, false],
    [{ kind: 'esp32c3', revision: 4 }, false],
    [{ kind: 'esp32c3', mac: 'aa:bb:cc:00:00:01' }, false],
    [{ kind: 'esp32c3' }, true],
  ] as const)
    assert.throws(
      () => bornWith(options, efuses, saved),
      (error) => isFault(error, 'virtual.efuses'),
    );
  const folder = place(t);
  writeFileSync(join(folder, 'socat'), '#!/bin/sh\necho no more terminals >&2\nexit 1\n', { mode: 0o755 });
  const { PATH } = process.env;
  process.env.PATH = folder;
  try {
    await assert.rejects(
      openPty(siliconOf(plain)),
      (error) => isFault(error, 'virtual.pty') && /no more terminals/.test(error.what),
    );
    rmSync(join(folder, 'socat'));
    await assert.rejects(openPty(siliconOf(plain)), (error) => isFault(error, 'virtual.no-socat'));
  } finally {
    process.env.PATH = PATH;
  }
});
