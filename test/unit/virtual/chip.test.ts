import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromHex, toHex } from '../../../main/base/bytes.ts';
import { isFault } from '../../../main/model/fault.ts';
import { openVirtualPort } from '../../../main/virtual/bench/port.ts';
import { VirtualChip } from '../../../main/virtual/chip.ts';
import type { BootFromFlash, VirtualChipOptions, VirtualFault } from '../../../main/virtual/silicon.ts';
import { downloadChip, emptyBoot, request, unsyncedChip, words } from './shared.ts';

const sync = request(0x08, fromHex(`07071220${'55'.repeat(32)}`));
const securityInfo = request(0x14, new Uint8Array(0));

/** A chip whose output is collected as text. */
function chipWith(options: Partial<VirtualChipOptions>, boot: BootFromFlash = emptyBoot) {
  const chip = new VirtualChip({ kind: 'esp32c3', seed: 1, enRiseMs: 0, ...options }, boot);
  const said: string[] = [];
  chip.onSend((bytes) => said.push(new TextDecoder('latin1').decode(bytes)));
  return { chip, said: () => said.join('') };
}

test('straps are read when EN rises: RTS holds EN, DTR the strap, both together release both', async () => {
  const { chip, said } = chipWith({});
  chip.powerOn();
  assert.equal(said(), 'nothing to boot\r\n');
  chip.setLines({ dtr: false, rts: true });
  assert.equal(chip.mode, 'held');
  chip.receive(fromHex(sync));
  chip.setLines({ dtr: true });
  chip.setLines({ rts: false });
  assert.equal(chip.mode, 'held');
  await sleep(20);
  assert.equal(chip.mode, 'rom');
  assert.deepEqual(chip.console, [
    'ESP-ROM:esp32c3-api1-20210207',
    'Build:Feb  7 2021',
    'rst:0x1 (POWERON),boot:0x2 (UART0_BOOT)',
    'wait uart0 download',
  ]);
  chip.setLines({ dtr: false });
  assert.equal(chip.mode, 'rom', 'the strap is not read again');
  chip.setLines({ dtr: true, rts: true });
  assert.equal(chip.mode, 'rom', 'both lines hold nothing');
  chip.setLines({ dtr: false, rts: true });
  chip.setLines({ rts: false });
  await sleep(20);
  assert.deepEqual(chip.console, ['nothing to boot']);
});

test('with DIS_DOWNLOAD_MODE the download strap gives the refusal and no loader', () => {
  const { chip, said } = chipWith({});
  chip.efuse.burnField('DIS_DOWNLOAD_MODE', 1);
  chip.setLines({ dtr: true, rts: false });
  chip.powerOn();
  assert.match(said(), /Download boot modes disabled\r\n$/);
  chip.receive(fromHex(sync));
  assert.match(said(), /Download boot modes disabled\r\n$/);
  chip.powerOff();
});

test('firmware that runs answers lines; what boots again for ever stops with the supply', () => {
  const { chip, said } = chipWith({}, () => ({
    lines: ['hello'],
    state: 'running',
    firmware: { answer: (line) => (line === 'ping' ? ['pong', 'again'] : []) },
  }));
  chip.powerOn();
  assert.equal(chip.mode, 'running');
  chip.receive(new TextEncoder().encode('pi'));
  chip.receive(new TextEncoder().encode('ng\r\nother\n'));
  assert.equal(said(), 'hello\r\npong\r\nagain\r\n');
  chip.powerOff();
  chip.receive(new TextEncoder().encode('ping\n'));
  assert.equal(said(), 'hello\r\npong\r\nagain\r\n');
});

test('a burn by what boots is in the eFuses, and a reset reads them', () => {
  const { chip } = chipWith({}, (context) => {
    context.burn('ENABLE_SECURITY_DOWNLOAD', 1);
    return { lines: [], state: 'halted', firmware: null };
  });
  chip.powerOn();
  assert.equal(chip.efuse.field('ENABLE_SECURITY_DOWNLOAD'), 1);
});

test('after CHANGE_BAUDRATE the old rate is noise, and the ROM finds the rate again only after a reset', async () => {
  const { chip } = downloadChip({ kind: 'esp32c3', enRiseMs: 0 });
  let out = '';
  chip.onSend((bytes) => {
    out += toHex(bytes);
  });
  const talk = (hex: string) => {
    out = '';
    chip.receive(fromHex(hex));
    return out;
  };
  chip.setHostBaudRate(115200);
  assert.match(talk(sync), /^c00108/);
  assert.match(talk(request(0x0f, words(921600, 0))), /^c0010f04/);
  assert.equal(chip.baudRate, 921600);
  assert.equal(talk(securityInfo), '');
  chip.setHostBaudRate(921600);
  assert.match(talk(securityInfo), /^c00114/);
  chip.setHostBaudRate(115200);
  chip.reset();
  assert.match(talk(securityInfo), /^c00114/);
});

test('a rate that the line does not carry gives noise until the reset', () => {
  const { chip } = downloadChip({ kind: 'esp32c3', faults: [{ kind: 'baud-limit', rate: 1_000_000 }] });
  const got: string[] = [];
  chip.onSend((bytes) => got.push(toHex(bytes)));
  chip.receive(fromHex(request(0x0f, words(2_000_000, 0))));
  got.length = 0;
  chip.receive(fromHex(securityInfo));
  assert.deepEqual(got, []);
  chip.reset();
  got.length = 0;
  chip.receive(fromHex(securityInfo));
  assert.match(got.join(''), /^c00114/);
});

