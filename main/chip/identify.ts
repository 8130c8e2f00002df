// Who the board is. What decides which bits are burned is read twice (ORDER 1).

import { classicIdentity, identityFromSnapshot, type SnapshotIdentity } from '../efuse/identity.ts';
import { blankSnapshot, readNumber } from '../efuse/snapshot.ts';
import { fieldOf, hasField } from '../efuse/tables.ts';
import type { EfuseSnapshot, EfuseTable } from '../efuse/types.ts';
import type { ChipIdentity, SecurityInfo } from '../model/chip.ts';
import { BoardFault } from '../model/fault.ts';
import type { Loader } from '../protocol/loader.ts';
import type { ChipProfile } from './board.ts';
import { profileByChipId, profiles } from './profiles.ts';

/** Fields that tell MAC, revision and package on one chip or another. */
const identityFields = [
  'MAC',
  'WAFER_VERSION_MAJOR',
  'WAFER_VERSION_MAJOR_LO',
  'WAFER_VERSION_MAJOR_HI',
  'WAFER_VERSION_MINOR',
  'WAFER_VERSION_MINOR_LO',
  'WAFER_VERSION_MINOR_HI',
  'PKG_VERSION',
];
/** Where they mean something else by the version of the blocks (EfuseTable.firstBlockVersion). */
const blockVersionFields = ['BLK_VERSION_MAJOR', 'BLK_VERSION_MINOR'];

/** Chip by security info, then MAC, revision and package where registers can be read. BoardFault `chip.unknown`, `chip.unsteady`. */
export async function identify(
  loader: Loader,
): Promise<{ readonly identity: ChipIdentity; readonly profile: ChipProfile }> {
  const security = loader.security;
  if (security === null) return identifyClassic(loader);
  const profile = await profileBy(loader, security);
  if (profile === null) throw unknownChip(security);
  const { kind, chipId } = profile;
  if (loader.secureDownload) {
    return { profile, identity: { kind, chipId, revision: null, mac: null, packageVersion: null, security } };
  }
  const [first, second] = [await readIdentity(loader, profile), await readIdentity(loader, profile)];
  assertSame(first, second);
  return { profile, identity: { kind, chipId, ...first, security } };
}

/** A chip whose ROM has no security info: ESP32 by its ROM's word, and what the info would say from its eFuses. */
async function identifyClassic(loader: Loader): Promise<{ identity: ChipIdentity; profile: ChipProfile }> {
  const magic = await loader.readRegister(magicAddress);
  const profile = profiles.find(({ securityInfo, romMagic }) => securityInfo === 'none' && romMagic === magic);
  if (profile === undefined) throw unknownChip(null);
  const look = async () => {
    const snapshot = await readFields(loader, profile, classicFields);
    const date = await loader.readRegister(classicDate);
    return { identity: classicIdentity(snapshot, date >>> 31 === 1), security: classicSecurity(snapshot) };
  };
  const [first, second] = [await look(), await look()];
  assertSame(first.identity, second.identity);
  const { kind, chipId } = profile;
  return { profile, identity: { kind, chipId, ...first.identity, security: first.security } };
}

/** APB_CTRL_DATE of the ESP32 (SYSCON base 0x3FF66000; esptool targets/esp32.py). */
const classicDate = 0x3ff6607c;
const classicFields = [
  'MAC',
  'CHIP_VER_REV1',
  'CHIP_VER_REV2',
  'WAFER_VERSION_MINOR',
  'CHIP_PACKAGE',
  'CHIP_PACKAGE_4BIT',
  'FLASH_CRYPT_CNT',
  'ABS_DONE_1',
  'JTAG_DISABLE',
];

