// The same frames to a mask ROM and to VirtualChip, in every state of the fuses: no difference but those that are named here.
//
// npm test takes two states of each chip; FUSELINE_ROM=all takes every one.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toHex, utf8 } from '../../main/base/bytes.ts';
import { fieldOf, hasField } from '../../main/efuse/tables.ts';
import type { ChipKind, Revision } from '../../main/model/chip.ts';
import type { VirtualChip } from '../../main/virtual/chip.ts';
import { unsyncedChip } from '../unit/virtual/shared.ts';
import { meaningOf } from './answers.ts';
import { burning, conversations, type NamedFrame, type Places } from './frames.ts';
import { type Fuses, type RomName, type RomReply, romOracle } from './oracle.ts';

const { skip, oracle } = await romOracle();
const everything = process.env.FUSELINE_ROM === 'all';

interface Silicon {
  readonly rom: RomName;
  readonly kind: ChipKind;
  readonly revision: Revision;
  /** RAM that the ROM lets a host load code to. */
  readonly ram: number;
}

const silicon: readonly Silicon[] = [
  { rom: 'esp32p4', kind: 'esp32p4', revision: 300, ram: 0x4ff40000 },
  { rom: 'esp32p4-v1', kind: 'esp32p4', revision: 103, ram: 0x4ff00000 },
  { rom: 'esp32c2', kind: 'esp32c2', revision: 102, ram: 0x403b0000 },
  { rom: 'esp32c3', kind: 'esp32c3', revision: 101, ram: 0x40390000 },
  { rom: 'esp32c5', kind: 'esp32c5', revision: 100, ram: 0x40810000 },
  { rom: 'esp32c6', kind: 'esp32c6', revision: 2, ram: 0x40810000 },
  { rom: 'esp32c61', kind: 'esp32c61', revision: 100, ram: 0x40810000 },
  { rom: 'esp32h2', kind: 'esp32h2', revision: 102, ram: 0x40810000 },
  { rom: 'esp32s31', kind: 'esp32s31', revision: 0, ram: 0x2f010000 },
];

type Burned = Readonly<Record<string, number>>;
const encrypted: Burned = { KEY_PURPOSE_0: 4, SPI_BOOT_CRYPT_CNT: 7 };
const secureBoot: Burned = {
  SECURE_BOOT_EN: 1,
  SECURE_BOOT_KEY_REVOKE1: 1,
  SECURE_BOOT_KEY_REVOKE2: 1,
  KEY_PURPOSE_1: 9,
};
const states: Readonly<Record<string, Burned>> = {
  fresh: {},
  'Secure Boot': secureBoot,
  encrypted,
  'encrypted, no manual encryption': { ...encrypted, DIS_DOWNLOAD_MANUAL_ENCRYPT: 1 },
  'secure download mode': { ENABLE_SECURITY_DOWNLOAD: 1 },
  release: {
    ...encrypted,
    ...secureBoot,
    DIS_DOWNLOAD_MANUAL_ENCRYPT: 1,
    DIS_PAD_JTAG: 1,
    SOFT_DIS_JTAG: 7,
    DIS_USB_JTAG: 1,
    DIS_DIRECT_BOOT: 1,
    SECURE_BOOT_AGGRESSIVE_REVOKE: 1,
    SPI_DOWNLOAD_MSPI_DIS: 1,
    ENABLE_SECURITY_DOWNLOAD: 1,
  },
  'print control 3': { UART_PRINT_CONTROL: 3 },
  'download disabled': { DIS_DOWNLOAD_MODE: 1 },
};
const always = ['fresh', 'release'];

/** Where VirtualChip differs, and why: ROM, conversation, frame, reason. Nothing else may. */
const differences: readonly (readonly [rom: RegExp, talk: RegExp, frame: RegExp, reason: string])[] = [
  [
    /./,
    /MEM_END into a loop/,
    /^(MEM_END|GET_SECURITY_INFO|SYNC)$/,
    'VirtualChip takes all code for a stub, which greets',
  ],
];

