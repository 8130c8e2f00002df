// Completion for shells, made from the commands themselves: words, options, and files where a file is meant.
import { allOf, type CommandNode, isPath } from './command-tree.ts';
import type { CliContext, Exit } from './context.ts';
import { exit } from './context.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export function completionCommand(shell: Shell, tree: CommandNode, context: CliContext): Exit {
  context.streams.answer(scripts[shell](tree).trimEnd());
  return exit.passed;
}

const scripts: Readonly<Record<Shell, (tree: CommandNode) => string>> = { bash, zsh, fish };

/** What can stand behind a command: commands below it, words of its first place, options. */
function wordsOf({ commands, places, options }: CommandNode): string[] {
  const below = commands.map(({ path }) => path.at(-1)!);
  return [...below, ...places.flatMap(({ choices }) => choices), ...options.map(({ name }) => name), '--help'];
}

const takesPath = ({ places }: CommandNode) => places.some(({ name }) => isPath(name));
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** The tree as the arms of a `case`: how deep the words so far lead, what can follow, and what follows an option. */
function arms(tree: CommandNode) {
  const nodes = allOf(tree);
  const unique = (isWanted: (value: string) => boolean) => [
    ...new Set(
      nodes.flatMap(({ options }) =>
        options.filter(({ value }) => value !== null && isWanted(value)).map(({ name }) => name),
      ),
    ),
  ];
  const paths = unique(isPath);
  return {
    deeper: nodes
      .slice(1)
      .map(({ path }) => quoted(path.join(' ')))
      .join('|'),
    paths: paths.join('|'),
    values: unique((value) => !isPath(value))
      .filter((name) => !paths.includes(name))
      .join('|'),
    words: nodes.map((node) => ({
      at: quoted(node.path.join(' ')),
      words: quoted(wordsOf(node).join(' ')),
      isPath: takesPath(node),
    })),
  };
}

function bash(tree: CommandNode): string {
  const { deeper, paths, values, words } = arms(tree);
  return `# bash completion of fuseline; put this into a file that your shell reads
_fuseline() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at='' word words='' files=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${at:+$at }$word" in ${deeper}) at="\${at:+$at }$word" ;; esac
  done
  COMPREPLY=()
  case "$prev" in
    ${paths}) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    ${values}) return ;;
  esac
  case "$at" in
${words.map((one) => `    ${one.at}) words=${one.words}${one.isPath ? ' files=1' : ''} ;;`).join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur"; [ -z "$files" ] || compgen -f -- "$cur")
}
complete -o filenames -F _fuseline fuseline
`;
}

function zsh(tree: CommandNode): string {
  const { deeper, paths, values, words } = arms(tree);
  return `#compdef fuseline
# zsh completion of fuseline; put this into a file _fuseline in a folder of your fpath
_fuseline() {
  local at='' word list='' files=''
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${at:+$at }$word" in ${deeper}) at="\${at:+$at }$word" ;; esac
  done
  case "$words[CURRENT-1]" in
    ${paths}) _files; return ;;
    ${values}) return ;;
  esac
  case "$at" in
${words.map((one) => `    ${one.at}) list=${one.words}${one.isPath ? ' files=1' : ''} ;;`).join('\n')}
  esac
  compadd -- \${(s: :)list}
  [[ -z "$files" ]] || _files
}
if [[ "$funcstack[1]" == _fuseline ]]; then _fuseline "$@"; else compdef _fuseline fuseline; fi
`;
}

function fish(tree: CommandNode): string {
  const nodes = allOf(tree);
  const text = (words: string) => `'${words.replaceAll(/[\\']/g, '\\$&')}'`;
  const when = ({ path }: CommandNode) => `-n ${text(`__fuseline_at ${path.join(' ')}`.trimEnd())}`;
  const lines = nodes.flatMap((node) => [
    ...node.commands.map((one) => `${when(node)} -a ${one.path.at(-1)} -d ${text(one.description)}`),
    ...node.places.flatMap(({ choices }) => choices.map((word) => `${when(node)} -a ${word}`)),
    ...(takesPath(node) ? [`${when(node)} -F`] : []),
    ...node.options.map(
      ({ name, value, description }) =>
        `${when(node)} -l ${name.slice(2)}${value === null ? '' : isPath(value) ? ' -r -F' : ' -x'} -d ${text(description)}`,
    ),
  ]);
  const deeper = nodes.slice(1).map(({ path }) => text(path.join(' ')));
  return `# fish completion of fuseline; put this into ~/.config/fish/completions/fuseline.fish
function __fuseline_at
  set -l at
  for word in (commandline -opc)[2..-1]
    switch "$at $word"
      case ${deeper.map((one) => one.replace("'", "' ")).join(' ')}
        set at "$at $word"
    end
  end
  test "$at" = "$(test (count $argv) -eq 0; or echo " $argv")"
end
complete -c fuseline -f
${lines.map((line) => `complete -c fuseline ${line}`).join('\n')}
`;
}
