// The walls, tried with bricks that must not fit: a small tree of its own, read by the same checker with the same table.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

const root = join(import.meta.dirname, '../../..');
const checker = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');

type Violation = { rule: { name: string }; from: string; to: string };

/** What the checker has against `folders` of the tree at `cwd`, as `rule: from -> to`. */
function violations(cwd: string, ...folders: string[]): string[] {
  const words = [checker, '--config', '.dependency-cruiser.mjs', '--output-type', 'json', ...folders];
  const { stdout, stderr } = spawnSync(process.execPath, words, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 });
  assert.ok(stdout.startsWith('{'), `the checker itself failed: ${stderr}${stdout}`);
  const { summary } = JSON.parse(stdout) as { summary: { violations: Violation[] } };
  return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`);
}

const well = {
  'main/base/plain.ts': "import { readFileSync } from 'node:fs';\nexport const read = () => readFileSync('x');\n",
  'main/model/thing.ts': "import { read } from '../base/plain.ts';\nexport type Thing = ReturnType<typeof read>;\n",
  'main/contract/calls.ts':
    "import type { Thing } from '../model/thing.ts';\nexport type Calls = { thing(): Thing };\n",
  'main/transport/serial/port.ts':
    "import { SerialPort } from 'serialport';\nexport const open = () => new SerialPort();\n",
  'main/signing/pkcs11/token.ts': "import * as pkcs11 from 'pkcs11js';\nexport const token = pkcs11;\n",
  'main/ipc/electron/window.ts': "import { app } from 'electron';\nexport const quit = () => app.quit();\n",
  'main/start/compose.ts': "import { read } from '../base/plain.ts';\nimport '../model/thing.ts';\nread();\n",
  'main/start/terminal.ts': "import './compose.ts';\nimport '../signing/pkcs11/token.ts';\n",
  'renderer/app.tsx':
    "import type { Calls } from '../main/contract/calls.ts';\nexport const calls: Calls | null = null;\n",
  'test/some.test.ts': "import { read } from '../main/base/plain.ts';\nread();\n",
};

/** file -> its text and what the checker must have against it */
const bad: { [file: string]: [text: string, complaint: string] } = {
  'main/base/up.ts': ["import { a } from '../model/value.ts';\na();\n", 'wall-base'],
  'main/base/up-by-type.ts': ["import type { Thing } from '../model/thing.ts';\nexport type T = Thing;\n", 'wall-base'],
  'main/base/up-by-name.ts': ["import { type Thing } from '../model/thing.ts';\nexport type T = Thing;\n", 'wall-base'],
  'main/base/up-by-reexport.ts': ["export type { Thing } from '../model/thing.ts';\n", 'wall-base'],
  'main/base/up-late.ts': ["export const late = () => import('../model/value.ts');\n", 'wall-base'],
  'main/base/up-with-using.ts': [
    "import { a } from '../model/value.ts';\nexport function f() {\n  using held = a();\n  return held;\n}\n",
    'wall-base',
  ],
  'main/protocol/sideways.ts': ["import { a } from '../efuse/value.ts';\na();\n", 'wall-protocol'],
  'main/station/front-door.ts': ["import { a } from '../start/compose-too.ts';\na();\n", 'wall-station'],
  'main/boot/hungry.mjs': ["import { a } from '../base/value.ts';\na();\n", 'wall-boot'],
  'main/chip/token.ts': ["import * as pkcs11 from 'pkcs11js';\npkcs11;\n", 'guard-pkcs11js'],
  'main/signing/near.ts': ["import type { Handle } from 'pkcs11js';\nexport type H = Handle;\n", 'guard-pkcs11js'],
  'main/station/window.ts': ["import { app } from 'electron';\napp;\n", 'guard-electron'],
  'main/chip/serial.ts': ["import { SerialPort } from 'serialport';\nSerialPort;\n", 'guard-serialport'],
  'main/ledger/other.ts': ["import Database from 'better-sqlite3';\nDatabase;\n", 'guard-better-sqlite3'],
  'main/start/compose-too.ts': ["import '../../test/double.ts';\nexport const a = () => 0;\n", 'no-test-in-product'],
  // a circle of types is one too: neither file can be read before the other
  'main/model/pair.ts': ["import type { Twin } from './twin.ts';\nexport type Pair = { twin: Twin };\n", 'no-cycles'],
  'main/model/round.ts': ["import { b } from './trip.ts';\nexport const a = () => b;\n", 'no-cycles'],
  'main/utils/drawer.ts': ["import '../base/plain.ts';\n", 'unknown-room'],
  'renderer/deep.tsx': ["import { a } from '../main/station/value.ts';\na();\n", 'wall-renderer'],
};

const others = {
  'main/model/twin.ts': "import type { Pair } from './pair.ts';\nexport type Twin = { pair: Pair };\n",
  'main/model/value.ts': 'export const a = () => ({ [Symbol.dispose]() {} });\n',
  'main/model/trip.ts': "import { a } from './round.ts';\nexport const b = a;\n",
  'main/base/value.ts': 'export const a = () => 0;\n',
  'main/efuse/value.ts': 'export const a = () => 0;\n',
  'main/station/value.ts': 'export const a = () => 0;\n',
  'test/double.ts': 'export const double = 0;\n',
  'node_modules/pkcs11js/index.js': '',
  'node_modules/pkcs11js/package.json': '{"name":"pkcs11js","version":"1.0.0","main":"index.js"}',
};

let tree = '';
let found: string[] = [];

before(() => {
  tree = mkdtempSync(join(tmpdir(), 'fuseline-walls-'));
  const texts = Object.fromEntries(Object.entries(bad).map(([file, [text]]) => [file, text]));
  for (const [file, text] of Object.entries({ ...well, ...others, ...texts })) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), text);
  }
  cpSync(join(root, '.dependency-cruiser.mjs'), join(tree, '.dependency-cruiser.mjs'));
  writeFileSync(join(tree, 'package.json'), '{"type":"module","dependencies":{"pkcs11js":"1.0.0"}}');
  found = violations(tree, 'main', 'renderer', 'test');
});

after(() => rmSync(tree, { recursive: true, force: true }));

for (const [file, [, rule]] of Object.entries(bad))
  test(`${file} runs into ${rule}`, () => {
    const complaints = found.filter((line) => line.includes(`: ${file} -> `)).map((line) => line.split(':')[0]);
    assert.deepEqual([...new Set(complaints)], [rule]);
  });

for (const file of Object.keys(well))
  test(`${file} is let through`, () => {
    assert.deepEqual(
      found.filter((line) => line.includes(`: ${file} -> `)),
      [],
    );
  });

test('the real tree keeps its walls', () => {
  assert.deepEqual(violations(root, 'main'), []);
});
