import type { Revision } from '../model/chip.ts';
import type { SecureBootScheme } from '../model/recipe.ts';

/** The 24 header bytes of an application or bootloader image (FACTS 5.1; esp_app_format.h). */
export interface ImageHeader {
  readonly segmentCount: number;
  readonly spiMode: number;
  readonly spiSpeed: number;
  readonly spiSize: number;
  readonly entry: number;
  readonly wpPin: number;
  readonly chipId: number;
  readonly minRevision: Revision;
  readonly maxRevision: Revision;
  readonly hashAppended: boolean;
}

export interface ImageSegment {
  readonly loadAddress: number;
  /** File offset of the segment's data (after its 8 header bytes). */
  readonly offset: number;
  readonly length: number;
}

/** esp_app_desc_t (FACTS 5.2). */
export interface AppDescriptor {
  readonly secureVersion: number;
  readonly version: string;
  readonly projectName: string;
  readonly time: string;
  readonly date: string;
  readonly idfVersion: string;
  readonly elfSha256: string;
  readonly mmuPageSize: number | null;
  /** Revisions of the eFuse block (major * 100 + minor) that the application takes; 0 and 199 where a builder leaves them out. */
  readonly minBlockRevision?: number;
  readonly maxBlockRevision?: number;
}

/** esp_bootloader_desc_t. */
export interface BootloaderDescriptor {
  readonly secureVersion: number;
  readonly version: number;
  readonly idfVersion: string;
  readonly dateTime: string;
}

export interface EspImage {
  readonly header: ImageHeader;
  readonly segments: readonly ImageSegment[];
  readonly checksum: { readonly stored: number; readonly computed: number };
  /** SHA-256 (hex) behind the checksum, where byte 23 says so. */
  readonly hash: { readonly stored: string; readonly computed: string } | null;
  /** Bytes from the magic to the end of checksum and hash. */
  readonly length: number;
  readonly app: AppDescriptor | null;
  readonly bootloader: BootloaderDescriptor | null;
  /** Whether it ends on an MMU page boundary by a padding segment of load address 0 (secure padding, FACTS 5.3). */
  readonly securePadded: boolean;
}

export interface Partition {
  readonly name: string;
  readonly type: number;
  readonly subtype: number;
  readonly offset: number;
  readonly size: number;
  readonly encrypted: boolean;
  readonly readonly: boolean;
}

export interface PartitionTable {
  readonly partitions: readonly Partition[];
  /** Whether the MD5 row is there (and right: a wrong one is a fault when parsing). */
  readonly md5: boolean;
}

export type { SecureBootScheme };

/** One 1216-byte block of a signature sector. */
export interface SignatureBlock {
  readonly scheme: SecureBootScheme | 'ecdsa-p192';
  /** SHA-256 or SHA-384 of the signed bytes. */
  readonly imageDigest: Uint8Array;
  /** SHA-256 of the key part: what is burned (FACTS 4.5). */
  readonly keyDigest: Uint8Array;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** Big-endian: PSS signature of 384 bytes, or r‖s. */
  readonly signature: Uint8Array;
  /** The 1216 bytes. */
  readonly raw: Uint8Array;
}

/** One piece of flash to be written: what a firmware build names. */
export interface FirmwarePart {
  /** `bootloader`, `recovery-bootloader`, `partition-table`, or the partition's name. */
  readonly name: string;
  readonly kind: 'bootloader' | 'bootloader-copy' | 'partition-table' | 'app' | 'otadata' | 'data';
  readonly offset: number;
  /** Room there: to the next part, or the partition's size. */
  readonly room: number;
  readonly data: Uint8Array;
  /** File it came from, for people. */
  readonly file: string;
  readonly image: EspImage | null;
  readonly partition: Partition | null;
}

/** A build, read and understood; nothing checked against a chip yet. */
export interface Firmware {
  readonly parts: readonly FirmwarePart[];
  readonly table: PartitionTable;
  readonly tableOffset: number;
  /** Text of the build's sdkconfig where the folder has one. */
  readonly sdkconfig: string | null;
}

/** Something about a build that a factory should not, or cannot, put onto its boards. */
export interface FirmwareProblem {
  /** Stable word, e.g. `silicon-revision`. */
  readonly code: string;
  /** One sentence: what is wrong. */
  readonly what: string;
  /** One sentence in the imperative: how to get rid of it. */
  readonly remedy: string;
  readonly severity: 'error' | 'warning';
  /** Name of the part or partition; null where it is the build as a whole. */
  readonly part: string | null;
}
