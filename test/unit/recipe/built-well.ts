import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lintRules } from '../../../main/recipe/lint/rules.ts';

const firmware = join(import.meta.dirname, '../../../station-config/firmware');

/** Options that only a build for another chip would have. */
const aside = ['SECURE_BOOT_ALLOW_ROM_BASIC'];

/**
 * An sdkconfig that keeps every rule of the table for a P4 recipe, but for those named: an option that must be on is off there, one that
 * must be off is on.
 */
export function sdkconfigBut(...broken: readonly string[]): string {
  const values = new Map([
    ['SECURE_SIGNED_APPS_RSA_SCHEME', true],
    ['SECURE_FLASH_ENCRYPTION_AES256', true],
  ]);
  // Where two rules are about one option, the broken one decides.
  const rules = lintRules.toSorted((a, b) => Number(broken.includes(a.check)) - Number(broken.includes(b.check)));
  for (const { check, options, want } of rules) {
    const [option = ''] = options;
    if (aside.includes(option) && !broken.includes(check)) continue;
    values.set(option, (want === 'y') !== broken.includes(check));
  }
  return [...values].map(([name, on]) => (on ? `CONFIG_${name}=y\n` : `# CONFIG_${name} is not set\n`)).join('');
}

/** A copy of the P4's demonstration firmware with this sdkconfig, in a folder of its own that the caller removes. */
export function firmwareWith(sdkconfig: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-firmware-'));
  cpSync(join(firmware, 'esp32p4-v3'), folder, { recursive: true });
  writeFileSync(join(folder, 'sdkconfig'), sdkconfig);
  return folder;
}
