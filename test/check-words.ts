// Every word that a person reads comes from the catalogues of main/words, in every language, and none lies there for nobody.
//
//   node main/boot/launch.mjs test/check-words.ts     names what is missing, unused or different, and fails where there is any
//
// What is said of a language: it has every message of the English one and no other; each is an ICU message with the same arguments, and
// its plurals have the forms that the language has. Of faults: each code of the source has words of its own. Of English: somebody says each
// message, and neither the page nor the terminal says a text that is not one.
import { dirname } from 'node:path';
import ts from 'typescript';
import { helpTexts } from '../main/cli/help.ts';
import { commandsMade } from '../main/cli/program.ts';
import { eventKinds } from '../main/model/evidence/event-text.ts';
import { waivableChecks } from '../main/recipe/checks/check.ts';
import { lintRules } from '../main/recipe/lint/rules.ts';
import { catalogues, localeOf, type Tree } from '../main/words/catalogues.ts';
import { type Language, languages } from '../main/words/languages.ts';
import { bareWords } from './bare-words.ts';
import { codesOf, textsOf } from './check-fault-codes.ts';
import { argumentsOf, pluralsOf } from './messages.ts';

/** Sections that only other languages have, with their two sentences: in English the code itself says it, with what it knows. */
const translations = { faults: ['what', 'next'], findings: ['what', 'remedy'], boards: ['what', 'next'] } as const;
type Translation = keyof typeof translations;
/** The same with one sentence each. */
const phrases = ['guide', 'events', 'means', 'help'] as const;

/** Each message by its path. */
export function leavesOf(tree: Tree, path: readonly string[] = []): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of Object.entries(tree)) {
    if (typeof value === 'string') found.set([...path, name].join('/'), value);
    else for (const [at, text] of leavesOf(value, [...path, name])) found.set(at, text);
  }
  return found;
}

/** What is wrong with a catalogue beside the English one. */
export function differences(language: Language, catalogue: Tree, english: Tree): string[] {
  const [found, wanted] = [leavesOf(catalogue), leavesOf(english)];
  const wrong: string[] = [];
  for (const at of wanted.keys()) if (!found.has(at)) wrong.push(`${language}: ${at} is missing`);
  for (const [at, text] of found) {
    const isTranslation = [...Object.keys(translations), ...phrases].includes(at.split('/')[0]!);
    const source = wanted.get(at);
    if (source === undefined && !isTranslation) wrong.push(`${language}: ${at} is in no English catalogue`);
    for (const fault of messageFaults(language, text, source)) wrong.push(`${language}: ${at} ${fault}`);
  }
  return wrong;
}

function messageFaults(language: Language, text: string, source: string | undefined): string[] {
  if (text.trim() !== text || text === '') return ['is empty, or begins or ends with a blank'];
  if (text.includes("'")) return ["has an ' which ICU takes for a quote: write ’"];
  try {
    const own = [...argumentsOf(text)].sort().join();
    if (source !== undefined && own !== [...argumentsOf(source)].sort().join())
      return [`takes ${own || 'nothing'} and in English ${[...argumentsOf(source)].sort().join() || 'nothing'}`];
  } catch (error) {
    return [`is no ICU message: ${String(error)}`];
  }
  const { pluralCategories } = new Intl.PluralRules(localeOf(language)).resolvedOptions();
  return pluralsOf(text).flatMap((forms) =>
    pluralCategories.filter((form) => !forms.includes(form)).map((form) => `has no plural for '${form}'`),
  );
}

/** What is wrong between the codes of the source and the words for them in a language. */
export function codeDifferences(
  language: Language,
  catalogue: Tree,
  section: Translation,
  codes: readonly string[],
): string[] {
  const own = (catalogue[section] ?? {}) as Tree;
  const [first, second] = translations[section];
  const isWhole = (said: unknown) => Object.keys(said as object).join() === `${first},${second}`;
  return [
    ...codes.filter((code) => !(code in own)).map((code) => `${language}: ${section} has no words for ${code}`),
    ...Object.keys(own)
      .filter((code) => !codes.includes(code))
      .map((code) => `${language}: ${section} has words for ${code}, which nothing says`),
    ...Object.keys(own)
      .filter((code) => !isWhole(own[code]))
      .map((code) => `${language}: ${section} does not say '${first}' and '${second}' of ${code}`),
  ];
}

