import { SecretBytes } from '../../../base/secret.ts';
import type { Role } from '../../../contract/contract.ts';
import type { Escrow, EscrowRelease, Ledger, LedgerReader } from '../../../ledger/ledger.ts';
import type { EscrowedSecret } from '../../../model/event.ts';
import { LedgerFault, RecipeFault, TokenFault } from '../../../model/fault.ts';
import type { Signer } from '../../../signing/signer.ts';
import { type Judges, mustBeTwoHands, proven } from './second.ts';

/** Role of whoever may ask for a secret in escrow; two of them together. */
const keeper: Role = 'custodian';

/** A reason that says something. */
const shortestReason = 10;

/** One of the two who ask: by name and PIN. */
export interface Custodian {
  readonly id: string;
  readonly pin: SecretBytes;
}

export interface ReleaseRequest {
  /** MAC or serial number. */
  readonly device: string;
  readonly what: EscrowedSecret;
  readonly custodians: readonly Custodian[];
  readonly reason: string;
  /** By which face they ask, as the ledger's notes of sessions call it. */
  readonly face: string;
}

export interface ReleaseParts {
  readonly ledger: Pick<
    Ledger,
    'sealedDevice' | 'claimedBy' | 'history' | 'escrows' | 'noteEscrowRelease' | 'noteSession' | 'acts'
  >;
  readonly signer: Pick<Signer, 'keys' | 'unwrap'>;
  readonly people: Judges['operators'];
}

/**
 * Gives out a secret that was put away: to two different custodians, for a reason, and only after the ledger has it that they asked. The
 * secret is the caller's, to be destroyed. Refusals of people are noted in the ledger. Faults: RecipeFault `escrow.two-people`,
 * `escrow.reason`, `escrow.custodian`, `people.one-hand`, `escrow.unknown-device`, `escrow.none`, those of a wrong PIN; TokenFault `escrow.key-away`;
 * LedgerFault `escrow.damaged`; those of token and ledger.
 */
export async function releaseEscrow(
  parts: ReleaseParts,
  request: ReleaseRequest,
): Promise<{ readonly secret: SecretBytes; readonly release: EscrowRelease }> {
  const { ledger } = parts;
  const custodians = await twoCustodians(parts, request);
  const reason = request.reason.trim();
  if (reason.length < shortestReason)
    throw refusal('escrow.reason', 'A release needs a reason that says something.', 'Write it in a sentence.');
  const mac = await macOf(ledger, request.device);
  const escrow = await held(ledger, mac, request.what);
  const secret = await unwrapped(parts.signer, escrow);
  try {
    const { what, fingerprint, run: escrowedBy } = escrow;
    const release = { mac, what, fingerprint, escrowedBy, custodians, reason };
    await ledger.noteEscrowRelease(release);
    return { secret, release };
  } catch (error) {
    secret.destroy();
    throw error;
  }
}

/** The secret of a device that holds: the one its sealed record names, else the newest. RecipeFault `escrow.none`. */
export async function held(
  ledger: Pick<LedgerReader, 'sealedDevice' | 'escrows'>,
  mac: string,
  what: EscrowedSecret,
): Promise<Escrow> {
  const record = await ledger.sealedDevice(mac);
  const kept = (await ledger.escrows({ mac })).filter((escrow) => escrow.what === what);
  const named = record?.escrows?.find((escrow) => escrow.what === what);
  const [found] =
    record === null
      ? kept
      : kept.filter(({ fingerprint, at }) => named?.fingerprint === fingerprint && at <= record.sealedAt);
  if (found !== undefined) return found;
  throw refusal(
    'escrow.none',
    `No ${what} of ${mac} is in escrow.`,
    'List what is there: audit escrow list. It may lie in the ledger of another station.',
  );
}

/** MAC of a device by MAC or serial number. RecipeFault `escrow.unknown-device`. */
export async function macOf(
  ledger: Pick<LedgerReader, 'sealedDevice' | 'claimedBy' | 'history'>,
  device: string,
): Promise<string> {
  const sealed = await ledger.sealedDevice(device);
  const mac = sealed?.chip.mac ?? (await ledger.claimedBy('serial', device)) ?? device.toLowerCase();
  if (sealed !== null || (await ledger.history(mac)).runs.length > 0) return mac;
  throw refusal(
    'escrow.unknown-device',
    `The ledger knows no device ${JSON.stringify(device)}.`,
    'Give a MAC (aa:bb:cc:dd:ee:ff) or a serial number; audit list shows them.',
  );
}

/** A secret as people type it, in bytes: a JTAG token in hexadecimal digits, a proof of possession as it is. */
export function asTyped(secret: SecretBytes, what: EscrowedSecret): SecretBytes {
  if (what === 'proof-of-possession') return secret.slice(0, secret.length);
  return secret.use((bytes) => {
    const typed = new Uint8Array(2 * bytes.length);
    bytes.forEach((byte, at) => {
      typed[2 * at] = digit(byte >> 4);
      typed[2 * at + 1] = digit(byte & 15);
    });
    return SecretBytes.adopt(typed);
  });
}

/** ASCII of a hexadecimal digit. */
function digit(value: number): number {
  return value < 10 ? 0x30 + value : 0x61 + value - 10;
}

async function twoCustodians(
  { ledger, people }: ReleaseParts,
  { custodians, device, what, face }: ReleaseRequest,
): Promise<readonly [string, string]> {
  const [first, second] = custodians;
  if (first === undefined || second === undefined || custodians.length !== 2 || first.id === second.id)
    throw refusal(
      'escrow.two-people',
      'A secret in escrow comes out only when two different custodians ask for it.',
      'Name both, each with an own PIN.',
    );
  for (const { id, pin } of custodians) {
    const unfit = refusal(
      'escrow.custodian',
      `${id} is no custodian.`,
      'Ask two people who keep the keys of this station.',
    );
    const text = pin.use((bytes) => new TextDecoder().decode(bytes));
    const about = `release of the ${what} of ${device}`;
    await proven({ operators: people, ledger }, { id, pin: text }, { roles: [keeper], unfit, about, face });
  }
  await mustBeTwoHands(ledger, first.id, second.id);
  return [first.id, second.id];
}

/** Unwrapped by the very key that wrapped it, found by its id; compared with the fingerprint where there is one. */
async function unwrapped(signer: ReleaseParts['signer'], { wrapped, fingerprint }: Escrow): Promise<SecretBytes> {
  const keys = (await signer.keys()).filter(
    ({ id, algorithm }) => id === wrapped.wrappingKeyId && algorithm === 'aes-256',
  );
  const [key, other] = keys;
  if (key === undefined || other !== undefined)
    throw new TokenFault({
      code: 'escrow.key-away',
      what: `${other === undefined ? 'No key' : 'More than one key'} of this token has the id ${wrapped.wrappingKeyId}, under which the secret was put away.`,
      next: 'Use the token that holds the escrow key.',
      safety: 'sealed',
    });
  const secret = await signer.unwrap({ label: key.label, id: key.id }, wrapped);
  if (fingerprint === null || secret.fingerprint() === fingerprint) return secret;
  secret.destroy();
  throw new LedgerFault({
    code: 'escrow.damaged',
    what: 'What was unwrapped is not the secret that was put away.',
    next: 'Keep the ledger as it is, verify its chain (audit verify), and look into a backup.',
    safety: 'sealed',
  });
}

function refusal(code: string, what: string, next: string): RecipeFault {
  return new RecipeFault({ code, what, next, safety: 'sealed' });
}
