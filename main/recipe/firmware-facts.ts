import type { FirmwareFacts } from '../model/assurance.ts';
import { advisoriesDate } from './lint/advisories.ts';
import { rulesKept, sdkconfigDigest } from './lint/lint.ts';
import type { LoadedRecipe } from './load.ts';

type Judged = Pick<LoadedRecipe, 'recipe' | 'firmware' | 'findings'>;

/** Every board of a batch asks for the same: an sdkconfig has thousands of lines. */
const known = new WeakMap<Judged, FirmwareFacts>();

/** What each device's record keeps of the build it was made with. Pure. */
export function firmwareFactsOf(loaded: Judged): FirmwareFacts {
  const facts = known.get(loaded) ?? factsOf(loaded);
  known.set(loaded, facts);
  return facts;
}

function factsOf({ recipe, firmware, findings }: Judged): FirmwareFacts {
  const app = firmware.parts.find((part) => part.image?.app)?.image?.app ?? null;
  return {
    project: app?.projectName || null,
    version: app?.version || null,
    idfVersion: app?.idfVersion || null,
    sdkconfigSha256: sdkconfigDigest(firmware),
    advisoriesOf: advisoriesDate,
    findings: findings
      .filter(({ path, file, section }) => section !== undefined || path === 'firmware' || file === 'sdkconfig')
      .map(({ check, severity, waived }) => ({ check, severity, waived: waived !== null })),
    kept: rulesKept(recipe, firmware),
    updates: recipe.ota?.encryption ?? null,
  };
}
