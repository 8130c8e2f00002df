// What the owner of a product signs for those who make it (docs/work-orders.md): a work order, and leases of it. One signed file each, in the
// form of the certificates, so that no list, no database and no network has to be believed.
import { z } from 'zod';
import { fromHex, toHex } from '../base/bytes.ts';
import { sha256, sha256Hex } from '../base/digest.ts';
import type { Cbor } from '../formats/cbor.ts';
import { readSign1, sign1, type Unsigned } from '../formats/cose-sign1.ts';
import { chipKinds } from '../model/chip.ts';
import { RecipeFault } from '../model/fault.ts';
import { verifyDigest } from '../signing/verify.ts';

const version = 1;
const types = { order: 'fuseline work order', lease: 'fuseline lease' } as const;
const contentTypes = {
  order: 'application/vnd.fuseline.work-order+cbor',
  lease: 'application/vnd.fuseline.lease+cbor',
} as const;

const time = z.iso.datetime({ precision: 3 });
const digest = z
  .instanceof(Uint8Array)
  .refine(({ length }) => length === 32)
  .transform((bytes) => toHex(bytes));
const count = z.int().min(1).max(999_999_999);
const name = z.string().min(1).max(200);
const macDigits = z.string().regex(/^[0-9a-f]{12}$/);

/** A station by its book: which one, and a row that it has to hold. */
const book = { station: name, ledger: name, row: count, hash: digest };

const orderForm = z.strictObject({
  type: z.literal(types.order),
  version: z.literal(version),
  issued: time,
  expires: time,
  order: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
  boards: count,
  recipe: z.strictObject({ name, revision: z.int(), hash: digest }),
  firmware: z.array(z.strictObject({ part: name, sha256: digest })),
  chip: z.enum(chipKinds),
  /** Null: chips with any MAC. */
  macs: z
    .array(z.strictObject({ first: macDigits, last: macDigits }))
    .min(1)
    .nullable(),
  /** Null: the recipe's own rule alone. Place n has the number `before` and `first` + n - 1 in so many digits. */
  serials: z
    .strictObject({ before: z.string().max(40), first: z.int().min(0), digits: z.int().min(1).max(15) })
    .nullable(),
  /** `share`: places that are this station's without a lease. */
  stations: z
    .array(z.strictObject({ ...book, share: z.strictObject({ first: count, boards: count }).nullable() }))
    .min(1),
  /** DER SubjectPublicKeyInfo of who gives leases; null: nobody does. */
  leases: z.instanceof(Uint8Array).nullable(),
});

const leaseForm = z.strictObject({
  type: z.literal(types.lease),
  version: z.literal(version),
  issued: time,
  expires: time,
  /** SHA-256 of the work order's file. */
  order: digest,
  station: name,
  ledger: name,
  first: count,
  boards: count,
});

type OrderPayload = z.output<typeof orderForm>;
type LeasePayload = z.output<typeof leaseForm>;

/** A work order, with hex for each digest. */
export type WorkOrderFacts = Omit<OrderPayload, 'type' | 'version' | 'leases'> & {
  /** Hex of the SubjectPublicKeyInfo. */
  readonly leases: string | null;
};
export type LeaseFacts = Omit<LeasePayload, 'type' | 'version'>;

/** As it was signed. */
export type WorkOrder = WorkOrderFacts & Signed;
export type Lease = LeaseFacts & Signed;

interface Signed {
  /** SHA-256 (hex) of the file. */
  readonly digest: string;
  /** SHA-256 (hex) of the SubjectPublicKeyInfo of who signed. */
  readonly by: string;
}

/** The file of a work order, but for its signature by the P-256 key of this SubjectPublicKeyInfo. RecipeFault `order.form` for what no reader takes. */
export function unsignedOrder(facts: WorkOrderFacts, spki: Uint8Array): Unsigned {
  const { recipe, firmware, stations, leases } = facts;
  const payload = {
    ...{ ...facts, type: types.order, version, leases: leases === null ? null : fromHex(leases) },
    recipe: { ...recipe, hash: fromHex(recipe.hash) },
    firmware: firmware.map(({ part, sha256: of }) => ({ part, sha256: fromHex(of) })),
    stations: stations.map((one) => ({ ...one, hash: fromHex(one.hash) })),
  };
  const wrong = orderMistake(orderForm.safeParse(payload).data);
  if (wrong !== null) throw badForm('The work order', wrong);
  return sign1(payload as Cbor, { contentType: contentTypes.order, keyId: sha256(spki) });
}

