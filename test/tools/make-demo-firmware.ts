// Makes station-config/firmware/: one small build per chip for the demonstration line, the same bytes each time.
// Run: node test/tools/make-demo-firmware.ts
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { concat, fromHex, padTo, utf8 } from '../../main/base/bytes.ts';
import { seededRandom } from '../../main/base/random.ts';
import { appDescriptorBytes, bootloaderDescriptorBytes, buildImage, securePad } from '../../main/image/build-image.ts';
import { bootloaderOffsets } from '../../main/image/memory-map.ts';
import { buildPartitionTable } from '../../main/image/partition-table.ts';
import type { Partition } from '../../main/image/types.ts';
import { type ChipKind, chipIds } from '../../main/model/chip.ts';

/** By this text a virtual chip knows that the application answers `prove` and `pubkey` on its console. */
const proofMarker = 'FUSELINE-PROOF-1';

const mmuPageSize = 0x10000;
const idfVersion = 'v5.5.1';
const flashSizeMb = 4;

/** An endless loop: `j .` of RISC-V (jal x0, 0) and of Xtensa (and a byte that is never reached). */
const loopForever = { riscv: fromHex('6f000000'), xtensa: fromHex('06ffff00') };

interface Variant {
  readonly kind: ChipKind;
  readonly core: keyof typeof loopForever;
  readonly minRevision: number;
  readonly maxRevision: number;
  readonly tableOffset: number;
  /** Default 80m. */
  readonly flashFrequency?: string;
  /** Load addresses in the ranges where ESP-IDF 5.5 links these segments. */
  readonly app: { readonly rodata: number; readonly ram: number; readonly text: number };
  readonly bootloader: { readonly data: number; readonly code: number };
  readonly partitions: readonly Partition[];
}

const row = (name: string, type: number, subtype: number, offset: number, size: number): Partition => ({
  name,
  type,
  subtype,
  offset,
  size,
  // What identifies the device must not be readable from flash, nor the keys of its NVS.
  encrypted: name === 'esp_secure_cert' || name === 'nvs_keys',
  readonly: false,
});

const slots = [row('ota_0', 0, 0x10, 0x20000, 0x100000), row('ota_1', 0, 0x11, 0x120000, 0x100000)];

/** The P4's table lies at 0x10000, so that the bootloader at 0x2000 has room for its signature. */
const p4 = {
  kind: 'esp32p4',
  core: 'riscv',
  tableOffset: 0x10000,
  app: { rodata: 0x40010020, ram: 0x4ff00000, text: 0x40000020 },
  bootloader: { data: 0x4ff33ce0, code: 0x4ff29ed0 },
  partitions: [
    row('nvs', 1, 2, 0x11000, 0x6000),
    row('otadata', 1, 0, 0x17000, 0x2000),
    row('phy_init', 1, 1, 0x19000, 0x1000),
    row('esp_secure_cert', 0x3f, 6, 0x1a000, 0x2000),
    row('nvs_keys', 1, 4, 0x1c000, 0x1000),
    row('fctry', 1, 2, 0x1d000, 0x3000),
    ...slots,
  ],
} as const;

const small = {
  tableOffset: 0x8000,
  partitions: [
    row('nvs', 1, 2, 0x9000, 0x4000),
    row('esp_secure_cert', 0x3f, 6, 0xd000, 0x2000),
    row('phy_init', 1, 1, 0xf000, 0x1000),
    row('otadata', 1, 0, 0x10000, 0x2000),
    ...slots,
  ],
};

/** One folder a chip; two of the P4, whose silicon before and from v3.0 cannot run the same build. */
type Folder = Exclude<ChipKind, 'esp32p4'> | 'esp32p4-v1' | 'esp32p4-v3';

