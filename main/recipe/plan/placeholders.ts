import type { ChipKind } from '../../model/chip.ts';

/** What stands for the placeholders in the texts of a recipe. */
export interface Placeholders {
  readonly serial: string;
  readonly mac: string;
  readonly chip: ChipKind;
  readonly batch: string;
}

/** The text with its `{serial}`, `{mac}`, `{chip}` and `{batch}` filled in, each once: what is filled in is not searched again. */
export function fillPlaceholders(text: string, values: Placeholders): string {
  return text.replace(/\{(serial|mac|chip|batch)\}/g, (_, name: keyof Placeholders) => values[name]);
}
