import type { SecretBytes } from '../base/secret.ts';
import type { BurnPlan } from '../efuse/plan-types.ts';
import type { EfuseSnapshot, EfuseTable } from '../efuse/types.ts';
import type { ChipIdentity, ChipKind, Revision, SecurityInfo } from '../model/chip.ts';
import type { KeyRole, StepEvent } from '../model/event.ts';
import type { FlashEncryptionKey } from '../model/recipe.ts';
import type { FlashWrite, LoaderCounters, TransferOptions } from '../protocol/loader.ts';
import type { BurnPermit } from './permit.ts';

/** Chip differences as data; code asks for a capability, not for a name. */
export interface ChipProfile {
  readonly kind: ChipKind;
  readonly chipId: number;
  /** 'ESP32-P4' */
  readonly title: string;
  /**
   * The ESP-IDF that calls this chip a preview target, null where none does any more: what was read of a preview chip is from source, and
   * the silicon that is sold may differ.
   */
  readonly preview: string | null;
  /** What its silicon may have and this station does not make on it, with the reason. */
  readonly refusals: Readonly<
    Partial<Record<'secure-boot' | 'soft-jtag' | 'device-encryption' | 'usb-serial-jtag', string>>
  >;
  readonly bootloaderOffset: number;
  /** Whether GET_SECURITY_INFO names the chip, tells all but that, or is unknown to its ROM (FACTS 1.4, 1.5). */
  readonly securityInfo: 'names-chip' | 'nameless' | 'none';
  /** Word of its ROM that names a chip whose security info does not (FACTS 1.5); null where that does. */
  readonly romMagic: number | null;
  readonly mmuPageSizes: readonly number[];
  readonly encryptedWriteAlign: number;
  /** Register from which the ROM's UART date is read: the dummy target of trailing delays. */
  readonly uartDateRegister: number;
  /** Divider of the ROM's UART, by which the crystal is found out on chips that come with different ones; null elsewhere. */
  readonly uartClockDivider: number | null;
  readonly spiRegisters: {
    readonly base: number;
    readonly usr: number;
    readonly usr1: number;
    readonly usr2: number;
    readonly w0: number;
    readonly mosiDlen: number;
    readonly misoDlen: number;
  };
  /** Stub JSON for a revision: `esp32p4-rev1` below v3.0. */
  readonly stubs: readonly { readonly min: number; readonly max: number; readonly name: string }[];
  readonly secureBootSchemes: readonly ('rsa3072' | 'ecdsa-p256' | 'ecdsa-p384')[];
  /** ESP-IDF hides ECDSA Secure Boot behind an insecure flag on this chip (FACTS 4.1). */
  readonly ecdsaSecureBootInsecure: boolean;
  /** First revision with P-384 Secure Boot; null where the scheme list needs no such limit. */
  readonly p384MinRevision: number | null;
  /** First revision whose ROM has Secure Boot V2. */
  readonly secureBootMinRevision: number;
  /** Secure Boot digests that its eFuses can hold. */
  readonly digests: 1 | 3;
  readonly flashEncryption: readonly FlashEncryptionKey[];
  /** Fields that belong to the flash key itself, in release and development mode. */
  readonly flashEncryptionFields: readonly { readonly field: string; readonly value: number }[];
  /** First revision on which download mode can be switched off, and be made the secure one; null: never. */
  readonly downloadModes: { readonly disabled: number | null; readonly secure: number | null };
  readonly hmac: boolean;
  /** Whether its memory can be split into what is written and what runs (FACTS 14.2). */
  readonly memoryProtection: boolean;
  /** Whether flash encryption covers external RAM too. */
  readonly encryptsExternalRam: boolean;
  /** Revisions that come up in download mode without supply of their flash, and the first whose ROM can switch it on (FACTS 1.6). */
  readonly flashOff: { readonly revisions: readonly Revision[]; readonly byRomFrom: Revision | null };
  /** Whether Espressif's documents disagree, or copy from other chips, about the strap pin that decides what the ROM prints (FACTS 2.8). */
  readonly printStrapDoubted: boolean;
  /** Reset causes that tell of a bad supply, and the register that holds the last one where it is known; null: the console alone tells. */
  readonly supply: { readonly causes: readonly number[]; readonly register: number | null };
  /** Why the ECDSA peripheral cannot be used at a revision; null where it can (FACTS 8). */
  ecdsaRefusal(revision: number): string | null;
  /** The eFuse table of a revision. */
  readonly efuseTables: readonly EfuseTable[];
  /** The bits production burns, by their names on this chip (FACTS 13.3). */
  readonly production: {
    readonly jtag: readonly { readonly field: string; readonly value: number }[];
    readonly directBoot: readonly string[];
    /** Fields that secure download mode needs, to be of use behind the shut door. */
    readonly secureDownload: readonly {
      readonly field: string;
      readonly value: number;
      readonly minRevision?: number;
    }[];
    readonly flashEncryptionRelease: readonly {
      readonly field: string;
      readonly value: number;
      readonly minRevision?: number;
    }[];
    /** Write-protect groups the IDF sets with release mode (chips with DIS_ICACHE). */
    readonly flashEncryptionWriteProtect: readonly string[];
  };
}