const variants: Readonly<Record<Folder, Variant>> = {
  'esp32p4-v1': { ...p4, minRevision: 0, maxRevision: 199 },
  'esp32p4-v3': { ...p4, minRevision: 300, maxRevision: 399 },
  esp32c3: {
    ...small,
    kind: 'esp32c3',
    core: 'riscv',
    minRevision: 3,
    maxRevision: 199,
    app: { rodata: 0x3c010020, ram: 0x40380000, text: 0x42000020 },
    bootloader: { data: 0x3fcd5820, code: 0x403cbf10 },
  },
  esp32s3: {
    ...small,
    kind: 'esp32s3',
    core: 'xtensa',
    minRevision: 0,
    maxRevision: 99,
    app: { rodata: 0x3c010020, ram: 0x40374000, text: 0x42000020 },
    bootloader: { data: 0x3fce2820, code: 0x403c8700 },
  },
  esp32s2: {
    ...small,
    kind: 'esp32s2',
    core: 'xtensa',
    minRevision: 0,
    maxRevision: 199,
    app: { rodata: 0x3f000020, ram: 0x40024000, text: 0x40080020 },
    bootloader: { data: 0x3ffe6110, code: 0x4004c000 },
  },
  esp32c2: {
    ...small,
    kind: 'esp32c2',
    core: 'riscv',
    minRevision: 100,
    maxRevision: 199,
    flashFrequency: '60m',
    app: { rodata: 0x3c010020, ram: 0x40380000, text: 0x42000020 },
    bootloader: { data: 0x3fcd5c80, code: 0x403acb70 },
  },
  esp32c61: {
    ...small,
    kind: 'esp32c61',
    core: 'riscv',
    minRevision: 100,
    maxRevision: 199,
    app: { rodata: 0x42010020, ram: 0x40800000, text: 0x42000020 },
    bootloader: { data: 0x40845c00, code: 0x4083bd70 },
  },
  esp32c6: {
    ...small,
    kind: 'esp32c6',
    core: 'riscv',
    minRevision: 0,
    maxRevision: 99,
    app: { rodata: 0x42010020, ram: 0x40800000, text: 0x42000020 },
    bootloader: { data: 0x40875720, code: 0x4086c410 },
  },
  esp32h2: {
    ...small,
    kind: 'esp32h2',
    core: 'riscv',
    minRevision: 0,
    maxRevision: 199,
    flashFrequency: '48m',
    app: { rodata: 0x42010020, ram: 0x40800000, text: 0x42000020 },
    bootloader: { data: 0x408460e0, code: 0x4083cfd0 },
  },
  esp32c5: {
    ...p4,
    kind: 'esp32c5',
    minRevision: 100,
    maxRevision: 199,
    app: { rodata: 0x42010020, ram: 0x40800000, text: 0x42000020 },
    bootloader: { data: 0x408556b0, code: 0x4084bba0 },
  },
  // The space below the default table's 0x8000 is what the second stage at 0x1000 needs with its signature.
  esp32: {
    ...small,
    kind: 'esp32',
    core: 'xtensa',
    minRevision: 300,
    maxRevision: 399,
    app: { rodata: 0x3f400020, ram: 0x40080000, text: 0x400d0020 },
    bootloader: { data: 0x3fff0030, code: 0x40078000 },
  },
  esp32s31: {
    ...p4,
    kind: 'esp32s31',
    minRevision: 0,
    maxRevision: 99,
    app: { rodata: 0x40010020, ram: 0x2f000000, text: 0x40000020 },
    bootloader: { data: 0x2f073fb0, code: 0x2f06a2b0 },
  },
  esp32h21: {
    ...small,
    kind: 'esp32h21',
    core: 'riscv',
    minRevision: 0,
    maxRevision: 99,
    flashFrequency: '48m',
    app: { rodata: 0x42010020, ram: 0x40800000, text: 0x42000020 },
    bootloader: { data: 0x40842a78, code: 0x40838d78 },
  },
  esp32h4: {
    ...p4,
    kind: 'esp32h4',
    minRevision: 0,
    maxRevision: 99,
    flashFrequency: '48m',
    app: { rodata: 0x42010020, ram: 0x40810000, text: 0x42000020 },
    bootloader: { data: 0x40856350, code: 0x4084c650 },
  },
};

const notice = 'Fuseline demonstration image. On real silicon it is an endless loop and nothing else.\0';

/** All folders: name of the variant to file name to contents. */
export function demoFirmware(): Map<string, Map<string, Uint8Array>> {
  return new Map(Object.entries(variants).map(([name, variant]) => [name, filesOf(name, variant)]));
}