/** The ROM of P4 v0.0 is run; v1.3 has the one after it, of which only the name is known. */
const editions = [
  ['ESP-ROM:esp32p4-20230811\r\nBuild:Aug 11 2023', 'ESP-ROM:esp32p4-eco2-20240710\r\nBuild:Jul 10 2024'],
] as const;
const asOurs = (hex: string) =>
  editions.reduce((text, [run, ours]) => text.replaceAll(toHex(utf8(run)), toHex(utf8(ours))), hex);
/** The refusal is repeated for ever: one turn of it stands for all. */
const oneTurn = (text: string) => text.replace(/(disabled\r\n)ESP-ROM:[\s\S]*$/, '$1');

function burn(chip: VirtualChip, fields: Burned) {
  for (const [name, value] of Object.entries(fields))
    if (hasField(chip.efuse.table, name)) chip.efuse.burnField(name, value);
}

function fusesOf({ efuse }: VirtualChip): Fuses {
  return Object.fromEntries(efuse.table.blocks.map(({ number }) => [number, [...efuse.hardwareBlock(number)]]));
}

function placesOf({ kind, ram }: Silicon, { efuse }: VirtualChip): Places {
  const { base, blocks } = efuse.table;
  return { efuse: base, mac: base + blocks[kind === 'esp32c2' ? 2 : 1]!.readOffset, ram };
}

interface Tally {
  frames: number;
  readonly used: Set<string>;
}

async function compare(
  made: Silicon,
  talkName: string,
  frames: readonly NamedFrame[],
  burned: Burned,
  tally: Tally,
  slowRead = false,
) {
  const { rom, kind, revision } = made;
  const options = { kind, revision, flashSize: 4 * 1024 * 1024 };
  const doorFound = slowRead ? 'at-next-command' : 'before-answer';
  const setup = unsyncedChip({ ...options, doorFound }, (fresh) => burn(fresh, burned));
  try {
    const said = await oracle.converse({
      chip: rom,
      fuses: fusesOf(setup.chip),
      frames: frames.map(({ send }) => send),
      slowRead,
    });
    const meant = (hex: string) => oneTurn(meaningOf(asOurs(hex)));
    assert.equal(oneTurn(meaningOf(setup.greeting)), meant(said.console), 'the console');
    for (const [n, { name, send }] of frames.entries()) {
      // (a ROM that has left its loader answers nothing more)
      const reply: Pick<RomReply, 'receive'> = said.replies[n] ?? { receive: '' };
      const ours = await setup.talk(send);
      tally.frames++;
      const [wanted, got] = [meant(reply.receive), oneTurn(meaningOf(ours))];
      if (wanted === got) continue;
      const known = differences.find(([a, b, c]) => a.test(rom) && b.test(talkName) && c.test(name));
      assert.ok(known !== undefined, `${name}\n  ROM         ${wanted}\n  VirtualChip ${got}`);
      tally.used.add(known[3]);
    }
  } finally {
    setup.chip.powerOff();
  }
}

describe('VirtualChip answers as the mask ROM', { skip, concurrency: 3 }, () => {
  const tally: Tally = { frames: 0, used: new Set() };
  for (const made of silicon) {
    const { efuse } = unsyncedChip({ kind: made.kind, revision: made.revision }).chip;
    for (const [state, burned] of Object.entries(states)) {
      if (!everything && !always.includes(state)) continue;
      test(`${made.rom}, ${state}`, async () => {
        const talks = conversations(placesOf(made, unsyncedChip({ kind: made.kind, revision: made.revision }).chip));
        for (const { name, frames } of talks)
          await compare(made, name, frames, burned, tally).catch((error) => {
            throw new Error(`${name}: ${(error as Error).message}`);
          });
      });
    }
    for (const door of ['DIS_DOWNLOAD_MODE', 'ENABLE_SECURITY_DOWNLOAD'])
      test(`${made.rom}, ${door} is burned over the loader`, async () => {
        const [piece] = fieldOf(efuse.table, door).pieces;
        const { base, registers } = efuse.table;
        const frames = burning(base, registers, piece!.bit);
        for (const slow of [true, false]) await compare(made, door, frames, {}, tally, slow);
      });
  }

  test('every difference that is named was met', (t) => {
    const reasons = differences.map(([, , , reason]) => reason);
    assert.deepEqual(
      reasons.filter((reason) => !tally.used.has(reason)),
      [],
    );
    t.diagnostic(`${tally.frames} frames`);
  });
});
