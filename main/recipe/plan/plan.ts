import { digestOf } from '../../base/json.ts';
import type { ChipProfile } from '../../chip/board.ts';
import { planBurn } from '../../efuse/plan.ts';
import type { BurnPlan, EfuseRefusal, PastSlot, WantedEfuses } from '../../efuse/plan-types.ts';
import { slotState } from '../../efuse/slots.ts';
import type { EfuseSnapshot } from '../../efuse/types.ts';
import type { ChipIdentity } from '../../model/chip.ts';
import type { KeyRole, PlanFacts } from '../../model/event.ts';
import type { RecipeRef } from '../../model/refs.ts';
import type { Release } from '../making/release.ts';
import { allSteps, stepOf, stepTitle } from '../steps/index.ts';
import type { Plan, PlannedPart, Recipe, StepId, Waiver } from '../types.ts';
import { isDeviceEncrypted } from './device-encryption.ts';
import type { DevicePart } from './device-parts.ts';
import { wantedEfuses } from './wanted-efuses.ts';

/** What a plan is made from. Everything in it was read or decided before; making the plan touches nothing. */
export interface PlanInput {
  readonly recipe: Recipe;
  readonly ref: RecipeRef;
  readonly release: Release;
  readonly deviceParts: readonly DevicePart[];
  readonly profile: ChipProfile;
  readonly identity: ChipIdentity & { readonly revision: number; readonly mac: string };
  readonly snapshot: EfuseSnapshot;
  readonly serial: string | null;
  /** The product's own MAC address for this board, `aa:bb:...`; left out where the recipe asks for none. */
  readonly customMac?: string;
  readonly waivers: readonly Waiver[];
  /** What earlier runs of this board put into key slots, by the ledger; and their keys still at hand. */
  readonly past: {
    readonly run: string | null;
    readonly slots: readonly PastSlot[];
    readonly givenUp: readonly number[];
    /** The run in which the board was last started to encrypt its flash itself; null (or left out): none. */
    readonly encryptedIn?: string | null;
    readonly keys: ReadonlyMap<KeyRole, string>;
  };
}

/** Bytes of the per-device secrets. */
const keyBytes: Readonly<Record<KeyRole, number>> = {
  'flash-encryption': 32,
  'ecdsa-identity': 32,
  'hmac-up': 32,
  'hmac-down-ds': 32,
  'hmac-down-jtag': 32,
  'hmac-down-all': 32,
};

/** The recipe applied to this chip as found. Pure; the refusals stand in `burn.refusals`. */
export function makePlan(input: PlanInput): Plan {
  const { recipe, profile, snapshot, identity, past } = input;
  const digests = input.release.keyDigests;
  const encrypted = isDeviceEncrypted(recipe, snapshot);
  const wanted = {
    ...wantedEfuses(recipe, profile, snapshot.table, identity.revision, digests, encrypted),
    ...customMacWish(input),
  };
  const planned = planBurn(snapshot, wanted, { ...past, madeOwnKeys: (past.encryptedIn ?? null) !== null });
  const burn = {
    ...planned,
    refusals: [...planned.refusals, ...(encrypted ? foreignEncryption(past) : lostKeys(planned, past))],
  };
  const parts = plannedParts(input);
  const keys = plannedKeys(recipe, burn, input);
  const draft = { parts, burn, keys };
  return {
    recipe: input.ref,
    chip: { kind: identity.kind, revision: identity.revision, mac: identity.mac },
    serial: input.serial,
    steps: stepIds(recipe, input.waivers, encrypted).map((id) => {
      const step = stepOf(id);
      return { id, title: stepTitle(id), irreversible: step.irreversible, summary: step.summary(draft, recipe) };
    }),
    parts,
    wanted,
    burn,
    keys,
    waivers: input.waivers,
    resumes: past.run,
  };
}

/** No plan without the address that its recipe asks for. */
function customMacWish({ recipe, customMac }: PlanInput): Pick<WantedEfuses, 'customMac'> {
  if (recipe.customMac === undefined) return {};
  if (customMac === undefined)
    throw new RangeError('the recipe asks for a MAC address of its own, and none was chosen');
  return { customMac };
}

/** The steps that this recipe has, in the one order (docs/architecture.md#order-of-steps). */
function stepIds(recipe: Recipe, waivers: readonly Waiver[], encrypted: boolean): StepId[] {
  const waived = waivers.some((waiver) => waiver.check === 'boot-proof');
  const when = waived ? 'none' : recipe.bootProof.when;
  const left = new Set<StepId>();
  if (recipe.flashEncryption?.by !== 'device' || encrypted) left.add('device-encryption');
  // What a device has encrypted itself nobody can write any more: the earlier run's flash is the one.
  if (encrypted) for (const id of ['prepare', 'write-flash'] as const) left.add(id);
  if (when === 'none' || when === 'after-door') left.add('boot-proof');
  if (when === 'none' || when === 'before-door') left.add('final-boot-proof');
  return allSteps.map((step) => step.id).filter((id) => !left.has(id));
}

