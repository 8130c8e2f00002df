// The station as an edge node of Sparkplug B at a broker: what a host application makes of it by a decoder that is not ours, and that each
// result reaches the broker, whatever breaks.
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../main/base/clock.ts';
import { silentLog } from '../../main/base/log.ts';
import { type BrokerPlaces, brokerDoor } from '../../main/factory/door.ts';
import { openLine } from '../../main/factory/mqtt-line.ts';
import { commanded, sparkplugPayload } from '../../main/factory/sparkplug.ts';
import { type NodeParts, startSparkplugNode } from '../../main/factory/sparkplug-node.ts';
import type { Ledger } from '../../main/ledger/ledger.ts';
import type { FactoryEvents } from '../../main/model/factory.ts';
import { selfSignedPair } from '../self-signed.ts';
import { command, type Heard, heard, noMosquitto, startAedes, startMosquitto } from '../tools/mqtt-broker.ts';
import { book, folder, sealBoard } from '../unit/ledger/book.ts';

const limits: NodeParts['limits'] = { deadlineMs: 2000, restMs: 3, retryMs: [3, 10], awayMs: 0 };

async function brokerOf(t: TestContext, options: Parameters<typeof startAedes>[0] = {}) {
  const broker = await startAedes(options);
  t.after(() => broker.close());
  return broker;
}

function nodeOf(t: TestContext, ledger: Ledger, port: number, more: Partial<NodeParts> = {}) {
  const kept: string[] = [];
  const url = `mqtt://127.0.0.1:${port}`;
  const node = startSparkplugNode({
    ...{ ledger, limits, url, clock: systemClock, log: silentLog, station: 'line 1/a', software: 'fuseline 0.1.0' },
    ...{ fixtures: ['nest-1', 'nest-2'], group: 'plant', host: null, kept: null, keep: (text) => void kept.push(text) },
    broker: () => brokerDoor({ url, ca: null, user: null, passwordFile: null }),
    ...more,
  });
  t.after(() => node.close());
  return { node, kept };
}

async function until(what: string, is: () => boolean): Promise<void> {
  for (let tries = 0; !is(); tries++) {
    assert.ok(tries < 2000, `${what} does not come`);
    await systemClock.sleep(5);
  }
}

const topics = (all: readonly Heard[]) => all.map(({ topic, seq }) => `${topic.replace('plant/', '')} ${seq ?? '-'}`);
const runs = (all: readonly Heard[]) =>
  all.flatMap(({ topic, metrics }) => (topic.includes('/DDATA/') ? [metrics.get('Result/Run')] : []));
const node = 'line%201%2Fa';

test('births, data and a death, as a host application reads them; told anew when it asks', async (t) => {
  const { ledger } = await book(t);
  await sealBoard(ledger, 'before', 9);
  const broker = await brokerOf(t);
  const { node: told } = nodeOf(t, ledger, broker.port);
  await until('births', () => told.standing.state === 'level');
  await sealBoard(ledger, 'r1', 1);
  await until('a result', () => runs(broker.heard).length === 1);
  assert.deepEqual(topics(broker.heard), [
    `NBIRTH/${node} 0`,
    `DBIRTH/${node}/nest-1 1`,
    `DBIRTH/${node}/nest-2 2`,
    `DDATA/${node}/nest-1 3`,
  ]);
  const [nbirth, dbirth, , ddata] = broker.heard;
  assert.deepEqual(
    [...nbirth!.metrics],
    [
      ['bdSeq', 1],
      ['Node Control/Rebirth', false],
      ['Properties/Software', 'fuseline 0.1.0'],
    ],
  );
  assert.deepEqual([...dbirth!.metrics.keys()], [...ddata!.metrics.keys()], 'a birth names all that data tell');
  assert.ok([...dbirth!.metrics.values()].every((value) => value === null));
  const { row } = await ledger.head();
  const {
    'Result/Outcome': outcome,
    'Result/LedgerRow': at,
    'Result/MAC': mac,
    'Result/Passed': passed,
  } = Object.fromEntries(ddata!.metrics) as Record<string, unknown>;
  assert.deepEqual([outcome, passed, mac, at, ddata!.isHistorical], ['passed', true, 'aa:bb:cc:00:00:01', row, false]);
  // a host application that came later asks for births; anything else commands nothing
  await broker.publish(`spBv1.0/plant/NCMD/${node}`, command('Node Control/Reboot', true));
  await broker.publish(`spBv1.0/plant/NCMD/${node}`, command('Node Control/Rebirth', false));
  await broker.publish(`spBv1.0/plant/NCMD/${node}`, Buffer.from('hello'));
  await broker.publish(`spBv1.0/plant/NCMD/${node}`, command('Node Control/Rebirth', true));
  await until('births anew', () => broker.heard.length >= 7);
  assert.deepEqual(topics(broker.heard.slice(4)), [
    `NBIRTH/${node} 0`,
    `DBIRTH/${node}/nest-1 1`,
    `DBIRTH/${node}/nest-2 2`,
  ]);
  assert.equal(broker.heard[5]!.metrics.get('Result/Run'), 'r1', 'the last one stands in the birth');
  await told.close();
  await until('a death', () => broker.heard.at(-1)!.topic.includes('NDEATH'));
  assert.deepEqual([...broker.heard.at(-1)!.metrics], [['bdSeq', 1]]);
  // a program that ends right behind its last board tells it before it goes
  const patient = { ...limits, restMs: 60_000 };
  const { node: brief } = nodeOf(t, ledger, broker.port, { limits: patient, kept: '{"row":1,"births":1}' });
  await until('level', () => brief.standing.state === 'level');
  await sealBoard(ledger, 'last', 3);
  await brief.close();
  await until('another death', () => broker.heard.at(-1)!.topic.includes('NDEATH'));
  assert.equal(runs(broker.heard).at(-1), 'last');
});

