import { scryptSync } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { sha256Hex } from '../base/digest.ts';
import { readPlainFileIn } from '../base/plain-file.ts';
import type { Finding } from './finding.ts';
import type { Recipe } from './types.ts';

/** What a recipe names beside its build: the bytes of each file, by the path as the recipe writes it. */
export type NamedFiles = ReadonlyMap<string, Uint8Array>;

/** Larger ones are a mistake: what recipes name are keys, certificates and lists. */
const largestFile = 16 * 1024 * 1024;

/** Every file that the recipe names beside its build, with the dotted path of the key that names it. */
function filesNamed(recipe: Recipe): { readonly path: string; readonly file: string; readonly secret?: boolean }[] {
  const keys = recipe.secureBoot?.keys ?? [];
  const chain = recipe.identity?.certificate?.caChain ?? [];
  return [
    ...chain.map((file, at) => ({ path: `identity.certificate.ca_chain.${at}`, file })),
    ...keys.flatMap((key, at) =>
      'publicKey' in key ? [{ path: `secure_boot.keys.${at}.public_key`, file: key.publicKey }] : [],
    ),
    ...(recipe.customMac ? [{ path: 'custom_mac.list', file: recipe.customMac.list }] : []),
    ...(recipe.ota?.publicKey ? [{ path: 'ota.public_key', file: recipe.ota.publicKey }] : []),
    ...(recipe.storage ?? []).flatMap(({ devices, values }, at) => [
      ...(devices === null ? [] : [{ path: `storage.${at}.devices`, file: devices, secret: true }]),
      ...values.flatMap(({ source, secret }, nth) =>
        source.kind === 'file' ? [{ path: `storage.${at}.values.${nth}.file`, file: source.file, secret }] : [],
      ),
    ]),
  ];
}

/** Where the files lie that the recipe names beside its build. */
export function namedPlaces(recipe: Recipe, recipeFile: string): string[] {
  const sbom = recipe.firmware.sbom === undefined ? [] : [{ file: recipe.firmware.sbom }];
  return [...filesNamed(recipe), ...sbom].map(({ file }) => placeOf(file, recipeFile));
}

/** The paths of a recipe are taken from its own folder. */
function placeOf(file: string, recipeFile: string): string {
  return resolve(dirname(recipeFile), file);
}

/**
 * Reads the files that a recipe names, relative to the recipe's own: out of its folder, and out of `build`, the folder of a build that was
 * understood (null: none was), and no others, whoever wrote the text. `digests` (SHA-256, hex) go into the recipe's hash, so that an
 * approval covers them. One that cannot be read is a finding (`recipe.no-file`), which tells nothing of what is in it.
 */
export function readNamedFiles(
  recipe: Recipe,
  recipeFile: string,
  build: string | null,
): { readonly files: NamedFiles; readonly digests: Record<string, string>; readonly findings: Finding[] } {
  const files = new Map<string, Uint8Array>();
  const folders = [dirname(recipeFile), ...(build === null ? [] : [build])];
  const digests: Record<string, string> = {};
  const findings: Finding[] = [];
  for (const { path, file, secret = false } of filesNamed(recipe)) {
    const place = placeOf(file, recipeFile);
    try {
      const bytes = readPlainFileIn(folders, place, largestFile);
      files.set(file, bytes);
      digests[file] = secret ? slowDigest(bytes) : sha256Hex(bytes);
    } catch (error) {
      findings.push({
        severity: 'error',
        check: 'recipe.no-file',
        waivable: false,
        file: recipeFile,
        line: null,
        column: null,
        path,
        what: `The file ${place} cannot be read: ${whyNot(error)}.`,
        remedy: 'Put it into the folder of the recipe, from which the path is taken, or below it, or correct the path.',
        waived: null,
      });
    }
  }
  return { files, digests, findings };
}

const slowDigests = new Map<string, string>();

/**
 * What of a file with secrets goes into the recipe's hash, and with its text into the ledger: scrypt (some 50 ms a guess) instead of a
 * plain digest, by which a weak password in an otherwise known list could be searched for. Each content is computed once.
 */
function slowDigest(bytes: Uint8Array): string {
  const key = sha256Hex(bytes);
  const known = slowDigests.get(key);
  if (known !== undefined) return known;
  const digest = scryptSync(bytes, 'fuseline file of a recipe', 32, { N: 16384, r: 8, p: 1 }).toString('hex');
  slowDigests.set(key, digest);
  return digest;
}

/** Why a file or folder cannot be read, for people. */
export function whyNot(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'there is no such file or folder';
  if (code === 'EACCES') return 'this user may not read it';
  if (code === 'ENOTDIR') return 'it is not a folder';
  if (code === 'EISDIR') return 'it is a folder';
  return error instanceof Error ? error.message : String(error);
}
