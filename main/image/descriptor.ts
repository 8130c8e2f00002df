import { fromHex, textOf, toHex, utf8, viewOf } from '../base/bytes.ts';
import type { AppDescriptor, BootloaderDescriptor } from './types.ts';

// Both descriptors are the first bytes of the first segment, so they stand at file offset 24 + 8 (FACTS 5.2).
export const descriptorOffset = 0x20;

const appMagic = 0xabcd5432;
const appSize = 256;
const bootloaderMagic = 0x50;
const bootloaderSize = 80;

/** Whether an application descriptor stands at offset 0x20, however damaged the rest may be. */
export function hasAppDescriptor(bytes: Uint8Array): boolean {
  return bytes.length >= descriptorOffset + 4 && viewOf(bytes).getUint32(descriptorOffset, true) === appMagic;
}

/** esp_app_desc_t of an image file, or null where there is none. */
export function readAppDescriptor(image: Uint8Array): AppDescriptor | null {
  if (!hasAppDescriptor(image) || image.length < descriptorOffset + appSize) return null;
  const bytes = image.subarray(descriptorOffset, descriptorOffset + appSize);
  const view = viewOf(bytes);
  const pageLog2 = view.getUint8(180);
  return {
    secureVersion: view.getUint32(4, true),
    version: textOf(bytes.subarray(16, 48)),
    projectName: textOf(bytes.subarray(48, 80)),
    time: textOf(bytes.subarray(80, 96)),
    date: textOf(bytes.subarray(96, 112)),
    idfVersion: textOf(bytes.subarray(112, 144)),
    elfSha256: toHex(bytes.subarray(144, 176)),
    minBlockRevision: view.getUint16(176, true),
    maxBlockRevision: view.getUint16(178, true),
    // Builds before ESP-IDF 5.4 leave the byte zero: the page size is not said.
    mmuPageSize: pageLog2 === 0 || pageLog2 > 24 ? null : 2 ** pageLog2,
  };
}

/**
 * Why no bootloader starts an application on eFuse blocks of this version (major * 100 + minor): its bounds are looked at where they are set,
 * neither 0 nor 65535, and the last one unless the chip's fuses say not to. Null: it starts. The ESP32 has no such version (from source:
 * bootloader_common_loader.c, bootloader_common_check_efuse_blk_validity).
 */
export function blockMisfit(
  { minBlockRevision: first = 0, maxBlockRevision: last = 0 }: AppDescriptor,
  version: number,
  ignoresLast: boolean,
): { readonly is: 'too-old'; readonly first: number } | { readonly is: 'too-new'; readonly last: number } | null {
  const isSet = (bound: number) => bound !== 0 && bound !== 0xffff;
  if (isSet(first) && version < first) return { is: 'too-old', first };
  return isSet(last) && version > last && !ignoresLast ? { is: 'too-new', last } : null;
}

/** The 256 bytes of esp_app_desc_t. Throws RangeError where a text is longer than its field. */
export function appDescriptorBytes(descriptor: AppDescriptor): Uint8Array {
  const bytes = new Uint8Array(appSize);
  const view = viewOf(bytes);
  view.setUint32(0, appMagic, true);
  view.setUint32(4, descriptor.secureVersion, true);
  putText(bytes, 16, 32, descriptor.version);
  putText(bytes, 48, 32, descriptor.projectName);
  putText(bytes, 80, 16, descriptor.time);
  putText(bytes, 96, 16, descriptor.date);
  putText(bytes, 112, 32, descriptor.idfVersion);
  const elf = fromHex(descriptor.elfSha256);
  if (elf.length !== 32) throw new RangeError(`an ELF SHA-256 has 32 bytes, not ${elf.length}`);
  bytes.set(elf, 144);
  view.setUint16(176, descriptor.minBlockRevision ?? 0, true);
  view.setUint16(178, descriptor.maxBlockRevision ?? 199, true);
  view.setUint8(180, descriptor.mmuPageSize === null ? 0 : Math.log2(descriptor.mmuPageSize));
  return bytes;
}

/**
 * esp_bootloader_desc_t of an image file, or null where there is none. Its magic is a single byte, so the reserved bytes and the
 * first letter of the ESP-IDF version have to fit as well.
 */
export function readBootloaderDescriptor(image: Uint8Array): BootloaderDescriptor | null {
  if (image.length < descriptorOffset + bootloaderSize) return null;
  const bytes = image.subarray(descriptorOffset, descriptorOffset + bootloaderSize);
  const first = bytes[8] as number;
  if (bytes[0] !== bootloaderMagic || bytes[1] !== 0 || bytes[2] !== 0 || first < 0x20 || first > 0x7e) return null;
  return {
    secureVersion: bytes[3] as number,
    version: viewOf(bytes).getUint32(4, true),
    idfVersion: textOf(bytes.subarray(8, 40)),
    dateTime: textOf(bytes.subarray(40, 64)),
  };
}

/** The 80 bytes of esp_bootloader_desc_t. Throws RangeError where a text is longer than its field. */
export function bootloaderDescriptorBytes(descriptor: BootloaderDescriptor): Uint8Array {
  const bytes = new Uint8Array(bootloaderSize);
  bytes[0] = bootloaderMagic;
  bytes[3] = descriptor.secureVersion;
  viewOf(bytes).setUint32(4, descriptor.version, true);
  putText(bytes, 8, 32, descriptor.idfVersion);
  putText(bytes, 40, 24, descriptor.dateTime);
  return bytes;
}

function putText(bytes: Uint8Array, offset: number, room: number, text: string): void {
  const encoded = utf8(text);
  if (encoded.length >= room) throw new RangeError(`"${text}" does not fit into ${room - 1} bytes and a NUL`);
  bytes.set(encoded, offset);
}
