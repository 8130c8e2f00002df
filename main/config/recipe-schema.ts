import { z } from 'zod';
import { chipKinds, parseRevision } from '../model/chip.ts';
import type { OfflineKey, Recipe } from '../model/recipe.ts';
import type { SigningKeyRef } from '../model/refs.ts';
import { bootloaderOf, bootloaderSchema } from './recipe-bootloader.ts';
import { customMacOf, customMacSchema } from './recipe-custom-mac.ts';
import { doorsOf, doorsSchema } from './recipe-doors.ts';
import { identityOf, identitySchema, serialSchema } from './recipe-identity.ts';
import { otaOf, otaSchema, signingKeyRef, signingKeyRefOf } from './recipe-ota.ts';
import { keyRef, keyRefOf, pattern } from './recipe-parts.ts';
import { provisioningOf, provisioningSchema, storageOf, storageSchema } from './recipe-storage.ts';
import { type Place, type Problem, readYaml } from './yaml.ts';

// The form in which people write a recipe. What a chip can do, and which settings of a recipe fit together, is judged in the recipe
// room; here only form is. No transforms in the schema, so that the published JSON schema says all that it says.

const secureBootKey = z
  .union([
    signingKeyRef,
    z
      .strictObject({
        public_key: z.string().min(1).describe('Public key (PEM or DER), relative to this file.'),
      })
      .describe('An offline key: its digest is burned, and the images must already carry its signature.'),
  ])
  .describe('A key of a token, or the public half of an offline key.');

/** As chip manuals write it: v3.0, v1.99. */
const revision = z.string().regex(/^v\d+\.\d{1,2}$/);

const slot = z.int().min(0).max(5).describe('Number of a key block: 0 is BLOCK_KEY0, 5 is BLOCK_KEY5.');

