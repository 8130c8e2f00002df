// Files that people write, in the encodings in which their editors save them: read right or refused with the line, never as other letters.

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { z } from 'zod';
import { concat, utf8 } from '../../../main/base/bytes.ts';
import { readStationFile } from '../../../main/config/station-file.ts';
import { readYaml } from '../../../main/config/yaml.ts';
import { readFirmware } from '../../../main/image/firmware.ts';
import { readDeviceList } from '../../../main/recipe/device-list.ts';
import { loadRecipe } from '../../../main/recipe/load.ts';
import { findTemplate } from '../../../main/station/desk/labels/label-template.ts';
import { demoFirmware } from '../../tools/make-demo-firmware.ts';

const config = join(import.meta.dirname, '../../../station-config');
const latin1 = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
const utf16 = (text: string) => new Uint8Array(Buffer.from(`\uFEFF${text}`, 'utf16le'));
const withMark = (text: string) => concat(Uint8Array.of(0xef, 0xbb, 0xbf), utf8(text));

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-encodings-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a recipe', (t) => {
  const folder = folderFor(t);
  cpSync(join(config, 'firmware', 'esp32c3'), join(folder, 'firmware', 'esp32c3'), { recursive: true });
  const file = join(folder, 'recipes.yaml');
  const shipped = readFileSync(join(config, 'recipes', 'esp32c3-production.yaml'), 'utf8')
    .replace('../firmware/', 'firmware/')
    .replace(/^description: .*$/m, 'description: Prüfling für Gerätebau Müller');
  const load = (bytes: Uint8Array) => {
    writeFileSync(file, bytes);
    const { recipe, findings } = loadRecipe(file);
    const told = findings.find(({ check }) => check === 'text-encoding');
    return { description: recipe?.description ?? null, told };
  };
  for (const bytes of [utf8(shipped), withMark(shipped)])
    assert.equal(load(bytes).description, 'Prüfling für Gerätebau Müller');
  const line = shipped.split('\n').findIndex((one) => one.startsWith('description:')) + 1;
  const { description, told } = load(latin1(shipped));
  assert.deepEqual([description, told?.line, told?.file, told?.waivable], [null, line, file, false]);
  assert.match(load(utf16(shipped)).told?.what ?? '', /UTF-16/);
  // read by a program that put the sign for what it could not read, as an editor in a window does
  const { problems } = readYaml('a: 1\nb: M\uFFFDller\n', 'x.yaml', z.any());
  assert.deepEqual(
    problems.map(({ check, line: at }) => [check, at]),
    [['text-encoding', 2]],
  );
});

test('a station file and a label template', (t) => {
  const folder = folderFor(t);
  const station = 'fuseline: 1\nstation: line-1\n# Prüfplatz\n';
  const file = join(folder, 'station.yaml');
  for (const bytes of [utf8(station), withMark(station)]) {
    writeFileSync(file, bytes);
    assert.equal(readStationFile(file).name, 'line-1');
  }
  writeFileSync(file, latin1(station));
  assert.throws(() => readStationFile(file), { code: 'text.encoding', what: /line 3/ });
  writeFileSync(join(folder, 'device.zpl'), latin1('^XA\n^FDGerät {serial}^FS^XZ'));
  assert.throws(() => findTemplate('any', [folder]), { code: 'text.encoding', what: /line 2/ });
});

test('what lies in a build folder', () => {
  const build = (more: readonly [string, Uint8Array][]) =>
    new Map([...(demoFirmware().get('esp32c3') as Map<string, Uint8Array>), ...more]);
  const strange = (name: string, bytes: Uint8Array) =>
    assert.throws(() => readFirmware(build([[name, bytes]]), 'esp32c3'), {
      code: 'text.encoding',
      what: new RegExp(name),
    });
  strange('sdkconfig', latin1('CONFIG_A="Gerät"\n'));
  strange('sdkconfig', utf16('CONFIG_A=y\n'));
  strange('flasher_args.json', utf16('{}'));
  const listing = new TextDecoder().decode(build([]).get('flasher_args.json'));
  assert.equal(readFirmware(build([['flasher_args.json', withMark(listing)]]), 'esp32c3').parts.length, 4);
});

test('a list of devices', () => {
  const told = (bytes: Uint8Array) => readDeviceList(bytes).mistakes.map(({ line, what }) => `${line}: ${what}`);
  const list = 'serial,name\nA1,Müller\nA2,Jäger\n';
  for (const bytes of [utf8(list), withMark(list)]) {
    assert.deepEqual(told(bytes), []);
    assert.equal(readDeviceList(bytes).list?.rows[1]?.fields.name, 'Jäger');
  }
  assert.match(told(latin1(list)).join(), /^2: The file is no UTF-8: line 2/);
  assert.match(told(utf16(list)).join(), /UTF-16/);
  for (const [sign, name] of [
    [';', 'semicolons'],
    ['\t', 'tabs'],
    ['|', 'bars'],
  ] as const)
    assert.deepEqual(told(utf8(list.replaceAll(',', sign))), [
      `1: The first line is divided by ${name}, not by commas.`,
    ]);
  assert.deepEqual(told(utf8('serial\nA1\n')), [], 'one column alone');
});
