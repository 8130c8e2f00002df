/** The chips this house knows; the names are Espressif's own target names. */
export const chipKinds = [
  'esp32p4',
  'esp32s3',
  'esp32c3',
  'esp32c6',
  'esp32h2',
  'esp32c5',
  'esp32s2',
  'esp32c61',
  'esp32c2',
  'esp32',
  'esp32s31',
  'esp32h21',
  'esp32h4',
] as const;
export type ChipKind = (typeof chipKinds)[number];

/** Their numbers in images and in GET_SECURITY_INFO (FACTS 1.5). */
export const chipIds: Readonly<Record<ChipKind, number>> = {
  esp32p4: 18,
  esp32s3: 9,
  esp32c3: 5,
  esp32c6: 13,
  esp32h2: 16,
  esp32c5: 23,
  esp32s2: 2,
  esp32c61: 20,
  esp32c2: 12,
  esp32: 0,
  esp32s31: 32,
  esp32h21: 25,
  esp32h4: 28,
};

/** Chip ids whose ROM's own code was run (test/rom): they may be asked for more than every ROM was seen to take. */
export const romsRun: readonly number[] = [5, 12, 13, 16, 18, 20, 23, 32];

/** Silicon revision as images state it: major * 100 + minor, so v3.1 is 301. */
export type Revision = number;

/** 'v3.1' for 301. */
export function revisionText(revision: Revision): string {
  return `v${Math.trunc(revision / 100)}.${revision % 100}`;
}

/** 301 for 'v3.1', '3.1'; null for anything else. */
export function parseRevision(text: string): Revision | null {
  const match = /^v?(\d+)\.(\d{1,2})$/.exec(text.trim());
  return match ? Number(match[1]) * 100 + Number(match[2]) : null;
}

/** What GET_SECURITY_INFO says (FACTS 1.4): the only identity there is in secure download mode. */
export interface SecurityInfo {
  readonly flags: number;
  readonly secureBoot: boolean;
  readonly aggressiveRevoke: boolean;
  readonly secureDownload: boolean;
  readonly revokedKeys: readonly [boolean, boolean, boolean];
  readonly softJtagDisabled: boolean;
  readonly hardJtagDisabled: boolean;
  readonly usbDisabled: boolean;
  readonly flashCryptCount: number;
  /** Low purpose numbers in KEY0.. order. */
  readonly keyPurposes: readonly number[];
  /** Absent in the 12-byte form (S2). */
  readonly chipId: number | null;
  /** The ROM's API or ECO version word; absent in the 12-byte form. */
  readonly apiVersion: number | null;
}

/** Who the chip says it is. In secure download mode revision, MAC and package cannot be read and are null. */
export interface ChipIdentity {
  readonly kind: ChipKind;
  readonly chipId: number;
  readonly revision: Revision | null;
  /** Six bytes as `aa:bb:cc:dd:ee:ff`. */
  readonly mac: string | null;
  readonly packageVersion: number | null;
  readonly security: SecurityInfo;
}

/** Flash that a loader in ROM reaches: its flash commands send three bytes of address, and what lies beyond would come round to the beginning. */
export const romReach = 0x1000000;
