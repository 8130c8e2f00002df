// A PLC over Modbus TCP, behind the server of another package: which of its levels start a board and which never do, what it is told of each
// board, and that a PLC that is away, stands still or speaks nonsense starts nothing.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../main/base/clock.ts';
import { silentLog } from '../../main/base/log.ts';
import { plcDoor } from '../../main/factory/door.ts';
import { openModbus } from '../../main/factory/modbus-line.ts';
import { plcOf } from '../../main/factory/plc.ts';
import { Handshake } from '../../main/factory/plc-handshake.ts';
import { plcBlock, stationBlock } from '../../main/factory/plc-registers.ts';
import { isFault } from '../../main/model/fault.ts';
import type { FixtureAtPlc, LineAtPlc, PlcOfStation } from '../../main/model/plc.ts';
import { openDesk } from '../../main/start/open-desk.ts';
import { StartGate } from '../../main/station/desk/line/start-gate.ts';
import { mayGoOn, refuseBesidePlc } from '../../main/station/work-gate.ts';
import { layKeptToken } from '../stories/kept-token.ts';
import { noToken } from '../stories/stage.ts';
import { acknowledges, type PlcPeer, present, readAt, start, startPlcPeer, writeAt } from '../tools/plc-peer.ts';
import { folder } from '../unit/ledger/book.ts';

async function until(what: string, is: () => boolean): Promise<void> {
  for (let tries = 0; !is(); tries++) {
    assert.ok(tries < 3000, `${what} does not come`);
    await systemClock.sleep(5);
  }
}

async function plcPeer(t: TestContext, ...more: Parameters<typeof startPlcPeer>): Promise<PlcPeer> {
  const peer = await startPlcPeer(...more);
  t.after(() => peer.close());
  return peer;
}

const [ready, busy, stays, result, pass, fail, refused, again, noStart, needsSerial] = Array.from(
  { length: 10 },
  (_, bit) => 1 << bit,
) as [number, number, number, number, number, number, number, number, number, number];

const empty: FixtureAtPlc = { waits: null, lacks: 'no-board', isBusy: false, mustStay: false, end: null };
const waits = (wait: number): FixtureAtPlc => ({ ...empty, waits: wait, lacks: null });
const ended = (number: number, outcome: 'passed' | 'failed' = 'passed'): FixtureAtPlc => ({
  ...empty,
  end: { number, outcome, mac: 'aa:bb:cc:00:00:01' },
});

/** A handshake as it goes turn by turn: what the PLC says, and how the fixture stands; gives what it is told and which wait starts. */
function turns() {
  const handshake = new Handshake();
  return {
    handshake,
    turn(bits: number, fixture: FixtureAtPlc, { isHeard = true, isWrong = false } = {}) {
      const [said] = plcBlock([0, 0, 0, 0, bits]).fixtures;
      if (isHeard) handshake.hear(said!, fixture, isWrong);
      const word = handshake.say(fixture, isHeard, isWrong);
      const starts = handshake.told(word, fixture);
      const { isReady, isBusy, refusal } = word;
      return { isReady, isBusy, refusal, starts, verdict: word.result?.verdict ?? null };
    },
  };
}

