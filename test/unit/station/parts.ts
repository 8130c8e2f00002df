// What the tests of this folder share: a ledger and a token in memory that do what a test tells them, and a board that is the real one
// above silicon in software, whose burns are counted.
import assert from 'node:assert/strict';
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  generateKeyPairSync,
  type KeyObject,
  privateEncrypt,
} from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { seededRandom } from '../../../main/base/random.ts';
import { SecretBytes } from '../../../main/base/secret.ts';
import type { Board } from '../../../main/chip/board.ts';
import { openBoard } from '../../../main/chip/live-board.ts';
import type { DeviceHistory, Ledger, OpenKey } from '../../../main/ledger/ledger.ts';
import type { RunEvent, StepEvent, StoredEvent, WrappedKey } from '../../../main/model/event.ts';
import { type Fault, LedgerFault, TokenFault } from '../../../main/model/fault.ts';
import type { BatchRecord, RunRecord, SealedRecord } from '../../../main/model/record.ts';
import { connectLoader } from '../../../main/protocol/loader-session.ts';
import type { LoadedRecipe } from '../../../main/recipe/load.ts';
import type { KeyRef, Signer, SignScheme, TokenKey } from '../../../main/signing/signer.ts';
import { CredentialShelf } from '../../../main/station/credential-shelf.ts';
import type { StationEvent } from '../../../main/station/events.ts';
import { Run, type RunEnd, type RunJob, type RunParts } from '../../../main/station/run.ts';
import { Station } from '../../../main/station/station.ts';
import { openVirtualPort } from '../../../main/virtual/bench/port.ts';
import { bootFromFlash } from '../../../main/virtual/boot/boot.ts';
import { VirtualChip } from '../../../main/virtual/chip.ts';
import type { VirtualChipOptions } from '../../../main/virtual/silicon.ts';
import { fastClock } from '../chip/clocks.ts';

export type AnyEvent = StepEvent | RunEvent;

/** A fault as the disk below a ledger gives it. */
export const diskFull = (): Fault =>
  new LedgerFault({ code: 'ledger.full', what: 'The disk is full.', next: 'Make room.', safety: 'resumable' });

type Note = Parameters<Ledger['noteRecipeState']>[0] & { readonly at: string; readonly row: number };

/**
 * A ledger in memory that keeps what it is told in the order in which it is told, as far as runs, their boards and recipes go. `before` is asked before each append
 * and may reject it, or take its time; nothing is kept of what it rejects.
 */
export class ScriptedLedger {
  /** Every call that writes, by name, in order; an append by the type of its event. */
  readonly calls: string[] = [];
  readonly stored = new Map<string, StoredEvent[]>();
  readonly runRecords: RunRecord[] = [];
  readonly sealed: SealedRecord[] = [];
  readonly condemned: { mac: string; run: string | null; reason: string }[] = [];
  readonly batchRecords: BatchRecord[] = [];
  readonly notes: Note[] = [];
  readonly #wrapped: (OpenKey & { mac: string })[] = [];
  before: (event: AnyEvent, run: string) => void | Promise<void> = () => undefined;
  beforeSeal: (record: SealedRecord) => void | Promise<void> = () => undefined;

  /** The same object as what the station asks for. What a test calls beyond it is a TypeError. */
  get ledger(): Ledger {
    return this as unknown as Ledger;
  }

  /** Events of a run, or of all of them, without what the ledger adds. */
  said(run?: string): AnyEvent[] {
    const all = run === undefined ? [...this.stored.values()].flat() : (this.stored.get(run) ?? []);
    return all.map(({ event }) => event);
  }

  async openBatch(batch: BatchRecord): Promise<void> {
    this.batchRecords.push(batch);
  }

  async closeBatch(): Promise<void> {
    this.calls.push('closeBatch');
  }

  async putRecipe(): Promise<void> {
    this.calls.push('putRecipe');
  }

  async recipeStates(): Promise<readonly Note[]> {
    return this.notes;
  }

