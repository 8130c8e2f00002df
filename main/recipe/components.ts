import { type Dirent, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { sha256Hex } from '../base/digest.ts';
import { readPlainFileIn } from '../base/plain-file.ts';
import { readSbom, type Sbom } from '../formats/sbom.ts';
import type { Firmware } from '../image/types.ts';
import type { BuildComponents } from '../model/component.ts';
import type { Finding } from './finding.ts';
import { whyNot } from './named-files.ts';
import type { Recipe } from './types.ts';

/** With `--files add` esp-idf-sbom lists each source file. */
const largestSbom = 64 * 1024 * 1024;

/** How SBOMs are called that lie in a build folder. */
const sbomName = /^(s?bom)\.json$|^sbom[-_.].*\.json$|[-_.]s?bom\.json$|\.spdx$|\.spdx\.json$|\.cdx\.json$/i;

/**
 * The components of a build by its SBOM: the one that the recipe names, else the one in the build folder. Null where there is none, or a
 * finding stands in the way; what is in it goes into the recipe's hash, so that an approval covers it.
 */
export function componentsOf(
  recipe: Recipe,
  recipeFile: string,
  { firmware, folder }: { readonly firmware: Firmware; readonly folder: string },
): { readonly components: BuildComponents | null; readonly findings: readonly Finding[] } {
  const finding = (told: Pick<Finding, 'check' | 'waivable' | 'what' | 'remedy'>): Finding => ({
    severity: 'error',
    ...{ file: recipeFile, line: null, column: null, waived: null, ...told },
    path: recipe.firmware.sbom === undefined ? 'firmware' : 'firmware.sbom',
  });
  const refused = (told: Parameters<typeof finding>[0]) => ({ components: null, findings: [finding(told)] });
  const named = recipe.firmware.sbom;
  const there = named === undefined ? namesIn(folder) : [named];
  if (there.length > 1)
    return refused({
      check: 'sbom-several',
      waivable: false,
      what: `The build folder has ${there.length} SBOMs: ${there.slice(0, 3).join(', ')}${there.length > 3 ? ' and more' : ''}.`,
      remedy: 'Name the one that counts in firmware.sbom, or take the others out.',
    });
  const [file] = there;
  if (file === undefined) return { components: null, findings: [] };
  const place = named === undefined ? join(folder, file) : resolve(dirname(recipeFile), file);
  let bytes: Uint8Array;
  try {
    bytes = readPlainFileIn([folder, dirname(recipeFile)], place, largestSbom);
  } catch (error) {
    return refused({
      check: 'sbom-unread',
      waivable: true,
      what: `The SBOM ${place} cannot be read: ${whyNot(error)}.`,
      remedy: 'Put it into the build folder, or beside the recipe, and correct the path.',
    });
  }
  const read = readSbom(bytes);
  if ('mistake' in read)
    return refused({
      check: 'sbom-unread',
      waivable: true,
      what: `The SBOM ${place} cannot be read. ${read.mistake}`,
      remedy: 'Write it anew: esp-idf-sbom create --format cyclonedx-json.',
    });
  const { product, form, components } = read.sbom;
  const other = otherThan(firmware, product);
  return {
    components: { file, sha256: sha256Hex(bytes), form, components },
    findings:
      other === null
        ? []
        : [
            {
              ...finding({
                check: 'sbom-other-build',
                waivable: true,
                what: `The SBOM ${place} is of ${other}.`,
                remedy: 'Write it anew from this build.',
              }),
              severity: 'warning',
            },
          ],
  };
}

/** What an SBOM says it is of, where the application says something else of itself; null: they agree, or one of them says nothing. */
function otherThan({ parts }: Firmware, product: Sbom['product']): string | null {
  const app = parts.find((part) => part.image?.app)?.image?.app;
  if (!app || product === null) return null;
  const { version } = product;
  const name = product.name.replace(/^project-/, '');
  // the descriptor has room for 31 bytes of each
  const fits = (said: string | null, own: string) => said === null || own === '' || said.slice(0, own.length) === own;
  if (fits(name, app.projectName) && fits(version, app.version)) return null;
  return `${name} ${version ?? ''}`.trim().concat(`, and the application is ${app.projectName} ${app.version}`);
}

function namesIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    // (where a link leads, the reading asks)
    const isFile = (entry: Dirent) => entry.isFile() || entry.isSymbolicLink();
    return entries.filter((entry) => isFile(entry) && sbomName.test(entry.name)).map(({ name }) => name);
  } catch {
    // told where the build is read
    return [];
  }
}
