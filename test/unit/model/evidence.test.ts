// Facts as rows and back: what is written can be read, what is amiss is said by name, what is not known is kept.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from '../../../main/base/json.ts';
import { eventMark, eventText } from '../../../main/model/evidence/event-text.ts';
import { burns, observations, proofs, runFacts, stepFacts } from '../../../main/model/evidence/index.ts';
import { MisshapenFact, readEvent, writtenEvent } from '../../../main/model/evidence/rows.ts';
import { everyEvent } from './facts.ts';

type Row = Record<string, unknown>;

/** What the ledger's reader has of an event: JSON. */
const stored = (event: unknown): Row => JSON.parse(canonicalJson(event)) as Row;

/** Name of an event's kind, as faults and unknown facts have it. */
const kindOf = (event: Row) =>
  'value' in event || 'detail' in event ? `${event.type} ${event.what}` : String(event.type);

/** The members of the fact itself. */
const factOf = (event: Row): Row => (event.value ?? event.detail ?? event) as Row;

test('there is a sample of every fact', () => {
  const names = (prefix: string, table: object) => Object.keys(table).map((name) => `${prefix}${name}`);
  assert.deepEqual(
    everyEvent.map((event) => kindOf(stored(event))).sort(),
    [
      ...names('burned ', burns),
      ...names('intend ', burns),
      ...names('observed ', observations),
      ...names('verified ', proofs),
      ...names('', stepFacts),
      ...names('', runFacts),
    ].sort(),
  );
});

/** Facts that name a key's role, to which one was added: an older program shows such a row and does not believe it. */
const withSharedRole = new Set([
  'key-made',
  'observed key-unwrapped',
  'keys-destroyed',
  'intend key-block',
  'burned key-block',
  'verified key-block',
]);

test('every fact that is written is read again as it was, and its version costs six bytes', () => {
  for (const event of everyEvent) {
    const row = writtenEvent(event);
    const version = withSharedRole.has(kindOf(stored(event))) ? 2 : 1;
    assert.equal(row.v, version);
    assert.deepEqual(readEvent(stored(row)), event);
    assert.equal(canonicalJson(row).length - canonicalJson(event).length, '"v":1,'.length);
  }
});

test('rows from before there were versions are read as what they are now', () => {
  for (const event of everyEvent) assert.deepEqual(readEvent(stored(event)), event);
});

/** Members that a fact may be without. */
const optional = [
  'observed certificate key',
  'observed certificate-request key',
  'observed contact retries',
  'observed contact wear',
  'observed finishes-run fixture',
  'observed finishes-run operator',
  'observed firmware updates',
  'verified bits effect',
  'verified boot challenge',
  'verified boot scheme',
  'verified boot signature',
  'verified device-encryption door',
  'verified sealed-boot challenge',
  'verified sealed-boot scheme',
  'verified sealed-boot signature',
  'waived by',
  'waived from',
];

test('a row without a member that its fact must have is refused by the name of both', () => {
  const without: string[] = [];
  for (const event of everyEvent) {
    const kind = kindOf(stored(event));
    // its members are the chip's fields, of which any may be missing
    if (kind === 'observed efuses-before-door') continue;
    for (const member of Object.keys(factOf(stored(event)))) {
      if (member === 'type') continue;
      const row = stored(writtenEvent(event));
      delete factOf(row)[member];
      try {
        readEvent(row);
        without.push(`${kind} ${member}`);
      } catch (error) {
        assert.ok(error instanceof MisshapenFact, String(error));
        assert.equal(error.kind, kind);
        // a key block is one of two: without its role it is no digest either
        assert.match(error.problems, kind.endsWith('key-block') ? /\w/ : new RegExp(`^${member}: `));
      }
    }
  }
  assert.deepEqual(without.sort(), optional);
});

test('a fault about a row names members and types, and no value of the row', () => {
  const row = { type: 'key-made', v: 1, role: 'a-secret-role', fingerprint: 77001, wrapped: null };
  assert.throws(
    () => readEvent(row),
    (error) =>
      error instanceof MisshapenFact &&
      /role: .*; fingerprint: /.test(error.problems) &&
      !/secret|77001/.test(error.message),
  );
});