  async rowsTaken(): Promise<readonly { row: string; mac: string }[]> {
    return [];
  }

  async openRun(run: RunRecord): Promise<void> {
    this.calls.push('openRun');
    this.runRecords.push(run);
    this.stored.set(run.id, []);
  }

  async bindRun(run: string, facts: { readonly mac?: string; readonly serial?: string }): Promise<void> {
    this.calls.push('bindRun');
    this.#change(run, facts);
  }

  async append(run: string, step: string | null, event: AnyEvent): Promise<StoredEvent> {
    await this.before(event, run);
    assert.notEqual(event.type, 'progress', 'no progress is kept');
    this.calls.push(event.type);
    const events = this.stored.get(run);
    assert.ok(events, `${run} is open`);
    const kept = event.type === 'key-made' || event.type === 'escrowed' ? { ...event, wrapped: null } : event;
    // as a real one keeps it: a copy, which no later change of the event reaches
    const stored = structuredClone({ run, seq: events.length, at: new Date().toISOString(), step, event: kept });
    events.push(stored);
    if (event.type === 'key-made' && event.wrapped !== null) {
      const { role, fingerprint, wrapped } = event;
      this.#wrapped.unshift({ run, role, fingerprint, wrapped, mac: this.#run(run).mac! });
    }
    return stored;
  }

  async endRun(run: string, end: Pick<RunRecord, 'outcome' | 'fault'> & { readonly at: string }): Promise<void> {
    this.calls.push('endRun');
    const { at, outcome, fault } = end;
    this.#change(run, { endedAt: at, outcome, fault });
  }

  async seal(record: SealedRecord): Promise<{ row: number; hash: string }> {
    await this.beforeSeal(record);
    this.calls.push('seal');
    this.sealed.push(record);
    this.#change(record.run, { outcome: 'passed', endedAt: record.sealedAt });
    this.#drop(record.chip.mac);
    return { row: this.sealed.length, hash: 'ab'.repeat(32) };
  }

  async condemn(mac: string, run: string | null, reason: string): Promise<void> {
    this.calls.push('condemn');
    this.condemned.push({ mac, run, reason });
    this.#drop(mac);
  }

  async history(mac: string): Promise<DeviceHistory> {
    const condemned = this.condemned.find((one) => one.mac === mac);
    return {
      mac,
      sealed: this.sealed.find(({ chip }) => chip.mac === mac) ?? null,
      runs: this.runRecords
        .filter((run) => run.mac === mac)
        .map((run) => ({ run, events: this.stored.get(run.id) ?? [] })),
      openKeys: this.#wrapped.filter((key) => key.mac === mac),
      condemned: condemned === undefined ? null : { ...condemned, at: '2026-11-22T10:00:00.000Z' },
    };
  }

  async runs({ limit = 100 }: { readonly limit?: number }): Promise<readonly RunRecord[]> {
    return this.runRecords.toReversed().slice(0, limit);
  }

  async events(run: string): Promise<readonly StoredEvent[]> {
    return this.stored.get(run) ?? [];
  }

  async close(): Promise<void> {}

  #run(id: string): RunRecord {
    const run = this.runRecords.find((one) => one.id === id);
    assert.ok(run, `${id} was opened`);
    return run;
  }

  #change(id: string, facts: Partial<RunRecord>): void {
    this.runRecords.splice(this.runRecords.indexOf(this.#run(id)), 1, { ...this.#run(id), ...facts });
  }

  #drop(mac: string): void {
    for (const key of this.#wrapped.filter((one) => one.mac === mac))
      this.#wrapped.splice(this.#wrapped.indexOf(key), 1);
  }
}

type KeyPair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };

/** Key pairs are slow to make: one a label for all tests of a process. */
const pairs = new Map<string, KeyPair>();

function algorithmOf(label: string): TokenKey['algorithm'] {
  if (/wrapping|escrow/.test(label)) return 'aes-256';
  return /ca|manifest/.test(label) ? 'ecdsa-p256' : 'rsa-3072';
}

