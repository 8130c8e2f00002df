import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { concat, equalBytes } from '../../../main/base/bytes.ts';
import { seededRandom } from '../../../main/base/random.ts';
import { isFault } from '../../../main/model/fault.ts';
import { portFault } from '../../../main/transport/faults.ts';
import { openPort } from '../../../main/transport/open.ts';
import type { Port } from '../../../main/transport/port.ts';
import {
  listFromSysfs,
  pathAtPlace,
  type SerialPortInfo,
  watchSerialPorts,
} from '../../../main/transport/serial/list.ts';

const folder = mkdtempSync(join(tmpdir(), 'fuseline-serial-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const noSocat = spawnSync('socat', ['-V']).status === 0 ? false : 'no socat';

/** Two pseudo-terminals joined; ends with the process. */
async function joinedPtys(name: string): Promise<{ a: string; b: string; socat: ChildProcess }> {
  const [a, b] = [join(folder, `${name}-a`), join(folder, `${name}-b`)];
  const socat = spawn('socat', [`pty,raw,echo=0,link=${a}`, `pty,raw,echo=0,link=${b}`]);
  while (!existsSync(a) || !existsSync(b)) await new Promise((resolve) => setTimeout(resolve, 10));
  return { a, b, socat };
}

function received(port: Port, length: number): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const parts: Uint8Array[] = [];
    let count = 0;
    port.onData((chunk) => {
      parts.push(chunk.slice());
      count += chunk.length;
      if (count >= length) resolve(concat(...parts));
    });
  });
}

