import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadRecipeText } from '../../../main/recipe/load.ts';

const folder = join(import.meta.dirname, '../../../station-config/recipes');

/** Contradictions that are told of a shipped recipe with these eFuses by name, and with `edit`. */
function contradictions(name: string, efuses: string, edit: (text: string) => string = (text) => text) {
  const file = join(folder, `${name}.yaml`);
  const text = `${edit(readFileSync(file, 'utf8'))}\nefuses: { ${efuses} }\n`;
  const { loaded, findings } = loadRecipeText(text, file);
  const told = findings.filter(({ check }) => check === 'efuse-contradicts');
  for (const finding of told) {
    assert.equal(loaded, null);
    assert.deepEqual([finding.severity, finding.waivable], ['error', false]);
    assert.equal(finding.line, text.split('\n').findIndex((line) => line.startsWith('efuses:')) + 1);
  }
  return told.map(({ what }) => what);
}

test('a field that a section decides may not have another value by name', () => {
  const open = (text: string) => text.replace(/download_mode: .*/, 'download_mode: open');
  assert.match(
    contradictions('esp32c3-production', 'DIS_DOWNLOAD_MODE: 1', open)[0] ?? '',
    /efuses\.DIS_DOWNLOAD_MODE \(1\) contradicts doors\.download_mode \(open\), which leaves it 0\./,
  );
  for (const [recipe, efuses, path] of [
    ['esp32c3-production', 'ENABLE_SECURITY_DOWNLOAD: 1', 'doors.download_mode'],
    ['esp32c3-production', 'DIS_DOWNLOAD_MODE: 0', 'doors.download_mode'],
    ['esp32c3-production', 'UART_PRINT_CONTROL: 2', 'doors.rom_print'],
    ['esp32c3-production', 'DIS_FORCE_DOWNLOAD: 1', 'doors.force_download'],
    ['esp32c3-production', 'SECURE_VERSION: 3', 'secure_version'],
    ['esp32c3-production', 'SPI_BOOT_CRYPT_CNT: 1', 'flash_encryption'],
    ['esp32c3-production', 'DIS_DOWNLOAD_MANUAL_ENCRYPT: 0', 'flash_encryption'],
    ['esp32c3-production', 'SECURE_BOOT_KEY_REVOKE0: 1', 'secure_boot'],
    ['esp32c3-production', 'SECURE_BOOT_AGGRESSIVE_REVOKE: 1', 'secure_boot'],
    // an RSA image is never verified over SHA-384 (FACTS 19: run in ROM)
    ['esp32p4-production', 'SECURE_BOOT_SHA384_EN: 1', 'secure_boot'],
    // by its older name, and on a chip that calls it otherwise
    ['esp32s2-production', 'HARD_DIS_JTAG: 0', 'doors.jtag'],
    ['esp32-production', 'UART_DOWNLOAD_DIS: 0', 'doors.download_mode'],
    ['esp32-production', 'CONSOLE_DEBUG_DISABLE: 0', 'doors.direct_boot'],
    ['esp32-production', 'ABS_DONE_0: 1', 'secure_boot'],
  ] as const)
    assert.ok(contradictions(recipe, efuses)[0]?.includes(`contradicts ${path} (`), `${recipe} ${efuses}`);
});

test('the value that the section gives, and fields that no section decides, stay allowed', () => {
  assert.deepEqual(
    contradictions('esp32c3-production', 'DIS_DOWNLOAD_MODE: 1, DIS_PAD_JTAG: 1, SECURE_BOOT_EN: 1'),
    [],
  );
  const plain = (text: string) => text.replace(/^flash_encryption:(\n {2}.*)*/m, '');
  assert.deepEqual(contradictions('esp32c3-production', 'DIS_DOWNLOAD_ICACHE: 1', plain), []);
});
