// The light at a station: its colour by what the desk shows, and a controller at the other end of a line that hears it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { systemClock } from '../../../main/base/clock.ts';
import { silentLog } from '../../../main/base/log.ts';
import { parseStation } from '../../../main/config/station-file.ts';
import { colourOf, StationLight } from '../../../main/station/desk/station-light.ts';
import { openPort } from '../../../main/transport/open.ts';

type Line = Parameters<typeof colourOf>[0];
type Tile = Line['fixtures'][number];
const idle: Tile = { state: 'idle', needs: null, tokenIsSilent: false, verdict: null };
const fault = { class: 'board', code: 'x', what: '', next: '', safety: 'untouched', details: {} } as const;
const line = (more: Partial<Line>): Line => ({
  fixtures: [idle, idle],
  batch: null,
  printerFault: null,
  plantFaults: [],
  ...more,
});
const running = { endedAt: null, fault: null };
const judged = (act: 'take-out' | 'insert-again' | 'put-aside' | 'call-engineer') =>
  [idle, { ...idle, verdict: { outcome: 'failed', fault: null, at: '', sealRow: null, act, burned: 'no' } }] as const;

test('the gravest thing on the line gives the colour', () => {
  const shown: readonly (readonly [string, Partial<Line>])[] = [
    ['off', {}],
    ['green', { batch: running }],
    ['green', { batch: running, fixtures: [{ ...idle, state: 'running' }] }],
    ['green', { batch: running, fixtures: judged('take-out') }],
    ['yellow', { batch: running, fixtures: judged('insert-again') }],
    ['red', { batch: running, fixtures: judged('put-aside') }],
    ['red', { fixtures: judged('call-engineer') }],
    ['red', { batch: { endedAt: '2026-11-26T10:00:00Z', fault }, fixtures: [idle] }],
    ['off', { batch: { endedAt: '2026-11-26T10:00:00Z', fault: null } }],
    ['yellow', { batch: running, fixtures: [{ ...idle, state: 'ready', needs: 'serial' }] }],
    ['green', { batch: running, fixtures: [{ ...idle, state: 'ready', needs: 'plc' }] }],
    ['yellow', { batch: running, fixtures: [{ ...idle, state: 'absent' }] }],
    ['off', { fixtures: [{ ...idle, state: 'absent' }] }],
    ['yellow', { batch: running, fixtures: [{ ...idle, tokenIsSilent: true }] }],
    ['yellow', { batch: running, printerFault: fault }],
    ['yellow', { plantFaults: [fault] }],
    ['red', { batch: running, printerFault: fault, fixtures: judged('put-aside') }],
  ];
  for (const [colour, seen] of shown) assert.equal(colourOf(line(seen)), colour, JSON.stringify(seen));
});

test('a light hears its words, again after it was away, and goes out in the end', { timeout: 20_000 }, async (t) => {
  const hear = async () => {
    let heard = '';
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.setEncoding('latin1').on('data', (text) => (heard += text));
      socket.on('error', () => undefined);
    });
    return {
      server,
      until: async (word: string) => {
        for (heard = ''; !heard.includes(word); ) await new Promise((resolve) => setTimeout(resolve, 5));
      },
      leave: () => {
        for (const socket of sockets) socket.destroy();
        server.close();
      },
    };
  };
  const first = await hear();
  t.after(first.leave);
  await once(first.server.listen(0, '127.0.0.1'), 'listening');
  const { port } = first.server.address() as { port: number };
  const said: string[] = [];
  const log = { ...silentLog, warn: (event: string) => said.push(event), info: (event: string) => said.push(event) };
  const say = { red: 'R1\r\n', yellow: '\x02Y\x03', green: 'G', off: '0' };
  // the time between two words is short here
  const clock = { ...systemClock, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 60, signal) };
  const light = new StationLight(
    { port: `socket://127.0.0.1:${port}`, baud: 9600, say },
    { open: openPort, clock, log },
  );
  await first.until('0');
  light.show('red');
  await first.until('R1\r\nR1\r\n');
  light.show('yellow');
  await first.until('\x02Y\x03');
  first.leave();
  for (const end = Date.now() + 10_000; said.length === 0 && Date.now() < end; ) await systemClock.sleep(5);
  assert.deepEqual(said, ['light-away']);
  light.show('green');
  const second = await hear();
  t.after(second.leave);
  await once(second.server.listen(port, '127.0.0.1'), 'listening');
  await second.until('G');
  assert.deepEqual(said, ['light-away', 'light-back']);
  const out = second.until('0');
  await light.close();
  await out;
});

test('the station file names the light, with words that every controller knows, at a port that no board has', () => {
  const read = (light: string, more = '') =>
    parseStation(
      `fuseline: 1\nstation: a\nfixtures: [{name: n, port: COM1}]\nlight: ${light}\n${more}`,
      'station.yaml',
    );
  assert.deepEqual(read('{port: COM7}').station?.light, {
    port: 'COM7',
    baud: 9600,
    say: { red: 'red\n', yellow: 'yellow\n', green: 'green\n', off: 'off\n' },
  });
  assert.equal(read('{port: COM7, baud: 19200, say: {red: "\\x02R\\r\\n"}}').station?.light?.say.red, '\x02R\r\n');
  assert.equal(parseStation('fuseline: 1\nstation: a\n', 'x').station?.light, null);
  for (const [light, place] of [
    ['{port: COM1}', 'light.port'],
    ['{port: "virtual:esp32p4"}', 'light.port'],
    ['{port: COM7, say: {red: "rot\u00e9"}}', 'light.say.red'],
    ['{port: COM7, say: {red: ""}}', 'light.say.red'],
    ['{port: COM7, say: {blue: "x"}}', 'light.say'],
    ['{port: COM7, baud: 0}', 'light.baud'],
  ] as const)
    assert.ok(
      JSON.stringify(read(light).problems).includes(place),
      `${light}: ${JSON.stringify(read(light).problems)}`,
    );
});