test('results wait in the ledger while the broker is away, and none is lost between program and broker', async (t) => {
  const { ledger } = await book(t);
  const first = await startAedes();
  const { node: told, kept } = nodeOf(t, ledger, first.port);
  await until('births', () => told.standing.state === 'level');
  await first.close();
  await until('an alarm', () => told.standing.faults[0]?.code === 'mqtt.away');
  for (let n = 0; n < 4; n++) await sealBoard(ledger, `r${n}`, n);
  await told.close();
  const broker = await brokerOf(t);
  const { node: again, kept: later } = nodeOf(t, ledger, broker.port, { kept: kept.at(-1)! });
  await until('all of it', () => runs(broker.heard).length >= 4 && again.standing.state === 'level');
  assert.deepEqual(runs(broker.heard), ['r0', 'r1', 'r2', 'r3']);
  assert.ok(broker.heard.filter(({ topic }) => topic.includes('DDATA')).every(({ isHistorical }) => isHistorical));
  assert.equal(again.standing.waiting, 0);
  assert.deepEqual(again.standing.faults, []);
  for (let n = 4; n < 12; n++) {
    await sealBoard(ledger, `r${n}`, n);
    if (n % 3 === 0) broker.cut();
  }
  await until('the rest', () => new Set(runs(broker.heard)).size === 12);
  const births = broker.heard
    .filter(({ topic }) => topic.includes('NBIRTH'))
    .map(({ metrics }) => metrics.get('bdSeq'));
  assert.deepEqual(births, [...new Set(births)], 'each connection has a number of its own');
  await until('the mark', () => JSON.parse(later.at(-1)!).row > 0 && again.standing.waiting === 0);
  await again.close();
  const told12 = runs(broker.heard).length;
  const { node: third } = nodeOf(t, ledger, broker.port, { kept: later.at(-1)! });
  await until('level', () => third.standing.state === 'level');
  assert.equal(runs(broker.heard).length, told12, 'what the broker has read is not told again');
});

test('with a primary host nothing is told until it is online, and what comes meanwhile waits for it', async (t) => {
  const { ledger } = await book(t);
  const broker = await brokerOf(t);
  const state = (online: unknown) =>
    broker.publish('spBv1.0/STATE/scada', Buffer.from(JSON.stringify({ online, timestamp: 1 })), true);
  const { node: told } = nodeOf(t, ledger, broker.port, { host: 'scada' });
  await until('waiting', () => told.standing.state === 'waiting');
  await sealBoard(ledger, 'r1', 1);
  await state('yes');
  await systemClock.sleep(20);
  assert.deepEqual(topics(broker.heard), []);
  await state(true);
  await until('a result', () => runs(broker.heard).length === 1);
  await state(false);
  await until('a death', () => broker.heard.at(-1)!.topic.includes('NDEATH'));
  await sealBoard(ledger, 'r2', 2);
  await systemClock.sleep(20);
  assert.deepEqual(runs(broker.heard), ['r1']);
  await state(true);
  await until('the second', () => runs(broker.heard).length === 2);
});

