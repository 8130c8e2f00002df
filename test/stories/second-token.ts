import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../main/base/clock.ts';
import { SecretBytes } from '../../main/base/secret.ts';
import { filePin } from '../../main/signing/pin.ts';
import { initialiseToken, openPkcs11Signer } from '../../main/signing/pkcs11/token-signer.ts';
import type { Signer } from '../../main/signing/signer.ts';
import { findSoftHsm } from '../../main/signing/softhsm.ts';

/** A token beside the station's own, as a station file lists it. */
export interface SecondToken {
  readonly label: string;
  /** The lines of the station file. */
  readonly listed: string;
  open(): Promise<Signer>;
}

/**
 * A SoftHSM token of this label in a store of its own. The module finds the store by the environment of this test's process: the station's
 * own token names its store itself.
 */
export async function makeSecondToken(folder: string, label: string): Promise<SecondToken> {
  const module = await findSoftHsm();
  const store = join(folder, `store-${label}`);
  mkdirSync(join(store, 'tokens'), { recursive: true });
  const configuration = join(store, 'softhsm2.conf');
  writeFileSync(configuration, `directories.tokendir = ${join(store, 'tokens')}\nlog.level = ERROR\n`);
  process.env.SOFTHSM2_CONF = configuration;
  const pinFile = join(store, 'pin');
  writeFileSync(pinFile, '4711', { mode: 0o600 });
  chmodSync(pinFile, 0o600);
  using soPin = SecretBytes.take(new TextEncoder().encode('47114711'));
  using pin = SecretBytes.take(new TextEncoder().encode('4711'));
  const { serial } = await initialiseToken({ module, label, soPin, pin, clock: systemClock });
  return {
    label,
    listed: `  - { label: ${label}, serial: '${serial}', module: ${module}, pin_file: ${pinFile} }`,
    open: () => openPkcs11Signer({ module, token: { label, serial }, pin: filePin(pinFile), clock: systemClock }),
  };
}