test('a start is an edge behind ready, on a level that was seen low; any other level is none', () => {
  const { turn } = turns();
  assert.deepEqual(turn(present, waits(1)), {
    isReady: true,
    isBusy: false,
    refusal: null,
    starts: null,
    verdict: null,
  });
  assert.equal(turn(present, waits(1)).starts, null);
  assert.deepEqual(turn(present | start, waits(1)), {
    isReady: false,
    isBusy: true,
    refusal: null,
    starts: 1,
    verdict: null,
  });
  // the level stays high while its board runs, and after: it starts no other board
  assert.deepEqual(turn(present | start, empty).starts, null);
  for (let more = 0; more < 3; more++) {
    const { isReady, starts } = turn(present | start, waits(2));
    assert.deepEqual([isReady, starts], [true, null], 'a level from before');
  }
  turn(present, waits(2));
  assert.equal(turn(present | start, waits(2)).starts, 2);

  for (const [why, before, now, refusal] of [
    ['high before anything was said', [], waits(1), 'no-edge'],
    ['low before ready was said', [[0, empty]], waits(1), 'no-edge'],
    [
      'low for the board before',
      [
        [present, waits(1)],
        [present, waits(1)],
      ],
      waits(2),
      'no-edge',
    ],
    [
      'with no board there',
      [
        [present, empty],
        [present, empty],
      ],
      empty,
      'no-board',
    ],
    [
      'nothing lies there as the PLC says',
      [
        [0, waits(1)],
        [0, waits(1)],
      ],
      waits(1),
      'no-edge',
    ],
    ['without its serial number', [[present, empty]], { ...empty, lacks: 'no-serial' }, 'no-serial'],
    ['without a batch', [[present, empty]], { ...empty, lacks: 'no-batch' }, 'no-batch'],
    ['whoever began it may not any more', [[present, empty]], { ...empty, lacks: 'no-operator' }, 'no-operator'],
    ['the result before stands', [[present, ended(1)]], { ...waits(2), end: ended(1).end }, 'result-open'],
  ] as readonly [string, readonly [number, FixtureAtPlc][], FixtureAtPlc, string][]) {
    const { turn: next } = turns();
    for (const [bits, fixture] of before) next(bits, fixture);
    const said = next(present | start, now);
    assert.deepEqual([said.starts, said.refusal], [null, refusal], why);
    // and it does not start later by the same level
    for (let more = 0; more < 3; more++) assert.equal(next(present | start, waits(9)).starts, null, why);
    next(present, waits(9));
    next(present, waits(9));
    assert.equal(next(present | start, waits(9)).starts, 9, `${why}: a new edge counts`);
  }
  const { turn: absent } = turns();
  for (const bits of [present, present]) absent(bits, waits(1));
  assert.deepEqual(absent(start, waits(1)).refusal, 'not-present');
  assert.equal(absent(present | start, waits(1)).starts, null);
  const { turn: wrong } = turns();
  for (const bits of [present, present]) assert.equal(wrong(bits, waits(1), { isWrong: true }).isReady, false);
  assert.equal(wrong(present | start, waits(1), { isWrong: true }).refusal, 'other-recipe');
});

test('after another connection, or a PLC that stood still, no edge from before counts', () => {
  const { handshake, turn } = turns();
  turn(present, waits(1));
  turn(present, waits(1));
  handshake.void();
  assert.equal(turn(present | start, waits(1)).starts, null);
  turn(present, waits(1));
  turn(present, waits(1));
  for (const bits of [present, present | start])
    assert.deepEqual(turn(bits, waits(1), { isHeard: false }).isReady, false, 'it is not ready for who does not count');
  handshake.void();
  assert.deepEqual(turn(present | start, waits(1)).refusal, 'no-edge');
});

test('a result stands until it is acknowledged by an edge behind it, also over connections', () => {
  const { handshake, turn } = turns();
  assert.equal(turn(acknowledges, ended(1)).verdict, 'pass');
  assert.equal(turn(acknowledges, ended(1)).verdict, 'pass', 'high before it was told');
  handshake.void();
  assert.equal(turn(0, ended(1)).verdict, 'pass');
  assert.equal(turn(0, ended(1)).verdict, 'pass');
  assert.equal(turn(acknowledges, ended(1)).verdict, null);
  assert.equal(
    turn(acknowledges, ended(2, 'failed')).verdict,
    'fail',
    'the level of the one before is not of this one',
  );
  assert.equal(turn(acknowledges, ended(2, 'failed')).verdict, 'fail');
});

