import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../main/base/clock.ts';
import { bareMac, macsOn } from '../../../main/model/mac.ts';
import { StartGate } from '../../../main/station/desk/line/start-gate.ts';
import { isNamed, waitingBoardNamed, waitingBoards } from '../../../main/station/waiting-boards.ts';
import { book, mac, run } from '../ledger/book.ts';

test('a MAC on a console, however it is written, and nothing that only looks like one', () => {
  const found = (line: string) => [...macsOn([line])];
  for (const line of [
    'I (573) wifi:mode : sta (34:85:18:aa:bb:cc)',
    'mac:34:85:18:AA:BB:CC',
    'base MAC 34-85-18-aa-bb-cc, ready',
    'id=348518aabbcc',
  ])
    assert.deepEqual(found(line), ['348518aabbcc'], line);
  for (const line of [
    'eui 34:85:18:ff:fe:aa:bb:cc',
    'ELF file SHA256:  348518aabbcc01',
    'I (75) boot: Loaded app from partition at offset 0x10000',
    '34:85:18:aa:bb',
    '34:85-18:aa:bb:cc',
  ])
    assert.deepEqual(found(line), [], line);
  assert.equal(bareMac(' 34-85-18-AA-BB-CC '), '348518aabbcc');
});

const door = {
  type: 'intend',
  what: 'bits',
  detail: { block: 0, stage: 'door', fields: [{ field: 'DIS_DOWNLOAD_MODE', from: 0, to: 1 }] },
} as const;
const other = {
  type: 'intend',
  what: 'bits',
  detail: { block: 0, stage: 'door', fields: [{ field: 'DIS_PAD_JTAG', from: 0, to: 1 }] },
} as const;

test('boards that wait for their seal: all of them, however many came between', async (t) => {
  const { ledger } = await book(t);
  const begun = async (n: number, event: typeof door | typeof other, serial: string | null = null) => {
    await ledger.openRun(run(`R-${n}`, { mac: mac(n), serial, startedAt: `2026-11-22T10:00:0${n % 10}.000Z` }));
    await ledger.append(`R-${n}`, 'shut-doors', event);
    await ledger.endRun(`R-${n}`, { at: '2026-11-22T11:00:00.000Z', outcome: 'failed', fault: null });
  };
  await begun(1, door, 'S-1');
  for (let n = 10; n < 450; n++) await begun(n, other);
  await begun(2, door);
  await begun(3, door);
  await ledger.condemn(mac(3), 'R-3', 'test');
  const waiting = await waitingBoards(ledger);
  assert.deepEqual(waiting.map((board) => board.mac).sort(), [mac(1), mac(2)]);
  const [first] = waiting.filter((board) => board.mac === mac(1));
  assert.ok(
    isNamed(first!, 'S-1') && isNamed(first!, mac(1).toUpperCase().replaceAll(':', '')) && !isNamed(first!, 'S-2'),
  );
  assert.equal((await waitingBoardNamed(ledger, 'S-1'))?.mac, mac(1));
  assert.equal((await waitingBoardNamed(ledger, mac(2).replaceAll(':', '')))?.mac, mac(2));
  for (const text of [mac(3), mac(10), 'S-9', '']) assert.equal(await waitingBoardNamed(ledger, text), null, text);
});

test('a label that was scanned for a fixture names its next shut board, once', () => {
  const gate = new StartGate({
    mode: 'insertion',
    wantsSerial: false,
    fixtures: 1,
    clock: systemClock,
    undoMs: 0,
    contacts: () => 1,
    knownSerial: async () => null,
    changed: () => undefined,
  });
  gate.name('S-1', 'F1');
  assert.equal(
    gate.named('F2', () => true),
    null,
  );
  assert.equal(
    gate.named('F1', (text) => text === 'S-1'),
    'S-1',
  );
  assert.equal(
    gate.named('F1', () => true),
    null,
    'said once',
  );
  gate.name('S-1', 'F1');
  assert.equal(
    gate.named('F1', () => false),
    null,
    'none of those that wait',
  );
});
