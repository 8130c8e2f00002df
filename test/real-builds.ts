// Builds that others published stay outside the repository, for their licence and their size. FUSELINE_REAL_BUILDS names the folder
// that holds esp32p4-real and esp32s3-real (test/README.md).
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type RealBuild = 'esp32p4-real' | 'esp32s3-real';

const named = process.env.FUSELINE_REAL_BUILDS ?? '';
const builds: readonly RealBuild[] = ['esp32p4-real', 'esp32s3-real'];
const present = named !== '' && builds.every((build) => existsSync(join(named, build)));

/** Why a test that wants them is skipped; false where they are there. */
export const noRealBuilds = present ? false : 'FUSELINE_REAL_BUILDS does not name a folder with the real builds';

/** The folder of a build. */
export function realBuild(build: RealBuild): string {
  return join(named, build);
}

/** One file of a build. */
export function realFile(build: RealBuild, name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(realBuild(build), name)));
}

/** Files of a build, by their names, as `readFirmware` takes them. */
export function realFiles(build: RealBuild, ...names: readonly string[]): Map<string, Uint8Array> {
  return new Map(names.map((name) => [name, realFile(build, name)]));
}
