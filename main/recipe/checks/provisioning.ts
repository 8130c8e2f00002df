import { utf8 } from '../../base/bytes.ts';
import { SecretBytes } from '../../base/secret.ts';
import { srpSaltSize, srpVerifierSize } from '../../formats/srp6a.ts';
import type { NvsNamespace } from '../../image/nvs-format.ts';
import { isFault } from '../../model/fault.ts';
import { sdkconfigOf } from '../lint/sdkconfig.ts';
import { fillMacEnd, proofLength, qrPayload } from '../making/device-credentials.ts';
import { fillPlaceholders } from '../plan/placeholders.ts';
import type { Recipe } from '../types.ts';
import type { StorageCheck } from './storage-check.ts';

/** Longest name that a BLE advertisement (protocomm_ble.h, MAX_BLE_DEVNAME_LEN) or an SSID (IEEE 802.11) has room for, bytes. */
const longestName = { ble: 29, softap: 32 } as const;

/** Names of a device that is none, as long as those of real ones: a serial number of 12 digits, as one made from the MAC. */
const sample = { serial: '000000000000', mac: '00:11:22:33:44:55', batch: 'B-20260101-00000000' };

function fillSample(text: string, recipe: Recipe): string {
  return fillPlaceholders(fillMacEnd(text, sample.mac), { ...sample, chip: recipe.chip });
}

/** Credentials of Security 2: where they are stored, and whether a phone and the QR code take their names. */
export function checkProvisioning({ recipe, firmware, add }: StorageCheck): void {
  const { provisioning } = recipe;
  if (!provisioning) return;
  const { partition, transport, localControl } = provisioning;
  const stored = recipe.storage?.find((one) => one.partition === partition);
  if (stored === undefined)
    add({
      check: 'provisioning-partition',
      path: 'provisioning.partition',
      what: `The recipe fills no partition ${JSON.stringify(partition)}, into which salt and verifier should go.`,
      remedy: `Add it: storage, an entry with partition: ${partition} and its encryption; values may be left out.`,
    });
  const users = [
    { path: 'provisioning', username: provisioning.username, namespace: provisioning.namespace },
    ...(localControl ? [{ path: 'provisioning.local_control', ...localControl }] : []),
  ];
  for (const [at, { path, username, namespace }] of users.entries()) {
    if (users.findIndex((user) => user.namespace === namespace) < at || isTaken(stored?.values ?? [], namespace))
      add({
        check: 'provisioning-namespace',
        path: `${path}.namespace`,
        what: `The namespace ${namespace} has a salt and a verifier already.`,
        remedy: 'Name another one.',
      });
    tellPlaceholder(`${path}.username`, username);
    if (username.includes(':'))
      add({
        check: 'provisioning-username',
        path: `${path}.username`,
        what: 'The user name has a colon, which parts name and password where SRP6a hashes them.',
        remedy: 'Leave it out.',
      });
  }
  tellPlaceholder('provisioning.service', provisioning.service);
  const service = fillSample(provisioning.service, recipe);
  if (utf8(service).length > longestName[transport])
    add({
      check: 'provisioning-service',
      path: 'provisioning.service',
      what: `A service name such as ${service} has ${utf8(service).length} bytes; ${transport === 'ble' ? 'a BLE advertisement' : 'an SSID'} takes ${longestName[transport]}.`,
      remedy: 'Shorten it: PROV_{mac_end} is the convention of ESP-IDF.',
    });
  using proof = sampleProof();
  try {
    qrPayload({ service, username: fillSample(provisioning.username, recipe), transport, proof }).destroy();
  } catch (error) {
    if (!isFault(error)) throw error;
    add({ check: 'provisioning-qr', path: 'provisioning', what: error.what, remedy: error.next });
  }
  const option = 'ESP_PROTOCOMM_SUPPORT_SECURITY_VERSION_2';
  if (firmware !== null && sdkconfigOf(firmware)?.options.get(option)?.value === 'n')
    add({
      check: 'provisioning-build',
      path: 'provisioning.scheme',
      what: `The application was built without Security 2 (CONFIG_${option} is off).`,
      remedy: 'Build it with the option, or leave provisioning out.',
    });

  function tellPlaceholder(path: string, text: string): void {
    const unknown = /\{(?!(?:serial|mac|mac_end|chip|batch)\})[^}]*\}?/.exec(text);
    if (unknown)
      add({
        check: 'provisioning-placeholder',
        path,
        what: `${unknown[0]} is no placeholder.`,
        remedy: 'Use {serial}, {mac}, {mac_end}, {chip} or {batch}.',
      });
  }
}

function isTaken(values: readonly { readonly namespace: string; readonly key: string }[], wanted: string): boolean {
  return values.some(({ namespace, key }) => namespace === wanted && (key === 'salt' || key === 'verifier'));
}

/** A proof of possession that is none, for previews. */
export function sampleProof(): SecretBytes {
  return SecretBytes.adopt(utf8('sample'.repeat(proofLength).slice(0, proofLength)));
}

/** Values as long as the credentials that go into this partition. */
export function sampleCredentials({ provisioning }: Recipe, partition: string): NvsNamespace[] {
  if (provisioning?.partition !== partition) return [];
  const names = [provisioning.namespace, ...(provisioning.localControl ? [provisioning.localControl.namespace] : [])];
  return names.map((name) => ({
    name,
    entries: [
      { key: 'salt', value: { type: 'blob', value: new Uint8Array(srpSaltSize) } },
      { key: 'verifier', value: { type: 'blob', value: new Uint8Array(srpVerifierSize) } },
    ],
  }));
}
