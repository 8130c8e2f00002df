// One board in hand, over the loader that met it.

import type { Clock } from '../base/clock.ts';
import { md5Hex, md5OfBlank } from '../base/digest.ts';
import { digestOf } from '../base/json.ts';
import { identityFromSnapshot } from '../efuse/identity.ts';
import type { BurnPlan } from '../efuse/plan-types.ts';
import { slotState } from '../efuse/slots.ts';
import { repeatErrorWords } from '../efuse/snapshot.ts';
import { efuseTableFor, keySlotsOf } from '../efuse/tables.ts';
import type { EfuseSnapshot, EfuseTable } from '../efuse/types.ts';
import type { ChipIdentity, SecurityInfo } from '../model/chip.ts';
import type { StepEvent } from '../model/event.ts';
import { BoardFault, isFault, ProgramFault } from '../model/fault.ts';
import type {
  DoorState,
  FlashWrite,
  Loader,
  LoaderCounters,
  RegisterWrite,
  TransferOptions,
} from '../protocol/loader.ts';
import { loadStubImage } from '../protocol/stub-images.ts';
import type { Board, BoardStart, BurnStage, ChipProfile, KeyBytes } from './board.ts';
import { carryOut, type KnownEfuses } from './burn.ts';
import { powerFlash } from './flash-power.ts';
import { identify, unsteady } from './identify.ts';
import { flashSizeOf } from './jedec.ts';
import type { BurnPermit } from './permit.ts';
import { EfuseBus } from './registers.ts';
import { SameBoard } from './same-board.ts';
import { brownOut, startOf } from './supply.ts';

/**
 * Identifies the board behind a loader that has just been met. BoardFault `chip.unknown` for a chip that this station does not make,
 * `chip.unsteady` when it answers differently the second time; BoardFault `efuse.unknown-silicon` for a revision without a table.
 * The board closes the loader (`close`); when this rejects it stays the caller's.
 */
export async function openBoard(loader: Loader, parts: { readonly clock: Clock }): Promise<Board> {
  const { identity, profile } = await identify(loader);
  const table = identity.revision === null ? null : efuseTableFor(identity.kind, identity.revision);
  const start = await startOf(loader, profile);
  return new LiveBoard(loader, parts.clock, identity, profile, table, start);
}

class LiveBoard implements Board {
  readonly identity: ChipIdentity;
  readonly profile: ChipProfile;
  readonly #loader: Loader;
  readonly #clock: Clock;
  /** null in secure download mode, where the revision cannot be read. */
  readonly #table: EfuseTable | null;
  readonly #bus: EfuseBus | null;
  /** null where it cannot be asked. */
  readonly #same: SameBoard | null;
  #known: KnownEfuses | null = null;
  /** What was known before the last reset: firmware may have run and burned since. */
  #knownBefore: KnownEfuses | null = null;
  /** Whether staging registers are zero and programming times set, since the last reset. */
  #prepared = false;
  /** Whether the flash of a P4 v3.1 was switched on, since the last reset. */
  #flashPowered = false;
  #booted = false;
  /** What the flash chip said of its size; undefined: not asked yet. */
  #flashSize: number | null | undefined;

  readonly start: BoardStart | null;
  burnsRepeated = 0;

