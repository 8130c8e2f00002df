// What the ROM does while the fuse that shuts its own download door comes into force, and after it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromHex, toHex, utf8 } from '../../../main/base/bytes.ts';
import { fieldOf } from '../../../main/efuse/tables.ts';
import { type ChipKind, chipKinds } from '../../../main/model/chip.ts';
import type { DoorFound } from '../../../main/virtual/silicon.ts';
import { type RecordedExchange, vectorFile } from '../../vectors.ts';
import { type DownloadChip, downloadChip, request, syncRequest, unsyncedChip, words } from './shared.ts';

const text = (hex: string) => new TextDecoder().decode(fromHex(hex));
const done = /^c00109040{8}0{4}/;

type Door = 'DIS_DOWNLOAD_MODE' | 'ENABLE_SECURITY_DOWNLOAD';

/** Burns a bit of BLOCK0 over the loader as esptool does, up to the program command. */
async function burnOver({ chip, talk }: DownloadChip, door: Door) {
  const { base, registers } = chip.efuse.table;
  const write = (offset: number, value: number) => talk(request(0x09, words(base + offset, value, 0xffffffff, 0)));
  const [piece] = fieldOf(chip.efuse.table, door).pieces;
  await write(registers.pgmData0 + 4 * (piece!.bit >>> 5), 1 << (piece!.bit & 31));
  await write(registers.conf, 0x5a5a);
  await write(registers.cmd, 2);
  assert.match(await talk(request(0x0a, words(base + registers.cmd))), /^c0010a04/, 'burned is not yet in force');
  assert.match(await write(registers.conf, 0x5aa5), done);
  return { read: () => write(registers.cmd, 1), peek: () => talk(request(0x0a, words(base + registers.cmd))) };
}

describe('the door, as it was recorded of an ESP32-C3', () => {
  const recorded = { kind: 'esp32c3', revision: 3, mac: '34:85:3a:f9:6a:3c', flashSize: 4 * 1024 * 1024 } as const;
  const { captures } = vectorFile<{ captures: { state: string; exchanges: RecordedExchange[] }[] }>(
    'rom_c3_shut_door.json',
  );
  for (const { state, exchanges } of captures) {
    test(state, async () => {
      const { chip, talk, hear, greeting } = unsyncedChip(recorded);
      const loops = state.includes('DIS_DOWNLOAD_MODE');
      let looping = false;
      for (const [n, { name, send, receive }] of exchanges.entries()) {
        if (n === 0) {
          assert.equal(greeting, receive, name);
          continue;
        }
        if (send === '') {
          assert.ok(name.startsWith('reset with the boot strap low'), name);
          const said = hear(() => chip.reset());
          // (what loops is recorded for longer than one turn)
          assert.ok(said.length > 0 && receive.startsWith(said), name);
          break;
        }
        const said = await talk(send);
        if (looping) assert.equal(said, '', `${name}: nothing is answered any more`);
        else if (loops && said !== receive) {
          looping = true;
          assert.ok(said.length > 0 && receive.startsWith(said), name);
        } else assert.equal(said, receive, name);
      }
      assert.equal(looping, loops);
      chip.powerOff();
    });
  }
});

const kinds = chipKinds.filter((kind) => kind !== 'esp32');

for (const doorFound of ['at-next-command', 'before-answer'] as const satisfies readonly DoorFound[]) {
  describe(`the door is found shut ${doorFound === 'before-answer' ? 'before the answer' : 'at the next command'}`, () => {
    const shut = async (kind: ChipKind, door: Door) => {
      const setup = downloadChip({ kind, doorFound });
      const { read, peek } = await burnOver(setup, door);
      if (doorFound === 'at-next-command') assert.match(await read(), done, 'the reading itself is answered');
      return { ...setup, console: text(await (doorFound === 'before-answer' ? read() : peek())) };
    };
    for (const kind of kinds) {
      test(`${kind}: ENABLE_SECURITY_DOWNLOAD brings the ROM back in secure download mode`, async () => {
        const { chip, talk, console } = await shut(kind, 'ENABLE_SECURITY_DOWNLOAD');
        assert.match(console, /^ESP-ROM:\S+\r\nBuild:.*\r\nrst:0x3 .*\r\nwait uart download\(secure mode\)\r\n$/);
        assert.equal(chip.baudRate, 115200);
        assert.match(await talk(syncRequest), /^c00108/);
        assert.match(
          await talk(request(0x0a, words(chip.efuse.table.base))),
          /^c00100.{12}0105|^c00108.{12}0105/,
          'no register is read',
        );
        const begun = await talk(request(0x02, words(0x1000, 4, 0x400, 0, 0)));
        assert.match(begun, /^c00102.{12}0106/, 'flash is not attached');
      });
      test(`${kind}: DIS_DOWNLOAD_MODE leaves it in a loop until EN is pulled with the strap high`, async () => {
        const { chip, talk, console } = await shut(kind, 'DIS_DOWNLOAD_MODE');
        const turn = /^(ESP-ROM:\S+\r\nBuild:.*\r\nrst:0x3 .*\r\nDownload boot modes disabled\r\n)+$/;
        assert.match(console, turn);
        let said = '';
        chip.onSend((bytes) => {
          said += toHex(bytes);
        });
        await sleep(75);
        assert.match(text(said), turn, 'and again');
        chip.setLines({ dtr: false });
        await sleep(75);
        assert.ok(!text(said).includes('nothing to boot'), 'a software reset does not look at the strap');
        assert.equal(await talk(syncRequest), '');
        chip.reset();
        assert.deepEqual(chip.console, ['nothing to boot']);
      });
    }
  });
}

test('an ESP32 answers on until a reset, after which it prints one line and is silent', async () => {
  const setup = downloadChip({ kind: 'esp32' });
  const { chip, talk } = setup;
  chip.efuse.burnField('DIS_DOWNLOAD_MODE', 1);
  assert.match(await talk(request(0x0a, words(chip.efuse.table.base))), /^c0010a/);
  assert.match(await talk(syncRequest), /^c00108/);
  let said = '';
  chip.onSend((bytes) => {
    said += toHex(bytes);
  });
  chip.reset();
  assert.equal(said, toHex(utf8('Download mode is disabled. Restart with GPIO0 high.\r\n')));
  chip.receive(fromHex(syncRequest));
  await sleep(75);
  assert.equal(text(said), 'Download mode is disabled. Restart with GPIO0 high.\r\n');
});

test('a ROM that listens on several lines answers nothing before a SYNC', async () => {
  const { talk } = unsyncedChip({ kind: 'esp32p4' });
  assert.equal(await talk(request(0x14, new Uint8Array(0))), '');
  assert.match(await talk(syncRequest), /^c00108/);
  assert.match(await talk(request(0x14, new Uint8Array(0))), /^c00114/);
});
