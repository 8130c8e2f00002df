// Sample records for tests of the ledger, and a book in a folder of its own.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { toHex } from '../../../main/base/bytes.ts';
import { systemClock } from '../../../main/base/clock.ts';
import { checkpointText, type Head, signedNote } from '../../../main/ledger/checkpoint.ts';
import type { Ledger } from '../../../main/ledger/ledger.ts';
import { type LedgerOptions, openSqliteLedger } from '../../../main/ledger/sqlite/open.ts';
import type { StepEvent } from '../../../main/model/event.ts';
import type { KeyBlockFact } from '../../../main/model/evidence/burns.ts';
import type { RunRecord, SealedRecord } from '../../../main/model/record.ts';

export function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'fuseline-ledger-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export async function book(
  t: TestContext,
  options: Partial<LedgerOptions> = {},
): Promise<{ ledger: Ledger; file: string }> {
  const file = options.file ?? join(folder(t), 'ledger.db');
  const ledger = await openSqliteLedger({ file, station: 'line-1', clock: systemClock, ...options });
  t.after(() => ledger.close());
  return { ledger, file };
}

export const recipe = { name: 'sensor', revision: 3, hash: 'ab'.repeat(32) };

/** aa:bb:cc:00:00:00 + n. */
export function mac(n: number): string {
  return `aa:bb:cc:${n
    .toString(16)
    .padStart(6, '0')
    .replace(/..(?!$)/g, '$&:')}`;
}

export function run(id: string, facts: Partial<RunRecord> = {}): RunRecord {
  return {
    id,
    batch: null,
    fixture: 'nest-1',
    operator: 'op-7',
    recipe,
    mac: null,
    serial: null,
    startedAt: '2026-11-22T10:00:00.000Z',
    endedAt: null,
    outcome: null,
    fault: null,
    ...facts,
  };
}

export function record(id: string, n: number, facts: Partial<SealedRecord> = {}): SealedRecord {
  return {
    version: 1,
    run: id,
    batch: null,
    station: 'line-1',
    fixture: 'nest-1',
    operator: 'op-7',
    startedAt: '2026-11-22T10:00:00.000Z',
    sealedAt: '2026-11-22T10:00:45.000Z',
    recipe,
    planDigest: 'cd'.repeat(32),
    chip: { kind: 'esp32p4', revision: 301, mac: mac(n), packageVersion: 0 },
    serial: `SN-${n}`,
    images: [],
    secureBoot: { scheme: 'rsa3072', keyDigests: ['ef'.repeat(32)] },
    keys: [
      { role: 'secure-boot-digest-0', blocks: [4], fingerprint: 'ef'.repeat(32) },
      { role: 'flash-encryption', blocks: [6, 7], fingerprint: `key-${n}` },
    ],
    identity: { publicKey: `04${n}`, certificatePem: '-----BEGIN CERTIFICATE-----', certificateSerial: `C0FFEE${n}` },
    secureVersion: 0,
    efusesBefore: {},
    efusesAfter: { readOut: {}, burnedAfterwards: { DIS_DOWNLOAD_MODE: 1 } },
    bootProof: {},
    waivers: [],
    keysDestroyedAt: null,
    software: { name: 'fuseline', version: '0.1.0' },
    ...facts,
  };
}

/** A key-made event whose wrapped bytes are `data`. */
export function keyMade(fingerprint: string, data: Uint8Array | null = null): StepEvent {
  return {
    type: 'key-made',
    role: 'flash-encryption',
    fingerprint,
    wrapped:
      data === null
        ? null
        : { wrappingKeyId: '01', mechanism: 'AES_KEY_WRAP_PAD', data: Buffer.from(data).toString('base64') },
  };
}

export const keyBlock: KeyBlockFact = {
  slot: 2,
  block: 6,
  name: 'BLOCK_KEY2',
  purpose: 'XTS_AES_128_KEY',
  role: 'flash-encryption',
  part: 'whole',
};

/** An event that claims nothing and holds any text. */
export function note(text: string): StepEvent {
  return { type: 'observed', what: 'finishes-run', value: { run: text, identifiedBy: 'operator' } };
}

/** Text that nothing packs, of twice so many letters. */
export function noise(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}

/** Runs one board from insertion to seal. */
export async function sealBoard(ledger: Ledger, id: string, n: number, batch: string | null = null): Promise<void> {
  await ledger.openRun(run(id, { batch }));
  await ledger.bindRun(id, { mac: mac(n), serial: `SN-${n}`, chip: 'esp32p4' });
  await ledger.append(id, 'prepare', keyMade(`key-${n}`, new Uint8Array(72).fill(n & 0xff)));
  await ledger.append(id, 'burn-keys', { type: 'intend', what: 'key-block', detail: keyBlock });
  await ledger.append(id, 'burn-keys', { type: 'burned', what: 'key-block', detail: keyBlock });
  await ledger.seal(record(id, n, { batch }));
}

/** Key of the heads of these books. */
export const headPair = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** Keeps a signed head over the rows as they are. Gives its note. */
export async function signHead(ledger: Ledger, by = headPair): Promise<string> {
  const checkpoint = noteOver(await ledger.treeHead(), by);
  await ledger.noteCheckpoint(checkpoint);
  return checkpoint.note;
}

/** A signed head, as its row holds it. */
export function noteOver(head: Head, by = headPair): { readonly note: string; readonly publicKey: string } {
  const text = checkpointText(head, Date.UTC(2026, 10, 26, 4), 'a test');
  const spki = new Uint8Array(by.publicKey.export({ type: 'spki', format: 'der' }));
  const signature = new Uint8Array(sign('sha256', Buffer.from(text), { key: by.privateKey, dsaEncoding: 'der' }));
  return { note: signedNote(text, head.origin, spki, signature), publicKey: toHex(spki) };
}
