// Inputs of the kinds that people have in their hands, beside those of test/cases: builds, tables and recipes that once were taken for good,
// or refused with the wrong reason.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { hashSize, parseImage } from '../../../main/image/app-image.ts';
import { buildPartitionTable, parsePartitionTable } from '../../../main/image/partition-table.ts';
import type { Partition } from '../../../main/image/types.ts';
import { loadRecipe } from '../../../main/recipe/load.ts';
import { row } from './partition-row.ts';

const common = join(import.meta.dirname, '../../cases/common');
const own = mkdtempSync(join(tmpdir(), 'fuseline-people-'));
after(() => rmSync(own, { recursive: true, force: true }));
const part = (name: string) => new Uint8Array(readFileSync(join(common, 'fw', name)));
const [bootloader, tableFile, app, otadata] = [
  'bootloader.bin',
  'partition-table.bin',
  'app.bin',
  'ota_data_initial.bin',
].map(part) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
const { partitions } = parsePartitionTable(tableFile);
const recipe = readFileSync(join(common, 'recipe.yaml'), 'utf8');
type Files = Readonly<Record<string, Uint8Array | string>>;
const plain: Files = {
  'bootloader.bin': bootloader,
  'partition-table.bin': tableFile,
  'app.bin': app,
  'ota.bin': otadata,
};

let count = 0;
/** The findings about this build and recipe, those of advisories left out. */
function load(files: Files, text: string | Uint8Array = recipe) {
  const folder = join(own, String(count++));
  mkdirSync(join(folder, 'fw'), { recursive: true });
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, 'fw', name)), { recursive: true });
    writeFileSync(join(folder, 'fw', name), bytes);
  }
  writeFileSync(join(folder, 'recipe.yaml'), text);
  const { loaded, findings } = loadRecipe(join(folder, 'recipe.yaml'));
  return { loaded, findings: findings.filter(({ check }) => !check.startsWith('lint-')) };
}

const told = (files: Files, text?: string | Uint8Array) =>
  load(files, text).findings.map(({ check, severity }) => (severity === 'error' ? check : `${severity} ${check}`));

/** The flash image of this build, as tools merge it. */
function merged(more: readonly (readonly [number, Uint8Array])[] = [], size = 0x400000): Uint8Array {
  const whole = new Uint8Array(size).fill(0xff);
  for (const [at, bytes] of [[0, bootloader], [0x8000, tableFile], [0x10000, app], ...more] as const)
    whole.set(bytes, at);
  return whole;
}

/** An image with a changed header; checksum and hash fit. */
function withHeader(image: Uint8Array, edit: (bytes: Uint8Array) => void): Uint8Array {
  const changed = Uint8Array.from(image);
  edit(changed);
  const end = parseImage(image).length - hashSize;
  changed.set(createHash('sha256').update(changed.subarray(0, end)).digest(), end);
  return changed;
}

const withTable = (rows: readonly Partition[]): Files => ({
  ...plain,
  'partition-table.bin': buildPartitionTable(rows),
});
/** The shipped table with room at its end. */
const roomy = partitions.map((one) => (one.name === 'data' ? { ...one, size: 0x10000 } : one));

