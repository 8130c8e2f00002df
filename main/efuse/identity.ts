// Who a chip is, by its eFuses: factory MAC, revision, package. Nothing here touches a board.

import type { Revision } from '../model/chip.ts';
import { macText, readNumber, readValue } from './snapshot.ts';
import { hasField } from './tables.ts';
import type { EfuseSnapshot } from './types.ts';

export interface SnapshotIdentity {
  /** `aa:bb:cc:dd:ee:ff`, or null where none is burned. */
  readonly mac: string | null;
  readonly revision: Revision;
  readonly packageVersion: number;
}

/**
 * Factory MAC, revision and package. The places are the same on all silicon lines of one kind, so that any of its tables will do
 * (FACTS 1.5 and 2.9).
 */
export function identityFromSnapshot(snapshot: EfuseSnapshot): SnapshotIdentity {
  if (snapshot.table.revisionFields === 'chip-version') return classicIdentity(snapshot);
  const number = (name: string) => readNumber(snapshot, name);
  const has = (name: string) => hasField(snapshot.table, name);
  const major = has('WAFER_VERSION_MAJOR')
    ? number('WAFER_VERSION_MAJOR')
    : number('WAFER_VERSION_MAJOR_HI') * 4 + number('WAFER_VERSION_MAJOR_LO');
  const minor = has('WAFER_VERSION_MINOR')
    ? number('WAFER_VERSION_MINOR')
    : number('WAFER_VERSION_MINOR_HI') * 8 + number('WAFER_VERSION_MINOR_LO');
  return {
    mac: factoryMac(snapshot),
    revision: isFirstSilicon(snapshot, minor) ? 0 : major * 100 + minor,
    packageVersion: number('PKG_VERSION'),
  };
}

/** Whether the bits of the revision mean something else (EfuseTable.firstBlockVersion). */
function isFirstSilicon(snapshot: EfuseSnapshot, minor: number): boolean {
  const first = snapshot.table.firstBlockVersion;
  return (
    first !== null &&
    minor % 8 === 0 &&
    readNumber(snapshot, 'BLK_VERSION_MAJOR') === first.major &&
    readNumber(snapshot, 'BLK_VERSION_MINOR') === first.minor
  );
}

function factoryMac(snapshot: EfuseSnapshot): string | null {
  const mac = String(readValue(snapshot, 'MAC'));
  return /^0*$/.test(mac) ? null : macText(mac);
}

/** Major version of an ESP32 by CHIP_VER_REV1, CHIP_VER_REV2 and the date bit, lowest first; tools take other patterns for v0. */
const classicMajors: Readonly<Record<number, number>> = { 0: 0, 1: 1, 3: 2, 7: 3 };

/**
 * MAC, revision and package of the classic ESP32, which keeps one bit of its revision outside of eFuse (esptool targets/esp32.py,
 * get_major_chip_version, get_pkg_version). `dateBit`: bit 31 of APB_CTRL_DATE; v2 and v3 have the same eFuse bits, and where nobody has
 * read the register v3 is meant.
 */
export function classicIdentity(snapshot: EfuseSnapshot, dateBit?: boolean): SnapshotIdentity {
  const number = (name: string) => readNumber(snapshot, name);
  const bits = number('CHIP_VER_REV1') | (number('CHIP_VER_REV2') << 1);
  const major = classicMajors[bits | ((dateBit ?? bits === 3) ? 4 : 0)] ?? 0;
  return {
    mac: factoryMac(snapshot),
    revision: major * 100 + number('WAFER_VERSION_MINOR'),
    packageVersion: number('CHIP_PACKAGE') + 8 * number('CHIP_PACKAGE_4BIT'),
  };
}