test('the registers, word by word', () => {
  const word = {
    isReady: false,
    isBusy: false,
    mustStay: false,
    result: null,
    needsSerial: false,
    refusal: null,
    ended: 0,
  };
  const block = stationBlock({
    ...{ counter: 7, opening: 99, hasBatch: true, isByHand: false, isHeard: true, recipe: 3, plcCounter: 65_535 },
    fixtures: [
      { ...word, isReady: true },
      { ...word, isBusy: true, mustStay: true, ended: 65_537 },
      { ...word, result: { verdict: 'refused', mac: 'aa:bb:cc:dd:ee:0f' } },
      { ...word, refusal: 'result-open', needsSerial: true, result: { verdict: 'again', mac: null } },
    ],
  });
  assert.deepEqual(block, [
    ...[0x4631, 7, 99, 0b101, 3, 65_535],
    ...[ready, 0, 0, 0, 0, 0],
    ...[busy | stays, 0, 1, 0, 0, 0],
    ...[result | refused, 0, 0, 0xaabb, 0xccdd, 0xee0f],
    ...[result | again | noStart | needsSerial, 6, 0, 0, 0, 0],
  ]);
  const said = { isPresent: false, start: false, acknowledges: false };
  assert.deepEqual(plcBlock([0x4631, 5, 3, 0xffff, 1, 2, 4]), {
    ...{ form: 0x4631, counter: 5, recipe: 3 },
    fixtures: [
      { ...said, isPresent: true },
      { ...said, start: true },
      { ...said, acknowledges: true },
    ],
  });
});

/** A server that answers each request with what is made of it. */
async function answering(
  t: TestContext,
  answer: (request: Buffer) => Buffer | null,
): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      asked.push(data.toString('hex'));
      const said = answer(data);
      if (said !== null) socket.write(said);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, asked };
}

test('what is asked are the bytes of the protocol, and of an answer every field is held against its question', async (t) => {
  const good = (request: Buffer) =>
    Buffer.concat([
      request.subarray(0, 4),
      Buffer.from('0007', 'hex'),
      request.subarray(6, 8),
      Buffer.from('0400070008', 'hex'),
    ]);
  const door = (port: number) => ({ host: '127.0.0.1', port, unit: 17 });
  const hex = (text: string) => Buffer.from(text, 'hex');
  const open = (port: number) => openModbus(door(port), { clock: systemClock, ms: 150 });
  const server = await answering(t, (request) =>
    request[7] === 3 ? good(request) : Buffer.concat([hex('000200000006'), request.subarray(6, 12)]),
  );
  const line = await open(server.port);
  assert.deepEqual(await line.read(107, 2), [7, 8]);
  await line.write(1, [10, 258]);
  line.close();
  // MODBUS Messaging on TCP/IP V1.0b 3.1.3 (header), Application Protocol V1.1b3 6.3 and 6.12 (the example of 6.12 writes 000a and 0102)
  assert.deepEqual(server.asked, ['00010000000611' + '03006b0002', '00020000000b11' + '10000100020' + '4000a0102']);

  for (const [what, answer, says] of [
    ['another transaction', (bytes) => Buffer.concat([hex('0009'), good(bytes).subarray(2)]), /what nobody asked/],
    [
      'another unit',
      (bytes) => Buffer.concat([good(bytes).subarray(0, 6), hex('12'), good(bytes).subarray(7)]),
      /what nobody asked/,
    ],
    ['another protocol', () => Buffer.from('HTTP/1.1 400 Bad Request'), /no Modbus/],
    [
      'another function',
      (bytes) => Buffer.concat([good(bytes).subarray(0, 7), hex('04'), good(bytes).subarray(8)]),
      /another question/,
    ],
    ['an exception', (bytes) => Buffer.concat([bytes.subarray(0, 4), hex('000311830' + '2')]), /no such registers/],
    [
      'an exception that nobody knows',
      (bytes) => Buffer.concat([bytes.subarray(0, 4), hex('0003118363')]),
      /exception 99/,
    ],
    ['fewer registers', (bytes) => Buffer.concat([bytes.subarray(0, 4), hex('00051103020007')]), /another number/],
    [
      'more than it counts',
      (bytes) => Buffer.concat([bytes.subarray(0, 4), hex('000911030400070008ffff')]),
      /another number/,
    ],
    ['a length of nothing', () => hex('000100000001110000'), /no Modbus/],
    ['half an answer', (bytes) => good(bytes).subarray(0, 10), /within 0.15 seconds/],
    ['nothing', () => null, /within 0.15 seconds/],
  ] as [string, (request: Buffer) => Buffer | null, RegExp][]) {
    const { port } = await answering(t, answer);
    const asked = await open(port);
    await assert.rejects(asked.read(107, 2), { message: says }, what);
    await assert.rejects(asked.read(107, 2), /./, `${what}: the connection is over`);
  }
  const other = await answering(t, (request) =>
    Buffer.concat([request.subarray(0, 4), hex('0006'), request.subarray(6, 8), hex('00020002')]),
  );
  await assert.rejects(async () => await (await open(other.port)).write(1, [10, 258]), /other registers/);
});