describe('builds as other tools leave them', () => {
  const ways: Readonly<Record<string, Files>> = {
    PlatformIO: { 'bootloader.bin': bootloader, 'partitions.bin': tableFile, 'firmware.bin': app },
    ESPHome: {
      'bootloader.bin': bootloader,
      'partitions.bin': tableFile,
      'firmware.bin': app,
      'firmware.ota.bin': app,
      'firmware.factory.bin': merged(),
      'idedata.json': '{"extra":{"flash_images":[]}}',
    },
    'Arduino on Windows': {
      'x.ino.bootloader.bin': bootloader,
      'x.ino.partitions.bin': tableFile,
      'x.ino.bin': app,
      'x.ino.merged.bin': merged(),
      flash_args:
        '--flash_mode dio --flash_size 4MB\r\n0x0 "x.ino.bootloader.bin"\r\n0x8000 x.ino.partitions.bin\r\n0x10000 x.ino.bin\r\n',
    },
    'backslashes in flasher_args.json': {
      'bootloader/bootloader.bin': bootloader,
      'partition_table/partition-table.bin': tableFile,
      'app.bin': app,
      'flasher_args.json': JSON.stringify({
        flash_files: {
          '0x0': 'bootloader\\bootloader.bin',
          '32768': 'partition_table\\partition-table.bin',
          '0x10000': '.\\app.bin',
        },
        app: { offset: '0x10000', file: '.\\app.bin' },
      }),
    },
    'a merged image alone': { 'firmware.factory.bin': merged() },
  };
  for (const [way, files] of Object.entries(ways))
    it(way, () => {
      const { loaded, findings } = load(files);
      assert.deepEqual(
        findings.map(({ check }) => check),
        ['otadata-file'],
      );
      assert.deepEqual(
        loaded!.firmware.parts.map(({ kind, offset }) => [kind, offset]),
        [
          ['bootloader', 0],
          ['partition-table', 0x8000],
          ['app', 0x10000],
        ],
      );
    });

  it('a flash that was read out of a device is known by what the device had stored', () => {
    const nvs = Uint8Array.from({ length: 0x1000 }, (_, at) => at & 0xff);
    assert.deepEqual(told({ 'dump.bin': merged([[0x9000, nvs]]) }), [
      'warning device-data-same',
      'warning otadata-file',
    ]);
    const keys = row('keys', 1, 4, 0x380000, 0x1000);
    const rows = [...roomy, { ...keys, encrypted: true }];
    const dump = merged([
      [0x8000, buildPartitionTable(rows)],
      [0x380000, nvs],
    ]);
    assert.ok(told({ 'dump.bin': dump }).includes('nvs-keys-same'));
  });

  it('a bootloader is not judged by a greatest revision, at which nothing looks', () => {
    const capped = withHeader(bootloader, (bytes) => bytes.set([3, 0], 17));
    assert.deepEqual(told({ ...plain, 'bootloader.bin': capped }), []);
    assert.deepEqual(told({ ...plain, 'app.bin': withHeader(app, (bytes) => bytes.set([3, 0], 17)) }), [
      'warning silicon-revision',
    ]);
    for (const last of [
      [0xff, 0xff],
      [0, 0],
    ])
      assert.deepEqual(
        told({ ...plain, 'app.bin': withHeader(app, (bytes) => bytes.set(last, 17)) }),
        [],
        String(last),
      );
    assert.ok(
      told({ ...plain, 'bootloader.bin': withHeader(bootloader, (bytes) => bytes.set([0xff, 0xff], 15)) }).includes(
        'silicon-revision',
      ),
    );
  });
});

describe('partition tables that no update, or no start, gets on with', () => {
  const tables: Readonly<Record<string, readonly Partition[]>> = {
    'partition-name-twice': [...roomy, row('nvs', 1, 2, 0x380000, 0x4000)],
    'otadata-twice': [...roomy, row('otadata2', 1, 0, 0x380000, 0x2000)],
    'app-slot-twice': roomy.map((one) => (one.name === 'app1' ? { ...one, subtype: 0x10 } : one)),
    'otadata-size': roomy.map((one) => (one.type === 1 && one.subtype === 0 ? { ...one, size: 0x1000 } : one)),
    'ota-slots-gap': roomy.map((one) => (one.name === 'app1' ? { ...one, subtype: 0x12 } : one)),
  };
  for (const [check, rows] of Object.entries(tables))
    it(check, () => {
      assert.deepEqual(
        told(withTable(rows)).filter((one) => one === check),
        [check],
      );
    });
  it('the table itself is taken', () => assert.deepEqual(told(withTable(roomy)), []));
});