function classicSecurity(snapshot: EfuseSnapshot): SecurityInfo {
  const [secureBoot, hardJtag] = ['ABS_DONE_1', 'JTAG_DISABLE'].map((name) => readNumber(snapshot, name)) as [
    number,
    number,
  ];
  return {
    flags: secureBoot | (hardJtag << 7),
    secureBoot: secureBoot === 1,
    aggressiveRevoke: false,
    secureDownload: false,
    revokedKeys: [false, false, false],
    softJtagDisabled: false,
    hardJtagDisabled: hardJtag === 1,
    usbDisabled: false,
    flashCryptCount: readNumber(snapshot, 'FLASH_CRYPT_CNT'),
    keyPurposes: [],
    chipId: null,
    apiVersion: null,
  };
}

/** Where the first generation of ROMs keeps the word that names the chip. */
const magicAddress = 0x40001000;

/** By chip id; without one (12-byte security info) by the ROM's magic word, or in secure download mode by the short form itself (FACTS 1.5). */
async function profileBy(loader: Loader, { chipId }: SecurityInfo): Promise<ChipProfile | null> {
  if (chipId !== null) return profileByChipId(chipId);
  const silent = profiles.filter(({ securityInfo }) => securityInfo === 'nameless');
  if (loader.secureDownload) return silent.length === 1 ? silent[0]! : null;
  const magic = await loader.readRegister(magicAddress);
  return silent.find(({ romMagic }) => romMagic === magic) ?? null;
}

function assertSame(first: SnapshotIdentity, second: SnapshotIdentity): void {
  if (first.mac === second.mac && first.revision === second.revision) return;
  throw unsteady('who it is', {
    first: first.mac,
    second: second.mac,
    firstRevision: first.revision,
    secondRevision: second.revision,
  });
}

/** Two answers to one question. */
export function unsteady(question: string, details: BoardFault['details']): BoardFault {
  return new BoardFault({
    code: 'chip.unsteady',
    what: `The board gave two different answers to the question ${question}.`,
    next: 'Seat the board anew and look at cable and supply; set it aside when it happens again.',
    safety: 'untouched',
    details,
  });
}

function unknownChip(security: SecurityInfo | null): BoardFault {
  return new BoardFault({
    code: 'chip.unknown',
    what:
      security?.chipId == null
        ? 'The chip does not say what it is.'
        : `The chip says that it is number ${security.chipId}, which this station does not know.`,
    next: `This station makes ${profiles.map(({ title }) => title).join(', ')}. Take the board out.`,
    safety: 'untouched',
    details: { chipId: security?.chipId ?? null },
  });
}

/** Only the words that hold the fields. Any table of the kind will do: these places are the same in all of them. */
async function readIdentity(loader: Loader, profile: ChipProfile): Promise<SnapshotIdentity> {
  const byBlocks = profile.efuseTables.some(({ firstBlockVersion }) => firstBlockVersion !== null);
  const names = byBlocks ? [...identityFields, ...blockVersionFields] : identityFields;
  return identityFromSnapshot(await readFields(loader, profile, names));
}

/** A snapshot of the words that hold these fields, all others zero. */
async function readFields(
  loader: Loader,
  { efuseTables }: ChipProfile,
  names: readonly string[],
): Promise<EfuseSnapshot> {
  const table = efuseTables[0]!;
  const blank = blankSnapshot(table);
  const blocks = blank.blocks.map((words) => [...words]);
  const places = wordsOfFields(table, names);
  const addressOf = ([block, word]: readonly [number, number]) =>
    (table.base + table.blocks[block]!.readOffset + 4 * word) >>> 0;
  const read = await loader.readRegisters(places.map(addressOf));
  for (const [at, [block, word]] of places.entries()) blocks[block]![word] = read[at]!;
  return { ...blank, blocks };
}

function wordsOfFields(table: EfuseTable, names: readonly string[]): readonly (readonly [number, number])[] {
  const places = new Map<string, readonly [number, number]>();
  for (const name of names.filter((candidate) => hasField(table, candidate)))
    for (const { block, bit, length } of fieldOf(table, name).pieces)
      for (let at = bit; at < bit + length; at++) places.set(`${block}.${at >>> 5}`, [block, at >>> 5]);
  return [...places.values()];
}