function pairOf(label: string): KeyPair {
  const known = pairs.get(label);
  if (known !== undefined) return known;
  const made =
    algorithmOf(label) === 'rsa-3072'
      ? generateKeyPairSync('rsa', { modulusLength: 3072 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  pairs.set(label, made);
  return made;
}

/** RFC 5649's constant, which OpenSSL wants said. */
const wrapIv = Buffer.from('a65959a6', 'hex');

/**
 * A token in memory: signatures and wraps are real, keys come to be when they are named (a label with `ca` or `manifest` in it is P-256,
 * with `wrapping` or `escrow` AES, any other RSA). `before` is asked before each call and may reject it. Every secret that it handed out stays
 * known, so that a test can ask what became of it.
 */
export class ScriptedSigner {
  readonly calls: string[] = [];
  readonly secrets: SecretBytes[] = [];
  before: (call: string) => void | Promise<void> = () => undefined;
  /** Resolves `whenBack`. */
  back: () => Promise<void> = async () => undefined;
  /** What an unwrapped secret is changed into. */
  unwrapped: (secret: SecretBytes) => SecretBytes = (secret) => secret;
  readonly #random = seededRandom(2026);
  readonly #wrappingKey = Buffer.alloc(32, 0x5a);

  get signer(): Signer {
    return this as unknown as Signer;
  }

  async findKey(ref: KeyRef): Promise<TokenKey> {
    await this.#asked('findKey');
    const algorithm = algorithmOf(ref.label);
    const aes = algorithm === 'aes-256';
    const spki = aes ? null : new Uint8Array(pairOf(ref.label).publicKey.export({ format: 'der', type: 'spki' }));
    return {
      label: ref.label,
      id: '01',
      algorithm,
      use: aes ? 'wrapping' : algorithm === 'rsa-3072' ? 'secure-boot' : 'device-ca',
      extractable: false,
      sensitive: true,
      spki,
      publicKeySha256: spki && createHash('sha256').update(spki).digest('hex'),
    };
  }

  async random(length: number): Promise<SecretBytes> {
    await this.#asked('random');
    return this.#lend(SecretBytes.adopt(this.#random(length)));
  }

  async sign({ label }: KeyRef, scheme: SignScheme, digest: Uint8Array): Promise<Uint8Array> {
    await this.#asked('sign');
    const { privateKey } = pairOf(label);
    return scheme === 'ecdsa' ? signEcdsa(privateKey, digest) : signPss(privateKey, digest);
  }

  async wrap(_key: KeyRef, secret: SecretBytes): Promise<WrappedKey> {
    await this.#asked('wrap');
    const cipher = createCipheriv('id-aes256-wrap-pad' as 'aes-256-cbc', this.#wrappingKey, wrapIv);
    const data = secret.use((bytes) => Buffer.concat([cipher.update(bytes), cipher.final()]));
    return { wrappingKeyId: '01', mechanism: 'AES_KEY_WRAP_PAD', data: data.toString('base64') };
  }

  async unwrap(_key: KeyRef, { data }: WrappedKey): Promise<SecretBytes> {
    await this.#asked('unwrap');
    const decipher = createDecipheriv('id-aes256-wrap-pad' as 'aes-256-cbc', this.#wrappingKey, wrapIv);
    const bytes = Buffer.concat([decipher.update(Buffer.from(data, 'base64')), decipher.final()]);
    return this.#lend(this.unwrapped(SecretBytes.take(bytes)));
  }

  async whenBack(): Promise<void> {
    this.calls.push('whenBack');
    await this.back();
  }

  async close(): Promise<void> {}

  #lend(secret: SecretBytes): SecretBytes {
    this.secrets.push(secret);
    return secret;
  }

  async #asked(call: string): Promise<void> {
    this.calls.push(call);
    await this.before(call);
  }
}

function signEcdsa(key: KeyObject, digest: Uint8Array): Uint8Array {
  const scalar = Buffer.from(key.export({ format: 'jwk' }).d!, 'base64url');
  return p256.sign(digest, scalar, { prehash: false });
}

/** RSA-PSS over a digest, as a token signs it (RFC 8017, 9.1.1); node:crypto itself signs only what it has hashed. */
function signPss(key: KeyObject, digest: Uint8Array): Uint8Array {
  const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
  const salt = Buffer.alloc(32, 7);
  const hash = sha256(new Uint8Array(8), digest, salt);
  const block = Buffer.alloc(384 - 33);
  block[block.length - 33] = 1;
  salt.copy(block, block.length - 32);
  for (let at = 0; at < block.length; at++) {
    const mask = sha256(hash, Uint8Array.of(0, 0, 0, at >>> 5));
    block[at]! ^= mask[at & 31]!;
  }
  block[0]! &= 0x7f;
  const encoded = Buffer.concat([block, hash, Buffer.of(0xbc)]);
  return new Uint8Array(privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded));
}

/** The fault of a token that was pulled out, which comes back. */
export const tokenGone = (): Fault =>
  new TokenFault({ code: 'token.gone', what: 'The token is gone.', next: 'Put it back.', safety: 'untouched' });

/** A board of silicon in software that boots what lies in its flash. */
export function siliconOf(loaded: LoadedRecipe, options: Partial<VirtualChipOptions> = {}): VirtualChip {
  const { chip, silicon } = loaded.recipe;
  return new VirtualChip({ kind: chip, revision: silicon.min, seed: 11, ...options }, bootFromFlash);
}

/** The board in that silicon, as the station meets it; the caller closes it. */
export async function meet(chip: VirtualChip): Promise<Board> {
  const loader = await connectLoader(openVirtualPort(chip, 'virtual:test'), { clock: fastClock });
  return openBoard(loader, { clock: fastClock });
}

/** What is burned into a chip, in one word: two that differ are a burn. */
export function burnedInto(chip: VirtualChip): string {
  return createHash('sha256').update(Buffer.concat(chip.efuse.burned())).digest('hex');
}

/** A scripted station around one recipe: runs on it, one after the other, on whatever silicon a test gives. */
export class Rig {
  readonly book = new ScriptedLedger();
  readonly token = new ScriptedSigner();
  readonly shelf = new CredentialShelf();
  readonly heard: StationEvent[] = [];
  readonly loaded: LoadedRecipe;
  #runs = 0;

  constructor(loaded: LoadedRecipe) {
    this.loaded = loaded;
  }

  get parts(): RunParts {
    return {
      station: 'line-1',
      software: { name: 'fuseline', version: '0.0.0' },
      ledger: this.book.ledger,
      signer: this.token.signer,
      clock: fastClock,
      random: seededRandom(5),
      listen: (event) => this.heard.push(event),
      shelf: this.shelf,
    };
  }

  /** The station of these parts, for what it does beside runs. */
  get station(): Station {
    return new Station({
      ...this.parts,
      name: 'line-1',
      openPort: async () => {
        throw new Error('no port is opened by address here');
      },
    });
  }

  /** One run on this silicon, from the meeting to its end. `record` gets its id. */
  async run(chip: VirtualChip, job: Partial<RunJob> = {}, facts: Partial<RunRecord> = {}): Promise<RunEnd> {
    const record: RunRecord = {
      id: `R-${++this.#runs}`,
      batch: 'B-1',
      fixture: 'nest',
      operator: 'op-7',
      recipe: this.loaded.ref,
      mac: null,
      serial: null,
      startedAt: '2026-11-22T10:00:00.000Z',
      endedAt: null,
      outcome: null,
      fault: null,
      ...facts,
    };
    await this.book.openRun(record);
    const release = await this.station.prepareRelease(this.loaded);
    const whole: RunJob = {
      loaded: this.loaded,
      release,
      resetBy: 'lines',
      canReset: true,
      serial: null,
      signal: new AbortController().signal,
      ...job,
    };
    const board = await meet(chip);
    try {
      return await new Run(this.parts, whole, record).perform(board);
    } finally {
      await board.close();
    }
  }
}
