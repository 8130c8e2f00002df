import type { FirmwareFacts } from '../model/assurance.ts';
import { advisoriesDate } from './lint/advisories.ts';
import { rulesKept, sdkconfigDigest } from './lint/lint.ts';
import type { LoadedRecipe } from './load.ts';

/** What each device's record keeps of the build it was made with. Pure. */
export function firmwareFactsOf({
  recipe,
  firmware,
  findings,
}: Pick<LoadedRecipe, 'recipe' | 'firmware' | 'findings'>): FirmwareFacts {
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
