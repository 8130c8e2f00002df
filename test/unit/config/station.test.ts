import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseStation, readStationFile } from '../../../main/config/station-file.ts';
import { isFault } from '../../../main/model/fault.ts';
import { stationConfig } from './station-config.ts';

const problemsOf = (text: string) =>
  parseStation(text, '/etc/station.yaml').problems.map(({ line, check, path }) => `${line} ${check} ${path}`);

test('the shipped station file is a demonstration line of virtual boards', () => {
  const station = readStationFile(join(stationConfig, 'station.yaml'));
  assert.deepEqual(station.token, { kind: 'softhsm' });
  assert.ok(station.fixtures.length > 1);
  assert.ok(station.fixtures.every(({ port }) => port.startsWith('virtual:')));
});

test('a token without a pin_file is one whose PIN a person types', () => {
  const { station } = parseStation(
    "fuseline: 1\nstation: a\ntoken: {kind: pkcs11, module: /m.so, label: a, serial: '1'}\n",
    'station.yaml',
  );
  assert.deepEqual(station?.token, { kind: 'pkcs11', module: '/m.so', label: 'a', serial: '1', pinFile: null });
});

test('a real station: paths are taken from the folder of the file', () => {
  const { station } = parseStation(
    `fuseline: 1
station: line-7
data: data
token: {kind: pkcs11, module: /usr/lib/hsm.so, label: line-7, serial: '0042', pin_file: pin}
fixtures:
  - {name: nest-1, port: usb:1-1.4}
  - {name: nest-2, port: rfc2217://10.0.0.7:4000}
  - {name: nest-3, port: COM7}
boards: {macs: ['60:55:F9'], orders: lists/orders.csv, challenge: required}
shifts: ['07:30', '19:30']
plant: {url: 'postgres://db.factory:5433/fuseline', ca: ca.pem, password_file: plant-password, viewer: {name: hq, password_file: hq-password}, witnesses: [seer.witness]}
`,
    '/etc/fuseline/station.yaml',
  );
  assert.deepEqual(station, {
    name: 'line-7',
    dataFolder: '/etc/fuseline/data',
    token: {
      kind: 'pkcs11',
      module: '/usr/lib/hsm.so',
      label: 'line-7',
      serial: '0042',
      pinFile: '/etc/fuseline/pin',
    },
    fixtures: [
      { name: 'nest-1', port: 'usb:1-1.4' },
      { name: 'nest-2', port: 'rfc2217://10.0.0.7:4000' },
      { name: 'nest-3', port: 'COM7' },
    ],
    spare: null,
    sessions: 4,
    tokens: [],
    language: 'en',
    development: false,
    boards: {
      macs: [{ first: '6055f9000000', last: '6055f9ffffff' }],
      challenge: true,
      orders: '/etc/fuseline/lists/orders.csv',
      sealedOrders: null,
    },
    shifts: ['07:30', '19:30'],
    log: { level: 'info' },
    light: null,
    mes: null,
    mqtt: null,
    cfx: null,
    plc: null,
    plant: {
      url: 'postgres://db.factory:5433/fuseline',
      ca: '/etc/fuseline/ca.pem',
      passwordFile: '/etc/fuseline/plant-password',
      viewer: { name: 'hq', passwordFile: '/etc/fuseline/hq-password' },
      witnesses: ['/etc/fuseline/seer.witness'],
    },
  });
});

test('the address of a plant holds no password', () => {
  const text = (url: string) => `fuseline: 1\nstation: a\nplant: {url: '${url}'}\n`;
  for (const url of [
    'postgres://h/d',
    'postgres://u@h:1/d',
    'postgresql://[::1]:5432/d',
    'postgres:///d?host=/run/pg&port=1',
  ])
    assert.equal(parseStation(text(url), 'station.yaml').station?.plant?.url, url);
  for (const url of ['postgres://u:secret@h/d', 'postgres://h', 'http://h/d', 'postgres://h/d?password=a@b'])
    assert.equal(parseStation(text(url), 'station.yaml').station, null, url);
});

test('the factory’s own system is asked over TLS unless it is on this computer, and going on without it has an end', () => {
  const mesOf = (more: string) =>
    parseStation(`fuseline: 1\nstation: a\nmes: {${more}}\n`, '/etc/f/station.yaml').station?.mes;
  assert.deepEqual(mesOf("url: 'https://mes.factory:8443/api', ca: ca.pem, token_file: token, timeout_seconds: 3"), {
    ...{ url: 'https://mes.factory:8443/api', ca: '/etc/f/ca.pem', tokenFile: '/etc/f/token' },
    ...{ timeoutSeconds: 3, goOnMinutes: 0 },
  });
  for (const url of ['http://127.0.0.1:80/x', 'http://[::1]', 'https://[fe80::1]:1/'])
    assert.equal(mesOf(`url: '${url}'`)?.url, url);
  for (const url of [
    'http://mes.factory',
    'http://localhost',
    'https://me:secret@h',
    'https://h/?token=x',
    'ftp://h',
    'https://h/a#b',
    'http://127.0.0.1.evil.example/',
  ])
    assert.equal(mesOf(`url: '${url}'`), undefined, url);
  const on = "url: 'https://h', when_away: go-on";
  assert.equal(mesOf(`${on}, go_on_minutes: 30`)?.goOnMinutes, 30);
  assert.equal(mesOf(on), undefined);
  assert.equal(mesOf("url: 'https://h', go_on_minutes: 30"), undefined);
});

