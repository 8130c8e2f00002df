import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lintRules } from '../../../main/recipe/lint/rules.ts';

const firmware = join(import.meta.dirname, '../../../station-config/firmware');

/** Options that two rules are about, or that only a build for another recipe would have. */
const aside = ['SECURE_BOOT_ALLOW_ROM_BASIC'];

/**
 * An sdkconfig that keeps every rule of the table for a P4 recipe, but for those named: an option that must be on is off there, one that
 * must be off is on.
 */
export function sdkconfigBut(...broken: readonly string[]): string {
  const lines = ['CONFIG_SECURE_SIGNED_APPS_RSA_SCHEME=y', 'CONFIG_SECURE_FLASH_ENCRYPTION_AES256=y'];
  for (const { check, options, want } of lintRules) {
    const [option = ''] = options;
    if (aside.includes(option) && !broken.includes(check)) continue;
    const on = (want === 'y') !== broken.includes(check);
    lines.push(on ? `CONFIG_${option}=y` : `# CONFIG_${option} is not set`);
  }
  return `${[...new Set(lines)].join('\n')}\n`;
}

/** A copy of the P4's demonstration firmware with this sdkconfig, in a folder of its own that the caller removes. */
export function firmwareWith(sdkconfig: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-firmware-'));
  cpSync(join(firmware, 'esp32p4-v3'), folder, { recursive: true });
  writeFileSync(join(folder, 'sdkconfig'), sdkconfig);
  return folder;
}
