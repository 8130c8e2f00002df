import { defaultMmuPageSize } from '../../image/app-image.ts';
import type { EspImage } from '../../image/types.ts';
import type { BootContext } from '../silicon.ts';
import type { IdfConsole } from './console.ts';
import type { FlashView } from './flash-view.ts';
import { checkSecureBoot, isWellSigned, signaturesBehind } from './secure-boot.ts';

/**
 * Why an image is looked at. load: to be started. verify: to be sure of it, before its flash is encrypted. bootloader: the same of the
 * bootloader itself, of which nothing is mapped.
 */
export type ImageUse = 'load' | 'verify' | 'bootloader';

/**
 * An image as ESP-IDF's esp_image_format.c goes through it: segments, checksum, signature or hash. False where it is not whole, and the
 * console says why. The lines as recorded (vectors consoles/).
 */
export function verifyImage(
  context: BootContext,
  view: FlashView,
  image: EspImage,
  offset: number,
  use: ImageUse,
  console: IdfConsole,
): boolean {
  listSegments(image, offset, use, console);
  if (image.checksum.stored !== image.checksum.computed) {
    const { stored, computed } = image.checksum;
    const words = `Calculated 0x${computed.toString(16)} read 0x${stored.toString(16)}`;
    console.error('esp_image', `Checksum failed. ${words}`);
    return false;
  }
  // A bootloader that is built to encrypt, and signed, is built with Secure Boot as well: it looks before that is on.
  const looks = context.encrypts !== undefined && signaturesBehind(view, offset, image).length > 0;
  if (looks || context.efuse.field('SECURE_BOOT_EN') === 1) return signatureFits(context, view, image, offset, console);
  if (image.hash !== null && image.hash.stored !== image.hash.computed) {
    console.error('esp_image', 'Image hash failed - image is corrupt');
    return false;
  }
  return true;
}

/** Segments; those of mapped flash are known by their load address, which equals the flash address modulo the MMU page (FACTS 5.1). */
function listSegments(image: EspImage, start: number, use: ImageUse, console: IdfConsole): void {
  const page = image.app?.mmuPageSize ?? defaultMmuPageSize;
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  for (const [i, { loadAddress, offset, length }] of image.segments.entries()) {
    const mapped = use !== 'bootloader' && loadAddress % page === (start + offset) % page;
    const place = `paddr=${hex(start + offset, 8)} vaddr=${hex(loadAddress, 8)}`;
    const way = mapped ? 'map' : use === 'load' && loadAddress !== 0 ? 'load' : '';
    const size = `size=${hex(length, 5)}h (${String(length).padStart(6)})`;
    console.info('esp_image', `segment ${i}: ${place} ${size} ${way}`);
  }
}

function signatureFits(
  context: BootContext,
  view: FlashView,
  image: EspImage,
  offset: number,
  console: IdfConsole,
): boolean {
  console.info('esp_image', 'Verifying image signature...');
  const isOn = context.efuse.field('SECURE_BOOT_EN') === 1;
  const verdict = isOn ? checkSecureBoot(context, view, offset, image.length) : null;
  const ecdsa = verdict?.ecdsa ?? signaturesBehind(view, offset, image)[0]?.scheme !== 'rsa3072';
  console.info('secure_boot_v2', `Verifying with ${ecdsa ? 'ECDSA' : 'RSA-PSS'}...`);
  if (verdict?.passed ?? isWellSigned(view, offset, image)) {
    console.info('secure_boot_v2', 'Signature verified successfully!');
    return true;
  }
  console.error('secure_boot_v2', 'Secure Boot V2 verification failed.');
  console.error('esp_image', 'Secure boot signature verification failed');
  return false;
}