/** The YAML form of a recipe. */
export const recipeSchema = z
  .strictObject({
    fuseline: z.literal(1).describe('Version of this form: 1.'),
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
      .describe('Short name: letters, digits, dot, dash and underscore, 64 at most.'),
    revision: z.int().min(1).describe('Counts up with every change: 1, 2, 3.'),
    description: z.string().default('').describe('What product this makes, for people.'),
    purpose: z
      .enum(['production', 'development'])
      .describe(
        "'production' must shut every door; 'development' may leave doors open and is never approved for production.",
      ),
    chip: z.enum(chipKinds).describe('The chip, by the name that ESP-IDF calls its target.'),
    silicon: z
      .strictObject({
        min: revision.describe('Oldest revision accepted, such as v3.0.'),
        max: revision.describe('Newest revision accepted, such as v3.99.'),
      })
      .superRefine(({ min, max }, context) => {
        const [low, high] = [parseRevision(min), parseRevision(max)];
        if (low !== null && high !== null && low > high)
          context.addIssue({
            code: 'custom',
            path: ['max'],
            message: `silicon.max (${max}) is older than silicon.min (${min}).`,
            params: { remedy: 'Exchange the two.' },
          });
      })
      .describe(
        'Silicon revisions that this recipe fits. Revisions differ in their eFuses: other boards are refused before the first burn.',
      ),
    firmware: z
      .strictObject({
        folder: z
          .string()
          .min(1)
          .describe(
            'ESP-IDF build folder, relative to this file: bootloader, partition table, application, flasher_args.json.',
          ),
        sbom: z
          .string()
          .min(1)
          .max(500)
          .optional()
          .describe(
            'SBOM of the build, relative to this file: CycloneDX in JSON, or SPDX 2.2 or 2.3. Left out: the one in the build folder, where there is one.',
          ),
      })
      .describe('What is written into flash.'),
    flash: z
      .strictObject({
        size: z
          .string()
          .regex(/^(detect|[1-9]\d{0,3}(KB|MB))$/)
          .default('detect')
          .describe("Flash size such as 16MB; 'detect' takes what the chip reports."),
        baud_rate: z
          .int()
          .min(9600)
          .max(5_000_000)
          .default(921_600)
          .describe('Baud rate for writing; the station steps down by itself where a cable cannot hold it.'),
        stub: z
          .enum(['auto', 'never'])
          .default('auto')
          .describe("'auto' loads Espressif's flasher stub where it helps; 'never' speaks to the ROM alone."),
      })
      .prefault({})
      .describe('How flash is written.'),
    secure_boot: z
      .strictObject({
        scheme: z
          .enum(['rsa3072', 'ecdsa-p256', 'ecdsa-p384'])
          .describe('Signature scheme of Secure Boot V2. ESP-IDF recommends rsa3072 on the ESP32-P4.'),
        keys: z
          .array(secureBootKey)
          .min(1)
          .max(3)
          .describe('One to three signing keys, in the order of their digests.'),
        existing_signatures: z
          .enum(['replace', 'keep'])
          .default('replace')
          .describe(
            "Signatures that the build already has: 'keep' takes those of listed keys as they are and refuses any other; 'replace' signs anew.",
          ),
        revoke_unused: z
          .boolean()
          .default(true)
          .describe('Revokes the digest slots that no key fills, so that nobody can add a key later.'),
        aggressive_revocation: z
          .boolean()
          .default(false)
          .describe('Revokes a key as soon as one check with it fails. Irreversible on the device.'),
      })
      .nullable()
      .default(null)
      .describe('Secure Boot V2: only signed firmware starts. Leave out for none.'),
    flash_encryption: z
      .strictObject({
        key: z
          .enum(['xts-aes-128', 'xts-aes-256', 'xts-aes-128-derived', 'aes-256'])
          .describe(
            'xts-aes-256 takes two key blocks, xts-aes-128 one; xts-aes-128-derived takes half of the one block of the ESP32-C2, so that a Secure Boot digest fits beside it; aes-256 is the only one of the classic ESP32.',
          ),
        mode: z
          .enum(['release', 'development'])
          .describe("'release' cannot be switched off any more; 'development' can be switched off once."),
        by: z
          .enum(['host', 'device'])
          .default('host')
          .describe(
            "Who encrypts: 'host', the station before it writes; 'device', the bootloader at the first start, under a key that it makes itself and nobody has a copy of.",
          ),
        timeout_seconds: z
          .number()
          .min(1)
          .max(3600)
          .default(300)
          .describe('How long a device that encrypts its flash itself may take for it, 1 to 3600 seconds.'),
        pseudo_rounds: z
          .union([z.literal(1), z.literal(2), z.literal(3)])
          .optional()
          .describe(
            'Dummy rounds that hide the flash key from power analysis (XTS_DPA_PSEUDO_LEVEL), 1 low to 3 high, slower the more. Leave out for what the build says, else 1 in release mode.',
          ),
      })
      .nullable()
      .default(null)
      .describe('Flash encryption with a key of its own for every device. Leave out for none.'),
    identity: identitySchema
      .nullable()
      .default(null)
      .describe('A device key that only the chip can use, and a certificate over it. Leave out for none.'),
    hmac_up: z
      .boolean()
      .default(false)
      .describe(
        'Burns a device key for the HMAC peripheral (HMAC_UP), with which firmware derives keys such as those of NVS.',
      ),
    hmac_down: z
      .enum(['separate', 'shared'])
      .default('separate')
      .describe(
        "Key blocks of an RSA device key and of soft JTAG: 'separate' burns one for each; 'shared' burns one of purpose HMAC_DOWN_ALL for both, where blocks are scarce.",
      ),
    storage: storageSchema,
    provisioning: provisioningSchema,
    doors: doorsSchema,
    secure_version: z
      .int()
      .min(0)
      .default(0)
      .describe('Anti-rollback floor burned into SECURE_VERSION; 0 burns nothing.'),
    bootloader: bootloaderSchema,
    custom_mac: customMacSchema,
    efuses: z
      .record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.int().min(0))
      .default({})
      .describe("Further eFuse fields by the manual's name, and their values."),
    slots: z
      .partialRecord(
        z.enum([
          ...['flash-encryption', 'ecdsa-identity', 'hmac-up', 'hmac-down-ds', 'hmac-down-jtag', 'hmac-down-all'],
          ...['secure-boot-digest-0', 'secure-boot-digest-1', 'secure-boot-digest-2'],
        ] as [SlotRole, ...SlotRole[]]),
        slot,
      )
      .default({})
      .describe('Fixed key blocks by role, where firmware expects them; the planner places the rest.'),
    serial: serialSchema.prefault({}),
    boot_proof: z
      .strictObject({
        when: z
          .enum(['before-door', 'after-door', 'both', 'none'])
          .default('both')
          .describe(
            "When the firmware is started and watched: before the doors are shut, after, or both; 'none' needs the waiver boot-proof.",
          ),
        timeout_seconds: z
          .number()
          .min(1)
          .max(600)
          .default(10)
          .describe('How long the expected lines may take, 1 to 600 seconds.'),
        expect: z
          .array(pattern)
          .default([])
          .describe(
            "Regular expressions; each must fit a line of the console, in any order. {mac} in one stands for the board's own MAC: then a board shows which one it is.",
          ),
        reject: z
          .array(pattern)
          .default([])
          .describe('Regular expressions; a console line that fits one fails the board.'),
        challenge: z
          .enum(['required', 'if-offered', 'none'])
          .default('if-offered')
          .describe(
            'Whether the firmware has to sign a fresh challenge with the burned identity key; if-offered: where its image holds FUSELINE-PROOF-1.',
          ),
      })
      .prefault({})
      .describe('The proof that the finished board starts.'),
    label: z
      .strictObject({
        template: z
          .string()
          .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\.zpl$/)
          .nullable()
          .default(null)
          .describe("A file in the station's folder of labels, such as device.zpl; left out: by the recipe's name."),
        scan_back: z
          .boolean()
          .default(false)
          .describe('A sealed board is done once its label is on it and was scanned.'),
      })
      .prefault({})
      .describe('The label that a sealed board gets.'),
    wrapping_key: keyRef.describe(
      'AES key of the token under which device keys are kept until the seal, so that a board survives a power cut.',
    ),
    escrow_key: keyRef
      .nullable()
      .default(null)
      .describe(
        'AES key of the token under which secrets are kept beyond the seal, such as tokens that open JTAG again; left out: the wrapping key.',
      ),
    ota: otaSchema,
    waivers: z
      .array(
        z.strictObject({
          check: z.string().min(1).describe('Name of the check, as `recipe check` prints it.'),
          reason: z.string().min(10).describe('Why, in a sentence of ten letters or more: it stands in every record.'),
        }),
      )
      .default([])
      .describe('Checks that the approver of this recipe lets go.'),
  })
  .describe('What a product must become.');