function filesOf(name: string, variant: Variant): Map<string, Uint8Array> {
  const hex = (offset: number) => `0x${offset.toString(16)}`;
  const otadata = variant.partitions.find((partition) => partition.name === 'otadata') as Partition;
  const app = variant.partitions.find((partition) => partition.name === 'ota_0') as Partition;
  const places = {
    bootloader: { offset: hex(bootloaderOffsets[variant.kind]), file: 'bootloader.bin' },
    'partition-table': { offset: hex(variant.tableOffset), file: 'partition-table.bin' },
    otadata: { offset: hex(otadata.offset), file: 'ota_data_initial.bin' },
    app: { offset: hex(app.offset), file: 'fuseline_demo.bin' },
  };
  const settings = { flash_mode: 'dio', flash_size: `${flashSizeMb}MB`, flash_freq: variant.flashFrequency ?? '80m' };
  const listing = {
    write_flash_args: Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]),
    flash_settings: settings,
    flash_files: Object.fromEntries(Object.values(places).map(({ offset, file }) => [offset, file])),
    ...Object.fromEntries(Object.entries(places).map(([role, place]) => [role, { ...place, encrypted: 'false' }])),
    extra_esptool_args: { after: 'hard_reset', before: 'default_reset', stub: true, chip: variant.kind },
  };
  return new Map([
    ['bootloader.bin', bootloaderOf(name, variant)],
    ['partition-table.bin', buildPartitionTable(variant.partitions)],
    ['ota_data_initial.bin', new Uint8Array(otadata.size).fill(0xff)],
    ['fuseline_demo.bin', appOf(name, variant)],
    ['flasher_args.json', utf8(`${JSON.stringify(listing, null, 2)}\n`)],
  ]);
}

function header(variant: Variant, entry: number) {
  const { minRevision, maxRevision } = variant;
  const chipId = chipIds[variant.kind];
  // DIO, 80 MHz undivided, 2^2 MB.
  return { chipId, minRevision, maxRevision, entry, spiMode: 2, spiSpeed: 0xf, spiSize: 2, appendHash: true };
}

function bootloaderOf(name: string, variant: Variant): Uint8Array {
  const descriptor = bootloaderDescriptorBytes({
    secureVersion: 0,
    version: 1,
    idfVersion,
    dateTime: 'Nov 22 2026 12:00:00',
  });
  const { data, code } = variant.bootloader;
  return buildImage({
    ...header(variant, code),
    segments: [
      { loadAddress: data, data: concat(descriptor, padTo(utf8(notice), 16, 0), fillOf(`${name} bootloader`, 0x2400)) },
      { loadAddress: code, data: loopForever[variant.core] },
    ],
  });
}

function appOf(name: string, variant: Variant): Uint8Array {
  const descriptor = appDescriptorBytes({
    secureVersion: 0,
    version: '1.0.0',
    projectName: 'fuseline_demo',
    time: '12:00:00',
    date: 'Nov 22 2026',
    idfVersion,
    // No ELF stands behind it: the name takes its place.
    elfSha256: createHash('sha256').update(`fuseline_demo 1.0.0 ${name}`).digest('hex'),
    mmuPageSize,
  });
  const words = padTo(concat(utf8(notice), utf8(`${proofMarker}\0`)), 16, 0);
  const { rodata, ram, text } = variant.app;
  const image = buildImage({
    ...header(variant, ram),
    mmuPageSize,
    segments: [
      { loadAddress: rodata, data: concat(descriptor, words, fillOf(`${name} application`, 0xf000)) },
      { loadAddress: ram, data: loopForever[variant.core] },
      { loadAddress: text, data: loopForever[variant.core] },
    ],
  });
  return securePad(image, mmuPageSize);
}

/** Bytes that compress no better than real code, so that writing them costs what a firmware costs. */
function fillOf(seed: string, length: number): Uint8Array {
  return seededRandom(createHash('sha256').update(seed).digest().readUInt32LE(0))(length);
}

if (import.meta.main) {
  for (const [variant, files] of demoFirmware()) {
    const folder = join(import.meta.dirname, '../../station-config/firmware', variant);
    mkdirSync(folder, { recursive: true });
    for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
  }
}
