// Which devices something published concerns: a component of the firmware by its version, a version of ESP-IDF, a chip and its revision. What
// all boards of a recipe have in common is bound in the recipe's text, whose hash stands in each sealed row: recipes are asked first, and
// devices are then found by their batches, whose index answers in the order of time whatever the size of the book.
import type { Database } from 'better-sqlite3';
import { sha256Hex } from '../../base/digest.ts';
import { canonicalJson } from '../../base/json.ts';
import { revisionText } from '../../model/chip.ts';
import {
  type Affected,
  type Component,
  componentQuestion,
  fits,
  idfVersionOf,
  isWithin,
  type RecipeFacts,
  recipeFit,
  versionSpans,
} from '../../model/component.ts';
import { RecipeFault } from '../../model/fault.ts';
import type { SealedRecord } from '../../model/record.ts';
import type { RecipeRef } from '../../model/refs.ts';
import type { AffectedRecipes, DeviceQuery, DeviceRow } from '../ledger.ts';
import { type Bodies, dictionaryOfRecords } from './bodies.ts';
import { changedRecipe, changedSeal } from './faults.ts';
import { KeptStatements } from './kept-statements.ts';
import { deviceRow, type Filter, type Found, filterOf, type Row } from './search.ts';
import { hasRevisions } from './shape.ts';

const asked = 'component:';

/** The question in a text of the search; null: it is another text. RecipeFault `ledger.component`. */
export function concernsIn(text: string | undefined): readonly Affected[] | null {
  const trimmed = text?.trim() ?? '';
  return trimmed.toLowerCase().startsWith(asked) ? [{ component: trimmed.slice(asked.length).trim() }] : null;
}

type StoredDevice = Row & { readonly sealed_row: number | null; readonly revision?: number | null };

interface Concerned {
  readonly recipe: RecipeRef;
  readonly fit: 'fits' | 'unclear';
  readonly facts: RecipeFacts;
  /** Whether a board with this revision of its chip is concerned (null: of one that is not sealed nobody knows it); null: every board is. */
  readonly isConcerned: ((revision: number | null) => boolean) | null;
}

export class AffectedSearch {
  readonly #bodies: Bodies;
  readonly #sealed: (mac: string) => SealedRecord | null;
  readonly #sql: KeptStatements;
  /** A book of an older program that nobody has written since has none: its boards are looked at one by one. */
  readonly #hasRevisions: boolean;
  /** By the hash that binds them: they never change. */
  readonly #facts = new Map<string, Omit<RecipeFacts, 'idfVersion'>>();
  readonly #idfVersions = new Map<string, string | null>();

  /** `sealed`: from the device's own row, which has to give its hash. */
  constructor(db: Database, bodies: Bodies, sealed: (mac: string) => SealedRecord | null) {
    this.#sql = new KeptStatements(db);
    this.#hasRevisions = hasRevisions(db);
    this.#bodies = bodies;
    this.#sealed = sealed;
  }

