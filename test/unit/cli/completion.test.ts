// Completion in real shells: what each offers where somebody presses the tabulator key.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isInPath } from '../../../main/boot/system.mjs';
import { allOf } from '../../../main/cli/command-tree.ts';
import { completionCommand, shells } from '../../../main/cli/completion.ts';
import { commandTree, runCommand } from '../../../main/cli/program.ts';

const tree = commandTree();

function scriptOf(shell: (typeof shells)[number]): string {
  const lines: string[] = [];
  completionCommand(shell, tree, { streams: { answer: (line: string) => lines.push(line) } } as never);
  return lines.join('\n');
}

/** How each shell is asked what it would offer behind these words. */
const ask: Readonly<Record<(typeof shells)[number], (script: string, words: readonly string[]) => string[]>> = {
  bash: (script, words) => [
    '-c',
    `source ${script}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _fuseline; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  // (outside of a completion these do nothing: here they tell what they are given)
  zsh: (script, words) => [
    '-fc',
    `compdef() { : }; compadd() { shift; print -l -- $@ }; _files() { print -l -- *(N) }; source ${script}; words=(${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length}; _fuseline`,
  ],
  fish: (script, words) => ['-Nc', `source ${script}; complete -C '${words.join(' ')}'`],
};

for (const shell of shells)
  test(`${shell} completes`, { skip: !isInPath(shell) && `no ${shell}` }, (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'fuseline-completion-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const script = join(folder, 'script');
    writeFileSync(script, scriptOf(shell));
    writeFileSync(join(folder, 'my.yaml'), '');
    const offered = (...words: string[]) => {
      const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
      const answer = execFileSync(shell, ask[shell](script, ['fuseline', ...words]), {
        cwd: folder,
        env,
        encoding: 'utf8',
      });
      return answer.split('\n').map((line) => line.split('\t')[0]!);
    };
    const has = (words: string[], ...wanted: string[]) => {
      const found = offered(...words);
      for (const one of wanted) assert.ok(found.includes(one), `${words.join(' ')}: ${one} of ${found.join(' ')}`);
      return found;
    };
    const first = has([''], 'provision', 'device', 'ledger', 'completion');
    assert.ok(!first.includes('inspect') && !first.includes('--port'));
    has(['device', ''], 'inspect', 'verify', 'ports');
    assert.ok(!has(['device', 'inspect', '--'], '--port', '--json', '--token').includes('--recipe'));
    // the word of an option is no command
    has(['provision', '--order', 'device', '--'], '--recipe', '--count');
    has(['audit', 'escrow', 'release', '--'], '--custodian');
    has(['completion', ''], 'bash', 'zsh', 'fish');
    has(['recipe', 'check', ''], 'my.yaml');
    has(['provision', '--recipe', ''], 'my.yaml');
    assert.ok(!offered('provision', '--order', '').includes('my.yaml'));
  });

test('the tree names every command, and no description holds what a script could run', async () => {
  const leaves = allOf(tree).filter(({ commands }) => commands.length === 0);
  assert.ok(leaves.length > 50);
  for (const { path, description, options } of leaves) {
    assert.ok(description !== '', path.join(' '));
    for (const { name } of options) assert.match(name, /^--[a-z-]+$/, path.join(' '));
  }
  const said: string[] = [];
  const streams = { say: (line: string) => said.push(line), answer: () => undefined };
  assert.equal(await runCommand(['completion', 'tcsh'], { version: '', streams } as never), 2);
  assert.match(said.join('\n'), /must be one of bash, zsh, fish/);
});

test('a start of the terminal loads the table of commands and the settings, and no part that a command opens', () => {
  const root = new URL('../../../', import.meta.url);
  const files = new Set<string>();
  const packages = new Set<string>();
  const walk = (file: string) => {
    if (files.has(file)) return;
    files.add(file);
    for (const [, from = ''] of readFileSync(new URL(file, root), 'utf8').matchAll(
      /^(?:import|export)\s+(?!type\b)(?:[^;'"]*?\sfrom\s+)?'([^']+)'/gm,
    ))
      if (from.startsWith('.')) walk(new URL(from, new URL(file, root)).href.slice(root.href.length));
      else if (!from.startsWith('node:')) packages.add(from);
  };
  walk('main/start/terminal.ts');
  const heavy =
    /^main\/(?:recipe|chip|image|virtual|protocol|signing|plant|ipc|log)\/|sqlite|words\/.*json|station\/(?!desk\/access|kept-file)/;
  assert.deepEqual(
    [...files].filter((file) => heavy.test(file)),
    [],
  );
  assert.deepEqual([...packages].sort(), ['commander', 'yaml', 'zod']);
  assert.ok(files.size < 60, `${files.size} files`);
});
