import { profileOf } from '../../chip/profiles.ts';
import { blankSnapshot, decodeSnapshot } from '../../efuse/snapshot.ts';
import type { EfuseSnapshot } from '../../efuse/types.ts';
import type { Assurance } from '../../model/assurance.ts';
import type { EfuseFields } from '../../model/evidence/efuses.ts';
import { firmwareFactsOf } from '../firmware-facts.ts';
import type { LoadedRecipe } from '../load.ts';
import { previewRelease, type Release } from '../making/release.ts';
import { planFacts } from '../plan/plan.ts';
import { planOnBlank } from '../plan/preview.ts';
import { tablesOf } from '../plan/silicon-lines.ts';
import type { Plan, StepId } from '../types.ts';
import { assuranceOfProduct } from './assurance.ts';
import { Product, type Shown } from './product.ts';

const perDevice = 'made for each device';

/**
 * What a device made by this recipe will be able to show: the same recommendations as of a device, judged of the plan for a blank chip and
 * of the build; evidence begins with the key of the recipe. `approver`: who approved the recipe and so its waivers, as far as is known.
 * Nothing of it is a promise about a board: a plan that is refused cannot be carried out. Pure.
 */
export function assuranceOfRecipe(loaded: LoadedRecipe, approver: string | null): Assurance[] {
  const profile = profileOf(loaded.recipe.chip);
  const release = previewRelease(loaded.recipe, loaded.firmware);
  const plan = planOnBlank(loaded, release);
  return assuranceOfProduct(new Product(foreseen(loaded, release, plan, approver), profile, 'recipe'));
}

function foreseen(loaded: LoadedRecipe, release: Release, plan: Plan, approver: string | null): Shown {
  const { recipe, waivers } = loaded;
  const facts = planFacts(plan, recipe, release);
  const { challenge } = recipe.bootProof;
  const has = (step: StepId) => plan.steps.some(({ id }) => id === step);
  const isSigned =
    recipe.identity !== null && (challenge === 'required' || (challenge === 'if-offered' && release.offersProof));
  const proof = isSigned ? { signature: perDevice } : {};
  return {
    chip: { ...plan.chip, packageVersion: 0 },
    keys: keysOf(facts.keys),
    images: plan.parts.map(({ name, offset, length, encrypted }) => ({
      name,
      offset,
      length: length ?? 0,
      plainSha256: null,
      flashSha256: perDevice,
      encrypted,
    })),
    secureBoot: facts.secureBoot,
    identity: recipe.identity && {
      key: recipe.identity.key,
      publicKey: perDevice,
      certificatePem: null,
      certificateSerial: recipe.identity.certificate === null ? null : perDevice,
    },
    secureVersion: facts.secureVersion,
    efusesAfter: { readOut: readOutOf(loaded, plan), burnedAfterwards: {} },
    bootProof: {
      ...(has('boot-proof') ? { beforeDoor: proof } : {}),
      ...(has('final-boot-proof') ? { afterDoor: proof } : {}),
    },
    waivers: waivers.map(({ check, reason }) => {
      const own = recipe.waivers.some((waiver) => waiver.check === check && waiver.reason === reason);
      return { check, reason, by: own ? approver : null, from: own ? ('recipe' as const) : ('operator' as const) };
    }),
    firmware: firmwareFactsOf(loaded),
    ...(recipe.storage
      ? {
          storage: recipe.storage.map(({ partition, encryption, values }) => ({
            partition,
            encryption,
            keys: values.map(({ namespace, key }) => `${namespace}.${key}`),
            row: null,
          })),
        }
      : {}),
    ...(recipe.provisioning
      ? {
          provisioning: {
            scheme: recipe.provisioning.scheme,
            username: recipe.provisioning.username,
            service: recipe.provisioning.service,
            transport: recipe.provisioning.transport,
            fingerprint: perDevice,
          },
        }
      : {}),
    ...(recipe.flashEncryption?.by === 'device' ? { flashEncryptedBy: 'device' as const } : {}),
    escrows: [
      ...(recipe.doors.jtag === 'soft' ? [{ what: 'jtag-token' as const, fingerprint: perDevice }] : []),
      ...(recipe.provisioning ? [{ what: 'proof-of-possession' as const, fingerprint: null }] : []),
    ],
    keysDestroyedAt: 'destroyed at the seal',
  };
}

function keysOf(planned: ReturnType<typeof planFacts>['keys']): Shown['keys'] {
  const keys = new Map<string, { role: Shown['keys'][number]['role']; blocks: number[]; fingerprint: string }>();
  for (const { material: role, block, digest } of planned) {
    const key = keys.get(role) ?? { role, blocks: [], fingerprint: digest ?? perDevice };
    key.blocks.push(block);
    keys.set(role, key);
  }
  return [...keys.values()];
}

/** The blank chip as it is in the end: what the plan burns, and what the device then burns itself, of which the run makes sure. */
function readOutOf(loaded: LoadedRecipe, plan: Plan): EfuseFields {
  const fields = { ...decodeSnapshot(afterwards(loaded, plan)) };
  for (const { field, value } of plan.wanted.fields) {
    const burned = fields[field];
    if (burned) fields[field] = { ...burned, value: Number(burned.value ?? 0) | value };
  }
  for (const { field } of plan.wanted.writeProtect) {
    const frozen = fields[field];
    if (frozen) fields[field] = { ...frozen, writeProtected: true };
  }
  return fields;
}

/** The blank chip with every bit of the plan burned. */
function afterwards({ recipe }: LoadedRecipe, plan: Plan): EfuseSnapshot {
  const [table] = tablesOf(recipe, profileOf(recipe.chip));
  const blank = blankSnapshot(table!);
  const blocks = blank.blocks.map((words) => [...words]);
  for (const { block, bit } of plan.burn.bits) {
    const words = blocks[block]!;
    words[bit >>> 5] = (words[bit >>> 5]! | (1 << (bit & 31))) >>> 0;
  }
  return { ...blank, blocks };
}
