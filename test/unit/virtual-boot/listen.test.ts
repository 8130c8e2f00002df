import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, read, writeSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fromHex } from '../../../main/base/bytes.ts';
import { isFault } from '../../../main/model/fault.ts';
import { openPort } from '../../../main/transport/open.ts';
import type { Port } from '../../../main/transport/port.ts';
import { openBenchChip } from '../../../main/virtual/bench/bench.ts';
import { listenVirtualChip, type VirtualListener } from '../../../main/virtual/listen/listen.ts';

/** SYNC as FACTS 1.8 has it. */
const sync = fromHex(`c000082400000000000707122055${'55'.repeat(31)}c0`);
/** How an answer to it begins: direction 1, opcode 8. */
const syncAnswer = '\xc0\x01\x08';

const listeners: VirtualListener[] = [];
async function listening(
  address: string,
  where: string,
  options: { strap?: 'download' | 'flash'; signal?: AbortSignal } = {},
): Promise<VirtualListener> {
  const listener = await listenVirtualChip(openBenchChip(address), where, options);
  listeners.push(listener);
  return listener;
}
after(async () => {
  for (const listener of listeners) await listener.close();
});

/** Text (latin-1) that comes in, until it holds `wanted`. */
function until(source: (take: (text: string) => void) => void, wanted: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    source((more) => {
      text += more;
      if (text.includes(wanted)) resolve(text);
    });
  });
}

const fromSocket = (socket: Socket) => (take: (text: string) => void) => {
  socket.on('data', (chunk: Buffer) => take(chunk.toString('latin1')));
};
const fromPort = (port: Port) => (take: (text: string) => void) => {
  port.onData((chunk) => take(Buffer.from(chunk).toString('latin1')));
};
const portOf = (listener: VirtualListener) => Number(/:(\d+)$/.exec(listener.address)?.[1]);

describe('a virtual chip behind a TCP port', () => {
  it('answers SYNC in download mode, at any rate, on a port of its own', async () => {
    const listener = await listening('virtual:esp32c3?seed=1', 'tcp:0');
    assert.match(listener.address, /^socket:\/\/127\.0\.0\.1:\d+$/);
    const port = await openPort(listener.address, { baudRate: 921600 });
    const answered = until(fromPort(port), syncAnswer);
    await port.write(sync);
    await answered;
    await port.close();
  });

  it('tells a second client so, and keeps the chip as it is for the next', async () => {
    const listener = await listening('virtual:esp32c3?seed=1', 'tcp:127.0.0.1:0');
    const first = connect(portOf(listener), '127.0.0.1');
    const answered = until(fromSocket(first), syncAnswer);
    first.write(sync);
    await answered;
    const second = connect(portOf(listener), '127.0.0.1');
    await until(fromSocket(second), 'in use by another client');
    await new Promise((resolve) => second.once('close', resolve));
    const gone = new Promise((resolve) => first.once('close', resolve));
    first.destroy();
    await gone;
    const third = connect(portOf(listener), '127.0.0.1');
    const outcome = until(fromSocket(third), syncAnswer);
    third.write(sync);
    assert.doesNotMatch(await outcome, /ESP-ROM|in use/, 'still in download mode');
    third.destroy();
  });

  it('boots from flash where that is asked for', async () => {
    const chip = openBenchChip('virtual:esp32c3?seed=1');
    listeners.push(await listenVirtualChip(chip, 'tcp:0', { strap: 'flash' }));
    assert.ok(chip.console.includes('invalid header: 0xffffffff'));
  });

  it('ends when its signal is aborted, and frees the port', async () => {
    const stop = new AbortController();
    const listener = await listening('virtual:esp32c3?seed=1', 'tcp:0', { signal: stop.signal });
    stop.abort();
    await listener.closed;
    await listening('virtual:esp32c3?seed=1', `tcp:${portOf(listener)}`);
  });

  it('names a port that is taken', async () => {
    const listener = await listening('virtual:esp32c3?seed=1', 'tcp:0');
    await assert.rejects(listening('virtual:esp32c3', `tcp:${portOf(listener)}`), (error) =>
      isFault(error, 'virtual.listen'),
    );
  });

  it('keeps its state in a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fuseline-listen-'));
    const file = join(folder, 'board');
    const listener = await listening(`virtual:esp32c3?seed=1&state=${encodeURIComponent(file)}`, 'tcp:0');
    await listener.close();
    assert.ok((await stat(file)).size > 0);
    await rm(folder, { recursive: true });
  });

  it('ends with a fault when its state cannot be kept', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fuseline-listen-'));
    const chip = openBenchChip(`virtual:esp32c3?seed=1&state=${encodeURIComponent(join(folder, 'gone', 'board'))}`);
    const listener = await listenVirtualChip(chip, 'tcp:0');
    const ended = assert.rejects(listener.closed);
    const client = connect(portOf(listener), '127.0.0.1');
    client.on('error', () => undefined);
    await new Promise((resolve) => client.once('connect', resolve));
    client.destroy();
    await ended;
    await rm(folder, { recursive: true });
  });

  for (const where of ['tcp', 'tcp:', 'tcp:65536', 'udp:1', 'pty:1', 'rfc2217:a:b:1']) {
    it(`refuses "${where}"`, async () => {
      await assert.rejects(listening('virtual:esp32c3', where), (error) => isFault(error, 'virtual.listen-form'));
    });
  }
});

