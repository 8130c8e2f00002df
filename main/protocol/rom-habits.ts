// What the loader has to know of some ROMs before anything else: by the chip id of their security info, for who the board is comes later.

import { chipIds, type SecurityInfo } from '../model/chip.ts';

export interface RomHabits {
  /** Divider of its UART, where it counts with 40 MHz on boards with 26 MHz too: tells by which crystal it prints (FACTS 1.6). */
  readonly clockDivider?: number;
  /** Counts with another crystal than the board may have, and finding out needs its registers: its rate is left (FACTS 1.6). */
  readonly keepsItsRate?: true;
  /** Its name, where it runs no stub once Secure Boot is on (FACTS 1.6). The S3 would need its ROM's pointers mended first. */
  readonly noStubWithSecureBoot?: string;
}

const habits: Readonly<Record<number, RomHabits>> = {
  [chipIds.esp32c2]: { clockDivider: 0x60000014, keepsItsRate: true },
  [chipIds.esp32c3]: { noStubWithSecureBoot: 'ESP32-C3' },
  [chipIds.esp32c5]: { keepsItsRate: true },
  [chipIds.esp32s3]: { noStubWithSecureBoot: 'ESP32-S3' },
};

/** Of a ROM that does as the others do: nothing. */
export function romHabits(security: SecurityInfo | null): RomHabits {
  return habits[security?.chipId ?? -1] ?? {};
}