  constructor(
    loader: Loader,
    clock: Clock,
    identity: ChipIdentity,
    profile: ChipProfile,
    table: EfuseTable | null,
    start: BoardStart | null,
  ) {
    this.start = start;
    this.#loader = loader;
    this.#clock = clock;
    this.identity = identity;
    this.profile = profile;
    this.#table = table;
    const { uartDateRegister, uartClockDivider } = profile;
    this.#bus = table && new EfuseBus(loader, table, clock, uartDateRegister, uartClockDivider);
    this.#same =
      this.#bus === null || table === null || identity.mac === null
        ? null
        : new SameBoard(this.#bus, table, identity.mac, () => loader.counters);
  }

  get counters(): LoaderCounters {
    return this.#loader.counters;
  }

  get brownOuts(): number {
    return this.#badStarts().length;
  }

  assertSupply(): void {
    const [bad] = this.#badStarts();
    if (bad !== undefined) throw brownOut(bad);
  }

  #badStarts(): readonly number[] {
    const read = this.start?.by === 'register' ? [this.start.cause] : [];
    return [...read, ...this.#loader.resetCauses].filter((cause) => this.profile.supply.causes.includes(cause));
  }

  heed(signal: AbortSignal | null): void {
    this.#loader.signal = signal;
  }

  async assertSame(): Promise<void> {
    if (this.#same !== null && !this.#loader.secureDownload) await this.#same.assertSame();
  }

  get hasOwnNumber(): boolean {
    return this.#same?.hasOwnNumber ?? false;
  }

  async isStillThere(): Promise<boolean> {
    try {
      if (this.#same === null || this.#loader.secureDownload) await this.#loader.readSecurityInfo();
      else await this.#same.assertSame();
      return true;
    } catch (error) {
      if (isFault(error) || this.#loader.signal?.aborted) return false;
      throw error;
    }
  }

  async readEfuses(): Promise<EfuseSnapshot> {
    const bus = this.#busOrRefuse();
    for (let round = 1; ; round++) {
      const snapshot = await bus.snapshot();
      if (await this.#isItsOwn(snapshot)) {
        await this.#same?.take(snapshot);
        this.#known = knownOf(snapshot);
        return snapshot;
      }
      await this.#same?.assertWhole();
      // Answers carry no checksum: what came strange is read once more.
      if (round === 2) throw unsteady('what is burned', {});
    }
  }

  /** Whether all that was read is that of the board that was met. */
  async #isItsOwn(snapshot: EfuseSnapshot): Promise<boolean> {
    if (identityFromSnapshot(snapshot).mac !== this.identity.mac) return false;
    return this.#same === null || (await this.#same.isOneBoards(snapshot));
  }

  async detectFlashSize(): Promise<number | null> {
    if (this.#loader.secureDownload) return null;
    if (this.#flashSize !== undefined) return this.#flashSize;
    await this.#attach(null);
    this.#flashSize = flashSizeOf(await this.#loader.readFlashId(this.profile.spiRegisters));
    return this.#flashSize;
  }

  async prepareFlashing(options: {
    readonly baudRate: number;
    readonly flashSize: number;
    readonly rom?: boolean;
  }): Promise<{ readonly mode: 'rom' | 'stub'; readonly baudRate: number }> {
    // Without reset lines there is no way back from the stub, and eFuses are burned by the ROM alone (FACTS 18).
    if (options.rom !== true && this.#loader.canReset && !this.#loader.secureDownload) await this.#startStub();
    // Where the rate did not carry, the way back may have been a reset, which switches the flash off again.
    if (!(await this.#loader.changeBaudRate(options.baudRate))) this.#flashPowered = this.#prepared = false;
    await this.#attach(options.flashSize);
    return { mode: this.#loader.mode, baudRate: this.#loader.baudRate };
  }

  writeFlash(write: FlashWrite, options?: TransferOptions): Promise<void> {
    return this.#loader.writeFlash(write, options);
  }

  async verifyFlash(
    offset: number,
    expected: Uint8Array,
    options?: TransferOptions,
  ): Promise<{ readonly md5: string }> {
    const wanted = md5Hex(expected);
    const md5 = await this.#flashMd5(offset, expected.length, options);
    if (md5 === wanted) return { md5 };
    throw new BoardFault({
      code: 'chip.flash-differs',
      what: `The flash from 0x${offset.toString(16)} (${expected.length} bytes) does not hold what was written.`,
      next: 'Insert the board again; set it aside when its flash fails a second time.',
      safety: 'resumable',
      details: { offset, length: expected.length, expected: wanted, found: md5 },
    });
  }

  flashDigest(offset: number, length: number): Promise<string> {
    return this.#flashMd5(offset, length);
  }

  /** A digest is believed of a board that is known to have answered it: flash is written and looked at for long, and a hand is quick. */
  #flashMd5(offset: number, length: number, options?: TransferOptions): Promise<string> {
    const ask = () => this.#loader.flashMd5(offset, length, options);
    return this.#same === null || this.#loader.secureDownload ? ask() : this.#same.surely(this.#loader.mode, ask);
  }

  async clearFlash(
    offset: number,
    length: number,
    { signal, onProgress }: TransferOptions = {},
  ): Promise<{ readonly erased: number }> {
    let erased = 0;
    for (let at = offset; at < offset + length; ) {
      signal?.throwIfAborted();
      // Pieces end at round addresses, so that the loader can erase in whole blocks.
      const size = Math.min(clearedAtOnce - (at % clearedAtOnce), offset + length - at);
      const isBlank = async () => (await this.#flashMd5(at, size)) === md5OfBlank(size);
      if (!(await isBlank())) {
        await this.#loader.eraseRegion(at, size);
        erased += size;
        if (!(await isBlank())) throw notBlank(at, size);
      }
      at += size;
      onProgress?.(at - offset, length);
    }
    return { erased };
  }

  async returnToRom(): Promise<void> {
    if (this.#loader.mode === 'rom' && !this.#booted) return;
    await this.#reset();
  }

  async *burn(
    plan: BurnPlan,
    keys: KeyBytes,
    permit: BurnPermit,
    stages: readonly BurnStage[],
  ): AsyncGenerator<StepEvent, void, void> {
    if (digestOf(plan) !== permit.burnDigest) throw notPermitted(permit);
    if (!plan.burns.some(({ stage }) => stages.includes(stage))) return;
    if (this.#loader.mode !== 'rom' || this.#booted) await this.#reset();
    const bus = this.#busOrRefuse();
    const same = this.#same;
    if (same === null) throw unsteady('who it is', {});
    this.#known ??= await this.#readBlock0(bus, await same.assertWhole());
    if (!this.#prepared) await bus.prepare();
    this.#prepared = true;
    this.assertSupply();
    yield* carryOut(bus, bus.table, plan, keys, stages, this.#known, {
      same,
      assertSupply: () => this.assertSupply(),
      repeated: () => this.burnsRepeated++,
      writeToDoor: (writes, register) => this.#writeToDoor(writes, register),
      // A chip without security info has no secure download mode.
      secureDownload: async () =>
        this.#loader.secureDownload ||
        (this.#loader.security !== null && (await this.#loader.readSecurityInfo()).secureDownload),
      tryDoor: async () => (this.#loader.canReset ? await this.tryDownloadDoor() : null),
    });
  }

  async #writeToDoor(writes: readonly RegisterWrite[], register: number): Promise<DoorState> {
    const state = await this.#loader.writeToDoor(writes, register);
    // The ROM has reset itself.
    if (state !== 'open') this.#forgetReset();
    return state;
  }

  boot(options: { readonly signal?: AbortSignal; readonly resetBy?: 'lines' | 'operator' }): AsyncIterable<string> {
    this.#booted = true;
    this.#forgetReset();
    this.#knownBefore = null;
    return this.#loader.bootAndListen(options);
  }

  sendLine(text: string): Promise<void> {
    return this.#loader.sendLine(text);
  }

  readSecurity(): Promise<SecurityInfo> {
    return this.#loader.readSecurityInfo();
  }

  async tryDownloadDoor(): Promise<'open' | 'secure' | 'disabled'> {
    try {
      this.#forgetReset();
      await this.#loader.resetToLoader();
      this.#booted = false;
    } catch (error) {
      if (isFault(error, 'protocol.download-disabled')) return 'disabled';
      throw error;
    }
    return this.#loader.secureDownload ? 'secure' : 'open';
  }

  close(): Promise<void> {
    return this.#loader.close();
  }

  async #startStub(): Promise<void> {
    const { revision } = this.identity;
    const stub = this.profile.stubs.find(({ min, max }) => revision !== null && revision >= min && revision <= max);
    if (stub === undefined) return;
    try {
      await this.#loader.startStub(await loadStubImage(stub.name));
    } catch (error) {
      // The ROM writes flash too, only slower.
      if (!isFault(error, 'protocol.stub-unusable')) throw error;
    }
  }

  async #attach(size: number | null): Promise<void> {
    const { revision } = this.identity;
    if (!this.#flashPowered && this.#table !== null && revision !== null && !this.#loader.secureDownload)
      await powerFlash(this.#loader, this.profile, this.#table, revision, this.#clock);
    this.#flashPowered = true;
    await this.#loader.attachFlash(size);
  }

  async #reset(): Promise<void> {
    this.#forgetReset();
    await this.#loader.resetToLoader();
    this.#booted = false;
    await this.assertSame();
  }

  /** A reset takes registers back to where they begin. */
  #forgetReset(): void {
    this.#prepared = false;
    this.#flashPowered = false;
    this.#knownBefore = this.#known ?? this.#knownBefore;
    this.#known = null;
  }

  /** BLOCK0 as it was read anew; where nothing in it changed, no key block did: who burns a key sets its purpose and its locks. */
  async #readBlock0(bus: EfuseBus, words: readonly number[]): Promise<KnownEfuses> {
    const before = this.#knownBefore;
    if (before?.words.every((word, i) => word === words[i])) return before;
    const checked = await bus.readChecked([...words.keys()]);
    return { words: [...words], weak: [...checked.values()].map(({ error }) => error), blank: new Set() };
  }

  #busOrRefuse(): EfuseBus {
    if (this.#bus !== null && !this.#loader.secureDownload) return this.#bus;
    throw new BoardFault({
      code: 'chip.secure-download',
      what: 'The board is in secure download mode: its eFuses can be neither read nor burned any more.',
      next: 'A finished board is checked against its sealed record; any other has to be set aside.',
      safety: 'shut',
    });
  }
}

/** A stretch of flash is looked at and erased in pieces of this size: some seconds each on the slowest parts. */
const clearedAtOnce = 1024 * 1024;

function notBlank(offset: number, length: number): BoardFault {
  return new BoardFault({
    code: 'chip.flash-not-blank',
    what: `The flash from 0x${offset.toString(16)} (${length} bytes) was erased and is not blank.`,
    next: 'Insert the board again; set it aside when its flash fails a second time.',
    safety: 'resumable',
    details: { offset, length },
  });
}

/** The burns asked for are not those whose digest the ledger holds. */
function notPermitted({ run }: BurnPermit): ProgramFault {
  return new ProgramFault({
    code: 'burn.not-permitted',
    what: 'A burn plan was to be carried out that is not the one written to the ledger for this run.',
    next: 'Keep the ledger and the log, and report this with the code.',
    safety: 'resumable',
    details: { run },
  });
}

/** What later burns may take as read. */
function knownOf(snapshot: EfuseSnapshot): KnownEfuses {
  const states = keySlotsOf(snapshot.table).map((slot) => slotState(snapshot, slot));
  return {
    words: [...snapshot.blocks[0]!],
    weak: [...repeatErrorWords(snapshot)],
    blank: new Set(states.filter(({ blank }) => blank).map(({ block }) => block)),
  };
}
