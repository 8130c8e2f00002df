import { profileOf } from '../../chip/profiles.ts';
import { macOfDigits } from '../../efuse/custom-mac.ts';
import { blankSnapshot } from '../../efuse/snapshot.ts';
import { readMacList } from '../custom-macs.ts';
import type { LoadedRecipe } from '../load.ts';
import type { Release } from '../making/release.ts';
import type { Plan } from '../types.ts';
import { devicePartsOf } from './device-parts.ts';
import { makePlan } from './plan.ts';
import { tablesOf } from './silicon-lines.ts';

/** What a plan of this recipe is made from, but for the board. */
export function planInput(loaded: LoadedRecipe, release: Release) {
  const { recipe, ref, firmware, waivers } = loaded;
  return {
    recipe,
    ref,
    release,
    waivers,
    profile: profileOf(recipe.chip),
    deviceParts: devicePartsOf(recipe, firmware),
    past: { run: null, slots: [], givenUp: [], keys: new Map() },
    ...firstAddress(loaded),
  };
}

/** The first address of the list stands for the one that a board will get. */
function firstAddress({ recipe, files }: Pick<LoadedRecipe, 'recipe' | 'files'>): { readonly customMac?: string } {
  const wish = recipe.customMac;
  const bytes = wish === undefined ? undefined : files.get(wish.list);
  const [first] = wish === undefined || bytes === undefined ? [] : readMacList(bytes, wish.column).rows;
  return first === undefined ? {} : { customMac: macOfDigits(first.mac) };
}

/** The plan for a blank chip of the recipe's oldest silicon. */
export function planOnBlank(loaded: LoadedRecipe, release: Release): Plan {
  const { recipe } = loaded;
  const input = planInput(loaded, release);
  const [efuses] = tablesOf(recipe, input.profile);
  const revision = Math.max(recipe.silicon.min, efuses!.revisions.min);
  return makePlan({
    ...input,
    snapshot: blankSnapshot(efuses!),
    serial: null,
    identity: {
      kind: recipe.chip,
      chipId: input.profile.chipId,
      revision,
      mac: '00:00:00:00:00:00',
      packageVersion: 0,
      security: blankSecurity,
    },
  });
}

const blankSecurity = {
  flags: 0,
  secureBoot: false,
  aggressiveRevoke: false,
  secureDownload: false,
  revokedKeys: [false, false, false],
  softJtagDisabled: false,
  hardJtagDisabled: false,
  usbDisabled: false,
  flashCryptCount: 0,
  keyPurposes: [],
  chipId: null,
  apiVersion: null,
} as const;
