import type { BurnPlan, WantedEfuses } from '../efuse/plan-types.ts';
import type { Firmware } from '../image/types.ts';
import type { ChipKind, Revision } from '../model/chip.ts';
import type { KeyRole } from '../model/event.ts';
import type { Recipe, Waiver } from '../model/recipe.ts';
import type { RecipeRef } from '../model/refs.ts';

export type { Recipe, Waiver };

/** A part of flash as it will lie there; the bytes of per-device parts come to be in the run. */
export interface PlannedPart {
  readonly name: string;
  readonly kind: Firmware['parts'][number]['kind'] | 'certificate' | 'nvs' | 'nvs-keys';
  readonly offset: number;
  /** Bytes written; null where only the run knows. */
  readonly length: number | null;
  /** Bytes that there are for a part whose length only the run knows. */
  readonly room?: number;
  readonly signed: boolean;
  readonly encrypted: boolean;
}

/** A recipe applied to this chip: nothing done yet. Immutable, JSON, no secret. */
export interface Plan {
  readonly recipe: RecipeRef;
  readonly chip: { readonly kind: ChipKind; readonly revision: Revision; readonly mac: string };
  readonly serial: string | null;
  /** Ordered step ids with what each will do, in words. */
  readonly steps: readonly {
    readonly id: StepId;
    readonly title: string;
    readonly irreversible: boolean;
    readonly summary: string;
  }[];
  readonly parts: readonly PlannedPart[];
  readonly wanted: WantedEfuses;
  readonly burn: BurnPlan;
  /** Keys to be made anew, and keys to be taken from an earlier run of this board. */
  readonly keys: readonly {
    readonly role: KeyRole;
    readonly bytes: number;
    readonly source: 'new' | 'earlier-run';
    readonly fingerprint: string | null;
  }[];
  readonly waivers: readonly Waiver[];
  /** Earlier run that this one goes on with, or null. */
  readonly resumes: string | null;
}

export type StepId =
  | 'prepare'
  | 'write-flash'
  | 'burn-keys'
  | 'protect'
  | 'device-encryption'
  | 'boot-proof'
  | 'shut-doors'
  | 'final-boot-proof'
  | 'destroy-keys';