/** The same of a lease. */
export function unsignedLease(facts: LeaseFacts, spki: Uint8Array): Unsigned {
  const payload = { ...facts, type: types.lease, version, order: fromHex(facts.order) };
  if (!leaseForm.safeParse(payload).success) throw badForm('The lease', 'a member has not its form');
  return sign1(payload as Cbor, { contentType: contentTypes.lease, keyId: sha256(spki) });
}

/**
 * A work order whose signature holds by one of `keys` (SubjectPublicKeyInfo, DER). `file` is only named. RecipeFault `order.form`: it is none;
 * `order.not-signed`: by nobody of these.
 */
export function readWorkOrder(bytes: Uint8Array, keys: readonly Uint8Array[], file: string): WorkOrder {
  const { payload, by } = opened(bytes, 'order', keys, file);
  const form = orderForm.safeParse(payload);
  const wrong = orderMistake(form.data);
  if (form.data === undefined || wrong !== null) throw badForm(file, wrong ?? '');
  const { type, version: _, leases, ...facts } = form.data;
  return { ...facts, leases: leases === null ? null : toHex(leases), digest: sha256Hex(bytes), by };
}

/** The same of a lease, by the key that its order names. */
export function readLease(bytes: Uint8Array, key: Uint8Array, file: string): Lease {
  const { payload, by } = opened(bytes, 'lease', [key], file);
  const form = leaseForm.safeParse(payload);
  if (form.data === undefined) throw badForm(file, 'a member has not its form');
  const { type, version: _, ...facts } = form.data;
  return { ...facts, digest: sha256Hex(bytes), by };
}

function opened(bytes: Uint8Array, what: 'order' | 'lease', keys: readonly Uint8Array[], file: string) {
  const message = readSign1(bytes, contentTypes[what]);
  if (message === null) throw badForm(file, `it is no signed ${types[what]}`);
  const key = keys.find((spki) => toHex(sha256(spki)) === toHex(message.keyId));
  if (key === undefined || !verifyDigest(key, 'ecdsa', sha256(message.toBeSigned), message.signature))
    throw new RecipeFault({
      code: 'order.not-signed',
      what: `${file} is signed by nobody whose ${what === 'order' ? 'work orders' : 'leases'} count here${key === undefined ? ` (key ${toHex(message.keyId)})` : ': its signature does not hold'}.`,
      next: 'Have it sent again by its owner, unchanged. No board was begun.',
      safety: 'untouched',
    });
  return { payload: message.payload, by: toHex(message.keyId) };
}

/** What of an order that has its form cannot be. */
function orderMistake(order: OrderPayload | undefined): string | null {
  if (order === undefined) return 'a member has not its form';
  const { stations, boards, macs, serials, issued, expires } = order;
  if (expires <= issued) return 'it expires before it was issued';
  if (macs?.some(({ first, last }) => first > last)) return 'a range of MACs ends before it begins';
  if (new Set(stations.map(({ station }) => station)).size < stations.length) return 'a station stands in it twice';
  if (serials !== null && `${serials.first + boards - 1}`.length > serials.digits)
    return 'its serial numbers need more digits';
  const shares = stations.flatMap(({ share }) => share ?? []).sort((a, b) => a.first - b.first);
  let next = 1;
  for (const { first, boards: many } of shares) {
    if (first < next) return 'two stations have the same places';
    next = first + many;
  }
  return next - 1 > boards ? 'its shares are more than its boards' : null;
}

function badForm(file: string, why: string): RecipeFault {
  return new RecipeFault({
    code: 'order.form',
    what: `${file} cannot be taken: ${why}.`,
    next: 'Have it made again (order sign, plant lease); no board was begun.',
    safety: 'untouched',
  });
}
