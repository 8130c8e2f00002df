import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { concat, equalBytes } from '../../../main/base/bytes.ts';
import { seededRandom } from '../../../main/base/random.ts';
import { isFault } from '../../../main/model/fault.ts';
import { Rfc2217ServerSession } from '../../../main/transport/network/rfc2217-server.ts';
import { openPort } from '../../../main/transport/open.ts';
import type { Port } from '../../../main/transport/port.ts';
import { toolsPython } from '../../interop/espressif-tools.ts';

/** A line that echoes, and writes down what is done to it. */
async function echoServer(): Promise<{
  server: Server;
  address: string;
  log: unknown[];
  sessions: Rfc2217ServerSession[];
}> {
  const log: unknown[] = [];
  const sessions: Rfc2217ServerSession[] = [];
  const server = createServer((socket) => {
    const session = new Rfc2217ServerSession(socket, {
      onData: (bytes) => void session.send(bytes),
      onLines: async (lines) => {
        await new Promise((resolve) => setImmediate(resolve));
        log.push(lines);
      },
      onBaudRate: (rate) => void log.push(rate),
      onPurge: (which) => log.push(which),
    });
    sessions.push(session);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, address: `rfc2217://127.0.0.1:${(server.address() as AddressInfo).port}`, log, sessions };
}

/** Collects until so many bytes have come. */
function collect(port: Port, length: number): Promise<Uint8Array> {
  return new Promise((resolve) => {
    let all = new Uint8Array(0);
    port.onData((chunk) => {
      all = new Uint8Array(concat(all, chunk));
      if (all.length >= length) resolve(all);
    });
  });
}

/** pyserial stands under esptool. */
const tools = await toolsPython();

describe('RFC 2217', () => {
  let far: Awaited<ReturnType<typeof echoServer>>;
  before(async () => {
    far = await echoServer();
  });
  after(() => {
    for (const session of far.sessions) session.close();
    far.server.close();
  });

  it('carries every byte both ways, and acknowledges lines and rate before it goes on', async () => {
    far.log.length = 0;
    const port = await openPort(far.address, { baudRate: 115200 });
    assert.equal(port.hasControlLines, true);
    assert.equal(port.baudRate, 115200);
    const bytes = seededRandom(1)(70_000).map((byte) => (byte & 7 ? byte : 0xff));
    const back = collect(port, bytes.length);
    await port.write(bytes);
    assert.ok(equalBytes(await back, bytes));
    await port.setLines({ dtr: false, rts: true });
    assert.deepEqual(far.log.splice(0), [115200, { dtr: false }, { rts: true }]);
    await port.setBaudRate(2_000_000);
    assert.deepEqual(far.log.splice(0), [2_000_000]);
    assert.equal(port.baudRate, 2_000_000);
    await port.discardInput();
    assert.deepEqual(far.log.splice(0), ['receive']);
    await port.close();
    await assert.rejects(port.write(bytes), (error) => isFault(error, 'transport.gone'));
  });

  it('tells once when the far end goes away', async () => {
    const port = await openPort(far.address, { baudRate: 115200 });
    const gone = new Promise<Error>((resolve) => port.onGone(resolve));
    far.sessions.at(-1)?.close();
    assert.ok(isFault(await gone, 'transport.gone'));
    await assert.rejects(port.write(new Uint8Array(1)), (error) => isFault(error, 'transport.gone'));
    await port.close();
  });

  it('refuses a far end that speaks no RFC 2217, when the time is over', async () => {
    const dumb = createServer((socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => dumb.listen(0, '127.0.0.1', resolve));
    // A clock whose every wait is over at once, but for the connecting itself.
    let waits = 0;
    const clock = {
      now: () => 0,
      monotonic: () => 0,
      sleep: (_: number, signal?: AbortSignal) =>
        waits++ === 0
          ? new Promise<void>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
          : Promise.resolve(),
    };
    const address = `rfc2217://127.0.0.1:${(dumb.address() as AddressInfo).port}`;
    await assert.rejects(openPort(address, { baudRate: 115200, clock }), (error) =>
      isFault(error, 'transport.timeout'),
    );
    dumb.close();
  });

  it('serves pyserial', { skip: 'missing' in tools && tools.missing }, async () => {
    assert.ok('python' in tools);
    far.log.length = 0;
    const script = [
      'import serial, sys',
      'p = serial.serial_for_url(sys.argv[1], baudrate=115200, timeout=10)',
      'p.dtr = False; p.rts = True; p.baudrate = 921600',
      'd = bytes(range(256)) * 8',
      'p.write(d)',
      'print("echo", p.read(len(d)) == d, "cts", p.cts)',
      'p.close()',
    ].join('\n');
    const child = spawn(tools.python, ['-c', script, far.address], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (text) => {
      said += text;
    });
    const status = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(status, 0);
    assert.equal(said.trim(), 'echo True cts True');
    const settings = far.log.filter((entry) => typeof entry !== 'string');
    assert.deepEqual(settings, [115200, { dtr: true }, { rts: true }, { dtr: false }, { rts: true }, 921600]);
  });
});

describe('raw TCP', () => {
  it('carries bytes, without lines and rate', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const port = await openPort(`socket://127.0.0.1:${(server.address() as AddressInfo).port}`, { baudRate: 115200 });
    assert.equal(port.hasControlLines, false);
    assert.equal(port.hasBaudRate, false);
    const bytes = seededRandom(2)(5000);
    const back = collect(port, bytes.length);
    await port.write(bytes);
    assert.ok(equalBytes(await back, bytes));
    await port.close();
    server.close();
  });

  it('says that nothing listens', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    await assert.rejects(openPort(`socket://127.0.0.1:${port}`, { baudRate: 115200 }), (error) =>
      isFault(error, 'transport.refused'),
    );
  });

  it('says that there is no such host', async () => {
    await assert.rejects(openPort('socket://no-such-host.invalid:1', { baudRate: 115200 }), (error) =>
      isFault(error, 'transport.not-found'),
    );
  });
});
