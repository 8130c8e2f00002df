import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { sha256Hex } from '../base/digest.ts';
import { canonicalJson, digestOf } from '../base/json.ts';
import { readPlainFile, readPlainFileIn } from '../base/plain-file.ts';
import { decodeText } from '../base/text.ts';
import { profileOf } from '../chip/profiles.ts';
import { parseRecipe } from '../config/recipe-schema.ts';
import type { Place } from '../config/yaml.ts';
import { readFirmware } from '../image/firmware.ts';
import type { Firmware } from '../image/types.ts';
import type { BuildComponents } from '../model/component.ts';
import { isFault, RecipeFault } from '../model/fault.ts';
import type { RecipeRef } from '../model/refs.ts';
import { checkRecipe, waivableChecks } from './checks/check.ts';
import { componentsOf } from './components.ts';
import type { Finding } from './finding.ts';
import { type NamedFiles, readNamedFiles, whyNot } from './named-files.ts';
import { withRecovery } from './plan/second-bootloader.ts';
import { settleDoors } from './plan/settle-doors.ts';
import { settleEncryption } from './plan/settle-encryption.ts';
import { settleStorage } from './plan/settle-storage.ts';
import type { Recipe, Waiver } from './types.ts';

/** A recipe and its firmware, read and judged. */
export interface LoadedRecipe {
  readonly file: string;
  readonly recipe: Recipe;
  readonly firmware: Firmware;
  readonly firmwareFolder: string;
  /** The files that the recipe names beside its build. */
  readonly files: NamedFiles;
  /** By the SBOM of the build; null: it has none. */
  readonly components: BuildComponents | null;
  readonly ref: RecipeRef;
  /** Text whose SHA-256 the reference carries. */
  readonly canonicalText: string;
  readonly findings: readonly Finding[];
  readonly waivers: readonly Waiver[];
}

export interface LoadOptions {
  /** Takes the place of the recipe's build. */
  readonly firmwareFolder?: string;
  /** Where the folder that the recipe names lies; left out: relative to the recipe's own. Never asked where `firmwareFolder` is given. */
  readonly findFolder?: (named: string) => string;
  /** Waivers of the command line, beside the recipe's own. */
  readonly waivers?: readonly Waiver[];
}

/** What reading gave: the loaded recipe where nothing fatal stood in the way, and every finding in any case. */
export interface LoadResult {
  readonly loaded: LoadedRecipe | null;
  /** The recipe alone, where the file can be read as one, whatever else stands in the way. */
  readonly recipe: Recipe | null;
  /** By the SBOM of the build, where there is one that can be read. */
  readonly components: BuildComponents | null;
  readonly findings: readonly Finding[];
}

/**
 * Reads a recipe file and the build it names, and checks both against the chip: every mistake, never only the first. Throws RecipeFault
 * `recipe.not-found` when the file cannot be read at all.
 */
export function loadRecipe(file: string, options: LoadOptions = {}): LoadResult {
  const read = decodeText(readBytes(file));
  if ('text' in read) return loadRecipeText(read.text, file, options);
  const { line, what, remedy } = read.mistake;
  const finding: Finding = {
    severity: 'error',
    check: 'text-encoding',
    waivable: false,
    file,
    line,
    column: 1,
    path: null,
    what,
    remedy,
    waived: null,
  };
  return { loaded: null, recipe: null, components: null, findings: [finding] };
}

/** The same for a text that is not in a file yet; `file` says where it would lie, and what its paths are relative to. */
export function loadRecipeText(text: string, file: string, options: LoadOptions = {}): LoadResult {
  const { recipe: written, problems, placeOf } = parseRecipe(text, file);
  if (written === null) return { loaded: null, recipe: null, components: null, findings: problems };
  const waivers = [...written.waivers, ...(options.waivers ?? [])];
  const { firmwareFolder, findFolder = (named) => resolve(dirname(file), named) } = options;
  const folder = firmwareFolder ? resolve(firmwareFolder) : findFolder(written.firmware.folder);
  const {
    firmware: built,
    findings: firmwareFindings,
    digests,
  } = readBuild(folder, written, firmwareFolder === undefined ? file : folder);
  const firmware = built === null ? null : withRecovery(built, written);
  const recipe = settleDoors(settleEncryption(settleStorage(written, firmware), firmware), firmware);
  const named = readNamedFiles(recipe, file, firmware === null ? null : folder);
  const made =
    firmware === null ? { components: null, findings: [] } : componentsOf(written, file, { firmware, folder });
  const judged = [
    ...firmwareFindings,
    ...named.findings,
    ...made.findings,
    ...checkRecipe(recipe, firmware, profileOf(recipe.chip), file, named.files),
  ];
  const strange = (options.waivers ?? []).flatMap(unknownWaiver);
  const findings = applyWaivers(
    [...problems, ...judged.map((finding) => placed(finding, file, placeOf)), ...strange],
    waivers,
  );
  if (firmware === null) return { loaded: null, recipe, components: null, findings };
  const beside = Object.keys(named.digests).length > 0 ? { named: named.digests } : {};
  const content = {
    recipe: { ...recipe, firmware: { ...recipe.firmware, folder: basename(folder) } },
    files: digests,
    ...beside,
    ...(made.components === null ? {} : { components: made.components }),
    waivers,
  };
  const ref: RecipeRef = { name: recipe.name, revision: recipe.revision, hash: digestOf(content) };
  const loaded = {
    file,
    recipe,
    firmware,
    firmwareFolder: folder,
    files: named.files,
    components: made.components,
    ref,
    canonicalText: canonicalJson(content),
    findings,
    waivers,
  };
  return { loaded: findings.some(blocks) ? null : loaded, recipe, components: made.components, findings };
}