function plannedParts(input: PlanInput): PlannedPart[] {
  const parts: PlannedPart[] = input.release.parts.map((part) => ({
    name: part.name,
    kind: part.kind,
    offset: part.offset,
    length: part.plain.length,
    signed: part.signed,
    encrypted: part.encrypted,
  }));
  for (const { kind, partition, encrypted, length } of input.deviceParts)
    parts.push({
      name: partition.name,
      kind,
      offset: partition.offset,
      length,
      ...(length === null ? { room: partition.size } : {}),
      signed: false,
      encrypted,
    });
  return parts.sort((a, b) => a.offset - b.offset);
}

/** Secrets that are burned and proven, and whose wrapped form is gone: nothing can be encrypted or certified under them any more. */
function lostKeys(burn: BurnPlan, past: PlanInput['past']): EfuseRefusal[] {
  return burn.slots.flatMap(({ slot, material, todo }) => {
    const earlier = past.slots.find((entry) => entry.slot === slot);
    if (material.kind !== 'secret' || todo.content || earlier?.keyAtHand !== false) return [];
    return [
      {
        code: 'plan.key-lost',
        what: `Key slot ${slot} holds the ${material.role} key of an earlier run, whose wrapped form is not in this ledger any more.`,
        next: 'Set the board aside: without that key it cannot be finished.',
        condemns: true,
      },
    ];
  });
}

/** A board that has encrypted its flash, and no run of ours that had it do so. */
function foreignEncryption(past: PlanInput['past']): EfuseRefusal[] {
  if ((past.encryptedIn ?? null) !== null) return [];
  return [
    {
      code: 'plan.encrypted-elsewhere',
      what: 'The device has encrypted its flash already, and no run of this ledger had it do so.',
      next: 'Set the board aside: what lies in its flash nobody here can know.',
      condemns: true,
    },
  ];
}

/**
 * A secret of which something stands in a slot that an earlier run has touched is that run's key; every other is made anew. Where the slot
 * is blank the key may stand in another chip that bears the same MAC: it is not put into a second one.
 */
function plannedKeys(recipe: Recipe, burn: BurnPlan, { past, snapshot }: PlanInput): Plan['keys'] {
  const roles = new Set<KeyRole>();
  for (const slot of burn.slots) if (slot.material.kind === 'secret') roles.add(slot.material.role);
  return [...roles].map((role) => {
    const fingerprint = past.keys.get(role) ?? null;
    const touched = past.slots.some((one) => one.role === role && !slotState(snapshot, one.slot).blank);
    const bytes = keyLength(role, recipe);
    return touched && fingerprint !== null
      ? { role, bytes, source: 'earlier-run' as const, fingerprint }
      : { role, bytes, source: 'new' as const, fingerprint: null };
  });
}

/** Two blocks of flash key, or half of one; a P-384 scalar, which two blocks hold with zeros before it. */
function keyLength(role: KeyRole, recipe: Recipe): number {
  if (role === 'flash-encryption' && recipe.flashEncryption?.key === 'xts-aes-256') return 64;
  if (role === 'flash-encryption' && recipe.flashEncryption?.key === 'xts-aes-128-derived') return 16;
  return role === 'ecdsa-identity' && recipe.identity?.key === 'ecdsa-p384' ? 48 : keyBytes[role];
}

/** SHA-256 (hex) over the canonical plan: what the ledger binds before anything is burned. */
export function planDigest(plan: Plan): string {
  return digestOf(plan);
}

/** What of the plan the sealed record will state. */
export function planFacts(plan: Plan, recipe: Recipe, release: Release): PlanFacts {
  const door: Record<string, number> = {};
  for (const field of plan.wanted.fields) if (field.stage === 'door') door[field.field] = field.value;
  return {
    serial: plan.serial,
    secureBoot: recipe.secureBoot ? { scheme: recipe.secureBoot.scheme, keyDigests: release.keyDigests } : null,
    secureVersion: recipe.secureVersion,
    keys: plan.burn.slots.map((slot) => ({
      material: slot.material.kind === 'secret' ? slot.material.role : `secure-boot-digest-${slot.material.index}`,
      block: slot.block,
      digest: slot.material.kind === 'digest' ? slot.material.sha256 : null,
    })),
    door,
  };
}
