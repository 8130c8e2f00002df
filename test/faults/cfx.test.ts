// The station as an endpoint of IPC-CFX at a broker of AMQP 1.0: what it says of each board, and that each message reaches the broker, whatever
// breaks.
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../main/base/clock.ts';
import { silentLog } from '../../main/base/log.ts';
import { parseStation } from '../../main/config/station-file.ts';
import { type CfxParts, startCfxEndpoint } from '../../main/factory/cfx-endpoint.ts';
import { uuidOf } from '../../main/factory/cfx-messages.ts';
import { type BrokerPlaces, cfxDoor } from '../../main/factory/door.ts';
import type { Ledger } from '../../main/ledger/ledger.ts';
import type { FactoryEvents } from '../../main/model/factory.ts';
import { type Fault, FixtureFault } from '../../main/model/fault.ts';
import { selfSignedPair } from '../self-signed.ts';
import { type AmqpPeer, type CfxHeard, startAmqpPeer } from '../tools/amqp-peer.ts';
import { noRabbit, type RabbitMessage, startRabbit } from '../tools/rabbit-broker.ts';
import { book, folder, recipe, run, sealBoard } from '../unit/ledger/book.ts';

const limits: CfxParts['limits'] = { deadlineMs: 2000, restMs: 3, retryMs: [3, 10], awayMs: 0 };

async function peerOf(t: TestContext, options: Parameters<typeof startAmqpPeer>[0] = {}): Promise<AmqpPeer> {
  const peer = await startAmqpPeer(options);
  t.after(() => peer.close());
  return peer;
}

function endpointOf(t: TestContext, ledger: Ledger, port: number, more: Partial<CfxParts> = {}) {
  const kept: string[] = [];
  const url = `amqp://127.0.0.1:${port}`;
  const cfx = startCfxEndpoint({
    ...{
      ledger,
      limits,
      url,
      clock: systemClock,
      log: silentLog,
      handle: 'Fuseline.Station.line-1',
      address: '/exchange/cfx',
    },
    ...{ heartbeatSeconds: 3600, kept: null, keep: (text) => void kept.push(text) },
    broker: () => cfxDoor({ url, ca: null, user: null, passwordFile: null }),
    ...more,
  });
  t.after(() => cfx.close());
  return { cfx, kept };
}

async function until(what: string, is: () => boolean): Promise<void> {
  for (let tries = 0; !is(); tries++) {
    assert.ok(tries < 6000, `${what} does not come`);
    await systemClock.sleep(5);
  }
}

const envelopeIn = ({ body }: RabbitMessage) => JSON.parse(body) as CfxHeard['envelope'];
const names = (all: readonly CfxHeard[]) => all.map(({ envelope }) => envelope.MessageName.replace(/^CFX\./, ''));
const bodyOf = (all: readonly CfxHeard[], name: string) =>
  all.findLast(({ envelope }) => envelope.MessageName.endsWith(`.${name}`))?.envelope.MessageBody;
const ofOneBoard = ['Production.UnitsArrived', 'Production.WorkStarted'];
const ofItsEnd = ['Production.TestAndInspection.UnitsTested', 'Production.WorkCompleted', 'Production.UnitsDeparted'];

