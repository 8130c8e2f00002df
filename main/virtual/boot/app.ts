import { fromHex } from '../../base/bytes.ts';
import { canonicalJson } from '../../base/json.ts';
import { fieldOf, hasField } from '../../efuse/tables.ts';
import { statedFlashSize } from '../../image/app-image.ts';
import type { ImageHeader, Partition } from '../../image/types.ts';
import { revisionText } from '../../model/chip.ts';
import { proofMarker } from '../../model/proof.ts';
import { kindFacts } from '../kinds.ts';
import type { BootContext, RunningFirmware, VirtualEfuse } from '../silicon.ts';
import type { IdfConsole } from './console.ts';
import { findIdentity } from './identity.ts';
import { fieldOr, flashEncryptionOn, ones, slotOfPurpose } from './keys.ts';
import type { LoadedApp } from './second-stage.ts';
import { burnAtStart } from './start-burns.ts';
import { openStorage, security2 } from './storage.ts';

/**
 * The application's start: the lines that ESP-IDF prints before app_main, what a release build burns, and the firmware that answers
 * afterwards (null: it has no proof marker and says nothing). 'aborted': the flash is smaller than the bootloader says, or a burn of its
 * start did not take.
 */
export function startApp(
  context: BootContext,
  bootloader: ImageHeader,
  app: LoadedApp,
  console: IdfConsole,
): RunningFirmware | null | 'aborted' {
  const { efuse, kind, revision } = context;
  const { header, app: descriptor } = app.image;
  if (kindFacts(kind).cores === 2) console.info('cpu_start', 'Multicore app');
  console.info('cpu_start', 'Pro cpu start user code');
  console.info('app_init', 'Application information:');
  if (descriptor !== null) {
    console.info('app_init', `Project name:     ${descriptor.projectName}`);
    console.info('app_init', `App version:      ${descriptor.version}`);
    console.info('app_init', `Compile time:     ${descriptor.date} ${descriptor.time}`);
    console.info('app_init', `ELF file SHA256:  ${descriptor.elfSha256.slice(0, 9)}...`);
    console.info('app_init', `ESP-IDF:          ${descriptor.idfVersion}`);
  }
  console.info('efuse_init', `Min chip rev:     ${revisionText(header.minRevision)}`);
  console.info('efuse_init', `Max chip rev:     ${revisionText(header.maxRevision)}`);
  console.info('efuse_init', `Chip rev:         ${revisionText(revision)}`);
  // esp_flash_init_default_chip: the application takes the bootloader's word for the flash and ends where there is less (from source).
  const [there, stated] = [context.flash.size, statedFlashSize(bootloader)];
  if (there < stated) {
    const sizes = `Detected size(${there / 1024}k) smaller than the size in the binary image header(${stated / 1024}k)`;
    console.error('spi_flash', `${sizes}. Probe failed.`);
    return 'aborted';
  }
  if (flashEncryptionOn(efuse)) {
    if (flashEncryptionReleased(efuse)) console.info('flash_encrypt', 'Flash encryption mode is RELEASE');
    else console.warn('flash_encrypt', 'Flash encryption mode is DEVELOPMENT (not secure)');
  }
  if (!burnAtStart(context, console)) return 'aborted';
  // The first chip has no secure download mode: its release builds switch download mode off (FACTS 13.3).
  const door = hasField(efuse.table, 'ENABLE_SECURITY_DOWNLOAD') ? 'ENABLE_SECURITY_DOWNLOAD' : 'DIS_DOWNLOAD_MODE';
  if (context.firmwareShutsDoors === true && efuse.field(door) === 0) context.burn(door, 1);
  console.info('main_task', 'Started on CPU0');
  console.info('main_task', 'Calling app_main()');
  if (context.firmwarePrintsMac === true) console.info('app', `base MAC ${context.mac}`);
  if (!holds(app.bytes, proofMarker)) return null;
  console.info('proof', `${proofMarker} ready`);
  const provisioning = security2(context, openStorage(context, app.partitions, console));
  return { answer: (line) => answer(context, app.partitions, line, provisioning) };
}