/** A line of so many fixtures as a test says it is. */
function scripted(count: number) {
  const line = {
    now: { recipe: 'lamp', isByHand: false, fixtures: Array.from({ length: count }, () => empty) } as LineAtPlc,
    started: [] as string[],
    isGone: false,
    put: (at: number, fixture: FixtureAtPlc) => {
      line.now = { ...line.now, fixtures: line.now.fixtures.map((old, n) => (n === at ? fixture : old)) };
    },
    look: () => line.now,
    start(fixture: string, wait: number) {
      if (line.isGone) return false;
      line.started.push(`${fixture} ${wait}`);
      line.put(Number(fixture.slice(5)) - 1, { ...empty, isBusy: true });
      return true;
    },
  };
  return line;
}

function plcAt(t: TestContext, url: string, count = 2, silentMs = 60): PlcOfStation {
  const plc = plcOf({
    ...{ url, readAt, writeAt, door: plcDoor({ url, unit: 1 }), clock: systemClock, log: silentLog, opening: 4711 },
    fixtures: Array.from({ length: count }, (_, n) => ({ name: `nest-${n + 1}`, address: null })),
    recipes: new Map([['lamp', 3]]),
    limits: { deadlineMs: 500, restMs: 2, retryMs: [3, 10], silentMs },
  });
  t.after(() => plc.close());
  return plc;
}

test('board after board, by its registers', async (t) => {
  const peer = await plcPeer(t);
  const line = scripted(40);
  const plc = plcAt(t, peer.url, 40);
  assert.deepEqual([plc.isLed, peer.asked.length], [false, 0], 'nobody is connected to before there is a line');
  plc.lead(line);
  await until('heard', () => plc.standing.state === 'level' && peer.word(writeAt + 3) === 0b101);
  assert.deepEqual([writeAt, writeAt + 2, writeAt + 4].map(peer.word), [0x4631, 4711, 3]);
  const seen = peer.word(writeAt + 1);
  await until('its counter', () => peer.word(writeAt + 1) > seen + 2);
  for (const [at, wait] of [
    [0, 5],
    [39, 6],
  ] as const) {
    line.put(at, waits(wait));
    peer.say(at, present);
    await until('ready', () => peer.heard(at).bits === ready);
    await systemClock.sleep(10);
    peer.say(at, present | start);
    await until('busy', () => peer.heard(at).bits === busy);
    await until('a start', () => line.started.length > 0);
    assert.deepEqual(line.started.splice(0), [`nest-${at + 1} ${wait}`]);
    peer.say(at, present);
    line.put(at, { ...ended(1, 'failed') });
    await until('a result', () => peer.heard(at).bits === (result | fail));
    assert.deepEqual(peer.heard(at), { bits: result | fail, refusal: 0, ended: 1, mac: 'aabbcc000001' });
    await systemClock.sleep(10);
    peer.say(at, present | acknowledges);
    await until('no result', () => peer.heard(at).bits === 0);
    peer.say(at, 0);
  }
  // a board that was pulled between the edge and its start
  line.put(0, waits(8));
  line.isGone = true;
  peer.say(0, present);
  await until('ready', () => peer.heard(0).bits === ready);
  await systemClock.sleep(10);
  peer.say(0, present | start);
  await until('a refusal', () => (peer.heard(0).bits & noStart) !== 0);
  assert.equal(peer.heard(0).refusal, 3);
  // it is set up for another recipe
  peer.put(readAt + 2, 4);
  peer.say(0, present);
  await until('not ready', () => (peer.heard(0).bits & ready) === 0);
  peer.say(0, present | start);
  await until('why', () => peer.heard(0).refusal === 7);
  await plc.close();
  assert.deepEqual(
    [peer.word(writeAt), peer.word(writeAt + 1), peer.heard(39).bits],
    [0, 0, 0],
    'a station that is gone says nothing',
  );
  assert.deepEqual(line.started, []);
});