test('a board in the messages of CFX, and the endpoint that comes, lives and goes', async (t) => {
  const { ledger } = await book(t);
  await sealBoard(ledger, 'before', 9);
  const peer = await peerOf(t);
  const { cfx } = endpointOf(t, ledger, peer.port);
  await until('level', () => cfx.standing.state === 'level');
  await ledger.openBatch({
    id: 'B-1',
    order: 'PO-7',
    recipe,
    count: 5,
    openedAt: '2026-11-22T10:00:00.000Z',
    closedAt: null,
  });
  await sealBoard(ledger, 'r1', 1, 'B-1');
  await until('a result', () => names(peer.heard).includes('Production.UnitsDeparted'));
  await cfx.close();
  await until('the end', () => names(peer.heard).includes('EndpointShuttingDown'));
  assert.deepEqual(names(peer.heard), [
    'EndpointConnected',
    'Heartbeat',
    ...ofOneBoard,
    ...ofItsEnd,
    'EndpointShuttingDown',
  ]);
  const [first] = peer.heard;
  assert.deepEqual(
    [first!.subject, first!.contentType, first!.address, first!.properties],
    [
      'Fuseline.Station.line-1.CFX.EndpointConnected',
      'application/json; charset="utf-8"',
      '/exchange/cfx',
      { 'cfx-topic': 'CFX', 'cfx-message': 'CFX.EndpointConnected', 'cfx-handle': 'Fuseline.Station.line-1' },
    ],
  );
  // the members of the envelope of the SDK (CFXEnvelope)
  assert.deepEqual(Object.keys(first!.envelope), [
    'MessageName',
    'Version',
    'TimeStamp',
    'UniqueID',
    'Source',
    'Target',
    'RequestID',
    'MessageBody',
  ]);
  assert.deepEqual(bodyOf(peer.heard, 'Heartbeat'), {
    CFXHandle: 'Fuseline.Station.line-1',
    HeartbeatFrequency: '01:00:00',
    ActiveFaults: [],
    ActiveRecipes: null,
  });
  const place = {
    PositionNumber: 1,
    PositionName: 'nest-1',
    X: 0,
    Y: 0,
    Z: null,
    Rotation: 0,
    FlipX: false,
    FlipY: false,
  };
  const unit = { UnitIdentifier: 'SN-1', ...place };
  const units = (status?: 'Pass') => ({
    PrimaryIdentifier: 'SN-1',
    HermesIdentifier: null,
    UnitCount: 1,
    Units: [status === undefined ? unit : { ...unit, Status: status }],
  });
  const transaction = uuidOf('r1');
  assert.match(transaction, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  // it is told as soon as the run stands in the ledger, with the unit where that is known by then
  const begun = bodyOf(peer.heard, 'WorkStarted')!;
  const known = begun.PrimaryIdentifier === null ? null : 'SN-1';
  assert.deepEqual(begun, {
    ...{
      TransactionID: transaction,
      Lane: null,
      ...{ ...units(), PrimaryIdentifier: known, Units: [{ ...unit, UnitIdentifier: known }] },
      RecipeName: recipe.name,
      Revision: String(recipe.revision),
    },
    ...{ RelevantSurface: 'Unspecified', WorkOrderIdentifier: { WorkOrderId: 'PO-7', Batch: 'B-1' } },
  });
  assert.deepEqual(bodyOf(peer.heard, 'WorkCompleted'), {
    TransactionID: transaction,
    Result: 'Completed',
    ...units('Pass'),
    PerformanceImpacts: [],
  });
  const { TestedUnits, ...test } = bodyOf(peer.heard, 'UnitsTested') as {
    TestedUnits: { Tests: { Result: string }[] }[];
  };
  assert.deepEqual(test, {
    ...{ TransactionId: transaction, TestMethod: 'Automated' },
    Tester: { OperatorIdentifier: 'op-7', ActorType: 'Human', LastName: null, FirstName: null, LoginName: null },
    SamplingInformation: { SamplingMethod: 'NoSampling', LotSize: null, SampleSize: null },
  });
  assert.equal(TestedUnits[0]!.Tests[0]!.Result, 'Passed');
});

test('a trouble of the station is a fault that stands until a board ends without it', async (t) => {
  const { ledger } = await book(t);
  const peer = await peerOf(t);
  const { cfx, kept } = endpointOf(t, ledger, peer.port);
  await until('level', () => cfx.standing.state === 'level');
  const end = async (id: string, outcome: 'errored' | 'failed', fault: Fault) => {
    await ledger.openRun(run(id));
    await ledger.endRun(id, { at: '2026-11-22T10:01:00.000Z', outcome, fault: fault.toJSON() });
  };
  const fault = (code: string) => new FixtureFault({ code, what: 'No contact.', next: 'Look at the pins.' });
  const told = () => names(peer.heard).filter((name) => name.startsWith('Resource'));
  await end('r1', 'errored', fault('fixture.gone'));
  await end('r2', 'errored', fault('fixture.gone'));
  await until('the second', () => names(peer.heard).filter((name) => name.endsWith('Departed')).length === 2);
  assert.deepEqual(told(), ['ResourcePerformance.FaultOccurred']);
  const { Fault: said } = bodyOf(peer.heard, 'FaultOccurred') as { Fault: Record<string, unknown> };
  assert.deepEqual(
    [said.FaultCode, said.Cause, said.Severity, said.Description],
    ['fixture.gone', 'MechanicalFailure', 'Error', 'nest-1: No contact.'],
  );
  // it stands over a restart
  await until('the mark', () => kept.length > 0 && cfx.standing.waiting === 0);
  await cfx.close();
  const { cfx: again } = endpointOf(t, ledger, peer.port, { kept: kept.at(-1)! });
  await until('level', () => again.standing.state === 'level');
  assert.deepEqual(bodyOf(peer.heard, 'Heartbeat')!.ActiveFaults, [said]);
  await end('r3', 'failed', fault('board.dead'));
  await until('its end', () => told().includes('ResourcePerformance.FaultCleared'));
  assert.equal(bodyOf(peer.heard, 'FaultCleared')!.FaultOccurrenceId, said.FaultOccurrenceId);
  assert.equal(bodyOf(peer.heard, 'WorkCompleted')!.Result, 'Failed');
  await until('level', () => again.standing.state === 'level');
});

test('messages wait in the ledger while the broker is away or takes none, and what is told again has the same id', async (t) => {
  const { ledger } = await book(t);
  const first = await startAmqpPeer();
  const { cfx, kept } = endpointOf(t, ledger, first.port);
  await until('level', () => cfx.standing.state === 'level');
  await first.close();
  await until('an alarm', () => cfx.standing.faults[0]?.code === 'cfx.away');
  for (let n = 0; n < 3; n++) await sealBoard(ledger, `r${n}`, n);
  await cfx.close();
  const peer = await peerOf(t);
  peer.takes = false;
  const { cfx: again } = endpointOf(t, ledger, peer.port, { kept: kept.at(-1) ?? null });
  await until('an alarm', () => again.standing.faults[0]?.code === 'cfx.wrong-answer');
  peer.takes = true;
  await until('all of it', () => again.standing.state === 'level' && again.standing.waiting === 0);
  for (let n = 3; n < 9; n++) {
    await sealBoard(ledger, `r${n}`, n);
    if (n % 2 === 0) peer.cut();
  }
  const runs = () => peer.heard.filter(({ envelope }) => envelope.MessageName.startsWith('CFX.Production'));
  const ids = () => [...new Set(runs().map(({ envelope }) => envelope.UniqueID))];
  await until('the rest', () => ids().length === 9 * 5 && again.standing.waiting === 0);
  const boards = runs().flatMap(({ envelope: { MessageName: name, MessageBody: body } }) =>
    name.endsWith('WorkCompleted') ? [body.PrimaryIdentifier] : [],
  );
  assert.deepEqual(
    [...new Set(boards)],
    Array.from({ length: 9 }, (_, n) => `SN-${n}`),
    'in the order of the ledger',
  );
});

test('a broker proves itself and lets the station in by a file of its own, or nothing is told and it is an alarm', async (t) => {
  const { ledger } = await book(t);
  const pair = selfSignedPair('localhost');
  const peer = await peerOf(t, { tls: pair });
  peer.password = 'secret';
  const [file, ca] = ['password', 'ca.pem'].map((name) => join(folder(t), name)) as [string, string];
  const alarm = async (cfx: FactoryEvents) => {
    await until('an answer', () => cfx.standing.faults.length > 0 || cfx.standing.state === 'level');
    await cfx.close();
    return cfx.standing.faults[0]?.code ?? cfx.standing.state;
  };
  const said = async (places: Partial<BrokerPlaces>) => {
    const door = { url: `amqps://localhost:${peer.port}`, ca, user: 'line-1', passwordFile: file, ...places };
    return await alarm(endpointOf(t, ledger, peer.port, { broker: () => cfxDoor(door) }).cfx);
  };
  assert.equal(await said({ ca: null, passwordFile: null }), 'cfx.not-proven');
  assert.equal(await said({ passwordFile: null }), 'cfx.ca');
  writeFileSync(ca, pair.certificate);
  assert.equal(await said({}), 'cfx.password-file');
  writeFileSync(file, 'other\n', { mode: 0o600 });
  assert.equal(await said({}), 'cfx.not-let-in');
  writeFileSync(file, 'secret\n');
  chmodSync(file, 0o644);
  assert.equal(await said({}), 'cfx.password-file');
  chmodSync(file, 0o600);
  assert.equal(peer.heard.length, 0);
  assert.equal(await said({}), 'level');
  for (const says of [
    'HTTP/1.1 400 Bad Request\r\n\r\n',
    'AMQP\u0000\u0000\u0009\u0001',
    'AMQP\u0000\u0001\u0000\u0000\u00ff\u00ff\u00ff\u00ff',
    '',
  ]) {
    const server = createServer(
      (socket) =>
        void socket
          .on('error', () => undefined)
          .resume()
          .write(Buffer.from(says, 'latin1')),
    );
    server.listen(0, '127.0.0.1');
    await until('a server', () => server.listening);
    const { port } = server.address() as { port: number };
    const code = await alarm(endpointOf(t, ledger, port, { limits: { ...limits, deadlineMs: 200 } }).cfx);
    assert.ok(code === 'cfx.wrong-answer' || code === 'cfx.away', `${code} of ${JSON.stringify(says)}`);
    server.close();
  }
});

test('a broker that is not ours understands each message, and has it once, over its own restarts', {
  skip: noRabbit,
}, async (t) => {
  const { ledger } = await book(t);
  const broker = await startRabbit();
  t.after(() => broker.close());
  const [passwordFile, ca] = ['password', 'ca.pem'].map((name) => join(folder(t), name)) as [string, string];
  writeFileSync(ca, broker.certificate);
  writeFileSync(passwordFile, `${broker.password}\n`, { mode: 0o600 });
  const places = { url: `amqps://localhost:${broker.port}`, ca, user: broker.user, passwordFile };
  const slowly = { ...limits, deadlineMs: 10_000 };
  const to = (address: string) =>
    endpointOf(t, ledger, 0, { address, url: places.url, limits: slowly, broker: () => cfxDoor(places) });
  const alarm = async ({ cfx }: ReturnType<typeof to>) => {
    await until('an alarm', () => cfx.standing.faults.length > 0);
    await cfx.close();
    return cfx.standing.faults[0]!.code;
  };
  const address = `/exchange/${broker.exchange}`;
  assert.equal(await alarm(to('/exchange/nobody')), 'cfx.wrong-answer');
  writeFileSync(passwordFile, 'other\n');
  assert.equal(await alarm(to(address)), 'cfx.not-let-in');
  writeFileSync(passwordFile, `${broker.password}\n`);

  const { cfx, kept } = to(address);
  const told = async () => {
    const { row } = await ledger.head();
    await until('its mark', () => kept.length > 0 && JSON.parse(kept.at(-1)!).row === row);
  };
  await until('level', () => cfx.standing.state === 'level');
  await sealBoard(ledger, 'r1', 1);
  await told();
  // what it took before it stopped lies there after it; what came meanwhile waits in the ledger
  await broker.stop();
  await until('the loss', () => cfx.standing.state === 'away');
  for (const n of [2, 3]) await sealBoard(ledger, `r${n}`, n);
  await broker.start();
  await told();
  await until('level', () => cfx.standing.state === 'level');
  const got = (await broker.drain()).map((message) => ({ ...message, envelope: envelopeIn(message) }));
  const board = [...ofOneBoard, ...ofItsEnd];
  assert.deepEqual(
    got.map(({ envelope }) => envelope.MessageName.replace(/^CFX\./, '')),
    ['EndpointConnected', 'Heartbeat', ...board, 'EndpointConnected', ...board, ...board, 'Heartbeat'],
  );
  for (const { routingKey, contentType, id, deliveryMode, headers, envelope } of got) {
    const { MessageName: name, UniqueID } = envelope;
    assert.deepEqual(
      [routingKey, contentType, id, deliveryMode],
      [`Fuseline.Station.line-1.${name}`, 'application/json; charset="utf-8"', UniqueID, 2],
    );
    // (it passes them on as they came)
    assert.ok(String(headers['x-amqp-1.0-app-properties']).includes(name));
  }

  // stopped while it takes: nothing is lost, and what comes twice has the same id
  for (let n = 10; n < 30; n++) await sealBoard(ledger, `r${n}`, n);
  await broker.stop();
  await broker.start();
  await told();
  await cfx.close();
  const rest = (await broker.drain()).map(envelopeIn);
  const ofRuns = rest.filter(({ MessageName }) => MessageName.startsWith('CFX.Production'));
  assert.equal(new Set(ofRuns.map(({ UniqueID }) => UniqueID)).size, 20 * board.length);
  assert.ok(ofRuns.length < 21 * board.length, 'of one board at most');
  assert.equal(rest.at(-1)!.MessageName, 'CFX.EndpointShuttingDown');
});

test('the section of the station file', () => {
  const cfxOf = (more: string) =>
    parseStation(`fuseline: 1\nstation: a\ncfx: {${more}}\n`, '/etc/f/station.yaml').station?.cfx;
  const good = "url: 'amqps://cfx.factory:5671', handle: Fuseline.Station.line-1, address: cfx";
  assert.deepEqual(cfxOf(`${good}, ca: ca.pem, user: u, password_file: p`), {
    ...{ url: 'amqps://cfx.factory:5671', handle: 'Fuseline.Station.line-1', address: 'cfx', heartbeatSeconds: 60 },
    ...{ ca: '/etc/f/ca.pem', user: 'u', passwordFile: '/etc/f/p' },
  });
  for (const [from, to] of [
    ['amqps://cfx.factory:5671', 'amqp://cfx.factory'],
    ['amqps://cfx.factory:5671', 'amqps://u:p@h'],
    ['Fuseline.Station.line-1', 'a b'],
    ['address: cfx', "address: ''"],
  ] as const)
    assert.equal(cfxOf(good.replace(from, to)), undefined, to);
});
