// What real people had in their hands (test/cases): each a kind of input that once went wrong, run with the real terminal program.

import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { flashSizeOf } from '../../main/chip/jedec.ts';
import { fillLabel, sampleFacts } from '../../main/station/desk/labels/label-template.ts';
import { noToken, repository } from './stage.ts';
import { start } from './terminal.ts';

interface Case {
  /** Whether its folder is all there is; else it lies over `common`. */
  readonly alone?: boolean;
  /** What the computer's clock says when the program starts. */
  readonly clock?: string;
  readonly commands: readonly {
    readonly run: readonly string[];
    readonly status: number;
    readonly says: readonly string[];
    readonly silent?: readonly string[];
  }[];
}

const folder = join(repository, 'test', 'cases');
const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'right')));

for (const name of names) {
  const right = readFileSync(join(folder, name, 'right'), 'utf8').trim();
  const file = join(folder, name, 'case.json');
  if (!existsSync(file)) continue;
  const one = JSON.parse(readFileSync(file, 'utf8')) as Case;
  const needsToken = one.commands.some(({ run }) => run[0] === 'provision');
  test(`${name}: ${right}`, { skip: needsToken && noToken }, async (t) => {
    const place = mkdtempSync(join(tmpdir(), 'fuseline-case-'));
    t.after(() => rmSync(place, { recursive: true, force: true }));
    if (one.alone !== true) cpSync(join(folder, 'common'), place, { recursive: true });
    cpSync(join(folder, name), place, { recursive: true });
    const env = one.clock === undefined ? {} : { NODE_OPTIONS: `--import=${clockAt(one.clock, place)}` };
    for (const { run, status, says, silent = [] } of one.commands) {
      const data = mkdtempSync(join(place, 'data-'));
      const args = run.map((word) => (word === 'DATA' ? data : word));
      const said = await start(args, { cwd: place, env }).ended;
      const words = `${said.out}\n${said.err}`;
      const shown = `${run.join(' ')}\n${words}`;
      assert.equal(said.status, status, shown);
      for (const word of says) assert.ok(words.includes(word), `not said: ${word}\n${shown}`);
      for (const word of silent) assert.ok(!words.includes(word), `said: ${word}\n${shown}`);
    }
  });
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
  assert.equal(names.length, 15);
});