test('a broker proves itself and lets the station in by a file of its own, or nothing is told and it is an alarm', async (t) => {
  const { ledger } = await book(t);
  const pair = selfSignedPair('localhost');
  const broker = await brokerOf(t, { tls: pair });
  broker.password = 'secret';
  const [file, ca] = ['password', 'ca.pem'].map((name) => join(folder(t), name)) as [string, string];
  const alarm = async (node: FactoryEvents) => {
    await until('an answer', () => node.standing.faults.length > 0 || node.standing.state === 'level');
    await node.close();
    return node.standing.faults[0]?.code ?? node.standing.state;
  };
  const said = async (places: Partial<BrokerPlaces>) => {
    const door = { url: `mqtts://localhost:${broker.port}`, ca, user: 'line-1', passwordFile: file, ...places };
    return await alarm(nodeOf(t, ledger, broker.port, { broker: () => brokerDoor(door) }).node);
  };
  assert.equal(await said({ ca: null, passwordFile: null }), 'mqtt.not-proven');
  assert.equal(await said({ passwordFile: null }), 'mqtt.ca');
  writeFileSync(ca, pair.certificate);
  assert.equal(await said({ passwordFile: null }), 'mqtt.not-let-in');
  assert.equal(await said({}), 'mqtt.password-file');
  writeFileSync(file, 'secret\n');
  chmodSync(file, 0o644);
  assert.equal(await said({}), 'mqtt.password-file');
  chmodSync(file, 0o600);
  assert.equal(await said({}), 'level');
  for (const says of [
    'HTTP/1.1 400 Bad Request\r\n\r\n',
    '\u00d0\u0000',
    '\u0020\u0002\u0000\u0001',
    '\u0030\u00ff\u00ff\u00ff\u007f',
  ]) {
    const server = createServer(
      (socket) => void socket.on('error', () => undefined).write(Buffer.from(says, 'latin1')),
    );
    server.listen(0, '127.0.0.1');
    await until('a server', () => server.listening);
    const { port } = server.address() as { port: number };
    const quick = { ...limits, deadlineMs: 200 };
    const code = await alarm(nodeOf(t, ledger, port, { limits: quick }).node);
    assert.ok(code === 'mqtt.wrong-answer' || code === 'mqtt.away', `${code} of ${JSON.stringify(says)}`);
    server.close();
  }
});

test('commands are read from whatever a broker passes on', () => {
  const good = command('Node Control/Rebirth', true);
  assert.deepEqual(commanded(good), ['Node Control/Rebirth']);
  for (let at = 0; at < good.length; at++) {
    commanded(good.subarray(0, at));
    for (let bit = 0; bit < 8; bit++) commanded(good.map((byte, n) => (n === at ? byte ^ (1 << bit) : byte)));
  }
  const own = sparkplugPayload(1.7e12, 255, [{ name: 'n', type: 'UInt64', value: Number.MAX_SAFE_INTEGER }]);
  assert.deepEqual([heard('x', own).seq, heard('x', own).metrics.get('n')], [255, Number.MAX_SAFE_INTEGER]);
});

test('at mosquitto: a host application hears births and results, and the death of a station whose line broke', {
  skip: noMosquitto,
}, async (t) => {
  const { ledger } = await book(t);
  const broker = await startMosquitto();
  t.after(() => broker.close());
  const all: Heard[] = [];
  const door = brokerDoor({ url: `mqtt://127.0.0.1:${broker.port}`, ca: null, user: null, passwordFile: null });
  const host = await openLine(door, {
    ...{ clock: systemClock, clientId: 'host', will: { topic: 'host', payload: Buffer.from('gone') }, ms: 2000 },
    ...{ topics: ['spBv1.0/plant/#'], hear: ({ topic, payload }) => void all.push(heard(topic, payload)) },
  });
  t.after(() => host.close());
  const lines = new Set<Socket>();
  const between = createServer((socket) => {
    const onward = connect(broker.port, '127.0.0.1');
    for (const end of [socket, onward]) lines.add(end.on('error', () => undefined));
    socket.pipe(onward).pipe(socket);
  });
  between.listen(0, '127.0.0.1');
  t.after(() => between.close());
  await until('a way', () => between.listening);
  const { node: told } = nodeOf(t, ledger, (between.address() as { port: number }).port);
  await until('births', () => told.standing.state === 'level');
  await sealBoard(ledger, 'r1', 1);
  await until('a result', () => runs(all).length === 1);
  for (const line of lines) line.destroy();
  await until('a death and a birth', () => topics(all).filter((one) => one.startsWith('NBIRTH')).length === 2);
  await sealBoard(ledger, 'r2', 2);
  await until('the next', () => runs(all).length === 2);
  assert.deepEqual(
    topics(all).map((one) => one.replace(node, 'N')),
    [
      ...['NBIRTH/N 0', 'DBIRTH/N/nest-1 1', 'DBIRTH/N/nest-2 2', 'DDATA/N/nest-1 3', 'NDEATH/N -'],
      ...['NBIRTH/N 0', 'DBIRTH/N/nest-1 1', 'DBIRTH/N/nest-2 2', 'DDATA/N/nest-1 3'],
    ],
  );
  assert.deepEqual(
    all.filter(({ topic }) => /N(BIRTH|DEATH)/.test(topic)).map(({ metrics }) => metrics.get('bdSeq')),
    [1, 1, 2],
  );
});
