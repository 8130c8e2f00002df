import type { FindingView, PlanView } from '../../../contract/views.ts';
import type { SlotAssignment } from '../../../efuse/plan-types.ts';
import { keyBlockMap } from '../../../efuse/slots.ts';
import type { Finding } from '../../../recipe/finding.ts';
import type { LoadedRecipe } from '../../../recipe/load.ts';
import { previewRelease } from '../../../recipe/making/release.ts';
import { planDigest } from '../../../recipe/plan/plan.ts';
import { planOnBlank } from '../../../recipe/plan/preview.ts';
import { storagePreview } from '../../../recipe/plan/storage-preview.ts';
import type { Plan } from '../../../recipe/types.ts';

export function findingView(finding: Finding): FindingView {
  const { severity, check, line, column, path, what, remedy, section = null, waived } = finding;
  return { severity, check, line, column, path, what, remedy, section, waived };
}

/** What would be done to a blank board, made without the token, so that it can be shown at every key stroke. */
export function previewPlan(loaded: LoadedRecipe): PlanView {
  return planView(planOnBlank(loaded, previewRelease(loaded.recipe, loaded.firmware)), storagePreview(loaded.recipe));
}

export function planView(plan: Plan, stored: PlanView['stored']): PlanView {
  const { burn } = plan;
  const reasons = new Map(plan.wanted.fields.map((field) => [field.field, field.reason]));
  const fields = new Map<string, { field: string; block: number; bits: number[]; reason: string }>();
  for (const { field, block, bit } of burn.bits) {
    const key = `${block} ${field}`;
    const entry = fields.get(key) ?? { field, block, bits: [], reason: reasons.get(field) ?? '' };
    entry.bits.push(bit);
    fields.set(key, entry);
  }
  return {
    digest: planDigest(plan),
    steps: plan.steps,
    flash: plan.parts.map(({ name, offset, length, signed, encrypted }) => ({
      name,
      offset,
      length,
      signed,
      encrypted,
    })),
    stored,
    slots: keyBlockMap(burn).flatMap(({ slot, name, held }) =>
      held.length === 0
        ? [{ slot, name, purpose: null, words: 'free', secret: false }]
        : held.map((assignment) => ({ slot, name, ...heldView(assignment) })),
    ),
    bits: [...fields.values()],
    refusals: burn.refusals.map(({ code, what, next }) => ({ code, what, next })),
  };
}

function heldView({ material, purpose }: SlotAssignment): Omit<PlanView['slots'][number], 'slot' | 'name'> {
  if (material.kind === 'digest')
    return { purpose, words: `digest of Secure Boot key ${material.index + 1}, readable`, secret: false };
  const half = material.part === 'whole' ? '' : `, ${material.part} half`;
  return { purpose, words: `${material.role}${half}: secret, read-protected`, secret: true };
}
