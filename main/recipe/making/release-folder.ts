import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { sha256Hex } from '../../base/digest.ts';
import { makeFolder } from '../../base/folder.ts';
import { RecipeFault } from '../../model/fault.ts';
import type { OtaManifest } from '../../model/ota.ts';
import { type DetachedAlgorithm, verifyDetached } from '../../signing/detached.ts';
import { publicKeyOfFile } from '../../signing/public-key-file.ts';
import { spkiSha256 } from '../../signing/spki.ts';
import { whyNot } from '../named-files.ts';
import { manifestFiles } from './ota-release.ts';

/** RecipeFault `ota.folder-exists`: a release folder is written once. */
export function refuseExisting(folder: string): void {
  if (!existsSync(folder)) return;
  throw new RecipeFault({
    code: 'ota.folder-exists',
    what: `${folder} exists already. A release is never written over.`,
    next: 'Name a new folder, best by version and date.',
  });
}

/**
 * Writes a release: the folder is there whole or not at all. RecipeFaults `ota.folder-exists`, `ota.cannot-write`.
 */
export function writeReleaseFolder(out: string, files: ReadonlyMap<string, Uint8Array>): void {
  const folder = resolve(out);
  refuseExisting(folder);
  const draft = join(dirname(folder), `.${basename(folder)}.${randomUUID().slice(0, 8)}`);
  try {
    makeFolder(dirname(folder));
    mkdirSync(draft);
    for (const [name, bytes] of files) writeFileSync(join(draft, name), bytes, { flag: 'wx', flush: true });
    renameSync(draft, folder);
  } catch (cause) {
    rmSync(draft, { recursive: true, force: true });
    throw new RecipeFault({
      code: 'ota.cannot-write',
      what: `The release ${folder} cannot be written: ${whyNot(cause)}.`,
      next: 'Name a folder in a place where you may write and where there is room.',
      cause,
    });
  }
}

/** A manifest as it lies in a folder; null where there is none of a release. Verifies nothing. */
export function readManifest(folder: string): OtaManifest | null {
  try {
    const value = JSON.parse(readFileSync(join(folder, manifestFiles.manifest), 'utf8')) as Partial<OtaManifest>;
    return value.kind === 'ota-release' && typeof value.secureVersion === 'number' ? (value as OtaManifest) : null;
  } catch {
    return null;
  }
}

/**
 * The release of this product with the highest secure version: of the folders named, and of those that lie beside `out`. A manifest that
 * somebody has written can only raise the floor, so none is verified. RecipeFault `ota.no-release` for a named folder that is none.
 */
export function earlierRelease(
  product: { readonly name: string; readonly chip: string },
  out: string,
  named: readonly string[],
): { readonly name: string; readonly secureVersion: number } | null {
  const beside = dirname(resolve(out));
  const siblings = existsSync(beside)
    ? readdirSync(beside, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
        .map((entry) => join(beside, entry.name))
    : [];
  let highest: { name: string; secureVersion: number } | null = null;
  for (const folder of new Set([...named.map((name) => resolve(name)), ...siblings])) {
    const manifest = readManifest(folder);
    if (manifest === null) {
      if (siblings.includes(folder)) continue;
      throw noRelease(folder);
    }
    if (manifest.recipe?.name !== product.name || manifest.chip !== product.chip) continue;
    if (highest === null || manifest.secureVersion > highest.secureVersion)
      highest = { name: folder, secureVersion: manifest.secureVersion };
  }
  return highest;
}

/** What is not as it was released. */
export interface ReleaseWrong {
  readonly what: 'no-signature' | 'other-key' | 'signature' | 'missing' | 'changed';
  readonly file: string;
}

/**
 * A release as a server, or an auditor, finds it: the signature over the manifest, by the key whose SHA-256 the manifest names, and every
 * file. `key` (PEM or DER) is the one that must have signed; left out: the one beside it, which says only that nothing was changed since.
 * Gives back all that is wrong: nothing of a good one. RecipeFault `ota.no-release`.
 */
export function verifyRelease(
  folder: string,
  key: Uint8Array | null,
): { readonly manifest: OtaManifest; readonly wrong: readonly ReleaseWrong[] } {
  const manifest = readManifest(folder);
  if (manifest === null) throw noRelease(folder);
  const read = (name: string) => {
    try {
      return new Uint8Array(readFileSync(join(folder, basename(name))));
    } catch {
      return null;
    }
  };
  const wrong: ReleaseWrong[] = [];
  const signer = key ?? read(manifestFiles.key);
  const spki = signer === null ? null : publicKeyOfFile(signer, key === null ? manifestFiles.key : 'the key given');
  const [text, signature] = [read(manifestFiles.manifest), read(manifestFiles.signature)];
  if (spki === null || text === null || signature === null)
    wrong.push({ what: 'no-signature', file: manifestFiles.signature });
  else {
    if (spkiSha256(spki) !== manifest.signedBy.publicKeySha256)
      wrong.push({ what: 'other-key', file: manifestFiles.key });
    if (!verifyDetached(spki, manifest.signedBy.algorithm as DetachedAlgorithm, text, signature))
      wrong.push({ what: 'signature', file: manifestFiles.manifest });
  }
  for (const { file, fileSha256 } of manifest.images) {
    const bytes = read(file);
    if (bytes === null) wrong.push({ what: 'missing', file });
    else if (sha256Hex(bytes) !== fileSha256) wrong.push({ what: 'changed', file });
  }
  return { manifest, wrong };
}

function noRelease(folder: string): RecipeFault {
  return new RecipeFault({
    code: 'ota.no-release',
    what: `${folder} holds no manifest of a release.`,
    next: 'Name a folder that release build has written.',
  });
}