test('a PLC that is away, stands still or is none starts nothing, and is named', async (t) => {
  const peer = await startPlcPeer();
  const line = scripted(2);
  const plc = plcAt(t, peer.url);
  const told: string[] = [];
  plc.listen(({ state, faults }) => {
    const now = `${state} ${faults.map(({ code }) => code).join()}`;
    if (told.at(-1) !== now) told.push(now);
  });
  line.put(0, waits(1));
  peer.say(0, present);
  plc.lead(line);
  const isReady = () => peer.heard(0).bits === ready;
  await until('ready', isReady);
  await systemClock.sleep(10);
  peer.runs = false;
  await until('silence', () => plc.standing.state === 'silent');
  assert.match(
    plc.standing.faults[0]!.what,
    new RegExp(`register ${readAt + 1}\\) stands at ${peer.word(readAt + 1)} for`),
  );
  await until('not ready', () => peer.heard(0).bits === 0 && peer.word(writeAt + 3) === 0b001);
  peer.say(0, present | start);
  await systemClock.sleep(20);
  peer.runs = true;
  await until('heard again', () => plc.standing.state === 'level' && peer.heard(0).refusal === 1);
  assert.deepEqual(line.started, [], 'what went high while it stood is no edge');
  // the line breaks between a low level and a high one
  peer.say(0, present);
  await until('no refusal', () => isReady());
  await systemClock.sleep(10);
  const { port } = peer;
  await peer.close();
  await until('away', () => plc.standing.faults[0]?.code === 'plc.away');
  const holding = Buffer.alloc(1024);
  const back = await plcPeer(t, port, holding);
  back.say(0, present | start);
  await until('back', () => plc.standing.state === 'level' && back.heard(0).refusal === 1);
  assert.deepEqual(line.started, []);
  back.cut();
  await until('back again', () => back.heard(0).refusal === 1 && plc.standing.state === 'level');
  back.say(0, present);
  await until('ready again', () => back.heard(0).bits === ready);
  await systemClock.sleep(10);
  back.say(0, present | start);
  await until('a start', () => line.started.length === 1);
  // other registers than agreed, and registers that it has not
  back.put(readAt, 1);
  await until('a wrong form', () => plc.standing.faults[0]?.code === 'plc.wrong-form');
  await plc.close();
  assert.deepEqual(
    told.filter((now, at) => at < 3 || now.includes('wrong')),
    ['level ', 'silent plc.silent', 'level ', 'away plc.wrong-form'],
  );
  const { port: other } = await answering(t, (request) =>
    Buffer.concat([request.subarray(0, 4), Buffer.from('000301830' + '2', 'hex')]),
  );
  const none = plcAt(t, `modbus://127.0.0.1:${other}`);
  none.lead(line);
  await until('a wrong answer', () => none.standing.faults[0]?.code === 'plc.wrong-answer');
});

test('a wait is that of one board with one serial number, and no key starts it', async () => {
  const gate = new StartGate({
    ...{ mode: 'insertion', wantsSerial: true, fixtures: 2, clock: systemClock, undoMs: 0, contacts: () => 1 },
    ...{ startedByPlc: (fixture) => fixture === 'nest-1', knownSerial: async () => null, changed: () => undefined },
  });
  const hand = new AbortController();
  const admitted = gate.admit({ fixture: 'nest-1', mac: 'm1' }, hand.signal);
  const other = gate.admit({ fixture: 'nest-2', mac: 'm2' }, hand.signal);
  await systemClock.sleep(0);
  assert.deepEqual([gate.needs('nest-1'), gate.waitForPlc('nest-1')], ['serial', null]);
  gate.give('S-1', 'nest-1');
  const first = gate.waitForPlc('nest-1')!;
  assert.deepEqual([gate.press('nest-1'), gate.needs('nest-1')], ['plc-starts', 'plc']);
  gate.undo('nest-1');
  gate.give('S-2', 'nest-1');
  assert.equal(gate.startByPlc('nest-1', first), false, 'that was with another serial number');
  assert.equal(gate.hasBegun('nest-1'), false);
  assert.equal(gate.startByPlc('nest-1', gate.waitForPlc('nest-1')!), true);
  assert.deepEqual([await admitted, gate.hasBegun('nest-1')], [{ serial: 'S-2' }, true]);
  gate.give('S-3', 'nest-2');
  assert.deepEqual(await other, { serial: 'S-3' }, 'boards of other fixtures start as ever');
  assert.equal(gate.waitForPlc('nest-2'), null);
});

