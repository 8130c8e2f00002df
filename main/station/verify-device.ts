import type { Clock } from '../base/clock.ts';
import type { RandomSource } from '../base/random.ts';
import { connectBoard, consoleRateOf, openShutBoard } from '../chip/connect.ts';
import { shutsDownload } from '../efuse/door-fields.ts';
import { decodeSnapshot, readValue } from '../efuse/snapshot.ts';
import { contradictions } from '../efuse/successor.ts';
import { efuseTableFor } from '../efuse/tables.ts';
import type { EfuseSnapshot } from '../efuse/types.ts';
import type { ChipKind, SecurityInfo } from '../model/chip.ts';
import { BoardFault, isFault } from '../model/fault.ts';
import { bareMac, macPattern, macsOn } from '../model/mac.ts';
import { identityWords, type SealedRecord } from '../model/record.ts';
import { type BootProof, macMs, otherShown, proveByBoot, signatureFits } from '../recipe/steps/proof.ts';
import type { Port } from '../transport/port.ts';
import type { BootRule } from './boot-rule.ts';

/** One thing that was compared. */
export interface DeviceCheck {
  readonly what: string;
  readonly ok: boolean;
  readonly evidence: string;
}

export interface DeviceReport {
  readonly record: SealedRecord;
  readonly checks: readonly DeviceCheck[];
  /** What this look could not prove, in words. */
  readonly unproven: readonly string[];
}

export interface VerifyParts {
  readonly clock: Clock;
  readonly random: RandomSource;
  /** The record that the board must fit; null: found by the MAC that the board tells. */
  readonly record: SealedRecord | null;
  find(macOrSerial: string): Promise<SealedRecord | null>;
  /** What the recipe of this hash asks of a boot; null where it is not known. */
  ruleOf(hash: string): Promise<BootRule | null>;
  /** Who resets the board into its firmware; default: the port's lines. */
  readonly resetBy?: 'lines' | 'operator';
  readonly signal?: AbortSignal;
}

/** How long a sealed device may take to start, in seconds: longer than any recipe's proof in the field. */
const bootSeconds = 20;

/**
 * A board against its sealed record, read only. Where its door is open: MAC, revision and every eFuse. Where it is shut: that the loader
 * is refused as recorded, that it starts by the rule of the recipe it was made by, and that it signs a fresh challenge with the key of its
 * certificate; what that does not prove is said. Faults: BoardFault
 * `device.no-record`, `device.which` (a shut door and no record named), and those of protocol and transport.
 */
export async function proveSealedBoard(open: () => Promise<Port>, parts: VerifyParts): Promise<DeviceReport> {
  let shut: Shut;
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
        return { record, checks: compareWithRecord(record, mac, await board.readEfuses()), unproven: [] };
      }
      shut = { door: security.secureDownload ? 'ENABLE_SECURITY_DOWNLOAD' : null, security, fault: null };
    } finally {
      await board.close();
    }
  } catch (error) {
    if (!isFault(error, 'protocol.download-disabled')) throw error;
    shut = { door: 'DIS_DOWNLOAD_MODE', security: null, fault: error };
  }
  return proveShut(open, parts, shut);
}

