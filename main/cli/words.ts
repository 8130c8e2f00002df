import { oneLine } from '../base/printable.ts';
import type { Fault } from '../model/fault.ts';
import type { Finding } from '../recipe/finding.ts';
import { faultIn, findingIn } from '../words/faults.ts';
import type { Language } from '../words/languages.ts';
import type { Messages } from '../words/messages.ts';
import { saying } from '../words/saying.ts';
import { type CliContext, type Exit, exit } from './context.ts';

/** Every word, in the language of whoever sits at the terminal. */
export function wordsOf({ streams }: Pick<CliContext, 'streams'>): Messages {
  return saying(() => streams.language ?? 'en');
}

type Column = keyof Messages['terminal']['columns'];

/** The heading of a list. */
export function headed(context: Pick<CliContext, 'streams'>, ...names: readonly (Column | '')[]): string[] {
  const { columns } = wordsOf(context).terminal;
  return names.map((name) => (name === '' ? '' : columns[name]));
}

/** How a run or a board stands, as the ledger names it. */
export function stateSaid(context: Pick<CliContext, 'streams'>, state: keyof Messages['terminal']['states']): string {
  return wordsOf(context).terminal.states[state];
}

/** Characters that take two columns of a terminal (East Asian Width W and F): Han, kana, hangul, full-width forms and marks. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/gu;

/** Columns of a terminal that a text takes. */
export function columnsOf(text: string): number {
  return [...text.replace(/\p{M}/gu, '')].length + (text.match(wide)?.length ?? 0);
}

/** With blanks behind it to this width. */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
}

/** As much of a line as a terminal of this width draws on one. */
export function clipped(line: string, columns: number): string {
  let [text, width] = ['', 0];
  for (const character of line) {
    width += columnsOf(character);
    if (width > columns) break;
    text += character;
  }
  return text;
}

/** A table for people: columns as wide as their widest cell, two blanks between, no lines. */
export function table(told: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  const rows = told.map((row) => row.map(oneLine));
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, columnsOf(cell));
  }
  return rows.map((row) =>
    row
      .map((cell, at) => padded(cell, widths[at]!))
      .join('  ')
      .trimEnd(),
  );
}

/**
 * A fault for people: what happened, whether the board is safe, what to do next, and the code. In another language than English the station's
 * own words stand below, which know more.
 */
export function faultLines(
  fault: Pick<Fault, 'what' | 'next' | 'safety' | 'code'>,
  language: Language = 'en',
): string[] {
  const { what, next } = faultIn(language, fault);
  const words = saying(() => language).terminal;
  const own = what === fault.what ? '' : words.original({ words: `${fault.what} ${fault.next}` });
  // a list of mistakes comes line by line; a name with a line end in it says no sentence of its own that way
  return [what, fault.safety === 'no-board' ? '' : words.safety[fault.safety], next, own, `[${fault.code}]`]
    .filter((text) => text !== '')
    .flatMap((text) => text.split(/\r?\n/).map((line, at) => (at === 0 ? line : `  ${line}`)));
}

/** The exit status that a fault gives a command. An address that means nothing is the caller's mistake, not the fixture's. */
export function exitOf({ faultClass, code }: Pick<Fault, 'faultClass' | 'code'>): Exit {
  if (faultClass === 'board') return exit.board;
  if (faultClass === 'recipe' || code === 'transport.address') return exit.badInput;
  return exit.station;
}

/** A finding for people, with its place; in another language than English the station's own words stand below, which know more. */
export function findingLines(finding: Finding, language: Language = 'en'): string[] {
  const said = saying(() => language).terminal;
  const words = said.findings;
  const { what, remedy } = findingIn(language, finding);
  const place = [finding.file, finding.line, finding.column].filter((part) => part !== null).join(':');
  const head = finding.waived === null ? words.severity[finding.severity] : words.letGo({ reason: finding.waived });
  const path = finding.path ? ` ${finding.path}:` : '';
  const mayBeWaived = finding.waivable && finding.waived === null ? `, ${words.mayBeWaived}` : '';
  const guide = finding.section ? ` (${words.guide({ section: finding.section })})` : '';
  return [
    `${place ? `${place}: ` : ''}${head}:${path} ${what}`,
    `    ${remedy} [${finding.check}${mayBeWaived}]${guide}`,
    ...(what === finding.what ? [] : [`    ${said.original({ words: `${finding.what} ${finding.remedy}` })}`]),
  ].map(oneLine);
}

/**
 * Findings for people, the gravest first: what stands in the way, what is doubtful, what was let go; notes only where they are asked
 * for, else their number. Nothing for no findings.
 */
export function findingGroups(findings: readonly Finding[], verbose: boolean, language: Language = 'en'): string[] {
  const words = saying(() => language).terminal.findings;
  const groups = [
    ['errors', findings.filter(({ severity, waived }) => severity === 'error' && waived === null)],
    ['warnings', findings.filter(({ severity, waived }) => severity === 'warning' && waived === null)],
    ['waived', findings.filter(({ waived }) => waived !== null)],
    ['notes', findings.filter(({ severity, waived }) => severity === 'info' && waived === null)],
  ] as const;
  return groups.flatMap(([name, members]) => {
    const count = members.length;
    if (count === 0) return [];
    if (name === 'notes' && !verbose) return [words.notesHidden({ count })];
    const lines = members.flatMap((member) => findingLines(member, language));
    return [words.groups[name]({ count }), ...lines.map((line) => `  ${line}`)];
  });
}