describe('a serial port on a pseudo-terminal', { skip: noSocat }, () => {
  let ptys: Awaited<ReturnType<typeof joinedPtys>>;
  before(async () => {
    ptys = await joinedPtys('line');
  });
  after(() => ptys?.socat.kill());

  it('has no control lines but a rate, and carries all bytes in order', async () => {
    const [a, b] = [await openPort(ptys.a, { baudRate: 115200 }), await openPort(ptys.b, { baudRate: 115200 })];
    assert.equal(a.hasControlLines, false);
    assert.equal(a.hasBaudRate, true);
    assert.equal(a.usb, null);
    await a.setLines({ dtr: true });
    await a.setBaudRate(2_000_000);
    assert.equal(a.baudRate, 2_000_000);
    const bytes = seededRandom(4)(60_000);
    const there = received(b, bytes.length);
    // Two writes at once: neither may cut the other.
    await Promise.all([a.write(bytes.subarray(0, 30_001)), a.write(bytes.subarray(30_001))]);
    assert.ok(equalBytes(await there, bytes));
    await a.drain();
    await a.discardInput();
    await a.close();
    await b.close();
    await a.close();
    await assert.rejects(a.write(bytes), (error) => isFault(error, 'transport.gone'));
  });

  it('ends a write that waits for room although bytes come in meanwhile', async () => {
    const link = join(folder, 'slow');
    // A far end that takes nothing while its output is not read, but still sends (blocks of one pipe page never block it).
    const far = spawn('socat', ['-b', '4096', `pty,raw,echo=0,link=${link}`, 'stdio'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    while (!existsSync(link)) await new Promise((resolve) => setTimeout(resolve, 10));
    const port = await openPort(link, { baudRate: 115200 });
    const bytes = new Uint8Array(1 << 20).fill(0x5a);
    const written = port.write(bytes);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const answer = received(port, 1);
    far.stdin.write('x');
    await answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
    let taken = 0;
    const all = new Promise<void>((resolve) => {
      far.stdout.on('data', (chunk: Uint8Array) => {
        taken += chunk.length;
        if (taken === bytes.length) resolve();
      });
    });
    await written;
    await all;
    await port.close();
    far.kill();
  });

  it('is held alone', async () => {
    const first = await openPort(ptys.a, { baudRate: 115200 });
    await assert.rejects(openPort(ptys.a, { baudRate: 115200 }), (error) => isFault(error, 'transport.busy'));
    await first.close();
    await (await openPort(ptys.a, { baudRate: 115200 })).close();
  });

  it('tells once when it goes away', async () => {
    const other = await joinedPtys('gone');
    const port = await openPort(other.a, { baudRate: 115200 });
    const gone = new Promise<Error>((resolve) => port.onGone(resolve));
    other.socat.kill();
    assert.ok(isFault(await gone, 'transport.gone'));
    await assert.rejects(port.write(new Uint8Array(1)), (error) => isFault(error, 'transport.gone'));
    await port.close();
  });
});

describe('a serial port that cannot be opened', () => {
  it('is not there', async () => {
    await assert.rejects(openPort(join(folder, 'nothing'), { baudRate: 115200 }), (error) =>
      isFault(error, 'transport.not-found'),
    );
  });

  it('is told by what the system says', () => {
    const code = (message: string) =>
      (portFault('x', 'it cannot be opened', new Error(message)) as { code: string }).code;
    // The sentences of the serialport bindings 13 on Linux.
    assert.equal(code('Error: Permission denied, cannot open /dev/ttyUSB0'), 'transport.denied');
    assert.equal(code('Error Resource temporarily unavailable Cannot lock port'), 'transport.busy');
    assert.equal(code('Error: No such file or directory, cannot open /dev/ttyUSB0'), 'transport.not-found');
    assert.equal(code('Error: Device or resource busy, cannot open x'), 'transport.busy');
    assert.equal(code('something else'), 'transport.io');
  });
});

/** A sysfs with a USB adapter of two ports at 1-2.3, a chip's own USB at 1-4, and a fixed port without hardware. */
function fakeSysfs(): string {
  const root = join(folder, 'sys');
  const put = (path: string, text: string) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const tty = (name: string, device: string) => {
    mkdirSync(join(root, device), { recursive: true });
    mkdirSync(join(root, 'class/tty', name), { recursive: true });
    symlinkSync(join(root, device), join(root, 'class/tty', name, 'device'));
  };
  put('devices/usb1/1-2/1-2.3/idVendor', '10c4\n');
  put('devices/usb1/1-2/1-2.3/idProduct', 'ea70\n');
  put('devices/usb1/1-2/1-2.3/serial', 'A1\n');
  put('devices/usb1/1-4/idVendor', '303a\n');
  put('devices/usb1/1-4/idProduct', '1001\n');
  tty('ttyUSB0', 'devices/usb1/1-2/1-2.3/1-2.3:1.0/ttyUSB0');
  tty('ttyUSB1', 'devices/usb1/1-2/1-2.3/1-2.3:1.1/ttyUSB1');
  tty('ttyACM0', 'devices/usb1/1-4/1-4:1.0');
  tty('ttyS0', 'devices/platform/serial8250');
  mkdirSync(join(root, 'bus/drivers/serial8250'), { recursive: true });
  symlinkSync(join(root, 'bus/drivers/serial8250'), join(root, 'devices/platform/serial8250/driver'));
  put('class/tty/ttyS0/type', '0\n');
  mkdirSync(join(root, 'class/tty/ptmx'), { recursive: true });
  return join(root, 'class/tty');
}

describe('the list of serial ports', () => {
  const sysfs = fakeSysfs();

  it('knows each by its place on the USB bus', async () => {
    const ports = await listFromSysfs(sysfs);
    const places = ports.map(({ path, usbPath, usb }) => [path, usbPath, usb?.vendorId, usb?.productId]);
    assert.deepEqual(places.sort(), [
      ['/dev/ttyACM0', 'usb:1-4:1.0', 0x303a, 0x1001],
      ['/dev/ttyUSB0', 'usb:1-2.3:1.0', 0x10c4, 0xea70],
      ['/dev/ttyUSB1', 'usb:1-2.3:1.1', 0x10c4, 0xea70],
    ]);
    assert.equal(ports.find(({ path }) => path === '/dev/ttyUSB0')?.serialNumber, 'A1');
  });

  it('finds the one tty at a place', async () => {
    const ports = await listFromSysfs(sysfs);
    assert.equal(await pathAtPlace('1-4', ports), '/dev/ttyACM0');
    assert.equal(await pathAtPlace('1-2.3:1.1', ports), '/dev/ttyUSB1');
    await assert.rejects(pathAtPlace('1-2.3', ports), (error) => isFault(error, 'transport.address'));
    await assert.rejects(pathAtPlace('1-2', ports), (error) => isFault(error, 'transport.not-found'));
  });

  it('is watched: the first list and each change are told', async () => {
    const port = (path: string): SerialPortInfo => ({
      path,
      usbPath: null,
      usb: null,
      serialNumber: null,
      manufacturer: null,
    });
    const lists = [[port('a')], [port('a')], [], [port('b')]];
    const stop = new AbortController();
    const told: string[][] = [];
    await watchSerialPorts({
      clock: { now: () => 0, monotonic: () => 0, sleep: async () => undefined },
      signal: stop.signal,
      list: async () => lists.shift() ?? [port('b')],
      onChange: (ports) => {
        told.push(ports.map(({ path }) => path));
        if (told.length === 3) stop.abort();
      },
    });
    assert.deepEqual(told, [['a'], [], ['b']]);
  });
});
