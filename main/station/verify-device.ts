import type { Clock } from '../base/clock.ts';
import type { RandomSource } from '../base/random.ts';
import { connectBoard, consoleRateOf, openShutBoard } from '../chip/connect.ts';
import { shutsDownload } from '../efuse/field-checks.ts';
import { readValue } from '../efuse/snapshot.ts';
import type { EfuseSnapshot } from '../efuse/types.ts';
import type { Fact } from '../model/event.ts';
import { BoardFault, isFault } from '../model/fault.ts';
import { identityWords, type SealedRecord } from '../model/record.ts';
import { type BootProof, proveByBoot, signatureFits } from '../recipe/steps/proof.ts';
import type { Port } from '../transport/port.ts';

/** One thing that was compared. */
export interface DeviceCheck {
  readonly what: string;
  readonly ok: boolean;
  readonly evidence: string;
}

export interface DeviceReport {
  readonly record: SealedRecord;
  readonly checks: readonly DeviceCheck[];
}

export interface VerifyParts {
  readonly clock: Clock;
  readonly random: RandomSource;
  /** The record that the board must fit; null: found by the MAC that the board tells. */
  readonly record: SealedRecord | null;
  find(macOrSerial: string): Promise<SealedRecord | null>;
  readonly signal?: AbortSignal;
}

/** How long a sealed device may take to start, in seconds: longer than any recipe's proof in the field. */
const bootSeconds = 20;

/**
 * A board against its sealed record, read only. Where its door is open: MAC, revision and every eFuse. Where it is shut: that the loader
 * is refused as recorded, that it boots, and that it signs a fresh challenge with the key of its certificate. Faults: BoardFault
 * `device.no-record`, `device.which` (a shut door and no record named), and those of protocol and transport.
 */
export async function proveSealedBoard(open: () => Promise<Port>, parts: VerifyParts): Promise<DeviceReport> {
  let door: string | null;
  let shut: unknown = null;
  try {
    const board = await connectBoard(await open(), {
      clock: parts.clock,
      ...(parts.signal ? { signal: parts.signal } : {}),
    });
    try {
      const { mac, security } = board.identity;
      if (mac !== null) {
        const record = parts.record ?? (await parts.find(mac));
        if (record === null) throw noRecord(mac);
        return { record, checks: compareWithRecord(record, mac, await board.readEfuses()) };
      }
      door = security.secureDownload ? 'ENABLE_SECURITY_DOWNLOAD' : null;
    } finally {
      await board.close();
    }
  } catch (error) {
    if (!isFault(error, 'protocol.download-disabled')) throw error;
    door = 'DIS_DOWNLOAD_MODE';
    shut = error;
  }
  return proveShut(open, parts, door, shut);
}

/** Every eFuse of the record against what the chip shows now. */
export function compareWithRecord(record: SealedRecord, mac: string, snapshot: EfuseSnapshot): DeviceCheck[] {
  const after = record.efusesAfter as {
    readOut: Record<string, { value: Fact }>;
    burnedAfterwards: Record<string, number>;
  };
  const checks: DeviceCheck[] = [{ what: 'MAC', ok: mac === record.chip.mac, evidence: mac }];
  for (const [name, field] of Object.entries(after.readOut)) {
    const expected = after.burnedAfterwards[name] ?? field.value;
    const found = readValue(snapshot, name);
    if (found !== expected)
      checks.push({ what: name, ok: false, evidence: `recorded ${String(expected)}, found ${found}` });
  }
  if (checks.length === 1) {
    checks.push({ what: 'eFuses', ok: true, evidence: `${Object.keys(after.readOut).length} fields as recorded` });
  }
  return checks;
}

async function proveShut(
  open: () => Promise<Port>,
  parts: VerifyParts,
  door: string | null,
  shut: unknown,
): Promise<DeviceReport> {
  const { record, clock, random } = parts;
  if (record === null) {
    throw new BoardFault({
      code: 'device.which',
      what: 'The door of this board is shut, so it does not tell its MAC.',
      next: 'Say whose record it must fit: --serial with the serial number on its label.',
      safety: 'sealed',
    });
  }
  const burned = (record.efusesAfter as { burnedAfterwards: Record<string, number> }).burnedAfterwards;
  const recorded = Object.keys(burned).find((field) => shutsDownload(field) && burned[field] === 1) ?? null;
  // A board whose download mode is off says only that: by which of its names the chip has the fuse, the record knows.
  const off = recorded === 'UART_DOWNLOAD_DIS' ? 'DIS_DOWNLOAD_MODE' : recorded;
  const checks: DeviceCheck[] = [{ what: 'door', ok: off === door, evidence: door ?? 'open' }];
  const nonce = record.identity && wasChallenged(record) ? random(32) : null;
  const proof = await bootProofOf(await open(), { clock, ...consoleRateOf(shut) }, nonce, parts.signal);
  if (typeof proof === 'string') {
    checks.push({ what: 'boot', ok: false, evidence: proof });
  } else {
    checks.push({ what: 'boot', ok: true, evidence: proof.lines.at(-1) ?? '' });
    if (nonce !== null) {
      const ok = proof.answer !== null && signatureFits(proof.answer, nonce, record.identity!.publicKey);
      checks.push({ what: 'device key', ok, evidence: identityWords(record.identity!) });
    }
  }
  return { record, checks };
}

/** Whether the device answered a challenge when it was made: then it can be asked again. */
function wasChallenged(record: SealedRecord): boolean {
  const proofs = record.bootProof as Readonly<Record<string, { readonly challenge?: string } | undefined>>;
  return Object.values(proofs).some((proof) => proof?.challenge !== undefined);
}

async function bootProofOf(
  port: Port,
  options: Parameters<typeof openShutBoard>[1],
  nonce: Uint8Array | null,
  signal: AbortSignal | undefined,
): Promise<BootProof | string> {
  const { clock } = options;
  const board = openShutBoard(port, options);
  const rule = {
    when: 'after-door',
    timeoutSeconds: bootSeconds,
    expect: ['.'],
    reject: [],
    challenge: 'if-offered',
  } as const;
  try {
    return await proveByBoot(board, { clock, resetBy: 'lines', rule, nonce, ...(signal ? { signal } : {}) });
  } catch (error) {
    if (isFault(error, 'boot-proof.failed')) return error.what;
    throw error;
  } finally {
    await board.close();
  }
}

function noRecord(mac: string): BoardFault {
  return new BoardFault({
    code: 'device.no-record',
    what: `The ledger holds no sealed record for the board ${mac}.`,
    next: 'It was not sealed at this station: look in the ledger of another one (--data DIR).',
    safety: 'untouched',
  });
}