type SlotRole = keyof Recipe['slots'];
export type RecipeYaml = z.output<typeof recipeSchema>;

/** A recipe as read: every mistake of form, and where each key stands. */
export interface RecipeReading {
  readonly recipe: Recipe | null;
  readonly problems: readonly Problem[];
  placeOf(path: string): Place | null;
}

/**
 * Reads the text of a recipe file: form only. `recipe` is null when anything is wrong; `placeOf` finds the line of a dotted path such
 * as `secure_boot.scheme` for findings made later. `file` is only named.
 */
export function parseRecipe(text: string, file: string): RecipeReading {
  const { value, problems, placeOf } = readYaml(text, file, recipeSchema);
  return { recipe: value === null ? null : recipeOf(value), problems, placeOf };
}

function recipeOf(yaml: RecipeYaml): Recipe {
  const { secure_boot: boot, boot_proof: proof, flash_encryption: encryption } = yaml;
  return {
    fuseline: yaml.fuseline,
    name: yaml.name,
    revision: yaml.revision,
    description: yaml.description.trim(),
    purpose: yaml.purpose,
    chip: yaml.chip,
    silicon: { min: parseRevision(yaml.silicon.min) ?? 0, max: parseRevision(yaml.silicon.max) ?? 0 },
    firmware: {
      folder: yaml.firmware.folder,
      ...(yaml.firmware.sbom === undefined ? {} : { sbom: yaml.firmware.sbom }),
    },
    flash: { size: bytesOf(yaml.flash.size), baudRate: yaml.flash.baud_rate, stub: yaml.flash.stub },
    secureBoot: boot && {
      scheme: boot.scheme,
      keys: boot.keys.map(secureBootKeyOf),
      existingSignatures: boot.existing_signatures,
      revokeUnused: boot.revoke_unused,
      aggressiveRevocation: boot.aggressive_revocation,
    },
    flashEncryption: encryption && {
      key: encryption.key,
      mode: encryption.mode,
      by: encryption.by,
      timeoutSeconds: encryption.timeout_seconds,
      ...(encryption.pseudo_rounds === undefined ? {} : { pseudoRounds: encryption.pseudo_rounds }),
    },
    identity: yaml.identity && identityOf(yaml.identity),
    hmacUp:
      yaml.hmac_up ||
      (yaml.storage ?? []).some(({ encryption }) => encryption === 'hmac') ||
      yaml.ota?.encryption === 'ecies-p256',
    // left out where it says nothing new, so that older recipes keep their hash
    ...(yaml.hmac_down === 'shared' ? { hmacDown: 'shared' as const } : {}),
    storage: storageOf(yaml.storage),
    provisioning: provisioningOf(yaml.provisioning),
    doors: doorsOf(yaml.doors),
    secureVersion: yaml.secure_version,
    ...bootloaderOf(yaml.bootloader),
    ...customMacOf(yaml.custom_mac),
    efuses: yaml.efuses,
    slots: yaml.slots,
    serial: yaml.serial,
    bootProof: {
      when: proof.when,
      timeoutSeconds: proof.timeout_seconds,
      expect: proof.expect,
      reject: proof.reject,
      challenge: proof.challenge,
    },
    label: { template: yaml.label.template, scanBack: yaml.label.scan_back },
    wrappingKey: keyRefOf(yaml.wrapping_key),
    escrowKey: yaml.escrow_key && keyRefOf(yaml.escrow_key),
    ota: otaOf(yaml.ota),
    waivers: yaml.waivers,
  };
}

function secureBootKeyOf(key: z.output<typeof secureBootKey>): SigningKeyRef | OfflineKey {
  if ('public_key' in key) return { publicKey: key.public_key };
  return signingKeyRefOf(key);
}

/** 16777216 for '16MB'; null for 'detect'. */
function bytesOf(size: string): number | null {
  const match = /^(\d+)(KB|MB)$/.exec(size);
  return match === null ? null : Number(match[1]) * (match[2] === 'MB' ? 1024 * 1024 : 1024);
}

/** The published JSON schema of recipes (draft 2020-12), for editors: station-config/schemas/recipe.schema.json. */
export function recipeJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(recipeSchema, { io: 'input', reused: 'inline' }) as Record<
    string,
    unknown
  >;
  return { $schema, title: 'Fuseline recipe', ...rest };
}