test('what is written around the types is refused before it is in the book', () => {
  const events = [
    { type: 'observed', what: 'image', value: { name: 'app' } },
    { type: 'observed', what: 'phase of the moon', value: 1 },
    { type: 'observed', what: 'toString', value: {} },
    { type: 'unknown', kind: 'observed x', version: 2, raw: {} },
    { type: 'constructor' },
  ] as unknown as Parameters<typeof writtenEvent>[0][];
  for (const event of events) assert.throws(() => writtenEvent(event), MisshapenFact);
});

test('what this program does not know is kept whole, shown, and of no kind that anybody believes', () => {
  const rows = [
    [{ type: 'observed', what: 'phase of the moon', value: { full: true } }, 'observed phase of the moon', 0],
    [{ type: 'intend', what: 'laser', v: 3, detail: { field: 'DIS_X' } }, 'intend laser', 3],
    [{ type: 'observed', what: 'image', v: 2, value: { name: 'app', slices: [] } }, 'observed image', 2],
    [{ type: 'door-welded', v: 1, by: 'robot' }, 'door-welded', 1],
  ] as const;
  for (const [row, kind, version] of rows) {
    const event = readEvent(row);
    assert.deepEqual(event, { type: 'unknown', kind, version, raw: row });
    assert.ok(eventText(event).startsWith(`${kind}${version > 0 ? `, version ${version}` : ''}, which this program`));
    assert.equal(eventMark(event), 'plain');
  }
  assert.match(eventText(readEvent(rows[0][0])), /"full":true/);
  for (const row of [null, 7, 'observed', [], {}, { type: 7 }, { type: 'waived', v: 0 }, { type: 'waived', v: '1' }])
    assert.throws(() => readEvent(row), MisshapenFact);
});

test('older rows are brought up to the present form, each by its own step', () => {
  const old = { stage: 'hide', fields: [{ field: 'RD_DIS.KEY0', from: 0, to: 1 }] };
  for (const type of ['intend', 'burned', 'verified'] as const)
    assert.deepEqual(readEvent({ type, what: 'block0', detail: old }), {
      type,
      what: 'bits',
      detail: { ...old, block: 0, stage: 'read-protect' },
    });
  const uncoded = { stage: 'protection', fields: [{ field: 'SECURE_VERSION', from: 0, to: 1 }] };
  assert.deepEqual(readEvent({ type: 'burned', what: 'block3', detail: uncoded }), {
    type: 'burned',
    what: 'bits',
    detail: { ...uncoded, block: 3 },
  });
  const nameless = { slot: 3, block: 7, purpose: 'HMAC_UP', role: 'hmac-up', part: 'whole' };
  assert.deepEqual(readEvent({ type: 'intend', what: 'key-block', detail: nameless }), {
    type: 'intend',
    what: 'key-block',
    detail: { ...nameless, name: 'BLOCK_KEY3' },
  });
  assert.deepEqual(
    readEvent({ type: 'observed', what: 'key-block-given-up', value: { slot: 3, block: 7, state: 'begun' } }),
    {
      type: 'observed',
      what: 'key-block-given-up',
      value: { slot: 3, block: 7, name: 'BLOCK_KEY3', state: 'begun' },
    },
  );
  const signed = { lines: [], challenge: '00', signature: '11' };
  assert.deepEqual(readEvent({ type: 'verified', what: 'boot', detail: signed }), {
    type: 'verified',
    what: 'boot',
    detail: { ...signed, scheme: 'ecdsa-p256' },
  });
});

test('a row that says in words how a shut board was known is read as what those words meant', () => {
  for (const [by, identifiedBy] of [
    ['serial number', 'operator'],
    ['signature of the device key', 'signature'],
  ])
    assert.deepEqual(readEvent({ type: 'observed', what: 'finishes-run', value: { run: 'r1', by } }), {
      type: 'observed',
      what: 'finishes-run',
      value: { run: 'r1', identifiedBy },
    });
});

test('a new row is not taken for an old one', () => {
  const hide = { block: 0, stage: 'hide', fields: [] };
  assert.throws(() => readEvent({ type: 'intend', what: 'bits', v: 1, detail: hide }), MisshapenFact);
  const block0 = { type: 'intend', what: 'block0', v: 1, detail: hide };
  assert.deepEqual(readEvent(block0), { type: 'unknown', kind: 'intend block0', version: 1, raw: block0 });
});