test('answers are lost, garbled and requests cut where it was ordered', async () => {
  const run = async (fault: VirtualFault) => {
    const { talk } = unsyncedChip({ kind: 'esp32c3', faults: [fault] });
    return [await talk(securityInfo), await talk(securityInfo), await talk(securityInfo)];
  };
  const good = (await run({ kind: 'lost-answer', after: 9 }))[0];
  assert.deepEqual(await run({ kind: 'lost-answer', after: 2 }), [good, '', good]);
  const [first, second, third] = await run({ kind: 'garbled-answer', after: 2 });
  assert.deepEqual([first, third], [good, good]);
  assert.equal(second?.length, good?.length);
  assert.notEqual(second, good);
  assert.notEqual((await run({ kind: 'lost-request-byte', after: 1 }))[0], good);
  assert.deepEqual(await run({ kind: 'mute' }), ['', '', '']);
});

test('the line is dead from a power cut until the supply is back', async () => {
  const { chip, talk } = downloadChip({ kind: 'esp32c3', faults: [{ kind: 'power-cut-after-burn', after: 1 }] });
  const { base, registers } = chip.efuse.table;
  const entries = [registers.pgmData0 + 8, 1 << 18, registers.conf, 0x5a5a, registers.cmd, 2];
  const packet = [0, 2, 4].flatMap((i) => [base + entries[i]!, entries[i + 1]!, 0xffffffff, 0]);
  assert.equal(await talk(request(0x09, words(...packet))), '');
  assert.equal(chip.mode, 'off');
  assert.equal(await talk(securityInfo), '');
  chip.powerOn();
  assert.match(await talk(securityInfo), /^c00114/);
  assert.equal(chip.efuse.field('SPI_BOOT_CRYPT_CNT'), 1);
});

test('a saved chip comes back as it was, and only as what it was', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-virtual-'));
  const stateFile = join(folder, 'board.chip');
  try {
    const { chip } = chipWith({ stateFile });
    chip.flash.program(0x12345, Uint8Array.of(1, 2, 3));
    chip.efuse.burnField('SPI_BOOT_CRYPT_CNT', 1);
    chip.save();
    assert.deepEqual(readdirSync(folder), ['board.chip']);
    const again = new VirtualChip({ kind: 'esp32c3', stateFile, seed: 99 }, emptyBoot);
    assert.deepEqual(again.identity, chip.identity);
    assert.equal(toHex(again.flash.read(0x12344, 5)), 'ff010203ff');
    assert.equal(again.efuse.field('SPI_BOOT_CRYPT_CNT'), 1);
    assert.throws(
      () => new VirtualChip({ kind: 'esp32c6', stateFile }, emptyBoot),
      (error) => isFault(error, 'virtual.state-mismatch'),
    );
    writeFileSync(stateFile, 'other\n');
    assert.throws(
      () => new VirtualChip({ kind: 'esp32c3', stateFile }, emptyBoot),
      (error) => isFault(error, 'virtual.state-file'),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('chips without a seed are different boards, chips of one seed the same', () => {
  const macOf = (options: Partial<VirtualChipOptions>) =>
    new VirtualChip({ kind: 'esp32p4', ...options }, emptyBoot).identity.mac;
  assert.notEqual(macOf({}), macOf({}));
  assert.equal(macOf({ seed: 4 }), macOf({ seed: 4 }));
});

test('a port carries bytes both ways, never inside the write, and goes with its plug', async () => {
  const { chip } = unsyncedChip({ kind: 'esp32c3', faults: [{ kind: 'unplug', afterBytes: 200 }] });
  const port = openVirtualPort(chip, 'virtual:test');
  const got: string[] = [];
  let gone: Error | null = null;
  port.onData((chunk) => got.push(toHex(chunk)));
  port.onGone((reason) => {
    gone = reason;
  });
  const writing = port.write(fromHex(securityInfo));
  assert.deepEqual(got, []);
  await writing;
  await sleep(5);
  assert.match(got.join(''), /^c00114/);
  await port.write(fromHex(sync));
  await port.write(fromHex(sync)).catch(() => undefined);
  await sleep(5);
  assert.ok(isFault(gone, 'transport.gone'));
  await assert.rejects(port.write(fromHex(sync)), (error) => isFault(error, 'transport.gone'));
  await port.close();
});

test('with pacing a line is never faster than its rate', async () => {
  const { chip } = downloadChip({ kind: 'esp32c3', pacing: 'line' });
  const port = openVirtualPort(chip, 'virtual:test');
  await port.setBaudRate(921600);
  const started = performance.now();
  const data = new Uint8Array(20000);
  await port.write(data);
  await port.drain();
  const took = performance.now() - started;
  // a floor only: a busy machine may be late, but nothing is faster than the wire
  assert.ok(took >= (data.length * 10_000) / 921600 - 5, `${took} ms`);
  await port.close();
  chip.powerOff();
});

test('what was sent over a paced line arrives whole and in order', async () => {
  const { chip } = unsyncedChip({ kind: 'esp32c3', pacing: 'line', latencyMs: 1 });
  const port = openVirtualPort(chip, 'virtual:test');
  const got: number[] = [];
  port.onData((chunk) => got.push(...chunk));
  await port.write(fromHex(sync + securityInfo));
  for (let tries = 0; tries < 400 && !toHex(Uint8Array.from(got)).includes('c00114'); tries++) await sleep(5);
  await sleep(10);
  const text = toHex(Uint8Array.from(got));
  assert.equal(text.slice(text.indexOf('c00108')).length / 2, 8 * 14 + 34);
  assert.match(text, /c0$/);
  await port.close();
  chip.powerOff();
});
