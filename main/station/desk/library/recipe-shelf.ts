import { existsSync, readdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { patternOf } from '../../../base/pattern.ts';
import { isPlainFile, readPlainFile } from '../../../base/plain-file.ts';
import type {
  FindingView,
  PlanView,
  RecipeProposal,
  RecipeState,
  RecipeText,
  RecipeView,
  RehearsalView,
} from '../../../contract/views.ts';
import type { Ledger, RecipeStateNote } from '../../../ledger/ledger.ts';
import type { Assurance } from '../../../model/assurance.ts';
import type { ChipKind } from '../../../model/chip.ts';
import { RecipeFault } from '../../../model/fault.ts';
import type { RecipeRef } from '../../../model/refs.ts';
import { assuranceOfRecipe } from '../../../recipe/assurance/foreseen.ts';
import { type Difference, describeComponents, describeDifferences } from '../../../recipe/diff.ts';
import {
  blocks,
  type LoadedRecipe,
  type LoadResult,
  largestRecipe,
  loadRecipeText,
  readFolder,
} from '../../../recipe/load.ts';
import { namedPlaces } from '../../../recipe/named-files.ts';
import { proposeRecipe } from '../../../recipe/proposal.ts';
import type { Recipe } from '../../../recipe/types.ts';
import { english } from '../../../words/told.ts';
import { putFile } from '../../kept-file.ts';
import { approverOf as approvedBy } from '../../waivers.ts';
import { fingerprintWords } from '../access/fingerprint.ts';
import { approverOf, noteDraft, noteRehearsed, noteState, notesOf, refuseApprover, statesIn } from './approval.ts';
import { findingView, previewPlan } from './recipe-views.ts';

export interface RecipeShelfOptions {
  readonly ledger: Ledger;
  /** Folder of the recipes that come with the program; never written. */
  readonly examples: string;
  /** Folder of this station's own recipes; made where it is missing. */
  readonly own: string;
  /** Since when (ms since 1970) a person exists with the same PIN and badge. */
  unchangedSince(id: string): number;
}

/** Who approved the examples: nobody of the factory, so they are good for virtual boards and no others. */
export const exampleApprover = english.names.program;

interface Shelved {
  readonly recipe: string;
  readonly file: string;
  readonly isExample: boolean;
}

/** A recipe as its file says and as the ledger knows it. */
interface Standing extends Shelved {
  readonly text: string;
  readonly result: LoadResult;
  readonly state: RecipeState;
  readonly approvedBy: string | null;
  /** Who saved this text, as far as the ledger knows. */
  readonly author: string | null;
}

/**
 * The recipes of a station and how far each is approved. A state belongs to the hash that binds the recipe with its firmware: whoever
 * changes either has a draft again. States are rows of the ledger's chain.
 */
export class RecipeShelf {
  readonly #options: RecipeShelfOptions;
  /** The last load of each file. */
  readonly #loads = new Map<string, { readonly text: string; readonly mark: string; readonly result: LoadResult }>();

  constructor(options: RecipeShelfOptions) {
    this.#options = options;
  }

  async list(): Promise<RecipeView[]> {
    const notes = await this.#options.ledger.recipeStates();
    return this.#shelved().map((shelved) => viewOf(this.#standing(shelved, notes)));
  }

  async read(recipe: string): Promise<RecipeText> {
    const notes = await this.#options.ledger.recipeStates();
    const standing = this.#standing(this.#find(recipe), notes);
    const hash = standing.result.loaded?.ref.hash;
    const last = notes.findLast((note) => note.recipe.hash === hash && note.rehearsal !== undefined);
    return {
      view: viewOf(standing),
      text: standing.text,
      form: standing.result.recipe,
      rehearsal: last?.rehearsal === undefined ? null : { ...last.rehearsal, by: last.by, at: last.at },
    };
  }

  /** Every mistake of a text, or of the recipe on the shelf, and the plan where there is one to show. */
  check(recipe: string, text: string | null): { findings: FindingView[]; plan: PlanView | null } {
    const place = this.#place(recipe);
    const { loaded, findings } = this.#load(place, text ?? this.#textOf(place));
    return { findings: findings.map(findingView), plan: loaded === null ? null : previewPlan(loaded) };
  }

  plan(recipe: string, text: string | null): PlanView {
    const place = this.#place(recipe);
    return previewPlan(mustLoad(recipe, this.#load(place, text ?? this.#textOf(place))));
  }

  /** What a device made by the text, or by the recipe on the shelf, will be able to show; null where it has mistakes. */
  async assurance(recipe: string, text: string | null): Promise<Assurance[] | null> {
    const place = this.#place(recipe);
    const { loaded } = this.#load(place, text ?? this.#textOf(place));
    if (loaded === null) return null;
    return assuranceOfRecipe(loaded, await approvedBy(loaded, this.#options.ledger));
  }

  /** Keeps the text as this station's own recipe of that name; a draft by `by` unless the ledger knows its hash already. */
  async save(recipe: string, text: string, by: string): Promise<RecipeText> {
    const place = this.#place(recipe);
    const file = join(this.#options.own, `${recipe}.yaml`);
    const result = this.#load({ ...place, file: place.file }, text);
    putFile(file, text);
    if (result.loaded !== null) await noteDraft(this.#options.ledger, result.loaded, by);
    return this.read(recipe);
  }

  /**
   * What the text, or the recipe on the shelf, asks for that the one approved last does not (else the example of that name; else, of a text,
   * the recipe that it would replace).
   */
  async differences(recipe: string, text: string | null): Promise<Difference[]> {
    const place = this.#place(recipe);
    const onShelf = this.#load(place, this.#textOf(place));
    const { recipe: after, loaded, components } = text === null ? onShelf : this.#load(place, text);
    const approved = await this.#lastApproved(recipe, loaded?.ref.hash ?? null);
    const before = approved ?? (text === null ? null : onShelf);
    if (after === null || before?.recipe == null) return [];
    return [...describeDifferences(before.recipe, after), ...describeComponents(before.components, components)];
  }

  /** Of the recipes of this name the one approved last, but for the one of this hash. */
  async #lastApproved(
    recipe: string,
    butFor: string | null,
  ): Promise<Pick<LoadResult, 'recipe' | 'components'> | null> {
    const { ledger } = this.#options;
    const shelved = this.#find(recipe);
    const name = this.#load(shelved, this.#textOf(shelved)).recipe?.name;
    const notes = await ledger.recipeStates();
    const last = notes.findLast(
      (note) => note.state === 'approved' && note.recipe.name === name && note.recipe.hash !== butFor,
    );
    const kept = last === undefined ? null : await ledger.recipe(last.recipe.hash);
    if (kept !== null) {
      const { recipe: bound, components = null } = JSON.parse(kept.text) as Pick<LoadedRecipe, 'recipe'> &
        Partial<Pick<LoadedRecipe, 'components'>>;
      return { recipe: bound, components };
    }
    const example = this.#examples().find((candidate) => candidate.recipe === recipe);
    return example === undefined || shelved.isExample ? null : this.#load(example, this.#textOf(example));
  }

  /** The recipe as it is on the shelf, without mistakes. RecipeFault `recipe.refused`. */
  loaded(recipe: string): LoadedRecipe {
    const place = this.#find(recipe);
    return mustLoad(recipe, this.#load(place, this.#textOf(place)));
  }

  /** The recipe, fit for a batch. RecipeFault `recipe.not-approved`, `recipe.examples-are-virtual`, `recipe.refused`. */
  async forProduction(recipe: string, addresses: readonly string[]): Promise<LoadedRecipe> {
    const standing = this.#standing(this.#find(recipe), await this.#options.ledger.recipeStates());
    const loaded = mustLoad(recipe, standing.result);
    const allVirtual = addresses.every((address) => address.startsWith('virtual:'));
    if (standing.state !== 'approved')
      throw new RecipeFault({
        code: 'recipe.not-approved',
        what: `The recipe ${recipe} is ${stateWords[standing.state]}, and production runs only what is approved.`,
        next:
          standing.state === 'draft'
            ? 'Rehearse it on virtual silicon; then another person than its author approves it.'
            : standing.state === 'rehearsed'
              ? 'Another person than its author approves it: Recipes, Approve.'
              : 'Choose the recipe that took its place.',
      });
    if (standing.approvedBy === exampleApprover && !allVirtual)
      throw new RecipeFault({
        code: 'recipe.examples-are-virtual',
        what: `The recipe ${recipe} is an example of the program: nobody of this factory approved it for real boards.`,
        next: 'Save it as a recipe of your own, rehearse it, and have it approved.',
      });
    return loaded;
  }

  /** A rehearsal of exactly this recipe took place. */
  rehearsed(loaded: LoadedRecipe, by: string, rehearsal?: RehearsalView): Promise<void> {
    return noteRehearsed(this.#options.ledger, loaded, by, rehearsal);
  }

  /**
   * Another person than the author says yes to exactly this hash. RecipeFault `recipe.changed`, `recipe.refused`, those of
   * `refuseApprover`.
   */
  async approve(recipe: string, hash: string, by: string): Promise<RecipeView> {
    const loaded = this.loaded(recipe);
    if (loaded.ref.hash !== hash)
      throw refusal(
        'recipe.changed',
        `The recipe ${recipe} is not the one that was looked at: it or its firmware changed since (now ${fingerprintWords(loaded.ref.hash)}).`,
        'Look at it again, then approve.',
      );
    const notes = await notesOf(this.#options.ledger, hash);
    const approver = await approverOf(this.#options.ledger, notes, by, this.#options.unchangedSince(by));
    const refused = refuseApprover(recipe, loaded, notes, approver);
    if (refused !== null) throw refused;
    await noteState(this.#options.ledger, loaded, 'approved', by);
    return (await this.read(recipe)).view;
  }

  async retire(recipe: string, reason: string, by: string): Promise<RecipeView> {
    await noteState(this.#options.ledger, this.loaded(recipe), 'retired', by, reason);
    return (await this.read(recipe)).view;
  }

  /**
   * Takes a recipe of the station's own off the shelf: its file is kept under another name, so that a mistake can be undone. Booked before.
   * RecipeFault `recipe.example`, and `recipe.approved` for one that boards are made by.
   */
  async remove(recipe: string, by: string): Promise<RecipeView[]> {
    const { ledger } = this.#options;
    const standing = this.#standing(this.#find(recipe), await ledger.recipeStates());
    if (standing.isExample)
      throw refusal(
        'recipe.example',
        `The recipe ${recipe} came with the program and stays.`,
        'Hide the examples where they are in the way.',
      );
    if (standing.state === 'approved')
      throw refusal(
        'recipe.approved',
        `The recipe ${recipe} is approved: boards are made, and finished, by it.`,
        'Retire it first, with the reason.',
      );
    const hash = standing.result.loaded?.ref.hash ?? null;
    await ledger.noteAct({ what: 'recipe-removed', by: [by], about: recipe, detail: { hash } });
    renameSync(standing.file, `${standing.file}.removed`);
    return this.list();
  }

  /** The recipe of this hash; where none is on the shelf, one of its name; null: neither is, or it has mistakes. */
  standingFor(ref: RecipeRef): LoadedRecipe | null {
    return this.#standingFor(ref)?.loaded ?? null;
  }

  /** How calls name that recipe. */
  nameOf(ref: RecipeRef): string | null {
    return this.#standingFor(ref)?.recipe ?? null;
  }

  #standingFor(ref: RecipeRef): { readonly recipe: string; readonly loaded: LoadedRecipe } | null {
    const named = this.#shelved().flatMap((shelved) => {
      const text = this.#textOf(shelved);
      // a build is read whole: only of recipes that may be the one
      const { loaded } = text.includes(ref.name) ? this.#load(shelved, text) : { loaded: null };
      return loaded?.ref.name === ref.name ? [{ recipe: shelved.recipe, loaded }] : [];
    });
    return named.find(({ loaded }) => loaded.ref.hash === ref.hash) ?? named[0] ?? null;
  }

  /** Name of a recipe other than `name` whose serial pattern fits the text, or null. */
  foreign(text: string, name: string): string | null {
    for (const shelved of this.#shelved()) {
      const { recipe } = this.#load(shelved, this.#textOf(shelved));
      if (recipe === null || recipe.name === name || recipe.serial.pattern === null) continue;
      if (patternOf(recipe.serial.pattern, 'whole').test(text)) return recipe.name;
    }
    return null;
  }

  #standing(shelved: Shelved, notes: readonly RecipeStateNote[]): Standing {
    const text = this.#textOf(shelved);
    const result = this.#load(shelved, text);
    const own = statesIn(notes, result.loaded?.ref.hash);
    const last = own.at(-1);
    const author = own.find((note) => note.state === 'draft')?.by ?? null;
    if (last === undefined && shelved.isExample && result.loaded?.recipe.purpose === 'production')
      return { ...shelved, text, result, author, state: 'approved', approvedBy: exampleApprover };
    const approvedBy = last?.state === 'approved' ? last.by : null;
    return { ...shelved, text, result, author, state: last?.state ?? 'draft', approvedBy };
  }

  /** A build is read and hashed whole, so what neither text, build nor a named file has changed of is not read again. */
  #load(place: Shelved, text: string): LoadResult {
    const before = this.#loads.get(place.file);
    // the same text names the same folder and the same files
    if (before?.text === text && before.mark === this.#markOf(place, before.result)) return before.result;
    const result = loadRecipeText(text, place.file, { findFolder: (named) => this.#firmwareFolder(place, named) });
    this.#loads.set(place.file, { text, mark: this.#markOf(place, result), result });
    return result;
  }

  /** Changes whenever a file that a load was made from does. */
  #markOf(place: Shelved, { recipe }: LoadResult): string {
    if (recipe === null) return '';
    return [
      buildMark(this.#firmwareFolder(place, recipe.firmware.folder)),
      ...namedPlaces(recipe, place.file).map(markOf),
    ].join('\0');
  }

  /** Names of the build folders that engineers may begin a recipe from: a text of theirs reads no others, and neither does this. */
  builds(): string[] {
    const names = [this.#options.own, this.#options.examples].flatMap((recipes) => foldersOf(join(recipes, firmware)));
    return [...new Set(names)].sort();
  }

  /** A recipe to begin with. RecipeFault `recipe.no-build`, those of `proposeRecipe`. */
  propose(build: string, recipe: string): RecipeProposal {
    // a name of the list and nothing else: no path leads out of the two folders
    if (!this.builds().includes(build))
      throw refusal(
        'recipe.no-build',
        `There is no build ${JSON.stringify(build)} beside the station's recipes.`,
        `Put the build folder into ${join(this.#options.own, firmware)}.`,
      );
    const place = this.#place(recipe);
    const folder = `${firmware}/${build}`;
    const files = readFolder(
      this.#firmwareFolder({ ...place, file: join(this.#options.own, `${recipe}.yaml`) }, folder),
    );
    const { text, read, assumed } = proposeRecipe(files, {
      name: recipe,
      folder,
      usual: (chip) => this.#usual(chip, build),
    });
    return { text, read, assumed };
  }

  /** The example for production of a chip: that of this build, or the first. */
  #usual(chip: ChipKind, build: string): Recipe | null {
    const recipes = this.#examples()
      .filter(({ recipe }) => recipe.startsWith(chip))
      .map((shelved) => this.#load(shelved, this.#textOf(shelved)).recipe)
      .filter((recipe) => recipe !== null && recipe.chip === chip && recipe.purpose === 'production');
    return recipes.find((recipe) => recipe?.firmware.folder.endsWith(`/${build}`)) ?? recipes[0] ?? null;
  }

  /** A recipe that was copied from an example means the example's firmware where its own folder has none. */
  #firmwareFolder(place: Shelved, named: string): string {
    const own = resolve(dirname(place.file), named);
    const fromExamples = resolve(this.#options.examples, named);
    return !existsSync(own) && existsSync(fromExamples) ? fromExamples : own;
  }

  #textOf(shelved: Shelved): string {
    return new TextDecoder().decode(readPlainFile(shelved.file, largestRecipe));
  }

  #examples(): Shelved[] {
    return recipesOf(this.#options.examples).map((shelved) => ({ ...shelved, isExample: true }));
  }

  /** A recipe of the station's own takes the place of an example of that name. */
  #shelved(): Shelved[] {
    const own = recipesOf(this.#options.own).map((shelved) => ({ ...shelved, isExample: false }));
    const names = new Set(own.map((shelved) => shelved.recipe));
    return [...own, ...this.#examples().filter((shelved) => !names.has(shelved.recipe))].sort((a, b) =>
      a.recipe < b.recipe ? -1 : 1,
    );
  }

  #find(recipe: string): Shelved {
    const found = this.#shelved().find((shelved) => shelved.recipe === recipe);
    if (found !== undefined) return found;
    throw refusal(
      'recipe.unknown',
      `There is no recipe ${JSON.stringify(recipe)} here.`,
      `Name one of: ${this.#shelved()
        .map((shelved) => shelved.recipe)
        .join(', ')}.`,
    );
  }

  /** Where a recipe is, or would be saved. RecipeFault `recipe.name`. */
  #place(recipe: string): Shelved {
    const found = this.#shelved().find((shelved) => shelved.recipe === recipe);
    if (found !== undefined) return found;
    if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(recipe))
      return { recipe, file: join(this.#options.own, `${recipe}.yaml`), isExample: false };
    throw refusal(
      'recipe.name',
      `${JSON.stringify(recipe)} is no name for a recipe.`,
      'Use letters, digits, dot, dash and underscore.',
    );
  }
}

const stateWords: Readonly<Record<RecipeState, string>> = {
  draft: 'a draft',
  rehearsed: 'rehearsed, not approved',
  approved: 'approved',
  retired: 'retired',
};

/** Where builds lie, from the folder of the recipes. */
const firmware = '../firmware';

function foldersOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name);
}

/** A link that leads nowhere, or to what is no file, is no recipe: it must not hide the others. */
function recipesOf(folder: string): { recipe: string; file: string }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => ({ recipe: name.slice(0, -'.yaml'.length), file: join(folder, name) }))
    .filter(({ file }) => isPlainFile(file, largestRecipe));
}

/** Names, sizes and times of a build's files: whether it is the one that was read before. */
function buildMark(folder: string): string {
  if (!existsSync(folder)) return '';
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory() && ['bootloader', 'partition_table'].includes(entry.name)
        ? readdirSync(join(folder, entry.name)).map((name) => join(entry.name, name))
        : [entry.name],
    )
    .map((name) => markOf(join(folder, name)))
    .join('\0');
}

function markOf(file: string): string {
  const info = statSync(file, { throwIfNoEntry: false });
  return `${file} ${info?.size} ${info?.mtimeMs}`;
}

function mustLoad(recipe: string, { loaded, findings }: LoadResult): LoadedRecipe {
  if (loaded !== null) return loaded;
  const count = findings.filter(blocks).length;
  throw refusal(
    'recipe.refused',
    `The recipe ${recipe} is refused: ${count} ${count === 1 ? 'mistake stands' : 'mistakes stand'} in the way, the first: ${findings.find(blocks)?.what ?? ''}`,
    'Open it under Recipes and mend what is named there.',
  );
}

function viewOf({ recipe, result, state, approvedBy, author, isExample }: Standing): RecipeView {
  const { loaded } = result;
  const hash = loaded?.ref.hash ?? null;
  return {
    recipe,
    title: result.recipe?.name ?? recipe,
    description: result.recipe?.description ?? '',
    chip: result.recipe?.chip ?? '',
    revision: result.recipe?.revision ?? 0,
    hash,
    fingerprint: hash === null ? null : fingerprintWords(hash),
    state,
    isExample,
    author,
    approvedBy,
    wantsSerial: result.recipe?.serial.from === 'scan',
    labelTemplate: result.recipe?.label?.template ?? null,
    errors: result.findings.filter(blocks).length,
  };
}

function refusal(code: string, what: string, next: string): RecipeFault {
  return new RecipeFault({ code, what, next });
}