/** A waiver of the command line that lets nothing go. */
function unknownWaiver({ check }: Waiver): Finding[] {
  if (check in waivableChecks) return [];
  return [
    {
      severity: 'error',
      check: 'unknown-waiver',
      waivable: false,
      file: null,
      line: null,
      column: null,
      path: '--waive',
      what: `There is no check ${JSON.stringify(check)} that could be waived.`,
      remedy: 'Name a check as recipe check prints it in brackets: those that can be waived say so there.',
      waived: null,
    },
  ];
}

/** Whether a finding stands in the way. */
export function blocks(finding: Finding): boolean {
  return finding.severity === 'error' && finding.waived === null;
}

/** A finding about the recipe file with the line of what it is about (or of its nearest parent that is written). */
function placed(finding: Finding, file: string, placeOf: (path: string) => Place | null): Finding {
  if (finding.file !== file || finding.line !== null) return finding;
  return { ...finding, ...placeOf(finding.path ?? '') };
}

function applyWaivers(findings: readonly Finding[], waivers: readonly Waiver[]): Finding[] {
  return findings.map((finding) => {
    const waiver = finding.waivable ? waivers.find((candidate) => candidate.check === finding.check) : undefined;
    return waiver ? { ...finding, waived: waiver.reason } : finding;
  });
}

/** Far longer than a person writes one. */
export const largestRecipe = 1024 * 1024;

function readBytes(file: string): Uint8Array {
  try {
    return readPlainFile(file, largestRecipe);
  } catch (error) {
    throw new RecipeFault({
      code: 'recipe.not-found',
      what: `The recipe ${file} cannot be read: ${whyNot(error)}.`,
      next: 'Check the path; the recipes that come with the program lie in station-config/recipes.',
      cause: error,
    });
  }
}

/**
 * Files of a build folder that the formats need (bounded, so that a wrong folder is not read whole). `blamed` is who named the folder: the
 * file of a finding.
 */
function readBuild(
  folder: string,
  recipe: Recipe,
  blamed: string,
): { firmware: Firmware | null; findings: Finding[]; digests: Record<string, string> } {
  try {
    const files = readFolder(folder);
    const firmware = readFirmware(files, recipe.chip);
    const digests = Object.fromEntries(firmware.parts.map((part) => [part.name, sha256Hex(part.data)]));
    return { firmware, findings: [], digests };
  } catch (error) {
    if (!isFault(error)) throw error;
    const finding: Finding = {
      severity: 'error',
      check: error.code,
      waivable: false,
      file: blamed,
      line: null,
      column: null,
      path: 'firmware.folder',
      what: error.what,
      remedy: error.next,
      waived: null,
    };
    return { firmware: null, findings: [finding], digests: {} };
  }
}

const largestFile = 64 * 1024 * 1024;
/** All files of a build together: no flash of these chips holds more. */
const largestBuild = 256 * 1024 * 1024;

/** What of a build folder is read, by name: links that lead out of it are not followed. RecipeFault `recipe.no-firmware`. */
export function readFolder(folder: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let left = largestBuild;
  const read = (path: string, name: string) => {
    if (!/\.(bin|json)$|^(flash_args|sdkconfig)$/.test(basename(name))) return;
    const info = statSync(path);
    if (!info.isFile() || info.size > largestFile) return;
    const bytes = readPlainFileIn([folder], path, Math.min(largestFile, left));
    left -= bytes.length;
    files.set(name, bytes);
  };
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isFile()) read(path, entry.name);
      else if (entry.isDirectory() && (entry.name === 'bootloader' || entry.name === 'partition_table')) {
        for (const inner of readdirSync(path))
          if (inner.endsWith('.bin')) read(join(path, inner), `${entry.name}/${inner}`);
      }
    }
  } catch (error) {
    throw new RecipeFault({
      code: 'recipe.no-firmware',
      what: `The firmware folder ${folder} cannot be read: ${whyNot(error)}.`,
      next: 'Give the ESP-IDF build folder: firmware.folder in the recipe, or --firmware FOLDER.',
      cause: error,
    });
  }
  return files;
}