test('every fact has one line for people', () => {
  const lines = everyEvent.map((event) => `${eventMark(event)}  ${eventText(event)}`);
  for (const line of lines) assert.doesNotMatch(line, /undefined|\[object|\n|NaN/);
  assert.deepEqual(lines, told);
});

const told = [
  'plain  waits for a person to reset the board with its boot pin released',
  'plain  issued the certificate c0ffee',
  'plain  signed a certificate request with the ecdsa-p256 key',
  'plain  started by reset cause 1 (console); 2 commands sent again; look at pins and cable',
  'plain  the application has shut download mode by itself: it is secure',
  'plain  read all eFuses a last time: 1 of 3 fields are not 0',
  'plain  is the board of run r1, known by console-mac: its application printed this MAC on the console: as sure as the application that was installed',
  'plain  takes sensor v1.2.0, ESP-IDF v5.5.1: 1 finding of the build, 1 waived',
  'plain  flash of 16.0 MiB, stub at 921600 baud',
  'plain  made bootloader for 0x2000, encrypted, SHA-256 in flash 0202020202020202',
  'plain  gave BLOCK_KEY1 up: doubtful',
  'plain  took up the flash-encryption key of an earlier run, fingerprint f0f0f0f0f0f0f0f0',
  'plain  derived the public half of its key for update images (ecies-p256)',
  "plain  starts without the factory's system, which was last heard 1 min 1 s before",
  'plain  made Security 2 credentials for user wifiprov, service PROV_000001',
  'plain  zeroed the rsa-3072 key after 812 ms',
  'plain  made the NVS partition fctry of 1 value, encrypted (hmac), row 7 of its list',
  'burn  is about to burn SPI_BOOT_CRYPT_CNT 0 -> 7, DIS_PAD_JTAG, RD_DIS.KEY0',
  'burn  is about to burn MAC address 02:00:00:00:00:02 into BLOCK_USR_DATA',
  'burn  is about to burn XTS_AES_256_KEY_1 and XTS_AES_256_KEY_2 and SPI_BOOT_CRYPT_CNT by the device itself',
  'burn  is about to burn XTS_AES_256_KEY_1 into BLOCK_KEY0',
  'burn  burned these 3 fields',
  'burn  burned MAC address 02:00:00:00:00:02 into BLOCK_USR_DATA',
  'burn  burned XTS_AES_256_KEY_1 and XTS_AES_256_KEY_2 and SPI_BOOT_CRYPT_CNT by the device itself',
  'burn  burned XTS_AES_256_KEY_1 into BLOCK_KEY0',
  'proof  read back SPI_BOOT_CRYPT_CNT 0 -> 7; seen: secure-download',
  'proof  booted with the door open, 1 console line; signed a fresh challenge with its own key',
  'proof  read back MAC address 02:00:00:00:00:02 into BLOCK_USR_DATA',
  'proof  the device has encrypted its flash, by security info; nobody has a copy of its key',
  "proof  flash holds bootloader at 0x2000 (21.5 KiB), by the chip's own digest",
  "proof  flash that no part takes (3.9 MiB) is blank, 1.0 MiB of it erased now, by the chip's own digest",
  'proof  read back XTS_AES_256_KEY_1 into BLOCK_KEY0',
  'proof  booted with the door shut, 1 console line; signed a fresh challenge with its own key',
  'plain  made the hmac-up key, fingerprint f2f2f2f2f2f2f2f2',
  'plain  put the jtag-token away in escrow, fingerprint f3f3f3f3f3f3f3f3',
  "proof  destroyed the station's copies of flash-encryption, hmac-up, which lived 4.2 s",
  'plain  waived lint-x: for the sample (Ada)',
  'plain  identified esp32p4 v3.1, MAC aa:bb:cc:00:00:01; eFuse fields that are not 0: 1',
  'proof  its label was scanned back: SN-1, by op-7',
  'fault  waits where the board is safe: The token is gone.',
  'plain  planned prepare, write-flash; goes on from run r0; plan dededededededede',
  'plain  goes on after 1 min 1 s',
  'plain  took row 7 of the list sensor/fctry',
  'fault  run ended after 2.1 s: failed, token.gone: The token is gone.',
  'step  run started in fixture nest-1, op-7 at the station',
  'plain  done in 0.3 s',
  'step  begins (cannot be undone)',
];
