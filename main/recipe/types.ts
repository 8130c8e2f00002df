import type { BurnPlan, WantedEfuses } from '../efuse/plan-types.ts';
import type { Firmware, SecureBootScheme } from '../image/types.ts';
import type { ChipKind, Revision } from '../model/chip.ts';
import type { KeyRole } from '../model/event.ts';
import type { RecipeRef } from '../model/record.ts';
import type { KeyRef } from '../signing/signer.ts';

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
    readonly keys: readonly KeyRef[];
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
  readonly hmacUp: boolean;
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
    /** Ask the firmware to sign a fresh challenge with the burned ECDSA key. */
    readonly challenge: boolean;
  };
  readonly wrappingKey: KeyRef;
  readonly waivers: readonly Waiver[];
}

export interface Waiver {
  readonly check: string;
  readonly reason: string;
}

/** A mistake or doubt in a recipe or its firmware: where, why, and the remedy. */
export interface Finding {
  readonly severity: 'error' | 'warning' | 'info';
  /** Stable name by which it can be waived where `waivable`. */
  readonly check: string;
  readonly waivable: boolean;
  /** Place: file, line and column from 1, and the path inside the document, as far as known. */
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly path: string | null;
  readonly what: string;
  readonly remedy: string;
  /** The reason given, where a waiver lets it go. */
  readonly waived: string | null;
}

/** A part of flash as it will lie there; the bytes of per-device parts come to be in the run. */
export interface PlannedPart {
  readonly name: string;
  readonly kind: Firmware['parts'][number]['kind'] | 'certificate';
  readonly offset: number;
  /** Bytes written; null where only the run knows. */
  readonly length: number | null;
  readonly signed: boolean;
  readonly encrypted: boolean;
}

/** A recipe applied to this chip: nothing done yet. Immutable, JSON, no secret. */
export interface Plan {
  readonly recipe: RecipeRef;
  readonly chip: { readonly kind: ChipKind; readonly revision: Revision; readonly mac: string };
  readonly serial: string | null;
  /** Ordered step ids with what each will do, in words. */
  readonly steps: readonly {
    readonly id: StepId;
    readonly title: string;
    readonly irreversible: boolean;
    readonly summary: string;
  }[];
  readonly parts: readonly PlannedPart[];
  readonly wanted: WantedEfuses;
  readonly burn: BurnPlan;
  /** Keys to be made anew, and keys to be taken from an earlier run of this board. */
  readonly keys: readonly {
    readonly role: KeyRole;
    readonly bytes: number;
    readonly source: 'new' | 'earlier-run';
    readonly fingerprint: string | null;
  }[];
  readonly waivers: readonly Waiver[];
  /** Earlier run that this one goes on with, or null. */
  readonly resumes: string | null;
}

export type StepId =
  | 'prepare'
  | 'write-flash'
  | 'burn-keys'
  | 'protect'
  | 'boot-proof'
  | 'shut-doors'
  | 'prove-doors'
  | 'final-boot-proof'
  | 'destroy-keys';