  /** Most recent first. */
  devices(query: DeviceQuery, concerns: readonly Affected[]): DeviceRow[] {
    const { concerned } = this.#concerned(concerns);
    const limit = Math.min(Math.max(query.limit ?? 100, 0), 1000);
    const offset = Math.max(query.offset ?? 0, 0);
    const filter = filterOf(query);
    const needsLook = !this.#hasRevisions && concerned.some(({ isConcerned }) => isConcerned !== null);
    const newest = new Newest(needsLook ? Number.MAX_SAFE_INTEGER : limit + offset);
    for (const one of concerned) this.#gather(one, filter, newest);
    const byRecipe = new Map(concerned.map((one) => [one.recipe.hash, one]));
    const rows: DeviceRow[] = [];
    for (const { n } of needsLook ? newest.found : newest.found.slice(offset)) {
      if (rows.length === (needsLook ? limit + offset : limit)) break;
      const stored = this.#all('SELECT * FROM devices WHERE n = ?', n)[0] as unknown as StoredDevice;
      if (this.#holds(stored, byRecipe)) rows.push(deviceRow(stored));
    }
    return needsLook ? rows.slice(offset) : rows;
  }

  /** Of a sealed device its own row says by which recipe it was made and what its chip is; of others the tables alone do. */
  #holds({ mac, recipe, sealed_row, revision }: StoredDevice, byRecipe: ReadonlyMap<string, Concerned>): boolean {
    if (sealed_row === null) return true;
    const { hash } = JSON.parse(recipe) as RecipeRef;
    const sealed = this.#sealed(mac);
    const of = byRecipe.get(hash);
    if (sealed?.recipe.hash !== hash || of === undefined) throw changedSeal(mac, sealed_row);
    if (this.#hasRevisions && sealed.chip.revision !== revision) throw changedSeal(mac, sealed_row);
    return of.isConcerned?.(sealed.chip.revision) ?? true;
  }

  recipes(concerns: readonly Affected[]): AffectedRecipes {
    const { concerned, others, silent } = this.#concerned(concerns);
    const counted = concerned.map((one) => this.#boards(one));
    const recipes = concerned.map((one, at) => ({
      ...{ recipe: one.recipe, fit: one.fit, boards: counted[at]!, idfVersion: idfVersionOf(one.facts) },
      sbom: one.facts.components && { file: one.facts.components.file, sha256: one.facts.components.sha256 },
      components: componentsAsked(one.facts, concerns),
    }));
    const [all] = this.#all('SELECT count(*) AS n FROM devices') as unknown as [{ n: number }];
    // (none of that revision: nothing to tell of it)
    const some = recipes.filter(({ boards }, at) => boards > 0 || concerned[at]!.isConcerned === null);
    const every = (recipe: RecipeRef) => this.#boards({ recipe, isConcerned: null });
    const told = [
      ...concerned.map(({ recipe, isConcerned }, at) => (isConcerned === null ? counted[at]! : every(recipe))),
      ...others.map(every),
    ];
    return {
      recipes: some.sort((a, b) => b.boards - a.boards),
      silent: { recipes: silent, boards: Math.max(0, all.n - told.reduce((sum, one) => sum + one, 0)) },
    };
  }

  #concerned(concerns: readonly Affected[]) {
    for (const one of concerns) mustBeAsked(one);
    const concerned: Concerned[] = [];
    const [others, silent]: [RecipeRef[], RecipeRef[]] = [[], []];
    for (const recipe of this.#all('SELECT hash, name, revision FROM recipes') as unknown as RecipeRef[]) {
      const facts = { ...this.#boundFacts(recipe), idfVersion: this.#idfVersion(recipe.hash) };
      const fit = recipeFit(facts, concerns);
      if (fit === 'fits' || fit === 'unclear')
        concerned.push({ recipe, fit, facts, isConcerned: revisionsAsked(facts, concerns) });
      else (fit === 'not' ? others : silent).push(recipe);
    }
    return { concerned, others, silent };
  }

  #boundFacts(recipe: RecipeRef): Omit<RecipeFacts, 'idfVersion'> {
    const known = this.#facts.get(recipe.hash);
    if (known !== undefined) return known;
    const [row] = this.#all('SELECT text FROM recipes WHERE hash = ?', recipe.hash) as unknown as [{ text: string }];
    if (sha256Hex(row.text) !== recipe.hash) throw changedRecipe(recipe);
    const bound = JSON.parse(row.text) as Partial<RecipeFacts> & { readonly recipe?: { readonly chip?: string } };
    const facts = { chip: bound.recipe?.chip ?? null, components: bound.components ?? null };
    this.#facts.set(recipe.hash, facts);
    return facts;
  }

  /** As the first sealed board of the recipe has it: the recipe's hash binds the firmware. */
  #idfVersion(hash: string): string | null {
    const known = this.#idfVersions.get(hash);
    if (known !== undefined) return known;
    const text = this.#bodies.kept(dictionaryOfRecords(hash));
    if (text === null) return null;
    const version = (JSON.parse(text) as { record: SealedRecord }).record.firmware?.idfVersion ?? null;
    this.#idfVersions.set(hash, version);
    return version;
  }

