import { hasField } from '../../efuse/tables.ts';
import type { EfuseTable } from '../../efuse/types.ts';
import type { Firmware } from '../../image/types.ts';
import type { Add } from '../finding.ts';
import { pseudoRoundsOfBuild } from '../plan/settle-encryption.ts';
import { pseudoLevel } from '../plan/side-channels.ts';
import type { Recipe } from '../types.ts';

/** Whether chip and build have the dummy rounds that the recipe asks for. Pure. */
export function checkPseudoRounds(
  { flashEncryption }: Recipe,
  firmware: Firmware | null,
  tables: readonly EfuseTable[],
  add: Add,
): void {
  const level = flashEncryption?.pseudoRounds;
  if (level === undefined) return;
  const path = 'flash_encryption.pseudo_rounds';
  const without = tables.find((table) => !hasField(table, pseudoLevel));
  if (without !== undefined) {
    add({
      check: 'pseudo-rounds',
      path,
      what: `${without.name} has no dummy rounds in flash decryption (${pseudoLevel}).`,
      remedy: 'Leave pseudo_rounds out.',
    });
    return;
  }
  const built = firmware === null ? null : pseudoRoundsOfBuild(firmware);
  if (built === null || built === level) return;
  const byDevice = flashEncryption?.by === 'device';
  const builds = built === 0 ? 'without dummy rounds' : `for level ${built}`;
  add({
    check: 'pseudo-rounds-other',
    path,
    // A bootloader that encrypts flash writes its own level over the station's: what is in then is neither, or its start fails.
    severity: byDevice && built !== 0 ? 'error' : 'warning',
    what: `The recipe asks for dummy rounds of level ${level}, but the build is ${builds} (CONFIG_SECURE_FLASH_PSEUDO_ROUND_FUNC).`,
    remedy: 'Give both the same level, or leave pseudo_rounds out: then the build decides.',
  });
}
