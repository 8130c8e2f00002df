// What real people had in their hands (test/cases): each a kind of input that once went wrong, run with the real commands of the terminal.

import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { flashSizeOf } from '../../main/chip/jedec.ts';
import { fillLabel, sampleFacts } from '../../main/station/desk/labels/label-template.ts';
import { type Judges, openJudges } from '../interop/espressif-tools.ts';
import { noToken, repository } from './stage.ts';
import { chipProcess, runHere, type Said, start } from './terminal.ts';

interface Case {
  /** Whether its folder is all there is; else it lies over `common`. */
  readonly alone?: boolean;
  /** What the computer's clock says when the program starts. */
  readonly clock?: string;
  readonly commands: readonly (Command | Making | Foreign | Held)[];
}

/** A command of ours. */
interface Command {
  readonly run: readonly string[];
  readonly status: number;
  readonly says: readonly string[];
  readonly silent?: readonly string[];
}

/** A file of one character. */
interface Making {
  readonly make: string;
  readonly of: string;
  readonly size: number;
}

/** Espressif's esptool at a virtual chip that keeps its state in a file. */
interface Foreign {
  readonly esptool: readonly string[];
  readonly chip: string;
  readonly state: string;
}

/** A file that must hold nothing but one character (Latin-1). */
interface Held {
  readonly file: string;
  readonly all: string;
}

const toolFolder = mkdtempSync(join(tmpdir(), 'fuseline-case-tools-'));
const tools = await openJudges(toolFolder);
const noTool = typeof tools === 'string' && tools;
after(() => {
  if (typeof tools !== 'string') tools.close();
  rmSync(toolFolder, { recursive: true, force: true });
});

const folder = join(repository, 'test', 'cases');
const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'right')));

let isFirst = true;

/** A command in this process, with another working folder: one after the other. */
async function hereIn(folder: string, args: readonly string[]): Promise<Said> {
  const before = process.cwd();
  process.chdir(folder);
  try {
    return await runHere(args);
  } finally {
    process.chdir(before);
  }
}

for (const name of names) {
  const right = readFileSync(join(folder, name, 'right'), 'utf8').trim();
  const file = join(folder, name, 'case.json');
  if (!existsSync(file)) continue;
  const one = JSON.parse(readFileSync(file, 'utf8')) as Case;
  const needsToken = one.commands.some((command) => 'run' in command && command.run[0] === 'provision');
  const needsTool = one.commands.some((command) => 'esptool' in command);
  test(`${name}: ${right}`, { skip: (needsToken && noToken) || (needsTool && noTool) }, async (t) => {
    const place = mkdtempSync(join(tmpdir(), 'fuseline-case-'));
    t.after(() => rmSync(place, { recursive: true, force: true }));
    if (one.alone !== true) cpSync(join(folder, 'common'), place, { recursive: true });
    cpSync(join(folder, name), place, { recursive: true });
    const env = one.clock === undefined ? {} : { NODE_OPTIONS: `--import=${clockAt(one.clock, place)}` };
    for (const command of one.commands) {
      if (!('run' in command)) {
        await withFiles(command, place, t);
        continue;
      }
      const { run, status, says, silent = [] } = command;
      const data = mkdtempSync(join(place, 'data-'));
      const args = run.map((word) => (word === 'DATA' ? data : word));
      // (the first of all, and whatever has a clock of its own, in a process of its own)
      const said =
        isFirst || one.clock !== undefined ? await start(args, { cwd: place, env }).ended : await hereIn(place, args);
      isFirst = false;
      const words = `${said.out}\n${said.err}`;
      const shown = `${run.join(' ')}\n${words}`;
      assert.equal(said.status, status, shown);
      for (const word of says) assert.ok(words.includes(word), `not said: ${word}\n${shown}`);
      for (const word of silent) assert.ok(!words.includes(word), `said: ${word}\n${shown}`);
    }
  });
}

/** What a case does beside our own commands: files, and a foreign tool. */
async function withFiles(command: Making | Foreign | Held, place: string, t: TestContext): Promise<void> {
  if ('make' in command) writeFileSync(join(place, command.make), command.of.repeat(command.size));
  else if ('file' in command) {
    const held = readFileSync(join(place, command.file), 'latin1');
    assert.equal(held, command.all.repeat(held.length), command.file);
  } else {
    const chip = await chipProcess(t, command.chip, 'pty', join(place, command.state));
    try {
      const port = ['--chip', command.chip, '--port', chip.address, '--before', 'no-reset', '--after', 'no-reset'];
      const files = command.esptool.map((word) => (/^[a-z]+$/.test(word) ? join(place, word) : word));
      await (tools as Judges).pass('esptool', ...port, '--no-stub', ...files);
    } finally {
      await chip.stop();
    }
  }
}

/** A module that sets the clock of the program that loads it. */
function clockAt(time: string, place: string): string {
  const file = join(place, 'clock.mjs');
  writeFileSync(
    file,
    `const Real = Date;
const offset = Real.parse(${JSON.stringify(time)}) - Real.now();
globalThis.Date = class extends Real {
  constructor(...args) { args.length > 0 ? super(...args) : super(Real.now() + offset); }
  static now() { return Real.now() + offset; }
};
`,
  );
  return pathToFileURL(file).href;
}

test('16-adesto-flash-id', () => {
  assert.deepEqual([flashSizeOf(0x01871f), flashSizeOf(0x01841f)], [4194304, 524288]);
});

test('18-label-template-with-hex', () => {
  const zpl = fillLabel('^XA^CI28^FO1,1^A0N,20^FH^FDGer_C3_A4t {serial}^FS^XZ', sampleFacts('r', 1, 'esp32c3'));
  assert.ok(zpl.includes('^FH_^FDGer_C3_A4t SAMPLE-0001^FS'), zpl);
});

test('every case is run', () => {
  const withCommands = names.filter((name) => existsSync(join(folder, name, 'case.json')));
  assert.deepEqual(
    names.filter((name) => !withCommands.includes(name)),
    ['16-adesto-flash-id', '18-label-template-with-hex'],
  );
  assert.equal(names.length, 16);
});
