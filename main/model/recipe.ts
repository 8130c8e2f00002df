import type { ChipKind, Revision } from './chip.ts';
import type { KeyRole } from './event.ts';
import type { Provisioning, StoredPartition } from './storage.ts';

/** Exactly one key of the token. Label, id and public key must all fit where they are given (DESIGN law 6). */
export interface KeyRef {
  readonly label: string;
  /** CKA_ID, hex. */
  readonly id?: string;
  /** SHA-256 (hex) of the DER SubjectPublicKeyInfo. */
  readonly publicKeySha256?: string;
}

/** A key of the station's token, or of another one that the station file lists by this label. */
export interface SigningKeyRef extends KeyRef {
  readonly token?: string;
}

/** A key that no station ever sees: its public half, PEM or DER, in a file named relative to the recipe. */
export interface OfflineKey {
  readonly publicKey: string;
}

/** Secure Boot V2 schemes that a station signs with (FACTS 4.1). */
export type SecureBootScheme = 'rsa3072' | 'ecdsa-p256' | 'ecdsa-p384';

/** What a product must become: a checked recipe, defaults filled in. Plain JSON. */
export interface Recipe {
  readonly fuseline: 1;
  readonly name: string;
  readonly revision: number;
  readonly description: string;
  /** 'development' recipes may leave doors open and are never approved for production. */
  readonly purpose: 'production' | 'development';
  readonly chip: ChipKind;
  readonly silicon: { readonly min: Revision; readonly max: Revision };
  readonly firmware: {
    /** Folder relative to the recipe (or absolute). */
    readonly folder: string;
  };
  readonly flash: {
    /** Bytes; null: as detected. */
    readonly size: number | null;
    readonly baudRate: number;
    readonly stub: 'auto' | 'never';
  };
  readonly secureBoot: {
    readonly scheme: SecureBootScheme;
    /** One to three keys in digest order. */
    readonly keys: readonly (SigningKeyRef | OfflineKey)[];
    /** Signatures that a build already has: those of listed keys are kept, or all are made anew but those of offline keys. */
    readonly existingSignatures: 'replace' | 'keep';
    readonly revokeUnused: boolean;
    readonly aggressiveRevocation: boolean;
  } | null;
  readonly flashEncryption: {
    readonly key: 'xts-aes-128' | 'xts-aes-256';
    readonly mode: 'release' | 'development';
  } | null;
  readonly identity: {
    readonly curve: 'p256';
    readonly certificate: {
      /** Token key of the device CA. */
      readonly ca: KeyRef;
      /** Distinguished name of issuer and subject as attribute lists; `{serial}`, `{mac}`, `{chip}`, `{batch}` are filled in. */
      readonly issuer: readonly { readonly type: string; readonly value: string }[];
      readonly subject: readonly { readonly type: string; readonly value: string }[];
      readonly validYears: number;
      /** Partition into which it is written, in the form of esp_secure_cert. */
      readonly partition: string;
    };
  } | null;
  /** Set as well where an NVS partition is encrypted by the HMAC scheme. */
  readonly hmacUp: boolean;
  /** NVS partitions made for each device; null (or left out, in older texts): none. */
  readonly storage?: readonly StoredPartition[] | null;
  /** Credentials of each device for provisioning by Security 2. */
  readonly provisioning?: Provisioning | null;
  readonly doors: {
    readonly jtag: 'off' | 'leave';
    readonly directBoot: 'off' | 'leave';
    readonly downloadMode: 'disabled' | 'secure' | 'open';
  };
  /** Anti-rollback floor burned into SECURE_VERSION (0: nothing is burned). */
  readonly secureVersion: number;
  /** Further fields by the manual's name, and their values. */
  readonly efuses: Readonly<Record<string, number>>;
  /** Fixed key slots, by role; what is not named the planner places. */
  readonly slots: Readonly<
    Partial<Record<KeyRole | 'secure-boot-digest-0' | 'secure-boot-digest-1' | 'secure-boot-digest-2', number>>
  >;
  readonly serial: {
    /** Regular expression that a scanned serial must fit; null: serials are not scanned. */
    readonly pattern: string | null;
    /** 'scan' asks for one per board; 'mac' derives it from the MAC. */
    readonly from: 'scan' | 'mac';
  };
  readonly bootProof: {
    /** Before the door is shut, after, or both; 'none' needs the waiver `boot-proof`. */
    readonly when: 'before-door' | 'after-door' | 'both' | 'none';
    readonly timeoutSeconds: number;
    /** Regular expressions that must each fit a console line, in any order. */
    readonly expect: readonly string[];
    /** Any line that fits one of these fails the proof. */
    readonly reject: readonly string[];
    /** Whether the firmware has to sign a fresh challenge with the burned ECDSA key; `if-offered`: where its image says that it can. */
    readonly challenge: 'required' | 'if-offered' | 'none';
  };
  /** The label that a sealed board gets. Left out in texts that were kept before there were any. */
  readonly label?: {
    /** File among the station's label templates; null: the one of the recipe's name, else device.zpl. */
    readonly template: string | null;
    /** The board is done once its label was scanned back. */
    readonly scanBack: boolean;
  };
  readonly wrappingKey: KeyRef;
  readonly waivers: readonly Waiver[];
}

export interface Waiver {
  readonly check: string;
  readonly reason: string;
}
