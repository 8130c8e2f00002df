import assert from 'node:assert/strict';
import { verify } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { p256 } from '@noble/curves/nist.js';
import { concat, fromHex, reversed } from '../../../main/base/bytes.ts';
import { rsEncode } from '../../../main/efuse/reed-solomon.ts';
import { readFirmware } from '../../../main/image/firmware.ts';
import type { ChipKind } from '../../../main/model/chip.ts';
import type { Port } from '../../../main/transport/port.ts';
import { createVirtualBench } from '../../../main/virtual/bench/bench.ts';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../../../station-config/firmware');
const filesOf = (name: string) =>
  new Map(
    readdirSync(join(folder, name)).map((file) => [file, new Uint8Array(readFileSync(join(folder, name, file)))]),
  );

/** Console text from now on, until it holds a line that `wanted` fits; gives that match. */
function waitFor(port: Port, wanted: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve) => {
    let text = '';
    port.onData((chunk) => {
      text += new TextDecoder().decode(chunk);
      const match = wanted.exec(text);
      if (match !== null) resolve(match);
    });
  });
}

async function reset(port: Port): Promise<void> {
  await port.setLines({ dtr: false, rts: true });
  await port.setLines({ dtr: false, rts: false });
}

describe('the demonstration builds on whole virtual boards', () => {
  for (const [name, kind, query] of [
    ['esp32p4-v1', 'esp32p4', '?rev=v1.3'],
    ['esp32p4-v3', 'esp32p4', '?rev=v3.1'],
    ['esp32c3', 'esp32c3', ''],
    ['esp32s3', 'esp32s3', ''],
  ] as const) {
    it(`boots ${name} to its proof prompt`, async () => {
      const bench = createVirtualBench();
      const address = `virtual:${kind}${query}`;
      const port = await bench.open(address, { baudRate: 115200 });
      const chip = bench.chip(address);
      for (const part of readFirmware(filesOf(name), kind as ChipKind).parts)
        chip?.flash.program(part.offset, part.data);
      const ready = waitFor(port, /FUSELINE-PROOF-1 ready\r\n/);
      await reset(port);
      await ready;
      assert.equal(chip?.mode, 'running');
      const answer = waitFor(port, /proof [a-z].*\r\n/);
      await port.write(new TextEncoder().encode(`prove ${'5a'.repeat(32)}\r\n`));
      assert.equal((await answer)[0], 'proof error no-key\r\n');
      await bench.close();
    });
  }

  it('proves its identity over the console once the key is burned', async () => {
    const bench = createVirtualBench();
    const address = 'virtual:esp32p4?rev=v3.1';
    const port = await bench.open(address, { baudRate: 115200 });
    const chip = bench.chip(address);
    assert.ok(chip);
    for (const part of readFirmware(filesOf('esp32p4-v3'), 'esp32p4').parts) chip.flash.program(part.offset, part.data);
    const scalar = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
    const block = reversed(scalar);
    chip.efuse.setFactoryBlock(7, concat(block, rsEncode(block)));
    chip.efuse.burnField('KEY_PURPOSE_3', 1);
    chip.efuse.burnField('RD_DIS', 1 << 3);
    const ready = waitFor(port, /FUSELINE-PROOF-1 ready\r\n/);
    await reset(port);
    await ready;
    const answer = waitFor(port, /pubkey (04[0-9a-f]{128})\r\nproof ([0-9a-f]{128})\r\n/);
    const challenge = '5a'.repeat(32);
    await port.write(new TextEncoder().encode(`pubkey\r\nprove ${challenge}\r\n`));
    const [, point = '', signature = ''] = await answer;
    assert.equal(point, Buffer.from(p256.getPublicKey(scalar, false)).toString('hex'));
    const spki = concat(fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200'), fromHex(point));
    const key = { key: Buffer.from(spki), format: 'der', type: 'spki', dsaEncoding: 'ieee-p1363' } as const;
    assert.ok(verify('sha256', fromHex(challenge), key, fromHex(signature)));
    await bench.close();
  });
});
