import { z } from 'zod';
import { revisionText } from '../chip.ts';
import { define, type FactOf } from './define.ts';

const decodedField = z.object({
  /** null where the bus shows nothing, or where the content may be a secret. */
  value: z.union([z.number(), z.string()]).nullable(),
  /** The value in words, for fields that have some. */
  text: z.string().exactOptional(),
  writeProtected: z.boolean(),
  readProtected: z.boolean(),
});

/** One field as `device inspect` and records show it. */
export type DecodedField = FactOf<typeof decodedField>;

export const efuseFields = z.record(z.string(), decodedField);

/** Every field by its canonical name. */
export type EfuseFields = FactOf<typeof efuseFields>;

function notZero(efuses: EfuseFields): number {
  return Object.values(efuses).filter(
    ({ value }) => value !== 0 && value !== null && !(typeof value === 'string' && /^0*$/.test(value)),
  ).length;
}

/** Who the chip says it is, and its eFuses as it came. */
export const identified = define({
  version: 1,
  schema: z.object({
    identity: z.object({
      kind: z.string(),
      chipId: z.number(),
      /** major * 100 + minor. */
      revision: z.number(),
      /** `aa:bb:cc:dd:ee:ff` */
      mac: z.string(),
      packageVersion: z.number(),
      /** Flags of GET_SECURITY_INFO. */
      securityFlags: z.number(),
    }),
    efuses: efuseFields,
  }),
  text: ({ identity: { kind, revision, mac }, efuses }) =>
    `identified ${kind} ${revisionText(revision)}, MAC ${mac}; eFuse fields that are not 0: ${notZero(efuses)}`,
});

/** The last read-out of all eFuses: what the door hides is not seen again. */
export const efusesBeforeDoor = define({
  version: 1,
  schema: efuseFields,
  text: (efuses) => `read all eFuses a last time: ${notZero(efuses)} of ${Object.keys(efuses).length} fields are not 0`,
});