test('work beside a PLC, and the word of whoever began the batch', () => {
  const plc = { isLed: false, fixtures: [{ name: 'nest-1', address: 'usb:1-1' }] } as unknown as PlcOfStation;
  for (const fixture of [
    { name: 'nest-1', address: 'usb:7-7' },
    { name: 'f1', address: 'usb:1-1' },
  ])
    assert.throws(
      () => refuseBesidePlc([fixture], plc),
      (error) => isFault(error, 'work.beside-plc'),
    );
  refuseBesidePlc([{ name: 'nest-2', address: 'usb:1-2' }], plc);
  refuseBesidePlc([{ name: 'nest-1', address: 'usb:1-1' }], { ...plc, isLed: true });
  let roles: readonly string[] | null = ['operator'];
  const people = { find: () => (roles === null ? null : { roles }), custodians: 2 };
  const work = { operator: 'op', fixtures: [{ name: 'a', address: 'usb:1-1' }] };
  assert.equal(mayGoOn(work, { people, development: false }), true);
  roles = ['qa'];
  assert.equal(mayGoOn(work, { people, development: false }), false);
  roles = null;
  assert.equal(mayGoOn(work, { people, development: false }), false);
  assert.equal(
    mayGoOn({ ...work, fixtures: [{ name: 'a', address: 'virtual:esp32p4' }] }, { people, development: false }),
    true,
  );
});

test('a station whose file names a PLC starts no board of its fixtures by any other word', {
  skip: noToken,
}, async (t) => {
  const peer = await plcPeer(t);
  const data = folder(t);
  await layKeptToken(data);
  const section = `{url: '${peer.url}', read_at: ${readAt}, write_at: ${writeAt}, fixtures: [nest-1], recipes: {esp32p4-production: 12}}`;
  writeFileSync(join(data, 'station.yaml'), `fuseline: 1\nstation: line-plc\nplc: ${section}\n`);
  const hands = { leavesMs: 600_000, emptyMs: 0 };
  const opened = await openDesk({ data }, { demonstration: { fixtures: 1, pacing: 'none', changerTimes: hands } });
  t.after(() => opened.close());
  const { answers } = opened.desk;
  await answers['line.start']({ recipe: 'esp32p4-production', order: 'PO-7', count: 1 }, 'x');
  await until('ready', () => peer.heard(0).bits === 0 && opened.desk.lineNow().fixtures[0]?.needs === 'plc');
  assert.deepEqual([peer.word(writeAt + 3), peer.word(writeAt + 4)], [0b101, 12]);
  await assert.rejects(
    async () => answers['line.go']({ fixture: 'nest-1' }, 'x'),
    (error) => isFault(error, 'line.plc-starts'),
  );
  assert.match((await answers['line.scan']({ text: 'nest-1', fixture: null }, 'x')).said, /chosen/);
  assert.equal(opened.desk.lineNow().fixtures[0]?.needs, 'plc');
  peer.say(0, present);
  await until('ready', () => peer.heard(0).bits === ready);
  await systemClock.sleep(250);
  peer.say(0, present | start);
  await until('busy', () => (peer.heard(0).bits & busy) !== 0);
  await until('do not remove', () => peer.heard(0).bits === (busy | stays));
  peer.say(0, present);
  await until('a result', () => (peer.heard(0).bits & result) !== 0);
  const { bits, mac } = peer.heard(0);
  assert.equal(bits, result | pass);
  const [tile] = opened.desk.lineNow().fixtures;
  assert.equal(mac, tile?.mac?.replaceAll(':', ''));
  await systemClock.sleep(250);
  peer.say(0, acknowledges);
  await until('no result', () => (peer.heard(0).bits & result) === 0);
  await peer.close();
  await until('an alarm', () => opened.desk.lineNow().plantFaults[0]?.code === 'plc.away');
});