/** Every eFuse of the record against what the chip shows now. */
export function compareWithRecord(record: SealedRecord, mac: string, snapshot: EfuseSnapshot): DeviceCheck[] {
  const after = record.efusesAfter;
  const checks: DeviceCheck[] = [{ what: 'MAC', ok: mac === record.chip.mac, evidence: mac }];
  const other = contradictions(after.readOut, snapshot, decodeSnapshot(snapshot));
  if (other.length > 0)
    checks.push({
      what: 'chip',
      ok: false,
      evidence: `another chip than the one of the record (run ${record.run}), by what no chip loses: ${other.join('; ')}`,
    });
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

/** What a board whose door is shut told before it was let go. */
interface Shut {
  readonly door: string | null;
  /** From a loader in secure download mode; null where download mode is off. */
  readonly security: SecurityInfo | null;
  readonly fault: unknown;
}

async function proveShut(open: () => Promise<Port>, parts: VerifyParts, shut: Shut): Promise<DeviceReport> {
  const { record, clock, random } = parts;
  if (record === null) {
    throw new BoardFault({
      code: 'device.which',
      what: 'The door of this board is shut, so it does not tell its MAC.',
      next: 'Say whose record it must fit: --serial with the serial number on its label.',
      safety: 'shut',
    });
  }
  const { burnedAfterwards: burned } = record.efusesAfter;
  const recorded = Object.keys(burned).find((field) => shutsDownload(field) && burned[field] === 1) ?? null;
  // A board whose download mode is off says only that: by which of its names the chip has the fuse, the record knows.
  const off = recorded === 'UART_DOWNLOAD_DIS' ? 'DIS_DOWNLOAD_MODE' : recorded;
  const checks: DeviceCheck[] = [{ what: 'door', ok: off === shut.door, evidence: shut.door ?? 'open' }];
  const unproven: string[] = [];
  if (shut.security === null) unproven.push('its eFuses: nothing of them can be read with download mode off');
  else checks.push(securityCheck(record, shut.security));
  const rule = await parts.ruleOf(record.recipe.hash);
  const nonce = record.identity && wasChallenged(record) ? random(32) : null;
  if (rule === null && nonce === null) {
    unproven.push('that it starts as it did when it was made: this ledger does not hold its recipe');
    return { record, checks, unproven: [...unproven, anyBoard] };
  }
  const proof = await bootProofOf(await open(), { clock, ...consoleRateOf(shut.fault) }, ruleFor(rule), nonce, parts);
  if (typeof proof === 'string') {
    checks.push({ what: 'boot', ok: false, evidence: proof });
    return { record, checks, unproven };
  }
  checks.push({ what: 'boot', ok: true, evidence: proof.lines.at(-1) ?? '' });
  if (rule === null || rule.expect.length === 0)
    unproven.push('that it starts as it did when it was made: no lines of its console are known that must come');
  checks.push(...romCheck(record, proof));
  if (nonce !== null) {
    const ok = proof.answer !== null && signatureFits(proof.answer, nonce, record.identity!.publicKey);
    checks.push({ what: 'device key', ok, evidence: identityWords(record.identity!) });
    return { record, checks, unproven };
  }
  if (macsOn(proof.heard).has(bareMac(record.chip.mac)))
    checks.push({ what: 'MAC on the console', ok: true, evidence: record.chip.mac });
  else {
    const isSealed = async (mac: string) => (await parts.find(mac)) !== null;
    const other = await otherShown(proof.heard, [record.chip.mac], isSealed);
    if (other === null) unproven.push(anyBoard);
    else
      checks.push({
        what: 'MAC on the console',
        ok: false,
        evidence: `it prints ${other}, which is another sealed board`,
      });
  }
  return { record, checks, unproven };
}

const anyBoard =
  'which board it is: it has no device key that could sign, and prints no MAC; another board made alike would show the same';

/** What the loader still tells in secure download mode, against the last read-out. */
function securityCheck(record: SealedRecord, security: SecurityInfo): DeviceCheck {
  const { readOut, burnedAfterwards } = record.efusesAfter;
  const table = efuseTableFor(record.chip.kind as ChipKind, record.chip.revision);
  const now: Record<string, number> = {
    SECURE_BOOT_EN: Number(security.secureBoot),
    SPI_BOOT_CRYPT_CNT: security.flashCryptCount,
  };
  for (const [index, revoked] of security.revokedKeys.entries())
    now[`SECURE_BOOT_KEY_REVOKE${index}`] = Number(revoked);
  for (const [slot, { purposeField }] of table.keyBlocks.entries())
    if (purposeField !== null) now[purposeField] = security.keyPurposes[slot] ?? 0;
  const differing = Object.entries(now).flatMap(([name, found]) => {
    const expected = burnedAfterwards[name] ?? readOut[name]?.value;
    return expected === undefined || expected === found ? [] : [`${name}: recorded ${expected}, found ${found}`];
  });
  return {
    what: 'security info',
    ok: differing.length === 0,
    evidence: differing.join('; ') || `${Object.keys(now).length} fields as recorded`,
  };
}

/** The mask ROM's own word that it has verified the bootloader: where it said so when the board was made, it has to say so again. */
const romVerdict = /^(\S+ )?secure boot verification succeeded/i;

function romCheck(record: SealedRecord, { heard }: BootProof): DeviceCheck[] {
  const { afterDoor } = record.bootProof;
  if (!afterDoor?.lines.some((line) => romVerdict.test(line))) return [];
  const said = heard.find((line) => romVerdict.test(line));
  return [
    {
      what: 'Secure Boot',
      ok: said !== undefined,
      evidence: said ?? 'the ROM does not say that it has verified the bootloader',
    },
  ];
}

/** Whether the device answered a challenge when it was made: then it can be asked again. */
function wasChallenged(record: SealedRecord): boolean {
  return Object.values(record.bootProof).some((proof) => proof.challenge !== undefined);
}

/** The rule of the record's own recipe, with time enough for the field; without one only the signature counts. */
function ruleFor(rule: BootRule | null): BootRule {
  const { expect, reject, timeoutSeconds } = rule ?? { expect: [], reject: [], timeoutSeconds: 0 };
  return {
    when: 'after-door',
    timeoutSeconds: Math.max(timeoutSeconds, bootSeconds),
    expect,
    reject,
    challenge: 'if-offered',
  };
}

async function bootProofOf(
  port: Port,
  options: Parameters<typeof openShutBoard>[1],
  rule: BootRule,
  nonce: Uint8Array | null,
  { signal, resetBy = 'lines', record }: VerifyParts,
): Promise<BootProof | string> {
  const { clock } = options;
  const board = openShutBoard(port, options);
  const { mac } = record!.chip;
  const listenFor = { pattern: macPattern([mac]), ms: macMs };
  try {
    return await proveByBoot(board, {
      ...{ clock, resetBy, rule, nonce, mac },
      ...(nonce === null ? { listenFor } : {}),
      ...(signal ? { signal } : {}),
    });
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