/** The same of sections with one sentence for each code. */
export function phraseDifferences(
  language: Language,
  catalogue: Tree,
  section: (typeof phrases)[number],
  codes: readonly string[],
): string[] {
  const own = (catalogue[section] ?? {}) as Tree;
  return [
    ...codes.filter((code) => typeof own[code] !== 'string').map((code) => `${language}: ${section} lacks ${code}`),
    ...Object.keys(own)
      .filter((code) => !codes.includes(code))
      .map((code) => `${language}: ${section} has ${code}, which nothing says`),
  ];
}

/** Sections and recommendations of the security guide, as the source writes them: texts of several words, and titles. */
export function guideOf(engine: Readonly<Record<string, string>>): string[] {
  const texts = Object.entries(engine).flatMap(([file, text]) =>
    file.startsWith('main/recipe/assurance/') ? [text] : [],
  );
  return [
    ...new Set(
      texts.flatMap((text) => [
        ...[...text.matchAll(/'([A-Z][A-Za-z-]*,? [^'\\\n]+)'/g)].map(([, said]) => said!),
        ...[...text.matchAll(/title: '([^']+)'/g)].map(([, said]) => said!),
      ]),
    ),
  ];
}

/** Names of checks that find something in a recipe or its build; the dots of faults are faults' own. */
const checkForm = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Every name of a check: those of the source, and those that stand in tables. */
function checksOf(engine: Readonly<Record<string, string>>): string[] {
  const files = Object.fromEntries(
    Object.entries(engine).filter(([file]) => /^main\/(recipe|config|image)\//.test(file)),
  );
  const ofBuilds = Object.fromEntries(
    Object.entries(files).filter(([file]) => /^main\/image\/.*(check|agreement)/.test(file)),
  );
  const given = [...codesOf(files, 'check', checkForm), ...codesOf(ofBuilds, 'code', checkForm)];
  const named = [
    ...given.map(({ code }) => code),
    ...Object.keys(waivableChecks),
    ...lintRules.map(({ check }) => check),
  ];
  const others = ['lint-advisory', 'recipe.no-file', 'no-bootloader', 'no-application'];
  return [...new Set([...named.filter((name) => !isAdvisory(name)), ...others])];
}

const isAdvisory = (name: string) => /^lint-(?:cve|ar)\d*-/.test(name);

interface Said {
  /** Paths of messages, or of sections from which one is chosen. */
  readonly paths: ReadonlySet<string>;
  /** Every name that is asked of anything. */
  readonly names: ReadonlySet<string>;
  /** Places where the page says a text that is in no catalogue, or one that would stay in its language. */
  readonly bare: readonly string[];
}

const messages = leavesOf(catalogues.en);
const isMessage = (path: string) => messages.has(path);

function isInFunction(node: ts.Node): boolean {
  for (let over: ts.Node | undefined = node; over !== undefined; over = over.parent)
    if (ts.isFunctionLike(over)) return true;
  return false;
}

const attributes = ['label', 'title', 'placeholder', 'description', 'aria-label', 'alt'];
const isText = (text: string) => /\p{L}{2}/u.test(text);

/** What the source of the page says. `files`: path to text. */
export function saidBy(files: Readonly<Record<string, string>>): Said {
  const [paths, names, bare] = [new Set<string>(), new Set<string>(), [] as string[]];
  for (const [file, text] of Object.entries(files)) {
    const kind = file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, kind);
    const aliases = new Map([['words', 'page']]);
    const pathOf = (node: ts.Expression): string | null => {
      if (ts.isIdentifier(node)) return aliases.get(node.text) ?? null;
      if (ts.isPropertyAccessExpression(node)) {
        const before = pathOf(node.expression);
        return before === null ? null : `${before}/${node.name.text}`;
      }
      if (ts.isElementAccessExpression(node)) {
        const before = pathOf(node.expression);
        const { argumentExpression: name } = node;
        return before === null || !ts.isStringLiteral(name) ? null : `${before}/${name.text}`;
      }
      return null;
    };
    const at = (node: ts.Node) => `${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
    const visit = (node: ts.Node): void => {
      if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer !== undefined) {
        const path = pathOf(node.initializer);
        if (path !== null) aliases.set(node.name.text, path);
      }
      if (ts.isPropertyAccessExpression(node)) names.add(node.name.text);
      if (ts.isStringLiteral(node)) names.add(node.text);
      if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
        const path = pathOf(node);
        // a section from which something is chosen at run time counts as a whole
        if (path !== null) {
          paths.add(path);
          if (isMessage(path) && !isInFunction(node))
            bare.push(`${at(node)} reads ${path} once for ever, before anybody chose a language`);
        }
        if (path === null && ts.isElementAccessExpression(node)) {
          const section = pathOf(node.expression);
          if (section !== null) paths.add(`${section}/*`);
        }
      }
      if (ts.isCallExpression(node) || ts.isJsxExpression(node))
        for (const given of ts.isCallExpression(node) ? node.arguments : [node.expression]) {
          const section = given === undefined ? null : pathOf(given);
          if (section !== null) paths.add(`${section}/?`);
        }
      if (ts.isJsxText(node) && isText(node.text))
        bare.push(`${at(node)} says ${JSON.stringify(node.text.trim())}, which is in no catalogue`);
      if (
        ts.isJsxAttribute(node) &&
        attributes.includes(node.name.getText()) &&
        node.initializer !== undefined &&
        ts.isStringLiteral(node.initializer) &&
        isText(node.initializer.text)
      )
        bare.push(`${at(node)} says ${node.initializer.getText()}, which is in no catalogue`);
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return { paths, names, bare };
}

/** Messages of English that nobody says. `engine`: the texts that name answers and steps. */
export function unused(english: Tree, { paths, names }: Said, engine: string): string[] {
  return [...leavesOf(english).keys()].filter((at) => {
    const [section = '', ...rest] = at.split('/');
    if (rest.length === 0) return false;
    if (section !== 'page') {
      const [leaf = '', above = section] = rest.toReversed();
      // named, asked for, or chosen from its section at run time
      return ![`'${leaf}'`, `.${leaf}`, `${above}[`].some((saying) => engine.includes(saying));
    }
    if (paths.has(at)) return false;
    const parts = at.split('/');
    for (let length = parts.length - 1; length > 0; length--) {
      const above = parts.slice(0, length).join('/');
      if (paths.has(`${above}/*`)) return false;
      // given away: what was asked of it elsewhere has that name, or all of it is listed
      if (paths.has(`${above}/?`) && (names.has(parts.at(-1)!) || length >= parts.length - 2)) return false;
    }
    return true;
  });
}

if (import.meta.main) {
  const root = dirname(import.meta.dirname);
  const engine = textsOf(root, 'main/**/*.ts');
  const codes = [...new Set(codesOf(engine).map(({ code }) => code))];
  const checks = checksOf(engine);
  const said = saidBy(textsOf(root, 'renderer/**/*.{ts,tsx}'));
  const english = catalogues.en;
  const boards = Object.keys(((english.page as Tree).recovery as { readonly state: Tree }).state);
  const help = [...new Set(helpTexts(commandsMade()).map(({ text }) => text))];
  const others = languages.filter((language) => language !== 'en');
  const wrong = [
    ...differences('en', english, english),
    ...others.flatMap((language) => differences(language, catalogues[language], english)),
    ...others.flatMap((language) => codeDifferences(language, catalogues[language], 'faults', codes)),
    ...others.flatMap((language) => codeDifferences(language, catalogues[language], 'findings', checks)),
    ...others.flatMap((language) => codeDifferences(language, catalogues[language], 'boards', boards)),
    ...others.flatMap((language) => phraseDifferences(language, catalogues[language], 'guide', guideOf(engine))),
    ...others.flatMap((language) => phraseDifferences(language, catalogues[language], 'events', eventKinds)),
    ...others.flatMap((language) =>
      phraseDifferences(language, catalogues[language], 'means', Object.keys(english.steps as Tree)),
    ),
    ...others.flatMap((language) => phraseDifferences(language, catalogues[language], 'help', help)),
    ...unused(english, said, Object.values(engine).join('\n')).map((at) => `en: nobody says ${at}`),
    ...said.bare,
    ...bareWords({ ...textsOf(root, 'main/cli/*.ts'), ...textsOf(root, 'main/start/*.ts') }, help),
  ];
  for (const sentence of wrong) console.log(sentence);
  console.log(
    `${leavesOf(english).size} messages, ${codes.length} faults and ${checks.length} findings in ${languages.length} languages`,
  );
  process.exitCode = wrong.length > 0 ? 1 : 0;
}
