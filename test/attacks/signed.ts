// Orders and leases that people of a test sign.
import { generateKeyPairSync } from 'node:crypto';
import { toHex } from '../../main/base/bytes.ts';
import { isoTime } from '../../main/base/clock.ts';
import type { Ledger } from '../../main/ledger/ledger.ts';
import { keyOfFile } from '../../main/signing/file-key.ts';
import {
  type LeaseFacts,
  readWorkOrder,
  unsignedLease,
  unsignedOrder,
  type WorkOrder,
  type WorkOrderFacts,
} from '../../main/station/work-order.ts';

export const dayMs = 86_400_000;

export const owner = pair();
export const stranger = pair();
/** Who gives leases. */
export const office = pair();

export function pair() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = String(privateKey.export({ format: 'pem', type: 'pkcs8' }));
  const key = keyOfFile(Buffer.from(pem), 'key', null);
  return { pem, publicPem: String(publicKey.export({ format: 'pem', type: 'spki' })), ...key };
}

export async function signed(facts: WorkOrderFacts, by = owner): Promise<Uint8Array> {
  const unsigned = unsignedOrder(facts, by.spki);
  return unsigned.with(await by.sign(unsigned.toBeSigned));
}

/** An order of boards that nobody makes, for one station and its book. */
export async function orderOf(
  ledger: Pick<Ledger, 'head' | 'opening'>,
  change: Partial<WorkOrderFacts> & Pick<WorkOrderFacts['stations'][number], 'share'>,
): Promise<{
  order: WorkOrder;
  bytes: Uint8Array;
  facts: { signed(change: Partial<WorkOrderFacts>): Promise<Uint8Array> };
}> {
  const { share, ...rest } = change;
  const facts: WorkOrderFacts = {
    ...{ order: 'O-1', issued: isoTime(Date.now()), expires: isoTime(Date.now() + 30 * dayMs), boards: 5 },
    ...{
      recipe: { name: 'lamp', revision: 1, hash: 'ab'.repeat(32) },
      firmware: [],
      chip: 'esp32p4',
      macs: null,
      serials: null,
    },
    stations: [{ station: 'line-1', ledger: ledger.opening.ledger, ...(await ledger.head()), share }],
    leases: toHex(office.spki),
    ...rest,
  };
  const bytes = await signed(facts);
  return {
    ...{ order: readWorkOrder(bytes, [owner.spki], 'order'), bytes },
    facts: { signed: (more) => signed({ ...facts, ...more }) },
  };
}

export async function leaseOf(
  { days = 7, ...facts }: Partial<LeaseFacts> & Pick<LeaseFacts, 'order' | 'ledger'> & { days?: number },
  by = office,
): Promise<Uint8Array> {
  const issued = isoTime(Date.now());
  const expires = isoTime(Date.now() + days * dayMs);
  const unsigned = unsignedLease({ issued, expires, station: 'line-1', first: 3, boards: 1, ...facts }, by.spki);
  return unsigned.with(await by.sign(unsigned.toBeSigned));
}
