import type { FormField, FormGroup } from './recipe-field.ts';
import { identity, optional, storage } from './recipe-fields-device.ts';

// The fields of the form over a recipe, by groups: all that a recipe can say (main/config/recipe-schema.ts).

const offOrLeave = { kind: 'choice', choices: ['off', 'leave'], unset: 'leave' } as const;

/** Fields of a key of the token at this path; `whole`: what goes with its label. */
function keyFields(
  names: readonly [FormField['name'], FormField['name'], FormField['name']],
  path: readonly string[],
  rest: Pick<FormField, 'whole' | 'needs'> = {},
): FormField[] {
  const [label, id, digest] = names;
  const needs = { needs: rest.whole ?? rest.needs ?? path };
  return [
    { ...optional, ...rest, name: label, path: [...path, 'label'] },
    { ...optional, ...needs, name: id, path: [...path, 'id'] },
    { ...optional, ...needs, name: digest, path: [...path, 'public_key_sha256'] },
  ];
}

const product: FormGroup = {
  name: 'product',
  fields: [
    { name: 'name', path: ['name'], kind: 'text' },
    { name: 'revision', path: ['revision'], kind: 'number' },
    { name: 'description', path: ['description'], ...optional },
    { name: 'purpose', path: ['purpose'], kind: 'choice', choices: ['production', 'development'] },
    { name: 'chip', path: ['chip'], kind: 'text' },
    { name: 'siliconMin', path: ['silicon', 'min'], kind: 'text' },
    { name: 'siliconMax', path: ['silicon', 'max'], kind: 'text' },
  ],
};

const firmware: FormGroup = {
  name: 'firmware',
  fields: [
    { name: 'firmware', path: ['firmware', 'folder'], kind: 'text' },
    { ...optional, name: 'sbom', path: ['firmware', 'sbom'] },
    { name: 'flashSize', path: ['flash', 'size'], kind: 'text', unset: 'detect' },
    { name: 'baudRate', path: ['flash', 'baud_rate'], kind: 'number', unset: 921_600 },
    { name: 'flashStub', path: ['flash', 'stub'], kind: 'choice', choices: ['auto', 'never'], unset: 'auto' },
  ],
};

const boot = { needs: ['secure_boot'] } as const;
const encrypted = { needs: ['flash_encryption'] } as const;
const protection: FormGroup = {
  name: 'protection',
  fields: [
    {
      name: 'secureBoot',
      path: ['secure_boot', 'scheme'],
      kind: 'choice',
      choices: ['none', 'rsa3072', 'ecdsa-p256', 'ecdsa-p384'],
      section: {
        path: ['secure_boot'],
        make: (scheme) => ({ scheme, keys: [{ label: 'secure-boot-1' }], revoke_unused: true }),
      },
    },
    { name: 'revokeUnused', path: ['secure_boot', 'revoke_unused'], kind: 'switch', unset: true, ...boot },
    {
      name: 'existingSignatures',
      path: ['secure_boot', 'existing_signatures'],
      kind: 'choice',
      choices: ['replace', 'keep'],
      unset: 'replace',
      ...boot,
    },
    {
      name: 'aggressiveRevocation',
      path: ['secure_boot', 'aggressive_revocation'],
      kind: 'switch',
      unset: false,
      ...boot,
    },
    {
      name: 'signingKeys',
      path: ['secure_boot', 'keys'],
      kind: 'rows',
      ...boot,
      row: {
        fresh: {},
        fields: [
          { name: 'keyLabel', path: ['label'], ...optional },
          { name: 'keyToken', path: ['token'], ...optional },
          { name: 'keyId', path: ['id'], ...optional },
          { name: 'keyDigest', path: ['public_key_sha256'], ...optional },
          { name: 'keyFile', path: ['public_key'], ...optional },
        ],
      },
    },
    {
      name: 'flashEncryption',
      path: ['flash_encryption', 'key'],
      kind: 'choice',
      choices: ['none', 'xts-aes-128', 'xts-aes-256', 'xts-aes-128-derived', 'aes-256'],
      section: { path: ['flash_encryption'], make: (key) => ({ key, mode: 'release' }) },
    },
    {
      name: 'encryptionMode',
      path: ['flash_encryption', 'mode'],
      kind: 'choice',
      choices: ['release', 'development'],
      ...encrypted,
    },
    {
      name: 'encryptionBy',
      path: ['flash_encryption', 'by'],
      kind: 'choice',
      choices: ['host', 'device'],
      unset: 'host',
      ...encrypted,
    },
    {
      name: 'encryptionTimeout',
      path: ['flash_encryption', 'timeout_seconds'],
      kind: 'number',
      unset: 300,
      ...encrypted,
    },
    {
      name: 'pseudoRounds',
      path: ['flash_encryption', 'pseudo_rounds'],
      kind: 'choice',
      choices: ['none', '1', '2', '3'],
      as: 'number',
      unset: 'none',
      ...encrypted,
    },
  ],
};

