import { bytesText, hex } from '../base/number-text.ts';
import type { KeyMaterial } from '../efuse/plan-types.ts';
import { keyBlockMap } from '../efuse/slots.ts';
import { revisionText } from '../model/chip.ts';
import type { LoadedRecipe } from '../recipe/load.ts';
import type { BoardTime } from '../recipe/plan/board-time.ts';
import { planDigest } from '../recipe/plan/plan.ts';
import { storagePreview } from '../recipe/plan/storage-preview.ts';
import type { Plan } from '../recipe/types.ts';
import { byCode, faultIn } from '../words/faults.ts';
import type { Language } from '../words/languages.ts';
import type { Messages } from '../words/messages.ts';
import { saying } from '../words/saying.ts';
import { phraseIn } from '../words/told.ts';
import { table } from './words.ts';

/** A plan for people, with what each device gets into its NVS and how long a board takes. */
export function planTold(
  plan: Plan,
  loaded: LoadedRecipe,
  times: readonly BoardTime[],
  language: Language = 'en',
): string[] {
  const { plan: words } = saying(() => language).terminal;
  return [...planLines(plan, language), ...storageLines(loaded, words), ...timeLines(times, words)];
}

/** The plan for people: steps, flash, key blocks, and the bits that can never be taken back. */
export function planLines(plan: Plan, language: Language = 'en'): string[] {
  const said = saying(() => language);
  const words = said.terminal.plan;
  const { chip, recipe, burn } = plan;
  return [
    words.title({
      ...{ recipe: recipe.name, revision: recipe.revision, chip: `${chip.kind} ${revisionText(chip.revision)}` },
      mac: chip.mac.startsWith('00:00:00') ? words.blank : chip.mac,
    }),
    words.digests({ recipe: recipe.hash.slice(0, 16), plan: planDigest(plan).slice(0, 16) }),
    '',
    words.steps,
    ...plan.steps.flatMap((step, at) => {
      const head = `  ${at + 1}. ${phraseIn(said, 'steps', step.title)}${step.irreversible ? ` (${words.irreversible})` : ''}`;
      const means = byCode(language, 'means', step.id);
      return means === null ? [`${head}: ${step.summary}`] : [`${head}: ${means}`, `     ${step.summary}`];
    }),
    '',
    words.flash,
    ...table(
      plan.parts.map((part) => [
        `  ${hex(part.offset)}`,
        part.length === null ? words.perDevice : bytesText(part.length),
        part.name,
        [
          part.signed ? words.signed : '',
          part.encrypted ? words.encrypted : '',
          part.kind === 'nvs' ? words.values : '',
        ]
          .filter((word) => word !== '')
          .join(', ') || words.plain,
      ]),
    ),
    '',
    words.keyBlocks,
    ...keyBlockLines(plan, words),
    '',
    words.bits({ count: burn.bits.length }),
    ...bitLines(plan),
    ...(burn.refusals.length > 0 ? ['', words.refused] : []),
    ...burn.refusals.flatMap((refusal) => {
      const { what, next } = faultIn(language, refusal);
      const own = what === refusal.what ? [] : [said.terminal.original({ words: `${refusal.what} ${refusal.next}` })];
      return [`  ${what}`, `      ${next} [${refusal.code}]`, ...own.map((line) => `      ${line}`)];
    }),
  ];
}

type Words = Messages['terminal']['plan'];

function keyBlockLines(plan: Plan, words: Words): string[] {
  const held = (material: KeyMaterial) =>
    material.kind === 'digest'
      ? words.digest({ digest: material.sha256.slice(0, 16) })
      : material.part === 'whole'
        ? words.secret({ role: material.role })
        : words.halves[material.part]({ role: material.role });
  return table(
    keyBlockMap(plan.burn).flatMap(({ name, held: keys }) =>
      keys.length === 0
        ? [[`  ${name}`, words.free, '']]
        : keys.map(({ purpose, material }) => [`  ${name}`, purpose, held(material)]),
    ),
  );
}

function bitLines(plan: Plan): string[] {
  const fields = new Map<string, { block: number; bits: number[] }>();
  for (const bit of plan.burn.bits) {
    const entry = fields.get(bit.field) ?? { block: bit.block, bits: [] };
    entry.bits.push(bit.bit);
    fields.set(bit.field, entry);
  }
  const reasons = new Map(plan.wanted.fields.map((field) => [field.field, field.reason]));
  return table(
    [...fields].map(([field, { block, bits }]) => [
      `  ${field}`,
      `BLOCK${block} ${bits.length === 1 ? `bit ${bits[0]}` : `bits ${bits.join(' ')}`}`,
      reasons.get(field) ?? '',
    ]),
  );
}

/** What every device gets into its NVS: secrets by where they come from, never by what they are. */
function storageLines({ recipe }: LoadedRecipe, words: Words): string[] {
  const { provisioning } = recipe;
  return [
    ...storagePreview(recipe).flatMap(({ partition, encryption, list, values }) => [
      '',
      list === null ? words.stored({ partition, encryption }) : words.storedOf({ partition, encryption, list }),
      ...table(values.map(({ name, type, shown }) => [`  ${name}`, type, shown])),
    ]),
    ...(provisioning
      ? [
          '',
          words.provisioning,
          ...table([
            [`  ${words.userName}`, provisioning.username],
            [`  ${words.service}`, words.over({ service: provisioning.service, transport: provisioning.transport })],
            [`  ${words.proof}`, words.proofIs],
          ]),
        ]
      : []),
  ];
}

/** What a board will take, by the flash that it has. What goes compressed is told part by part. */
function timeLines(times: readonly BoardTime[], words: Words): string[] {
  const [usual] = times;
  if (usual === undefined) return [];
  const line = ({ flash, ms, shares }: BoardTime) => [
    `  ${words.withFlash({ flash })}`,
    words.about({ time: seconds(ms) }),
    shares.flatMap((share) => (share.ms < 50 ? [] : [`${seconds(share.ms)} ${words.shares[share.what]}`])).join(', '),
  ];
  const packed = usual.parts.filter(({ bytes, wire }) => wire < bytes);
  return [
    '',
    words.time({ baud: usual.baudRate, latency: usual.latencyMs }),
    ...table(times.map(line)),
    ...packed.map(
      ({ name, bytes, wire }) => `  ${words.compressed({ name, sent: bytesText(wire), whole: bytesText(bytes) })}`,
    ),
    ...(usual.notBlankMs === 0 ? [] : [`  ${words.notBlank({ time: seconds(usual.notBlankMs) })}`]),
  ];
}

const seconds = (ms: number) => `${ms < 9950 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`;
