import { z } from 'zod';
import { patternOf } from '../base/pattern.ts';
import { macForm, namesMac } from '../model/mac.ts';
import type { KeyRef } from '../model/refs.ts';

// Parts of the recipe's form that several of its sections are made of.

/** A custom check with its own sentence and remedy; `{}` in the sentence is the text that was written. */
export function refuse(test: (text: string) => boolean, what: string, remedy: string) {
  return { test, error: { message: what, params: { remedy } } };
}

export function checked(schema: z.ZodString, ...rules: ReturnType<typeof refuse>[]) {
  return rules.reduce(
    (all, rule) =>
      all.superRefine((text, context) => {
        if (!rule.test(text))
          context.addIssue({
            code: 'custom',
            message: rule.error.message.replaceAll('{}', `'${text}'`),
            params: rule.error.params,
          });
      }),
    schema,
  );
}

const hex64 = z
  .string()
  .regex(/^[0-9a-fA-F]{64}$/)
  .describe('SHA-256 as 64 hexadecimal digits.');

export const keyRef = z
  .strictObject({
    label: z.string().min(1).describe('CKA_LABEL of the key in the token.'),
    id: z
      .string()
      .regex(/^([0-9a-fA-F]{2})+$/)
      .describe('CKA_ID in hexadecimal digits, when the label alone could fit two keys.')
      .optional(),
    public_key_sha256: hex64
      .describe('SHA-256 (64 hexadecimal digits) of the DER SubjectPublicKeyInfo: pins the very key.')
      .optional(),
  })
  .describe('Exactly one key of the token: label, and id or public_key_sha256 where they are given, must all fit.');

export function keyRefOf(key: z.output<typeof keyRef>): KeyRef {
  return {
    label: key.label,
    ...(key.id === undefined ? {} : { id: key.id.toLowerCase() }),
    ...(key.public_key_sha256 === undefined ? {} : { publicKeySha256: key.public_key_sha256.toLowerCase() }),
  };
}

/** A text in which `{serial}`, `{mac}`, `{chip}` and `{batch}` of the board are filled in. */
export const template = checked(
  z.string().min(1),
  refuse(
    (text) => !/\{(?!(serial|mac|chip|batch)\})/.test(text),
    '{} has a placeholder that is not known.',
    'Known placeholders: {serial}, {mac}, {chip}, {batch}.',
  ),
);

function isPattern(text: string): boolean {
  try {
    patternOf(text.replaceAll(namesMac, macForm(null)));
    return true;
  } catch {
    return false;
  }
}

/** A regular expression that is looked for in a time that does not grow beyond measure. */
export const pattern = checked(
  z.string().min(1),
  refuse(
    isPattern,
    '{} is no regular expression that can be used here.',
    'Escape special characters with a backslash, and write it between single quotes; look-arounds (?=...) and back references \\1 are not possible.',
  ),
);