/** Material for key blocks, by the plan's names; digests need none. Each call hands over a copy of its own, which the board destroys. */
export type KeyBytes = (role: KeyRole, part: 'whole' | 'low' | 'high') => SecretBytes;

export interface BoardStart {
  /** As the ROM numbers it: 1 is the supply or EN. */
  readonly cause: number;
  readonly by: 'console' | 'register';
}

/** One board in hand. Every method may raise the loader's faults as well as its own. */
export interface Board {
  readonly identity: ChipIdentity;
  readonly profile: ChipProfile;
  readonly counters: LoaderCounters;

  /** Why it was reset last, by what its ROM printed, else by a register of its chip; null: neither told. */
  readonly start: BoardStart | null;
  /** How often a codeword had to be burned again. */
  readonly burnsRepeated: number;
  /** How often its supply broke down since it was met, as its ROM said. */
  readonly brownOuts: number;
  /** FixtureFault `supply.brown-out` where the chip has said, since it was met, that its supply broke down. Asked before each burn. */
  assertSupply(): void;

  /** From now on every wait for the board ends with the signal's reason when it is aborted; null: with none. */
  heed(signal: AbortSignal | null): void;

  /**
   * BoardFault `chip.other-board` where another board lies in its place, by its MAC and the fuses that were read (see SameBoard). Says
   * nothing of a board that cannot be asked any more.
   */
  assertSame(): Promise<void>;
  /** Whether the chip has a number of its own beside its MAC, as far as it was read. */
  readonly hasOwnNumber: boolean;
  /** Whether this very board still answers. Changes nothing in it. */
  isStillThere(): Promise<boolean>;

  /** All blocks and error registers. BoardFault `chip.secure-download` when registers are closed. */
  readEfuses(): Promise<EfuseSnapshot>;

  /** Bytes of the flash chip, by its JEDEC id; null when the id tells nothing. */
  detectFlashSize(): Promise<number | null>;

  /**
   * Prepares for fast writing: stub (unless the board must stay with the ROM: no reset lines, or `rom: true`), baud rate, flash
   * attached. Says what it settled on.
   */
  prepareFlashing(options: { readonly baudRate: number; readonly flashSize: number; readonly rom?: boolean }): Promise<{
    readonly mode: 'rom' | 'stub';
    readonly baudRate: number;
  }>;
  writeFlash(write: FlashWrite, options?: TransferOptions): Promise<void>;
  /** Compares the chip's MD5 over the region with that of `expected`; BoardFault `chip.flash-differs` when they differ. */
  verifyFlash(offset: number, expected: Uint8Array, options?: TransferOptions): Promise<{ readonly md5: string }>;

  /** MD5 (hex) of a stretch of flash, by the chip itself. */
  flashDigest(offset: number, length: number): Promise<string>;
  /**
   * Leaves a stretch of flash blank, by the chip's own digest: what is not is erased. Borders lie at sectors of 4096 bytes. Says how many
   * bytes had to be erased; `onProgress` counts bytes that are blank. BoardFault `chip.flash-not-blank` where it does not become so.
   */
  clearFlash(offset: number, length: number, options?: TransferOptions): Promise<{ readonly erased: number }>;

  /** Back in the ROM loader, ready to burn (reset where a stub ran). */
  returnToRom(): Promise<void>;

  /**
   * Carries out a burn plan: for each burn an `intend` event, the burn, read-back with the error registers, `burned`, `verified`.
   * Waits at each yield: what was not asked for is not burned. Burns whose identical codeword left errors are repeated (at most three
   * times). Faults: BoardFault `burn.coding-error`, `burn.readback-differs`, `burn.lost-contact`, `burn.not-seen` (safety 'resumable' or 'condemned').
   * A door burn is believed by its effect: secure download mode seen, or the loader silent where download mode is off. ProgramFault
   * `burn.not-permitted` for another plan than the one that the permit was given for.
   */
  burn(
    plan: BurnPlan,
    keys: KeyBytes,
    permit: BurnPermit,
    stages: readonly BurnStage[],
  ): AsyncGenerator<StepEvent, void, void>;

  /** Boots from flash; lines of its console (see Loader.bootAndListen). */
  boot(options: { readonly signal?: AbortSignal; readonly resetBy?: 'lines' | 'operator' }): AsyncIterable<string>;
  sendLine(text: string): Promise<void>;

  /** Security info as the loader tells it now: the only thing left to ask in secure download mode. */
  readSecurity(): Promise<SecurityInfo>;

  /** What the download door does now, tried by resetting into it. */
  tryDownloadDoor(): Promise<'open' | 'secure' | 'disabled'>;
  close(): Promise<void>;
}

/** Stages of a plan in their order; a step asks for some of them. */
export type BurnStage = 'keys' | 'read-protect' | 'protection' | 'enable' | 'door';
