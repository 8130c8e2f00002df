import { isoTime } from '../base/clock.ts';
import { bytesText } from '../base/number-text.ts';
import { RecipeFault } from '../model/fault.ts';
import type { SealedRecord } from '../model/record.ts';
import { buildOtaRelease } from '../recipe/making/ota-release.ts';
import { earlierRelease, refuseExisting, verifyRelease, writeReleaseFolder } from '../recipe/making/release-folder.ts';
import { english } from '../words/told.ts';
import { type CliContext, type Exit, exit, type OpenOptions } from './context.ts';
import { readInput } from './files.ts';
import { makeMissingKeys, type RecipeOptions, requireRecipe } from './recipe-input.ts';
import { type SignInOptions, signInWhereKnown } from './sign-in.ts';
import { table, wordsOf } from './words.ts';

export interface ReleaseOptions extends SignInOptions, RecipeOptions {
  readonly recipe: string;
  readonly out: string;
  readonly device?: readonly string[];
  readonly after?: readonly string[];
  readonly json?: boolean;
}

/** Writes a release folder: signed, and where the recipe asks for it encrypted, update images with a signed manifest. */
export async function releaseBuild(options: ReleaseOptions, context: CliContext): Promise<Exit> {
  const loaded = requireRecipe(options.recipe, options, context);
  const { recipe } = loaded;
  refuseExisting(options.out);
  const earlier = earlierRelease({ name: recipe.name, chip: recipe.chip }, options.out, options.after ?? []);
  const devices = await recordsOf(options.device ?? [], options, context);
  const station = await context.openStation(options);
  try {
    const by = await signInWhereKnown(station.parts.ledger, options, ['engineer'], context);
    if (context.hasEmbeddedToken(options)) await makeMissingKeys(recipe, station.parts.signer, context);
    await using tokens = station.bookedTokens(by);
    const { manifest, files } = await buildOtaRelease({
      loaded,
      tokens,
      random: context.random,
      madeAt: isoTime(context.clock.now()),
      software: { name: 'fuseline', version: context.version },
      devices,
      earlier,
    });
    writeReleaseFolder(options.out, files);
    const words = wordsOf(context).terminal.release;
    if (options.json) context.streams.answer(JSON.stringify(manifest));
    else {
      const rows = manifest.images.map((image) => [
        image.file,
        bytesText(image.fileSize),
        words.secureVersion({ version: image.secureVersion }),
        image.encryption === null ? words.signed : words.encrypted({ scheme: image.encryption.scheme }),
        image.device ?? '',
      ]);
      for (const line of table(rows)) context.streams.answer(line);
    }
    context.streams.say(
      words.written({
        ...{ recipe: recipe.name, revision: recipe.revision },
        ...{ folder: options.out, key: manifest.signedBy.label },
      }),
    );
    return exit.passed;
  } finally {
    await station.close();
  }
}

/** The sealed records of devices named by MAC or serial, each once. */
async function recordsOf(names: readonly string[], options: OpenOptions, context: CliContext): Promise<SealedRecord[]> {
  if (names.length === 0) return [];
  const ledger = await context.openLedger(options);
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
  context: CliContext,
): Exit {
  const { manifest, wrong } = verifyRelease(folder, options.key === undefined ? null : readInput(options.key));
  const words = wordsOf(context).terminal.release;
  const saidBy = (table: typeof words.wrong) =>
    wrong.map(({ what, file }) => {
      const said = table[what];
      return typeof said === 'string' ? said : said({ file });
    });
  if (options.json) {
    context.streams.answer(JSON.stringify({ wrong: saidBy(english.terminal.release.wrong), manifest }));
  } else for (const sentence of saidBy(words.wrong)) context.streams.answer(sentence);
  const { label: key, publicKeySha256: digest } = manifest.signedBy;
  context.streams.say(
    wrong.length === 0
      ? words.whole({ folder, images: manifest.images.length, key, digest })
      : words.changed({ folder }),
  );
  return wrong.length === 0 ? exit.passed : exit.badInput;
}
