import { z } from 'zod';
import { isDay } from '../base/day.ts';
import { identityKeys } from '../model/identity.ts';
import type { Recipe } from '../model/recipe.ts';
import { checked, keyRef, keyRefOf, pattern, refuse, template } from './recipe-parts.ts';

// The sections `identity` and `serial` of a recipe: form only.

/** Attributes of distinguished names that a certificate of ours may have. */
export const nameAttributes = ['CN', 'O', 'OU', 'C', 'ST', 'L', 'serialNumber'] as const;

const distinguishedName = z
  .partialRecord(z.enum(nameAttributes), template)
  .describe(
    'Attributes of a distinguished name in their order, such as CN and O; {serial}, {mac}, {chip}, {batch} are filled in.',
  );

const certificate = z
  .strictObject({
    ca: keyRef.describe('Key of the device CA in the token; it signs the certificates.'),
    issuer: distinguishedName
      .nullable()
      .default(null)
      .describe("Name of the device CA, exactly as in the CA's own certificate. Left out where ca_chain says it."),
    ca_chain: z
      .array(z.string().min(1))
      .max(8)
      .default([])
      .describe(
        "Certificate files (PEM or DER), relative to this file: first the device CA's, then the one that issued it, and so on. Written beside the device certificate.",
      ),
    subject: distinguishedName.describe(
      'Name of the device; {serial}, {mac}, {chip} and {batch} are filled in for every board.',
    ),
    alternative_names: z
      .strictObject({
        dns: z.array(template).default([]).describe('Host names; placeholders as in the subject.'),
        uri: z
          .array(template)
          .default([])
          .describe('URIs such as urn:dev:sn:{serial}; placeholders as in the subject.'),
      })
      .prefault({})
      .describe('Names of the device beside its subject (subjectAltName).'),
    usages: z
      .array(z.enum(['client-auth', 'server-auth']))
      .min(1)
      .default(['client-auth'])
      .describe('Extended key usages: what the device shows its certificate for.'),
    valid_years: z.int().min(1).max(100).optional().describe('Years from the day of manufacture; 30 where left out.'),
    not_after: z
      .string()
      .regex(/^\d{4}-\d{2}-\d{2}$/)
      .optional()
      .describe('Last day of every certificate, such as 2049-12-31, in place of valid_years; 9999-12-31: no end.'),
  })
  .superRefine(({ issuer, ca_chain, valid_years, not_after }, context) => {
    const add = (path: string, message: string, remedy: string) =>
      context.addIssue({ code: 'custom', path: [path], message, params: { remedy } });
    if (issuer === null && ca_chain.length === 0)
      add('issuer', 'Nothing says who the device CA is.', "Name the CA's certificate in ca_chain, or its issuer name.");
    if (issuer !== null && ca_chain.length > 0)
      add('issuer', 'The name of the device CA is given twice.', 'Leave issuer out: ca_chain says it.');
    if (valid_years !== undefined && not_after !== undefined)
      add('not_after', 'The end of certificates is given twice.', 'Give valid_years or not_after.');
    if (not_after !== undefined && !isDay(not_after))
      add('not_after', `There is no day ${not_after}.`, 'Write a day as 2049-12-31.');
  });

export const identitySchema = z
  .strictObject({
    key: z
      .enum(identityKeys)
      .default('ecdsa-p256')
      .describe(
        'The device key. ECDSA keys lie in eFuse (p384 takes two blocks); RSA keys lie in flash, encrypted for the DS peripheral under a key in eFuse.',
      ),
    partition: z
      .string()
      .min(1)
      .max(15)
      .default('esp_secure_cert')
      .describe('Partition that takes certificates and key entries, in the form of esp_secure_cert.'),
    csr: z
      .boolean()
      .default(false)
      .describe('Records a PKCS #10 request signed by the device key, for a CA that is elsewhere.'),
    certificate: certificate
      .nullable()
      .default(null)
      .describe('The certificate that every device gets; left out where a CA elsewhere issues it.'),
    csr_subject: distinguishedName
      .optional()
      .describe('Subject of the request where there is no certificate; left out: CN={serial}.'),
  })
  .superRefine(({ csr, certificate: issued, csr_subject }, context) => {
    if (issued === null && !csr)
      context.addIssue({
        code: 'custom',
        path: ['certificate'],
        message: 'The device would have a key and neither a certificate nor a request for one.',
        params: { remedy: 'Add certificate, or set csr to true.' },
      });
    if (csr_subject !== undefined && (issued !== null || !csr))
      context.addIssue({
        code: 'custom',
        path: ['csr_subject'],
        message: 'csr_subject is for requests of devices without a certificate.',
        params: {
          remedy: issued === null ? 'Set csr to true.' : "Leave it out: the request has the certificate's subject.",
        },
      });
  });

/** The section as the recipe has it. `csr` stands in a recipe for the request's subject; null: none is made. */
export function identityOf(yaml: z.output<typeof identitySchema>): NonNullable<Recipe['identity']> {
  const { key, partition, csr, certificate: issued, csr_subject } = yaml;
  const requested = issued?.subject ?? csr_subject ?? { CN: '{serial}' };
  return {
    key,
    partition,
    csr: csr ? { subject: attributesOf(requested) } : null,
    certificate: issued && {
      ca: keyRefOf(issued.ca),
      issuer: issued.issuer && attributesOf(issued.issuer),
      caChain: issued.ca_chain,
      subject: attributesOf(issued.subject),
      alternativeNames: issued.alternative_names,
      usages: issued.usages,
      validYears: issued.not_after === undefined ? (issued.valid_years ?? 30) : null,
      notAfter: issued.not_after ?? null,
    },
  };
}

function attributesOf(name: z.output<typeof distinguishedName>): { type: string; value: string }[] {
  return Object.entries(name).map(([type, value]) => ({ type, value: value! }));
}

export const serialSchema = z
  .strictObject({
    from: z
      .enum(['scan', 'mac', 'random'])
      .default('mac')
      .describe(
        "'scan' asks for one serial number a board; 'mac' makes it from the MAC; 'random' draws one that nobody can guess.",
      ),
    pattern: pattern.nullable().default(null).describe('Regular expression that a scanned serial number must fit.'),
    format: checked(
      z.string().regex(/^[A-Za-z0-9._:{}-]{1,48}$/),
      refuse(
        (text) => /^[^{}]*\{random\}[^{}]*$/.test(text),
        '{} does not hold {random} exactly once, and nothing else between braces.',
        "Write what stands around the drawn letters, as 'FL-{random}'.",
      ),
    )
      .default('{random}')
      .describe("Form of a 'random' serial number: {random} is where the drawn letters stand."),
    length: z
      .int()
      .min(8)
      .max(26)
      .default(10)
      .describe("Letters of a 'random' serial number (Crockford's base 32, 5 bits each), 8 to 26."),
  })
  .describe('Serial numbers.');
