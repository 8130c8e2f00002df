import { isoTime } from '../base/clock.ts';
import { RecipeFault } from '../model/fault.ts';
import type { SealedRecord } from '../model/record.ts';
import { buildOtaRelease } from '../recipe/ota-release.ts';
import { earlierRelease, refuseExisting, verifyRelease, writeReleaseFolder } from '../recipe/release-folder.ts';
import { TokenRing } from '../signing/token-ring.ts';
import { readInput } from './files.ts';
import { makeMissingKeys, type RecipeOptions, requireRecipe } from './recipe-input.ts';
import { bytesText, table } from './words.ts';
import { type Exit, exit, type OpenOptions, type World } from './world.ts';

export interface ReleaseOptions extends OpenOptions, RecipeOptions {
  readonly recipe: string;
  readonly out: string;
  readonly device?: readonly string[];
  readonly after?: readonly string[];
  readonly json?: boolean;
}

/** Writes a release folder: signed, and where the recipe asks for it encrypted, update images with a signed manifest. */
export async function releaseBuild(options: ReleaseOptions, world: World): Promise<Exit> {
  const loaded = requireRecipe(options.recipe, options, world);
  const { recipe } = loaded;
  refuseExisting(options.out);
  const earlier = earlierRelease({ name: recipe.name, chip: recipe.chip }, options.out, options.after ?? []);
  const devices = await recordsOf(options.device ?? [], options, world);
  const { signer, embedded, openToken } = await world.openSigner(options);
  try {
    if (embedded) await makeMissingKeys(recipe, signer, world);
    await using tokens = new TokenRing(signer, openToken);
    const { manifest, files } = await buildOtaRelease({
      loaded,
      tokens,
      random: world.random,
      madeAt: isoTime(world.clock.now()),
      software: { name: 'fuseline', version: world.version },
      devices,
      earlier,
    });
    writeReleaseFolder(options.out, files);
    if (options.json) world.streams.answer(JSON.stringify(manifest));
    else {
      const rows = manifest.images.map((image) => [
        image.file,
        bytesText(image.fileSize),
        `secure version ${image.secureVersion}`,
        image.encryption === null ? 'signed' : `signed, encrypted (${image.encryption.scheme})`,
        image.device ?? '',
      ]);
      for (const line of table(rows)) world.streams.answer(line);
    }
    world.streams.say(
      `Release of ${recipe.name} revision ${recipe.revision} written to ${options.out}, its manifest signed by ${manifest.signedBy.label}.`,
    );
    return exit.passed;
  } finally {
    await signer.close();
  }
}

/** The sealed records of devices named by MAC or serial, each once. */
async function recordsOf(names: readonly string[], options: OpenOptions, world: World): Promise<SealedRecord[]> {
  if (names.length === 0) return [];
  const ledger = await world.openLedger(options);
  try {
    const records = new Map<string, SealedRecord>();
    for (const name of names) {
      const record = await ledger.sealedDevice(name);
      if (record === null)
        throw new RecipeFault({
          code: 'ota.no-device',
          what: `No sealed device ${JSON.stringify(name)} is in this ledger.`,
          next: 'Name a device by MAC or serial number (audit list), at the station that sealed it.',
        });
      records.set(record.chip.mac, record);
    }
    return [...records.values()];
  } finally {
    await ledger.close();
  }
}

/** Whether a release folder is as it was written, by the key that is trusted. */
export function releaseVerify(
  folder: string,
  options: { readonly key?: string; readonly json?: boolean },
  world: World,
): Exit {
  const { manifest, wrong } = verifyRelease(folder, options.key === undefined ? null : readInput(options.key));
  if (options.json) world.streams.answer(JSON.stringify({ wrong, manifest }));
  else for (const sentence of wrong) world.streams.answer(sentence);
  world.streams.say(
    wrong.length === 0
      ? `${folder}: ${manifest.images.length} images as they were released; manifest signed by ${manifest.signedBy.label} (${manifest.signedBy.publicKeySha256}).`
      : `${folder} is not as it was released.`,
  );
  return wrong.length === 0 ? exit.passed : exit.badInput;
}
