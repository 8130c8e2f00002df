import type { words } from '../words/words.ts';
import type { YamlPath } from './yaml-edit.ts';

type FieldName = keyof typeof words.recipes.fields;

/** One field of the form: where it stands in the YAML, and what it may be. The check on the station's side has the last word. */
export interface FormField {
  readonly name: FieldName;
  readonly path: YamlPath;
  readonly kind: 'text' | 'number' | 'switch' | 'choice';
  readonly choices?: readonly string[];
  /** Section that this choice brings with it, and takes away again with 'none'. */
  readonly section?: { readonly path: YamlPath; make(choice: string): Record<string, unknown> };
  /** What counts when the key is left out. */
  readonly unset?: string | number | boolean;
  /** The field can be filled only where this is there. */
  readonly needs?: YamlPath;
  /** What goes with the value where it is taken away. */
  readonly whole?: YamlPath;
}

export interface FormGroup {
  readonly name: keyof typeof words.recipes.groups;
  readonly fields: readonly FormField[];
}

const offOrLeave = { kind: 'choice', choices: ['off', 'leave'], unset: 'leave' } as const;

export const formGroups: readonly FormGroup[] = [
  {
    name: 'product',
    fields: [
      { name: 'name', path: ['name'], kind: 'text' },
      { name: 'revision', path: ['revision'], kind: 'number' },
      { name: 'description', path: ['description'], kind: 'text', unset: '' },
      { name: 'purpose', path: ['purpose'], kind: 'choice', choices: ['production', 'development'] },
      { name: 'chip', path: ['chip'], kind: 'text' },
      { name: 'siliconMin', path: ['silicon', 'min'], kind: 'text' },
      { name: 'siliconMax', path: ['silicon', 'max'], kind: 'text' },
    ],
  },
  {
    name: 'firmware',
    fields: [
      { name: 'firmware', path: ['firmware', 'folder'], kind: 'text' },
      { name: 'baudRate', path: ['flash', 'baud_rate'], kind: 'number', unset: 921_600 },
    ],
  },
  {
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
      ...(['0', '1', '2'] as const).map((at) => ({
        name: `secureBootKey${at}` as const,
        path: ['secure_boot', 'keys', at, 'label'],
        kind: 'text' as const,
        unset: '',
        needs: ['secure_boot', 'keys', ...(at === '0' ? [] : [String(Number(at) - 1)])],
        whole: ['secure_boot', 'keys', at],
      })),
      { name: 'revokeUnused', path: ['secure_boot', 'revoke_unused'], kind: 'switch', unset: true },
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
      },
      {
        name: 'identity',
        path: ['identity', 'key'],
        kind: 'choice',
        choices: ['none', 'ecdsa-p256', 'ecdsa-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096'],
        section: {
          path: ['identity'],
          make: (key) => ({
            key,
            certificate: {
              ca: { label: 'device-ca' },
              issuer: { CN: 'Example Device CA' },
              subject: { CN: '{serial}' },
            },
          }),
        },
      },
      { name: 'hmacUp', path: ['hmac_up'], kind: 'switch', unset: false },
      { name: 'hmacDown', path: ['hmac_down'], kind: 'choice', choices: ['separate', 'shared'], unset: 'separate' },
      {
        name: 'provisioning',
        path: ['provisioning', 'transport'],
        kind: 'choice',
        choices: ['none', 'ble', 'softap'],
        // its partition must be one of `storage`, a list that is written as text
        section: { path: ['provisioning'], make: (transport) => ({ transport, partition: 'nvs' }) },
      },
      { name: 'secureVersion', path: ['secure_version'], kind: 'number', unset: 0 },
    ],
  },
  {
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
  },
  {
    name: 'proof',
    fields: [
      {
        name: 'serialFrom',
        path: ['serial', 'from'],
        kind: 'choice',
        choices: ['mac', 'scan', 'random'],
        unset: 'mac',
      },
      { name: 'serialPattern', path: ['serial', 'pattern'], kind: 'text', unset: '' },
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
      { name: 'labelTemplate', path: ['label', 'template'], kind: 'text', unset: '' },
      { name: 'labelScanBack', path: ['label', 'scan_back'], kind: 'switch', unset: false },
    ],
  },
];

/**
 * What of a recipe no field shows, by its path in the text: kept as it stands. Lists and tables that no field reaches into are told as a
 * whole. Pure.
 */
export function beyondForm(values: unknown): string[] {
  const paths = formGroups.flatMap(({ fields }) => fields.map(({ path }) => path));
  const told: string[] = [];
  const look = (value: unknown, at: readonly string[]): void => {
    const below = paths.filter((path) => at.every((key, depth) => path[depth] === key));
    if (below.some((path) => path.length === at.length)) return;
    const isTable = typeof value === 'object' && value !== null;
    if (below.length === 0 || !isTable) told.push(at.join('.'));
    else for (const [key, inner] of Object.entries(value)) look(inner, [...at, key]);
  };
  if (typeof values !== 'object' || values === null) return [];
  for (const [key, value] of Object.entries(values)) if (key !== 'fuseline') look(value, [key]);
  return told;
}