describe('a virtual chip behind RFC 2217', () => {
  it('is reset into download mode by its control lines and follows the rate', async () => {
    const listener = await listening('virtual:esp32p4?rev=v3.1&seed=1', 'rfc2217:0');
    assert.match(listener.address, /^rfc2217:\/\/127\.0\.0\.1:\d+$/);
    const port = await openPort(listener.address, { baudRate: 115200 });
    const waiting = until(fromPort(port), 'waiting for download\r\n');
    await port.setLines({ dtr: false, rts: true });
    await port.setLines({ dtr: true, rts: false });
    assert.match(await waiting, /boot:0x307 \(DOWNLOAD/);
    const answered = until(fromPort(port), syncAnswer);
    await port.setBaudRate(230400);
    await port.write(sync);
    await answered;
    await port.close();
  });

  it('leaves the chip to the next client as it is, with the line of a fresh adapter', async () => {
    const chip = openBenchChip('virtual:esp32c3?seed=1');
    const listener = await listenVirtualChip(chip, 'rfc2217:0', { strap: 'download' });
    listeners.push(listener);
    const first = await openPort(listener.address, { baudRate: 230400 });
    const answered = until(fromPort(first), syncAnswer);
    await first.write(sync);
    await answered;
    await first.close();
    assert.equal(chip.mode, 'rom');
    const next = await openPort(listener.address, { baudRate: 230400 });
    const again = until(fromPort(next), syncAnswer);
    await next.write(sync);
    await again;
    await next.close();
  });

  it('begins with a boot from flash', async () => {
    const chip = openBenchChip('virtual:esp32c6?seed=1');
    listeners.push(await listenVirtualChip(chip, 'rfc2217:0'));
    assert.ok(chip.console.includes('invalid header: 0xffffffff'));
  });
});

const socat = spawnSync('socat', ['-V']).error === undefined;
const noPty = process.platform === 'win32' ? 'no pseudo-terminals' : socat ? false : 'no socat';

describe('a virtual chip behind a pty', { skip: noPty }, () => {
  it('answers a tool that opens the terminal, twice', async () => {
    const listener = await listening('virtual:esp32c3?seed=1', 'pty');
    assert.match(listener.address, /^\/dev\//);
    for (let visit = 0; visit < 2; visit++) {
      const fd = openSync(listener.address, constants.O_RDWR | constants.O_NOCTTY);
      writeSync(fd, sync);
      let text = '';
      while (!text.includes(syncAnswer)) {
        const buffer = Buffer.alloc(256);
        text += await new Promise<string>((resolve, reject) => {
          read(fd, buffer, (error, length) => (error ? reject(error) : resolve(buffer.toString('latin1', 0, length))));
        });
      }
      closeSync(fd);
    }
    await listener.close();
    await assert.rejects(stat(listener.address), 'the terminal went with its listener');
  });
});

describe('a pty without socat', () => {
  it('says what is missing and what else there is', async () => {
    const path = process.env.PATH;
    process.env.PATH = '/nonexistent';
    try {
      await assert.rejects(
        listening('virtual:esp32c3', 'pty'),
        (error) => isFault(error, 'virtual.no-socat') && /apt-get install socat/.test(error.next),
      );
    } finally {
      process.env.PATH = path;
    }
  });
});
