import type { ChipKind, Revision } from './chip.ts';
import type { KeyRole } from './event.ts';
import type { IdentityKey } from './identity.ts';
import type { Ota } from './ota.ts';
import type { KeyRef, SigningKeyRef } from './refs.ts';
import type { Provisioning, StoredPartition } from './storage.ts';

/** A key that no station ever sees: its public half, PEM or DER, in a file named relative to the recipe. */
export interface OfflineKey {
  readonly publicKey: string;
}

/** One attribute of a distinguished name, such as CN. */
export interface NameAttribute {
  readonly type: string;
  readonly value: string;
}

/** How a chip encrypts its flash (FACTS 3.1); `aes-256` is the classic ESP32's, with a key for every 32 bytes. */
export type FlashEncryptionKey = 'xts-aes-128' | 'xts-aes-256' | 'xts-aes-128-derived' | 'aes-256';

/** Levels of dummy rounds in flash decryption, ever more of them. */
export type PseudoRounds = 1 | 2 | 3;

/** Ways into the chip, and what becomes of them. What is left out (older texts) stays as it is. */
export interface Doors {
  /** soft: off until the device is given a token that its HMAC key vouches for. */
  readonly jtag: 'off' | 'soft' | 'leave';
  readonly directBoot: 'off' | 'leave';
  readonly downloadMode: 'disabled' | 'secure' | 'open';
  /** Download mode at the next reset, asked for by software. */
  readonly forceDownload?: 'off' | 'leave';
  /** What the ROM prints: always, never, or as a strap pin says. */
  readonly romPrint?: 'on' | 'silent' | 'strap-low' | 'strap-high';
  readonly usbDownload?: 'off' | 'leave';
  readonly usbJtag?: 'off' | 'leave';
  readonly usbSerialJtag?: 'off' | 'leave';
  /** Not in the file, but settled from the build: its application shuts download mode in the same way at each start. */
  readonly shutByFirmware?: true;
}

/** The second stage beside its first copy (FACTS 14.4). */
export interface BootloaderWish {
  /** Flash offset of the copy that the ROM tries when the first does not start; never: there is none, for ever; null: as the chip is. */
  readonly recovery: number | 'never' | null;
  /** Lowest version that the ROM starts, and who raises it later. */
  readonly antiRollback: { readonly secureVersion: number; readonly raisedBy: 'rom' | 'firmware' } | null;
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
    /** SBOM of the build, relative to the recipe; left out: the one in the folder, where there is one. */
    readonly sbom?: string;
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
    readonly key: FlashEncryptionKey;
    readonly mode: 'release' | 'development';
    /** Who encrypts: the station before it writes, or the device at its first start, under a key that it makes itself. Left out: the station. */
    readonly by?: 'host' | 'device';
    /** How long a device may take for it at its first start. */
    readonly timeoutSeconds?: number;
    /** Dummy rounds of flash decryption against power analysis (XTS_DPA_PSEUDO_LEVEL); left out: as the build says, else 1 where flash encryption is final. */
    readonly pseudoRounds?: PseudoRounds;
  } | null;
  readonly identity: {
    readonly key: IdentityKey;
    /** Partition in the form of esp_secure_cert: certificates, and the entries by which firmware finds the key. */
    readonly partition: string;
    /** A PKCS #10 request by the device key, for a CA that is elsewhere; null: none. */
    readonly csr: { readonly subject: readonly NameAttribute[] } | null;
    /** Null: it comes later, from the CA that gets the request. */
    readonly certificate: {
      /** Token key of the device CA. */
      readonly ca: KeyRef;
      /** Name of the CA; null: that of the first certificate of the chain. */
      readonly issuer: readonly NameAttribute[] | null;
      /** Files of the CA's certificate and those above it, relative to the recipe. */
      readonly caChain: readonly string[];
      /** `{serial}`, `{mac}`, `{chip}`, `{batch}` are filled in, here and in the alternative names. */
      readonly subject: readonly NameAttribute[];
      readonly alternativeNames: { readonly dns: readonly string[]; readonly uri: readonly string[] };
      readonly usages: readonly ('client-auth' | 'server-auth')[];
      /** Years from the day of manufacture; null: `notAfter` says the end. */
      readonly validYears: number | null;
      /** The last day, as 2049-12-31. */
      readonly notAfter: string | null;
    } | null;
  } | null;
  /** Set as well where an NVS partition is encrypted by the HMAC scheme, and where devices derive a key for updates from it. */
  readonly hmacUp: boolean;
  /** One key block of purpose HMAC_DOWN_ALL for an RSA device key and for soft JTAG; left out: one for each. */
  readonly hmacDown?: 'shared';
  /** NVS partitions made for each device; null (or left out, in older texts): none. */
  readonly storage?: readonly StoredPartition[] | null;
  /** Credentials of each device for provisioning by Security 2. */
  readonly provisioning?: Provisioning | null;
  readonly doors: Doors;
  /** Anti-rollback floor burned into SECURE_VERSION (0: nothing is burned). */
  readonly secureVersion: number;
  /** Left out in texts that were kept before there was any. */
  readonly bootloader?: BootloaderWish;
  /** File of MAC addresses of the product's own, and its column; left out: the device keeps the factory's alone. */
  readonly customMac?: {
    readonly list: string;
    readonly column: string;
    /** Given out in turn, whatever the list says whose they are: no list knows the boards of a rehearsal. */
    readonly inTurn?: true;
  };
  /** Further fields by the manual's name, and their values. */
  readonly efuses: Readonly<Record<string, number>>;
  /** Fixed key slots, by role; what is not named the planner places. */
  readonly slots: Readonly<
    Partial<Record<KeyRole | 'secure-boot-digest-0' | 'secure-boot-digest-1' | 'secure-boot-digest-2', number>>
  >;
  readonly serial: {
    /** Regular expression that a scanned serial must fit; null: serials are not scanned. */
    readonly pattern: string | null;
    /** 'scan' asks for one per board; 'mac' derives it from the MAC; 'random' draws it. */
    readonly from: 'scan' | 'mac' | 'random';
    /** Of a random one: the text around `{random}`, and how many letters stand there. */
    readonly format: string;
    readonly length: number;
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
  /** Token key under which secrets are put away beyond the seal; null (or left out, in older texts): the wrapping key. */
  readonly escrowKey?: KeyRef | null;
  /** How firmware is released for updates. Left out in texts that were kept before there was any. */
  readonly ota?: Ota | null;
  readonly waivers: readonly Waiver[];
}

export interface Waiver {
  readonly check: string;
  readonly reason: string;
}
