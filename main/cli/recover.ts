import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readPlainFile } from '../base/plain-file.ts';
import { revisionText } from '../model/chip.ts';
import { RecipeFault } from '../model/fault.ts';
import type { RecoveryReport } from '../model/recovery.ts';
import type { RecipeRef } from '../model/refs.ts';
import { type LoadedRecipe, largestRecipe, loadRecipe } from '../recipe/load.ts';
import { recipeWords } from '../station/condemning.ts';
import { readForRecovery } from '../station/recovery/read-board.ts';
import { boardIn } from '../words/faults.ts';
import type { Language } from '../words/languages.ts';
import { saying } from '../words/saying.ts';
import { type CliContext, type Exit, exit, type OpenOptions } from './context.ts';
import { provision } from './provision.ts';
import { type RecipeOptions, requireRecipe } from './recipe-input.ts';
import { table } from './words.ts';

export interface RecoverOptions extends OpenOptions, RecipeOptions {
  readonly port: string;
  readonly device?: string;
  readonly recipe?: string;
  readonly finish?: boolean;
  readonly operator?: string;
  readonly credential?: string;
  readonly resetByOperator?: boolean;
  readonly json?: boolean;
}

/** Reads any board and says what it is; with --finish goes on with it where that can be done, by the way of every insertion. */
export async function recover(options: RecoverOptions, context: CliContext): Promise<Exit> {
  const given = options.recipe === undefined ? null : requireRecipe(options.recipe, options, context);
  let found: LoadedRecipe | null = given;
  const find = (ref: RecipeRef) => {
    found = given ?? standingFor(ref, options, context);
    return found;
  };
  const ledger = await context.openLedger(options);
  let report: RecoveryReport;
  try {
    const open = () => context.openPort(options.port, { baudRate: 115200 });
    report = await readForRecovery(open, {
      ...{ clock: context.clock, ledger, fixture: options.port, named: options.device ?? null },
      find,
    });
    if (report.state === 'shut' && found === null && report.finish.recipe !== null) find(report.finish.recipe);
  } finally {
    await ledger.close();
  }
  if (options.json) context.streams.answer(JSON.stringify({ type: 'recovery', ...report }));
  else for (const line of reportLines(report, context.streams.language)) context.streams.answer(line);
  if (options.finish !== true) return exit.passed;
  if (!report.acts.includes('finish') || report.finish.possible === false) throw cannotFinish(report);
  const file = options.recipe ?? found?.file;
  if (file === undefined) throw noRecipe(report);
  return await provision(
    {
      recipe: file,
      port: [options.port],
      ...pick(options, ['data', 'station', 'firmware', 'waive', 'operator', 'credential', 'device', 'json']),
      ...(report.serial !== null && found?.recipe.serial.from === 'scan' ? { serial: [report.serial] } : {}),
      ...(options.resetByOperator ? { resetByOperator: true } : {}),
    },
    context,
  );
}

/** The recipe of this hash in the folders of recipes, else one of its name; null: neither is, or it has mistakes. */
function standingFor(ref: RecipeRef, options: OpenOptions, context: CliContext): LoadedRecipe | null {
  const folders = [join(context.dataFolder(options), 'recipes'), join(context.stationConfig, 'recipes')];
  const files = folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((file) => file.endsWith('.yaml'));
  const named = files.flatMap((file) => {
    // a build is read whole: only of recipes that may be the one
    if (!Buffer.from(readPlainFile(file, largestRecipe)).includes(ref.name)) return [];
    const { loaded } = loadRecipe(file);
    return loaded?.ref.name === ref.name ? [loaded] : [];
  });
  return named.find((loaded) => loaded.ref.hash === ref.hash) ?? named[0] ?? null;
}

/** The report for people: what it is, what to do, and behind it everything that was read. */
export function reportLines(report: RecoveryReport, language: Language = 'en'): string[] {
  const said = saying(() => language);
  const words = said.page.recovery;
  const { states } = said.terminal;
  const told = boardIn(language, report);
  const own = told.what === report.what ? [] : [said.terminal.original({ words: `${report.what} ${report.next}` })];
  const { chip, mac, serial, door, burned, runs, finish, lost, waiting } = report;
  const section = (title: string, rows: readonly (readonly string[])[]) =>
    rows.length === 0
      ? []
      : ['', title, ...table(rows.map((row) => row.map((cell, at) => (at === 0 ? `  ${cell}` : cell))))];
  return [
    told.what,
    told.next,
    ...own,
    ...section(words.board, [
      [
        words.facts.chip,
        chip === null
          ? said.page.unknown
          : `${chip.title}${chip.revision === null ? '' : ` ${revisionText(chip.revision)}`}`,
      ],
      [words.facts.mac, mac ?? words.notReadable],
      [words.facts.serial, serial ?? said.page.none],
      [words.facts.door, words.door[door]],
    ]),
    ...section(
      words.burned,
      burned.map(({ where, what, by }) => [
        where,
        what,
        by === null
          ? words.byNobody
          : `${by.at}, ${by.operator === null ? words.byRun({ run: by.run, fixture: by.fixture }) : words.byRunOf({ run: by.run, fixture: by.fixture, operator: by.operator })}`,
      ]),
    ),
    ...section(
      words.runs,
      runs.map(({ run, recipe, at, fixture, outcome, fault }) => [
        at,
        run,
        recipeWords(recipe),
        fixture,
        `${states[outcome ?? 'notEnded']}${fault === null ? '' : `, ${fault}`}`,
      ]),
    ),
    ...section(
      `${words.finish} ${finish.possible === null ? said.page.unknown : finish.possible ? said.page.yes : said.page.no}`,
      finish.why.map((why) => [why]),
    ),
    ...section(
      words.left,
      finish.left.map((step) => [step]),
    ),
    ...section(
      words.lost,
      lost.map((what) => [what]),
    ),
    ...section(
      words.waiting,
      waiting.map((one) => [one.mac, one.serial ?? '']),
    ),
  ];
}

function cannotFinish({ what, next }: RecoveryReport): RecipeFault {
  return new RecipeFault({ code: 'recover.cannot-finish', what: `Nothing is to be finished here. ${what}`, next });
}

function noRecipe({ what }: RecoveryReport): RecipeFault {
  return new RecipeFault({
    code: 'recover.no-recipe',
    what: `${what} No recipe stands here by which it could be finished.`,
    next: 'Give --recipe FILE: the recipe that began it.',
  });
}

function pick<T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]])) as Pick<
    T,
    K
  >;
}