/** What ESP-IDF calls release mode of flash encryption (FACTS 3.6, its last paragraph). */
function flashEncryptionReleased(efuse: VirtualEfuse): boolean {
  const count = efuse.field('SPI_BOOT_CRYPT_CNT');
  const { writeDisableBit, pieces } = fieldOf(efuse.table, 'SPI_BOOT_CRYPT_CNT');
  const frozen = ((efuse.field('WR_DIS') >>> writeDisableBit!) & 1) === 1;
  // Where half a key block may be the key, what says so must be frozen as well (from source: flash_encrypt.c, XTS_KEY_LENGTH_256).
  const halves = efuse.table.purposes.some(({ part }) => part.length < 256);
  const final = frozen || (ones(count) === pieces[0]!.length && !halves);
  const doors = [
    'DIS_DOWNLOAD_MANUAL_ENCRYPT',
    'SPI_DOWNLOAD_MSPI_DIS',
    'DIS_DOWNLOAD_ICACHE',
    'DIS_DOWNLOAD_DCACHE',
    'DISABLE_DL_ENCRYPT',
    'DISABLE_DL_DECRYPT',
    'DISABLE_DL_CACHE',
  ];
  return final && doors.every((name) => fieldOr(efuse, name, 1) === 1);
}

function holds(bytes: Uint8Array, text: string): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(text, 0, 'latin1');
}

function answer(
  context: BootContext,
  partitions: readonly Partition[],
  line: string,
  provisioning: (words: readonly string[]) => string[],
): string[] {
  const words = line.trim().split(/\s+/);
  const [command, argument] = words;
  if (command === undefined || command === '') return [];
  if (command === 'sec2' || command === 'sec2-proof') return provisioning(words);
  if (command === 'security' && words.length === 1) return [`security ${canonicalJson(securityView(context.efuse))}`];
  if (command === 'pubkey' && words.length === 1) {
    const identity = findIdentity(context, partitions);
    return [identity === null ? 'proof error no-key' : `pubkey ${identity.publicKey}`];
  }
  if (command === 'prove' && words.length === 2) {
    if (!/^[0-9a-fA-F]{64}$/.test(argument ?? '')) return ['proof error bad-challenge'];
    const identity = findIdentity(context, partitions);
    return [identity === null ? 'proof error no-key' : `proof ${identity.prove(fromHex(argument ?? ''))}`];
  }
  return ['error unknown command'];
}

/** The firmware's own view of its eFuses, as a release checklist. */
function securityView(efuse: VirtualEfuse) {
  const on = (name: string) => (fieldOr(efuse, name, 0) === 0 ? 0 : 1);
  const jtagNames = ['DIS_PAD_JTAG', 'DIS_USB_JTAG', 'SOFT_DIS_JTAG'] as const;
  const download =
    on('DIS_DOWNLOAD_MODE') === 1 ? 'disabled' : on('ENABLE_SECURITY_DOWNLOAD') === 1 ? 'secure' : 'open';
  return {
    secureBoot: {
      enabled: on('SECURE_BOOT_EN') === 1,
      aggressiveRevoke: on('SECURE_BOOT_AGGRESSIVE_REVOKE') === 1,
      revoked: [0, 1, 2].filter((index) => on(`SECURE_BOOT_KEY_REVOKE${index}`) === 1),
      digestSlots: [0, 1, 2].map((index) => slotOfPurpose(efuse, `SECURE_BOOT_DIGEST${index as 0 | 1 | 2}`)),
      readProtectionLocked: (efuse.field('WR_DIS') & 1) === 1,
    },
    flashEncryption: {
      enabled: flashEncryptionOn(efuse),
      count: efuse.field('SPI_BOOT_CRYPT_CNT'),
      release: flashEncryptionOn(efuse) && flashEncryptionReleased(efuse),
    },
    jtag: Object.fromEntries(jtagNames.map((name) => [name, fieldOr(efuse, name, 0)])),
    downloadMode: download,
    directBoot: on('DIS_DIRECT_BOOT') === 0,
    secureVersion: ones(fieldOr(efuse, 'SECURE_VERSION', 0)),
  };
}
