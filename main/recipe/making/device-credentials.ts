import type { SecretBytes } from '../../base/secret.ts';
import { provisioningPayload, serviceName } from '../../formats/srp6a.ts';

/** What a person needs to provision one device. Lives in memory from its making until its label is printed. */
export interface DeviceCredentials {
  readonly username: string;
  readonly service: string;
  readonly transport: 'ble' | 'softap';
  /** The proof of possession: 24 characters, the password of SRP6a. */
  readonly proof: SecretBytes;
}

/** Characters of a proof of possession: 120 bits, a multiple of the 8 bytes that key wrapping takes. */
export const proofLength = 24;
/** Bytes of the token's generator that it is made of. */
export const proofEntropy = 15;

/** The text of the QR code (UTF-8) by which Espressif's provisioning apps find and enter the device; a secret. */
export function qrPayload({ service, username, proof, transport }: DeviceCredentials): SecretBytes {
  return provisioningPayload(service, username, proof, transport);
}

/** `{mac_end}` filled in: the last three bytes of the MAC, as ESP-IDF's examples name their service. */
export function fillMacEnd(text: string, mac: string): string {
  return text.replaceAll('{mac_end}', serviceName(mac, ''));
}
