import { z } from 'zod';
import { shortDigest } from '../../base/digest.ts';
import { countText } from '../../base/number-text.ts';
import { define, type FactOf } from './define.ts';
import { keyMaterial } from './keys.ts';

const planFacts = z.object({
  serial: z.string().nullable(),
  secureBoot: z.object({ scheme: z.string(), keyDigests: z.array(z.string()) }).nullable(),
  secureVersion: z.number(),
  /** Every key block of the product, burned now or before: what lies there; a digest for public ones. */
  keys: z.array(z.object({ material: keyMaterial, block: z.number(), digest: z.string().nullable() })),
  /** Fields that the last burn sets. */
  door: z.record(z.string(), z.number()),
});

/** What of a plan the sealed record will state; its whole text is bound by the digest. */
export type PlanFacts = FactOf<typeof planFacts>;

export const planned = define({
  version: 1,
  schema: z.object({
    planDigest: z.string(),
    steps: z.array(z.string()),
    /** Run whose burns it goes on from; null: none burned anything. */
    resumes: z.string().nullable(),
    facts: planFacts,
  }),
  text: ({ steps, resumes, planDigest }) =>
    `planned ${steps.join(', ')}${resumes === null ? '' : `; goes on from run ${resumes}`}; plan ${shortDigest(planDigest)}`,
});

export const firmwareFacts = z.object({
  project: z.string().nullable(),
  version: z.string().nullable(),
  idfVersion: z.string().nullable(),
  /** SHA-256 (hex) of the sdkconfig; null where the build brought none. */
  sdkconfigSha256: z.string().nullable(),
  /** Date of the table of advisories that the build was compared with. */
  advisoriesOf: z.string(),
  /** What the checks of the build found, let go or not. */
  findings: z.array(
    z.object({ check: z.string(), severity: z.enum(['error', 'warning', 'info']), waived: z.boolean() }),
  ),
  /** Rules of the guide that the build is known to keep. */
  kept: z.array(z.string()),
  /** How its update images are encrypted on their way, by the recipe; null: the recipe says nothing of updates. */
  updates: z.enum(['none', 'rsa3072', 'ecies-p256']).nullable().exactOptional(),
});

/** What was known of the firmware when a device was made with it, as its record keeps it. No secret is in a build. */
export type FirmwareFacts = FactOf<typeof firmwareFacts>;

export const firmware = define({
  version: 1,
  schema: firmwareFacts,
  text: ({ project, version, idfVersion, findings }) => {
    const found = findings.filter(({ waived }) => !waived).length;
    return `takes ${project ?? 'firmware'} ${version ?? ''}, ESP-IDF ${idfVersion ?? 'unknown'}: ${countText(found, 'finding')} of the build, ${findings.length - found} waived`;
  },
});

export const waiverRecord = z.object({
  check: z.string(),
  reason: z.string(),
  /** Who approved the recipe that states it, or the operator who gave it at the run; null: nobody is known. */
  by: z.string().nullable().exactOptional(),
  from: z.enum(['recipe', 'operator']).exactOptional(),
});

/** A check that was let go: by whom, where that is known. */
export type WaiverRecord = FactOf<typeof waiverRecord>;

export const waived = define({
  version: 1,
  schema: waiverRecord,
  text: waiverText,
});

export function waiverText({ check, reason, by }: WaiverRecord): string {
  return `waived ${check}: ${reason}${by ? ` (${by})` : ''}`;
}
