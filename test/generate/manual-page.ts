// The manual page of the terminal: what `--help` says of every command, on one page (docs/fuseline.1).
import { allOf, type CommandNode, type OptionNode } from '../../main/cli/command-tree.ts';
import { commandTree } from '../../main/cli/program.ts';

/** Text as roff takes it: no escape, no line that begins as a request, dashes that can be copied. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/^(?=[.'])/gm, '\\&');
}

const place = ({ name, required }: CommandNode['places'][number]) =>
  required ? `\\fI${roff(name)}\\fR` : `[\\fI${roff(name)}\\fR]`;

function optionLines({ name, value, description, required }: OptionNode): string[] {
  const shown = value === null ? '' : ` \\fI${roff(value)}\\fR`;
  return ['.TP', `\\fB${roff(name)}\\fR${shown}`, roff(description) + (required ? ' (must be given)' : '')];
}

/** Options that nearly every command has are told once. */
const shared = ['--data', '--station', '--json'];

function commandLines({ path, description, places, options }: CommandNode): string[] {
  const own = options.filter(({ name }) => !shared.includes(name));
  const words = [`\\fB${roff(`fuseline ${path.join(' ')}`)}\\fR`, ...places.map(place)];
  return [
    `.SS ${roff(path.join(' '))}`,
    ...(own.length > 0 ? [...words, '[\\fIoptions\\fR]'] : words).join(' ').split('\n'),
    '.PP',
    `${roff(description)}.`,
    ...own.flatMap(optionLines),
  ];
}

function manualPage(tree: CommandNode): string {
  const commands = allOf(tree).filter((node) => node.commands.length === 0);
  const everywhere = commands
    .flatMap(({ options }) => options)
    .filter(({ name }, at, all) => shared.includes(name) && all.findIndex((one) => one.name === name) === at);
  return `${[
    '.\\" Made from main/cli by `npm run generate`.',
    '.TH FUSELINE 1 "" Fuseline "Fuseline at the terminal"',
    '.SH NAME',
    `fuseline \\- ${roff('provisions Espressif devices on a factory line')}`,
    '.SH SYNOPSIS',
    '\\fBfuseline\\fR \\fIcommand\\fR [\\fIoptions\\fR]',
    '.SH DESCRIPTION',
    roff(tree.description),
    'From a checkout the program is called by \\fBnpm run station \\-\\-\\fR; its window by \\fBnpm start\\fR.',
    '.SH OPTIONS OF MOST COMMANDS',
    ...everywhere.flatMap(optionLines),
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    '.SH EXIT STATUS',
    ...[
      ['0', 'Everything that was asked for was done, and every board passed.'],
      ['1', 'A board failed, was refused, or is not what its record says.'],
      ['2', 'The command line, a recipe, the station file or another input is wrong; nothing was begun.'],
      ['3', 'The station cannot work: its fixture, token, ledger or the program itself.'],
    ].flatMap(([status, meaning]) => ['.TP', `\\fB${status}\\fR`, meaning!]),
  ].join('\n')}\n`;
}

export const manualFiles = [{ file: 'docs/fuseline.1', text: manualPage(commandTree()) }] as const;
