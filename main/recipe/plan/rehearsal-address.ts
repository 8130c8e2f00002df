import { revisionText } from '../../model/chip.ts';
import type { Recipe } from '../types.ts';

/** Address of a virtual board as this recipe wants one: its oldest silicon, and a bootloader that does what the recipe leaves to it. */
export function rehearsalAddress({ chip, silicon, flashEncryption }: Recipe): string {
  const encrypts = flashEncryption?.by === 'device' ? '&encrypts=yes' : '';
  return `virtual:${chip}?rev=${revisionText(silicon.min)}&pacing=none${encrypts}`;
}
