// Everything recorded of mask ROMs (test/vectors/rom: run in the ROM's own code, ESP32's in an emulator) replayed against VirtualChip.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { toHex, utf8 } from '../../../main/base/bytes.ts';
import type { ChipKind, Revision } from '../../../main/model/chip.ts';
import type { VirtualChip } from '../../../main/virtual/chip.ts';
import { meaningOf } from '../../rom/answers.ts';
import { type RecordedExchange, vectorFile, vectorFolder } from '../../vectors.ts';
import { unsyncedChip } from './shared.ts';

interface Recording {
  readonly state: string;
  /** Words of each block. */
  readonly efuse?: Readonly<Record<string, readonly string[]>>;
  readonly exchanges?: readonly RecordedExchange[];
}

/** The silicon by the name in a recording's file. */
const silicon: Readonly<Record<string, readonly [ChipKind, Revision]>> = {
  c2: ['esp32c2', 102],
  c3: ['esp32c3', 101],
  c5: ['esp32c5', 100],
  c6: ['esp32c6', 2],
  c61: ['esp32c61', 100],
  h2: ['esp32h2', 102],
  p4: ['esp32p4', 300],
  'p4-v1': ['esp32p4', 103],
  esp32: ['esp32', 300],
};

/** The ROM of P4 v0.0 was run; v1.3 has the one after it, of which only the name is known. */
const editions = [
  ['ESP-ROM:esp32p4-20230811\r\nBuild:Aug 11 2023', 'ESP-ROM:esp32p4-eco2-20240710\r\nBuild:Jul 10 2024'],
] as const;

/** Where VirtualChip differs from a recording, and why: file, exchange, reason. Nothing else may. */
const differences: readonly (readonly [file: RegExp, exchange: RegExp, reason: string])[] = [
  [/esp32_/, /boot console/, 'the emulator samples strap 0x0f, UART alone; boards have 0x03'],
  [/esp32_UART_DOWNLOAD_DIS/, /^reset with the boot strap high/, 'what boots is not part of this test'],
  [/esp32_fresh/, /BLOCK0 word 3/, "the emulated chip's package, not the ROM's doing"],
  [/esp32_fresh/, /before SPI_ATTACH/, "the emulator's flash is always attached; a chip's is not"],
  [
    /esp32_fresh/,
    /^(bad SLIP escape|SYNC after it)/,
    'deaf after it in the emulator, which nobody has seen on a board',
  ],
  [/esp32_flash_end/, /^(READ_REG|FLASH_DEFL_END 1|FLASH_END 0)/, 'BASIC echoes what it is sent; VirtualChip has none'],
];

const asOurs = (hex: string) =>
  editions.reduce((text, [run, ours]) => text.replaceAll(toHex(utf8(run)), toHex(utf8(ours))), hex);

const refusal = 'Download boot modes disabled\r\n';
/** The refusal is repeated for ever: one turn of it stands for all. */
const oneTurn = (text: string) => text.replace(/(disabled\r\n)ESP-ROM:[\s\S]*$/, '$1');

function burn(chip: VirtualChip, state: string) {
  for (const [, field, value] of state.matchAll(/(\w+) = (\d+)/g)) chip.efuse.burnField(field!, Number(value));
}

/** The recorded chip's MAC, out of the block that holds it. */
function macOf(kind: ChipKind, efuse: Recording['efuse']): { mac?: string } {
  const words = efuse?.[kind === 'esp32c2' ? '2' : '1'];
  if (words === undefined) return {};
  return { mac: `${words[1]!.slice(4)}${words[0]}`.match(/../g)!.join(':') };
}

interface Tally {
  exchanges: number;
  /** Equal in meaning, but for bytes that the ROM never clears. */
  stale: number;
  readonly used: Set<string>;
}

async function replay(file: string, name: string, tally: Tally) {
  const { state, efuse, exchanges = [] } = vectorFile<Recording>(`rom/${file}`);
  const [kind, revision] = silicon[name]!;
  const options = { kind, revision, flashSize: 4 * 1024 * 1024, ...macOf(kind, efuse) };
  // the model around the ROM carries an eFuse reading out at once, so the door is found shut before the answer
  const { chip, talk, hear, greeting } = unsyncedChip({ ...options, doorFound: 'before-answer' }, (fresh) =>
    burn(fresh, state),
  );
  let refusing = false;
  try {
    for (const [n, { name: title, send, receive }] of exchanges.entries()) {
      let said = n === 0 ? greeting : '';
      if (send !== '') said = await talk(send);
      else if (n > 0) said = hear(() => title.startsWith('reset') && reset(chip, title));
      tally.exchanges++;
      if (said === receive) continue;
      const known = differences.find(([files, titles]) => files.test(file) && titles.test(title));
      if (known !== undefined) {
        tally.used.add(known[2]);
        continue;
      }
      const recorded = oneTurn(meaningOf(asOurs(receive)));
      // a refusal that is repeated: the recorder listened for longer than this test does
      if (said === '' && refusing && recorded.endsWith(refusal)) continue;
      refusing ||= recorded.endsWith(refusal);
      assert.equal(oneTurn(meaningOf(said)), recorded, title);
      if (!/disabled|ESP-ROM/.test(recorded)) tally.stale++;
    }
  } finally {
    chip.powerOff();
  }
}

function reset(chip: VirtualChip, title: string) {
  chip.setLines({ dtr: title.includes('low'), rts: false });
  chip.reset();
}

describe('VirtualChip answers as the ROMs did', () => {
  const tally: Tally = { exchanges: 0, stale: 0, used: new Set() };
  const files = readdirSync(join(vectorFolder, 'rom')).sort();
  for (const file of files) {
    const name = /^rom_([a-z0-9-]+?)_/.exec(file)![1]!;
    if (vectorFile<Recording>(`rom/${file}`).exchanges === undefined) continue; // consoles of flash boots: virtual-boot
    test(file, () => replay(file, name, tally));
  }

  test('every difference that is named was met', () => {
    const reasons = differences.map(([, , reason]) => reason);
    assert.deepEqual(
      reasons.filter((reason) => !tally.used.has(reason)),
      [],
    );
    assert.ok(tally.exchanges > 4400, `${tally.exchanges} exchanges`);
    console.log(`${tally.exchanges} exchanges of ${files.length} files, ${tally.stale} with stale bytes`);
  });
});