describe('recipes', () => {
  it('whose lines end as no line does are refused in one sentence', () => {
    assert.deepEqual(told(plain, recipe.replaceAll('\n', '\r')), ['text-encoding']);
    assert.deepEqual(told(plain, recipe.replaceAll('\n', '\r\n')), []);
  });

  it('that fix a block for a key which they do not burn', () => {
    for (const slots of ['{hmac-up: 0}', '{secure-boot-digest-1: 3}', '{ecdsa-identity: 1}', '{flash-encryption: 2}'])
      assert.deepEqual(told(plain, `${recipe}\nslots: ${slots}\n`), ['slot-unused'], slots);
    assert.deepEqual(told(plain, `${recipe}\nhmac_up: true\nslots: {hmac-up: 0}\n`), []);
  });

  it('that burn no address of the product, where the build takes its own from there', () => {
    const base = { ...plain, sdkconfig: 'CONFIG_ESP_MAC_USE_CUSTOM_MAC_AS_BASE_MAC=y\n' };
    assert.deepEqual(told(base), ['warning custom-mac-missing']);
    assert.deepEqual(told({ ...base, sdkconfig: '# CONFIG_ESP_MAC_USE_CUSTOM_MAC_AS_BASE_MAC is not set\n' }), []);
  });

  it('whose parts contradict each other', () => {
    const shipped = join(import.meta.dirname, '../../../station-config');
    const production = readFileSync(join(shipped, 'recipes/esp32p4-production.yaml'), 'utf8').replace(
      /folder: \S+/,
      `folder: ${join(shipped, 'firmware/esp32p4-v3')}`,
    );
    const check = (from: string, to: string) => {
      assert.ok(production.includes(from), from);
      const file = join(own, `production-${count++}.yaml`);
      writeFileSync(file, production.replace(from, to));
      return loadRecipe(file)
        .findings.filter(({ severity, check: name }) => severity === 'error' && !name.startsWith('lint-'))
        .map(({ check: name }) => name);
    };
    const days = 'valid_years: 30';
    const line = 'app_init: Project name:';
    const ca = 'key: ecdsa-p256\n';
    for (const [from, to, refused] of [
      [days, "not_after: '2049-02-30'", 'wrong-value'],
      [days, "not_after: '2049-04-31'", 'wrong-value'],
      [days, "not_after: '2001-01-01'", 'certificate-ended'],
      ["- 'Guru Meditation'", `- '${line}'`, 'boot-proof-contradicts'],
      ["- 'Guru Meditation'", "- '.*'", 'boot-proof-contradicts'],
      ["- 'Guru Meditation'", "- 'app_[a-z]+:'", 'boot-proof-contradicts'],
      ['label: fuseline-wrapping', 'label: secure-boot-1', 'key-label-twice'],
      ['label: device-ca', 'label: secure-boot-1', 'key-label-twice'],
      ['label: device-ca', 'label: fuseline-wrapping', 'key-label-twice'],
      [ca, `${ca}  partition: ota_1\n`, 'certificate-partition-taken'],
      [ca, `${ca}  partition: nvs\n`, 'certificate-partition-taken'],
      [ca, `${ca}  partition: otadata\n`, 'certificate-partition-taken'],
    ] as const)
      assert.deepEqual(check(from, to), [refused], to);
    assert.deepEqual(check(days, "not_after: '2048-02-29'"), []);
    assert.deepEqual(check(days, "not_after: '9999-12-31'"), []);
  });

  it('in the encodings of other editors are refused with the reason', () => {
    const refused = (text: Uint8Array) => load(plain, text).findings.map(({ check, what }) => `${check}: ${what}`);
    const utf16 = new Uint8Array(Buffer.from(`\ufeff${recipe}`, 'utf16le'));
    assert.match(refused(utf16)[0]!, /text-encoding: .*UTF-16 \(little-endian\)/);
    assert.match(refused(new Uint8Array(Buffer.from(utf16).swap16()))[0]!, /UTF-16 \(big-endian\)/);
    const latin = (letters: string) => new Uint8Array(Buffer.from(`${recipe}description: ${letters}\n`, 'latin1'));
    for (const letters of ['Ger\xe4t', '\x93quoted\x94'])
      assert.match(refused(latin(letters)).join(), /no UTF-8: line 11/);
  });
});
