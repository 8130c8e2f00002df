import { createPrivateKey, createPublicKey } from 'node:crypto';
import { equalBytes } from '../../base/bytes.ts';
import type { ChipProfile } from '../../chip/board.ts';
import { publicKeyForOta } from '../../image/encrypted-ota.ts';
import type { Firmware } from '../../image/types.ts';
import { isFault } from '../../model/fault.ts';
import { publicKeyOfFile } from '../../signing/public-key-file.ts';
import type { Add } from '../finding.ts';
import type { NamedFiles } from '../named-files.ts';
import type { Recipe } from '../types.ts';

/** What stands in the way of releasing this firmware for updates, and what whoever releases it has to know. */
export function checkOta(
  recipe: Recipe,
  firmware: Firmware | null,
  profile: ChipProfile,
  files: NamedFiles,
  add: Add,
): void {
  const { ota } = recipe;
  if (ota === null || ota === undefined) return;
  if (ota.encryption === 'ecies-p256') checkEcies(profile, add);
  const spki = ota.publicKey === null ? null : deviceKeyOf(ota.publicKey, files, add);
  if (recipe.secureBoot === null)
    add({
      check: 'ota-unsigned',
      path: 'ota',
      severity: 'warning',
      what: 'Without Secure Boot the devices take any image as an update: a release says who made it, and nobody looks.',
      remedy: 'Add secure_boot.',
    });
  if (firmware === null) return;
  const apps = firmware.parts.filter((part) => part.kind === 'app');
  for (const [at, name] of (ota.applications ?? []).entries()) {
    if (apps.some((part) => part.name === name)) continue;
    add({
      check: 'ota-application',
      path: `ota.applications.${at}`,
      what: `This build has no application for the partition ${JSON.stringify(name)}.`,
      remedy: `Name one of: ${apps.map((part) => part.name).join(', ')}.`,
    });
  }
  if (spki !== null) for (const part of apps) checkEmbeddedKey(part, spki, add);
}

function checkEcies(profile: ChipProfile, add: Add): void {
  if (!profile.hmac) {
    add({
      check: 'ota-hmac',
      path: 'ota.encryption',
      what: `The ${profile.title} has no HMAC peripheral, from which it would derive its key for update images.`,
      remedy: 'Use rsa3072.',
    });
    return;
  }
  add({
    severity: 'info',
    check: 'ota-per-device',
    path: 'ota.encryption',
    what: 'With ecies-p256 every device has a key of its own, so every device needs an update image of its own.',
    remedy: 'Give release build the devices (--device MAC). For one image that the whole fleet takes use rsa3072.',
  });
}

function deviceKeyOf(file: string, files: NamedFiles, add: Add): Uint8Array | null {
  const bytes = files.get(file);
  if (bytes === undefined) return null;
  try {
    const spki = publicKeyOfFile(bytes, file);
    publicKeyForOta('rsa3072', spki);
    return spki;
  } catch (error) {
    if (!isFault(error)) throw error;
    add({ check: 'ota-key', path: 'ota.public_key', what: error.what, remedy: error.next });
    return null;
  }
}

const pemHead = '-----BEGIN ';
const privatePem = /^-----BEGIN (?:RSA )?PRIVATE KEY-----[A-Za-z0-9+/=\s]+-----END (?:RSA )?PRIVATE KEY-----/;
/** Characters of the PEM of an RSA-4096 key, and more. */
const longestPem = 4096;

/**
 * Whether an application holds the private half of the key that its updates are encrypted under: builds embed it as PEM (the component's
 * README). Where no PEM is found the firmware may keep it elsewhere: that is told, not refused.
 */
function checkEmbeddedKey(
  part: { readonly name: string; readonly data: Uint8Array },
  spki: Uint8Array,
  add: Add,
): void {
  const held = privateKeysIn(part.data);
  if (held.some((key) => equalBytes(key, spki))) return;
  const nothing = held.length === 0;
  add({
    severity: nothing ? 'warning' : 'error',
    check: nothing ? 'ota-key-not-seen' : 'ota-key-differs',
    path: 'ota.public_key',
    what: nothing
      ? `The application ${part.name} shows no private key in PEM form, so whether it can open its updates is not seen here.`
      : `The application ${part.name} holds ${held.length === 1 ? 'a private key' : `${held.length} private keys`}, but not the one to ota.public_key: it could not open its updates.`,
    remedy:
      'Embed the private half with EMBED_TXTFILES, as the README of esp_encrypted_img says, or name its public half.',
  });
}

/** Public halves (DER SubjectPublicKeyInfo) of the private keys that lie in the bytes as PEM. */
function privateKeysIn(data: Uint8Array): Uint8Array[] {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const keys: Uint8Array[] = [];
  for (let at = bytes.indexOf(pemHead); at >= 0; at = bytes.indexOf(pemHead, at + 1)) {
    const pem = privatePem.exec(bytes.toString('latin1', at, at + longestPem))?.[0];
    if (pem === undefined) continue;
    try {
      const key = createPublicKey(createPrivateKey(pem));
      keys.push(new Uint8Array(key.export({ format: 'der', type: 'spki' })));
    } catch {
      // Text that only looks like a key.
    }
  }
  return keys;
}
