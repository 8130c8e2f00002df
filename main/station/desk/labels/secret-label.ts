import { concat, utf8 } from '../../../base/bytes.ts';
import { SecretBytes } from '../../../base/secret.ts';
import { type DeviceCredentials, qrPayload } from '../../../recipe/making/device-credentials.ts';
import { fillLabel, type LabelFacts } from './label-template.ts';

/** Placeholders that stand for a secret of the device: the QR code of its provisioning, and the proof of possession for people to type. */
const secretPlaceholders = ['provisioning', 'proof'] as const;

/** Whether a template asks for what only the device's label may show. */
export function wantsCredentials(template: string): boolean {
  return secretPlaceholders.some((name) => template.includes(`{${name}}`));
}

/** Stands in the filled text where a secret goes; no text of a device holds this character. */
const mark = '\uffff';

/**
 * The ZPL (UTF-8) of a label with secrets. Like `fillLabel`, which fills in all else; the secrets are only bytes, never a text that could
 * not be zeroed. RecipeFault `label.placeholder`, `image.srp-qr`.
 */
export function fillSecretLabel(template: string, facts: LabelFacts, credentials: DeviceCredentials): SecretBytes {
  const marked = { provisioning: `${mark}code${mark}`, proof: `${mark}proof${mark}` };
  const pieces = fillLabel(template, { ...facts, ...marked }).split(mark);
  using payload = qrPayload(credentials);
  // every second piece stood between marks
  const parts = pieces.map((piece, at) => {
    if (at % 2 === 0) return utf8(piece);
    return piece === 'code' ? payload.use(escaped) : credentials.proof.use(escaped);
  });
  const label = SecretBytes.adopt(concat(...parts));
  for (const part of parts) part.fill(0);
  return label;
}

/**
 * The ZPL of a label with nothing but a secret of a device and whose it is: as people type it, and as a QR code. `heading`: plain letters.
 */
export function fillPlainSecret(heading: string, typed: SecretBytes): SecretBytes {
  const text = typed.use(escaped);
  const label = SecretBytes.adopt(
    concat(
      utf8(
        `^XA^CI28^FO30,30^A0N,28,28^FD${heading.replaceAll(/[^ -~]|[\^~]/g, '?')}^FS^FO30,70^A0N,28,28^FB560,4,4,L^FH_^FD`,
      ),
      text,
      utf8('^FS^FO30,210^BQN,2,5^FH_^FDMA,'),
      text,
      utf8('^FS^XZ\n'),
    ),
  );
  text.fill(0);
  return label;
}

const unsafe = utf8('^~_\\\u007f');
const digits = utf8('0123456789ABCDEF');
const underscore = 0x5f;

/** The bytes with those that a printer would take for more than text as `_5E`, for fields with ^FH_. */
function escaped(bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(3 * bytes.length);
  let length = 0;
  for (const byte of bytes) {
    const out = byte < 0x20 || unsafe.includes(byte) ? [underscore, digits[byte >> 4]!, digits[byte & 15]!] : [byte];
    for (const one of out) result[length++] = one;
  }
  const own = result.slice(0, length);
  result.fill(0);
  return own;
}
