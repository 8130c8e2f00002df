import { z } from 'zod';
import { define, defineBurn, type FactOf, type OldFact } from './define.ts';
import { keyRole } from './keys.ts';

/** Rows from before chips had other blocks for keys than BLOCK_KEY0 to 5 do not name theirs. */
function withName(old: OldFact): OldFact {
  return 'name' in old ? old : { ...old, name: `BLOCK_KEY${old.slot}` };
}

const block = { slot: z.number(), block: z.number(), name: z.string(), purpose: z.string() };

/** Part of a key that lies in one block, of one that needs two. */
const keyPart = z.enum(['whole', 'low', 'high']);

const keyBlockSchema = z.union([
  z.object({ ...block, role: keyRole, part: keyPart }),
  /** A public digest: which of the three of Secure Boot, and what it is. */
  z.object({ ...block, digest: z.number(), sha256: z.string() }),
]);

/** A key or a digest in the block that is its own. */
export type KeyBlockFact = FactOf<typeof keyBlockSchema>;

export const keyBlock = defineBurn({
  // 2: a role that serves both downstream uses of the HMAC.
  version: 2,
  schema: keyBlockSchema,
  upgrades: { 0: withName },
  text: ({ purpose, name }) => `${purpose} into ${name}`,
});

/** The block holds what it should, read back before it is hidden. */
export const keyBlockProven = define({ ...keyBlock, text: (fact) => `read back ${keyBlock.text(fact)}` });

/** A key block that took its content at no try: it is left behind. */
export const keyBlockGivenUp = define({
  version: 1,
  schema: z.object({ slot: z.number(), block: z.number(), name: z.string(), state: z.string() }),
  upgrades: { 0: withName },
  text: ({ name, state }) => `gave ${name} up: ${state}`,
});

const changedField = z.object({ field: z.string(), from: z.number(), to: z.number() });
type ChangedField = FactOf<typeof changedField>;

/** Fields whose bits are burned, by the numbers that they hold before and after. */
export const changedFields = z.array(changedField);

export function fieldsText(fields: readonly ChangedField[]): string {
  return fields.map(({ field, from, to }) => (from === 0 && to === 1 ? field : `${field} ${from} -> ${to}`)).join(', ');
}

const bitsSchema = z.object({
  /** BLOCK0, or a block without coding, which takes single bits too. */
  block: z.number(),
  stage: z.enum(['keys', 'read-protect', 'protection', 'enable', 'door']),
  fields: changedFields,
});

/** Single bits of one block, in one program. */
export type BitsFact = FactOf<typeof bitsSchema>;

/** Until there were versions the stage in which keys are hidden was called so. */
function withStage(old: OldFact): OldFact {
  return old.stage === 'hide' ? { ...old, stage: 'read-protect' } : old;
}

export const bits = defineBurn({
  version: 1,
  schema: bitsSchema,
  upgrades: { 0: withStage },
  text: ({ fields }) => fieldsText(fields),
  again: ({ fields }) => (fields.length < 3 ? fieldsText(fields) : `these ${fields.length} fields`),
});

/** How a door was seen to be shut. */
const doorEffect = z.enum(['secure-download', 'download-disabled', 'read-back']);
export type DoorEffect = FactOf<typeof doorEffect>;

export const bitsProven = define({
  version: 1,
  schema: bitsSchema.extend({ effect: doorEffect.exactOptional() }),
  upgrades: { 0: withStage },
  text: (fact) => `read back ${bits.again!(fact)}${fact.effect === undefined ? '' : `; seen: ${fact.effect}`}`,
});

/** The application shut download mode itself before the station could: what lies in the fixture then can be read no more. */
export const doorShutByFirmware = define({
  version: 1,
  schema: z.object({
    effect: z.enum(['secure', 'disabled']),
    /** By what the board showed behind its door that it is this one; null: by nothing. Left out by stations that did not say. */
    shownBy: z.enum(['signature', 'console-mac']).nullable().exactOptional(),
  }),
  text: ({ effect, shownBy }) =>
    `the application has shut download mode by itself: it is ${effect}${shownBy === undefined ? '' : `; ${shownWords[shownBy ?? 'nothing']}`}`,
});

const shownWords = {
  signature: 'the board showed by its signature that it is this one',
  'console-mac': 'the board printed its MAC',
  nothing: 'nothing that it shows behind its door tells which board it is',
};

/** The product's own MAC address, in the block that is its own. */
export const customMac = defineBurn({
  version: 1,
  schema: z.object({ block: z.number(), name: z.string(), field: z.string(), mac: z.string() }),
  text: ({ mac, name }) => `MAC address ${mac} into ${name}`,
});

export const customMacProven = define({ ...customMac, text: (fact) => `read back ${customMac.text(fact)}` });
