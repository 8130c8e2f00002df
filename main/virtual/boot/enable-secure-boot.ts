import { equalBytes, padTo } from '../../base/bytes.ts';
import { fieldOf, hasField, keyBlockOf, keySlotsOf, purposeFieldOf, purposeRule } from '../../efuse/tables.ts';
import { bootloaderOffsets } from '../../image/memory-map.ts';
import type { EspImage, SignatureBlock } from '../../image/types.ts';
import type { IdfConsole } from './console.ts';
import { EfuseBatch, type EncryptingBoot } from './efuse-batch.ts';
import { isFree } from './encrypt.ts';
import type { FlashView } from './flash-view.ts';
import { trustedDigests } from './keys.ts';
import type { LoadedBootloader } from './rom.ts';
import { signaturesBehind } from './secure-boot.ts';
import { verifyImage } from './verify-image.ts';

/**
 * Secure Boot as a bootloader that is built for it and for flash encryption switches it on at its first start, before it encrypts: whether
 * or not a station had more to burn. Order and lines as recorded (vectors consoles/c3-rom-selfstart.txt: digests there, Secure Boot not);
 * digests that are not there yet, and chips beside C3, from source (ESP-IDF secure_boot.c, secure_boot_secure_features.c). It is built with
 * secure download mode as its choice, the default: the door is shut with Secure Boot. False: it goes no further.
 */
export function enableSecureBoot(
  context: EncryptingBoot,
  view: FlashView,
  { image }: LoadedBootloader,
  app: { readonly image: EspImage; readonly offset: number },
  console: IdfConsole,
): boolean {
  const { efuse, kind } = context;
  const say = (text: string) => console.info('secure_boot_v2', text);
  const start = bootloaderOffsets[kind];
  const signatures = signaturesBehind(view, start, image);
  // An unsigned one was built without it.
  if (signatures.length === 0) return true;
  say('enabling secure boot v2...');
  if (efuse.field('SECURE_BOOT_EN') === 1) {
    say('secure boot v2 is already enabled, continuing..');
    return true;
  }
  const batch = new EfuseBatch(context, console);
  const settled =
    verifyImage(context, view, image, start, 'bootloader', console) &&
    settleDigests(context, batch, signatures, console) &&
    appIsTheirs(signatures, signaturesBehind(view, app.offset, app.image), app.offset, console);
  if (!settled) {
    batch.cancel();
    console.error('boot', 'Secure Boot v2 failed (-1)');
    return false;
  }
  revokeUnused(context, batch, console);
  say('blowing secure boot efuse...');
  console.info('secure_boot', 'Enabling Security download mode...');
  console.info('secure_boot', 'Disable hardware & software JTAG...');
  const { table } = efuse;
  for (const name of ['DIS_DIRECT_BOOT', 'ENABLE_SECURITY_DOWNLOAD', 'DIS_PAD_JTAG', 'DIS_USB_JTAG', 'SECURE_BOOT_EN'])
    if (hasField(table, name)) batch.set(name, 1);
  const soft = 'SOFT_DIS_JTAG';
  if (hasField(table, soft)) batch.set(soft, 2 ** fieldOf(table, soft).pieces[0]!.length - 1);
  if (!batch.commit()) return false;
  say('Secure boot permanently enabled');
  return true;
}

/** Digests that are there must be of its signatures; where there are none it burns them. */
function settleDigests(
  context: EncryptingBoot,
  batch: EfuseBatch,
  signatures: readonly SignatureBlock[],
  console: IdfConsole,
): boolean {
  const { efuse } = context;
  const { table } = efuse;
  const there = trustedDigests(efuse);
  if (there.length > 0) {
    console.info('secure_boot_v2', 'Secure boot digests already present');
    console.warn('secure_boot_v2', 'Using pre-loaded public key digest in eFuse');
    if (
      !signatures.some(({ keyDigest }) =>
        there.some(({ digest }) => equalBytes(digest, keyDigest.subarray(0, digest.length))),
      )
    )
      return false;
  } else {
    console.info('secure_boot_v2', 'Secure boot digests absent, generating..');
    const free = keySlotsOf(table).filter((slot) => isFree(context, slot));
    for (const [index, { keyDigest }] of signatures.entries()) {
      const slot = free[index];
      if (slot === undefined) return false;
      const block = keyBlockOf(table, slot);
      const field = purposeFieldOf(table, slot)!;
      batch.key(block.number, padTo(keyDigest, 32, 0));
      batch.freeze(block.writeDisableBit!);
      batch.set(field.name, purposeRule(table, `SECURE_BOOT_DIGEST${index as 0 | 1 | 2}`).number!);
      batch.freeze(field.writeDisableBit!);
    }
  }
  return true;
}

/** Applications must be signed by a key of the bootloader's. */
function appIsTheirs(
  bootloader: readonly SignatureBlock[],
  app: readonly SignatureBlock[],
  offset: number,
  console: IdfConsole,
): boolean {
  const say = (text: string) => console.info('secure_boot_v2', text);
  say(`Digests successfully calculated, ${app.length} valid signatures (image offset 0x${offset.toString(16)})`);
  say(`${app.length} signature block(s) found appended to the app.`);
  for (const [at, { keyDigest }] of app.entries()) {
    const same = bootloader.findIndex((block) => equalBytes(block.keyDigest, keyDigest));
    if (same < 0) continue;
    say(`Application key(${at}) matches with bootloader key(${same}).`);
    return true;
  }
  return false;
}

function revokeUnused({ efuse }: EncryptingBoot, batch: EfuseBatch, console: IdfConsole): void {
  const used = trustedDigests(efuse).map(({ index }) => index);
  for (const index of [0, 1, 2] as const) {
    const revoke = `SECURE_BOOT_KEY_REVOKE${index}`;
    if (used.length === 0 || used.includes(index) || !hasField(efuse.table, revoke)) continue;
    console.info('secure_boot_v2', `Revoking empty key digest slot (${index})...`);
    batch.set(revoke, 1);
  }
}