  /** The newest of a recipe's devices; the later a batch was opened, the sooner it is asked. */
  #gather({ recipe, isConcerned }: Concerned, filter: Filter, newest: Newest): void {
    const of = canonicalJson(recipe);
    for (const { where, values } of this.#stretches(of, isConcerned))
      newest.add(
        this.#all(
          `SELECT n, last_at FROM devices WHERE ${where} AND recipe = ? AND last_at >= ? AND ${filter.sql} ORDER BY last_at DESC, n DESC LIMIT ?`,
          ...[...values, of, newest.least, ...filter.values, newest.most],
        ),
      );
  }

  #boards({ recipe, isConcerned }: Pick<Concerned, 'recipe' | 'isConcerned'>): number {
    const of = canonicalJson(recipe);
    const counts = this.#stretches(of, isConcerned).map(({ where, values, isBatch }) => {
      const [own, more] = isBatch ? ['', []] : [' AND recipe = ?', [of]];
      return (this.#all(`SELECT count(*) AS n FROM devices WHERE ${where}${own}`, ...values, ...more)[0] as Found).n;
    });
    return counts.reduce((sum, one) => sum + one, 0);
  }

  /** Where the devices of a recipe that are concerned stand in the indexes: those of no batch, then batch by batch, the last one first. */
  #stretches(
    recipe: string,
    isConcerned: Concerned['isConcerned'],
  ): { readonly where: string; readonly values: readonly (string | number | null)[]; readonly isBatch: boolean }[] {
    return [null, ...this.#batches(recipe).map(({ id }) => id)].flatMap((batch) => {
      const isBatch = batch !== null;
      if (isConcerned === null || !this.#hasRevisions) return { where: 'batch IS ?', values: [batch], isBatch };
      const revisions = [null, ...this.#revisionsOf(batch)].filter((one) => isConcerned(one));
      return revisions.map((one) => ({ where: 'batch IS ? AND revision IS ?', values: [batch, one], isBatch }));
    });
  }

  /** The different ones, one index lookup each. */
  #revisionsOf(batch: string | null): number[] {
    const found: number[] = [];
    for (let after = -1; ; ) {
      const sql = 'SELECT min(revision) AS n FROM devices WHERE batch IS ? AND revision > ?';
      const next = (this.#all(sql, batch, after)[0] as { readonly n: number | null }).n;
      if (next === null) return found;
      found.push(next);
      after = next;
    }
  }

  #batches(recipe: string): { readonly id: string }[] {
    return this.#all('SELECT id FROM batches WHERE recipe = ? ORDER BY opened_at DESC', recipe) as unknown as {
      id: string;
    }[];
  }

  #all(sql: string, ...values: (string | number | null)[]): Found[] {
    return this.#sql.of(sql).all(...values) as Found[];
  }
}

/** The most recent of what is added. */
class Newest {
  readonly most: number;
  found: readonly Found[] = [];

  constructor(most: number) {
    this.most = most;
  }

  /** What is older than this is not among them. */
  get least(): string {
    return this.found.length < this.most ? '' : (this.found.at(-1)?.last_at ?? '');
  }

  add(rows: readonly Found[]): void {
    if (rows.length === 0) return;
    const order = (a: Found, b: Found) => (a.last_at < b.last_at ? 1 : a.last_at > b.last_at ? -1 : b.n - a.n);
    this.found = [...this.found, ...rows].sort(order).slice(0, this.most);
  }
}

function componentsAsked({ components }: RecipeFacts, concerns: readonly Affected[]): Component[] {
  const questions = concerns.flatMap(({ component }) => (component && componentQuestion(component)) || []);
  return (components?.components ?? []).filter((one) => questions.some((question) => fits(one, question) !== 'not'));
}

/** Null where one concern is asked of every revision. */
function revisionsAsked(facts: RecipeFacts, concerns: readonly Affected[]): Concerned['isConcerned'] {
  const of = concerns.filter((one) => ['fits', 'unclear'].includes(recipeFit(facts, [one])));
  if (of.some(({ revisions }) => revisions === undefined)) return null;
  const spans = of.map(({ revisions }) => versionSpans(revisions!) ?? []);
  return (revision) => revision === null || spans.some((one) => isWithin(revisionText(revision), one) !== 'not');
}

function mustBeAsked({ component, espIdf, revisions }: Affected): void {
  const wrong = [
    ...(component === undefined || componentQuestion(component) !== null ? [] : [component]),
    ...[espIdf, revisions].filter((spans) => spans !== undefined && versionSpans(spans) === null),
  ];
  if (wrong.length > 0)
    throw new RecipeFault({
      code: 'ledger.component',
      what: `${JSON.stringify(wrong[0])} is no component with versions.`,
      next: 'Write it as mbedtls, mbedtls@3.6.4, mbedtls@>=3.0 <3.6.4, pkg:github/Mbed-TLS/mbedtls@<3.6.4 or cpe:2.3:a:arm:mbed_tls.',
    });
}