const doors: FormGroup = {
  name: 'doors',
  fields: [
    { name: 'jtag', path: ['doors', 'jtag'], kind: 'choice', choices: ['off', 'soft', 'leave'] },
    { name: 'directBoot', path: ['doors', 'direct_boot'], kind: 'choice', choices: ['off', 'leave'] },
    {
      name: 'downloadMode',
      path: ['doors', 'download_mode'],
      kind: 'choice',
      choices: ['disabled', 'secure', 'open'],
    },
    { name: 'forceDownload', path: ['doors', 'force_download'], ...offOrLeave },
    {
      name: 'romPrint',
      path: ['doors', 'rom_print'],
      kind: 'choice',
      choices: ['on', 'silent', 'strap-low', 'strap-high'],
      unset: 'on',
    },
    { name: 'usbDownload', path: ['doors', 'usb_download'], ...offOrLeave },
    { name: 'usbJtag', path: ['doors', 'usb_jtag'], ...offOrLeave },
    { name: 'usbSerialJtag', path: ['doors', 'usb_serial_jtag'], ...offOrLeave },
  ],
};

const keys: FormGroup = {
  name: 'keys',
  fields: [
    { name: 'hmacUp', path: ['hmac_up'], kind: 'switch', unset: false },
    { name: 'hmacDown', path: ['hmac_down'], kind: 'choice', choices: ['separate', 'shared'], unset: 'separate' },
    { name: 'slots', path: ['slots'], kind: 'pairs', as: 'number' },
    { name: 'efuses', path: ['efuses'], kind: 'pairs', as: 'number' },
    ...keyFields(['wrappingLabel', 'wrappingId', 'wrappingDigest'], ['wrapping_key']),
    ...keyFields(['escrowLabel', 'escrowId', 'escrowDigest'], ['escrow_key'], { whole: ['escrow_key'] }),
  ],
};

const released = { needs: ['ota'] } as const;
const updates: FormGroup = {
  name: 'updates',
  fields: [
    { name: 'secureVersion', path: ['secure_version'], kind: 'number', unset: 0 },
    { name: 'recoveryBootloader', path: ['bootloader', 'recovery'], kind: 'offset', unset: '' },
    {
      name: 'rollbackVersion',
      path: ['bootloader', 'anti_rollback', 'secure_version'],
      whole: ['bootloader', 'anti_rollback'],
      kind: 'number',
      unset: '',
    },
    {
      name: 'rollbackBy',
      path: ['bootloader', 'anti_rollback', 'raised_by'],
      kind: 'choice',
      choices: ['firmware', 'rom'],
      unset: 'firmware',
      needs: ['bootloader', 'anti_rollback'],
    },
    ...keyFields(['manifestLabel', 'manifestId', 'manifestDigest'], ['ota', 'manifest_key'], { whole: ['ota'] }),
    { ...optional, ...released, name: 'manifestToken', path: ['ota', 'manifest_key', 'token'] },
    {
      name: 'otaEncryption',
      path: ['ota', 'encryption'],
      kind: 'choice',
      choices: ['none', 'rsa3072', 'ecies-p256'],
      unset: 'none',
      ...released,
    },
    { ...optional, ...released, name: 'otaPublicKey', path: ['ota', 'public_key'] },
    { name: 'otaApplications', path: ['ota', 'applications'], kind: 'lines', ...released },
    { ...optional, ...released, name: 'otaMinFirmware', path: ['ota', 'min_firmware'] },
  ],
};

const serial: FormGroup = {
  name: 'serial',
  fields: [
    { name: 'serialFrom', path: ['serial', 'from'], kind: 'choice', choices: ['mac', 'scan', 'random'], unset: 'mac' },
    { ...optional, name: 'serialPattern', path: ['serial', 'pattern'] },
    { name: 'serialFormat', path: ['serial', 'format'], kind: 'text', unset: '{random}' },
    { name: 'serialLength', path: ['serial', 'length'], kind: 'number', unset: 10 },
    { ...optional, name: 'customMacList', path: ['custom_mac', 'list'], whole: ['custom_mac'] },
    {
      name: 'customMacColumn',
      path: ['custom_mac', 'column'],
      kind: 'text',
      unset: 'custom_mac',
      needs: ['custom_mac'],
    },
    { ...optional, name: 'labelTemplate', path: ['label', 'template'] },
    { name: 'labelScanBack', path: ['label', 'scan_back'], kind: 'switch', unset: false },
  ],
};

const proof: FormGroup = {
  name: 'proof',
  fields: [
    {
      name: 'proofWhen',
      path: ['boot_proof', 'when'],
      kind: 'choice',
      choices: ['before-door', 'after-door', 'both', 'none'],
      unset: 'both',
    },
    { name: 'proofTimeout', path: ['boot_proof', 'timeout_seconds'], kind: 'number', unset: 10 },
    {
      name: 'proofChallenge',
      path: ['boot_proof', 'challenge'],
      kind: 'choice',
      choices: ['required', 'if-offered', 'none'],
      unset: 'if-offered',
    },
    { name: 'proofExpect', path: ['boot_proof', 'expect'], kind: 'lines' },
    { name: 'proofReject', path: ['boot_proof', 'reject'], kind: 'lines' },
  ],
};

const waivers: FormGroup = {
  name: 'waivers',
  fields: [
    {
      name: 'waivers',
      path: ['waivers'],
      kind: 'rows',
      row: {
        fresh: { check: '', reason: '' },
        fields: [
          { name: 'waivedCheck', path: ['check'], kind: 'text' },
          { name: 'waivedReason', path: ['reason'], kind: 'text' },
        ],
      },
    },
  ],
};

export const formGroups: readonly FormGroup[] = [
  ...[product, firmware, protection, identity, keys, storage],
  ...[doors, updates, serial, proof, waivers],
];