test('a PLC has registers of its own for each block, and starts boards of fixtures that there are', () => {
  const plcOf = (more: string, fixtures = '') =>
    parseStation(
      `fuseline: 1\nstation: a\n${fixtures}plc: {url: 'modbus://plc.factory:1502', ${more}}\n`,
      '/etc/f/station.yaml',
    ).station?.plc;
  assert.deepEqual(plcOf('fixtures: [a, b], recipes: {lamp: 3}'), {
    ...{ url: 'modbus://plc.factory:1502', unit: 1, readAt: 0, writeAt: 100, silentSeconds: 2 },
    ...{ fixtures: ['a', 'b'], recipes: { lamp: 3 } },
  });
  const nest = "fixtures: [{name: a, port: 'virtual:esp32p4'}]\n";
  assert.ok(plcOf('fixtures: [a]', nest));
  for (const more of [
    'fixtures: []',
    'fixtures: [a, a]',
    'fixtures: [a], write_at: 4',
    'fixtures: [a], read_at: 111',
    'fixtures: [a], read_at: 65535',
    'fixtures: [a], write_at: 65530',
    'fixtures: [a], recipes: {lamp: 0}',
    'fixtures: [a], recipes: {lamp: 3, kettle: 3}',
    'fixtures: [a], unit: 256',
  ])
    assert.equal(plcOf(more), undefined, more);
  assert.equal(plcOf('fixtures: [b]', nest), undefined);
  for (const url of ['modbus://me:secret@h', 'tcp://h', 'modbus://h/x', 'modbus://h?unit=1'])
    assert.equal(
      parseStation(`fuseline: 1\nstation: a\nplc: {url: '${url}', fixtures: [a]}\n`, 's').station,
      null,
      url,
    );
});

test('further tokens are named by their labels, each once', () => {
  const vault = '{label: vault, serial: "1", module: /m.so}';
  const text = `fuseline: 1\nstation: a\ntokens:\n  - ${vault}\n  - {label: safe, serial: "2", module: m.so, pin_file: pin}\n`;
  const { station, problems } = parseStation(text, '/etc/fuseline/station.yaml');
  assert.deepEqual(problems, []);
  assert.deepEqual(station?.tokens, [
    { label: 'vault', serial: '1', module: '/m.so', pinFile: null },
    { label: 'safe', serial: '2', module: '/etc/fuseline/m.so', pinFile: '/etc/fuseline/pin' },
  ]);
  assert.deepEqual(problemsOf(`${text}  - ${vault}\n`), ['6 wrong-value tokens.2.label']);
});

test('mistakes of a station file are told all at once', () => {
  assert.deepEqual(
    problemsOf(`fuseline: 1
station: line 7
token: {kind: pkcs11, label: a, pin: '1234'}
fixtures:
  - {name: nest-1, port: /dev/ttyUSB0}
  - {name: nest-1, port: ttyUSB1}
`),
    [
      '2 wrong-value station',
      '3 wrong-value token.module',
      '3 wrong-value token.serial',
      '3 unknown-key token.pin',
      '6 wrong-value fixtures.1.name',
      '6 wrong-value fixtures.1.port',
    ],
  );
  assert.deepEqual(problemsOf('fuseline: 1\nstation: a\ntoken: {kind: pkcs11, module: m, label: a}\n'), [
    '3 wrong-value token.serial',
  ]);
  assert.deepEqual(
    problemsOf(
      'fuseline: 1\nstation: a\nfixtures:\n  - {name: a, port: COM1}\n  - {name: b, port: COM1}\n  - {name: a, port: COM2}\n',
    ),
    ['5 wrong-value fixtures.1.port', '6 wrong-value fixtures.2.name'],
  );
});

test('a file that is missing or wrong is a fault that names the lines', () => {
  assert.throws(
    () => readStationFile(join(stationConfig, 'nowhere.yaml')),
    (error) => isFault(error, 'station.not-found'),
  );
  assert.throws(
    () => readStationFile(join(stationConfig, 'recipes', 'esp32c3-production.yaml')),
    (error) =>
      isFault(error, 'station.invalid') && /esp32c3-production\.yaml:\d+:\d+: 'station' is missing/.test(error.what),
  );
});
