// What the terminal says of itself in the reader's language: help, and what is wrong with a command line. The English of help stands where the
// commands are made (program.ts); another language has a sentence for each.
import type { Command, CommanderError, HelpConfiguration } from 'commander';
import { localeOf } from '../words/catalogues.ts';
import { byCode } from '../words/faults.ts';
import { type Language, languages } from '../words/languages.ts';
import type { Messages } from '../words/messages.ts';
import { saying } from '../words/saying.ts';
import { columnsOf } from './words.ts';

type Usage = Messages['terminal']['usage'];

interface HelpText {
  readonly text: string;
  say(other: string): void;
}

/** What commander itself says of --help. */
const ofHelp = 'display help for command';

/** Every text of the help of a command and of those below it. */
export function helpTexts(command: Command): HelpText[] {
  const described = (one: { description: string }) => ({
    text: one.description,
    say: (other: string) => {
      one.description = other;
    },
  });
  const texts: HelpText[] = [
    { text: command.description(), say: (other) => void command.description(other) },
    ...command.options.map(described),
    ...command.registeredArguments.map(described),
    {
      text: ofHelp,
      say(other) {
        command.helpOption('-h, --help', other);
        if (command.commands.length > 0) command.helpCommand('help [command]', other);
      },
    },
    ...command.commands.flatMap(helpTexts),
  ];
  return texts.filter(({ text }) => text !== '');
}

/** Puts the help of all commands into another language than English, which commander speaks by itself. */
export function speakHelp(program: Command, language: Language): void {
  for (const { text, say } of helpTexts(program)) {
    const own = byCode(language, 'help', text);
    if (own !== null) say(own);
  }
  const form = helpForm(language);
  for (const command of withThoseBelow(program)) command.configureHelp(form);
}

const withThoseBelow = (command: Command): Command[] => [command, ...command.commands.flatMap(withThoseBelow)];
const usageIn = (language: Language) => saying(() => language).terminal.usage;

/** How help is laid out: its headings by the catalogue, its lines as long as a terminal draws them. */
function helpForm(language: Language): HelpConfiguration {
  const words = usageIn(language);
  const titles: Readonly<Record<string, string>> = {
    'Usage:': words.usage,
    'Arguments:': words.arguments,
    'Options:': words.options,
    'Commands:': words.commands,
  };
  const inUsage = (text: string) =>
    text.replace('[options]', words.someOptions).replace('[command]', words.someCommand);
  return {
    styleTitle: (title) => titles[title] ?? title,
    styleUsage: inUsage,
    styleSubcommandTerm: inUsage,
    optionDescription: ({ description: text, defaultValue }) =>
      defaultValue === undefined ? text : words.byDefault({ text, value: JSON.stringify(defaultValue) }),
    argumentDescription: ({ description: text, argChoices }) =>
      argChoices === undefined ? text : words.choices({ text, values: argChoices.join(', ') }),
    displayWidth: columnsOf,
    boxWrap: (text, width) => wrapped(text, width, language),
  };
}

/** Lines of at most `width` columns, broken where a reader of the language breaks them: Chinese has no blanks. */
function wrapped(text: string, width: number, language: Language): string {
  const lines = [''];
  for (const piece of pieces(text, language)) {
    const line = lines.at(-1)!;
    if (columnsOf((line + piece).trimEnd()) <= width) lines[lines.length - 1] = line + piece;
    else lines.push(piece);
  }
  return lines.map((line) => line.trimEnd()).join('\n');
}

/** Words with the marks and blanks behind them. A word of letters that stand without a blank between is not torn: --label, SN-00001. */
function pieces(text: string, language: Language): string[] {
  const found: string[] = [];
  for (const { segment, isWordLike } of new Intl.Segmenter(localeOf(language), { granularity: 'word' }).segment(text)) {
    const before = found.at(-1) ?? '';
    const isNew =
      isWordLike === true &&
      (before === '' || /[\s，。；：、）]$/u.test(before) || isHan(segment) || isHan(before.at(-1)!));
    const opens = /[（“"<[-]$/u.test(before);
    if (found.length === 0 || (isNew && !opens)) found.push(segment);
    else if (/^[（“"-]/u.test(segment) && /[\s\p{Script=Han}]$/u.test(before)) found.push(segment);
    else found[found.length - 1] = before + segment;
  }
  return found;
}

const isHan = (text: string) => /\p{Script=Han}/u.test(text);

/** What a value of the command line must be, by its name: in that form it is thrown (program.ts). */
export type Must = 'wholeNumber' | 'seconds' | 'language';

const mustBe = (words: Usage): Readonly<Record<Must, string>> => ({
  wholeNumber: words.wholeNumber,
  seconds: words.seconds,
  language: words.mustBeOneOf({ choices: languages.join(', ') }),
});

type Said = (found: readonly string[], words: Usage) => string;
const hinted = (text: string, names: string | undefined, words: Usage) =>
  names === undefined ? text : `${text}\n${words.didYouMean({ names })}`;

/** What commander finds wrong, by its code: where its values stand in its words, and the message that says them. */
const forms: Readonly<Record<string, readonly [form: RegExp, said: Said][]>> = {
  'commander.unknownOption': [
    [
      /unknown option ('.*?')(?:\n\(Did you mean (?:one of )?(.*)\?\))?$/s,
      ([option = '', names], words) => hinted(words.unknownOption({ option }), names, words),
    ],
  ],
  'commander.unknownCommand': [
    [
      /unknown command ('.*?')(?:\n\(Did you mean (?:one of )?(.*)\?\))?$/s,
      ([command = '', names], words) => hinted(words.unknownCommand({ command }), names, words),
    ],
  ],
  'commander.missingArgument': [[/argument ('.*')$/s, ([argument = ''], words) => words.missingArgument({ argument })]],
  'commander.optionMissingArgument': [
    [/option ('.*') argument missing$/s, ([option = ''], words) => words.optionMissingArgument({ option })],
  ],
  'commander.missingMandatoryOptionValue': [
    [/option ('.*') not specified$/s, ([option = ''], words) => words.missingOption({ option })],
  ],
  'commander.excessArguments': [
    [
      /Expected (\d+) arguments? but got (\d+): (.*)\.$/s,
      ([expected, received, given = ''], words) =>
        words.excessArguments({ expected: Number(expected), received: Number(received), given }),
    ],
  ],
  'commander.invalidArgument': [
    [
      /option ('.*?') argument ('.*') is invalid\. (.*)$/s,
      ([option = '', value = '', must = ''], words) =>
        words.invalidOption({ option, value, why: mustBe(words)[must as Must] }),
    ],
    [
      /value ('.*') is invalid for argument ('.*?')\. Allowed choices are (.*)\.$/s,
      ([value = '', argument = '', choices = ''], words) =>
        words.invalidArgument({ argument, value, why: words.mustBeOneOf({ choices }) }),
    ],
  ],
};

/** What is wrong with a command line, in the reader's language, as lines; nothing where help was shown instead. */
export function usageLines({ code, message }: CommanderError, language: Language = 'en'): string[] {
  const words = usageIn(language);
  if (code === 'commander.help') return [];
  for (const [form, said] of forms[code] ?? []) {
    const found = form.exec(message);
    if (found !== null) return [...said(found.slice(1), words).split('\n'), words.helpShows];
  }
  return [message, words.helpShows];
}
